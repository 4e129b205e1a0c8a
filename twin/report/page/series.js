/** Secrecy and age over the same time axis: lines where samples are few, envelopes where they are many. */

import { fixed, duration } from "./dom.js";
import { lowerBound } from "./messages.js";
import { drawBandsAcross } from "./bands.js";

const PAD = 8;
const DASH = [5, 3];

/** Values of a series in the view: points, or per pixel the least and the most of it. */
function pointsIn(time, values, axis) {
  const from = Math.max(0, lowerBound(time, axis.t0) - 1);
  const to = Math.min(time.length, lowerBound(time, axis.t1) + 1);
  const columns = axis.width - axis.left;
  if (to - from <= 2 * columns) {
    const points = [];
    for (let i = from; i < to; i += 1) points.push([axis.x(time[i]), values[i], values[i]]);
    return points;
  }
  const points = [];
  for (let i = from; i < to;) {
    const pixel = Math.floor(axis.x(time[i]));
    let [low, high] = [Infinity, -Infinity];
    for (; i < to && Math.floor(axis.x(time[i])) === pixel; i += 1) {
      if (values[i] < low) low = values[i];
      if (values[i] > high) high = values[i];
    }
    points.push(low <= high ? [pixel, low, high] : [pixel, NaN, NaN]);
  }
  return points;
}

/** The secrecy panel: stale solid, fresh dashed, what staleness cost filled. */
export function drawSecrecy(ctx, app, axis, height) {
  const { run, theme } = app;
  const series = app.user === null ? run.metrics.worst : run.metrics.users[app.user];
  clear(ctx, app, axis, height);
  if (!run.metrics.time.length) {
    return message(ctx, app, axis, height, "no secrecy rates in this run");
  }
  series.top ??= niceTop(most(series.fresh, series.stale));
  const { top } = series;
  const y = (value) => height - PAD - (value / top) * (height - 2 * PAD);
  grid(ctx, app, axis, y, [0, top / 2, top], (value) => fixed(value, top < 4 ? 1 : 0));
  const stale = pointsIn(run.metrics.time, series.stale, axis);
  const fresh = pointsIn(run.metrics.time, series.fresh, axis);
  clipPlot(ctx, axis, height, () => {
    fillGap(ctx, theme, stale, fresh, y);
    strokeSeries(ctx, fresh, y, theme.muted, 1.3, DASH);
    strokeSeries(ctx, stale, y, theme.ink, 1.8, []);
    if (stale.length < 80) dots(ctx, stale, y, theme.ink);
  });
  return { top };
}

/** The line over the age: the limit of the scenario; without one the age that 95 % of the time is below. */
export function ageLimit({ age_limit_ms: limit, age_ms: age }) {
  if (Number.isFinite(limit)) return { name: "limit", ms: limit };
  return Number.isFinite(age?.p95) ? { name: "p95", ms: age.p95 } : null;
}

/** The age panel: a sawtooth, or its envelope, and the line over it, where it is not far above all ages. */
export function drawAge(ctx, app, axis, height) {
  const { run, theme } = app;
  clear(ctx, app, axis, height);
  const { time, data } = run.age;
  if (!data.length) return message(ctx, app, axis, height, "no precoder of a twin went on air");
  run.ageCorners ??= corners(time, data);
  const limit = ageLimit(run.summary);
  run.ageCorners.top ??= topOfAges(most(run.ageCorners.ages), limit);
  const { top } = run.ageCorners;
  const y = (value) => height - PAD - (value / top) * (height - 2 * PAD);
  grid(ctx, app, axis, y, [0, top / 2, top], (value) => fixed(value, top < 4 ? 1 : 0));
  const points = pointsIn(run.ageCorners.times, run.ageCorners.ages, axis);
  clipPlot(ctx, axis, height, () => {
    if (points.length > 1 && points.some(([, low, high]) => high > low)) envelope(ctx, theme, points, y);
    else strokeSeries(ctx, points, y, theme.ink, 1.5, []);
    if (limit) limitLine(ctx, app, axis, y(limit.ms));
  });
  return { top };
}

function topOfAges(greatest, limit) {
  const near = limit && limit.ms <= 3 * greatest;
  return niceTop(1.1 * Math.max(greatest, near ? limit.ms : 0));
}

/** Corners of the sawtooth in ms. */
function corners(time, data) {
  const times = new Float64Array(2 * data.length);
  const ages = new Float64Array(2 * data.length);
  for (let i = 0; i < data.length; i += 1) {
    times[2 * i] = time[i];
    times[2 * i + 1] = time[i + 1];
    ages[2 * i] = (time[i] - data[i]) / 1e6;
    ages[2 * i + 1] = (time[i + 1] - data[i]) / 1e6;
  }
  return { times, ages };
}

/** Age of the CSI on air at an instant in ns, NaN where there is none. */
function ageAt(run, t) {
  const { time, data } = run.age;
  const place = lowerBound(time, t + 1) - 1;
  return place >= 0 && place < data.length ? t - data[place] : NaN;
}

/** Rates at the sample nearest to an instant. */
function ratesAt(app, t) {
  const { time, worst, users } = app.run.metrics;
  if (!time.length) return null;
  const after = Math.min(lowerBound(time, t), time.length - 1);
  const place = after > 0 && t - time[after - 1] < time[after] - t ? after - 1 : after;
  const series = app.user === null ? worst : users[app.user];
  return { stale: series.stale[place], fresh: series.fresh[place] };
}

/** What a panel says at the cursor. */
export function readout(app, t) {
  const rates = ratesAt(app, t);
  const age = ageAt(app.run, t);
  return {
    secrecy: rates ? `${fixed(rates.stale)} stale, ${fixed(rates.fresh)} fresh` : "",
    age: Number.isNaN(age) ? "" : duration(age),
  };
}

function most(...columns) {
  let high = 0;
  for (const column of columns) {
    for (let i = 0; i < column.length; i += 1) if (column[i] > high) high = column[i];
  }
  return high;
}

function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * power).find((top) => top >= value);
}

function clear(ctx, app, axis, height) {
  ctx.fillStyle = app.theme.ground;
  ctx.fillRect(0, 0, axis.width, height);
  drawBandsAcross(ctx, app, axis, height);
  ctx.strokeStyle = app.theme.rule;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const { t } of axis.ticks(110 * app.scale)) {
    ctx.moveTo(Math.round(axis.x(t)) + 0.5, 0);
    ctx.lineTo(Math.round(axis.x(t)) + 0.5, height);
  }
  ctx.stroke();
}

function message(ctx, app, axis, height, text) {
  ctx.fillStyle = app.theme.muted;
  ctx.font = `${12 * app.scale}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillText(text, axis.left + 12, height / 2);
  return null;
}

function grid(ctx, app, axis, y, values, text) {
  ctx.font = `${11 * app.scale}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const value of values) {
    ctx.strokeStyle = app.theme.rule;
    ctx.beginPath();
    ctx.moveTo(axis.left, Math.round(y(value)) + 0.5);
    ctx.lineTo(axis.width, Math.round(y(value)) + 0.5);
    ctx.stroke();
    ctx.fillStyle = app.theme.muted;
    ctx.fillText(text(value), axis.left - 5, y(value));
  }
}

function clipPlot(ctx, axis, height, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(axis.left, 0, axis.width - axis.left, height);
  ctx.clip();
  draw();
  ctx.restore();
}

/** Fill between both curves where the stale one is below: what one user gains is not a cost. */
function fillGap(ctx, theme, stale, fresh, y) {
  ctx.save();
  ctx.fillStyle = theme.cost;
  ctx.globalAlpha = 0.28;
  ctx.beginPath();
  for (let i = 0; i + 1 < stale.length; i += 1) {
    const [a, b, c, d] = [stale[i], stale[i + 1], fresh[i], fresh[i + 1]];
    const costs = a && b && c && d && middle(a) <= middle(c) && middle(b) <= middle(d);
    if (!costs) continue;
    ctx.moveTo(a[0], y(middle(a)));
    ctx.lineTo(b[0], y(middle(b)));
    ctx.lineTo(d[0], y(middle(d)));
    ctx.lineTo(c[0], y(middle(c)));
    ctx.closePath();
  }
  ctx.fill();
  ctx.restore();
}

function middle([, low, high]) {
  return (low + high) / 2;
}

function strokeSeries(ctx, points, y, colour, width, dash) {
  const spread = points.some(([, low, high]) => high > low);
  if (spread) {
    ctx.save();
    ctx.globalAlpha = 0.3;
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const [x, low, high] of points) {
      if (!(low <= high)) continue;
      ctx.moveTo(x, y(low));
      ctx.lineTo(x, y(high));
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.beginPath();
  let open = false;
  for (const point of points) {
    const value = middle(point);
    if (!Number.isFinite(value)) open = false;
    else if (open) ctx.lineTo(point[0], y(value));
    else ctx.moveTo(point[0], y(value));
    open = Number.isFinite(value);
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

function dots(ctx, points, y, colour) {
  ctx.fillStyle = colour;
  for (const point of points) {
    if (Number.isFinite(middle(point))) ctx.fillRect(point[0] - 1.5, y(middle(point)) - 1.5, 3, 3);
  }
}

function envelope(ctx, theme, points, y) {
  ctx.fillStyle = theme.muted;
  ctx.beginPath();
  points.forEach(([x, , high], i) => (i ? ctx.lineTo(x, y(high)) : ctx.moveTo(x, y(high))));
  for (let i = points.length - 1; i >= 0; i -= 1) ctx.lineTo(points[i][0], y(points[i][1]));
  ctx.closePath();
  ctx.fill();
}

function limitLine(ctx, app, axis, y) {
  ctx.strokeStyle = app.theme.cost;
  ctx.lineWidth = 1.2;
  ctx.setLineDash([6, 3]);
  ctx.beginPath();
  ctx.moveTo(axis.left, y);
  ctx.lineTo(axis.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
}
