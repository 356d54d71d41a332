/**
 * What the audit page reads, each thing once: answers are kept while the page is open, and asked
 * for ahead where somebody is about to want them.
 */

import { get, query, url } from "./api.js";

const MOST_KEPT = 60;

export class AuditData {
  constructor(user) {
    this.user = user;
    this.kept = new Map();
  }

  /** Forget everything: a model was trained meanwhile. */
  clear() {
    this.kept.clear();
  }

  read(path) {
    const there = this.kept.get(path);
    if (there) {
      // The newest use goes last, so that the first one is the longest unused.
      this.kept.delete(path);
      this.kept.set(path, there);
      return there;
    }
    const asked = get(path).then(({ data }) => data);
    this.kept.set(path, asked);
    asked.catch(() => this.kept.get(path) === asked && this.kept.delete(path));
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    return asked;
  }

  of(model, ...rest) {
    return model === null ? url("v1", ...rest) : url("v1", "users", this.user, "models", model, ...rest);
  }

  corpus() {
    return this.read("/v1/corpus");
  }

  topics() {
    return this.read("/v1/topics");
  }

  audit(model) {
    return this.read(this.of(model, "audit"));
  }

  overviewChart(model, method) {
    return this.read(query(this.of(model, "charts", "topic-overview"), { method }));
  }

  /** All sampled comments, without a filter: the page filters what it has. */
  results(model, { topic, keyword }) {
    return this.read(query(this.of(model, "results"), { topic, keyword }));
  }

  resultsChart(model, { topic, keyword }, error) {
    const filtered = model !== null && error !== "all" ? error : null;
    return this.read(query(this.of(model, "charts", "topic-results"), { topic, keyword, error: filtered }));
  }

  groupColumns() {
    return this.read("/v1/groups/columns");
  }

  comparisonPath(model, kind, { by, others, method }) {
    const fields = { by, method, with: others };
    if (model !== null) return query(this.of(model, ...(kind === "chart" ? ["charts"] : []), "comparison"), fields);
    return query(kind === "chart" ? "/v1/charts/group-comparison" : "/v1/groups/comparison", { by, method });
  }

  comparison(model, kind, choice) {
    return this.read(this.comparisonPath(model, kind, choice));
  }

  /** Ask ahead; what fails then fails again, aloud, when it is wanted. */
  ahead(model, selection, error) {
    this.results(model, selection).catch(() => {});
    this.resultsChart(model, selection, error).catch(() => {});
  }
}
