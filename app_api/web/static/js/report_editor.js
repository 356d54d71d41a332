/**
 * The form in which a report is written; on a page of its own and, in short, beside the audit.
 *
 *   const editor = new ReportEditor(place, { user, model, report, compact: true });
 *   await editor.open();
 */

import { $, bdi, counted, el, fill, number } from "./dom.js";
import { failed, notice } from "./notice.js";
import { showConflict } from "./report_conflict.js";
import { EvidenceList } from "./report_evidence.js";
import { ReportSaver, emptyContent } from "./report_saver.js";
import {
  FINDINGS, HARMS, LONGEST_TEXT, LONGEST_TITLE, MOST_EVIDENCE, TOPIC_PREFIX,
  missingOf, neededWords, timeWords, titleWords, topicOf, topicWords,
} from "./report_words.js";

let editors = 0;

export class ReportEditor {
  /**
   * @param {Element} place What the form is put into.
   * @param {object} options `user`, `model`, `report` (an id, or null for a new one), `draftName`,
   *   `topics` (rows of the API), `compact`, `onTitle(words)`, `onCreated(document)`,
   *   `onEvidence(content)`, `onFind()` (a button to look for comments).
   */
  constructor(place, options) {
    this.place = place;
    this.options = { topics: [], compact: false, onTitle: () => {}, onEvidence: () => {}, ...options };
    this.id = `report-${(editors += 1)}`;
    this.held = new Map();
    this.saver = new ReportSaver({
      user: options.user,
      model: options.model,
      report: options.report ?? null,
      draftName: options.draftName,
      onState: (state) => this.showState(state),
      onContent: (content) => this.show(content),
      onCreated: options.onCreated,
    });
    this.build();
  }

  /** Show the report with this editor's id; for a new one its first content. Throws a Failure. */
  async open(content = null) {
    if (!this.options.report) {
      this.saver.content = content ?? emptyContent();
      this.show(this.saver.content);
      this.showState({ phase: "new" });
      return;
    }
    const { restored } = await this.saver.load();
    if (restored) notice("What you had typed here before was not saved yet. It is back.", { kind: "good" });
  }

  get content() {
    return this.saver.content;
  }

  /** Put a comment into the evidence; gives whether it was not there already. */
  add(entry) {
    const { evidence } = this.content;
    if (evidence.some((one) => one.item_id === entry.item_id)) {
      notice("This comment is part of the report already.");
      return false;
    }
    if (evidence.length >= MOST_EVIDENCE) {
      notice(`A report holds at most ${MOST_EVIDENCE} comments. Take one out first, or begin another report.`, { kind: "bad" });
      return false;
    }
    this.edit({ evidence: [...evidence, entry] }, 0);
    return true;
  }

  edit(fields, milliseconds) {
    const content = { ...this.content, ...fields };
    this.show(content);
    this.saver.change(content, milliseconds);
  }

  async close() {
    clearInterval(this.countdown);
    await this.saver.close();
  }

  build() {
    const name = (part) => `${this.id}-${part}`;
    this.state = el("p", { class: "save-state", data: { phase: "loading" } }, el("span", { class: "save-dot", "aria-hidden": "true" }), el("span", { data: { words: "" }, role: "status" }, "Opening …"));
    this.conflict = el("div", { hidden: true });
    this.topic = el(
      "select",
      { id: name("topic") },
      el("option", { value: "" }, "My own title"),
      this.options.topics.map((row) => el("option", { value: row.topic }, `${topicWords(row.topic)} (${number(row.n_comments)})`)),
    );
    this.title = el("input", { id: name("title"), type: "text", maxlength: LONGEST_TITLE, dir: "auto", autocomplete: "off", "aria-describedby": name("title-hint") });
    this.titleField = el(
      "div",
      { class: "field" },
      el("label", { for: name("title") }, "Title"),
      this.title,
      el("p", { class: "hint", id: name("title-hint") }, "A few words by which others understand what it is about."),
    );
    this.text = el("textarea", {
      id: name("text"), maxlength: LONGEST_TEXT, dir: "auto", rows: this.options.compact ? 5 : 8,
      "aria-describedby": `${name("text-hint")} ${name("text-left")}`,
    });
    this.left = el("p", { class: "hint", id: name("text-left"), hidden: true });
    this.complete = el("input", { type: "checkbox", id: name("complete") });
    this.needed = el("div", { class: "needed" });
    this.evidencePlace = el("div");
    this.evidence = new EvidenceList(this.evidencePlace, { onRemove: (entry, place) => this.remove(entry, place) });
    this.evidenceCount = el("span", { class: "muted" });
    const about = [
      el("div", { class: "field" }, el("label", { for: name("topic") }, "What is it about?"), this.topic),
      this.titleField,
    ];
    const judgement = [
      this.choices(name("finding"), "How does the system err?", FINDINGS, "error_type"),
      el(
        "div",
        { class: "field" },
        el("label", { for: name("text") }, "What is wrong?"),
        el("p", { class: "hint", id: name("text-hint") }, "What did you find, whom does it harm, and what should the system do instead?"),
        this.text,
        this.left,
      ),
      this.choices(name("harm"), "What kind of harm is it?", HARMS, "sep_selection"),
    ];
    const evidence = el(
      "section",
      { class: "stack stack-small", "aria-labelledby": name("evidence") },
      el("div", { class: "row row-apart" }, el("h3", { id: name("evidence") }, "Evidence ", this.evidenceCount), this.finder()),
      this.evidencePlace,
    );
    this.form = el(
      "form",
      { class: `report-form stack${this.options.compact ? " report-form-compact" : ""}`, "aria-label": "The report", novalidate: true },
      el("div", { class: "report-bar" }, this.state, this.needed),
      this.conflict,
      el(
        "div",
        { class: "report-fields stack" },
        this.options.compact ? [about, evidence, judgement] : [about, judgement, evidence],
        el(
          "div",
          { class: "field" },
          el("label", { class: "check" }, this.complete, el("span", {}, "It is complete as it is")),
          el("p", { class: "hint" }, "Tick this if you want to hand it on without a text or a kind of harm. Evidence is always needed."),
        ),
      ),
    );
    fill(this.place, this.form);
    this.listen();
  }

  finder() {
    return this.options.onFind
      ? el("button", { type: "button", class: "button button-small", on: { click: () => this.options.onFind() } }, "Find comments")
      : null;
  }

  choices(name, legend, options, field) {
    const none = { value: "", label: "Not decided yet", hint: "" };
    const set = el(
      "fieldset",
      { class: "choices", data: { field } },
      el("legend", {}, legend),
      [...options, none].map((one, place) =>
        el(
          "label",
          { class: "choice" },
          el("input", { type: "radio", name, value: one.value, id: `${name}-${place}` }),
          el("span", {}, one.label, one.hint ? el("span", { class: "hint" }, one.hint) : null),
        ),
      ),
    );
    set.addEventListener("change", (event) => this.edit({ [field]: event.target.value }, 0));
    return set;
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.saver.save();
    });
    this.topic.addEventListener("change", () => {
      const topic = this.topic.value;
      this.own = topic === "";
      const title = topic ? TOPIC_PREFIX + topic : topicOf(this.content.title) ? "" : this.content.title;
      this.edit({ title }, 0);
      if (!topic) this.title.focus();
    });
    this.title.addEventListener("input", () => {
      this.own = true;
      this.held.set(this.title, this.title.value);
      this.edit({ title: this.title.value });
    });
    this.text.addEventListener("input", () => {
      this.held.set(this.text, this.text.value);
      this.edit({ text_entry: this.text.value });
    });
    for (const field of [this.title, this.text]) {
      field.addEventListener("blur", () => this.saver.state.phase === "changed" && this.saver.save());
    }
    this.complete.addEventListener("change", () => this.edit({ complete_status: this.complete.checked }, 0));
  }

  /** Show a content without disturbing the field that somebody types in. */
  show(content) {
    const topic = topicOf(content.title);
    const listed = topic !== null && this.topicOption(topic) && !this.own;
    this.topic.value = listed ? topic : "";
    this.titleField.hidden = listed;
    this.put(this.title, content.title);
    this.put(this.text, content.text_entry);
    for (const set of this.form.querySelectorAll("[data-field]")) {
      for (const input of set.querySelectorAll("input")) input.checked = input.value === content[set.dataset.field];
    }
    this.complete.checked = content.complete_status;
    const left = LONGEST_TEXT - content.text_entry.length;
    this.left.hidden = left > 2_000;
    this.left.textContent = `Room for ${counted(left, "more character")}.`;
    fill(this.evidenceCount, content.evidence.length ? `(${content.evidence.length})` : null);
    this.evidence.show(content.evidence);
    this.showNeeded(content);
    this.options.onTitle(titleWords(content.title), content);
    this.options.onEvidence(content);
  }

  put(field, value) {
    // Fields change line ends, so that what they hold may differ from what was put into them.
    if (this.held.get(field) === value) return;
    this.held.set(field, value);
    field.value = value;
  }

  topicOption(topic) {
    const known = [...this.topic.options].some((option) => option.value === topic);
    // A topic of an earlier generation of the corpus stays what the report is about.
    if (!known) this.topic.append(el("option", { value: topic }, topicWords(topic)));
    return true;
  }

  showNeeded(content) {
    const missing = missingOf(content);
    const words = neededWords(missing);
    if (this.neededShown === (words ?? "")) return;
    this.neededShown = words ?? "";
    fill(
      this.needed,
      el("span", { class: `badge ${words ? "badge-warn" : "badge-good"}` }, words ? "Unfinished" : "Complete"),
      el("span", { class: "small muted" }, words ?? "It can be handed on."),
    );
  }

  remove(entry, place) {
    const evidence = this.content.evidence.filter((_, n) => n !== place);
    this.edit({ evidence }, 0);
    const buttons = this.evidencePlace.querySelectorAll("[data-item] button:last-child");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.text).focus();
    notice("The comment was taken out of the report.", {
      action: {
        label: "Put it back",
        run: () => {
          if (this.content.evidence.some((one) => one.item_id === entry.item_id)) return;
          const back = [...this.content.evidence];
          back.splice(place, 0, entry);
          this.edit({ evidence: back }, 0);
        },
      },
    });
  }

  showState(state) {
    clearInterval(this.countdown);
    this.state.dataset.phase = state.phase;
    const words = $("[data-words]", this.state);
    const say = (...content) => {
      fill(words, ...content);
    };
    if (state.phase !== "conflict") this.conflict.hidden = true;
    // What is typed while one chooses would be in neither of the two versions.
    $(".report-fields", this.form).inert = state.phase === "conflict";
    switch (state.phase) {
      case "new":
        say("Not begun yet");
        break;
      case "saved":
        say(state.elsewhere ? "Saved elsewhere; this is the newest version" : `Saved, ${timeWords(this.saver.document.saved_at)}`);
        if (state.elsewhere) notice("The report was saved in another window. You see the newest version.");
        break;
      case "changed":
      case "saving":
        say("Saving …");
        break;
      case "waiting": {
        const again = el("button", { type: "button", class: "link-button", on: { click: () => this.saver.save() } }, "Try now");
        const seconds = el("span", { "aria-hidden": "true" });
        say(el("strong", {}, "Not saved"), " but kept in this browser. ", state.message, " ", seconds, " ", again);
        let left = state.seconds;
        const count = () => { seconds.textContent = left > 0 ? `Next try in ${left} s.` : "Trying …"; left -= 1; };
        count();
        this.countdown = setInterval(count, 1000);
        break;
      }
      case "refused":
        say(el("strong", {}, "Not saved"), " but kept in this browser. ", bdi(state.message));
        break;
      case "conflict":
        say(el("strong", {}, "Not saved: somebody saved a newer version."), " Choose below what to keep.");
        showConflict(this.conflict, this.content, state.theirs, this.saver.base, (content) => {
          this.conflict.hidden = true;
          this.saver.settle(content);
          this.text.focus();
        });
        break;
      case "deleted":
        say(
          el("strong", {}, "This report was deleted elsewhere."),
          " What you see is kept in this browser. ",
          el("button", { type: "button", class: "link-button", on: { click: () => this.saver.revive().catch((failure) => failed(failure)) } }, "Bring it back"),
        );
        break;
    }
  }
}

