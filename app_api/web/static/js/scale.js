/**
 * The corpus' scale in words, the decisions it leads to, and names of topics and models.
 */

/** Keys for the levels of a scale whose values are no digits, in the order of the keyboard. */
const KEYS = "1234567890t";

/**
 * Levels of a scale: [{ value, label, key, positive }]. `key` is what one presses for it: the value
 * itself where that is a digit, "t" for ten; else 1, 2, 3 … by their order.
 */
export function levelsOf(scale) {
  const digits = scale.values.every((value) => Number.isInteger(value) && value >= 0 && value <= 10);
  return scale.values.map((value, place) => ({
    value,
    label: wordsOf(scale, place),
    key: digits ? (value === 10 ? "t" : String(value)) : KEYS[place],
    positive: value > scale.threshold,
  }));
}

/**
 * Which end of a scale of bare numbers is which: { low, high }; null for scales with words between
 * their ends, and for two levels, which say it beside each number.
 */
export function endsOf(scale) {
  const words = scale.values.map((_, place) => wordsOf(scale, place));
  if (words.length < 3 || words.slice(1, -1).some(Boolean)) return null;
  return { low: words[0] || "lowest", high: words.at(-1) || "highest" };
}

/** "0 lowest, 10 highest"; empty for a scale that explains itself. */
export function endsWords(scale) {
  const ends = endsOf(scale);
  return ends ? `${short(scale.values[0])} ${ends.low}, ${short(scale.values.at(-1))} ${ends.high}` : "";
}

function wordsOf(scale, place) {
  const label = scale.labels[place] ?? "";
  return label.trim() === "" || Number(label) === scale.values[place] ? "" : label;
}

/** "3, very toxic"; "not sure" for null. */
export function ratingWords(scale, rating) {
  if (rating === null || rating === undefined) return "not sure";
  const words = wordsOf(scale, scale.values.indexOf(rating));
  return words ? `${short(rating)}, ${words}` : short(rating);
}

/** What a decision is, on a scale of anything. */
export function decisionWords(positive) {
  return positive ? "flags it" : "lets it pass";
}

/** "0 to 4". */
export function rangeWords(scale) {
  return `${short(scale.values[0])} to ${short(scale.values.at(-1))}`;
}

/** A number with at most two decimals. */
export function short(value) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);
}

/** A rating as precise as its scale is wide: from 0 to 1 a tenth would hide on which side it is. */
export function ratingOn(scale, value) {
  return value.toFixed(scale.values.at(-1) - scale.values[0] > 2 ? 1 : 2);
}

/** A rating in a column of ratings. */
export function rating(value) {
  return value.toFixed(2);
}

/** 0.123 as "12 %"; small shares keep a decimal. */
export function percent(share) {
  const value = 100 * share;
  const digits = value > 0 && value < 1 ? 1 : 0;
  return `${new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value)}\u00a0%`;
}

export const ERRORS = {
  none: { badge: "decides like you", tone: "quiet" },
  "over-sensitive": { badge: "flags wrongly", tone: "over" },
  "under-sensitive": { badge: "lets pass wrongly", tone: "under" },
};

/** The words of a topic's name: "loot, boss, raid, squad" for 3_loot_boss_raid_squad. */
export function topicWords(topic) {
  const found = /^(-?\d+)_(.+)$/.exec(topic);
  if (!found) return topic;
  const words = found[2].split("_").filter(Boolean).join(", ");
  return found[1].startsWith("-") ? `in no topic (${words})` : words;
}

/** What a model is, in words. */
export function modelWords(model) {
  if (model.kind === "topic") return `${model.name} (tuned to ${topicWords(model.topic ?? "")})`;
  if (model.kind === "group") return `${groupWords(model.group)} (group)`;
  return model.name;
}

/** Conditions on a group: "gender: Female; race: White". */
export function groupWords(group) {
  const parts = Object.entries(group ?? {}).map(([column, value]) => {
    const values = [value].flat().filter((one) => one !== null && one !== "");
    return values.length ? `${columnWords(column)}: ${values.join(", ")}` : null;
  });
  return parts.filter(Boolean).join("; ") || "a group";
}

/** A column's name as people write it. */
export function columnWords(column) {
  return column.replaceAll("_", " ").replace("affilation", "affiliation");
}
