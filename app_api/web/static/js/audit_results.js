/**
 * The comments of a topic or with a keyword: what the system says, what the model expects of the
 * person, what the person says, and what becomes evidence.
 */

import { $, bdi, counted, el, fill, number } from "./dom.js";
import { showText } from "./long_text.js";
import { ERRORS, decisionWords, endsOf, endsWords, levelsOf, percent, ratingOn, ratingWords, short } from "./scale.js";

const FIRST_ROWS = 25;
const MORE_ROWS = 50;

const HEADS = ["Comment", "The system", "You, as predicted", "Error", "What do you say?"];

export const FILTER_WORDS = { all: "All", both: "Both errors", over: "Flags wrongly", under: "Lets pass wrongly" };

export class ResultTable {
  /**
   * @param {Element} table With thead and tbody.
   * @param {object} options `judgments` (see audit_judgments.js), `onEvidence(row)`,
   *   `more` (the button below), `mayLabel`; who may not has nothing to say or to keep.
   */
  constructor(table, { judgments, onEvidence, more, mayLabel }) {
    Object.assign(this, { table, judgments, onEvidence, more, mayLabel });
    this.rows = [];
    this.shown = 0;
    /** Comments that the report at hand holds already. */
    this.kept = new Set();
    more.addEventListener("click", () => this.grow(MORE_ROWS, true));
    table.addEventListener("click", (event) => this.clicked(event));
    judgments.onChange = (item) => this.redraw(item);
  }

  show(rows, scale, withModel) {
    Object.assign(this, { rows, scale, withModel, shown: 0, opened: null });
    this.levels = levelsOf(scale);
    const left = [...(withModel ? [] : [2, 3]), ...(this.mayLabel ? [] : [4])];
    const heads = HEADS.filter((_, place) => !left.includes(place));
    fill($("thead", this.table), el("tr", { role: "row" }, heads.map((head) => el("th", { scope: "col", role: "columnheader" }, head))));
    $("tbody", this.table).replaceChildren();
    this.grow(FIRST_ROWS);
  }

  grow(n, moveFocus = false) {
    const next = this.rows.slice(this.shown, this.shown + n);
    const fragment = document.createDocumentFragment();
    for (const row of next) fragment.append(this.row(row));
    const first = fragment.firstElementChild;
    $("tbody", this.table).append(fragment);
    this.shown += next.length;
    const left = this.rows.length - this.shown;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${number(Math.min(left, MORE_ROWS))} more of ${number(left)}`;
    if (moveFocus && first) $("button", first)?.focus();
  }

  row(row) {
    const error = row.error && ERRORS[row.error];
    const words = el("p", { class: "comment-text quote", dir: "auto" });
    const more = showText(words, row.text);
    return el(
      "tr",
      // Said aloud, for the style sheet lays rows out as cards where there is little room.
      { role: "row", data: { item: row.item_id } },
      el(
        "td",
        { role: "cell", class: "cell-comment" },
        words,
        more,
        row.categories.length > 0 && el("p", { class: "tags" }, row.categories.map((one) => el("span", { class: "badge" }, bdi(one)))),
      ),
      el("td", { role: "cell", class: "cell-short", data: { head: HEADS[1] } }, decision(row.system_positive, ratingOn(this.scale, row.system_rating))),
      this.withModel && el("td", { role: "cell", class: "cell-short", data: { head: HEADS[2] } }, decision(row.your_positive, ratingOn(this.scale, row.your_rating))),
      this.withModel && el("td", { role: "cell", class: "cell-short", data: { head: HEADS[3] } }, el("span", { class: `error error-${error.tone}` }, error.badge)),
      this.mayLabel && el("td", { role: "cell", class: "cell-say", data: { head: HEADS[4] } }, this.say(row)),
    );
  }

  /** Agree or disagree; then how one would rate it, which becomes a label. */
  say(row) {
    const { judgment, label, phase, message } = this.judgments.of(row);
    const button = (name, words) =>
      el("button", { type: "button", class: "button button-small", "aria-pressed": String(judgment === name), data: { judge: name } }, words);
    const positive = (judgment === "agree") === row.system_positive;
    // Who presses the other side is about to rate anew, and has not yet.
    const other = Boolean(judgment) && typeof label?.rating === "number" && label.rating > this.scale.threshold !== positive;
    return [
      el("div", { class: "judge", role: "group", "aria-label": "Do you agree with the system?" }, button("agree", "Agree"), button("disagree", "Disagree")),
      this.opened === row.item_id && judgment && this.choices(row, judgment, label),
      judgment && el("p", { class: "judge-state" }, stateWords(this.scale, { label, phase, message, other }, this.opened === row.item_id), phase === "waiting" && el("button", { type: "button", class: "link-button", data: { retry: "" } }, "Try now")),
      this.evidence(row),
    ];
  }

  evidence(row) {
    const kept = this.kept.has(row.item_id);
    return el("button", { type: "button", class: `link-button evidence${kept ? " evidence-added" : ""}`, data: { evidence: "" } }, kept ? "✓ In the report" : "Add to evidence");
  }

  /** Say at the comments which of them the report at hand holds. */
  keep(items) {
    const before = this.kept;
    this.kept = new Set(items);
    for (const item of new Set([...before, ...this.kept])) {
      if (before.has(item) !== this.kept.has(item)) this.redraw(item);
    }
  }

  choices(row, judgment, label) {
    const positive = (judgment === "agree") === row.system_positive;
    return el(
      "div",
      { class: endsOf(this.scale) ? "rate rate-bare" : "rate", role: "group", "aria-label": "How would you rate it?" },
      el("span", { class: "rate-question" }, "How would you rate it?"),
      endsOf(this.scale) && el("span", { class: "rate-ends hint" }, endsWords(this.scale)),
      this.levels
        .filter((level) => level.positive === positive)
        .map((level) =>
          el(
            "button",
            { type: "button", class: "chip", "aria-pressed": String(label?.rating === level.value), data: { rate: level.value } },
            level.label ? `${short(level.value)} ${level.label}` : short(level.value),
          ),
        ),
    );
  }

  clicked(event) {
    const button = event.target.closest("button");
    const element = button?.closest("[data-item]");
    if (!element) return;
    const row = this.rows.find((one) => one.item_id === Number(element.dataset.item));
    if ("evidence" in button.dataset) this.onEvidence(row);
    else if ("retry" in button.dataset) this.judgments.retry();
    else if (button.dataset.judge) this.judge(row, button.dataset.judge);
    else if (button.dataset.rate) this.judgments.rate(row, Number(button.dataset.rate));
  }

  judge(row, judgment) {
    const before = this.opened;
    this.opened = row.item_id;
    const side = this.levels.filter((level) => level.positive === ((judgment === "agree") === row.system_positive));
    this.judgments.judge(row, judgment);
    if (side.length === 1) this.judgments.rate(row, side[0].value);
    if (before !== null && before !== row.item_id) this.redraw(before);
  }

  /** Draw what one says of a comment anew, and leave the focus where it is. */
  redraw(item) {
    const element = $(`tr[data-item="${item}"]`, this.table);
    if (!element) return;
    const row = this.rows.find((one) => one.item_id === item);
    const cell = $(".cell-say", element);
    const active = cell.contains(document.activeElement) ? { ...document.activeElement.dataset } : null;
    fill(cell, this.say(row));
    if (!active) return;
    const [name, value] = Object.entries(active)[0] ?? [];
    const again = name && $(`[data-${name}="${CSS.escape(value)}"]`, cell);
    again?.focus({ preventScroll: true });
  }

  /** Show a comment that a square of the chart stands for. */
  reveal(item) {
    const place = this.rows.findIndex((row) => row.item_id === item);
    if (place < 0) return;
    if (place >= this.shown) this.grow(place - this.shown + 1);
    const element = $(`tr[data-item="${item}"]`, this.table);
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "center" });
  }
}

function decision(positive, rating) {
  return [
    el("span", { class: `decision decision-${positive ? "flag" : "pass"}` }, decisionWords(positive)),
    " ",
    el("span", { class: "number muted" }, rating),
  ];
}

function stateWords(scale, { label, phase, message, other }, open) {
  if (phase === "saving") return "Saving your label …";
  if (phase === "waiting") return "Not saved yet; it is kept here and tried again. ";
  if (phase === "refused") return `Not saved: ${message}`;
  if (phase === "conflict") return "You labelled it elsewhere meanwhile. Decide on the page “Label comments”.";
  if (other) return `Your label is still ${ratingWords(scale, label.rating)}. Another rating replaces it.`;
  if (label) return `✓ Your label: ${ratingWords(scale, label.rating)}`;
  return open ? "A rating makes it a label, from which your model learns." : "";
}

/** Rows that a filter leaves. */
export function filtered(rows, error) {
  if (error === "all") return rows;
  const wanted = { both: ["over-sensitive", "under-sensitive"], over: ["over-sensitive"], under: ["under-sensitive"] }[error];
  return rows.filter((row) => wanted.includes(row.error));
}

/** Errors before agreement, each by how far the system is from the threshold, as they come. */
export function errorsFirst(rows) {
  const wrong = (row) => row.error !== null && row.error !== "none";
  return [...rows.filter(wrong), ...rows.filter((row) => !wrong(row))];
}

/** "921 comments; a random sample of 500 is shown. The system flags 12 % …" */
export function summaryWords(found, withModel) {
  const { n_hits: hits, n_sampled: sampled, comments } = found;
  const parts = [
    hits > sampled
      ? `${counted(hits, "comment")}; a random sample of ${number(sampled)} is shown, the same for everybody.`
      : `${counted(hits, "comment")}.`,
  ];
  const n = comments.length;
  if (!n) return parts.join(" ");
  const share = (test) => percent(comments.filter(test).length / n);
  if (withModel) {
    parts.push(
      `As your model predicts you, the system flags ${share((row) => row.error === "over-sensitive")} of them wrongly and lets ${share((row) => row.error === "under-sensitive")} pass wrongly.`,
    );
  } else parts.push(`The system flags ${share((row) => row.system_positive)} of them.`);
  return parts.join(" ");
}

