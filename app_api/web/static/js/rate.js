/** Rating guidelines one at a time. */

import { actingName, get, query } from "./api.js";
import { $, $$, counted, number } from "./dom.js";
import { failed, notice } from "./notice.js";
import { listOwnRatings } from "./own_ratings.js";
import { takeProposals } from "./proposing.js";
import { RatingQueue } from "./rating_queue.js";

const WORDS = { helpful: "Helpful", not_helpful: "Not helpful" };
const MOST_AT_ONCE = 50;
const FEW = 3;

const card = $("[data-card]");
takeProposals();
if (card) start();

function start() {
  const person = actingName();
  const total = Number(card.dataset.n);
  const skipped = new Set(read(sessionStorage, `labelaudit-skipped:${person}`) ?? []);
  const past = []; // What can be undone: { one, rating } or { one, skipped: true }.
  let rated = Number($("[data-progress]").value);
  let coming = [];
  let current = null;
  let last = null;
  let asking = null;
  let complete = false; // Whether `coming` holds all that is left.

  const queue = new RatingQueue({
    onChange: showSaving,
    onRefused: (guideline, entry, failure) => {
      if (entry.rating !== null) rated = Math.max(0, rated - 1);
      showProgress();
      notice(
        failure.kind === "unknown-id"
          ? "One guideline that you rated is not there any more, so that your rating of it was not stored."
          : `A rating could not be stored: ${failure.message}`,
        { kind: "bad" },
      );
    },
  });

  const touched = () => new Set([...Object.keys(queue.waiting()), ...past.filter((p) => p.rating).map((p) => p.one.guideline_id)]);

  async function ask() {
    asking ??= (async () => {
      // What waits to be sent is unrated for the server still, and what was skipped is not wanted.
      const n = Math.min(MOST_AT_ONCE, 10 + skipped.size + Object.keys(queue.waiting()).length);
      // What was sent while the answer was on its way may stand in it, and waits no more.
      const before = touched();
      const { data } = await get(query("/v1/guidelines/next", { participant_id: person, n }));
      const seen = new Set([...before, ...touched()]);
      const fresh = data.guidelines.filter((one) => !seen.has(one.guideline_id) && one.guideline_id !== current?.guideline_id);
      coming = fresh.filter((one) => !skipped.has(one.guideline_id));
      complete = data.guidelines.length >= data.n_left || coming.length === 0;
      if (!Object.keys(queue.waiting()).length) rated = data.n_rated;
      showProgress();
    })().finally(() => (asking = null));
    return asking;
  }

  async function advance() {
    current = null;
    if (!coming.length && !complete) {
      show(null, { busy: true });
      try {
        await ask();
      } catch (failure) {
        failed(failure, advance);
        $("[data-why]").textContent = "The next guideline cannot be fetched at the moment.";
        setTimeout(() => current || advance(), 5_000);
        return;
      }
    }
    current = coming.shift() ?? null;
    if (!current) {
      finish();
      return;
    }
    show(current);
    if (coming.length < FEW && !complete) ask().catch(() => {});
  }

  function show(one, { busy = false } = {}) {
    card.hidden = false;
    $("[data-done]").hidden = true;
    const text = $("[data-text]");
    text.setAttribute("aria-busy", String(busy));
    const topic = $("[data-topic]");
    if (one) {
      text.textContent = one.text;
      text.classList.toggle("is-long", one.text.length > 140 && one.text.length <= 320);
      text.classList.toggle("is-very-long", one.text.length > 320);
      $("[data-why]").textContent = `Why this one? ${one.sentence}`;
      topic.textContent = one.topic ?? "";
      topic.hidden = !one.topic;
      const box = $("[data-text-box]");
      box.scrollTop = 0;
      // A long text scrolls within its place, also by keyboard.
      box.tabIndex = box.scrollHeight > box.clientHeight + 1 ? 0 : -1;
    }
    for (const button of $$("[data-rate], [data-skip]", card)) button.disabled = busy || !one;
    $("[data-undo]").disabled = past.length === 0;
  }

  function finish() {
    // Pressing a button that then is hidden would leave the keyboard nowhere.
    const held = card.contains(document.activeElement) || document.activeElement === document.body;
    const left = skipped.size;
    card.hidden = true;
    const done = $("[data-done]");
    done.hidden = false;
    $("[data-done-title]").textContent = left ? "That was the last one, but for what you skipped" : "You have rated them all";
    $("[data-done-text]").textContent = left
      ? `You skipped ${counted(left, "guideline")}.`
      : "Thank you. New guidelines may come; look in again, or propose one yourself.";
    $("[data-skipped]").hidden = !left;
    $("[data-undo-done]").hidden = past.length === 0;
    if (held && past.length) done.focus();
  }

  function rate(rating) {
    if (!current) return;
    const one = current;
    flash($(`[data-rate="${rating}"]`));
    past.push({ one, rating });
    skipped.delete(one.guideline_id);
    keepSkipped();
    last = { one, rating, tags: [] };
    rated += 1;
    queue.put(one.guideline_id, rating).catch(failed);
    showProgress();
    showLast();
    advance();
  }

  function skip() {
    if (!current) return;
    past.push({ one: current, skipped: true });
    skipped.add(current.guideline_id);
    keepSkipped();
    advance();
  }

  function undo() {
    const step = past.pop();
    if (!step) return;
    if (current) coming.unshift(current);
    if (step.skipped) {
      skipped.delete(step.one.guideline_id);
      keepSkipped();
    } else {
      queue.put(step.one.guideline_id, null).catch(failed);
      rated = Math.max(0, rated - 1);
      const before = past.findLast((one) => one.rating);
      last = before ? { one: before.one, rating: before.rating, tags: before.tags ?? [] } : null;
    }
    current = step.one;
    showProgress();
    showLast();
    show(current);
    if (!card.contains(document.activeElement)) $('[data-rate="helpful"]').focus();
  }

  function showProgress() {
    const shown = Math.min(rated, total);
    $("[data-progress]").value = shown;
    $("[data-progress-text]").textContent = `You have rated ${number(shown)} of ${counted(total, "guideline")}.`;
  }

  function showSaving({ waiting, problem }) {
    const state = $("[data-save-state]");
    state.textContent = waiting ? (problem ? "Not saved yet" : "Saving …") : "All saved";
    state.classList.toggle("is-waiting", Boolean(problem));
    $("[data-queue]").hidden = !problem;
    if (problem) {
      $("[data-queue-text]").textContent =
        `${counted(waiting, "rating")} ${waiting === 1 ? "waits" : "wait"} in this browser and will be sent again. ${problem}`;
    }
  }

  function showLast() {
    const fields = $("[data-tags]");
    const said = $("[data-last-said]");
    fields.disabled = !last;
    said.hidden = !last;
    $("[data-last-text]").textContent = last?.one.text ?? "Nothing yet.";
    $("[data-last-hint]").textContent = last ? "Why? If you like:" : "";
    if (!last) return;
    said.textContent = WORDS[last.rating];
    said.className = `badge badge-${last.rating === "helpful" ? "good" : "bad"}`;
    for (const group of $$("[data-tags-for]")) group.hidden = group.dataset.tagsFor !== last.rating;
    for (const chip of $$("[data-tag]")) chip.setAttribute("aria-pressed", String(last.tags.includes(chip.dataset.tag)));
  }

  function keepSkipped() {
    write(sessionStorage, `labelaudit-skipped:${person}`, [...skipped]);
  }

  for (const button of $$("[data-rate]")) button.addEventListener("click", () => rate(button.dataset.rate));
  $("[data-skip]").addEventListener("click", skip);
  $("[data-undo]").addEventListener("click", undo);
  $("[data-undo-done]").addEventListener("click", undo);
  $("[data-send-now]").addEventListener("click", () => queue.sendNow());
  $("[data-skipped]").addEventListener("click", () => {
    skipped.clear();
    keepSkipped();
    complete = false;
    advance().then(() => $('[data-rate="helpful"]').focus());
  });
  for (const chip of $$("[data-tag]")) {
    chip.addEventListener("click", () => {
      const chosen = new Set(last.tags);
      chosen[chosen.has(chip.dataset.tag) ? "delete" : "add"](chip.dataset.tag);
      last.tags = [...chosen];
      const step = past.findLast((one) => one.one === last.one);
      if (step) step.tags = last.tags;
      queue.put(last.one.guideline_id, last.rating, last.tags).catch(failed);
      showLast();
    });
  }
  listOwnRatings(queue, () => ask().catch(() => {}));
  useKeys({ h: () => rate("helpful"), n: () => rate("not_helpful"), s: skip, u: undo });

  // Coming back by the browser's buttons shows a page of before; what is next may be another one.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  queue.sendNow();
  advance();
}

function useKeys(actions) {
  const box = $("[data-keys]");
  const show = () => document.documentElement.classList.toggle("without-keys", !box.checked);
  box.checked = read(localStorage, "labelaudit-rating-keys") ?? true;
  box.addEventListener("change", () => (write(localStorage, "labelaudit-rating-keys", box.checked), show()));
  show();
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (!box.checked || typing || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function flash(button) {
  button.classList.add("was-pressed");
  setTimeout(() => button.classList.remove("was-pressed"), 140);
}

function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Without storage it is forgotten with the page.
  }
}
