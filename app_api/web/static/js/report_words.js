/**
 * Reports in plain words: what they can say, what is still needed, and drafts by their methods.
 * Values are those of the API, words those of the pages.
 */

import { topicWords } from "./scale.js";

export { topicWords };

export const TOPIC_PREFIX = "Topic: ";
export const LONGEST_TITLE = 500;
export const LONGEST_TEXT = 20_000;
export const MOST_EVIDENCE = 100;

export const FINDINGS = [
  { value: "System is over-sensitive", label: "It flags what is fine", hint: "over-sensitive" },
  { value: "System is under-sensitive", label: "It lets pass what it should not", hint: "under-sensitive" },
  { value: "Show errors and non-errors", label: "Some of both, or errors beside what is right", hint: "" },
];

export const HARMS = [
  { value: "Accuracy", label: "It is simply wrong", hint: "Accuracy: it does its task badly." },
  { value: "Bias/Discrimination", label: "It treats people unequally", hint: "Bias or discrimination: some groups or their language suffer more." },
  { value: "Adversarial Example", label: "It can be tricked", hint: "Adversarial example: spelling or phrasing gets around it." },
  { value: "Other", label: "Something else", hint: "" },
];

const NEEDED = {
  evidence: "at least one comment as evidence",
  text_entry: "what is wrong, in your words",
  sep_selection: "the kind of harm",
};

/** What a report still needs before it can be handed on, as the server judges it. */
export function missingOf(content) {
  const missing = content.evidence.length ? [] : ["evidence"];
  if (content.complete_status) return missing;
  for (const name of ["text_entry", "sep_selection"]) {
    if (!content[name].trim()) missing.push(name);
  }
  return missing;
}

/** "Still needed: …", or null for a complete report. */
export function neededWords(missing) {
  return missing.length ? `Still needed: ${missing.map((name) => NEEDED[name] ?? name).join("; ")}.` : null;
}

/** The topic that a title names, or null. */
export function topicOf(title) {
  const name = title.startsWith(TOPIC_PREFIX) ? title.slice(TOPIC_PREFIX.length) : "";
  return /^-?\d+_.+$/.test(name) ? name : null;
}

/** A title as it is shown; never empty. */
export function titleWords(title) {
  const topic = topicOf(title);
  if (topic) return `Topic: ${topicWords(topic)}`;
  return title.trim() || "Report without a title";
}

export function findingWords(value) {
  return FINDINGS.find((one) => one.value === value)?.label ?? (value || "not chosen yet");
}

export function harmWords(value) {
  return HARMS.find((one) => one.value === value)?.label ?? (value || "not chosen yet");
}

/** Ways to come by drafts, the first one being the default. */
export const METHODS = [
  {
    value: "personal",
    label: "Where you and the system differ",
    about: "Up to ten topics in which your model says most clearly that you would decide otherwise than the system.",
    needsModel: true,
  },
  {
    value: "fixed",
    label: "Topics to start with",
    about: "Five topics that the people who run this installation have chosen, or the five largest.",
  },
  {
    value: "prompts",
    label: "Questions about your community",
    about: "Five questions to think about: words your community uses, who attacks it and how, and what the system makes of that.",
  },
  {
    value: "tutorial",
    label: "One topic to practise on",
    about: "A single topic, to get to know how an audit goes.",
  },
  { value: "none", label: "An empty report", about: "Nothing is given; you know already what you want to report." },
];

/** How the personal drafts compare topics, the first one being the default. */
export const COMPARISONS = [
  { value: "fp_fn", label: "most comments decided wrongly", about: "Topics with the largest share of comments that the system flags, or lets pass, against your judgement." },
  { value: "median", label: "medians farthest apart", about: "Topics in which your middle rating and the system's fall on different sides, farthest apart first." },
  { value: "mean", label: "means farthest apart", about: "The same with average ratings; single extreme comments count more." },
  { value: "mae", label: "largest average difference", about: "Topics in which your ratings and the system's differ most, comment by comment, in whichever direction." },
  { value: "mse", label: "largest squared difference", about: "The same, with large differences counting more than many small ones." },
  { value: "avg_diff", label: "largest tilt to one side", about: "Topics that the system rates higher, or lower, than you throughout." },
];

/** "28 November 2026 at 19:40", as on pages from the server, in the reader's own zone. */
export function timeWords(text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime())
    ? ""
    : new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" }).format(time);
}
