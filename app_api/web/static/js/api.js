/**
 * Talking to this server's API: JSON in and out, and errors in plain sentences.
 *
 *   const { data, etag } = await get("/v1/corpus");
 *   await send("PUT", url("v1", "users", name, "models", model, "labels", id), { rating: 2 });
 *
 * What fails throws a Failure; `failure.message` is a sentence to show.
 */

import { announceReachable } from "./notice.js";

const TIMEOUT_MS = 30_000;

/** A request that did not succeed. */
export class Failure extends Error {
  /**
   * @param {string} message A sentence for people.
   * @param {object} facts `status` (0 without an answer), `kind` of the problem, `errors` by
   *   field, `retryable` (whether the same request may succeed later), `current` (with
   *   stale-report: what is stored instead), `retryAfter` in seconds or null.
   */
  constructor(message, facts) {
    super(message);
    this.name = "Failure";
    Object.assign(this, { status: 0, kind: "", errors: [], retryable: false, retryAfter: null }, facts);
  }
}

/** Make a path of this server from parts; each is encoded, a slash in a name included. */
export function url(...parts) {
  return "/" + parts.map((part) => encodeURIComponent(String(part))).join("/");
}

/** Add a query; null and undefined are left out, lists repeat the name. */
export function query(path, fields) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined && one !== "") search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** As whom the viewer acts; null where they have not said. */
export function actingName() {
  return document.querySelector('meta[name="acting-name"]')?.content ?? null;
}

/** Use the token of a session that began on this page, from now on. */
export function setCsrf(token) {
  let meta = document.querySelector('meta[name="csrf-token"]');
  if (!meta) {
    meta = document.head.appendChild(document.createElement("meta"));
    meta.name = "csrf-token";
  }
  meta.content = token;
}

/** Read JSON. Options: `signal`, `timeout` in milliseconds. Gives `{ data, etag, response }`. */
export function get(path, options = {}) {
  return request("GET", path, undefined, options);
}

/**
 * Change something. Options besides those of `get`: `ifMatch` (an entity tag, so that nobody's
 * newer version is overwritten), `headers`, `keepalive` (to finish when the page goes away).
 */
export async function send(method, path, body, options = {}) {
  try {
    return await request(method, path, body, options);
  } catch (failure) {
    if (failure?.kind !== "csrf-token" || !(await renewToken())) throw failure;
    return request(method, path, body, options);
  }
}

/** Somebody who signed in again in another tab goes on here; gives whether that was the reason. */
async function renewToken() {
  const token = document.querySelector('meta[name="csrf-token"]');
  const { data } = await get("/v1/session");
  const same = data.subject === null || data.subject === actingName();
  if (!token || !same || !data.csrf_token || data.csrf_token === token.content) return false;
  token.content = data.csrf_token;
  return true;
}

async function request(method, path, body, options) {
  const headers = new Headers({ Accept: "application/json", ...(options.headers ?? {}) });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (options.ifMatch) headers.set("If-Match", options.ifMatch);
  const csrf = document.querySelector('meta[name="csrf-token"]')?.content;
  if (csrf && method !== "GET") headers.set("X-CSRF-Token", csrf);
  const timeout = AbortSignal.timeout(options.timeout ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      redirect: "error",
      keepalive: options.keepalive ?? false,
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const late = error?.name === "TimeoutError";
    if (!late) announceReachable(false);
    throw new Failure(
      late
        ? "The server takes too long to answer. Try again in a moment."
        : "The server cannot be reached. Is it running, and are you online? Try again in a moment.",
      { retryable: true, kind: late ? "timeout" : "offline" },
    );
  }
  announceReachable(true);
  let data = null;
  if (text) {
    try {
      data = JSON.parse(text);
    } catch {
      throw new Failure("The server gave an answer that this page does not understand. Reload it.", {
        status: response.status,
      });
    }
  }
  if (!response.ok) throw failureOf(response, data);
  return { data, etag: response.headers.get("ETag"), response };
}

const SENTENCES = {
  unauthenticated: "You are not signed in any more. Open your invitation link again, in another tab if you like: what you typed stays here.",
  forbidden: "Your role may not do this.",
  "csrf-token": "Your session changed in another tab. Reload the page and try again.",
  "foreign-page": "Your browser says that another site sent this. Reload the page and try again.",
  "too-many-requests": "That was a little too fast. Wait a moment, then try again.",
  "stale-report": "Somebody saved a newer version meanwhile, perhaps you in another tab.",
  "precondition-required": "The page does not know which version it shows. Reload it.",
  "storage-full": "The server's disk is full, so nothing was saved. Tell the people who run it.",
  unavailable: "The server cannot do this at the moment. Try again shortly.",
  defect: "Something went wrong on our side. Try again; if it stays so, tell the people who run this installation.",
};
/** For kinds whose `detail` speaks to programs; all others say what is wrong themselves. */

function failureOf(response, problem) {
  const kind = String(problem?.type ?? "").replace("urn:labelaudit:problem:", "");
  const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const message =
    SENTENCES[kind] ??
    problem?.detail ??
    `The server answered with the status ${response.status}. Try again in a moment.`;
  return new Failure(message, {
    status: response.status,
    kind,
    detail: problem?.detail ?? "",
    errors: problem?.errors ?? [],
    current: problem?.current ?? null,
    retryable: response.status >= 500 || response.status === 429 || response.status === 408,
    retryAfter: Number.isFinite(after) ? after : null,
  });
}
