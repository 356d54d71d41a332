/** The state of the home. */

import { get } from "./api.js";
import { bdi, counted, el, fill, number } from "./dom.js";
import { timeOf } from "./times.js";

export async function showStatus(place) {
  const { data } = await get("/v1/status", { timeout: 60_000 });
  fill(place, el("div", { class: "stack" }, notes(data), failures(data), sources(data), tables(data), assets(data)));
}

function words(name) {
  return name.replaceAll("_", " ");
}

function notes(data) {
  const lines = [];
  if (data.unused_ratings) {
    lines.push([counted(data.unused_ratings, "rating"), " came after the current constitution: ", el("code", {}, "labelaudit run constitution")]);
  }
  if (data.audit && !data.audit.corpus_is_prepared) {
    lines.push(["The comments have changed since the last audit run: ", el("code", {}, "labelaudit run audit")]);
  }
  if (data.audit?.users_without_current_results) {
    lines.push([counted(data.audit.users_without_current_results, "person waits", "people wait"), " for results: ", el("code", {}, "labelaudit run audit")]);
  }
  return lines.map((line) => el("p", { class: "note" }, line));
}

function failures(data) {
  if (data.failed_runs === null) {
    return el("p", { class: "muted" }, "Failed runs are not shown: Dagster's storage opens for writing only.");
  }
  return data.failed_runs.map((run) =>
    el(
      "div",
      { class: "note note-bad" },
      el("p", {}, el("strong", {}, words(run.job)), " failed on ", timeOf(run.at), "."),
      run.problems.map((problem) => el("p", { dir: "auto" }, problem)),
    ),
  );
}

function sources(data) {
  if (!data.sources.length) {
    return el("p", { class: "note" }, "Nothing has been imported yet: ", el("code", {}, "labelaudit import --help"));
  }
  return el(
    "div",
    { class: "stack stack-small" },
    el("h3", {}, "Sources"),
    el(
      "ul",
      {},
      data.sources.map((source) =>
        el("li", {}, bdi(source.name), " ", el("span", { class: "muted" }, `(${source.of}, ${words(source.kind)}) imported `, timeOf(source.imported_at))),
      ),
    ),
  );
}

function tables(data) {
  const rows = Object.entries(data.tables);
  if (!rows.length) return null;
  return [
    grid(
      "Rows: in = kept + quarantined",
      ["Table", "Rows in", "Kept", "Quarantined"],
      rows.map(([name, counts]) => [words(name), number(counts.rows_in), number(counts.rows_kept), number(counts.rows_quarantined)]),
    ),
    data.quarantine.length > 0 &&
      el(
        "ul",
        {},
        data.quarantine.map((one) => el("li", {}, `${number(one.rows)} of ${words(one.table)}: `, bdi(one.reason))),
      ),
  ];
}

function assets(data) {
  return grid(
    "Results",
    ["Result", "Made", "Rows"],
    Object.entries(data.assets).map(([name, asset]) => [
      words(name),
      asset ? timeOf(asset.created_at) : el("span", { class: "muted" }, "never"),
      asset?.rows ? number(asset.rows) : "",
    ]),
  );
}

function grid(title, heads, rows) {
  const id = `grid-${title.slice(0, 4).toLowerCase()}`;
  const numeric = (at) => at > 0 && heads[at] !== "Made";
  return el(
    "div",
    { class: "stack stack-small" },
    el("h3", { id }, title),
    el(
      "div",
      { class: "table-scroll", role: "region", tabindex: "0", "aria-labelledby": id },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, heads.map((head, at) => el("th", { scope: "col", class: numeric(at) && "number" }, head)))),
        el(
          "tbody",
          {},
          rows.map((cells) =>
            el("tr", {}, cells.map((cell, at) => (at ? el("td", { class: numeric(at) && "number" }, cell) : el("th", { scope: "row" }, cell)))),
          ),
        ),
      ),
    ),
  );
}
