/**
 * What somebody typed and the server has not acknowledged yet, kept in the browser's storage.
 *
 * Each tab writes an entry of its own, so that two tabs never overwrite what was typed in the
 * other. A tab holds a lock on its entry; an entry without a lock is from a tab that is gone, and
 * the next page that opens the report takes it over.
 */

const PREFIX = "labelaudit:report:";

/** A name for this tab that outlives a reload. */
const tab = (() => {
  try {
    const known = sessionStorage.getItem("labelaudit:tab");
    if (known) return known;
    const made = crypto.getRandomValues(new Uint32Array(2)).join("-");
    sessionStorage.setItem("labelaudit:tab", made);
    return made;
  } catch {
    return crypto.getRandomValues(new Uint32Array(2)).join("-");
  }
})();

/** The entry of one report in this tab. `report` is its id, or a name for one without an id yet. */
export class DraftEntry {
  constructor(user, report) {
    this.key = `${PREFIX}${JSON.stringify([user, report])}:${tab}`;
    this.kept = true;
    this.release = () => {};
    this.hold();
  }

  hold() {
    // Only secure origins have locks; elsewhere the age of an entry has to do.
    navigator.locks?.request(this.key, () => new Promise((resolve) => { this.release = resolve; })).catch(() => {});
  }

  /** Keep a draft: `{ etag, model, base, content }`, of which `base` is what `etag` stands for. Gives whether the browser could. */
  write(draft) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...draft, at: Date.now() }));
      this.kept = true;
    } catch {
      this.kept = false;
    }
    return this.kept;
  }

  read() {
    return readEntry(this.key);
  }

  clear() {
    this.kept = true;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing could be written there either.
    }
  }

  close() {
    this.release();
  }
}

/**
 * Find drafts of tabs that are gone, and of this one.
 *
 * @returns {Promise<Array<{key, user, report, model, etag, base, content, at}>>} the newest first.
 */
export async function abandonedDrafts(user, report = null) {
  const held = new Set();
  const state = await navigator.locks?.query?.().catch(() => null);
  for (const lock of [...(state?.held ?? []), ...(state?.pending ?? [])]) held.add(lock.name);
  const found = [];
  for (const key of keys()) {
    const whose = nameOf(key);
    if (!whose || whose.user !== user || (report !== null && whose.report !== report)) continue;
    const own = key.endsWith(`:${tab}`);
    const draft = readEntry(key);
    if (!draft) continue;
    // Without locks an entry that was written a minute ago is taken for that of a tab that is open.
    const open = navigator.locks ? held.has(key) : Date.now() - draft.at < 60_000;
    if (own || !open) found.push({ ...draft, ...whose, key });
  }
  return found.sort((a, b) => b.at - a.at);
}

/** Drop an entry that was taken over or is not wanted. */
export function dropDraft(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // It was not written by this browser then.
  }
}

function keys() {
  try {
    return Array.from({ length: localStorage.length }, (_, place) => localStorage.key(place)).filter((key) => key?.startsWith(PREFIX));
  } catch {
    return [];
  }
}

function nameOf(key) {
  const end = key.lastIndexOf(":");
  try {
    const [user, report] = JSON.parse(key.slice(PREFIX.length, end));
    return { user, report };
  } catch {
    return null;
  }
}

function readEntry(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return draft && Array.isArray(draft.content?.evidence) ? draft : null;
  } catch {
    return null;
  }
}
