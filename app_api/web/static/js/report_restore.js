/** The page of an earlier version: having it again. */

import { get, send, url } from "./api.js";
import { $ } from "./dom.js";
import { failed } from "./notice.js";

const button = $("[data-restore]");

async function restore() {
  const { user, report, version, newest, back } = button.dataset;
  button.setAttribute("aria-busy", "true");
  try {
    const path = url("v1", "users", user, "reports", report);
    // The tag of the version that this page shows as the newest; what came after it is not lost.
    const { etag } = await get(`${path}?version=${newest}`);
    await send("POST", `${path}/restorations`, { version: Number(version) }, { ifMatch: etag });
    location.assign(back);
  } catch (failure) {
    failed(failure, restore);
  }
  button.removeAttribute("aria-busy");
}

button?.addEventListener("click", restore);
