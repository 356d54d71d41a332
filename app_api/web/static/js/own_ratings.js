/** All that a person has said, to change it or take it back. */

import { actingName, get, query, url } from "./api.js";
import { $, counted, el, fill } from "./dom.js";
import { failed } from "./notice.js";

const PAGE = 50;

/**
 * Fill the list when it is opened. `queue` takes changes; `changed()` is called after one.
 */
export function listOwnRatings(queue, changed) {
  const details = $("[data-mine]");
  const place = $("[data-mine-list]");
  details.addEventListener("toggle", () => {
    if (details.open) load(null);
  });

  async function load(after) {
    if (after === null) fill(place, el("div", { class: "loading" }, "Looking …"));
    try {
      await queue.sendNow();
      const path = url("v1", "users", actingName(), "ratings");
      const { data } = await get(query(path, { limit: PAGE, after }));
      if (after === null) {
        fill(place, data.n_ratings ? el("p", { class: "muted small" }, `${counted(data.n_ratings, "rating")}.`) : el("p", { class: "muted" }, "You have rated nothing yet."));
      }
      place.append(...data.ratings.map(row));
      if (data.next !== null) {
        const more = el("button", { type: "button", class: "button button-small", on: { click: () => (more.remove(), load(data.next)) } }, "Show more");
        place.append(more);
      }
    } catch (failure) {
      if (after === null) fill(place, el("p", { class: "muted" }, "Your ratings cannot be shown at the moment."));
      failed(failure, () => load(after));
    }
  }

  function row(one) {
    const buttons = {};
    const say = (rating) => {
      for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === rating));
      taken.hidden = rating !== null;
      queue.put(one.guideline_id, rating).then(changed, failed);
    };
    const choice = (name, label) =>
      (buttons[name] = el("button", { type: "button", class: "button button-small", "aria-pressed": String(one.rating === name), on: { click: () => say(name) } }, label));
    const taken = el("span", { class: "muted small", hidden: true }, "Taken back");
    return el(
      "div",
      { class: "mine-row", role: "group", "aria-label": one.text },
      el("p", { dir: "auto", class: "quote" }, one.text),
      el(
        "div",
        { class: "row" },
        choice("not_helpful", "Not helpful"),
        choice("helpful", "Helpful"),
        el("button", { type: "button", class: "button button-small button-quiet", on: { click: () => say(null) } }, "Take back"),
        taken,
      ),
    );
  }
}
