/**
 * The topics as a table that can be sorted: whatever the overview's squares lead to, it does too.
 */

import { $, $$, bdi, el, fill, number } from "./dom.js";
import { percent, rating, topicWords } from "./scale.js";

const SORTS = {
  topic: { of: (row) => topicWords(row.topic), text: true },
  n_comments: { of: (row) => row.n_comments },
  over: { of: (row) => row.share_over },
  under: { of: (row) => row.share_under },
  severity: { of: (row) => row.severity },
  you: { of: (row, method) => row[`${method}_you`] },
  system: { of: (row, method) => row[`${method}_system`] },
};

/** Columns with and without a model. */
const COLUMNS = [
  { key: "topic", head: "Topic" },
  { key: "n_comments", head: "Comments", number: true },
  { key: "over", head: "Flags wrongly", number: true, model: true },
  { key: "under", head: "Lets pass wrongly", number: true, model: true },
  { key: "severity", head: "Surely wrong in", number: true, model: true },
  { key: "you", head: "You", number: true, model: true },
  { key: "system", head: "System", number: true },
];

export class TopicTable {
  /** `link(topic)` gives an address; `onAim(topic)` is called when somebody is about to follow it. */
  constructor(table, { link, onOpen, onAim }) {
    this.table = table;
    this.link = link;
    this.onAim = onAim;
    this.sort = null;
    this.rows = [];
    table.addEventListener("click", (event) => {
      const anchor = event.target.closest("a[data-topic]");
      if (anchor && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
        event.preventDefault();
        onOpen(anchor.dataset.topic);
      }
      const button = event.target.closest("button[data-sort]");
      if (button) this.sortBy(button.dataset.sort);
    });
    for (const kind of ["pointerover", "focusin", "pointerdown"]) {
      table.addEventListener(kind, (event) => {
        const anchor = event.target.closest("tr")?.querySelector("a[data-topic]");
        if (anchor) this.onAim(anchor.dataset.topic);
      });
    }
  }

  /** Show topics: rows of the audit, or of `/v1/topics` without a model. */
  show(rows, { method, withModel, error, scale }) {
    Object.assign(this, { rows, method, withModel, error, scale });
    const usual = withModel ? "severity" : "n_comments";
    if (!this.sort || !this.columns().some((column) => column.key === this.sort.key)) this.sort = { key: usual, down: true };
    this.draw();
  }

  columns() {
    return COLUMNS.filter((column) => this.withModel || !column.model);
  }

  sortBy(key) {
    const first = SORTS[key].text ? false : true;
    this.sort = { key, down: this.sort.key === key ? !this.sort.down : first };
    this.draw();
    $(`button[data-sort="${key}"]`, this.table).focus();
  }

  ordered() {
    const { of } = SORTS[this.sort.key];
    const sign = this.sort.down ? -1 : 1;
    const value = (row) => of(row, this.method) ?? -1;
    return this.rows
      .filter((row) => !this.withModel || matches(row, this.error))
      .map((row, place) => ({ row, place }))
      .sort((a, b) => {
        const [one, other] = [value(a.row), value(b.row)];
        const order = typeof one === "string" ? one.localeCompare(other) : one - other;
        return sign * order || a.place - b.place;
      })
      .map(({ row }) => row);
  }

  draw() {
    const rows = this.ordered();
    const heads = this.columns().map((column) => {
      const active = this.sort.key === column.key;
      return el(
        "th",
        { scope: "col", class: column.number && "number", "aria-sort": active ? (this.sort.down ? "descending" : "ascending") : "none" },
        el("button", { type: "button", class: "sort", data: { sort: column.key } }, column.head, el("span", { class: "sort-mark", "aria-hidden": "true" }, active ? (this.sort.down ? "▼" : "▲") : "")),
      );
    });
    fill($("thead", this.table), el("tr", {}, heads));
    const body = document.createDocumentFragment();
    for (const row of rows) body.append(this.row(row));
    if (!rows.length) {
      body.append(el("tr", {}, el("td", { colspan: this.columns().length, class: "muted" }, "No topic has this kind of error.")));
    }
    $("tbody", this.table).replaceChildren(body);
  }

  row(row) {
    const cells = {
      n_comments: () => number(row.n_comments),
      over: () => percent(row.share_over),
      under: () => percent(row.share_under),
      severity: () =>
        row.direction
          ? el("span", { class: `surely surely-${row.direction === "over-sensitive" ? "over" : "under"}` }, el("meter", { min: 0, max: 1, value: row.severity.toFixed(3), "aria-hidden": "true" }), percent(row.severity))
          : "0 %",
      you: () => rating(row[`${this.method}_you`]),
      system: () => rating(row[`${this.method}_system`]),
    };
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, el("a", { href: this.link(row.topic), data: { topic: row.topic } }, bdi(topicWords(row.topic)))),
      this.columns()
        .slice(1)
        .map((column) => el("td", { class: "number", data: { head: column.head } }, cells[column.key]())),
    );
  }

  /** Topics in the order shown, for the way from one to the next. */
  names() {
    return this.rows.length ? this.ordered().map((row) => row.topic) : [];
  }

  focus(topic) {
    const anchor = $$("a[data-topic]", this.table).find((one) => one.dataset.topic === topic);
    anchor?.focus({ preventScroll: false });
  }
}

/** Whether a topic belongs to a filter: the error that leads in it. */
function matches(row, error) {
  if (error === "all") return true;
  if (error === "both") return row.direction !== "";
  return row.direction === (error === "over" ? "over-sensitive" : "under-sensitive");
}
