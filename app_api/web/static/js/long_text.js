/**
 * Long texts of people: as much as a screen has room for, and a button to see all of it. The pages
 * that the server writes do the same (`app_api/web/excerpts.py`).
 */

import { el, number } from "./dom.js";

/** About a dozen lines of a phone; a text that is hardly longer is shown as it is. */
const EXCERPT = 420;
const SLACK = 120;
/** A cut is made at the end of a word, unless the word is longer than this. */
const WORD = 40;
/** What a line that ends early takes, and signs as wide as two letters. */
const LINE = 30;
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Extended_Pictographic}/u;

/** The beginning of a text that is too long, else null. */
export function excerptOf(text) {
  let weight = 0;
  let length = 0;
  let cut = null;
  for (const sign of text) {
    weight += sign === "\n" ? LINE : WIDE.test(sign) ? 2 : 1;
    if (weight > EXCERPT) cut ??= length;
    if (weight > EXCERPT + SLACK) break;
    length += sign.length;
  }
  if (weight <= EXCERPT + SLACK) return null;
  const beginning = text.slice(0, cut);
  const words = beginning.replace(/\s+\S*$/, "");
  return (beginning.length - words.length <= WORD && words ? words : beginning).trimEnd();
}

/** Put a text into an element; gives the button that shows all of it, or null where all is shown. */
export function showText(place, text) {
  const excerpt = excerptOf(text);
  place.textContent = excerpt === null ? text : `${excerpt} …`;
  if (excerpt === null) return null;
  const closed = `Show all ${number(text.length)} characters`;
  const more = el("button", { type: "button", class: "link-button show-all", "aria-expanded": "false" }, closed);
  more.addEventListener("click", () => {
    const open = more.getAttribute("aria-expanded") !== "true";
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "Show less" : closed;
    place.textContent = open ? text : `${excerpt} …`;
    // Else one would be left far below what one has read.
    if (!open) more.scrollIntoView({ block: "nearest" });
  });
  return more;
}
