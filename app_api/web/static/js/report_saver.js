/**
 * Saving a report while somebody writes it: every change, by itself, and nothing lost.
 *
 * A change goes into the browser's storage at once and to the server a moment later, one request
 * at a time, each based on the version that was seen (If-Match). The entry in the storage goes
 * when the server has said that the content is on its disk. What fails for want of a server is
 * tried again; where somebody saved a newer version, both are kept until the person has chosen.
 *
 * States (`onState`): { phase, message?, seconds? } with the phases
 *   saved     the server has everything
 *   changed   something is about to be sent
 *   saving    something is being sent
 *   waiting   the server could not be reached; tried again in so many `seconds`
 *   refused   the server does not take it as it is; `message` says why
 *   conflict  a newer version was saved elsewhere; `theirs` is its document
 *   deleted   the report was deleted elsewhere
 */

import { get, send, url } from "./api.js";
import { DraftEntry, abandonedDrafts, dropDraft } from "./report_drafts.js";

const SAVE_AFTER_MS = 700;
const WAITS_S = [2, 4, 8, 15, 30];
/** Kinds that pass when the person has signed in again or reloads; tried again by themselves. */
const PASSING = new Set(["unauthenticated", "csrf-token", "foreign-page", "forbidden"]);
const LARGEST_KEPT_ALIVE = 60_000;

export function emptyContent(fields = {}) {
  return { title: "", error_type: "", text_entry: "", sep_selection: "", complete_status: false, evidence: [], ...fields };
}

export class ReportSaver {
  /**
   * @param {object} options `user`, `model`, `report` (id, or null for a new one, which is stored
   *   with its first change), `draftName` (of a new one's entry), `onState`, `onContent(content)`
   *   (something other than typing changed the content), `onCreated(document)`.
   */
  constructor({ user, model, report = null, draftName = null, onState, onContent, onCreated = () => {} }) {
    Object.assign(this, { user, model, report, onState, onContent, onCreated });
    this.entry = new DraftEntry(user, report ?? draftName ?? `new ${Date.now()}`);
    this.content = emptyContent();
    this.etag = null;
    this.version = 0;
    this.base = null;
    this.theirs = null;
    this.state = { phase: "saved" };
    this.sent = [];
    this.running = null;
    this.timer = 0;
    this.failures = 0;
    this.closed = false;
    this.channel = new BroadcastChannel("labelaudit-reports");
    this.channel.addEventListener("message", ({ data }) => this.heard(data));
    this.wake = () => this.state.phase === "waiting" && this.save();
    this.look = () => document.visibilityState === "visible" && (this.wake(), this.refresh());
    this.leave = () => this.hurry();
    addEventListener("online", this.wake);
    addEventListener("pagehide", this.leave);
    document.addEventListener("visibilitychange", this.look);
    this.ask = (event) => !this.entry.kept && this.dirty && event.preventDefault();
    addEventListener("beforeunload", this.ask);
  }

  get dirty() {
    return this.state.phase !== "saved";
  }

  path(...rest) {
    return url("v1", "users", this.user, "reports", this.report, ...rest);
  }

  /** Read the report and whatever was typed before and not saved. Throws a Failure. */
  async load() {
    const drafts = await abandonedDrafts(this.user, this.report);
    const { data, etag } = await get(this.path());
    this.take(data, etag);
    const [draft] = drafts;
    if (!draft) {
      this.tell({ phase: "saved" });
      return { restored: false };
    }
    if (sameContent(draft.content, data.report)) {
      drafts.forEach((one) => dropDraft(one.key));
      this.tell({ phase: "saved" });
      return { restored: false };
    }
    // Older drafts of tabs that are gone stay where they are until this one is done.
    this.content = draft.content;
    this.onContent(this.content);
    if (draft.key !== this.entry.key) dropDraft(draft.key);
    this.etag = draft.etag;
    this.base = draft.base ?? null;
    this.keep();
    if (draft.etag === etag) this.change(this.content, 0);
    else this.differ(data, etag);
    return { restored: true };
  }

  /** Take over a new report that never reached the server. */
  resume(draft) {
    this.content = draft.content;
    if (draft.key !== this.entry.key) dropDraft(draft.key);
    this.onContent(this.content);
    this.change(this.content, 0);
  }

  /** The person changed something; saved after a moment, or soon where `milliseconds` say so. */
  change(content, milliseconds = SAVE_AFTER_MS) {
    this.content = content;
    this.keep();
    if (["conflict", "deleted"].includes(this.state.phase)) return;
    if (this.state.phase !== "saving") this.tell({ phase: "changed" });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), milliseconds);
  }

  /** Send what there is; resolves when it is saved or has failed. */
  save() {
    clearTimeout(this.timer);
    if (["conflict", "deleted"].includes(this.state.phase)) return Promise.resolve();
    this.running ??= this.deliver().finally(() => { this.running = null; });
    return this.running;
  }

  /** Save, and save again what was typed meanwhile, until nothing is left or something failed. */
  async flush() {
    do await this.save();
    while (this.state.phase === "changed");
  }

  async deliver() {
    for (let again = true; again && !this.closed; ) {
      const content = this.content;
      const body = bodyOf(content);
      this.tell({ phase: "saving" });
      try {
        const { data, etag } = await this.write(body);
        this.failures = 0;
        this.sent = [];
        const created = !this.report;
        this.take(data, etag, content);
        if (created) this.onCreated(data);
        this.channel.postMessage({ user: this.user, report: this.report, etag });
        if (sameBody(bodyOf(this.content), body)) {
          this.entry.clear();
          this.tell({ phase: "saved" });
          return;
        }
        // Somebody goes on typing; what came meanwhile waits for the next pause.
        this.keep();
        this.tell({ phase: "changed" });
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
        return;
      } catch (failure) {
        if (failure?.name !== "Failure") throw failure;
        again = await this.understand(failure);
      }
    }
  }

  async write(body) {
    if (this.report) {
      this.sent.push(body);
      return send("PUT", this.path(), body, { ifMatch: this.etag });
    }
    const list = url("v1", "users", this.user, "models", this.model, "reports");
    if (this.sent.length) {
      // An earlier attempt may have been stored although its answer was lost.
      const { data } = await get(list);
      const found = data.reports.find(
        (one) => !this.before.has(one.report_id) && this.sent.some((sent) => sameBody(bodyOf(one.report), sent)),
      );
      if (found) {
        this.report = found.report_id;
        const { data: stored, etag } = await get(this.path());
        this.etag = etag;
        return sameBody(bodyOf(stored.report), body) ? { data: stored, etag } : this.write(body);
      }
    } else {
      const { data } = await get(list);
      this.before = new Set(data.reports.map((one) => one.report_id));
    }
    this.sent.push(body);
    return send("POST", list, body);
  }

  /** Act on a failure; gives whether to send again at once. */
  async understand(failure) {
    if (failure.kind === "stale-report" || (failure.kind === "not-found" && this.report)) {
      return this.lookAgain(failure.kind);
    }
    if (failure.retryable || PASSING.has(failure.kind)) {
      const seconds = failure.retryAfter ?? WAITS_S[Math.min(this.failures, WAITS_S.length - 1)];
      this.failures += 1;
      this.tell({ phase: "waiting", message: failure.message, seconds });
      this.timer = setTimeout(() => this.save(), seconds * 1000);
    } else {
      this.tell({ phase: "refused", message: failure.message });
    }
    return false;
  }

  async lookAgain(kind) {
    if (kind === "not-found") {
      this.tell({ phase: "deleted" });
      return false;
    }
    try {
      const { data, etag } = await get(this.path());
      const theirs = bodyOf(data.report);
      if (sameBody(theirs, bodyOf(this.content)) || this.sent.some((sent) => sameBody(sent, theirs))) {
        // The newer version is this page's own: an answer was lost on its way.
        this.etag = etag;
        return true;
      }
      this.differ(data, etag);
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      return this.understand(failure);
    }
    return false;
  }

  differ(data, etag) {
    this.theirs = { document: data, etag };
    this.tell({ phase: "conflict", theirs: data });
  }

  /** The person has chosen what the report is to say; based on the newer version from now on. */
  settle(content) {
    const theirs = this.theirs.document;
    this.etag = this.theirs.etag;
    this.base = theirs.report;
    this.sent = [];
    this.theirs = null;
    this.content = content;
    this.onContent(content);
    if (sameContent(content, theirs.report)) {
      this.take(theirs, this.etag, content);
      this.entry.clear();
      this.tell({ phase: "saved" });
      return;
    }
    this.tell({ phase: "changed" });
    this.change(content, 0);
  }

  /** Have a report that was deleted elsewhere again, with what is on this page. Throws a Failure. */
  async revive() {
    const { data } = await get(this.path("versions"));
    const { data: document, etag } = await send(
      "POST",
      this.path("restorations"),
      { version: data.versions.at(-1).version },
      { ifMatch: "*" },
    );
    const content = this.content;
    this.take(document, etag, content);
    this.tell({ phase: "changed" });
    this.change(content, 0);
  }

  /** Another tab saved this report. */
  heard(news) {
    if (news.user === this.user && news.report === this.report && news.etag !== this.etag) this.refresh();
  }

  /** Show what was saved elsewhere, where nothing of this page is unsaved. */
  async refresh() {
    if (this.closed || !this.report || !this.etag || this.dirty || this.running) return;
    try {
      const { data, etag } = await get(this.path());
      if (this.closed || this.dirty || etag === this.etag) return;
      this.take(data, etag);
      this.tell({ phase: "saved", elsewhere: true });
    } catch (failure) {
      if (failure?.kind === "not-found") this.tell({ phase: "deleted" });
    }
  }

  take(document, etag, typed = null) {
    this.report = document.report_id;
    this.etag = etag;
    this.version = document.version;
    this.document = document;
    this.base = document.report;
    if (typed === null) {
      this.content = document.report;
      this.onContent(this.content);
      return;
    }
    // The rows of evidence are made by the server; what was typed meanwhile stays.
    const rows = new Map(document.report.evidence.map((one) => [one.item_id, one]));
    this.content = {
      ...this.content,
      evidence: this.content.evidence.map((one) => rows.get(one.item_id) ?? one),
    };
    this.onContent(this.content);
  }

  keep() {
    this.entry.write({ etag: this.etag, model: this.model, base: this.base, content: this.content });
  }

  /** The page goes away: send the last change along, if the browser lets it. */
  hurry() {
    if (this.state.phase !== "changed" || !this.report || this.running) return;
    const body = bodyOf(this.content);
    if (new Blob([JSON.stringify(body)]).size > LARGEST_KEPT_ALIVE) return;
    this.sent.push(body);
    send("PUT", this.path(), body, { ifMatch: this.etag, keepalive: true }).catch(() => {});
  }

  tell(state) {
    this.state = state;
    if (!this.closed) this.onState(state);
  }

  /** Stop; what is not saved yet stays in the storage. */
  async close() {
    if (this.state.phase === "changed" || this.running) await this.flush();
    this.closed = true;
    clearTimeout(this.timer);
    this.entry.close();
    this.channel.close();
    removeEventListener("online", this.wake);
    removeEventListener("pagehide", this.leave);
    removeEventListener("beforeunload", this.ask);
    document.removeEventListener("visibilitychange", this.look);
  }
}

/** What is sent of a content; halves of surrogate pairs, which JSON cannot carry, are replaced. */
export function bodyOf(content) {
  const whole = (text) => (text.toWellFormed ? text.toWellFormed() : text);
  return {
    title: whole(content.title),
    error_type: content.error_type,
    text_entry: whole(content.text_entry),
    sep_selection: content.sep_selection,
    complete_status: content.complete_status,
    evidence: content.evidence.filter((one) => one.item_id !== null).map((one) => ({ item_id: one.item_id })),
  };
}

export function sameBody(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function sameContent(one, other) {
  return sameBody(bodyOf(one), bodyOf(other));
}
