/**
 * What a person says of the system's decisions: agree or disagree. With a rating it becomes a label
 * of their model, on the same way to the server as those of the page "Label comments".
 */

import { Outbox } from "./label_outbox.js";
import { loadLabels } from "./personal_models.js";

export class Judgments {
  constructor(user) {
    this.user = user;
    this.onChange = () => {};
    this.onCount = () => {};
    this.labels = new Map();
    this.states = new Map();
    this.said = new Map();
    this.outbox = null;
    this.fresh = 0;
  }

  /** Take another model's labels: those of a group model go to the model that it goes with. */
  async use(model) {
    this.outbox?.close();
    this.labels.clear();
    this.states.clear();
    this.fresh = 0;
    this.model = model;
    this.storage = `labelaudit:judgments:${JSON.stringify([this.user])}`;
    this.said = new Map(read(this.storage));
    const outbox = new Outbox({ user: this.user, model, onChange: (item, state) => this.changed(item, state) });
    this.outbox = outbox;
    for (const [item, entry] of outbox.pending()) this.states.set(item, { phase: "waiting", rating: entry.rating });
    const labels = await loadLabels(this.user, model);
    if (this.outbox !== outbox) return;
    for (const label of labels) {
      this.labels.set(label.item_id, { rating: label.rating, sequence: label.sequence });
      this.onChange(label.item_id);
    }
    outbox.retry();
  }

  /** What is known of a row: { judgment, label, phase, message }. */
  of(row) {
    const state = this.states.get(row.item_id);
    const label = state?.phase === "saved" || !state ? (this.labels.get(row.item_id) ?? null) : { rating: state.rating };
    return { judgment: this.judgmentOf(row, label), label, phase: state?.phase ?? "", message: state?.message };
  }

  /** A label says by itself whether one agrees; else it is what was pressed. */
  judgmentOf(row, label) {
    const pressed = this.said.get(row.item_id) ?? null;
    if (label === null || label.rating === null || this.threshold === undefined) return pressed;
    const agrees = label.rating > this.threshold === row.system_positive ? "agree" : "disagree";
    // Somebody who presses the other one is about to rate anew.
    return pressed ?? agrees;
  }

  judge(row, judgment) {
    this.said.set(row.item_id, judgment);
    this.write();
    this.onChange(row.item_id);
  }

  rate(row, rating) {
    const known = this.labels.get(row.item_id)?.sequence ?? 0;
    return this.outbox.put(row.item_id, rating, known);
  }

  retry() {
    return this.outbox.retry();
  }

  changed(item, state) {
    this.states.set(item, state);
    if (state.phase === "saved") {
      this.labels.set(item, { rating: state.rating, sequence: state.sequence });
      this.said.delete(item);
      this.write();
      this.fresh += 1;
      this.onCount(this.fresh);
    }
    this.onChange(item);
  }

  write() {
    try {
      localStorage.setItem(this.storage, JSON.stringify([...this.said]));
    } catch {
      // A judgment without a rating lasts as long as the page then.
    }
  }
}

function read(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}
