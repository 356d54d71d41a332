/**
 * A person's models: which there are, which one is shown, and the two numbers about each.
 */

import { get, query, url } from "./api.js";
import { counted, el } from "./dom.js";
import { percent, rangeWords, short } from "./scale.js";

export const DEFAULT_MODEL = "my_model";

/** The person's models, those with results first, then by name. */
export async function loadModels(user) {
  const { data } = await get(url("v1", "users", user, "models"));
  return data.models.sort(
    (a, b) => Number(b.results !== null) - Number(a.results !== null) || a.name.localeCompare(b.name),
  );
}

/** The model to show where the address names none: the one looked at last, else the newest base. */
export function preferredModel(user, models) {
  const last = remembered(user);
  if (models.some((model) => model.name === last)) return last;
  const own = models.filter((model) => model.kind === "base");
  own.sort((a, b) => (b.results?.trained_at ?? "").localeCompare(a.results?.trained_at ?? ""));
  return (own[0] ?? models[0])?.name ?? DEFAULT_MODEL;
}

export function remember(user, model) {
  try {
    localStorage.setItem(`labelaudit:model:${user}`, model);
  } catch {
    // A full or forbidden storage costs a convenience, no more.
  }
}

function remembered(user) {
  try {
    return localStorage.getItem(`labelaudit:model:${user}`);
  } catch {
    return null;
  }
}

/** All labels of a model, page by page. */
export async function loadLabels(user, model) {
  const path = url("v1", "users", user, "models", model, "labels");
  const labels = [];
  let after = null;
  do {
    const { data } = await get(query(path, { after }));
    labels.push(...data.labels);
    after = data.next;
  } while (after !== null);
  return labels;
}

/**
 * The 90 % interval of the honest error, from what the other labels predict for each: that of a
 * mean of so many absolute errors. Null below five labels, from which nothing can be said.
 */
export function errorInterval(labels) {
  const errors = labels
    .filter((label) => label.left_out_median !== null && label.rating !== null)
    .map((label) => Math.abs(label.rating - label.left_out_median));
  const n = errors.length;
  if (n < 5) return null;
  const mean = errors.reduce((sum, one) => sum + one, 0) / n;
  const variance = errors.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const spread = studentQuantile(n - 1) * Math.sqrt(variance / n);
  return { low: Math.max(0, mean - spread), high: mean + spread };
}

/** The 95 % quantile of Student's t (Abramowitz and Stegun 26.7.5); good from four degrees on. */
function studentQuantile(degrees) {
  const z = 1.6448536269514722;
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}

const TONES = { Good: "good", Okay: "warn", "Needs improvement": "bad", "Not known yet": "accent" };
const ADVICE = {
  Good: "It is ready for auditing.",
  Okay: "A few more labels would make it better.",
  "Needs improvement": "Label more comments before you rely on it.",
  "Not known yet": "Two labels with a rating or more are needed to tell.",
};

/**
 * Two cards: how well the model knows the person, and how often the system decides otherwise.
 *
 * @param {object} facts `results` of a model, `scale`, `interval` of its error or null, and
 *   `own`: false for a group's model, whose labels are the group's.
 */
export function qualityCards({ results, scale, interval, own = true }) {
  const honest = results.honest_error;
  const [whose, who] = own ? ["your", "you"] : ["the group's", "the group"];
  const n = results.n_labels;
  const band = results.quality.band;
  const wrong = honest.decision_error === null ? null : Math.round(honest.decision_error * n);
  const known = el(
    "section",
    { class: "card quality-card", "aria-labelledby": "quality-own" },
    el(
      "h2",
      { id: "quality-own", class: "quality-title" },
      `How well the model knows ${who}`,
      el("span", { class: `badge badge-${TONES[band]}`, data: { band } }, band),
    ),
    honest.mae_of_median === null
      ? el("p", {}, ADVICE[band])
      : [
          el(
            "p",
            {},
            "It misses ",
            whose,
            " rating by ",
            el("strong", { class: "number" }, `${short(honest.mae_of_median)} points`),
            ` on average, on the scale from ${rangeWords(scale)}`,
            interval
              ? ` (90 % interval: ${short(interval.low)} to ${short(interval.high)}).`
              : ". From so few labels that is a rough figure.",
            wrong === null ? null : ` It decides like ${who} for ${n - wrong} of ${n}. ${ADVICE[band]}`,
          ),
        ],
    el(
      "p",
      { class: "hint" },
      `Measured honestly: each of ${whose} ${counted(n, "label")} was predicted from the others alone.`,
      results.n_unsure ? ` “Not sure” (${results.n_unsure}) counts for nothing.` : null,
    ),
  );
  const differs = results.disagreement;
  const signed = differs.signed_avg_diff;
  const tend =
    Math.abs(signed) < 0.05
      ? ""
      : own
        ? ` On average you would rate ${short(Math.abs(signed))} points ${signed > 0 ? "higher" : "lower"} than it does.`
        : ` On average the group would rate ${short(Math.abs(signed))} points ${signed > 0 ? "higher" : "lower"} than it does.`;
  const system = el(
    "section",
    { class: "card quality-card", "aria-labelledby": "quality-system" },
    el("h2", { id: "quality-system", class: "quality-title" }, `Where the system differs from ${who}`),
    el(
      "p",
      {},
      "It decides otherwise for ",
      el("strong", { class: "number" }, percent(differs.decision_disagreement)),
      ` of ${counted(differs.n_compared, "comment")}, as the model predicts ${who}.${tend}`,
    ),
    el("p", { class: "hint" }, "This is no error of the model: it is what an audit is after."),
  );
  return [known, system];
}

/** Choices of a <select>; `extra` ones come first. */
export function modelOptions(models, chosen, describe, extra = []) {
  return [...extra, ...models.map((model) => ({ value: model.name, text: describe(model) }))].map(
    ({ value, text }) => el("option", { value, selected: value === chosen }, text),
  );
}

