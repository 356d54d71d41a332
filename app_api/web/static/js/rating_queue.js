/**
 * Ratings on their way to the server. What is not acknowledged stays in this browser's storage and
 * is sent again: after a pause, when the browser is online again, and when the page is opened next.
 *
 * For each guideline the newest word counts, so that at most one waits. Sending a rating twice does
 * no harm: the server stores it once.
 */

import { actingName, send, url } from "./api.js";

const FIRST_PAUSE_MS = 1_500;
const LONGEST_PAUSE_MS = 30_000;
/** Answers that say that the very request is wrong, so that sending it again helps nobody. */
const FINAL = new Set(["unknown-id", "invalid-value", "forbidden", "not-found", "invalid-json"]);

export class RatingQueue {
  /**
   * @param {object} listeners `onChange(state)` with `waiting`, `sending`, `problem` (a sentence or
   *   null); `onRefused(entry, failure)` for a rating that can never be stored.
   */
  constructor(listeners) {
    this.listeners = listeners;
    this.key = `labelaudit-ratings:${actingName()}`;
    this.memory = {};
    this.pause = FIRST_PAUSE_MS;
    this.timer = 0;
    this.problem = null;
    this.running = null;
    this.idle = [];
    addEventListener("online", () => this.sendNow());
    addEventListener("storage", (event) => event.key === this.key && this.#tell());
  }

  /** Say `rating` of a guideline ("helpful", "not_helpful", or null to take it back). */
  put(guideline, rating, tags = null) {
    const entries = this.#read();
    entries[guideline] = { rating, tags, stamp: `${Date.now()}-${Math.random()}` };
    this.#write(entries);
    return this.sendNow();
  }

  /** What waits, by guideline. */
  waiting() {
    return this.#read();
  }

  /** Send what waits; resolves when nothing waits or something failed. */
  sendNow() {
    clearTimeout(this.timer);
    this.running ??= this.#exclusively(() => this.#drain()).finally(() => {
      this.running = null;
      // Something may have come while the last one was being finished.
      if (!this.problem && Object.keys(this.#read()).length) this.sendNow();
    });
    return this.running;
  }

  async #drain() {
    for (;;) {
      const [guideline, entry] = Object.entries(this.#read())[0] ?? [];
      if (!entry) {
        this.problem = null;
        this.#tell();
        return;
      }
      this.#tell();
      try {
        await this.#send(guideline, entry);
      } catch (failure) {
        if (failure?.name !== "Failure") throw failure;
        if (!FINAL.has(failure.kind)) {
          this.problem = failure.message;
          this.#later(failure.retryAfter);
          this.#tell();
          return;
        }
        this.#done(guideline, entry);
        this.listeners.onRefused(guideline, entry, failure);
        continue;
      }
      this.pause = FIRST_PAUSE_MS;
      this.problem = null;
      this.#done(guideline, entry);
    }
  }

  #send(guideline, { rating, tags }) {
    const who = actingName();
    if (rating === null) {
      return send("DELETE", `${url("v1", "ratings", guideline)}?participant_id=${encodeURIComponent(who)}`, undefined, { keepalive: true });
    }
    const body = { participant_id: who, guideline_id: guideline, rating };
    if (tags !== null) body.tags = tags;
    return send("POST", "/v1/ratings", body, { keepalive: true });
  }

  /** Take an entry out, unless a newer word about the same guideline took its place. */
  #done(guideline, entry) {
    const entries = this.#read();
    if (entries[guideline]?.stamp === entry.stamp) delete entries[guideline];
    this.#write(entries);
  }

  #later(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sendNow(), seconds ? seconds * 1000 : this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE_MS);
  }

  /** One tab at a time, where the browser can tell tabs apart. */
  #exclusively(work) {
    return navigator.locks ? navigator.locks.request(this.key, work) : work();
  }

  #tell() {
    const waiting = Object.keys(this.#read()).length;
    this.listeners.onChange({ waiting, problem: waiting ? this.problem : null });
  }

  #read() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      return { ...this.memory };
    }
  }

  #write(entries) {
    this.memory = entries;
    try {
      if (Object.keys(entries).length) localStorage.setItem(this.key, JSON.stringify(entries));
      else localStorage.removeItem(this.key);
    } catch {
      // Without storage they wait in this page's memory.
    }
    this.#tell();
  }
}
