/**
 * Reports beside the audit: the one at hand, and what "add to evidence" does.
 *
 * Mounts itself into `<aside id="reports-panel" data-user data-model>`, and again when the model is
 * switched. The audit says which comment becomes evidence by an event on the document:
 *
 *   new CustomEvent("labelaudit:evidence", { detail: { item_id, topic, comment, row } })
 *
 * and hears by "labelaudit:report", with { title, items } as its detail, what the report at hand holds.
 */

import { get, query, url } from "./api.js";
import { $, el, fill } from "./dom.js";
import { failed, notice } from "./notice.js";
import { DEFAULT_MODEL } from "./personal_models.js";
import { rememberReport, reportAtHand } from "./report_choice.js";
import { abandonedDrafts } from "./report_drafts.js";
import { ReportEditor } from "./report_editor.js";
import { waitingEntry } from "./report_finder.js";
import { emptyContent } from "./report_saver.js";
import { ReportsSheet } from "./reports_sheet.js";
import { TOPIC_PREFIX, findingWords, titleWords } from "./report_words.js";

const NEW = "new";

class ReportsPanel {
  constructor(aside) {
    this.aside = aside;
    this.editor = null;
    this.waiting = [];
    this.ready = Promise.resolve();
    this.choice = el("select", { id: "panel-report" });
    this.full = el("a", { class: "button button-small", hidden: true }, "Open in full");
    this.begin = el("button", { type: "button", class: "button button-small" }, "New report");
    this.place = el("div");
    this.drafts = el("details", { class: "panel-drafts" }, el("summary", {}, "Drafts to begin from"), el("div", {}));
    fill(
      aside,
      el(
        "div",
        { class: "card stack panel-card" },
        el("div", { class: "row row-apart" }, el("h2", { id: "panel-title" }, "Reports"), el("a", { href: "/app/reports", class: "small" }, "All reports")),
        el("div", { class: "field" }, el("label", { for: "panel-report" }, "Add evidence to"), this.choice),
        el("p", { class: "actions" }, this.begin, this.full),
        this.place,
        this.drafts,
      ),
    );
    this.sheet = new ReportsSheet(aside);
    aside.setAttribute("aria-labelledby", "panel-title");
    aside.removeAttribute("aria-label");
    this.choice.addEventListener("change", () => {
      const report = this.choice.value === NEW ? null : this.choice.value;
      this.next(() => this.open(report));
    });
    this.begin.addEventListener("click", () => this.next(() => this.open(null)).then(() => this.editor?.topic.focus()));
    this.drafts.addEventListener("toggle", () => this.drafts.open && this.showDrafts());
    document.addEventListener("labelaudit:evidence", (event) => this.add(event.detail));
    new MutationObserver(() => this.switch()).observe(aside, { attributeFilter: ["data-user", "data-model"] });
    this.switch();
  }

  get user() {
    return this.aside.dataset.user;
  }

  get model() {
    return this.aside.dataset.model || DEFAULT_MODEL;
  }

  /** Do one thing after the other: what is pressed while reports are still opened comes after. */
  next(step) {
    this.ready = this.ready.then(step);
    return this.ready;
  }

  /** Show the reports of the model that the page is about now. */
  switch() {
    const state = JSON.stringify([this.user, this.model]);
    if (state === this.shown) return;
    this.shown = state;
    this.drafts.open = false;
    this.next(() => this.load());
  }

  async load() {
    await this.leave();
    const { shown } = this;
    fill(this.place, el("div", { class: "loading" }, "Opening reports …"));
    try {
      const [{ data }, topics] = await Promise.all([
        get(url("v1", "users", this.user, "models", this.model, "reports")),
        this.topics ?? get("/v1/topics").then((answer) => answer.data.topics, () => []),
      ]);
      if (shown !== this.shown) return;
      this.topics = topics;
      this.reports = data.reports;
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      this.tell(null);
      fill(this.place, el("p", { class: "note note-bad" }, failure.message), el("button", { type: "button", class: "button button-small", on: { click: () => this.next(() => this.load()) } }, "Try again"));
      return;
    }
    const [unborn] = (await abandonedDrafts(this.user)).filter((draft) => draft.model === this.model && draft.report.startsWith("new "));
    if (unborn) {
      await this.open(null);
      this.editor.saver.resume(unborn);
      notice("A report that had not reached the server is back.", { kind: "good" });
      return;
    }
    const at = reportAtHand(this.user, this.model);
    const known = this.reports.some((one) => one.report_id === at);
    await this.open(known ? at : (this.reports.at(-1)?.report_id ?? null));
  }

  async leave() {
    const left = this.editor;
    this.editor = null;
    await left?.close();
  }

  async open(report, content = emptyContent()) {
    await this.leave();
    const { user, model } = this;
    this.showChoice(report);
    this.showFull(report);
    rememberReport(user, model, report);
    const editor = new ReportEditor(this.place, {
      user,
      model,
      report,
      draftName: `new ${model} ${Date.now()}`,
      topics: this.topics ?? [],
      compact: true,
      onTitle: (words) => this.rename(editor, words),
      onEvidence: (content) => this.tell(content),
      onCreated: (document) => {
        this.reports.push(document);
        rememberReport(user, model, document.report_id);
        this.showChoice(document.report_id);
        this.showFull(document.report_id);
      },
    });
    this.editor = editor;
    try {
      await editor.open(content);
    } catch (failure) {
      if (this.editor !== editor) return;
      this.editor = null;
      await editor.close();
      this.tell(null);
      failed(failure, () => this.open(report));
      fill(this.place);
    }
  }

  /** Say what the report at hand holds, to the bar of the sheet and to the rows of the audit. */
  tell(content) {
    const report = content && { title: content.title || this.choice.value !== NEW ? titleWords(content.title) : "A new report", items: content.evidence.map((one) => one.item_id) };
    this.sheet.show(report);
    document.dispatchEvent(new CustomEvent("labelaudit:report", { detail: report ?? { title: "", items: [] } }));
  }

  rename(editor, words) {
    const option = [...this.choice.options].find((one) => one.selected);
    if (option && this.editor === editor && option.value !== NEW) option.textContent = words;
  }

  showChoice(report) {
    fill(
      this.choice,
      (this.reports ?? []).map((one) => el("option", { value: one.report_id, selected: one.report_id === report }, titleWords(one.report.title))),
      el("option", { value: NEW, selected: report === null }, report === null ? "A new report" : "A new report …"),
    );
  }

  showFull(report) {
    this.full.hidden = report === null;
    if (report) this.full.setAttribute("href", `/app/reports/${report}`);
  }

  /** A comment of the audit becomes evidence of the report at hand. */
  async add({ item_id, topic, comment, row }) {
    await this.ready;
    const { editor } = this;
    if (!editor) {
      notice("The comment was not added: reports cannot be opened at the moment.", { kind: "bad" });
      return;
    }
    const entry = waitingEntry({ item_id, text: comment ?? row?.text ?? "", topic: topic ?? row?.topic ?? "" });
    if (!editor.add(entry)) return;
    const { content } = editor;
    if (!content.title && topic && content.evidence.length === 1) {
      editor.edit({ title: TOPIC_PREFIX + topic, error_type: content.error_type || errorOf(row) }, 0);
    }
    notice(`Added to “${titleWords(editor.content.title)}”.`, { kind: "good" });
  }

  async showDrafts() {
    const place = $("div", this.drafts);
    fill(place, el("p", { class: "muted" }, "Looking …"));
    try {
      const path = url("v1", "users", this.user, "models", this.model, "scaffold");
      const { data } = await get(query(path, { method: "personal" }));
      const drafts = data.drafts.filter((draft) => draft.title);
      fill(
        place,
        el("p", { class: "hint" }, drafts.length ? "Topics in which your model says most clearly that you would decide otherwise." : "Nothing to propose: your model has no results yet, or the system decides like you."),
        el(
          "ul",
          { class: "draft-list" },
          drafts.map((draft) =>
            el(
              "li",
              { class: "draft" },
              el("span", { class: "draft-words" }, el("span", { dir: "auto" }, titleWords(draft.title)), el("span", { class: "muted small" }, findingWords(draft.error_type))),
              el("button", { type: "button", class: "button button-small", on: { click: () => this.beginWith(draft) } }, "Begin", el("span", { class: "visually-hidden" }, `: ${titleWords(draft.title)}`)),
            ),
          ),
        ),
        el("p", { class: "small" }, el("a", { href: "/app/reports#begin" }, "Other ways to begin")),
      );
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      fill(place, el("p", { class: "muted" }, failure.message));
    }
  }

  async beginWith(draft) {
    this.drafts.open = false;
    await this.next(() => this.open(null));
    this.editor?.edit({ title: draft.title, error_type: draft.error_type }, 0);
    this.editor?.topic.focus();
  }
}

function errorOf(row) {
  if (row?.error === "over-sensitive") return "System is over-sensitive";
  return row?.error === "under-sensitive" ? "System is under-sensitive" : "";
}

const aside = document.getElementById("reports-panel");
if (aside) new ReportsPanel(aside);
