/** The page of the operator: each part loads by itself, and says so where it cannot. */

import { showEntrances } from "./admin_entrances.js";
import { showProposals } from "./admin_proposals.js";
import { showPublication } from "./admin_publication.js";
import { showStatus } from "./admin_status.js";
import { $, el, fill } from "./dom.js";

const PARTS = [
  ["[data-publication]", showPublication],
  ["[data-proposals]", showProposals],
  ["[data-entrances]", showEntrances],
  ["[data-status]", showStatus],
];

for (const [selector, show] of PARTS) load($(selector), show);

async function load(place, show) {
  place.setAttribute("aria-busy", "true");
  try {
    await show(place);
  } catch (failure) {
    if (failure?.name !== "Failure") console.error(failure);
    fill(
      place,
      el(
        "div",
        { class: "note note-bad stack stack-small" },
        el("p", {}, failure?.name === "Failure" ? failure.message : "This part cannot be shown."),
        el(
          "p",
          {},
          el(
            "button",
            { type: "button", class: "button button-small", on: { click: () => load(place, show) } },
            "Try again",
          ),
        ),
      ),
    );
  }
  place.removeAttribute("aria-busy");
}
