/** What is published, what waits, and sending it. */

import { actingName, get, send } from "./api.js";
import { $, bdi, el, fill, number } from "./dom.js";
import { failed, notice } from "./notice.js";
import { timeOf } from "./times.js";

const RUN_MS = 180_000;

export async function showPublication(place) {
  const { data } = await get("/v1/publication", { timeout: 60_000 });
  fill(place, state(place, data));
}

function state(place, data) {
  const { current, waiting, last, elsewhere, problem, target } = data;
  const lastLine = el(
    "p",
    { class: "muted" },
    last ? out(last) : `Nothing has been published ${where(target)} yet.`,
    elsewhere.map((one) => [" ", out(one)]),
  );
  if (!current) {
    return el("div", { class: "gate" }, el("p", { class: "note note-warn" }, problem), lastLine);
  }
  // What waits may be older than what is current, and then nobody has decided about that yet.
  const declined = current.state === "held" && waiting?.sequence === current.sequence && Boolean(waiting?.declined_at);
  const badge = declined ? ["", "Declined"] : {
    unchanged: ["badge-good", "Up to date"],
    would_send: ["badge-accent", "Ready to publish"],
    held: ["badge-warn", "Held back"],
  }[current.state];
  return el(
    "div",
    { class: "gate" },
    el(
      "div",
      { class: "gate-head" },
      el("span", { class: `badge ${badge[0]}` }, badge[1]),
      waiting && el("span", { class: "muted" }, `publication ${waiting.sequence} ${waiting.declined_at ? "stays here" : "waits"}`),
      current.churn !== null &&
        el("span", { class: "muted" }, `${number(100 * current.churn)} % of the accepted guidelines changed`),
    ),
    current.held_because.length > 0 &&
      el("ul", { class: "changes" }, current.held_because.map((reason) => el("li", {}, reason))),
    current.changes.length > 0 &&
      el(
        "details",
        { open: current.state === "held" && !declined },
        el("summary", {}, "What would change"),
        el("ul", { class: "changes spaced" }, current.changes.map((line) => el("li", { dir: "auto" }, line))),
      ),
    current.state === "would_send" && publishButton(place),
    current.state === "held" && decision(place, current.sequence, declined),
    lastLine,
  );
}

function out(publication) {
  return [`Publication ${publication.sequence} is out since `, timeOf(publication.finished_at), " ", where(publication.target), "."];
}

function where(target) {
  return target === "embedded" ? "on this installation" : `at ${target}`;
}

function publishButton(place) {
  const button = el("button", { type: "button", class: "button button-primary" }, "Publish now");
  button.addEventListener("click", () => working(button, () => publish(place, {})));
  return el("p", { class: "actions" }, button);
}

/** Sending what the gate holds back all the same, or leaving it where it is; either with a reason. */
function decision(place, sequence, declined) {
  const why = el("textarea", { id: "why", name: "why", required: true, maxlength: 2000, dir: "auto" });
  const approve = el("button", { class: "button button-primary", name: "approve" }, "Approve and publish");
  const decline = el("button", { class: "button", name: "decline" }, "Decline");
  const form = el(
    "form",
    { class: "stack" },
    el(
      "div",
      { class: "field" },
      el("label", { for: "why" }, declined ? "Why should it go out after all?" : "Why should it go out all the same, or stay here?"),
      why,
      el("p", { class: "hint" }, "Your reason is kept with the publication. What is declined stays here, and nobody is asked about it again; the next change is a new question."),
    ),
    el("p", { class: "actions" }, approve, !declined && decline),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter ?? approve;
    working(button, async () => {
      // The gate gives what it holds a number of its own, by which it is decided about.
      const number = sequence ?? (await post({})).waiting?.sequence;
      await publish(place, number ? { [button.name]: number, why: why.value, by: actingName() } : {});
    });
  });
  return form;
}

async function post(body) {
  return (await send("POST", "/v1/publications", body, { timeout: RUN_MS })).data;
}

async function publish(place, body) {
  const data = await post(body);
  fill(place, state(place, data));
  if (data.sent_now) notice("The constitution is published.", { kind: "good" });
  else if (data.waiting?.declined_at) notice("It is declined and stays here.");
  else if (data.waiting) notice("The gate holds it back; it waits for an approval.");
  $("#publication-title").scrollIntoView({ block: "nearest" });
}

async function working(button, run) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await run();
  } catch (failure) {
    failed(failure);
  }
  button.removeAttribute("aria-busy");
}
