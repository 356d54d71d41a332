/**
 * Building elements. Texts become text nodes and never markup, whatever they hold.
 */

/**
 * Make an element: el("p", { class: "muted", dir: "auto" }, "text", otherElement).
 * Attributes that are null, undefined or false are left out; true gives an empty one.
 * `on` takes listeners by event, `data` data attributes by camel-cased name.
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (key === "data") {
      for (const [field, text] of Object.entries(value)) element.dataset[field] = String(text);
    } else if (key.startsWith("on") || key === "style" || key === "srcdoc") {
      throw new TypeError(`${key} is not set by attribute here`);
    } else if (key === "href" || key === "src" || key === "action") {
      element.setAttribute(key, safeUrl(String(value)));
    } else {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

/** Append texts, numbers, elements and lists of them; null, undefined and false are left out. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

/** Put children in place of what is in an element. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return append(parent, children);
}

/** A text of somebody, on its own: its direction does not disturb what stands around it. */
export function bdi(text) {
  return el("bdi", {}, text);
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Return an address of this server, or "#" for anything else, javascript: above all. */
export function safeUrl(text) {
  try {
    const url = new URL(text, document.baseURI);
    return url.origin === location.origin && /^https?:$/.test(url.protocol) ? url.href : "#";
  } catch {
    return "#";
  }
}

/** 1,234 and the like, as the pages from the server write it. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** "1 comment", "2 comments". */
export function counted(n, noun, plural = `${noun}s`) {
  return `${number(n)} ${n === 1 ? noun : plural}`;
}

/** Call a function at most once in a while: after the last call, by default 250 ms. */
export function debounced(call, milliseconds = 250) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds, ...given);
  };
}
