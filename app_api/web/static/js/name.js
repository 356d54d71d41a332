/** The page on which one chooses a name. */

import { send } from "./api.js";
import { $, $$ } from "./dom.js";

const form = $("[data-name-form]");
const field = $("#name");
const error = $("[data-error]");

async function choose(name) {
  error.hidden = true;
  try {
    await send("POST", "/app/name", { name });
    location.assign(form.dataset.next);
  } catch (failure) {
    error.textContent = failure.message;
    error.hidden = false;
    field.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  choose(field.value);
});

for (const button of $$("[data-name]")) {
  button.addEventListener("click", () => {
    field.value = button.dataset.name;
    if ("go" in button.dataset) choose(button.dataset.name);
    else field.focus();
  });
}
