/** Handing reports to AVID: which ones, whom to credit, what came of it. */

import { get, send, url } from "./api.js";
import { $$, bdi, counted, el, fill } from "./dom.js";
import { neededWords, timeWords, titleWords } from "./report_words.js";

const MOST_AT_ONCE = 20;
/** AVID may be slow, and the server tries more than once for each report. */
const PATIENCE_MS = 15 * 60_000;

/** @param {object} options `user`, `place` (null where nothing can be sent), `receipts`. */
export async function mountSubmission({ user, place, receipts }) {
  const titles = new Map();
  try {
    const { data } = await get(url("v1", "users", user, "reports"));
    for (const one of data.reports) titles.set(one.report_id, titleWords(one.report.title));
    if (place) showForm(place, user, data.reports, () => showReceipts(receipts, user, titles));
    await showReceipts(receipts, user, titles);
  } catch (failure) {
    if (failure?.name !== "Failure") throw failure;
    fill(receipts, el("p", { class: "note note-bad" }, failure.message));
  }
}

function showForm(place, user, reports, refresh) {
  const complete = reports.filter((one) => one.is_complete);
  const outcome = el("div", { "aria-live": "assertive", class: "stack stack-small" });
  if (!reports.length) {
    fill(place, el("p", { class: "muted" }, "There is nothing to hand in yet."));
    return;
  }
  const button = el("button", { class: "button button-primary" }, "Hand in");
  const name = el("input", { id: "avid-name", autocomplete: "name", maxlength: 200, dir: "auto", "aria-describedby": "avid-public" });
  const email = el("input", { id: "avid-email", type: "email", autocomplete: "email", maxlength: 254, "aria-describedby": "avid-public" });
  const form = el(
    "form",
    { class: "stack submit-form", novalidate: true },
    el(
      "fieldset",
      { class: "stack stack-small" },
      el("legend", {}, "Which reports?"),
      reports.map((one) => choice(one)),
    ),
    el("div", { class: "grid grid-2" }, el("div", { class: "field" }, el("label", { for: "avid-name" }, "Your name (if you want to be named)"), name), el("div", { class: "field" }, el("label", { for: "avid-email" }, "Your e-mail address (likewise)"), email)),
    el("p", { class: "hint", id: "avid-public" }, "AVID may show name and address to everybody. Leave both empty to stay unnamed; who you are here is not sent."),
    el("p", { class: "actions" }, button, el("span", { class: "muted small" }, "They go to ", bdi(place.dataset.host), ".")),
    outcome,
  );
  const label = () => {
    const n = chosen(form).length;
    button.textContent = n ? `Hand in ${counted(n, "report")}` : "Hand in";
  };
  form.addEventListener("change", label);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  async function submit() {
    const ids = chosen(form);
    if (button.getAttribute("aria-busy")) return;
    if (!ids.length) return say("bad", "Nothing was sent: choose at least one complete report.");
    if (ids.length > MOST_AT_ONCE) return say("bad", `Nothing was sent: at most ${MOST_AT_ONCE} reports at once.`);
    if (!email.checkValidity()) {
      say("bad", "Nothing was sent: the e-mail address cannot be right.");
      email.setAttribute("aria-invalid", "true");
      return email.focus();
    }
    email.removeAttribute("aria-invalid");
    button.setAttribute("aria-busy", "true");
    fill(outcome, el("p", { class: "muted" }, "Handing in; this can take a while. You may wait here or come back later."));
    try {
      const { data } = await send(
        "POST",
        url("v1", "users", user, "submissions"),
        { report_ids: ids, name: name.value.trim(), email: email.value.trim() },
        { timeout: PATIENCE_MS },
      );
      const before = data.submitted.filter((one) => one.was_submitted_before).length;
      const now = data.submitted.length - before;
      say("good", [
        now ? `AVID has confirmed ${counted(now, "report")}.` : null,
        before ? `${counted(before, "report")} had been handed in with the same content before, so nothing was sent anew for ${before === 1 ? "it" : "them"}.` : null,
      ].filter(Boolean).join(" "));
      for (const input of $$("input:checked", form)) input.checked = false;
      label();
    } catch (failure) {
      if (failure?.name !== "Failure") throw failure;
      say("bad", failureWords(failure, reports, ids));
    } finally {
      button.removeAttribute("aria-busy");
    }
    refresh();
  }
  function say(kind, words) {
    fill(outcome, el("p", { class: `note note-${kind}` }, words));
  }
  fill(place, complete.length ? null : el("p", { class: "muted" }, "None of the reports is complete yet, and only complete ones can be handed in."), form);
  button.disabled = !complete.length;
}

function choice(one) {
  const needed = neededWords(one.missing);
  return el(
    "label",
    { class: `check${needed ? " check-off" : ""}` },
    el("input", { type: "checkbox", name: "report", value: one.report_id, disabled: !one.is_complete }),
    el("span", {}, el("span", { dir: "auto" }, titleWords(one.report.title)), needed ? el("span", { class: "hint" }, ` ${needed}`) : null),
  );
}

function chosen(form) {
  return $$('input[name="report"]:checked', form).map((input) => input.value);
}

function failureWords(failure, reports, ids) {
  const title = (place) => titleWords(reports.find((one) => one.report_id === ids[place])?.report.title ?? "");
  switch (failure.kind) {
    case "offline":
    case "timeout":
      return "The answer did not arrive, so it is not known whether AVID has the reports. The list below tells as soon as the server can be reached. Handing in again sends nothing twice.";
    case "nothing-to-submit": {
      const places = [...new Set(failure.errors.map((error) => Number(error.field.split(".")[1])))];
      return `Nothing was sent: ${places.map((place) => `“${title(place)}”`).join(", ")} is not complete any more. Reload the page.`;
    }
    case "unavailable":
      return failure.detail || failure.message;
    default:
      return failure.message;
  }
}

async function showReceipts(place, user, titles) {
  let attempts;
  try {
    ({ data: { submissions: attempts } } = await get(url("v1", "users", user, "submissions")));
  } catch (failure) {
    if (failure?.name !== "Failure") throw failure;
    fill(place, el("p", { class: "muted" }, "What was handed in before cannot be shown now. ", failure.message));
    return;
  }
  if (!attempts.length) {
    fill(place);
    return;
  }
  fill(
    place,
    el("h3", { id: "receipts" }, "What was handed in"),
    el(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-labelledby": "receipts" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ["When", "Report", "What came of it"].map((head) => el("th", { scope: "col" }, head)))),
        el(
          "tbody",
          {},
          attempts.toReversed().map((one) =>
            el(
              "tr",
              {},
              el("td", {}, timeWords(one.submitted_at)),
              el("td", {}, el("bdi", {}, one.report_ids.map((id) => titles.get(id) ?? "a deleted report").join(", ") || "a report of another program")),
              el("td", {}, outcomeWords(one)),
            ),
          ),
        ),
      ),
    ),
  );
}

function outcomeWords(one) {
  if (one.succeeded) return [el("span", { class: "badge badge-good" }, "Confirmed"), " as ", el("code", {}, one.submission_id)];
  return [
    el("span", { class: `badge ${one.may_have_been_applied ? "badge-warn" : "badge-bad"}` }, one.may_have_been_applied ? "Not confirmed" : "Not taken"),
    " ",
    one.may_have_been_applied ? "AVID may have it all the same. Handing it in again does no harm. " : null,
    el("span", { class: "muted small" }, bdi(one.error ?? "")),
  ];
}
