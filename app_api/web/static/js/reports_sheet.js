/**
 * Where the reports have no room beside the audit, they lie in a sheet: a bar at the lower edge says
 * which report is at hand and opens it.
 *
 * The panel itself moves between its place and the sheet, so that there is one of it, with what was
 * typed in it. The bar comes first in its part of the page: at the end of all comments, somebody at
 * a keyboard or a screen reader would hardly come to it.
 */

import { counted, el, fill } from "./dom.js";

/** From this width on, reports.css and audit.css put the panel beside the audit. */
const BESIDE = matchMedia("(min-width: 72rem)");

export class ReportsSheet {
  constructor(aside) {
    this.aside = aside;
    this.known = null;
    this.home = aside.parentElement;
    this.words = el("span", { class: "sheet-bar-words", dir: "auto" });
    this.count = el("span", { class: "sheet-bar-count" });
    this.opener = el(
      "button",
      { type: "button", class: "sheet-bar-button", "aria-haspopup": "dialog", on: { click: () => this.open() } },
      el("span", { class: "sheet-bar-title" }, "Reports"),
      this.words,
      this.count,
    );
    this.bar = el("div", { class: "sheet-bar", hidden: true }, this.opener);
    this.sheet = el(
      "dialog",
      { class: "sheet", "aria-labelledby": "panel-title" },
      el("div", { class: "sheet-head" }, el("button", { type: "button", class: "button button-small", on: { click: () => this.sheet.close() } }, "Back to the comments")),
    );
    // What stands around the sheet belongs to nobody but the dialog itself.
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    this.home.prepend(this.bar);
    this.home.append(this.sheet);
    BESIDE.addEventListener("change", () => this.arrange());
    this.arrange();
  }

  open() {
    this.sheet.showModal();
    this.sheet.scrollTop = 0;
  }

  /** Put the panel where the window's width wants it; who was writing in it goes on writing. */
  arrange() {
    const at = this.aside.contains(document.activeElement) ? document.activeElement : null;
    this.bar.hidden = BESIDE.matches;
    if (BESIDE.matches) {
      if (this.sheet.open) this.sheet.close();
      this.home.append(this.aside);
    } else {
      this.sheet.append(this.aside);
      if (at) this.sheet.showModal();
    }
    at?.focus({ preventScroll: true });
  }

  /** Say which report is at hand; null when reports cannot be opened. */
  show(report) {
    fill(this.words, report ? report.title : "cannot be opened at the moment");
    fill(this.count, report && counted(report.items.length, "comment"));
    const grown = report && report.title === this.known?.title && report.items.length > this.known.items.length;
    this.known = report;
    if (!grown) return;
    // In a later frame, so that the second comment is seen to arrive like the first.
    this.opener.classList.remove("sheet-bar-grown");
    requestAnimationFrame(() => this.opener.classList.add("sheet-bar-grown"));
  }
}
