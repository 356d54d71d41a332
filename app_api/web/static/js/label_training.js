/**
 * Training a model and saying in plain words how good it became.
 */

import { get, send, url } from "./api.js";
import { drawChart } from "./chart.js";
import { $, el, fill } from "./dom.js";
import { errorInterval, qualityCards } from "./personal_models.js";

const TRAINING_TIMEOUT_MS = 180_000;
const POLL_MS = 2_000;

/**
 * Train on the labels of now; waits for a training elsewhere too.
 *
 * @param {Function} onElsewhere Called once where the results are made by somebody else.
 * @returns {Promise<object>} The version, with `is_new`.
 */
export async function train(user, model, { onElsewhere = () => {}, signal } = {}) {
  const { data, response } = await send("POST", url("v1", "users", user, "models", model, "trainings"), undefined, {
    timeout: TRAINING_TIMEOUT_MS,
    signal,
  });
  if (response.status !== 202) return data;
  onElsewhere();
  const after = Number(response.headers.get("Retry-After")) * 1000 || POLL_MS;
  return { ...(await waitFor(data.status_url, after, signal)), is_new: data.is_new };
}

/** Ask for a version until its results are there. */
export async function waitFor(statusUrl, every = POLL_MS, signal = undefined) {
  for (;;) {
    await new Promise((resolve, reject) => {
      setTimeout(resolve, every);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    try {
      const { data } = await get(statusUrl, { signal });
      if (data.state === "done") return data;
    } catch (failure) {
      // A server that is started again is asked again.
      if (!failure?.retryable) throw failure;
    }
  }
}

/** Where the version that is still to come can be asked for. */
export const statusOf = (user, model, version) => url("v1", "users", user, "models", model, "trainings", version);

/**
 * Show how good a model is: two numbers, and pictures of them.
 *
 * @param {Element} place Has `[data-cards]`, `[data-charts]` (details) and `[data-next]`.
 */
export function showQuality(place, { user, model, scale, labels, open }) {
  const own = model.kind !== "group";
  fill(
    $("[data-cards]", place),
    qualityCards({ results: model.results, scale, interval: errorInterval(labels), own }),
  );
  const charts = $("[data-charts]", place);
  charts.open = open;
  place.hidden = false;
  const draw = () => charts.open && drawAll($("[data-figures]", charts), user, model);
  charts.ontoggle = draw;
  draw();
}

async function drawAll(place, user, model) {
  const version = `${model.name} ${model.results.version} ${model.results.trained_at}`;
  if (place.dataset.drawn === version) return;
  place.dataset.drawn = version;
  const own = model.kind !== "group";
  const chart = (name) => url("v1", "users", user, "models", model.name, "charts", name);
  const pictures = [
    ["labels", own ? "Each of your labels against what the model predicts for it from your other labels" : "Each median of the group against what the model predicts for it from the others"],
    ["performance", "The honest error of each version of the model: less is better"],
    ["against-system", "All comments by the system's rating and by the rating that the model predicts"],
  ];
  // All places at once: a chart is as wide as its place was when it was drawn.
  const figures = pictures.map(() => el("figure", { class: "chart card" }));
  fill(place, figures);
  for (const [n, [name, label]] of pictures.entries()) {
    await drawChart(figures[n], chart(name), { label, isEmpty: () => false });
  }
}
