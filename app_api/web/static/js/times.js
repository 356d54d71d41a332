/** Times come in UTC; people read them in their own zone. */

import { $$, el } from "./dom.js";

const shown = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });

/** A time as an element. */
export function timeOf(text) {
  return el("time", { datetime: text }, shown.format(new Date(text)));
}

/** Write the times that the server put into a page in the browser's zone. */
export function localTimes(root = document) {
  for (const time of $$("time[datetime]", root)) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.textContent = shown.format(moment);
  }
}
