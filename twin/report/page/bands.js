/** Faults and outages: a tint over the time in which something was wrong, on the lanes that it was wrong with. */

import { byId, element, fill, fixed, grouped } from "./dom.js";
import { instant } from "./axis.js";

const TINT = 0.13;
const BAR = 4;
const LEAST_LABEL = 46;
const LABEL_ROWS = 3;

/** The bands of a run: kind, target, begin and end, and the lanes that they touch (none: all). */
export function readBands(header, nodes) {
  return (header.bands ?? []).map(({ kind, target, names, begin_ns: begin, end_ns: end }) => ({
    kind,
    target,
    begin,
    end,
    nodes: [...new Set(names.map((name) => nodes.indexOf(name)))].filter((node) => node >= 0),
  }));
}

/** What a band is called. */
export function nameOf({ kind, target }) {
  return `${kind.replaceAll("_", " ")}${target ? ` ${target}` : ""}`;
}

function inView(bands, axis) {
  return bands.filter(({ begin, end }) => begin < axis.t1 && end > axis.t0);
}

/** Left and width of a band, which can always be seen. */
function extent({ begin, end }, axis) {
  const x0 = Math.max(axis.left, axis.x(begin));
  return [x0, Math.max(1, Math.min(axis.width, axis.x(end)) - x0)];
}

/** Tint the lanes that were touched; what touches no lane of its own tints all. Returns the boxes, for hits. */
export function drawBands(ctx, app, axis, layout) {
  const boxes = [];
  ctx.save();
  inView(app.run.bands, axis).forEach((band, place) => {
    const [x, width] = extent(band, axis);
    const row = band.nodes.length ? 0 : place % LABEL_ROWS;
    const mine = rowsOf(band, layout).map(([y, height], lane) => ({ band, x, y, width, height, row, first: !lane }));
    ctx.fillStyle = app.theme.cost;
    ctx.globalAlpha = TINT;
    for (const box of mine) ctx.fillRect(box.x, box.y, box.width, box.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(x, layout.top, width, BAR);
    boxes.push(...mine);
  });
  ctx.restore();
  return boxes;
}

/** Top and height of what a band covers. */
function rowsOf(band, layout) {
  if (!band.nodes.length) return [[layout.top, layout.height - layout.top]];
  const shown = band.nodes.filter((node) => !Number.isNaN(layout.yOf[node]));
  return shown.map((node) => [layout.yOf[node] - layout.laneHeight / 2, layout.laneHeight]);
}

/** The names of the bands, over all that is drawn on them, where there is room. */
export function drawBandNames(ctx, app, boxes) {
  for (const box of boxes.filter(({ first, width }) => first && width > LEAST_LABEL)) {
    const y = box.y + BAR + 2 + 12 * box.row * app.scale;
    const text = nameOf(box.band);
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.x, box.y, box.width, box.height);
    ctx.clip();
    ctx.font = `${10 * app.scale}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillStyle = app.theme.ground;
    ctx.fillRect(box.x + 2, y - 1, ctx.measureText(text).width + 4, 11 * app.scale);
    ctx.fillStyle = app.theme.ink;
    ctx.fillText(text, box.x + 4, y);
    ctx.restore();
  }
}

/** Tint a panel of numbers: whatever was wrong may have cost. */
export function drawBandsAcross(ctx, app, axis, height) {
  ctx.save();
  ctx.fillStyle = app.theme.cost;
  ctx.globalAlpha = TINT;
  for (const band of inView(app.run.bands, axis)) {
    const [x, width] = extent(band, axis);
    ctx.fillRect(x, 0, width, height);
  }
  ctx.restore();
}

/** A bar for each band at the foot of the minimap. */
export function drawBandsSmall(ctx, app, axis, height) {
  ctx.fillStyle = app.theme.cost;
  for (const band of app.run.bands) {
    const [x, width] = extent(band, axis);
    ctx.fillRect(x, height - BAR, width, BAR - 1);
  }
}

/** The band at a point of the lanes' canvas, null where there is none. */
export function bandAt(app, x, y) {
  const inside = (box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
  return app.drawn?.bands.find(inside)?.band ?? null;
}

/** What went wrong and what it cost, as a table; nothing where nothing did. */
export function showFaults(app) {
  const faults = Array.isArray(app.run.summary.faults) ? app.run.summary.faults : [];
  byId("faults-box").hidden = !faults.length;
  const head = ["what", "where", "from", "to", "messages", "loss then, bit/s/Hz", "loss else", "cost"];
  fill(
    byId("faults"),
    element("thead", {}, element("tr", {}, ...head.map((name, at) => element("th", { class: kindOf(at) }, name)))),
    element("tbody", {}, ...faults.map((fault) => faultRow(app, fault))),
  );
}

function faultRow(app, fault) {
  const struck = Object.entries(fault.messages ?? {}).filter(([, count]) => count > 0);
  const cells = [
    String(fault.kind).replaceAll("_", " "),
    fault.target,
    instant(fault.from_s * 1e9, 1e6),
    instant(fault.to_s * 1e9, 1e6),
    struck.map(([effect, count]) => `${grouped(count)} ${effect}`).join(", ") || "none",
    ...[fault.secrecy_loss, fault.secrecy_loss_outside, fault.secrecy_cost].map((value) => fixed(value)),
  ];
  const room = 0.1 * Math.max(fault.to_s - fault.from_s, 0.01) * 1e9;
  const click = () => app.setView(fault.from_s * 1e9 - room, fault.to_s * 1e9 + room);
  return element("tr", { click }, ...cells.map((cell, place) => element("td", { class: kindOf(place) }, cell)));
}

/** Columns of numbers stand on the right. */
function kindOf(place) {
  return [0, 1, 4].includes(place) ? null : "number";
}
