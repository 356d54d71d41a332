/** Which report somebody has at hand, with a model: that which comments are added to. */

const key = (user, model) => `labelaudit:report-at-hand:${JSON.stringify([user, model])}`;

export function rememberReport(user, model, report) {
  try {
    if (report) localStorage.setItem(key(user, model), report);
    else localStorage.removeItem(key(user, model));
  } catch {
    // A full or forbidden storage costs a convenience, no more.
  }
}

export function reportAtHand(user, model) {
  try {
    return localStorage.getItem(key(user, model));
  } catch {
    return null;
  }
}
