/** Agreeing before the first rating. */

import { actingName, send } from "./api.js";
import { $ } from "./dom.js";

const form = $("[data-consent]");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("button", form);
  const error = $("[data-error]", form);
  button.setAttribute("aria-busy", "true");
  error.hidden = true;
  try {
    await send("POST", "/v1/consent", { version: form.dataset.version, participant_id: actingName() });
    location.reload();
  } catch (failure) {
    error.textContent = failure.errors?.some((one) => one.field === "version")
      ? "The text has changed since you opened this page. Reload it and read it again."
      : failure.message;
    error.hidden = false;
    button.removeAttribute("aria-busy");
  }
});
