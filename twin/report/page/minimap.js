/** The whole run in 34 pixels: the slow share over all lanes, what was lost, and where the view is. */

import { Axis, labelWidth } from "./axis.js";
import { endOf } from "./messages.js";
import { countSlow, drawStrip } from "./strips.js";
import { drawBandsSmall } from "./bands.js";

export const MINIMAP_HEIGHT = 34;

/** Axis of the whole run. */
export function wholeAxis(app, width) {
  return new Axis(0, app.run.endNs, width, labelWidth(app));
}

/** Draw the minimap. Its strip depends on filters and width alone and is counted once for them. */
export function drawMinimap(ctx, app, width, height) {
  const { theme, run } = app;
  const axis = wholeAxis(app, width);
  const key = `${width} ${app.scale} ${[...app.filters.hidden].sort().join()}`;
  if (app.minimap?.key !== key) app.minimap = { key, counts: countSlow(run, app.filters, axis, () => 0, 1) };
  ctx.fillStyle = theme.ground;
  ctx.fillRect(0, 0, width, height);
  drawStrip(ctx, theme, app.minimap.counts, 0, axis.left, 8, height - 16);
  ctx.fillStyle = theme.ink;
  let last = -Infinity;
  for (const row of run.messages.failedByEnd) {
    const x = Math.round(axis.x(endOf(run.messages, row)));
    if (x - last < 1) continue;
    last = x;
    ctx.fillRect(x, 1, 1, 6);
  }
  drawBandsSmall(ctx, app, axis, height);
  const [x0, x1] = windowOf(app, axis);
  ctx.fillStyle = theme.ground;
  ctx.globalAlpha = 0.45;
  ctx.fillRect(axis.left, 0, x0 - axis.left, height);
  ctx.fillRect(x1, 0, width - x1, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = theme.ink;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(x0, 1, x1 - x0, height - 2);
  ctx.fillStyle = theme.muted;
  ctx.font = `${11 * app.scale}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillText("whole run", axis.left - 8, height / 2);
}

/** The view's window on the minimap in pixels, wide enough to be seen. */
function windowOf(app, axis) {
  const x0 = Math.max(axis.left, axis.x(app.view.t0));
  const x1 = Math.min(axis.width - 1, axis.x(app.view.t1));
  const width = Math.max(4, x1 - x0);
  const start = Math.min(Math.max(axis.left, (x0 + x1 - width) / 2), axis.width - 1 - width);
  return [start, start + width];
}
