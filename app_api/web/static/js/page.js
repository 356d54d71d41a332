/**
 * What every page does: the menu on small screens, signing out, and noticing that one is offline.
 */

import { send } from "./api.js";
import { $ } from "./dom.js";
import { announceReachable, failed } from "./notice.js";
import { localTimes } from "./times.js";

const toggle = $(".nav-toggle");
if (toggle) {
  toggle.hidden = false;
  document.documentElement.classList.add("has-menu");
  const show = (open) => toggle.setAttribute("aria-expanded", String(open));
  toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && toggle.getAttribute("aria-expanded") === "true") {
      show(false);
      toggle.focus();
    }
  });
}

$("[data-sign-out]")?.addEventListener("click", async () => {
  try {
    await send("DELETE", "/v1/session");
    location.assign("/app");
  } catch (failure) {
    failed(failure);
  }
});

addEventListener("offline", () => announceReachable(false));
addEventListener("online", () => announceReachable(true));

localTimes();
