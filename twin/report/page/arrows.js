/** Messages as slanted arrows between lanes, for views that hold few enough of them. */

import { lowerBound } from "./messages.js";
import { lostOnTheWay } from "./theme.js";

export const MAX_HEADS = 2500;
export const MAX_LINES = 6000;
const HEAD = 6;
const MAX_BACK = 16;

/** Rows that may be seen in the view: sent before its end, and not so early that all have arrived. */
export function rowsInView(run, axis) {
  const { sent } = run.messages;
  return [lowerBound(sent, axis.t0 - run.longest), lowerBound(sent, axis.t1 + 1)];
}

/** Which kinds of legs pass the filters, as one flag per leg. */
export function visibleLegs(run, filters) {
  return Uint8Array.from(run.messages.legs, ({ kind }) => (filters.hidden.has(kind) ? 0 : 1));
}

/**
 * The line of a message: from where and when to where and when, and whether that is all of its way.
 * @returns {{x0: number, y0: number, x1: number, y1: number, whole: boolean}|null} null where a lane is hidden
 */
export function lineOf(run, row, axis, yOf) {
  const { messages } = run;
  const { src, dst } = messages.legs[messages.leg[row]];
  const [y0, y1] = [yOf[src], yOf[dst]];
  if (Number.isNaN(y0) || Number.isNaN(y1)) return null;
  const x0 = axis.x(messages.sent[row]);
  const ended = messages.ended[row];
  if (Number.isNaN(ended)) return { x0, y0, x1: axis.x(run.endNs), y1: y0 + 0.5 * (y1 - y0), whole: false };
  const x1 = axis.x(ended);
  if (lostOnTheWay(messages.fates[messages.fate[row]])) return { x0, y0, x1, y1: y0 + 0.5 * (y1 - y0), whole: false };
  return { x0, y0, x1, y1, whole: true };
}

/**
 * Draw the messages of the view, a path for each kind; returns the rows drawn, and how many arrows stand for
 * a way through hidden lanes.
 * @param {boolean} heads with arrow heads
 */
export function drawArrows(ctx, app, axis, layout, { heads, alpha, skip }) {
  const { run, theme } = app;
  const { messages } = run;
  const legs = visibleLegs(run, app.filters);
  const [from, to] = rowsInView(run, axis);
  const byKind = theme.kinds.map(() => []);
  const transitive = theme.kinds.map(() => []);
  const drawn = [];
  for (let row = from; row < to; row += 1) {
    const leg = messages.legs[messages.leg[row]];
    if (
      !legs[leg.index] ||
      (skip && skip.has(row)) ||
      !(messages.ended[row] >= axis.t0 || messages.ended[row] !== messages.ended[row])
    )
      continue;
    const line = lineOf(run, row, axis, layout.yOf);
    if (line) {
      byKind[leg.kind].push(line);
      drawn.push(row);
    } else {
      const around = aroundHidden(run, row, axis, layout.yOf);
      if (around) transitive[leg.kind].push(around);
    }
  }
  ctx.save();
  ctx.globalAlpha = alpha;
  theme.kinds.forEach((kind, index) => {
    strokeLines(ctx, transitive[index], kind.colour, 1, [3, 4]);
    strokeLines(ctx, byKind[index], kind.colour, heads ? 1.3 : 1, kind.dash);
    if (heads) fillHeads(ctx, [...byKind[index], ...transitive[index]], kind.colour, HEAD);
  });
  ctx.restore();
  return { drawn, transitive: transitive.reduce((sum, lines) => sum + lines.length, 0) };
}

/** One dashed arrow for a message that reaches a lane from hidden ones: from the last shown lane on its way. */
export function aroundHidden(run, row, axis, yOf) {
  const { messages } = run;
  const { src, dst } = messages.legs[messages.leg[row]];
  if (Number.isNaN(yOf[dst]) || !Number.isNaN(yOf[src]) || Number.isNaN(messages.ended[row])) return null;
  let origin = messages.parent[row];
  for (let back = 0; origin >= 0 && back < MAX_BACK; back += 1, origin = messages.parent[origin]) {
    const y0 = yOf[messages.legs[messages.leg[origin]].src];
    if (!Number.isNaN(y0)) {
      const whole = !lostOnTheWay(messages.fates[messages.fate[row]]);
      return { x0: axis.x(messages.sent[origin]), y0, x1: axis.x(messages.ended[row]), y1: yOf[dst], whole };
    }
  }
  return null;
}

/** Stroke all lines as one path. */
export function strokeLines(ctx, lines, colour, width, dash = []) {
  if (!lines.length) return;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.beginPath();
  for (const { x0, y0, x1, y1 } of lines) {
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Heads at the ends of the lines that arrived. */
export function fillHeads(ctx, lines, colour, size) {
  ctx.fillStyle = colour;
  ctx.beginPath();
  for (const { x0, y0, x1, y1, whole } of lines) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (!whole || length < 1) continue;
    const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
    ctx.moveTo(x1, y1);
    ctx.lineTo(x1 - size * ux - 0.45 * size * uy, y1 - size * uy + 0.45 * size * ux);
    ctx.lineTo(x1 - size * ux + 0.45 * size * uy, y1 - size * uy - 0.45 * size * ux);
    ctx.closePath();
  }
  ctx.fill();
}

/** The row of the message nearest to a point, -1 if none is within `reach` pixels. */
export function nearestArrow(run, rows, axis, layout, x, y, reach = 7) {
  let [best, least] = [-1, reach];
  for (const row of rows) {
    const line = lineOf(run, row, axis, layout.yOf);
    if (!line) continue;
    const distance = toSegment(line, x, y);
    if (distance < least) [best, least] = [row, distance];
  }
  return best;
}

function toSegment({ x0, y0, x1, y1 }, x, y) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const place = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - place * dx, y - y0 - place * dy);
}
