/** How many proposed guidelines wait, with the way to the page on which they are decided. */

import { get } from "./api.js";
import { counted, el, fill } from "./dom.js";

const SHOWN = 3;

export async function showProposals(place) {
  const { data } = await get("/v1/proposals?status=pending");
  const first = data.proposals.slice(0, SHOWN);
  const more = data.proposals.length - first.length;
  if (!first.length) {
    fill(
      place,
      el("p", { class: "muted" }, "Nothing waits for you. "),
      el("p", {}, el("a", { href: "/app/admin/proposals" }, "Earlier decisions")),
    );
    return;
  }
  fill(
    place,
    el(
      "div",
      { class: "stack" },
      el("ul", {}, first.map((one) => el("li", { dir: "auto" }, one.text))),
      more > 0 && el("p", { class: "muted" }, `and ${counted(more, "further one")}`),
      el(
        "p",
        { class: "actions" },
        el("a", { class: "button button-primary", href: "/app/admin/proposals" }, `Decide on ${counted(data.proposals.length, "proposal")}`),
      ),
    ),
  );
}
