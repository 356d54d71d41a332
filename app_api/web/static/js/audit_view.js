/**
 * What the audit page shows, as its address says it: going back, reloading and sending a link all
 * lead to the same view.
 */

import { query } from "./api.js";

export const ERROR_FILTERS = ["all", "both", "over", "under"];
export const METHODS = ["median", "mean"];
const LONGEST_KEYWORD = 1_000;

/**
 * Read an address. Gives { model, topic, keyword, compare, error, method, alone }; `alone` is the
 * system without any model. What is unknown there counts as not given.
 */
export function viewOf(search) {
  const fields = new URLSearchParams(search);
  const text = (name) => fields.get(name) || null;
  const one = (name, values) => (values.includes(fields.get(name)) ? fields.get(name) : values[0]);
  return {
    model: text("model"),
    topic: text("topic"),
    keyword: text("topic") ? null : (text("keyword")?.slice(0, LONGEST_KEYWORD) ?? null),
    compare: text("compare"),
    error: one("error", ERROR_FILTERS),
    method: one("method", METHODS),
    alone: fields.get("mode") === "no_model",
  };
}

/** The address of a view; what is usual is left out. */
export function addressOf(view) {
  return query("/app/audit", {
    mode: view.alone ? "no_model" : null,
    model: view.model,
    topic: view.topic,
    keyword: view.topic ? null : view.keyword,
    compare: view.topic || view.keyword ? null : view.compare,
    error: view.error === "all" ? null : view.error,
    method: view.method === "median" ? null : view.method,
  });
}

/** Which of the three parts of the page a view shows. */
export function kindOf(view) {
  if (view.topic || view.keyword) return "results";
  return view.compare ? "groups" : "topics";
}
