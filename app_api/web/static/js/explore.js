/** Explore: saying what one thinks of a comment, and keeping it as evidence. */

import { get, send, url } from "./api.js";
import { $, $$, el, fill } from "./dom.js";
import { failed, notice } from "./notice.js";
import { DEFAULT_MODEL, loadModels, preferredModel } from "./personal_models.js";
import { rememberReport, reportAtHand } from "./report_choice.js";
import { bodyOf } from "./report_saver.js";
import { TOPIC_PREFIX, titleWords } from "./report_words.js";
import { endsWords, ratingWords } from "./scale.js";

const list = $("[data-comments]");
const user = list?.dataset.user;
let setting = null;

/** The scale, and the model that labels and reports of this page go to. */
function settingOf() {
  setting ??= Promise.all([get("/v1/corpus"), loadModels(user)]).then(([corpus, models]) => {
    const own = models.filter((model) => model.kind === "base");
    return { scale: corpus.data.scale, model: own.length ? preferredModel(user, own) : DEFAULT_MODEL };
  });
  setting.catch(() => { setting = null; });
  return setting;
}

function actions(card) {
  const item = Number(card.dataset.item);
  const label = el("button", { type: "button", class: "button button-small", "aria-expanded": "false" }, "Label this", el("span", { class: "visually-hidden" }, ` comment ${item}`));
  const evidence = el("button", { type: "button", class: "button button-small" }, "Add to evidence", el("span", { class: "visually-hidden" }, ` comment ${item}`));
  const place = el("div", { class: "label-here", hidden: true });
  label.addEventListener("click", async () => {
    const open = label.getAttribute("aria-expanded") !== "true";
    label.setAttribute("aria-expanded", String(open));
    place.hidden = !open;
    if (open && !place.children.length) await showLevels(place, item, label);
  });
  evidence.addEventListener("click", () => addEvidence(evidence, item, card.dataset.topic));
  fill($("[data-actions]", card), label, evidence);
  card.append(place);
}

async function showLevels(place, item, label) {
  fill(place, el("p", { class: "muted" }, "One moment …"));
  try {
    const { scale, model } = await settingOf();
    const said = el("p", { class: "small muted", role: "status" }, `It goes into your model “${model}”.`);
    const choose = async (value, words) => {
      said.textContent = "Saving …";
      try {
        await send("PUT", url("v1", "users", user, "models", model, "labels", item), { rating: value });
        said.replaceChildren("Saved: ", el("strong", {}, words), `, in your model “${model}”. `, el("a", { href: "/app/label" }, "Label more"));
      } catch (failure) {
        said.textContent = "Not saved.";
        for (const input of $$("input", place)) input.checked = false;
        failed(failure, () => choose(value, words));
      }
    };
    fill(
      place,
      el(
        "fieldset",
        { class: "levels" },
        el("legend", {}, "How would you rate it?", " ", el("span", { class: "hint" }, endsWords(scale))),
        [...scale.values, null].map((value) => {
          const words = ratingWords(scale, value);
          const input = el("input", { type: "radio", name: `label-${item}`, value: value === null ? "unsure" : String(value) });
          input.addEventListener("change", () => choose(value, words));
          return el("label", { class: "level" }, input, el("span", {}, words));
        }),
      ),
      said,
    );
    $("input", place).focus();
  } catch (failure) {
    if (failure?.name !== "Failure") throw failure;
    place.hidden = true;
    fill(place);
    label.setAttribute("aria-expanded", "false");
    failed(failure, () => label.click());
  }
}

/** Put a comment into the report at hand, or begin one with it. */
async function addEvidence(button, item, topic) {
  if (button.getAttribute("aria-busy") || button.getAttribute("aria-disabled")) return;
  button.setAttribute("aria-busy", "true");
  try {
    const { model } = await settingOf();
    const saved = await intoReport(model, item, topic);
    const words = `“${titleWords(saved.report.title)}”`;
    fill(button, "In the report");
    // Not `disabled`, which would take the focus away from somebody at the keyboard.
    button.setAttribute("aria-disabled", "true");
    notice(`Added to ${words}.`, { kind: "good", action: { label: "Open the report", run: () => location.assign(`/app/reports/${saved.report_id}`) } });
  } catch (failure) {
    failed(failure, () => addEvidence(button, item, topic));
  }
  button.removeAttribute("aria-busy");
}

async function intoReport(model, item, topic) {
  const list = url("v1", "users", user, "models", model, "reports");
  const at = reportAtHand(user, model);
  const known = at && (await get(list)).data.reports.some((one) => one.report_id === at);
  if (!known) {
    const { data } = await send("POST", list, { title: topic ? TOPIC_PREFIX + topic : "", evidence: [{ item_id: item }] });
    rememberReport(user, model, data.report_id);
    return data;
  }
  const path = url("v1", "users", user, "reports", at);
  for (let attempt = 0; ; attempt += 1) {
    const { data, etag } = await get(path);
    if (data.report.evidence.some((one) => one.item_id === item)) return data;
    const body = bodyOf(data.report);
    body.evidence.push({ item_id: item });
    try {
      return (await send("PUT", path, body, { ifMatch: etag })).data;
    } catch (failure) {
      // The same report is open in another window; the comment is added to its newest version.
      if (failure?.kind !== "stale-report" || attempt === 2) throw failure;
    }
  }
}

if (list && "mayWrite" in list.dataset) {
  for (const card of $$("[data-item]", list)) {
    if (user) actions(card);
    else fill($("[data-actions]", card), el("a", { class: "button button-small", href: `/app/name?next=${encodeURIComponent(location.pathname + location.search)}` }, "Label this"));
  }
}
