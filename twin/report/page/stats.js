/** Numbers of a stretch of time: how many messages, how long they took, how many failed, what was lost. */

import { lowerBound } from "./messages.js";
import { sentIn } from "./run.js";
import { visibleLegs } from "./arrows.js";

const QUANTILES = [0.5, 0.95, 0.99];

/** Messages that were sent in [t0, t1) and pass the filters, by fate and by kind. */
export function countIn(app, t0, t1) {
  const { messages } = app.run;
  const legs = visibleLegs(app.run, app.filters);
  const [from, to] = sentIn(app.run, t0, t1);
  const byFate = {};
  const byKind = {};
  let sent = 0;
  for (let row = from; row < to; row += 1) {
    const leg = messages.legs[messages.leg[row]];
    if (!legs[leg.index]) continue;
    sent += 1;
    const { fate } = messages.fates[messages.fate[row]];
    byFate[fate] = (byFate[fate] || 0) + 1;
    const kind = messages.kinds[leg.kind];
    byKind[kind] = (byKind[kind] || 0) + 1;
  }
  return { sent, byFate, byKind };
}

/** Counts, latency quantiles by kind, and mean rates and loss of [t0, t1). */
export function statsIn(app, t0, t1) {
  const { run } = app;
  return { ...countIn(app, t0, t1), latency: latencies(app, t0, t1), ...ratesIn(run, t0, t1) };
}

function latencies(app, t0, t1) {
  const { messages } = app.run;
  const legs = visibleLegs(app.run, app.filters);
  const [from, to] = sentIn(app.run, t0, t1);
  const groups = messages.kinds.map(() => []);
  for (let row = from; row < to; row += 1) {
    const leg = messages.legs[messages.leg[row]];
    const delivered = messages.fates[messages.fate[row]].fate === "delivered";
    if (legs[leg.index] && delivered) groups[leg.kind].push(messages.ended[row] - messages.sent[row]);
  }
  return groups
    .map((values, kind) => ({ kind: messages.kinds[kind], count: values.length, quantiles: quantiles(values) }))
    .filter(({ count }) => count);
}

/** Quantiles, linear between samples. */
export function quantiles(values) {
  if (!values.length) return null;
  const sorted = Float64Array.from(values).sort();
  return QUANTILES.map((q) => {
    const place = q * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  });
}

function ratesIn(run, t0, t1) {
  const { time, worst } = run.metrics;
  const [from, to] = [lowerBound(time, t0), lowerBound(time, t1)];
  let [stale, fresh, samples] = [0, 0, 0];
  for (let i = from; i < to; i += 1) {
    if (!Number.isFinite(worst.stale[i]) || !Number.isFinite(worst.fresh[i])) continue;
    stale += worst.stale[i];
    fresh += worst.fresh[i];
    samples += 1;
  }
  return samples ? { samples, stale: stale / samples, fresh: fresh / samples } : { samples, stale: NaN, fresh: NaN };
}
