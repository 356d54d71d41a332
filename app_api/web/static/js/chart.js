/**
 * Drawing a Vega-Lite specification of the API into an element, in the page's colours.
 *
 *   const chart = await drawChart($("#overview"), "/v1/charts/topic-overview", {
 *     label: "How the system rates the topics", onSelect: (datum, href) => …,
 *   });
 *
 * The element is a `<figure class="chart">` (or `chart-small`, `chart-large` for its height); it
 * needs nothing in it. Under the page's policy Vega interprets its expressions and compiles none.
 * A chart is a picture: whatever a click on it does must also be possible by a list or table.
 */

import { get } from "./api.js";
import { bdi, el, fill } from "./dom.js";

/** What a phone has room for. */
const NARROW = 360;

let vega = null;

/** Load Vega, once; pages may call it early, so that the first chart waits less. */
export function loadVega() {
  vega ??= import(document.querySelector('meta[name="vega-module"]').content);
  return vega;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Colours that the specifications name, and what stands for them on a dark ground. */
const ON_DARK = {
  "#222222": "#e9e9ee", "#000000": "#e9e9ee", black: "#e9e9ee", "#555555": "#a9acb8",
  "#7a7a7a": "#9a9daa", "#b8b8b8": "#5b5f6b", "#eeeeee": "#2b2e37", "#dddddd": "#3a3d47",
  white: "#1c1e25", "#ffffff": "#1c1e25", "#f4f8fc": "#1d242d", "#fbf5f0": "#2a2420",
  "#cbcbcb": "#5b5f6b", "#ffd1c7": "#5e3b38", "#ffa894": "#94503f", "#ff7a5c": "#d96a4c", red: "#ff5a45",
  "#0072b2": "#5ab4ee", "#d55e00": "#ff9a52", "#009e73": "#3ecfa4",
};

/**
 * Draw a chart.
 *
 * @param {Element} place A figure with the class `chart`.
 * @param {string|object|Function} source An address of the API, a specification, or a function
 *   that gives (a promise of) one.
 * @param {object} options
 *   `label`: what the picture is, for those who do not see it (required);
 *   `title`: false to leave out the specification's own title, which else stands above as text;
 *   `empty`: sentence for a chart without data; `isEmpty(spec)` decides, by default no rows at all;
 *   `onSelect(datum, href, event)`: called for a click on a mark;
 *   `responsive`: false to keep the specification's own width;
 *   `renderer`: "svg" (default) or "canvas" for many thousands of marks.
 * @returns {Promise<{view: object|null, redraw: Function, destroy: Function}>}
 */
export async function drawChart(place, source, options) {
  const state = { view: null, finish: () => {} };
  let spec = null;

  async function load() {
    spec = null;
    show(el("div", { class: "loading" }, "Drawing …"));
    place.setAttribute("aria-busy", "true");
    try {
      spec = await specificationOf(source);
      await draw();
    } catch (failure) {
      if (failure?.name !== "Failure") console.error(failure);
      show(
        el(
          "div",
          { class: "empty" },
          el("p", {}, failure?.name === "Failure" ? failure.message : "This chart cannot be drawn."),
          el("button", { type: "button", class: "button button-small", on: { click: load } }, "Try again"),
        ),
      );
    }
    place.removeAttribute("aria-busy");
  }

  function show(content) {
    state.finish();
    state.finish = () => {};
    state.view = null;
    fill(place, el("div", { class: "chart-view" }, content));
  }

  async function draw() {
    if ((options.isEmpty ?? hasNoRows)(spec)) {
      show(el("div", { class: "empty" }, el("p", {}, options.empty ?? "There is nothing to show yet.")));
      return;
    }
    const { vegaEmbed } = await loadVega();
    state.finish();
    const themed = inColours(structuredClone(spec));
    const title = options.title === false ? null : titleOf(themed);
    delete themed.title;
    const room = roomIn(place);
    foldLegends(themed, room);
    breakAxisTitles(themed, room);
    // Vega's own descriptions of single marks say nothing in a useful order; the label does.
    const view = el("div", { "aria-hidden": "true" });
    fill(place, title, el("div", { class: "chart-view", role: "img", "aria-label": options.label }, view));
    place.classList.toggle("chart-clickable", Boolean(options.onSelect));
    if (options.responsive !== false && isSingle(themed)) {
      themed.width = "container";
      themed.autosize = { type: "fit-x", contains: "padding" };
    }
    const result = await vegaEmbed(view, themed, {
      mode: "vega-lite",
      ast: true,
      actions: false,
      defaultStyle: false,
      renderer: options.renderer ?? "svg",
      tooltip: showTooltip,
      loader: closedLoader(Boolean(options.onSelect)),
    });
    state.view = result.view;
    state.finish = () => (hideTooltip(), result.finalize());
    if (options.onSelect) {
      result.view.addEventListener("click", (event, item) => {
        if (item?.datum) options.onSelect(item.datum, item.href ?? null, event);
      });
    }
  }

  const recolour = () => spec && draw();
  dark.addEventListener("change", recolour);
  await load();
  return {
    get view() {
      return state.view;
    },
    redraw: (newSource = source) => ((source = newSource), load()),
    destroy: () => (dark.removeEventListener("change", recolour), state.finish(), fill(place)),
  };
}

async function specificationOf(source) {
  if (typeof source === "string") return (await get(source)).data;
  return typeof source === "function" ? source() : source;
}

function hasNoRows(spec) {
  const sets = Object.values(spec.datasets ?? {});
  return sets.length > 0 && sets.every((rows) => rows.length === 0);
}

/** One view or layers, whose width can follow the page; not several side by side. */
function isSingle(spec) {
  return !["hconcat", "vconcat", "concat", "facet", "repeat", "spec"].some((key) => key in spec);
}

/** The title as text of the page, which wraps and is read out, instead of part of the picture. */
function titleOf(spec) {
  const title = typeof spec.title === "string" ? { text: spec.title } : spec.title;
  const lines = (text) => [text ?? []].flat().filter(Boolean);
  const [heads, subs] = [lines(title?.text), lines(title?.subtitle)];
  if (!heads.length && !subs.length) return null;
  return el(
    "figcaption",
    { class: "chart-title" },
    heads.map((line) => el("strong", {}, bdi(line))),
    subs.map((line) => el("span", {}, bdi(line))),
  );
}

function inColours(spec) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const drawn = dark.matches ? translated(spec) : spec;
  delete drawn.background;
  const text = { labelColor: colour("--text"), titleColor: colour("--text") };
  const font = getComputedStyle(document.body).fontFamily;
  drawn.config = merged(drawn.config ?? {}, {
    background: "transparent",
    padding: 4,
    font,
    axis: { ...text, gridColor: colour("--line"), domainColor: colour("--line-strong"), tickColor: colour("--line-strong") },
    legend: text,
    header: text,
    text: { color: colour("--text") },
    view: { stroke: null },
  });
  drawn.padding = 4;
  return drawn;
}

function translated(value, key = "") {
  // Rows are data: a text in them that looks like a colour is one only by chance.
  if (key === "datasets" || key === "values") return value;
  if (typeof value === "string") return ON_DARK[value.toLowerCase()] ?? value;
  if (Array.isArray(value)) return value.map((one) => translated(one));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, translated(one, name)]));
  }
  return value;
}

/** Titles below an axis in lines that fit: Vega would make the plot narrower to fit a long one. */
function breakAxisTitles(spec, width) {
  const parts = [spec, ...(spec.layer ?? [])];
  const beside = parts.some((part) => part.encoding?.color?.legend?.orient === "right") ? 150 : 70;
  const longest = Math.max(16, Math.floor((width - beside) / 6.4));
  for (const part of parts) {
    const x = part.encoding?.x;
    for (const holder of [x, x?.axis]) {
      if (typeof holder?.title === "string" && holder.title.length > longest) {
        holder.title = inLines(holder.title, longest);
      }
    }
  }
}

function roomIn(place) {
  const { paddingLeft, paddingRight } = getComputedStyle(place);
  return place.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
}

/**
 * Where there is little room, a legend above the plot takes two columns, since Vega wraps no line that
 * is cut off; and one beside the plot goes above it, and above what is written on its upper edge.
 */
function foldLegends(spec, width) {
  if (width >= NARROW) return;
  if (spec.config.legend?.orient === "top") spec.config.legend.columns = 2;
  for (const part of [spec, ...(spec.layer ?? [])]) {
    const legend = part.encoding?.color?.legend;
    if (legend?.orient === "right") Object.assign(legend, { orient: "top", direction: "horizontal", offset: 40, gradientLength: 160 });
  }
}

function inLines(text, longest) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line && line.length + word.length >= longest) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}

function merged(one, other) {
  const result = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const both = value && typeof value === "object" && typeof one[key] === "object" && one[key];
    result[key] = both ? merged(one[key], value) : value;
  }
  return result;
}

/** Charts load nothing, and lead only where the page says. */
function closedLoader(handled) {
  return {
    load: () => Promise.reject(new Error("a chart brings its data with it")),
    http: () => Promise.reject(new Error("a chart brings its data with it")),
    file: () => Promise.reject(new Error("a chart brings its data with it")),
    sanitize: (uri) => {
      const target = new URL(uri, document.baseURI);
      return handled || target.origin !== location.origin
        ? Promise.reject(new Error("handled by the page"))
        : Promise.resolve({ href: target.href });
    },
  };
}

let tip = null;

function showTooltip(_handler, event, _item, value) {
  if (value === null || value === undefined || value === "") {
    hideTooltip();
    return;
  }
  tip ??= document.body.appendChild(el("div", { class: "chart-tooltip", "aria-hidden": "true" }));
  fill(
    tip,
    typeof value === "object"
      ? el("dl", {}, Object.entries(value).map(([name, text]) => [el("dt", {}, bdi(name)), el("dd", {}, bdi(text))]))
      : bdi(value),
  );
  tip.hidden = false;
  const { clientX, clientY } = event;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(clientX + 14, innerWidth - width - 8);
  const top = clientY + 18 + height > innerHeight ? clientY - height - 12 : clientY + 18;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}

function hideTooltip() {
  if (tip) tip.hidden = true;
}
