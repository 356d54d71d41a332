/** Charts and reasons of the constitution, loaded when somebody looks at them. */

import { get, query, url } from "./api.js";
import { drawChart } from "./chart.js";
import { $, $$, el, fill } from "./dom.js";
import { failed } from "./notice.js";

function perspectives(guideline, version) {
  return query(url("v1", "constitution", "charts", "perspectives", guideline), { version });
}

for (const details of $$(".who-helps")) {
  details.addEventListener("toggle", () => {
    if (details.open && !details.dataset.loaded) load(details);
  });
}

async function load(details) {
  details.dataset.loaded = "true";
  const { guideline, version } = details.dataset;
  drawChart($("[data-chart]", details), perspectives(guideline, version), {
    label: "Helpful and not helpful ratings over the range of perspectives",
    title: false,
    empty: "Nobody has rated it yet.",
  });
  const place = $("[data-reasons]", details);
  try {
    const { data } = await get(query(url("v1", "constitution", "guidelines", guideline), { version }));
    fill(
      place,
      el(
        "ul",
        { class: "tests small" },
        data.reasons.map((one) =>
          el(
            "li",
            {},
            el("span", { class: one.passed ? "test-passed" : "test-failed", "aria-hidden": "true" }, one.passed ? "✓" : "✕"),
            el("span", {}, el("span", { class: "visually-hidden" }, one.passed ? "Passed: " : "Not passed: "), one.sentence),
          ),
        ),
      ),
      el("ul", { class: "plain-list small" }, data.support.map((sentence) => el("li", {}, sentence))),
      el("p", { class: "small" }, data.nearest_change.sentence),
    );
  } catch (failure) {
    delete details.dataset.loaded;
    fill(place, el("p", { class: "muted small" }, "The reasons cannot be shown at the moment."));
    failed(failure, () => load(details));
  }
}

for (const figure of $$("[data-chart-of]")) {
  drawChart(figure, perspectives(figure.dataset.chartOf, figure.dataset.version), {
    label: "Helpful and not helpful ratings over the range of perspectives; the table below says the same",
    title: false,
  });
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      drawChart(target, target.dataset.lazy, { label: target.dataset.label });
    }
  },
  { rootMargin: "300px" },
);
for (const figure of $$("[data-lazy]")) {
  // Its place is there before somebody scrolls to it, so that nothing jumps.
  fill(figure, el("div", { class: "chart-view" }));
  seen.observe(figure);
}

// Choosing a topic shows it at once; without scripts the button does.
$("#topic")?.addEventListener("change", (event) => event.target.form.requestSubmit());
