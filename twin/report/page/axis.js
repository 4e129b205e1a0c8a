/** Time on the horizontal axis: from ns to pixels, ticks and their text. */

const LABEL_WIDTH = 112;
const MIN_SPAN_NS = 200;

/** A view of [t0, t1] ns on pixels [left, width). */
export class Axis {
  constructor(t0, t1, width, left) {
    Object.assign(this, { t0, t1, width, left, pixelsPerNs: (width - left) / (t1 - t0) });
  }

  /** Pixel of an instant. */
  x(t) {
    return this.left + (t - this.t0) * this.pixelsPerNs;
  }

  /** Instant of a pixel. */
  t(x) {
    return this.t0 + (x - this.left) / this.pixelsPerNs;
  }

  /** Round instants about `gap` pixels apart, with their text. */
  ticks(gap = 110) {
    const step = roundStep(gap / this.pixelsPerNs);
    const found = [];
    for (let t = Math.ceil(this.t0 / step) * step; t <= this.t1; t += step) found.push({ t, text: instant(t, step) });
    return found;
  }
}

/** The axis of what the page shows. */
export function viewAxis(app) {
  return new Axis(app.view.t0, app.view.t1, app.width, labelWidth(app));
}

/** Pixels that the names of lanes take. */
export function labelWidth(app) {
  return Math.round(LABEL_WIDTH * app.scale);
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999);
}

/** An instant in seconds with the digits that a step needs. */
export function instant(ns, step) {
  const digits = Math.min(9, Math.max(0, -Math.floor(Math.log10(step / 1e9) + 1e-9)));
  return `${(ns / 1e9).toFixed(digits)}\u202fs`;
}

/** A view within a run: no wider than the run and its margins, no narrower than can be drawn. */
export function bounded(t0, t1, endNs) {
  const margin = 0.01 * endNs;
  const span = Math.min(Math.max(t1 - t0, MIN_SPAN_NS), endNs + 2 * margin);
  const start = Math.min(Math.max((t0 + t1 - span) / 2, -margin), endNs + margin - span);
  return [start, start + span];
}
