/** Draws the plots: how much of the messages is shown depends on how many the view holds. */

import { byId } from "./dom.js";
import { viewAxis } from "./axis.js";
import { layoutLanes } from "./lanes.js";
import { MAX_HEADS, MAX_LINES, drawArrows, rowsInView } from "./arrows.js";
import { drawStrips } from "./strips.js";
import { drawBandNames, drawBands } from "./bands.js";
import { drawApplied, drawFailed, drawSolves, drawTicks } from "./marks.js";
import { drawNarrowStory, drawStory } from "./lit.js";
import { drawAge, drawSecrecy } from "./series.js";
import { MINIMAP_HEIGHT, drawMinimap } from "./minimap.js";
import { SvgSurface, joinSurfaces } from "./svg.js";
import { entityOf, spanOf } from "./story.js";

const SECRECY_HEIGHT = 96;
const AGE_HEIGHT = 86;
const DIM = 0.14;
const WIDE_STORY = 24;

/** Draw everything; returns what was drawn where, for hits and tests. */
export function paint(app) {
  const axis = viewAxis(app);
  const layout = layoutLanes(app.run, app.lanes, app.scale);
  const { scale, width } = app;
  drawMinimap(surface("minimap", width, MINIMAP_HEIGHT * scale), app, width, MINIMAP_HEIGHT * scale);
  const drawn = drawLanes(surface("lanes", width, layout.height), app, axis, layout);
  drawSecrecyPanel(surface("secrecy", width, SECRECY_HEIGHT * scale), app, axis);
  drawAgePanel(surface("age", width, AGE_HEIGHT * scale), app, axis);
  return { axis, layout, ...drawn };
}

/** The view as SVG text. */
export function paintSvg(app) {
  const axis = viewAxis(app);
  const layout = layoutLanes(app.run, app.lanes, app.scale);
  const heights = [layout.height, SECRECY_HEIGHT * app.scale, AGE_HEIGHT * app.scale];
  const [lanes, secrecy, age] = heights.map((height) => new SvgSurface(app.width, height));
  drawLanes(lanes, app, axis, layout);
  drawSecrecyPanel(secrecy, app, axis);
  drawAgePanel(age, app, axis);
  return joinSurfaces([lanes, secrecy, age], app.width, `${app.run.summary.scenario}, seed ${app.run.summary.seed}`);
}

/** A canvas of so many pixels of the page, sharp on any screen. */
function surface(id, width, height) {
  const canvas = byId(id);
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ctx;
}

function drawLanes(ctx, app, axis, layout) {
  const { theme, selection } = app;
  ctx.fillStyle = theme.ground;
  ctx.fillRect(0, 0, app.width, layout.height);
  drawFrame(ctx, app, axis, layout);
  ctx.save();
  ctx.beginPath();
  ctx.rect(axis.left, layout.top, axis.width - axis.left, layout.height - layout.top);
  ctx.clip();
  const bands = drawBands(ctx, app, axis, layout);
  const [from, to] = rowsInView(app.run, axis);
  const many = to - from;
  const level = many <= MAX_HEADS ? "arrows" : many <= MAX_LINES ? "lines" : "strips";
  const lit = selection && litWidth(app, axis) >= WIDE_STORY;
  let [rows, transitive] = [[], 0];
  if (level === "strips") drawStrips(ctx, app, axis, layout, lit ? 0.35 : 1);
  else {
    const alpha = lit ? DIM : level === "lines" ? 0.45 : 1;
    ({ drawn: rows, transitive } = drawArrows(ctx, app, axis, layout, {
      heads: level === "arrows",
      alpha,
      skip: selection?.rows,
    }));
  }
  const marks = drawMarks(ctx, app, axis, layout, level === "strips");
  if (selection && lit) drawStory(ctx, app, axis, layout);
  else if (selection) drawNarrowStory(ctx, app, axis, layout);
  if (level !== "strips" || lit) marks.solves.push(...drawSolves(ctx, app, axis, layout, true));
  const failed = drawFailed(ctx, app, axis, layout);
  drawBandNames(ctx, app, bands);
  ctx.restore();
  return { level, transitive, rows: selection ? [...rows, ...selection.rows] : rows, ...marks, failed, bands };
}

/** Solves and precoders going on air. */
function drawMarks(ctx, app, axis, layout, dense) {
  if (dense) {
    const ticks = drawTicks(ctx, app, axis, layout);
    return { solves: [], applied: [], ticks };
  }
  return {
    solves: drawSolves(ctx, app, axis, layout, false),
    applied: drawApplied(ctx, app, axis, layout),
    ticks: null,
  };
}

function litWidth(app, axis) {
  const span = app.selection.story ? spanOf(app.run, app.selection.story) : app.selection.span;
  return span ? (span[1] - span[0]) * axis.pixelsPerNs : 0;
}

/** Time ticks, lane lines and names. */
function drawFrame(ctx, app, axis, layout) {
  const { theme, run, scale } = app;
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.strokeStyle = theme.rule;
  ctx.fillStyle = theme.muted;
  ctx.lineWidth = 1;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.beginPath();
  for (const { t, text } of axis.ticks(110 * scale)) {
    const x = Math.round(axis.x(t)) + 0.5;
    ctx.moveTo(x, layout.top - 4);
    ctx.lineTo(x, layout.height);
    if (x > axis.left + 20 && x < axis.width - 24) ctx.fillText(text, x, layout.top / 2);
  }
  ctx.stroke();
  ctx.textAlign = "right";
  layout.list.forEach((node, place) => {
    const y = Math.round(layout.yOf[node]) + 0.5;
    ctx.strokeStyle = theme.rule;
    ctx.beginPath();
    ctx.moveTo(axis.left, y);
    ctx.lineTo(axis.width, y);
    ctx.stroke();
    const name = run.messages.nodes[node];
    ctx.fillStyle = app.lanes.pinned.has(node) ? theme.cost : theme.ink;
    ctx.font = `${name.includes(":") ? "" : "600 "}${12 * scale}px system-ui, sans-serif`;
    ctx.fillText(shortened(ctx, laneName(run, layout, place), axis.left - 14), axis.left - 8, y);
  });
  if (!layout.list.length) {
    ctx.textAlign = "left";
    ctx.fillText(
      run.messages.count ? "every lane is hidden" : "no messages in this run",
      axis.left + 12,
      layout.top + 20,
    );
  }
}

/** A twin right below its entity, or another twin of it, needs no more than which one it is. */
function laneName(run, layout, place) {
  const name = run.messages.nodes[layout.list[place]];
  const above = place > 0 ? run.messages.nodes[layout.list[place - 1]] : "";
  const twin = name.slice(0, name.lastIndexOf(":"));
  if (!twin || entityOf(above) !== entityOf(name)) return name;
  return twin === "rx" ? "receiver" : `${twin} twin`;
}

function shortened(ctx, text, width) {
  let shown = text;
  while (shown.length > 4 && ctx.measureText(shown).width > width) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

function drawSecrecyPanel(ctx, app, axis) {
  drawSecrecy(ctx, app, axis, SECRECY_HEIGHT * app.scale);
}

function drawAgePanel(ctx, app, axis) {
  drawAge(ctx, app, axis, AGE_HEIGHT * app.scale);
}
