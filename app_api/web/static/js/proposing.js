/** Proposing a guideline, and seeing what became of one's proposals. */

import { actingName, get, query, send, url } from "./api.js";
import { $, bdi, el, fill } from "./dom.js";
import { notice } from "./notice.js";

const STATES = { pending: ["badge", "Waits"], accepted: ["badge badge-good", "Accepted"], declined: ["badge badge-bad", "Declined"] };

export function takeProposals() {
  const form = $("[data-propose]");
  const text = $("#proposal");
  const topic = $("#proposal-topic");
  const error = $("[data-propose-error]");
  const draft = `labelaudit-proposal:${actingName()}`;

  const count = () => ($("[data-count]").textContent = String(text.value.length));
  text.value = stored() || text.value;
  count();
  text.addEventListener("input", () => {
    count();
    error.hidden = true;
    text.removeAttribute("aria-invalid");
    keep(text.value);
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = $("button", form);
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    error.hidden = true;
    try {
      await send("POST", "/v1/proposals", { participant_id: actingName(), text: text.value, topic_id: topic?.value || null });
      text.value = "";
      keep("");
      count();
      notice("Your proposal is stored. The people who run this installation will look at it.", { kind: "good" });
      await show();
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      error.textContent = failure.kind === "too-many-requests" ? failure.detail : failure.message;
      error.hidden = false;
      text.setAttribute("aria-invalid", "true");
      text.focus();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  function stored() {
    try {
      return sessionStorage.getItem(draft);
    } catch {
      return null;
    }
  }

  function keep(value) {
    try {
      sessionStorage.setItem(draft, value);
    } catch {
      // Without storage it is forgotten with the page.
    }
  }

  show();
}

async function show() {
  try {
    const { data } = await get(query("/v1/proposals", { participant_id: actingName() }));
    $("[data-proposals]").hidden = data.proposals.length === 0;
    fill($("[data-proposal-list]"), data.proposals.map(row));
  } catch (failure) {
    // The list is an extra; whoever proposes sees then what is wrong.
    if (failure?.name !== "Failure") throw failure;
  }
}

function row(one) {
  const [look, words] = STATES[one.status];
  return el(
    "li",
    {},
    el("p", {}, bdi(one.text)),
    el("span", { class: look }, words),
    one.reason && el("p", { class: "muted small" }, "Why: ", bdi(one.reason)),
    one.guideline_id &&
      el("a", { class: "small", href: url("app", "constitution", "guidelines", one.guideline_id) }, "What people think of it"),
  );
}
