/** The page of one report: its editor, its versions, and its end. */

import { get, send, url } from "./api.js";
import { $, el, fill } from "./dom.js";
import { failed } from "./notice.js";
import { rememberReport } from "./report_choice.js";
import { ReportEditor } from "./report_editor.js";
import { CommentFinder } from "./report_finder.js";
import { timeWords } from "./report_words.js";
import { offerUndo } from "./reports_undo.js";

const page = $("[data-report-page]");
const { user, model, report, suffix } = page.dataset;
const place = $("[data-editor]");

async function topicsOrNone() {
  try {
    return (await get("/v1/topics")).data.topics;
  } catch {
    // Before comments are prepared there are none; a title of one's own works all the same.
    return [];
  }
}

async function open() {
  rememberReport(user, model, report);
  const topics = await topicsOrNone();
  const editor = new ReportEditor(place, {
    user,
    model,
    report,
    topics,
    onTitle: (words) => {
      fill($("[data-heading]"), words);
      document.title = `${words} · LabelAudit`;
    },
    onFind: () => new CommentFinder({ user, model, topics, content: () => editor.content, onAdd: (entry) => editor.add(entry) }).open(),
  });
  try {
    await editor.open();
  } catch (failure) {
    await editor.close();
    if (failure?.name !== "Failure") throw failure;
    fill(
      place,
      el("div", { class: "note note-bad stack stack-small" }, el("p", {}, failure.message), el("p", { class: "actions" }, el("button", { type: "button", class: "button", on: { click: open } }, "Try again"))),
    );
    return;
  }
  $("[data-delete]").addEventListener("click", () => remove(editor));
}

async function remove(editor) {
  try {
    await editor.saver.flush();
    const { version } = editor.saver;
    await send("DELETE", url("v1", "users", user, "reports", report), undefined, { ifMatch: editor.saver.etag });
    await editor.close();
    offerUndo({ user, report, version, title: $("[data-heading]").textContent });
    location.assign(`/app/reports${suffix}`);
  } catch (failure) {
    failed(failure, () => remove(editor));
  }
}

/** Of versions that were saved within a few minutes the last one stands for all. */
const TOGETHER_MS = 5 * 60_000;

async function showVersions() {
  const list = $("[data-versions-list]");
  fill(list, el("p", { class: "muted" }, "Looking …"));
  try {
    const { data } = await get(url("v1", "users", user, "reports", report, "versions"));
    const all = data.versions.toReversed();
    const apart = all.filter((one, n) => n === 0 || new Date(all[n - 1].saved_at) - new Date(one.saved_at) > TOGETHER_MS || one.version === 1);
    showList(list, apart, all);
  } catch (failure) {
    fill(list, el("p", { class: "muted" }, failure?.name === "Failure" ? failure.message : "This cannot be shown."));
  }
}

function showList(list, shown, all) {
  const extra = suffix ? `&${suffix.slice(1)}` : "";
  fill(
    list,
    el(
      "ul",
      { class: "version-list" },
      shown.map((one) =>
        el(
          "li",
          {},
          el("a", { href: `/app/reports/${report}?version=${one.version}${extra}` }, `Version ${one.version}`),
          " ",
          el("span", { class: "muted small" }, timeWords(one.saved_at), one.is_current ? " · the newest" : null),
        ),
      ),
    ),
    shown.length < all.length
      ? el("button", { type: "button", class: "link-button", on: { click: () => showList(list, all, all) } }, `Show all ${all.length} saved states`)
      : null,
  );
}

const versions = $("[data-versions]");
versions.addEventListener("toggle", () => versions.open && showVersions());

open();
