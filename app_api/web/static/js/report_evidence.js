/** The comments that a report rests on, as they were seen, each with a button to take it out. */

import { bdi, counted, el, fill } from "./dom.js";
import { showText } from "./long_text.js";
import { topicWords } from "./report_words.js";
import { decisionWords } from "./scale.js";

/**
 * @param {Element} place Where the list stands.
 * @param {object} options `onRemove(entry, place)`, or null where nothing may be changed.
 */
export class EvidenceList {
  constructor(place, { onRemove = null } = {}) {
    this.place = place;
    this.onRemove = onRemove;
    this.shown = "";
  }

  show(evidence) {
    const state = JSON.stringify(evidence);
    if (state === this.shown) return;
    this.shown = state;
    const focused = document.activeElement?.closest?.("[data-item]")?.dataset.item;
    if (!evidence.length) {
      fill(this.place, el("p", { class: "empty-line muted" }, "No comment yet."));
      return;
    }
    fill(
      this.place,
      el(
        "ol",
        { class: "evidence-list", "aria-label": counted(evidence.length, "comment") },
        evidence.map((entry, place) => this.card(entry, place)),
      ),
    );
    if (focused !== undefined) this.place.querySelector(`[data-item="${focused}"] button`)?.focus();
  }

  card(entry, place) {
    const row = entry.row ?? {};
    const text = row.comment ?? "";
    return el(
      "li",
      { class: "card evidence-card", data: { item: entry.item_id ?? "" } },
      commentText(text),
      entry.waiting
        ? el("p", { class: "muted small" }, "What system and model say of it is added when the report is saved.")
        : el(
            "dl",
            { class: "decisions" },
            decision("The system", row.system_decision, row.system_rating),
            decision("You, by your model", row.user_decision, row.user_rating),
          ),
      el(
        "p",
        { class: "evidence-foot small muted" },
        el(
          "span",
          {},
          row.topic ? ["Topic: ", bdi(topicWords(String(row.topic)))] : null,
          row.toxicity_category ? [row.topic ? " · " : null, "The crowd called it ", bdi(row.toxicity_category)] : null,
          entry.item_id === null ? " From another program without a number: it is left out when this report is saved here." : null,
        ),
        this.onRemove &&
          el(
            "button",
            { type: "button", class: "link-button", on: { click: () => this.onRemove(entry, place) } },
            "Remove",
            el("span", { class: "visually-hidden" }, ` comment ${place + 1}`),
          ),
      ),
    );
  }
}

/** A comment's text, a long one with a button to see all of it. */
export function commentText(text) {
  const words = el("span", { dir: "auto", class: "evidence-words" });
  const more = showText(words, String(text) || "(no text)");
  return el("blockquote", { class: "evidence-text quote" }, words, more);
}

function decision(who, said, rating) {
  const known = said !== null && said !== undefined && said !== "";
  const positive = said === "Toxic" ? true : said === "Non-toxic" ? false : null;
  const kind = positive === null ? "" : positive ? "badge-toxic" : "badge-fine";
  return el(
    "div",
    {},
    el("dt", {}, who),
    el(
      "dd",
      {},
      known ? el("span", { class: `badge ${kind}` }, bdi(positive === null ? said : decisionWords(positive))) : el("span", { class: "muted" }, "no model yet"),
      typeof rating === "number" ? el("span", { class: "muted number" }, rating.toFixed(2)) : null,
    ),
  );
}
