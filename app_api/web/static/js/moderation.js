/** Accepting and declining proposed guidelines. */

import { send, url } from "./api.js";
import { $, $$ } from "./dom.js";
import { notice } from "./notice.js";

for (const button of $$("[data-decide]")) {
  button.addEventListener("click", () => decide(button, button.closest("[data-proposal]")));
}

async function decide(button, card) {
  const { decide: decision } = button.dataset;
  const reason = $("[data-reason]", card);
  const error = $("[data-error]", card);
  error.hidden = true;
  reason.removeAttribute("aria-invalid");
  if (decision === "declined" && !reason.value.trim()) {
    say(error, reason, "Say why it is declined; the proposer will read it.");
    return;
  }
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    await send("POST", url("v1", "proposals", card.dataset.proposal, "decision"), {
      decision,
      reason: reason.value.trim() || null,
      change_mind: "turn" in button.dataset,
    });
    if ("turn" in button.dataset) location.reload();
    else leave(card, decision);
  } catch (failure) {
    if (failure?.name !== "Failure") throw failure;
    say(
      error,
      reason,
      failure.kind === "proposal-decided"
        ? `Somebody has decided it meanwhile: ${failure.current.status}. Reload the page to see it.`
        : failure.message,
    );
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function leave(card, decision) {
  const next = card.nextElementSibling ?? card.previousElementSibling;
  card.remove();
  const left = $$("article[data-proposal]").length;
  $("[data-waiting]").textContent = String(left);
  $("[data-none]").hidden = left > 0;
  notice(decision === "accepted" ? "Accepted: everybody can rate it now." : "Declined; the proposer can read why.", { kind: "good" });
  ($("[data-reason]", next?.isConnected ? next : document.createElement("p")) ?? $("#waiting")).focus();
}

function say(error, field, text) {
  error.textContent = text;
  error.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}
