/** The audit page: where the system decides otherwise than a person would. */

import { query } from "./api.js";
import { loadVega } from "./chart.js";
import { $, $$, bdi, el, fill, number } from "./dom.js";
import { AuditData } from "./audit_data.js";
import { GroupView } from "./audit_groups.js";
import { Judgments } from "./audit_judgments.js";
import { FILTER_WORDS, ResultTable, errorsFirst, filtered, summaryWords } from "./audit_results.js";
import { TopicTable } from "./audit_topics.js";
import { ERROR_FILTERS, addressOf, kindOf, viewOf } from "./audit_view.js";
import { failed, notice } from "./notice.js";
import { DEFAULT_MODEL, errorInterval, loadLabels, loadModels, modelOptions, preferredModel, qualityCards, remember } from "./personal_models.js";
import { modelWords, topicWords } from "./scale.js";
import { Squares } from "./squares.js";

const ALONE = "\u0000alone";
/** The overview of so few needs less room. */
const FEW_TOPICS = 40;

const root = $("[data-audit]");
const user = root.dataset.user;
const mayLabel = "mayLabel" in root.dataset;
const part = (name) => $(`[data-${name}]`, root);
/** Who only reads has no reports to write; their page has none. */
const panel = $("#reports-panel");

const data = new AuditData(user);
const judgments = new Judgments(user);
let view = viewOf(location.search);
let models = [];
let turn = 0;
let panelReady = null;
/** What the parts of the page were last filled for. */
const filled = { models: "", topics: "", model: null };

const overview = new Squares(part("overview-chart"), {
  label: () => (model() === null ? "How the system rates the topics" : "How you rate the topics, as your model predicts, and where the system differs") + "; the table below has the same topics",
  empty: "There is no topic to show.",
  onSelect: (datum) => openTopic(datum.topic),
});
const squares = new Squares(part("results-chart"), {
  label: () => `The comments of ${heading()} by ${model() === null ? "the system's rating" : "your predicted rating"}; the table below has the same comments`,
  empty: "No comment of this kind to show.",
  onSelect: (datum) => results.reveal(datum.id),
});
const topics = new TopicTable(part("topics-table"), { link: (topic) => addressOf({ ...view, topic, model: model() ?? view.model }), onOpen: openTopic, onAim: (topic) => data.ahead(model(), { topic, keyword: null }, view.error) });
const results = new ResultTable(part("results-table"), { judgments, onEvidence: addEvidence, more: part("more"), mayLabel });
const groups = new GroupView(part("groups"), data, { onCompare: (compare) => go({ compare }), link: (topic) => addressOf({ ...view, topic, compare: null }) });

/** The model that is asked; null for the system alone. */
function model() {
  return view.alone || !models.some((one) => one.name === view.model && one.results) ? null : view.model;
}

/** Lead to another view, so that going back leads to this one. */
function go(change) {
  view = { ...view, ...change };
  history.pushState(null, "", addressOf(view));
  return render({ moved: true });
}

function openTopic(topic) {
  return go({ topic, keyword: null, compare: null });
}

part("model").addEventListener("change", ({ target }) => go(target.value === ALONE ? { alone: true } : { model: target.value, alone: false }));
part("method").addEventListener("change", ({ target }) => go({ method: target.value }));
part("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const keyword = part("keyword").value.trim();
  if (keyword) go({ keyword, topic: null, compare: null });
});
for (const link of $$("[data-kind]", root)) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (link.dataset.kind === "groups") compareGroups();
    else go({ topic: null, keyword: null, compare: null });
  });
}
for (const place of [part("topic-filter"), part("result-filter")]) {
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-error-filter]");
    if (button) go({ error: button.dataset.errorFilter });
  });
}
part("groups").addEventListener("click", (event) => {
  const anchor = event.target.closest("a[data-topic]");
  if (anchor && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openTopic(anchor.dataset.topic);
  }
});
part("next-topic").addEventListener("click", () => openTopic(part("next-topic").dataset.topic));
part("back").addEventListener("click", (event) => {
  event.preventDefault();
  go({ topic: null, keyword: null, compare: null });
});
part("overview-chart").addEventListener("pointerover", (event) => {
  const topic = event.target.__data__?.datum?.topic;
  if (topic) data.ahead(model(), { topic, keyword: null }, view.error);
});
document.addEventListener("labelaudit:report", ({ detail }) => results.keep(detail.items));
addEventListener("popstate", () => {
  view = viewOf(location.search);
  render({ moved: true });
});
document.addEventListener("visibilitychange", () => !document.hidden && trainedMeanwhile());
judgments.onCount = (n) => {
  part("fresh").hidden = n === 0;
  part("fresh-words").textContent = `${n === 1 ? "One new label" : `${number(n)} new labels`} since you opened this page.`;
};

/** Show the view. With `moved`, somebody came here from another view and is led to its heading. */
async function render({ moved }) {
  const mine = ++turn;
  const current = () => mine === turn;
  fill(part("failure"));
  try {
    if (!models.length) await Promise.all([data.corpus(), loadModels(user).then((found) => (models = found))]);
    if (!current()) return;
    view.model ??= preferredModel(user, models);
    if (!view.alone && models.length) remember(user, view.model);
    fillModels();
    const kind = kindOf(view);
    for (const link of $$("[data-kind]", root)) {
      if (link.dataset.kind === kind) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (part("keyword") !== document.activeElement) part("keyword").value = view.keyword ?? "";
    const facts = showFacts(current);
    facts.catch(() => {});
    if (kind === "topics") await showTopics(current);
    else if (kind === "results") await showResults(current, moved);
    else {
      reveal("groups");
      await groups.show({ model: model(), models, by: view.compare, method: view.method });
    }
    await facts;
  } catch (failure) {
    if (!current() || failure?.name === "AbortError") return;
    if (failure?.name !== "Failure") console.error(failure);
    for (const section of $$("[data-part]", root)) section.hidden = true;
    fill(part("failure"), failureOf(failure));
  } finally {
    if (current()) part("loading").hidden = true;
    // After the first view, which it is no part of; it listens for what is added to the evidence.
    if (panel?.dataset.model) panelReady ??= import("./reports_panel.js");
  }
}

/** Show one part of the page; what was there stays until the new one can be drawn. */
function reveal(kind) {
  for (const section of $$("[data-part]", root)) section.hidden = section.dataset.part !== kind;
  part("facts").hidden = kind === "results" || model() === null;
  part("lead").hidden = kind === "results";
  part("loading").hidden = true;
}

function failureOf(failure) {
  if (failure.kind === "no-corpus") {
    return el("div", { class: "empty" }, el("h2", {}, "There is nothing to audit yet"), el("p", {}, "No comments were imported. Whoever runs this installation brings them in with ", el("code", {}, "labelaudit import ratings"), " and prepares them with ", el("code", {}, "labelaudit run audit"), "."));
  }
  const missing = failure.kind === "not-found" && view.topic;
  return el(
    "div",
    { class: "empty" },
    el("h2", {}, missing ? "There is no such topic" : "This could not be shown"),
    el("p", { dir: "auto" }, missing ? "The corpus was prepared anew since the link was made, or the address is mistyped." : failure.message || "Something went wrong on this page. Reload it."),
    el("p", { class: "actions" }, missing ? el("a", { class: "button", href: addressOf({ ...view, topic: null }) }, "To all topics") : el("button", { type: "button", class: "button", on: { click: () => render({ moved: false }) } }, "Try again")),
  );
}

function fillModels() {
  const chosen = view.alone || model() === null ? ALONE : view.model;
  const known = models.filter((one) => one.results);
  const state = JSON.stringify([chosen, known.map((one) => [one.name, one.results.version])]);
  if (filled.models !== state) {
    filled.models = state;
    fill(part("model"), modelOptions(known, chosen, modelWords), el("option", { value: ALONE, selected: chosen === ALONE }, "Without a model: the system alone"));
  }
  const labelled = known.length > 0;
  part("no-model").hidden = model() !== null;
  fill(
    part("no-model-words"),
    labelled
      ? "You look at the system alone. Choose a model above to see where it decides otherwise than you would."
      : "You have no model yet, so that this is the system alone. Label about twenty comments, and this page shows where the system decides otherwise than you would.",
  );
  part("label-first").hidden = labelled || !mayLabel;
  for (const link of $$("[data-label-link]", root)) link.href = query("/app/label", { model: targetModel() });
  const own = model() ?? (models.some((one) => one.name === view.model) ? view.model : DEFAULT_MODEL);
  if (panel && panel.dataset.model !== own) panel.dataset.model = own;
}

/** The model that labels from this page go to: one's own, never that of a group. */
function targetModel() {
  const found = models.find((one) => one.name === view.model);
  return found?.kind === "group" ? (found.base ?? DEFAULT_MODEL) : (found?.name ?? DEFAULT_MODEL);
}

/** The two numbers about the model; on the page of a topic they leave the place to its comments. */
async function showFacts(current) {
  const name = model();
  const found = models.find((one) => one.name === name);
  const state = `${name} ${found?.results.version}`;
  if (filled.model === state) return;
  filled.model = state;
  part("facts").hidden = name === null || kindOf(view) === "results";
  const { scale } = await data.corpus();
  judgments.threshold = scale.threshold;
  if (mayLabel) judgments.use(targetModel()).catch((failure) => failed(failure));
  if (!found) return;
  const own = found.kind !== "group";
  const labels = own ? await loadLabels(user, name) : [];
  if (filled.model !== state) return;
  fill(part("facts"), qualityCards({ results: found.results, scale, interval: errorInterval(labels), own }));
}

async function showTopics(current) {
  const name = model();
  const rows = name === null ? (await data.topics()).topics : (await data.audit(name)).topics;
  const { scale, n_comments: n } = await data.corpus();
  if (!current()) return;
  part("topics-about").textContent =
    name === null
      ? `${number(rows.length)} topics, found in ${number(n)} comments. A square is a topic, in the column of the system's rating; grey is above the threshold. Choose one to see its comments.`
      : `Each square is a topic, in the column of the rating that your model expects of you. Grey and white: the system decides as you would. Red: it decides otherwise; the stronger the red, the farther. Choose a topic to see its comments.`;
  part("topic-filter").hidden = name === null;
  press(part("topic-filter"), {});
  part("method").value = view.method;
  topics.show(rows, { method: view.method, withModel: name !== null, error: view.error, scale });
  part("overview-chart").classList.toggle("squares-low", rows.length < FEW_TOPICS);
  reveal("topics");
  document.title = "Audit · LabelAudit";
  await overview.show(data.overviewChart(name, view.method));
  if (current() && rows.length) warm(rows, name);
}

/** While nothing else is to do, get ready for the click on a topic. */
function warm(rows, name) {
  const work = () => data.ahead(name, { topic: topics.names()[0] ?? rows[0].topic, keyword: null }, view.error);
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 2_000 });
  else setTimeout(work, 500);
}

function heading() {
  return view.topic ? topicWords(view.topic) : `“${view.keyword}”`;
}

async function showResults(current, moved) {
  const name = model();
  const selection = { topic: view.topic, keyword: view.topic ? null : view.keyword };
  const chart = data.resultsChart(name, selection, view.error);
  chart.catch(() => {});
  const title = part("results-title");
  fill(title, view.topic ? bdi(heading()) : ["Comments with ", bdi(heading())]);
  document.title = `${heading()} · Audit · LabelAudit`;
  const found = await data.results(name, selection);
  if (!current()) return;
  const rows = errorsFirst(filtered(found.comments, name === null ? "all" : view.error));
  part("results-about").textContent = found.n_hits ? summaryWords(found, name !== null) : "No comment was found. Words are searched as they are written, without regard to capital letters.";
  part("result-filter").hidden = name === null || found.n_hits === 0;
  press(part("result-filter"), counts(found.comments));
  part("results-table-box").hidden = part("results-chart").parentElement.hidden = found.n_hits === 0;
  judgments.threshold = found.scale.threshold;
  results.show(rows, found.scale, name !== null);
  part("none-left").hidden = rows.length > 0 || found.n_hits === 0;
  reveal("results");
  if (moved) {
    scrollTo({ top: root.offsetTop - 16 });
    title.focus({ preventScroll: true });
  }
  await Promise.all([aboutTopic(current, name), found.n_hits > 0 && painted().then(() => current() && squares.show(chart))]);
}

/** After the next frame: the table is on the screen before the chart takes the thread. */
function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

async function aboutTopic(current, name) {
  const next = part("next-topic");
  part("tune").hidden = next.hidden = true;
  if (!view.topic) return;
  const [{ topics: all }, audit] = await Promise.all([data.topics(), name === null ? null : data.audit(name)]);
  if (!current()) return;
  const about = all.find((topic) => topic.topic === view.topic);
  const tuned = models.some((one) => one.name === view.model && one.kind === "topic");
  part("tune").hidden = !mayLabel || !about?.tunable || tuned;
  part("tune").href = query("/app/label", { topic: view.topic });
  const order = topics.names().length ? topics.names() : (audit ?? { topics: all }).topics.map((topic) => topic.topic);
  const following = order[order.indexOf(view.topic) + 1];
  if (following) {
    next.hidden = false;
    next.dataset.topic = following;
    data.ahead(name, { topic: following, keyword: null }, view.error);
  }
}

function counts(comments) {
  return Object.fromEntries(ERROR_FILTERS.map((error) => [error, filtered(comments, error).length]));
}

function press(place, numbers) {
  for (const button of $$("[data-error-filter]", place)) {
    const error = button.dataset.errorFilter;
    button.setAttribute("aria-pressed", String(error === view.error));
    fill(button, FILTER_WORDS[error], error in numbers && el("span", { class: "count" }, ` ${number(numbers[error])}`));
  }
}

async function compareGroups() {
  try {
    const { values } = await data.groupColumns();
    go({ compare: values[0]?.column ?? "-", topic: null, keyword: null });
  } catch (failure) {
    failed(failure, compareGroups);
  }
}

async function addEvidence(row) {
  await panelReady;
  const { judgment } = judgments.of(row);
  const detail = { item_id: row.item_id, topic: row.topic, comment: row.text, row: { ...row, judgment: judgment ?? "" } };
  document.dispatchEvent(new CustomEvent("labelaudit:evidence", { detail }));
}

/** A model that was trained in another tab, or elsewhere, is shown as it is now. */
async function trainedMeanwhile() {
  try {
    const found = await loadModels(user);
    const versions = (list) => JSON.stringify(list.map((one) => [one.name, one.results?.version, one.results?.trained_at]));
    if (versions(found) === versions(models)) return;
    models = found;
    data.clear();
    filled.model = null;
    await render({ moved: false });
    notice("A model was trained meanwhile. You see it as it is now.");
  } catch {
    // Nobody asked for it.
  }
}

/** Ask for the first view while it is still being found out which models there are. */
function askAtOnce() {
  data.corpus().catch(() => {});
  loadVega().catch(() => {});
  const trained = JSON.parse(root.dataset.trained);
  const name = view.model ?? (trained.length === 1 ? trained[0] : null);
  if (view.alone || !trained.includes(name) || kindOf(view) === "groups") return;
  if (kindOf(view) === "results") data.ahead(name, view, view.error);
  else {
    data.audit(name).catch(() => {});
    data.overviewChart(name, view.method).catch(() => {});
  }
}

askAtOnce();

await render({ moved: false });
