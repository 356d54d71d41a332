/** What the page for labelling shows where there is nothing to label, or no longer. */

import { query } from "./api.js";
import { $, bdi, el, fill } from "./dom.js";
import { topicWords } from "./scale.js";

export function noCorpus() {
  return el(
    "div",
    { class: "empty" },
    el("h2", {}, "There are no comments yet"),
    el("p", {}, "Nothing has been imported to audit. Whoever runs this installation brings comments in with ", el("code", {}, "labelaudit import ratings"), " and prepares them with ", el("code", {}, "labelaudit run audit"), "."),
  );
}

export function unreachable(failure, again) {
  return el(
    "div",
    { class: "empty" },
    el("h2", {}, "The comments could not be loaded"),
    el("p", { dir: "auto" }, failure.message),
    el("button", { type: "button", class: "button", on: { click: again } }, "Try again"),
  );
}

/** Say that everything is labelled, and what one can do now. Some comments are kept for measuring. */
export function showAllLabelled(place, { model, trained, labelled }) {
  const state = JSON.stringify([model.name, trained, labelled]);
  // What is filled anew is read out anew.
  if (!place.hidden && place.dataset.state === state) return;
  place.dataset.state = state;
  const next = !labelled
    ? "Nobody is asked for a comment twice, and what you said is part of another model. Choose that one above."
    : trained
      ? "Look at the audit, or change what you said: after that, train again."
      : "Train your model now. What you said can be changed at any time.";
  fill(
    $("[data-nothing-words]", place),
    model.kind === "topic"
      ? ["There is no comment left to label about ", bdi(topicWords(model.topic)), ". "]
      : "There is no comment left that you have not labelled, but for those that are held back to measure how good models are. ",
    next,
  );
  const audit = $("[data-nothing-audit]", place);
  audit.hidden = !trained;
  audit.href = query("/app/audit", { model: model.name });
  place.hidden = false;
}
