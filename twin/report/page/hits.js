/** What is drawn at a point of the lanes' canvas. */

import { labelWidth } from "./axis.js";
import { rowAt } from "./messages.js";
import { lineOf, nearestArrow } from "./arrows.js";

/** A solve, a precoder going on air, or a message; null where there is nothing. */
export function under(app, x, y) {
  const { drawn } = app;
  if (!drawn || x < labelWidth(app)) return null;
  const cross = drawn.failed.find((spot) => Math.hypot(x - spot.x, y - spot.y) < 9);
  if (cross) return { row: cross.rows[0] };
  const solve = drawn.solves.find(
    (box) => x >= box.x - 2 && x <= box.x + box.width + 2 && y >= box.y && y <= box.y + box.height,
  );
  if (solve) return { solve: solve.solve };
  const mark = drawn.applied.find((spot) => Math.abs(x - spot.x) < 6 && y > spot.y + 4 && y < spot.y + 16);
  if (mark) return { applied: mark.applied };
  const row = nearestArrow(app.run, drawn.rows, drawn.axis, drawn.layout, x, y);
  if (row >= 0) return { row };
  return drawn.level === "strips" ? slowestAt(app, x, y) : null;
}

/** In a strip: the slowest message that reached this lane in this pixel. */
function slowestAt(app, x, y) {
  const { axis, layout } = app.drawn;
  const lane = layout.list.find((node) => Math.abs(layout.yOf[node] - y) < 9 * app.scale);
  if (lane === undefined) return null;
  const { messages } = app.run;
  const [from, to] = [axis.t(x - 1), axis.t(x + 1)];
  let [best, most] = [-1, -1];
  for (let row = rowAt(messages, from - app.run.longest); row < messages.count && messages.sent[row] < to; row += 1) {
    const leg = messages.legs[messages.leg[row]];
    const latency = messages.ended[row] - messages.sent[row];
    const inside = messages.ended[row] >= from && messages.ended[row] < to;
    if (leg.dst === lane && inside && latency > most && !app.filters.hidden.has(leg.kind))
      [best, most] = [row, latency];
  }
  return best < 0 ? null : { row: best };
}

/** The middle of a message's line, null where a lane is hidden. */
export function placeOf(app, row) {
  const line = lineOf(app.run, row, app.drawn.axis, app.drawn.layout.yOf);
  return line && { x: (line.x0 + line.x1) / 2, y: (line.y0 + line.y1) / 2 };
}
