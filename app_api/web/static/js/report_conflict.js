/**
 * Somebody saved a newer version while one was writing: both are shown, part by part, and the
 * person chooses. Until then nothing is sent and nothing is dropped.
 */

import { bdi, counted, el, fill } from "./dom.js";
import { findingWords, harmWords, timeWords, titleWords } from "./report_words.js";
import { sameBody } from "./report_saver.js";

const PARTS = [
  { name: "title", label: "What it is about", words: titleWords },
  { name: "error_type", label: "How the system errs", words: findingWords },
  { name: "text_entry", label: "What is wrong", words: (text) => text || "(nothing written)" },
  { name: "sep_selection", label: "Kind of harm", words: harmWords },
  { name: "complete_status", label: "Your word that it is complete", words: (marked) => (marked ? "given" : "not given") },
  { name: "evidence", label: "Evidence", words: null },
];

/**
 * @param {Element} place Where it is shown; hidden while there is nothing to choose.
 * @param {object} mine What stands on this page.
 * @param {object} theirs The document of the newer version.
 * @param {object|null} base What both began from: a part that the person left as it was is the
 *   newer one's unless they choose otherwise.
 * @param {Function} settle Called with the content that was chosen.
 */
export function showConflict(place, mine, theirs, base, settle) {
  const parts = PARTS.filter((part) => !sameBody(plain(mine[part.name]), plain(theirs.report[part.name])));
  const form = el(
    "form",
    { class: "conflict note note-warn stack", "aria-labelledby": "conflict-title" },
    el("h2", { id: "conflict-title", tabindex: "-1" }, "Somebody saved a newer version"),
    el(
      "p",
      {},
      `The report was saved elsewhere on ${timeWords(theirs.saved_at)}, perhaps by you in another window. `,
      "Nothing is lost: choose for each part which one to keep.",
    ),
    parts.map((part) => choice(part, mine, theirs.report, base)),
    el(
      "div",
      { class: "actions" },
      el("button", { class: "button button-primary" }, "Save this choice"),
      el("button", { type: "button", class: "button", on: { click: () => pick("mine") } }, "All mine"),
      el("button", { type: "button", class: "button", on: { click: () => pick("theirs") } }, "All of the newer one"),
    ),
  );
  const pick = (which) => {
    for (const input of form.querySelectorAll(`input[value="${which}"]`)) input.checked = true;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const content = { ...theirs.report };
    for (const part of parts) {
      const which = form.elements[`part-${part.name}`].value;
      if (which === "mine") content[part.name] = mine[part.name];
      if (which === "both") content[part.name] = bothLists(mine.evidence, theirs.report.evidence);
    }
    settle(content);
  });
  fill(place, form);
  place.hidden = false;
  form.querySelector("h2").focus();
}

function choice(part, mine, theirs, base) {
  const options = [
    ["mine", "Mine", mine[part.name]],
    ["theirs", "The newer one", theirs[part.name]],
  ];
  if (part.name === "evidence") options.push(["both", "Both together", bothLists(mine.evidence, theirs.evidence)]);
  const untouched = base !== null && sameBody(plain(mine[part.name]), plain(base[part.name]));
  const chosen = untouched ? "theirs" : part.name === "evidence" ? "both" : "mine";
  return el(
    "fieldset",
    { class: "conflict-part" },
    el("legend", {}, part.label),
    el(
      "div",
      { class: "conflict-sides" },
      options.map(([value, label, held]) =>
        el(
          "label",
          { class: "conflict-side" },
          el("span", { class: "check" }, el("input", { type: "radio", name: `part-${part.name}`, value, checked: value === chosen }), el("strong", {}, label)),
          part.words ? el("span", { class: "quote conflict-text", dir: "auto" }, bdi(part.words(held))) : evidenceWords(held),
        ),
      ),
    ),
  );
}

function evidenceWords(evidence) {
  return el(
    "span",
    { class: "conflict-text" },
    counted(evidence.length, "comment"),
    evidence.slice(0, 5).map((one) => el("span", { class: "conflict-comment", dir: "auto" }, (one.row?.comment ?? "").slice(0, 80))),
    evidence.length > 5 ? el("span", {}, `and ${evidence.length - 5} more`) : null,
  );
}

function bothLists(mine, theirs) {
  const known = new Set(theirs.map((one) => one.item_id));
  return [...theirs, ...mine.filter((one) => !known.has(one.item_id))].slice(0, 100);
}

function plain(value) {
  return Array.isArray(value) ? value.map((one) => one.item_id) : value;
}
