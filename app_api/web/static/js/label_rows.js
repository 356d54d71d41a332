/**
 * Comments with a choice for each: the levels of the scale and "not sure".
 */

import { $, $$, counted, el, fill, number } from "./dom.js";
import { showText } from "./long_text.js";
import { endsOf, endsWords, levelsOf, ratingWords } from "./scale.js";

const UNSURE = "unsure";
const UNSURE_KEYS = ["u", "-"];

/**
 * The list of rows. `place` is an <ol>; `onChoose(item, rating, known)` is called for each choice.
 */
export class LabelRows {
  constructor(place, { scale, onChoose, onResolve, onRetry, name = "rating" }) {
    this.place = place;
    this.scale = scale;
    this.levels = levelsOf(scale);
    this.ends = endsOf(scale);
    this.onChoose = onChoose;
    this.onResolve = onResolve;
    this.onRetry = onRetry;
    this.name = name;
    this.rows = new Map();
    place.addEventListener("change", (event) => this.chosen(event));
    place.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** Show comments in place of those that are there: [{ item_id, text, label? }]. */
  show(comments) {
    this.rows.clear();
    fill(this.place);
    this.add(comments);
  }

  add(comments) {
    const fragment = document.createDocumentFragment();
    for (const comment of comments) {
      if (this.rows.has(comment.item_id)) continue;
      const row = { comment, known: 0, rating: undefined, phase: "none" };
      row.element = this.built(comment, this.rows.size + 1);
      this.rows.set(comment.item_id, row);
      fragment.append(row.element);
      if (comment.label) this.saved(comment.item_id, comment.label.rating, comment.label.sequence, true);
    }
    this.place.append(fragment);
  }

  built(comment, position) {
    const item = comment.item_id;
    const id = `${this.name}-${item}`;
    // Read out with the group; shown as a paragraph of its own.
    const text = el("span", { class: "label-text quote", dir: "auto" });
    const more = showText(text, comment.text);
    const choice = (value, label, key) =>
      el(
        "label",
        { class: value === UNSURE ? "level level-unsure" : "level" },
        el("input", { type: "radio", name: id, value, class: "visually-hidden" }),
        // The key is the value itself on most scales, and is said once.
        value === UNSURE ? null : el(key === String(value) ? "kbd" : "b", { class: "level-value" }, String(value)),
        label && el("span", { class: "level-words" }, label),
        key && key !== String(value) && el("kbd", { "aria-hidden": "true" }, key),
      );
    return el(
      "li",
      { class: "label-row card", data: { item, phase: "none" } },
      el(
        "fieldset",
        {},
        el(
          "legend",
          {},
          el("span", { class: "label-position" }, `Comment ${position}`, this.ends && el("span", { class: "label-ends" }, el("span", { class: "visually-hidden" }, ": "), endsWords(this.scale))),
          text,
        ),
        more,
        el(
          "div",
          { class: this.ends ? "levels levels-bare" : "levels" },
          this.levels.map((level, place) => choice(level.value, this.wordsOf(level, place), level.key)),
          choice(UNSURE, "not sure", "u"),
        ),
      ),
      el("div", { class: "label-state", data: { state: "" } }, el("span", { class: "muted" }, "Not labelled yet")),
    );
  }

  /** Words beside a number; where there is a row of bare numbers, the ends are named above it. */
  wordsOf({ label }, place) {
    if (this.ends) return "";
    return label || (place === 0 ? "lowest" : "highest");
  }

  chosen(event) {
    const row = this.rowAt(event.target);
    if (!row || event.target.type !== "radio") return;
    const text = event.target.value;
    const rating = text === UNSURE ? null : Number(text);
    row.rating = rating;
    this.onChoose(row.comment.item_id, rating, row.known);
  }

  /** Digits choose a level and lead to the next comment that has no label; they take no focus away. */
  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const row = this.rowAt(event.target);
    if (!row || event.target.type !== "radio") return;
    const level = this.levels.find((one) => one.key === event.key);
    const value = level ? String(level.value) : UNSURE_KEYS.includes(event.key) ? UNSURE : null;
    if (value === null) return;
    event.preventDefault();
    const input = $$("input", row.element).find((one) => one.value === value);
    input.focus();
    if (!input.checked) {
      input.checked = true;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.focusNext(row.element);
  }

  rowAt(target) {
    const element = target.closest?.("[data-item]");
    return element && this.rows.get(Number(element.dataset.item));
  }

  focusNext(element) {
    for (let next = element.nextElementSibling; next; next = next.nextElementSibling) {
      if (next.dataset.phase === "none") {
        const input = $("input", next);
        input.focus({ preventScroll: true });
        next.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  }

  focusFirst() {
    const open = [...this.rows.values()].find((row) => row.phase === "none");
    (open ? $("input", open.element) : null)?.focus();
  }

  /** Show a label that the server has. With `quiet`, one that was there before. */
  saved(item, rating, sequence, quiet = false) {
    const row = this.rows.get(item);
    if (!row) return;
    row.known = Math.max(row.known, sequence);
    row.rating = rating;
    this.check(row, rating);
    this.state(row, "saved", el("span", { class: "saved" }, quiet ? "Saved" : "Saved just now"));
  }

  /** Show where a choice is on its way: what the outbox tells. */
  apply(item, state) {
    const row = this.rows.get(item);
    if (!row) return;
    if (state.phase === "saved") return this.saved(item, state.rating, state.sequence);
    row.rating = state.rating;
    this.check(row, state.rating);
    const words = {
      saving: () => el("span", { class: "muted" }, "Saving …"),
      waiting: () => [
        el("span", { class: "unsaved" }, "Not saved yet. It is kept in this browser and tried again by itself."),
        el("button", { type: "button", class: "button button-small", on: { click: () => this.onRetry() } }, "Try now"),
      ],
      refused: () => [
        el("span", { class: "unsaved", dir: "auto" }, `Not saved: ${state.message}`),
        el("button", { type: "button", class: "button button-small", on: { click: () => this.onChoose(item, row.rating, row.known) } }, "Try again"),
      ],
      conflict: () => [
        el("span", { class: "unsaved" }, `Meanwhile you labelled this comment elsewhere: ${ratingWords(this.scale, state.other.rating)}. Which one counts?`),
        el("button", { type: "button", class: "button button-small", on: { click: () => this.onResolve(item, state.other, null) } }, `Keep ${shortest(state.other.rating)}`),
        el("button", { type: "button", class: "button button-small", on: { click: () => this.onResolve(item, state.other, state.rating) } }, `Use ${shortest(state.rating)}`),
      ],
    };
    this.state(row, state.phase, words[state.phase]());
  }

  state(row, phase, content) {
    row.phase = phase;
    row.element.dataset.phase = phase;
    fill($("[data-state]", row.element), content);
  }

  check(row, rating) {
    const value = rating === null ? UNSURE : String(rating);
    for (const input of $$("input", row.element)) input.checked = input.value === value;
  }

  /** How many have a label that was chosen, and how many of those the server has. */
  counts() {
    const rows = [...this.rows.values()];
    return {
      all: rows.length,
      chosen: rows.filter((row) => row.phase !== "none").length,
      unsaved: rows.filter((row) => ["waiting", "refused", "conflict"].includes(row.phase)).length,
      saving: rows.filter((row) => row.phase === "saving").length,
    };
  }
}

const shortest = (rating) => (rating === null ? "“not sure”" : String(rating));

/** "7 of 20 comments labelled, all saved". */
export function progressWords({ all, chosen, unsaved, saving }) {
  const saved = unsaved ? `${number(unsaved)} not saved yet` : saving ? "saving …" : chosen ? "all saved" : "";
  return `${number(chosen)} of ${counted(all, "comment")} labelled${saved ? `, ${saved}` : ""}`;
}
