/** The lit story over the plot: its arrows on halos, the critical path heavy, and what the other inputs waited. */

import { duration } from "./dom.js";
import { aroundHidden, fillHeads, lineOf, strokeLines } from "./arrows.js";
import { halo } from "./marks.js";

/** The story where it is too narrow for arrows: a band, with its arrows as thin lines. */
export function drawNarrowStory(ctx, app, axis, layout) {
  const { selection, theme } = app;
  const middle = (axis.x(selection.span[0]) + axis.x(selection.span[1])) / 2;
  const width = Math.max(6, axis.x(selection.span[1]) - axis.x(selection.span[0]));
  ctx.save();
  ctx.fillStyle = theme.cost;
  ctx.globalAlpha = 0.35;
  ctx.fillRect(middle - width / 2, layout.top, width, layout.height - layout.top);
  ctx.restore();
  const lines = [...selection.rows]
    .map((row) => ({ row, line: lineOf(app.run, row, axis, layout.yOf) }))
    .filter(({ line }) => line);
  theme.kinds.forEach(({ colour }, kind) => {
    strokeLines(
      ctx,
      ofKind(app.run, lines, kind).map(({ line }) => line),
      colour,
      1.4,
    );
  });
}

/** The lit story: a halo under every arrow, the critical path heavy, what other inputs waited beside their heads. */
export function drawStory(ctx, app, axis, layout) {
  const { selection, theme, run } = app;
  if (!selection) return;
  const heavy = new Set(selection.critical);
  const lines = [];
  for (const row of selection.rows) {
    const direct = lineOf(run, row, axis, layout.yOf);
    const line = direct || aroundHidden(run, row, axis, layout.yOf);
    if (line && line.x1 >= axis.left - 50 && line.x0 <= axis.width + 50)
      lines.push({ ...line, row, heavy: heavy.has(row), direct: Boolean(direct) });
  }
  ctx.save();
  ctx.lineCap = "round";
  strokeLines(ctx, lines, theme.ground, 6 + 3.4);
  ctx.globalAlpha = 0.22;
  theme.kinds.forEach(({ colour }, kind) => strokeLines(ctx, ofKind(run, lines, kind), colour, 6 + 3.4));
  ctx.globalAlpha = 1;
  ctx.lineCap = "butt";
  theme.kinds.forEach(({ colour, dash }, kind) => {
    const mine = ofKind(run, lines, kind);
    for (const [isHeavy, width] of [
      [false, 1.4],
      [true, 3.4],
    ]) {
      strokeLines(
        ctx,
        mine.filter((line) => line.direct && line.heavy === isHeavy),
        colour,
        width,
        dash,
      );
      strokeLines(
        ctx,
        mine.filter((line) => !line.direct && line.heavy === isHeavy),
        colour,
        width,
        [6, 4],
      );
    }
    fillHeads(
      ctx,
      mine.filter((line) => !line.heavy),
      colour,
      8,
    );
    fillHeads(
      ctx,
      mine.filter((line) => line.heavy),
      colour,
      12,
    );
  });
  drawWaits(ctx, app, axis, layout, selection.story);
  ctx.restore();
}

function ofKind(run, lines, kind) {
  return lines.filter(({ row }) => run.messages.legs[run.messages.leg[row]].kind === kind);
}

function drawWaits(ctx, app, axis, layout, story) {
  if (!story) return;
  const { theme, run, scale } = app;
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.fillStyle = theme.ink;
  ctx.strokeStyle = theme.ink;
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  const taken = [];
  for (const input of [...story.inputs].sort((a, b) => b.waited - a.waited)) {
    const node = run.messages.legs[run.messages.leg[input.row]].dst;
    const y = layout.yOf[node];
    const [x0, x1] = [axis.x(run.messages.finish[input.row]), axis.x(run.solves.begin[input.solve])];
    if (input.critical || Number.isNaN(y) || x1 - x0 < 24) continue;
    strokeLines(ctx, [{ x0, y0: y, x1, y1: y }], theme.ink, 1.4, [2, 2]);
    const text = `waited ${duration(input.waited)}`;
    const left = Math.min(x0 + 5, Math.max(x0 - 60, x1 - ctx.measureText(text).width - 6));
    const right = left + ctx.measureText(text).width;
    const level = taken.filter((other) => other.y === y && other.left < right + 4 && other.right > left - 4).length;
    taken.push({ y, left, right });
    halo(ctx, text, left, y - 3 - 13 * scale * level, theme);
  }
}
