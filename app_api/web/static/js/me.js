/** The page about one's own data: erasing it, after the name was typed. */

import { send } from "./api.js";
import { $, counted, el, fill } from "./dom.js";

const dialog = $("dialog");
const typed = $("#confirm");
const erase = $("[data-erase]");
const error = $("[data-error]");

$("[data-open]")?.addEventListener("click", () => {
  typed.value = "";
  erase.disabled = true;
  error.hidden = true;
  dialog.showModal();
  typed.focus();
});

$("[data-cancel]").addEventListener("click", () => dialog.close());

typed.addEventListener("input", () => {
  erase.disabled = typed.value !== dialog.dataset.name;
});

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (typed.value !== dialog.dataset.name || erase.getAttribute("aria-busy") === "true") return;
  erase.setAttribute("aria-busy", "true");
  error.hidden = true;
  try {
    const { data } = await send(
      "DELETE", dialog.dataset.address, { confirm: typed.value }, { timeout: 60_000 },
    );
    if (!document.querySelector('meta[name="csrf-token"]')) await send("DELETE", "/app/name");
    dialog.close();
    showErased(data);
  } catch (failure) {
    error.textContent = failure.message;
    error.hidden = false;
  }
  erase.removeAttribute("aria-busy");
});

function showErased(data) {
  const rows = Object.values(data.rows).reduce((sum, n) => sum + n, 0);
  const place = $("[data-my-data]");
  fill(
    place,
    el(
      "div",
      { class: "note note-good stack", tabindex: "-1" },
      el("h2", {}, "It is erased"),
      el(
        "p",
        {},
        `${counted(rows, "entry", "entries")} and ${counted(data.result_versions, "computed result")} ` +
          "were deleted for good.",
      ),
      el("p", { class: "actions" }, el("a", { class: "button", href: "/app" }, "To the first page")),
    ),
  );
  $(".lead").remove();
  $(".who")?.replaceChildren();
  place.firstElementChild.focus();
}
