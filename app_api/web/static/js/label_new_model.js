/**
 * Starting another model: one's own, one tuned to a topic, or one that stands for a group of people.
 */

import { get, query, send, url } from "./api.js";
import { $, $$, bdi, counted, debounced, el, fill, number } from "./dom.js";
import { failed } from "./notice.js";
import { columnWords, modelWords, topicWords } from "./scale.js";

const SMALLEST_GROUP = 5;

/**
 * Fill the dialog and run it. `onReady(name, kind)` is called with the model that was named.
 */
export class NewModel {
  constructor(dialog, { user, models, onReady }) {
    this.dialog = dialog;
    this.user = user;
    this.models = models;
    this.onReady = onReady;
    this.form = $("form", dialog);
    this.error = $("[data-error]", dialog);
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.create()));
    this.form.addEventListener("change", () => this.adapt());
    $("[data-cancel]", dialog).addEventListener("click", () => dialog.close());
    this.size = debounced(() => this.showSize(), 150);
  }

  /** Open the dialog, at a kind of model, with a topic chosen. */
  async open({ kind = "base", topic = null } = {}) {
    this.error.hidden = true;
    this.form.reset();
    this.form.elements.kind.value = kind;
    const bases = this.models().filter((model) => model.kind === "base");
    fill(
      this.form.elements.base,
      (bases.length ? bases : [{ name: "my_model", kind: "base" }]).map((model) => el("option", { value: model.name }, modelWords(model))),
    );
    this.adapt();
    this.dialog.showModal();
    try {
      await Promise.all([this.fillTopics(topic), this.fillGroups()]);
      this.adapt();
    } catch (failure) {
      failed(failure, () => this.open({ kind, topic }));
    }
  }

  async fillTopics(chosen) {
    const { data } = await get("/v1/topics");
    const topics = data.topics.filter((topic) => topic.tunable);
    fill(
      this.form.elements.topic,
      topics.map((topic) =>
        el("option", { value: topic.topic, selected: topic.topic === chosen }, `${topicWords(topic.topic)} (${counted(topic.n_comments, "comment")})`),
      ),
    );
  }

  async fillGroups() {
    const { data } = await get("/v1/groups/columns");
    this.columns = new Map();
    for (const row of data.values) {
      this.columns.set(row.column, [...(this.columns.get(row.column) ?? []), row]);
    }
    fill(
      $("[data-groups]", this.dialog),
      [...this.columns].map(([column, values]) =>
        el(
          "fieldset",
          { class: "group-column" },
          el("legend", {}, columnWords(column)),
          values.map((row) =>
            el(
              "label",
              { class: "check" },
              el("input", { type: "checkbox", data: { column }, value: row.value }),
              el("span", {}, bdi(row.value), el("span", { class: "muted" }, ` ${number(row.n_raters)}`)),
            ),
          ),
        ),
      ),
      this.columns.size ? null : el("p", { class: "muted" }, "Nothing is known about the people of the crowd, so there are no groups."),
    );
  }

  get kind() {
    return this.form.elements.kind.value;
  }

  /** Columns with the values that are checked. */
  get group() {
    const found = {};
    for (const box of $$("[data-groups] input:checked", this.dialog)) {
      (found[box.dataset.column] ??= []).push(box.value);
    }
    return found;
  }

  adapt() {
    for (const part of $$("[data-for]", this.form)) part.hidden = !part.dataset.for.split(" ").includes(this.kind);
    if (this.kind === "group") this.size();
    else this.allow(true);
  }

  async showSize() {
    const place = $("[data-size]", this.dialog);
    const group = this.group;
    if (!Object.keys(group).length) {
      place.textContent = "Choose what the people have in common.";
      this.allow(false);
      return;
    }
    try {
      const { data } = await get(query("/v1/groups/size", group));
      if (JSON.stringify(group) !== JSON.stringify(this.group)) return;
      const enough = data.size >= SMALLEST_GROUP;
      place.textContent = enough
        ? `${counted(data.size, "person", "people")} of the crowd.`
        : "Fewer than five people. No model is made of so few, so that it points at nobody. Choose less narrowly.";
      this.allow(enough);
    } catch (failure) {
      failed(failure);
    }
  }

  allow(yes) {
    $("[data-create]", this.dialog).disabled = !yes;
  }

  async create() {
    const { name, topic, base } = this.form.elements;
    const kind = this.kind;
    const body = { kind };
    if (kind === "base") body.name = name.value.trim();
    else body.base = base.value;
    if (kind === "topic") body.topic = topic.value;
    if (kind === "group") body.group = this.group;
    const button = $("[data-create]", this.dialog);
    button.setAttribute("aria-busy", "true");
    this.error.hidden = true;
    try {
      const { data } = await send("POST", url("v1", "users", this.user, "models"), body);
      this.dialog.close();
      await this.onReady(data.name, data.kind);
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      this.error.textContent = failure.message;
      this.error.hidden = false;
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
