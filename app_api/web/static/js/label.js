/** The page on which one labels comments, trains, and sees how good the model became. */

import { get, query, url } from "./api.js";
import { $, bdi, counted, el, fill } from "./dom.js";
import { NewModel } from "./label_new_model.js";
import { Outbox } from "./label_outbox.js";
import { LabelRows, progressWords } from "./label_rows.js";
import { noCorpus, showAllLabelled, unreachable } from "./label_states.js";
import { showQuality, statusOf, train, waitFor } from "./label_training.js";
import { failed, notice } from "./notice.js";
import { loadLabels, loadModels, modelOptions, preferredModel, remember } from "./personal_models.js";
import { modelWords, topicWords } from "./scale.js";

const AIM = 20;
const MORE = 10;
const NEW = "\u0000new";

const root = $("[data-label]");
const user = root.dataset.user;
const mayLabel = "mayLabel" in root.dataset;
const part = (name) => $(`[data-${name}]`, root);
const address = () => new URLSearchParams(location.search);

let scale = null;
let models = [];
let current = null;
let outbox = null;
let rows = null;
let seed = 0;
let visit = 0;
/** Whether there is no comment to label besides those of the list. */
let exhausted = false;

const dialog = new NewModel(part("dialog"), { user, models: () => models, onReady: modelReady });

part("model").addEventListener("change", ({ target }) => {
  if (target.value === NEW) {
    target.value = current.name;
    dialog.open();
  } else go(target.value);
});
part("new").addEventListener("click", () => dialog.open());
part("train").addEventListener("click", () => trainNow());
part("more").addEventListener("click", (event) => more(event.currentTarget));
part("method").addEventListener("change", () => startBatch());
addEventListener("popstate", () => open(address().get("model")));
document.addEventListener("visibilitychange", () => !document.hidden && outbox && refresh());
addEventListener("beforeunload", (event) => {
  // Everything is in the browser's storage; only where that failed is there something to lose.
  if (outbox?.memory.size) event.preventDefault();
});

async function begin() {
  part("loading").hidden = false;
  fill(part("failure"));
  try {
    const [corpus, found] = await Promise.all([get("/v1/corpus"), loadModels(user)]);
    scale = corpus.data.scale;
    models = found;
    await open(address().get("model"));
    const topic = address().get("topic");
    if (topic && mayLabel && !address().get("model")) await openTopic(topic);
  } catch (failure) {
    if (failure?.name !== "Failure") throw failure;
    part("loading").hidden = true;
    fill(part("failure"), failure.kind === "no-corpus" ? noCorpus() : unreachable(failure, begin));
  }
}

/** Lead to a model, so that going back leads to the one before. */
function go(name) {
  history.pushState(null, "", query(location.pathname, { model: name }));
  return open(name);
}

async function openTopic(topic) {
  const there = models.find((model) => model.kind === "topic" && model.topic === topic);
  if (there) return go(there.name);
  history.replaceState(null, "", query(location.pathname, { model: current.name }));
  return dialog.open({ kind: "topic", topic });
}

async function modelReady(name, kind) {
  models = await loadModels(user);
  await go(name);
  if (kind === "group") await trainNow();
  else notice(`From now on your labels go to ${name}.`, { kind: "good" });
}

async function open(name) {
  const mine = ++visit;
  outbox?.close();
  const wanted = name ?? preferredModel(user, models);
  current = models.find((model) => model.name === wanted) ?? {
    name: wanted, kind: "base", topic: null, base: null, group: null, version: null, state: "none", results: null,
  };
  remember(user, current.name);
  part("quality").hidden = part("trained").hidden = true;
  fill(
    part("model"),
    modelOptions(models, current.name, modelWords, models.some((one) => one.name === current.name) ? [] : [{ value: current.name, text: current.name }]),
    mayLabel && el("option", { value: NEW }, "Start another model …"),
  );
  fill(part("about"), about(current));
  part("audit").href = query("/app/audit", { model: current.name });
  outbox = new Outbox({ user, model: current.name, onChange: changed });
  rows = new LabelRows(emptied(part("rows")), handlers());
  const labels = await loadLabels(user, current.name);
  const labelling = current.kind !== "group" && mayLabel;
  const comments = labelling ? await batchOf(labels) : [];
  if (mine !== visit) return;
  // Everything at once, so that nothing that is there already moves.
  if (current.results) showQuality(part("quality"), { user, model: current, scale, labels, open: false });
  part("loading").hidden = true;
  part("work").hidden = part("bar").hidden = !labelling;
  if (labelling) fillRows(comments, labels);
  if (current.state === "waiting") await trainedElsewhere(mine);
}

/** A list without rows and without the listeners of the model before. */
function emptied(list) {
  const empty = list.cloneNode(false);
  list.replaceWith(empty);
  return empty;
}

function handlers(name = "rating") {
  return { scale, name, onChoose: (...choice) => outbox.put(...choice), onResolve: resolve, onRetry: () => outbox.retry() };
}

function about(model) {
  if (!mayLabel) return "You may look at models and audits. Labelling is for auditors.";
  if (model.kind === "group") {
    return `This model stands for a group of the crowd and has the group's ratings, so that there is nothing for you to label. Compare it with yours in the audit.`;
  }
  if (model.kind === "topic") {
    return [`Tuned to one topic: `, bdi(topicWords(model.topic)), `. It learns from labels of that topic alone.`];
  }
  return "There is no right or wrong: what counts is what you think.";
}

/** The comments to label now: those of the list before a reload, else new ones. */
async function batchOf(labels) {
  const byItem = new Map(labels.map((label) => [label.item_id, label]));
  exhausted = false;
  const batch = kept() ?? { comments: sinceTraining(labels) };
  const comments = batch.comments.map((one) => ({ item_id: one.item_id, text: one.text, label: byItem.get(one.item_id) }));
  // What is on its way belongs to the list, whatever else is in it.
  for (const [item] of outbox.pending()) {
    if (!comments.some((one) => one.item_id === item)) {
      comments.push({ item_id: item, text: byItem.get(item)?.text ?? `Comment ${item}`, label: byItem.get(item) });
    }
  }
  // A list in which everything is labelled may be the last one: it is found out, not left to a button.
  const missing = Math.max(AIM - comments.length, comments.every((one) => one.label) ? 1 : 0);
  if (missing > 0) {
    const found = await suggested(missing, comments);
    if (comments.length < AIM) comments.push(...found);
  }
  return comments;
}

function fillRows(comments, labels) {
  rows.show(comments);
  keep();
  for (const [item, entry] of outbox.pending()) rows.apply(item, { phase: "saving", rating: entry.rating });
  earlier(labels);
  progress();
  outbox.retry();
}

/** Without a list of before: what was labelled since the last training belongs to this one. */
function sinceTraining(labels) {
  const trained = current.results ? Date.parse(current.results.trained_at) : 0;
  return labels
    .filter((label) => label.text !== null && Date.parse(label.labelled_at) > trained)
    .sort((a, b) => a.sequence - b.sequence)
    .slice(-2 * AIM);
}

async function suggested(n, besides) {
  const have = new Set(besides.map((one) => one.item_id));
  const method = part("method").value;
  // Those of the list that have no label yet are suggested again: ask for enough.
  const open = besides.filter((one) => !one.label).length;
  const path = url("v1", "users", user, "models", current.name, "suggestions");
  const asked = Math.min(200, n + open);
  const { data } = await get(query(path, { n: asked, method, topic: current.topic, seed: method === "stratified" ? seed : null }), { timeout: 60_000 });
  exhausted = data.comments.length < asked;
  return data.comments.filter((one) => !have.has(one.item_id)).slice(0, n);
}

async function more(button) {
  button.setAttribute("aria-busy", "true");
  try {
    const there = [...rows.rows.values()].map((row) => ({ ...row.comment, label: row.phase === "none" ? null : row }));
    const found = await suggested(MORE, there);
    rows.add(found);
    keep();
    progress();
    if (found.length) rows.focusFirst();
    else if (!part("nothing").hidden) $("h3", part("nothing")).focus();
  } catch (failure) {
    failed(failure, () => more(button));
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Begin a new list: of another choice of comments, or after a training. */
async function startBatch() {
  seed = Math.floor(Math.random() * 2 ** 31);
  const open = [...rows.rows.values()].filter((row) => row.phase !== "none" && row.phase !== "saved");
  try {
    const found = await suggested(AIM - open.length, []);
    rows.show([...open.map((row) => row.comment), ...found]);
    for (const [item, entry] of outbox.pending()) rows.apply(item, { phase: "waiting", rating: entry.rating });
    keep();
    earlier(await loadLabels(user, current.name));
    progress();
  } catch (failure) {
    failed(failure, startBatch);
  }
}

const batchKey = () => `labelaudit:batch:${JSON.stringify([user, current.name])}`;

function kept() {
  try {
    const batch = JSON.parse(localStorage.getItem(batchKey()));
    return Array.isArray(batch?.comments) && batch.version === current.version ? batch : null;
  } catch {
    return null;
  }
}

function keep() {
  const comments = [...rows.rows.values()].map(({ comment }) => ({ item_id: comment.item_id, text: comment.text }));
  try {
    localStorage.setItem(batchKey(), JSON.stringify({ version: current.version, comments }));
  } catch {
    // Without it a reload shows other comments; labels are safe in any case.
  }
}

function changed(item, state) {
  rows.apply(item, state);
  progress();
}

async function resolve(item, other, mine) {
  if (mine === null) {
    outbox.drop(item);
    rows.saved(item, other.rating, other.sequence);
    progress();
  } else await outbox.put(item, mine, other.sequence);
}

/** Show what was saved elsewhere meanwhile, and try what waits. */
async function refresh() {
  try {
    const waiting = outbox.pending();
    for (const label of await loadLabels(user, current.name)) {
      if (!waiting.has(label.item_id)) rows.saved(label.item_id, label.rating, label.sequence, true);
    }
    progress();
    await outbox.retry();
  } catch {
    // Nobody asked for it.
  }
}

function progress() {
  const counts = rows.counts();
  part("progress-words").textContent = counts.all ? progressWords(counts) : "";
  part("progress").max = Math.max(counts.all, 1);
  part("progress").value = counts.chosen;
  part("bar").dataset.unsaved = String(counts.unsaved > 0);
  part("more").hidden = exhausted;
  const none = counts.all === 0 || (exhausted && counts.chosen === counts.all);
  const total = counts.chosen + Number(part("earlier").dataset.others ?? 0);
  if (none) showAllLabelled(part("nothing"), { model: current, trained: Boolean(current.results), labelled: total > 0 });
  else part("nothing").hidden = true;
  part("train").disabled = total === 0;
  part("train").classList.toggle("button-primary", counts.chosen > 0);
  part("train-hint").textContent =
    total === 0
      ? "You can train after the first label; about twenty make a good model."
      : exhausted && counts.chosen === counts.all
        ? "You have labelled everything: this is as good as your labels can make it."
        : counts.chosen < counts.all
          ? "You can train at any time. More labels make a better model."
          : "That is enough for a good model.";
}

/** Labels of this model that are not in the list, to be looked at and changed. */
function earlier(labels) {
  const others = labels.filter((label) => !rows.rows.has(label.item_id));
  const place = part("earlier");
  place.dataset.others = String(others.length);
  place.hidden = others.length === 0;
  fill($("summary", place), `Your earlier labels (${others.length})`);
  place.ontoggle = () => {
    if (!place.open || place.dataset.shown === "yes") return;
    place.dataset.shown = "yes";
    const known = new LabelRows(emptied(part("earlier-rows")), handlers("earlier"));
    known.show(others.map((label) => ({ item_id: label.item_id, text: label.text ?? "This comment is no longer in the corpus.", label })));
    outbox.onChange = (item, state) => (known.apply(item, state), changed(item, state));
  };
  delete place.dataset.shown;
  place.open = false;
}

async function trainNow() {
  const button = part("train");
  const mine = visit;
  button.setAttribute("aria-busy", "true");
  part("training").hidden = false;
  part("training-words").textContent = "Training your model …";
  try {
    if (await outbox.retry()) {
      notice("Some labels are not saved yet. Training waits until they are, so that it misses none.", { kind: "bad", action: { label: "Try again", run: trainNow } });
      return;
    }
    const version = await train(user, current.name, { onElsewhere: () => sayElsewhere() });
    if (mine !== visit) return;
    await afterTraining(version);
  } catch (failure) {
    failed(failure, trainNow);
  } finally {
    button.removeAttribute("aria-busy");
    part("training").hidden = true;
  }
}

function sayElsewhere() {
  part("training").hidden = false;
  part("training-words").textContent = "Your labels are handed over. The model is trained on another machine; this page shows it as soon as it is there. You may close the page meanwhile.";
}

async function trainedElsewhere(mine) {
  sayElsewhere();
  try {
    const version = await waitFor(statusOf(user, current.name, current.version));
    if (mine === visit) await afterTraining({ ...version, is_new: true });
  } catch (failure) {
    failed(failure);
  } finally {
    if (mine === visit) part("training").hidden = true;
  }
}

async function afterTraining(version) {
  models = await loadModels(user);
  current = models.find((model) => model.name === current.name) ?? current;
  fill(part("model"), modelOptions(models, current.name, modelWords), mayLabel && el("option", { value: NEW }, "Start another model …"));
  keep();
  const labels = await loadLabels(user, current.name);
  const heading = $("h2", part("trained"));
  heading.textContent = version.is_new ? "Your model is trained" : "Your model is up to date";
  fill(
    part("trained-words"),
    version.is_new
      ? `It has learnt from ${counted(version.n_labels, "label")}. See where the system decides otherwise than you would, or label more to make it better.`
      : "It had learnt from these labels already. Label more to make it better.",
  );
  part("trained").hidden = false;
  if (current.results) showQuality(part("quality"), { user, model: current, scale, labels, open: true });
  heading.focus({ preventScroll: true });
  part("quality").scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

part("label-more").addEventListener("click", async () => {
  part("trained").hidden = true;
  await startBatch();
  part("work").scrollIntoView({ block: "start" });
  rows.focusFirst();
});

await begin();
