/**
 * What a lane shows when the view holds too many messages for arrows: of the messages that reached it in each pixel
 * the share that was slow, that is slower than 95 % of all on its leg. Counts alone would be solid bars.
 */

import { lowerBound } from "./messages.js";
import { RAMP_CUTS } from "./theme.js";
import { visibleLegs } from "./arrows.js";

const STRIP = 15;

/**
 * Messages and slow ones for each lane and pixel.
 * @returns {{total: Uint32Array, slow: Uint32Array, columns: number, lanes: number}}
 */
export function countSlow(run, filters, axis, laneOf, lanes) {
  const { messages } = run;
  const columns = Math.max(1, Math.ceil(axis.width - axis.left));
  const total = new Uint32Array(columns * lanes);
  const slow = new Uint32Array(columns * lanes);
  const shown = visibleLegs(run, filters);
  const base = Int32Array.from(messages.legs, ({ index, dst }) =>
    shown[index] && laneOf(dst) >= 0 ? laneOf(dst) * columns : -1,
  );
  const { sent, ended, leg, slow: isSlow } = messages;
  const from = lowerBound(sent, axis.t0 - run.longest);
  const to = lowerBound(sent, axis.t1);
  const [t0, scale] = [axis.t0, axis.pixelsPerNs];
  for (let row = from; row < to; row += 1) {
    const start = base[leg[row]];
    if (start < 0) continue;
    const place = (ended[row] - t0) * scale;
    if (!(place >= 0 && place < columns)) continue;
    const cell = start + (place | 0);
    total[cell] += 1;
    slow[cell] += isSlow[row];
  }
  return { total, slow, columns, lanes };
}

/** Draw a strip for each lane; returns how many cells hold messages. */
export function drawStrips(ctx, app, axis, layout, alpha) {
  const place = new Int32Array(app.run.messages.nodes.length).fill(-1);
  layout.list.forEach((node, index) => {
    place[node] = index;
  });
  const counts = countSlow(app.run, app.filters, axis, (node) => place[node], layout.list.length);
  const height = STRIP * app.scale;
  ctx.save();
  ctx.globalAlpha = alpha;
  layout.list.forEach((node, lane) => {
    drawStrip(ctx, app.theme, counts, lane, axis.left, layout.yOf[node] - height / 2, height);
  });
  ctx.restore();
  return counts;
}

/** One strip; a pixel with any message is drawn, however few there are. */
export function drawStrip(ctx, theme, counts, lane, left, top, height) {
  const { total, slow, columns } = counts;
  const runs = theme.ramp.map(() => []);
  for (let x = 0, end = 0; x < columns; x = end) {
    const level = levelAt(total, slow, lane * columns + x);
    for (end = x + 1; end < columns && levelAt(total, slow, lane * columns + end) === level;) end += 1;
    if (level >= 0) runs[level].push(x, end - x);
  }
  runs.forEach((stretches, level) => {
    ctx.fillStyle = theme.ramp[level];
    for (let i = 0; i < stretches.length; i += 2) ctx.fillRect(left + stretches[i], top, stretches[i + 1], height);
  });
}

function levelAt(total, slow, cell) {
  if (!total[cell]) return -1;
  const share = slow[cell] / total[cell];
  let level = 0;
  while (level < RAMP_CUTS.length && share >= RAMP_CUTS[level]) level += 1;
  return level;
}
