/**
 * The corpus' scale in words, the decisions it leads to, and names of topics and models.
 */

/** Levels of a scale: [{ value, label, key, positive }]. `key` is what one presses for it. */
export function levelsOf(scale) {
  const digits = scale.values.every((value) => Number.isInteger(value) && value >= 0);
  return scale.values.map((value, place) => ({
    value,
    label: wordsOf(scale, place),
    key: digits ? (value <= 9 ? String(value) : null) : place < 9 ? String(place + 1) : null,
    positive: value > scale.threshold,
  }));
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

/** "0 to 4". */
export function rangeWords(scale) {
  return `${short(scale.values[0])} to ${short(scale.values.at(-1))}`;
}

/** A number with at most two decimals. */
export function short(value) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);
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
