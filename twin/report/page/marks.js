/** What is drawn at every zoom: lost messages, solves and precoders going on air. */

import { endOf, lowerBound } from "./messages.js";
import { letterOf, lostOnTheWay } from "./theme.js";

const CROSS = 4;
const CROSS_GAP = 32;
const SOLVE_HEIGHT = 20;

/** A cross and a letter where each message ended that did not make it; near ones share a cross and are counted. */
export function drawFailed(ctx, app, axis, layout) {
  const { theme, scale } = app;
  const groups = groupFailed(app, axis, layout);
  ctx.save();
  ctx.strokeStyle = theme.ink;
  ctx.fillStyle = theme.ink;
  ctx.lineWidth = 1.6;
  ctx.font = `600 ${11 * scale}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.beginPath();
  for (const { x, y } of groups) {
    ctx.moveTo(x - CROSS, y - CROSS);
    ctx.lineTo(x + CROSS, y + CROSS);
    ctx.moveTo(x - CROSS, y + CROSS);
    ctx.lineTo(x + CROSS, y - CROSS);
  }
  ctx.stroke();
  for (const { x, y, letter, rows } of groups) {
    const text = rows.length > 1 ? `${letter}${rows.length}` : letter;
    halo(ctx, text, x + CROSS + 2, y, theme);
  }
  ctx.restore();
  return groups;
}

/** What failed in the view; what ends within the width of a cross and its label after another one joins it. */
function groupFailed(app, axis, layout) {
  const { messages } = app.run;
  const groups = [];
  const last = new Map();
  for (const row of messages.failedByEnd) {
    const when = endOf(messages, row);
    if (when < axis.t0 || when > axis.t1) continue;
    const y = heightOfCross(app, layout, row);
    if (y === null) continue;
    const x = axis.x(when);
    const letter = letterOf(messages.fates[messages.fate[row]]);
    const key = `${Math.round(y)} ${letter}`;
    const near = last.get(key);
    if (near && x - near.x < CROSS_GAP * app.scale) near.rows.push(row);
    else {
      last.set(key, { x, y, letter, rows: [row] });
      groups.push(last.get(key));
    }
  }
  return groups;
}

/** Where a failed message ended: on the lane that refused it, or between two; null where both are hidden. */
function heightOfCross({ filters, run: { messages } }, layout, row) {
  const leg = messages.legs[messages.leg[row]];
  const [ySrc, yDst] = [layout.yOf[leg.src], layout.yOf[leg.dst]];
  if (filters.hidden.has(leg.kind) || (Number.isNaN(ySrc) && Number.isNaN(yDst))) return null;
  const [from, to] = [Number.isNaN(ySrc) ? yDst : ySrc, Number.isNaN(yDst) ? ySrc : yDst];
  return lostOnTheWay(messages.fates[messages.fate[row]]) ? (from + to) / 2 : to;
}

/** Text on the ground's colour, so that it reads over anything. */
export function halo(ctx, text, x, y, theme) {
  ctx.save();
  ctx.strokeStyle = theme.ground;
  ctx.lineWidth = 3;
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.strokeText(text, x, y);
  ctx.restore();
  ctx.fillText(text, x, y);
}

/**
 * Solves as boxes on the lane of the twin that computes, labelled where there is room; returns those drawn. Lit ones
 * are drawn by themselves, after the story, so that no arrow covers them.
 */
export function drawSolves(ctx, app, axis, layout, litOnes) {
  const { run, theme, scale } = app;
  const { solves } = run;
  const lit = new Set(app.selection?.story?.solves);
  const height = SOLVE_HEIGHT * scale;
  const boxes = [];
  ctx.save();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  for (const i of solvesInView(solves, axis)) {
    const y = layout.yOf[solves.node[i]];
    if (!(y > 0) || lit.has(i) !== litOnes) continue;
    const x = axis.x(solves.begin[i]);
    const width = Math.max(2, axis.x(solves.finish[i]) - x);
    drawSolve(ctx, app, { x, y, width, height, lit: lit.has(i), text: solveText(solves, i) }, theme);
    boxes.push({ solve: i, x, y: y - height / 2, width, height });
  }
  ctx.restore();
  return boxes;
}

function* solvesInView(solves, axis) {
  for (
    let i = lowerBound(solves.begin, axis.t0 - solves.longest);
    i < solves.count && solves.begin[i] <= axis.t1;
    i += 1
  ) {
    if (solves.finish[i] >= axis.t0) yield i;
  }
}

/**
 * Where the view is too wide for boxes and notches: a tick above the strip for every pixel in which a solve began, one
 * below it for every pixel in which a precoder went on air. Returns how many of both there are.
 */
export function drawTicks(ctx, app, axis, layout) {
  const { run, theme, scale } = app;
  const { solves, applied } = run;
  const [tick, gap] = [3 * scale, 9 * scale];
  const seen = new Float64Array(run.messages.nodes.length);
  const mark = (times, from, nodeAt, shift) => {
    let count = 0;
    seen.fill(-Infinity);
    for (let i = from; i < times.length && times[i] <= axis.t1; i += 1) {
      const node = nodeAt(i);
      const y = layout.yOf[node];
      if (!(y > 0)) continue;
      count += 1;
      const x = Math.floor(axis.x(times[i]));
      if (x === seen[node]) continue;
      seen[node] = x;
      ctx.fillRect(x, y + shift, 1, tick);
    }
    return count;
  };
  ctx.save();
  ctx.globalAlpha = 0.6;
  ctx.fillStyle = theme.solve;
  const begun = mark(solves.begin, lowerBound(solves.begin, axis.t0), (i) => solves.node[i], -gap - tick);
  const nodeOf = applied.transmitters.map((name) => run.messages.nodes.indexOf(name));
  ctx.fillStyle = precoderColour(theme);
  const onAir = mark(
    applied.time,
    lowerBound(applied.time, axis.t0),
    (i) => (applied.version[i] ? nodeOf[applied.transmitter[i]] : -1),
    gap,
  );
  ctx.restore();
  return { begun, onAir };
}

function precoderColour(theme) {
  return theme.kinds.find(({ name }) => name === "precoder")?.colour ?? theme.ink;
}

function drawSolve(ctx, app, { x, y, width, height, lit, text }, theme) {
  ctx.globalAlpha = app.selection?.story && !lit ? 0.35 : 1;
  ctx.fillStyle = theme.ground;
  ctx.strokeStyle = theme.solve;
  ctx.lineWidth = lit ? 2 : 1;
  if (width <= 3) {
    ctx.fillStyle = theme.solve;
    ctx.fillRect(x, y - height / 2, width, height);
    return;
  }
  ctx.fillRect(x, y - height / 2, width, height);
  ctx.strokeRect(x, y - height / 2, width, height);
  ctx.fillStyle = theme.ink;
  const shown = text.find((line) => ctx.measureText(line).width < width - 6);
  if (shown) ctx.fillText(shown, x + width / 2, y + 0.5);
  else if (lit) halo(ctx, text.at(-1), x + width / 2, y + height / 2 + 9, theme);
}

function solveText(solves, i) {
  const version = `v${solves.version[i]}`;
  return [`solve ${version}, ${solves.iterations[i]} iterations`, `${version}, ${solves.iterations[i]} it`, version];
}

/** A notch on the lane of a transmitter where a precoder goes on air. */
export function drawApplied(ctx, app, axis, layout) {
  const { run, theme } = app;
  const { applied } = run;
  const size = 4 * app.scale;
  const marks = [];
  ctx.save();
  ctx.fillStyle = precoderColour(theme);
  ctx.globalAlpha = app.selection?.story ? 0.5 : 1;
  ctx.beginPath();
  const nodeOf = applied.transmitters.map((name) => run.messages.nodes.indexOf(name));
  for (let i = lowerBound(applied.time, axis.t0); i < applied.count && applied.time[i] <= axis.t1; i += 1) {
    const y = layout.yOf[nodeOf[applied.transmitter[i]]];
    if (!(y > 0) || !applied.version[i]) continue;
    const x = axis.x(applied.time[i]);
    marks.push({ applied: i, x, y });
    ctx.moveTo(x - size, y + 3 * size);
    ctx.lineTo(x + size, y + 3 * size);
    ctx.lineTo(x, y + 1.2 * size);
    ctx.closePath();
  }
  ctx.fill();
  ctx.restore();
  return marks;
}
