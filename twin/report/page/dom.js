/** Elements without markup: text from a run is only ever text. */

/**
 * @param {string} tag
 * @param {Object<string, *>} attributes functions become listeners, `class` and the rest attributes; null is left out
 * @param {...(Node|string|number|null)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(
    ...children
      .filter((child) => child !== null && child !== undefined)
      .map((c) => (c instanceof Node ? c : String(c))),
  );
  return made;
}

/** @param {string} id */
export function byId(id) {
  return document.getElementById(id);
}

/** Replace what an element holds. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Whole numbers with thin spaces between thousands. */
export function grouped(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** A duration in ns, as a person says it. */
export function duration(ns) {
  if (!Number.isFinite(ns)) return "–";
  const size = Math.abs(ns);
  if (size === 0) return "0";
  if (size < 1e3) return `${Math.round(ns)} ns`;
  if (size < 1e6) return `${significant(ns / 1e3)} µs`;
  if (size < 1e9) return `${significant(ns / 1e6)} ms`;
  return `${significant(ns / 1e9)} s`;
}

function significant(value) {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toFixed(digits);
}

/** A number with so many decimals, a dash where there is none. */
export function fixed(value, digits = 2) {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** A share of 1 as per cent. */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = 100 * share;
  return `${value > 0 && value < 0.95 ? value.toFixed(1) : Math.round(value)}\u202f%`;
}
