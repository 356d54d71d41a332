/**
 * Labels on their way to the server: nothing that somebody chose is lost.
 *
 * A choice is written into the browser's storage first, one entry for each comment, and leaves it
 * only when the server has said that the label is on its disk. What fails is tried again, also by
 * the next page that is opened. All tabs share the entries and send those of one comment one after
 * the other, so that the newest choice is the last to arrive. A choice that had to wait is compared
 * with what the server has before it is sent: where the comment was labelled elsewhere meanwhile,
 * the person decides.
 */

import { get, query, send, url } from "./api.js";

const PREFIX = "labelaudit:outbox:";
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** After so long another device may have been used. */
const FRESH_MS = 20_000;

/**
 * @param {object} options `user`, `model`, `prepare` (called before the first label; makes the
 *   model where that needs more than a label), `onChange(itemId, state)`.
 * `state` is { phase: "saving" | "saved" | "waiting" | "refused" | "conflict", rating, ... }.
 */
export class Outbox {
  constructor({ user, model, prepare = async () => {}, onChange }) {
    this.user = user;
    this.model = model;
    this.prepare = prepare;
    this.onChange = onChange;
    this.sending = new Map();
    this.blocked = new Map();
    this.memory = new Map();
    this.failures = 0;
    this.timer = 0;
    this.closed = false;
    this.prefix = `${PREFIX}${JSON.stringify([user, model])}:`;
    this.channel = new BroadcastChannel("labelaudit-labels");
    this.channel.addEventListener("message", ({ data }) => {
      if (data.user === user && data.model === model) this.onChange(data.item, data.state);
    });
    this.online = () => this.retry();
    addEventListener("online", this.online);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.online);
    this.channel.close();
  }

  /** Choices that the server has not acknowledged: Map of item id to { rating, known, at, id }. */
  pending() {
    const found = new Map(this.memory);
    for (let place = 0; place < localStorage.length; place += 1) {
      const key = localStorage.key(place);
      if (key?.startsWith(this.prefix)) {
        const entry = this.read(Number(key.slice(this.prefix.length)));
        if (entry) found.set(Number(key.slice(this.prefix.length)), entry);
      }
    }
    return found;
  }

  /**
   * Keep and send a choice.
   *
   * @param {number} item The comment.
   * @param {number|null} rating A value of the scale, null for unsure.
   * @param {number} known Sequence number of the label that the person saw; 0 for none.
   */
  put(item, rating, known) {
    this.blocked.delete(item);
    this.write(item, { rating, known, at: Date.now(), id: crypto.getRandomValues(new Uint32Array(2)).join("-") });
    this.tell(item, { phase: "saving", rating });
    return this.deliver(item);
  }

  /** Drop a choice that the person does not want any more. */
  drop(item) {
    this.blocked.delete(item);
    this.remove(item);
  }

  /** Send everything that waits; resolves when each was tried. Gives how many are left. */
  async retry() {
    clearTimeout(this.timer);
    const waiting = [...this.pending().keys()].filter((item) => !this.blocked.has(item));
    for (const item of waiting) {
      await this.deliver(item);
      // One that fails for want of a server says enough about the others.
      if (this.failures) break;
    }
    return this.pending().size;
  }

  deliver(item) {
    const running = this.sending.get(item);
    if (running) return running;
    const work = this.exclusively(item, () => this.sendNewest(item)).finally(() => this.sending.delete(item));
    this.sending.set(item, work);
    return work;
  }

  exclusively(item, work) {
    // Only on a secure origin; a plain http address of a network has no locks.
    return navigator.locks ? navigator.locks.request(`${this.prefix}${item}`, work) : work();
  }

  async sendNewest(item) {
    for (let entry = this.read(item); entry && !this.closed; entry = this.read(item)) {
      try {
        await this.prepare();
        const other = await this.labelledElsewhere(item, entry);
        if (other) {
          this.blocked.set(item, other);
          this.tell(item, { phase: "conflict", rating: entry.rating, other });
          return;
        }
        const { data } = await send("PUT", this.path("labels", item), { rating: entry.rating }, { keepalive: true });
        this.failures = 0;
        // A newer choice of the same comment stays, and is sent next.
        if (this.read(item)?.id === entry.id) {
          this.remove(item);
          this.announce(item, { phase: "saved", rating: entry.rating, sequence: data.sequence });
        }
      } catch (failure) {
        if (failure?.name !== "Failure") throw failure;
        this.failed(item, entry, failure);
        return;
      }
    }
  }

  failed(item, entry, failure) {
    if (failure.retryable) {
      this.failures += 1;
      this.write(item, { ...this.read(item), tried: true });
      this.tell(item, { phase: "waiting", rating: entry.rating, message: failure.message });
      const wait = failure.retryAfter ? failure.retryAfter * 1000 : WAITS_MS[Math.min(this.failures, WAITS_MS.length) - 1];
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.retry(), wait);
    } else {
      this.blocked.set(item, failure);
      this.tell(item, { phase: "refused", rating: entry.rating, message: failure.message });
    }
  }

  /** The server's label, where it is newer than what the person had seen and says otherwise. */
  async labelledElsewhere(item, entry) {
    if (!entry.tried && Date.now() - entry.at < FRESH_MS) return null;
    const { data } = await get(query(this.path("labels"), { after: item > 0 ? item - 1 : null, limit: 1 }));
    const label = data.labels.find((one) => one.item_id === item);
    return label && label.sequence > entry.known && label.rating !== entry.rating ? label : null;
  }

  path(...rest) {
    return url("v1", "users", this.user, "models", this.model, ...rest);
  }

  announce(item, state) {
    this.tell(item, state);
    this.channel.postMessage({ user: this.user, model: this.model, item, state });
  }

  tell(item, state) {
    if (!this.closed) this.onChange(item, state);
  }

  read(item) {
    if (this.memory.has(item)) return this.memory.get(item);
    try {
      return JSON.parse(localStorage.getItem(this.prefix + item));
    } catch {
      return null;
    }
  }

  write(item, entry) {
    try {
      localStorage.setItem(this.prefix + item, JSON.stringify(entry));
      this.memory.delete(item);
    } catch {
      // Storage is full or forbidden: the page itself keeps it as long as it is open.
      this.memory.set(item, entry);
    }
  }

  remove(item) {
    this.memory.delete(item);
    localStorage.removeItem(this.prefix + item);
  }
}
