/**
 * The charts of squares (topics, or comments of a topic), drawn once and then filled anew: what
 * another topic changes is rows and three numbers, and a view of Vega takes those in a few
 * milliseconds where a new one takes a hundred.
 */

import { drawChart } from "./chart.js";
import { el, fill } from "./dom.js";

/** Columns that ratings are collected in; see docs/audit-views.md. */
const BINS = 80;
const HEIGHT = 330;
const LOW_HEIGHT = 170;
const NARROW = 520;
const NARROW_HEIGHT = 230;

/** Squares fill their column on a wide screen, and stay apart on a narrow one. */
const ROWS = `max(squares_tallest + 2, height / (width / ${BINS} + 1.6))`;
const SIDE = `max(2.2, min(width / ${BINS}, height / (${ROWS})) - 1)`;

export class Squares {
  /** `place` is a figure.chart; `onSelect(datum)` is called for a square; `label()` describes it. */
  constructor(place, { onSelect, label, empty }) {
    this.place = place;
    this.key = el("ul", { class: "squares-key" });
    this.axis = el("p", { class: "squares-axis hint" });
    place.before(this.key);
    place.after(this.axis);
    this.options = { onSelect, label, empty };
    this.chart = null;
    this.signature = "";
    this.spec = null;
    this.turn = 0;
  }

  /** Show a specification of the API. The newest call counts, whichever answer comes first. */
  async show(specification) {
    const turn = ++this.turn;
    const spec = prepared(await specification, this.height());
    if (turn !== this.turn) return;
    this.explain(spec.usermeta);
    const signature = signatureOf(spec);
    const rows = rowsOf(spec);
    const view = this.chart?.view;
    if (view && signature === this.signature && rows.length) {
      // The same object is drawn again when the colours of the page change.
      Object.assign(this.spec, { datasets: spec.datasets, params: spec.params });
      view.signal("squares_tallest", spec.params[0].value);
      for (const [name, data] of Object.entries(spec.datasets)) view.data(name, structuredClone(data));
      await view.runAsync();
      this.describe();
      return;
    }
    this.chart?.destroy();
    this.signature = signature;
    this.spec = spec;
    this.chart = await drawChart(this.place, this.spec, {
      label: this.options.label(),
      title: false,
      empty: this.options.empty,
      isEmpty: () => rows.length === 0,
      onSelect: (datum) => this.options.onSelect(datum),
    });
  }

  /** Few topics, or narrow columns, fill less. */
  height() {
    const low = this.place.classList.contains("squares-low");
    const narrow = this.place.clientWidth > 0 && this.place.clientWidth < NARROW;
    return low ? LOW_HEIGHT : narrow ? NARROW_HEIGHT : HEIGHT;
  }

  /** Key and title of the axis as text of the page, which wraps and is read out. */
  explain({ key, axis }) {
    fill(this.key, key.map((words, place) => el("li", {}, el("span", { class: `swatch swatch-${key.length}-${place}`, "aria-hidden": "true" }), words.replace("<=", "≤ "))));
    this.axis.textContent = axis;
  }

  describe() {
    this.place.querySelector("[role=img]")?.setAttribute("aria-label", this.options.label());
  }
}

function layerOf(spec) {
  return spec.layer.find((layer) => layer.mark?.type === "square");
}

function rowsOf(spec) {
  return spec.datasets[layerOf(spec).data.name];
}

/** The specification with what changes from topic to topic as a parameter. */
function prepared(original, height) {
  const spec = structuredClone(original);
  const squares = layerOf(spec);
  const tallest = rowsOf(spec).reduce((most, row) => Math.max(most, row.row), 1);
  spec.params = [{ name: "squares_tallest", value: tallest }];
  spec.height = height;
  squares.mark.size = { expr: `pow(${SIDE}, 2)` };
  squares.encoding.y.scale.domain = [0.25, { expr: ROWS }];
  // The page has its own words and addresses around the picture.
  spec.usermeta = { key: squares.encoding.color.scale.domain, axis: squares.encoding.x.title };
  squares.encoding.color.legend = null;
  for (const layer of spec.layer) if (layer.encoding.x) layer.encoding.x.title = null;
  delete spec.title;
  delete squares.encoding.href;
  return spec;
}

/** Alike for specifications that differ in their rows alone. */
function signatureOf(spec) {
  return JSON.stringify([spec.layer, spec.height]);
}
