/** Tokens, invitations and sessions: making, listing and ending them. */

import { get, send, setCsrf, url } from "./api.js";
import { $, $$, bdi, counted, el, fill } from "./dom.js";
import { failed, notice } from "./notice.js";
import { timeOf } from "./times.js";

const KINDS = [
  ["invitations", "Invitations", "Take back"],
  ["sessions", "Signed in", "Sign out"],
  ["tokens", "Tokens", "Revoke"],
];
const BADGES = { valid: "badge-good", used: "", expired: "", revoked: "badge-bad" };

export async function showEntrances(place) {
  const found = await Promise.all(KINDS.map(([kind]) => get(`/v1/${kind}`)));
  fill(
    place,
    el(
      "div",
      { class: "stack" },
      KINDS.map(([kind, title, verb], at) => list(place, kind, title, verb, found[at].data.items)),
    ),
  );
}

function list(place, kind, title, verb, items) {
  const valid = items.filter((one) => one.state === "valid");
  const ended = items.length - valid.length;
  const heading = el("h3", { id: `list-${kind}` }, title);
  if (!items.length) return el("div", { class: "stack stack-small" }, heading, el("p", { class: "muted" }, "None."));
  const table = (rows) =>
    el(
      "div",
      { class: "table-scroll", role: "region", tabindex: "0", "aria-labelledby": `list-${kind}` },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ["Whose", "Role", "Until", "State"].map((name) => el("th", { scope: "col" }, name)), el("td", {}))),
        el("tbody", {}, rows.map((one) => row(place, kind, verb, one))),
      ),
    );
  return el(
    "div",
    { class: "stack stack-small" },
    heading,
    valid.length > 0 && table(valid),
    ended > 0 &&
      el(
        "details",
        {},
        el("summary", {}, `${counted(ended, "that has ended", "that have ended")}`),
        el("div", { class: "spaced" }, table(items.filter((one) => one.state !== "valid"))),
      ),
  );
}

function row(place, kind, verb, one) {
  const whose = one.subject ? bdi(one.subject) : el("span", { class: "muted" }, one.uses_allowed ? "whoever has it" : "nobody by name");
  const uses = one.uses_allowed > 1 ? ` (${one.uses} of ${one.uses_allowed} uses)` : "";
  const name = `${verb}: ${one.subject ?? one.label ?? one.id}`;
  return el(
    "tr",
    {},
    el("td", {}, whose, one.label && [" · ", bdi(one.label)], uses),
    el("td", {}, one.role),
    el("td", {}, one.expires_at ? timeOf(one.expires_at) : "for ever"),
    el("td", {}, el("span", { class: `badge ${BADGES[one.state]}` }, one.state)),
    el(
      "td",
      { class: "end" },
      one.state === "valid" &&
        el(
          "button",
          { type: "button", class: "button button-small button-danger", "aria-label": name, on: { click: () => end(place, kind, one.id) } },
          verb,
        ),
    ),
  );
}

async function end(place, kind, id) {
  try {
    await send("DELETE", url("v1", kind, id));
    notice("It has ended at once.", { kind: "good" });
    await showEntrances(place);
  } catch (failure) {
    failed(failure);
  }
}

for (const form of $$("[data-make]")) {
  const role = form.elements.role;
  const onlyPersonal = () => {
    for (const field of $$("[data-for]", form)) {
      field.hidden = !field.dataset.for.split(" ").includes(role.value);
    }
  };
  role.addEventListener("change", onlyPersonal);
  onlyPersonal();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    make(form);
  });
}

async function make(form) {
  const error = $("[data-error]", form);
  const button = $("button", form);
  error.hidden = true;
  button.disabled = true;
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.closest("[hidden]") || !field.value.trim()) continue;
    body[field.name] = field.type === "number" ? Number(field.value) : field.value.trim();
  }
  try {
    await comeInFirst();
    const { data } = await send("POST", `/v1/${form.dataset.make}`, body);
    fill($("[data-made]", form), made(data.link ?? data.token, "link" in data));
    $("[data-made] [tabindex]", form).focus();
    await showEntrances($("[data-entrances]"));
  } catch (failure) {
    error.textContent = failure.message;
    error.hidden = false;
  }
  button.disabled = false;
}

/** The first way in closes the installation, so this browser gets its own before. */
async function comeInFirst() {
  const note = $("[data-open-note]");
  if (!note) return;
  const { data } = await send("POST", "/v1/invitations", { role: "operator", days: 1, label: "who closed it" });
  const { data: session } = await send("POST", "/v1/session", { invitation: data.invitation });
  setCsrf(session.csrf_token);
  note.replaceWith(el("p", { class: "note note-good" }, "This browser is signed in as an operator now, and everybody needs a way in."));
}

function made(text, isLink) {
  const copy = el("button", { type: "button", class: "button button-small" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      notice("Copied.", { kind: "good" });
    } catch {
      notice("Your browser does not let pages copy; mark the text and copy it yourself.");
    }
  });
  return el(
    "div",
    { class: "note note-good made", tabindex: "-1" },
    el("p", {}, isLink ? "Send this link to them, privately. It is shown this once." : "Keep this token now. It is shown this once."),
    el("code", {}, text),
    el("p", {}, copy),
  );
}
