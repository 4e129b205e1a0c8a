/** A run as the page knows it: messages, precoders on air, solves, rates and age, all in typed arrays. */

import { sums } from "./decode.js";
import { lowerBound, readMessages } from "./messages.js";
import { readBands } from "./bands.js";

/**
 * @param {object} header the page's JSON
 * @param {Object<string, Int32Array|Float64Array>} columns
 */
export function readRun(header, columns) {
  const messages = readMessages(header.messages, columns);
  const run = {
    header,
    summary: header.summary,
    endNs: Math.max(header.end_ns, 1),
    messages,
    applied: readApplied(header.control, columns),
    solves: readSolves(header.solves, columns, messages.nodes),
    metrics: readMetrics(header.metrics, columns, header.summary.objective),
    bands: readBands(header, messages.nodes),
    age: { time: sums(columns["age.time"]), data: sums(columns["age.data"]) },
  };
  run.longest = longestLatency(messages);
  run.solveOf = new Map();
  for (let i = 0; i < run.solves.count; i += 1) {
    run.solveOf.set(`${run.solves.node[i]} ${run.solves.version[i]}`, i);
  }
  return run;
}

function readApplied(header, columns) {
  const row = sums(columns["applied.row"]).map((value) => value - 1);
  const applied = {
    transmitters: header.transmitters,
    time: sums(columns["applied.time"]),
    transmitter: columns["applied.transmitter"],
    version: sums(columns["applied.version"]),
    age: columns["applied.age"],
    row,
    count: row.length,
    ofVersion: new Map(),
  };
  for (let i = 0; i < applied.count; i += 1) {
    const version = applied.version[i];
    if (!version) continue;
    if (!applied.ofVersion.has(version)) applied.ofVersion.set(version, []);
    applied.ofVersion.get(version).push(i);
  }
  return applied;
}

function readSolves(header, columns, nodes) {
  const begin = sums(columns["solve.begin"]);
  const counts = columns["solve.inputs"];
  const inputStart = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i += 1) inputStart[i + 1] = inputStart[i] + counts[i];
  const node = Array.from(columns["solve.node"], (code) => nodes.indexOf(header.node[code]));
  const text = (name) => Array.from(columns[`solve.${name}`], (code) => header[name][code]);
  return {
    count: begin.length,
    begin,
    node,
    inputStart,
    nodeName: text("node"),
    status: text("status"),
    trigger: text("trigger"),
    method: text("method"),
    finish: begin.map((start, i) => start + columns["solve.length"][i]),
    version: sums(columns["solve.version"]),
    iterations: columns["solve.iterations"],
    objective: Float64Array.from(columns["solve.objective"], (value) => value * header.objective_step),
    inputs: sums(columns["solve.rows"]).map((value) => value - 1),
    longest: columns["solve.length"].reduce((most, length) => Math.max(most, length), 0),
  };
}

function readMetrics(header, columns, objective) {
  const rate = (name, code) =>
    sums(columns[`metric.${name}.${code}`]).map((value) => (value === header.none ? NaN : value * header.step));
  const users = header.users.map((name, code) => ({ name, stale: rate("secrecy", code), fresh: rate("fresh", code) }));
  const time = header.users.length ? sums(columns["metric.time"]) : new Float64Array(0);
  return { time, users, worst: aimedAt(time, users, objective) };
}

/** What the twins aim at, at each instant: the least rate over the users, or their sum; NaN where one is. */
function aimedAt(time, users, objective) {
  const isSum = objective === "sum";
  const [start, join] = isSum ? [0, (a, b) => a + b] : [Infinity, (a, b) => Math.min(a, b)];
  const joined = (rate) => time.map((_, i) => users.reduce((sofar, user) => join(sofar, user[rate][i]), start));
  return { name: isSum ? "sum" : "worst user", stale: joined("stale"), fresh: joined("fresh") };
}

/** The rates and the loss of what the twins aim at, from the summary. */
export function aimedOf(summary) {
  return (summary.objective === "sum" ? summary.sum_secrecy : summary.min_secrecy) ?? {};
}

function longestLatency(messages) {
  let longest = 0;
  for (let i = 0; i < messages.count; i += 1) {
    const latency = messages.ended[i] - messages.sent[i];
    if (latency > longest) longest = latency;
  }
  return longest;
}

/** Rows that were sent in [t0, t1), as [first, last + 1]. */
export function sentIn(run, t0, t1) {
  return [lowerBound(run.messages.sent, t0), lowerBound(run.messages.sent, t1)];
}

/** The precoders that went on air, version 0 (local MRT) left out. */
function realApplied(run) {
  const found = [];
  for (let i = 0; i < run.applied.count; i += 1) if (run.applied.version[i] > 0) found.push(i);
  return found;
}

/** The application of the precoder of median age, -1 if none was applied. */
export function medianApplied(run) {
  const byAge = realApplied(run).sort((a, b) => run.applied.age[a] - run.applied.age[b] || a - b);
  return byAge.length ? byAge[byAge.length >> 1] : -1;
}

/** The application of the precoder of greatest age, -1 if none was applied. */
export function worstApplied(run) {
  const age = run.applied.age;
  return realApplied(run).reduce((worst, i) => (worst < 0 || age[i] >= age[worst] ? i : worst), -1);
}
