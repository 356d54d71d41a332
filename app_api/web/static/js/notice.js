/**
 * Short messages in the corner, read out by screen readers; and the bar that tells of being
 * offline.
 */

import { $, $$, el } from "./dom.js";

const SHOWN_MS = 7_000;
/** A screen reader has to know of a place before it reads out what comes into it. */
const KNOWN_MS = 100;

/**
 * Show a message. Kinds: "info", "good", "bad". Bad ones stay until they are closed.
 * `action` is { label, run } for one button, such as trying again.
 */
export function notice(text, { kind = "info", action = null } = {}) {
  const { place, moved } = placeInReach();
  const close = () => box.remove();
  const box = el(
    "div",
    { class: `notice notice-${kind}` },
    el("p", { dir: "auto" }, text),
    action &&
      el(
        "button",
        { type: "button", class: "button button-small", on: { click: () => (close(), action.run()) } },
        action.label,
      ),
    el(
      "button",
      { type: "button", class: "notice-close", "aria-label": "Close this message", on: { click: close } },
      "×",
    ),
  );
  // The same message twice says nothing more.
  for (const other of place.children) {
    if (other.textContent === box.textContent) other.remove();
  }
  if (moved) setTimeout(() => place.append(box), KNOWN_MS);
  else place.append(box);
  if (kind !== "bad" && !action) setTimeout(close, SHOWN_MS);
  return close;
}

/**
 * The place of messages. While a dialog is open it is within it: what lies outside can be neither
 * read nor pressed then.
 */
function placeInReach() {
  const place = $("[data-notices]");
  const topmost = () => $$("dialog:modal").at(-1) ?? document.body;
  const within = topmost();
  const moved = place.parentElement !== within;
  if (moved) within.append(place);
  if (moved && within !== document.body) within.addEventListener("close", () => topmost().append(place), { once: true });
  return { place, moved };
}

/** Say what failed, with a button to try again where that may help. */
export function failed(failure, again = null) {
  if (failure?.name === "AbortError") return;
  const message = failure?.name === "Failure" ? failure.message : "Something went wrong on this page. Reload it.";
  if (failure?.name !== "Failure") console.error(failure);
  notice(message, {
    kind: "bad",
    action: again && failure?.retryable ? { label: "Try again", run: again } : null,
  });
}

/** Show or hide the bar that says that the server cannot be reached. */
export function announceReachable(reachable) {
  const bar = $("[data-offline]");
  if (bar) bar.hidden = reachable;
}
