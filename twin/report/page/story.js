/**
 * How one precoder came to be: from its applications back through `precoder` messages to the solve, from every input of
 * the solve back to the measurement, and not beyond.
 */

import { kindOf, rowAt } from "./messages.js";

const MAX_HOPS = 64;
const PRECODER = "precoder";
const MEASUREMENT = "csi";

/**
 * @param {object} run
 * @param {number} version
 * @param {string} [transmitter] only what leads to this one
 * @returns {object|null} null for a version that never was
 */
export function storyOf(run, version, transmitter) {
  const branches = branchesOf(run, version).filter((b) => transmitter === undefined || b.transmitter === transmitter);
  const solves = [...new Set(branches.map((branch) => branch.solve))].filter((solve) => solve >= 0);
  if (!branches.length && !solvesOf(run, version).length) return null;
  if (!branches.length && transmitter === undefined) solves.push(...solvesOf(run, version));
  const inputs = solves.flatMap((solve) => inputsOf(run, solve));
  const rows = new Set([...branches.flatMap((branch) => branch.rows), ...inputs.flatMap((input) => input.rows)]);
  return { version, transmitter, branches, solves, inputs, rows };
}

/** The ways of a version's precoders, in the order in which they went on air; lost ones last. */
function branchesOf(run, version) {
  const found = (run.applied.ofVersion.get(version) || []).map((applied) => ({
    applied, transmitter: run.applied.transmitters[run.applied.transmitter[applied]],
    ...wayBack(run, run.applied.row[applied], version),
  }));
  const known = new Set(found.flatMap((branch) => branch.rows));
  for (const solve of solvesOf(run, version)) {
    for (const rows of waysOut(run, solve)) {
      if (rows.every((row) => known.has(row))) continue;
      found.push({ applied: -1, transmitter: entityOf(receiver(run, rows.at(-1))), rows, solve });
    }
  }
  return found;
}

/** From the last hop of a precoder back to the twin that solved for it: rows in the order of time, and the solve. */
function wayBack(run, last, version) {
  const { messages } = run;
  const rows = [];
  for (let row = last; row >= 0 && rows.length < MAX_HOPS && kindOf(messages, row) === PRECODER; row = messages.parent[row]) {
    rows.unshift(row);
    const solve = run.solveOf.get(`${messages.legs[messages.leg[row]].src} ${version}`);
    if (solve !== undefined) return { rows, solve };
  }
  return { rows, solve: -1 };
}

/** Every chain of precoder messages that left with a solve's result. */
function waysOut(run, solve) {
  const { messages, solves } = run;
  const ways = [];
  const finish = solves.finish[solve];
  for (let row = rowAt(messages, finish); row < messages.count && messages.sent[row] === finish; row += 1) {
    if (messages.legs[messages.leg[row]].src === solves.node[solve] && kindOf(messages, row) === PRECODER) {
      follow(run, [row], ways);
    }
  }
  return ways;
}

function follow(run, rows, ways) {
  const next = childrenOf(run, rows.at(-1)).filter((row) => kindOf(run.messages, row) === PRECODER);
  if (!next.length || rows.length >= MAX_HOPS) ways.push(rows);
  else for (const row of next) follow(run, [...rows, row], ways);
}

/** Rows of the messages that a message caused. */
export function childrenOf(run, row) {
  run.children ??= indexChildren(run.messages);
  const { start, list } = run.children;
  return Array.from(list.subarray(start[row], start[row + 1]));
}

function indexChildren({ parent, count }) {
  const start = new Uint32Array(count + 2);
  for (let i = 0; i < count; i += 1) if (parent[i] >= 0) start[parent[i] + 2] += 1;
  for (let i = 1; i < start.length; i += 1) start[i] += start[i - 1];
  const list = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) if (parent[i] >= 0) list[start[parent[i] + 1]++] = i;
  return { start, list };
}

function solvesOf(run, version) {
  run.solvesByVersion ??= groupSolves(run.solves);
  return run.solvesByVersion.get(version) || [];
}

function groupSolves(solves) {
  const byVersion = new Map();
  for (let i = 0; i < solves.count; i += 1) {
    if (!byVersion.has(solves.version[i])) byVersion.set(solves.version[i], []);
    byVersion.get(solves.version[i]).push(i);
  }
  return byVersion;
}

/** The inputs of a solve with the way of each from its measurement; the one that came last is critical. */
function inputsOf(run, solve) {
  const { messages, solves } = run;
  const rows = Array.from(solves.inputs.subarray(solves.inputStart[solve], solves.inputStart[solve + 1]));
  const inputs = rows.filter((row) => row >= 0).map((row) => ({
    solve, row, rows: wayUp(messages, row), waited: solves.begin[solve] - messages.ended[row], critical: false,
  }));
  const last = inputs.reduce((late, input) => (late && late.waited <= input.waited ? late : input), null);
  if (last) last.critical = true;
  return inputs;
}

/** From a message back to the measurement that it carries, in the order of time. */
export function wayUp(messages, row) {
  const rows = [row];
  while (kindOf(messages, rows[0]) !== MEASUREMENT && messages.parent[rows[0]] >= 0 && rows.length < MAX_HOPS) {
    rows.unshift(messages.parent[rows[0]]);
  }
  return rows;
}

/** The version that a precoder message carries, -1 if the run does not tell. */
export function versionOf(run, row) {
  const { messages, solves } = run;
  let first = row;
  for (let hops = 0; hops < MAX_HOPS; hops += 1) {
    const parent = messages.parent[first];
    if (parent < 0 || kindOf(messages, parent) !== PRECODER) break;
    first = parent;
  }
  const node = messages.legs[messages.leg[first]].src;
  for (let i = solves.count - 1; i >= 0; i -= 1) {
    if (solves.node[i] === node && solves.finish[i] === messages.sent[first]) return solves.version[i];
  }
  return -1;
}

function receiver(run, row) {
  return run.messages.nodes[run.messages.legs[run.messages.leg[row]].dst];
}

/** The entity of a node: `edge:uav` and `core:uav` belong to `uav`. */
export function entityOf(node) {
  return node.slice(node.lastIndexOf(":") + 1);
}

/** When a story begins and ends, in ns: from the oldest measurement to the last application or arrival. */
export function spanOf(run, story) {
  const { messages } = run;
  let [begin, end] = [Infinity, -Infinity];
  const reach = (t) => {
    if (t < begin) begin = t;
    if (t > end) end = t;
  };
  for (const row of story.rows) {
    reach(messages.sent[row]);
    reach(messages.ended[row]);
  }
  for (const branch of story.branches) if (branch.applied >= 0) reach(run.applied.time[branch.applied]);
  for (const solve of story.solves) {
    reach(run.solves.begin[solve]);
    reach(run.solves.finish[solve]);
  }
  return begin <= end ? [begin, end] : null;
}
