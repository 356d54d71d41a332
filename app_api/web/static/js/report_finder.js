/** Looking for comments to put into a report, by topic or by a word. */

import { get, query, url } from "./api.js";
import { $, bdi, counted, el, fill } from "./dom.js";
import { commentText } from "./report_evidence.js";
import { topicOf, topicWords } from "./report_words.js";
import { decisionWords } from "./scale.js";

const AT_ONCE = 20;
const ERRORS = { "System is over-sensitive": "over", "System is under-sensitive": "under" };

/** A dialog in which comments are found; `onAdd(entry)` gives whether one was added. */
export class CommentFinder {
  constructor({ user, model, topics, content, onAdd }) {
    Object.assign(this, { user, model, topics, content, onAdd });
    this.results = el("div", { class: "stack", "aria-live": "polite" });
    this.word = el("input", { id: "finder-word", type: "search", maxlength: 1000, dir: "auto", autocomplete: "off", spellcheck: "false" });
    this.topic = el("select", { id: "finder-topic" }, el("option", { value: "" }, "any topic"), topics.map((row) => el("option", { value: row.topic }, topicWords(row.topic))));
    this.wrong = el("input", { type: "checkbox", id: "finder-wrong" });
    this.form = el(
      "form",
      { class: "finder-form", role: "search", "aria-label": "Find comments" },
      el("div", { class: "field" }, el("label", { for: "finder-topic" }, "Of the topic"), this.topic),
      el("div", { class: "field" }, el("label", { for: "finder-word" }, "With the word"), this.word),
      el("button", { class: "button button-primary" }, "Find"),
      el("label", { class: "check finder-wrong" }, this.wrong, el("span", {}, "Only where the system decides otherwise than my model says I would")),
    );
    this.dialog = el(
      "dialog",
      { class: "finder", "aria-labelledby": "finder-title" },
      el(
        "div",
        { class: "stack" },
        el(
          "div",
          { class: "row row-apart" },
          el("h2", { id: "finder-title" }, "Find comments for the report"),
          el("button", { type: "button", class: "button button-small", on: { click: () => this.dialog.close() } }, "Done"),
        ),
        this.form,
        this.results,
      ),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.find();
    });
    for (const field of [this.topic, this.wrong]) field.addEventListener("change", () => this.find());
    this.dialog.addEventListener("close", () => this.dialog.remove());
  }

  open() {
    const content = this.content();
    const topic = topicOf(content.title);
    if (topic && this.topics.some((row) => row.topic === topic)) this.topic.value = topic;
    this.wrong.checked = content.error_type in ERRORS;
    document.body.append(this.dialog);
    this.dialog.showModal();
    if (this.topic.value) this.find();
    else this.word.focus();
  }

  async find() {
    const topic = this.topic.value;
    const keyword = this.word.value.trim();
    if (!topic && !keyword) {
      fill(this.results, el("p", { class: "muted" }, "Choose a topic or type a word."));
      return;
    }
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    fill(this.results, el("div", { class: "loading" }, "Looking …"));
    try {
      const found = await this.ask(topic, keyword, signal);
      this.show(found, keyword);
    } catch (failure) {
      if (signal.aborted) return;
      fill(this.results, el("p", { class: "note note-bad" }, failure?.name === "Failure" ? failure.message : "This cannot be shown. Reload the page."));
      if (failure?.name !== "Failure") console.error(failure);
    }
  }

  /** Results of the model; without any, the system's alone. Both topic and word must fit. */
  async ask(topic, keyword, signal) {
    const error = this.wrong.checked ? (ERRORS[this.content().error_type] ?? "both") : "all";
    const fields = topic ? { topic } : { keyword };
    await this.findOutWhetherTrained(signal);
    const results = this.systemAlone
      ? query("/v1/results", fields)
      : query(url("v1", "users", this.user, "models", this.model, "results"), { ...fields, error });
    const { data } = await get(results, { signal });
    const word = keyword.toLowerCase();
    return topic && word ? data.comments.filter((row) => row.text.toLowerCase().includes(word)) : data.comments;
  }

  async findOutWhetherTrained(signal) {
    if (this.systemAlone !== undefined) return;
    const { data } = await get(url("v1", "users", this.user, "models"), { signal });
    this.systemAlone = !data.models.some((model) => model.name === this.model && model.results);
    this.wrong.closest("label").hidden = this.systemAlone;
  }

  show(rows) {
    const first = rows.slice(0, AT_ONCE);
    fill(
      this.results,
      el("p", { class: "muted" }, rows.length > first.length ? `The first ${first.length} of ${counted(rows.length, "comment")}` : rows.length ? counted(rows.length, "comment") : "No comment fits."),
      this.systemAlone ? el("p", { class: "hint" }, "Your model has no results yet, so only the system's decisions are known.") : null,
      first.length ? el("ul", { class: "evidence-list" }, first.map((row) => this.card(row))) : null,
    );
  }

  card(row) {
    const taken = this.content().evidence.some((one) => one.item_id === row.item_id);
    const button = el("button", { type: "button", class: "button button-small", disabled: taken }, taken ? "In the report" : "Add to evidence");
    button.addEventListener("click", () => {
      if (!this.onAdd(waitingEntry(row))) return;
      button.textContent = "In the report";
      button.disabled = true;
      (button.closest("li").nextElementSibling?.querySelector("button:not([disabled])") ?? $("button", this.dialog)).focus();
    });
    return el(
      "li",
      { class: "card evidence-card" },
      commentText(row.text),
      el(
        "p",
        { class: "evidence-foot small muted" },
        el(
          "span",
          {},
          "System: ",
          decisionWords(row.system_positive),
          row.your_positive === null ? null : [" · You, by your model: ", decisionWords(row.your_positive)],
          " · ",
          bdi(topicWords(row.topic)),
        ),
        button,
      ),
    );
  }
}

/** A comment as evidence before the server has made its row. */
export function waitingEntry({ item_id, text, topic }) {
  return { item_id, row: { id: item_id, comment: text, topic }, versions: {}, waiting: true };
}
