/** Comparing points of view: the system, one's models, and groups of the crowd. */

import { drawChart } from "./chart.js";
import { $, $$, bdi, el, fill, number } from "./dom.js";
import { columnWords, modelWords, rating, topicWords } from "./scale.js";

const MOST_OTHERS = 3;
const NARROW = 520;

export class GroupView {
  /** `onCompare(column)` leads to another comparison; `link(topic)` gives an address. */
  constructor(place, data, { onCompare, link }) {
    this.place = place;
    this.data = data;
    this.link = link;
    this.others = [];
    this.chart = null;
    this.turn = 0;
    $("[data-by]", place).addEventListener("change", ({ target }) => onCompare(target.value));
    matchMedia("(max-width: 48rem)").addEventListener("change", () => this.chart && !place.hidden && this.draw());
    $("[data-others]", place).addEventListener("change", () => {
      this.others = $$("[data-others] input:checked", place).map((box) => box.value).slice(0, MOST_OTHERS);
      this.draw();
    });
  }

  async show({ model, models, by, method }) {
    if (this.model !== model) this.others = [];
    Object.assign(this, { model, models, by, method });
    const turn = ++this.turn;
    const { values } = await this.data.groupColumns();
    if (turn !== this.turn) return;
    const columns = [...new Set(values.map((row) => row.column))];
    const nothing = $("[data-no-groups]", this.place);
    nothing.hidden = columns.length > 0;
    $("[data-groups-body]", this.place).hidden = columns.length === 0;
    if (!columns.length) return;
    // The address may name a column that this corpus does not have.
    this.column = columns.includes(by) ? by : columns[0];
    fill($("[data-by]", this.place), columns.map((one) => el("option", { value: one, selected: one === this.column }, columnWords(one))));
    this.fillOthers();
    await this.draw();
  }

  fillOthers() {
    const others = this.model === null ? [] : this.models.filter((one) => one.results && one.name !== this.model);
    const place = $("[data-others]", this.place);
    place.hidden = others.length === 0;
    fill(
      place,
      el("legend", {}, "And my other models"),
      el("div", { class: "row" }, others.map((one) => el("label", { class: "check" }, el("input", { type: "checkbox", value: one.name, checked: this.others.includes(one.name) }), el("span", {}, bdi(modelWords(one)))))),
    );
  }

  async draw() {
    const turn = ++this.turn;
    const { model, method, column: by, others } = this;
    const choice = { by, method, others };
    const about = $("[data-groups-about]", this.place);
    fill(about, "Each group stands for people of the crowd who share the answer: a model learns from their median ratings of twenty comments. Groups of fewer than five people are left out.");
    const table = this.data.comparison(model, "table", choice);
    const chart = this.data.comparison(model, "chart", choice);
    const found = await table;
    if (turn !== this.turn) return;
    this.fillTable(found);
    this.chart?.destroy();
    const figure = $("[data-figure]", this.place);
    this.chart = await drawChart(figure, async () => withWrappedKey(await chart, figure.clientWidth), {
      label: `Points of view on the same topics, by ${columnWords(by)}; the table below has the same numbers`,
      isEmpty: () => found.topics.length === 0,
      empty: "There is no topic to compare.",
      title: false,
    });
  }

  fillTable({ series, topics }) {
    const table = $("[data-groups-table]", this.place);
    const byTopic = new Map();
    for (const row of topics) {
      const there = byTopic.get(row.topic) ?? { n: row.n_comments, values: {} };
      there.values[row.series] = row.value;
      byTopic.set(row.topic, there);
    }
    fill($("thead", table), el("tr", {}, el("th", { scope: "col" }, "Topic"), el("th", { scope: "col", class: "number" }, "Comments"), series.map((name) => el("th", { scope: "col", class: "number" }, bdi(seriesWords(name))))));
    const body = document.createDocumentFragment();
    for (const [topic, { n, values }] of byTopic) {
      body.append(
        el(
          "tr",
          {},
          el("th", { scope: "row" }, el("a", { href: this.link(topic), data: { topic } }, bdi(topicWords(topic)))),
          el("td", { class: "number" }, number(n)),
          series.map((name) => el("td", { class: "number" }, values[name] === undefined ? "" : rating(values[name]))),
        ),
      );
    }
    $("tbody", table).replaceChildren(body);
  }
}

/** Key and names of topics as wide as there is room for. */
function withWrappedKey(original, width) {
  const spec = structuredClone(original);
  const columns = Math.max(1, Math.floor((width - 60) / 170));
  for (const layer of spec.layer ?? []) {
    const { x, y } = layer.encoding ?? {};
    if (y?.axis) y.axis.labelLimit = Math.min(330, 0.4 * width);
    if (x && width < NARROW) x.title = null;
    for (const channel of ["color", "shape"]) {
      const encoding = layer.encoding?.[channel];
      if (encoding?.field) encoding.legend = { ...encoding.legend, columns, labelLimit: 150 };
    }
  }
  return spec;
}

/** "Female" for "gender: Female": the column is named above. */
function seriesWords(name) {
  return name.replace(/^[^:]{1,60}: /, "");
}
