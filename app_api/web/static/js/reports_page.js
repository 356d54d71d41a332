/** The page of all reports: drafts to begin from, deleting, what was not saved, and AVID. */

import { get, query, send, url } from "./api.js";
import { $, $$, bdi, counted, el, fill } from "./dom.js";
import { failed, notice } from "./notice.js";
import { DEFAULT_MODEL, loadModels, preferredModel } from "./personal_models.js";
import { rememberReport } from "./report_choice.js";
import { abandonedDrafts, dropDraft } from "./report_drafts.js";
import { bodyOf } from "./report_saver.js";
import { mountSubmission } from "./report_submit.js";
import { COMPARISONS, METHODS, findingWords, timeWords, titleWords } from "./report_words.js";
import { showOfferedUndo, showUndo } from "./reports_undo.js";
import { modelWords } from "./scale.js";

const page = $("[data-reports-page]");
const { user, suffix } = page.dataset;
const mayWrite = "mayWrite" in page.dataset;

const addressOf = (report) => `/app/reports/${report}${suffix}`;

/* Deleting */

for (const button of $$("[data-delete]")) {
  button.hidden = false;
  button.addEventListener("click", () => remove(button.closest("[data-report]")));
}

async function remove(card) {
  const { report, version } = card.dataset;
  const title = $("h3", card).textContent.trim();
  const path = url("v1", "users", user, "reports", report);
  try {
    const { etag } = await get(`${path}?version=${version}`);
    await send("DELETE", path, undefined, { ifMatch: etag });
    const next = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    $("[data-no-reports]").hidden = $$("[data-report]").length > 0;
    ($("h3 a", next ?? document.createElement("p")) ?? $("#written")).focus();
    showUndo({ user, report, version, title }, () => location.reload());
  } catch (failure) {
    if (failure?.kind === "stale-report") {
      notice("The report was changed meanwhile, so it was not deleted. The list is read anew.", { kind: "bad", action: { label: "Reload", run: () => location.reload() } });
    } else failed(failure, () => remove(card));
  }
}

/* What was typed and not saved */

async function showUnsaved() {
  const place = $("[data-unsaved]");
  if (!place) return;
  const drafts = await abandonedDrafts(user);
  const known = new Set($$("[data-report]").map((card) => card.dataset.report));
  fill(place, drafts.map((draft) => unsaved(draft, known.has(draft.report))));
}

function unsaved(draft, exists) {
  const box = el(
    "div",
    { class: "note note-warn stack stack-small", data: { unsavedReport: "" } },
    el("p", {}, el("strong", {}, "Not saved yet: "), "“", bdi(titleWords(draft.content.title)), `”, typed here on ${timeWords(draft.at)}. It is kept in this browser.`),
    el(
      "p",
      { class: "actions" },
      exists
        ? el("a", { class: "button button-small", href: addressOf(draft.report) }, "Go on with it")
        : el("button", { type: "button", class: "button button-small", on: { click: () => begin(draft.model, bodyOf(draft.content), () => dropDraft(draft.key)) } }, "Keep it as a report"),
      el("button", { type: "button", class: "button button-small button-quiet", on: { click: () => { dropDraft(draft.key); box.remove(); } } }, "Throw it away"),
    ),
  );
  return box;
}

/* Drafts */

async function begin(model, fields, done = () => {}) {
  try {
    const { data } = await send("POST", url("v1", "users", user, "models", model, "reports"), fields);
    done();
    rememberReport(user, model, data.report_id);
    location.assign(addressOf(data.report_id));
  } catch (failure) {
    failed(failure, () => begin(model, fields, done));
  }
}

class Beginning {
  constructor(place) {
    this.place = place;
    this.drafts = el("div", { class: "stack stack-small", "aria-live": "polite" });
    this.about = el("p", { class: "muted", id: "method-about" });
  }

  async show() {
    fill(this.place, el("div", { class: "loading" }, "Looking for your models …"));
    try {
      this.models = await loadModels(user);
    } catch (failure) {
      fill(this.place, el("p", { class: "note note-bad" }, failure.message), el("button", { type: "button", class: "button", on: { click: () => this.show() } }, "Try again"));
      return;
    }
    const trained = this.models.filter((model) => model.results);
    const shown = trained.length ? trained : this.models;
    const choices = shown.map((model) => [model.name, modelWords(model)]);
    if (!choices.length) choices.push([DEFAULT_MODEL, DEFAULT_MODEL]);
    this.trained = trained.length > 0;
    const preferred = preferredModel(user, shown);
    this.model = el("select", { id: "begin-model" }, choices.map(([name, words]) => el("option", { value: name, selected: name === preferred }, words)));
    this.method = el("select", { id: "begin-method", "aria-describedby": "method-about" }, METHODS.map((one) => el("option", { value: one.value }, one.label)));
    if (!this.trained) this.method.value = "fixed";
    this.comparison = el("select", { id: "begin-comparison", "aria-describedby": "method-about" }, COMPARISONS.map((one) => el("option", { value: one.value }, one.label)));
    this.comparisonField = el("div", { class: "field" }, el("label", { for: "begin-comparison" }, "Compare topics by"), this.comparison);
    fill(
      this.place,
      el(
        "div",
        { class: "begin-fields" },
        el("div", { class: "field" }, el("label", { for: "begin-method" }, "Begin from"), this.method),
        this.comparisonField,
        choices.length > 1 ? el("div", { class: "field" }, el("label", { for: "begin-model" }, "With the model"), this.model) : null,
      ),
      this.about,
      this.trained
        ? null
        : el("p", { class: "note" }, "You have no model of your own yet, so reports show the system's decisions alone. ", el("a", { href: "/app/label" }, "Label about twenty comments"), " to have yours beside them."),
      this.drafts,
    );
    for (const field of [this.model, this.method, this.comparison]) field.addEventListener("change", () => this.load());
    this.load();
  }

  async load() {
    const method = METHODS.find((one) => one.value === this.method.value);
    const comparison = COMPARISONS.find((one) => one.value === this.comparison.value);
    const personal = method.value === "personal";
    this.comparisonField.hidden = !personal;
    this.about.textContent = personal ? `${method.about} ${comparison.about}` : method.about;
    if (method.needsModel && !this.trained) {
      fill(this.drafts, el("p", { class: "muted" }, "This needs a trained model. Label some comments first, or choose another way to begin."));
      return;
    }
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.drafts.setAttribute("aria-busy", "true");
    const path = url("v1", "users", user, "models", this.model.value, "scaffold");
    try {
      const { data } = await get(query(path, { method: method.value, topic_method: personal ? comparison.value : null }), { signal });
      const empty = personal && data.drafts.length === 1 && !data.drafts[0].title;
      fill(
        this.drafts,
        empty ? el("p", { class: "muted" }, "By this comparison the system decides like you in every topic. Choose another one, or begin with an empty report.") : null,
        el("ul", { class: "draft-list" }, data.drafts.map((draft) => this.draft(draft))),
      );
    } catch (failure) {
      if (signal.aborted) return;
      fill(this.drafts, el("p", { class: "note note-bad" }, failure?.name === "Failure" ? failure.message : "Drafts cannot be shown. Reload the page."));
    }
    this.drafts.removeAttribute("aria-busy");
  }

  draft(draft) {
    const words = draft.title ? titleWords(draft.title) : "An empty report";
    return el(
      "li",
      { class: "draft" },
      el("span", { class: "draft-words" }, el("span", { dir: "auto" }, words), draft.error_type ? el("span", { class: "muted small" }, findingWords(draft.error_type)) : null),
      el(
        "button",
        { type: "button", class: "button button-small", on: { click: () => begin(this.model.value, { title: draft.title, error_type: draft.error_type }) } },
        "Begin",
        el("span", { class: "visually-hidden" }, `: ${words}`),
      ),
    );
  }
}

if (mayWrite) {
  new Beginning($("[data-begin]")).show();
  showUnsaved();
  showOfferedUndo(() => location.reload());
}
mountSubmission({ user, place: $("[data-submit]"), receipts: $("[data-receipts]"), cards: $$("[data-report]").length });

// Going back shows this page as it was left; reports may have been written since.
addEventListener("pageshow", (event) => event.persisted && location.reload());
