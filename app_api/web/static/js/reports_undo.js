/** Deleting a report can be undone, also from the page that comes after. */

import { send, url } from "./api.js";
import { failed, notice } from "./notice.js";

const KEY = "labelaudit:deleted-report";

/** Have the next page of this tab offer to undo a deletion. */
export function offerUndo(deleted) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(deleted));
  } catch {
    // The report can still be brought back from its page.
  }
}

/** Offer what `offerUndo` left; `restored()` is called when the report is back. */
export function showOfferedUndo(restored) {
  let deleted = null;
  try {
    deleted = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
  } catch {
    return;
  }
  if (deleted) showUndo(deleted, restored);
}

export function showUndo(deleted, restored) {
  notice(`“${deleted.title}” was deleted.`, { action: { label: "Undo", run: () => restore(deleted, restored) } });
}

async function restore(deleted, restored) {
  try {
    await send(
      "POST",
      url("v1", "users", deleted.user, "reports", deleted.report, "restorations"),
      { version: Number(deleted.version) },
      { ifMatch: "*" },
    );
    restored();
  } catch (failure) {
    failed(failure, () => restore(deleted, restored));
  }
}
