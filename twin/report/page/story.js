/**
 * How one precoder came to be: from its applications back through `precoder` messages to the solve, from every input of
 * the solve back to the measurement, and not beyond.
 */

import { kindOf, rowAt } from "./messages.js";

const MAX_HOPS = 64;
const PRECODER = "precoder";
const MEASUREMENT = "csi";
const DOWNWARD = new Set([PRECODER, "ack", "command"]);

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

/** The way of each transmitter's precoder: those that went on air in that order, then those that never did. */
function branchesOf(run, version) {
  const found = (run.applied.ofVersion.get(version) || []).map((applied) => ({
    applied,
    transmitter: run.applied.transmitters[run.applied.transmitter[applied]],
    ...wayBack(run, run.applied.row[applied], version),
  }));
  const onAir = new Set(found.map(({ transmitter }) => transmitter));
  const failed = new Map();
  for (const solve of solvesOf(run, version)) {
    for (const root of rootsOf(run, solve)) {
      const transmitter = entityOf(receiver(run, root));
      if (!onAir.has(transmitter))
        failed.set(transmitter, { applied: -1, transmitter, rows: onward(run, root), solve });
    }
  }
  return [...found, ...failed.values()];
}

/** From the last hop of a precoder back to the twin that solved for it: rows in the order of time, and the solve. */
function wayBack(run, last, version) {
  const { messages } = run;
  const rows = [];
  for (
    let row = last;
    row >= 0 && rows.length < MAX_HOPS && kindOf(messages, row) === PRECODER;
    row = messages.parent[row]
  ) {
    rows.unshift(row);
    const solve = run.solveOf.get(`${messages.legs[messages.leg[row]].src} ${version}`);
    if (solve !== undefined) return { rows, solve };
  }
  return { rows, solve: -1 };
}

/** The precoder messages that left with a solve's result. */
function rootsOf(run, solve) {
  const { messages, solves } = run;
  const roots = [];
  const finish = solves.finish[solve];
  for (let row = rowAt(messages, finish); row < messages.count && messages.sent[row] === finish; row += 1) {
    const fromHere = messages.legs[messages.leg[row]].src === solves.node[solve];
    if (fromHere && kindOf(messages, row) === PRECODER) roots.push(row);
  }
  return roots;
}

/** The precoder messages from one on; of several copies the one that got furthest, then the one sent first. */
function onward(run, root, depth = 0) {
  const { messages } = run;
  const delivered = (row) => messages.fates[messages.fate[row]].fate === "delivered";
  if (!delivered(root) || depth >= MAX_HOPS) return [root];
  const ways = childrenOf(run, root)
    .filter((row) => kindOf(messages, row) === PRECODER)
    .map((row) => onward(run, row, depth + 1));
  ways.sort(
    (a, b) =>
      b.length - a.length ||
      delivered(b.at(-1)) - delivered(a.at(-1)) ||
      messages.sent[a.at(-1)] - messages.sent[b.at(-1)],
  );
  return [root, ...(ways[0] ?? [])];
}

/** Rows of the messages that a message caused. */
function childrenOf(run, row) {
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

/** The inputs of a solve with the way of each from its measurement; the one that was handled last is critical. */
function inputsOf(run, solve) {
  const { messages, solves } = run;
  const used = Array.from(solves.inputs.subarray(solves.inputStart[solve], solves.inputStart[solve + 1]));
  const inputs = used
    .filter((row) => row >= 0)
    .map((row) => ({ solve, row, rows: wayUp(messages, row), waited: waitOf(run, solve, row), critical: false }))
    .filter(({ rows }) => rows.length);
  const handled = ({ row }) => (Number.isNaN(messages.begin[row]) ? messages.sent[row] : messages.begin[row]);
  const last = inputs.reduce((late, input) => (late && handled(late) >= handled(input) ? late : input), null);
  if (last) last.critical = true;
  return inputs;
}

/** How long an input had been handled when the solve began: it waited for the others, or for a timer. */
function waitOf({ messages, solves }, solve, row) {
  return Math.max(0, solves.begin[solve] - messages.finish[row]) || 0;
}

/** From a message back to the measurement that it carries, in the order of time; not past what follows from a solve. */
function wayUp(messages, row) {
  const rows = [];
  for (
    let at = row;
    at >= 0 && rows.length < MAX_HOPS && !DOWNWARD.has(kindOf(messages, at));
    at = messages.parent[at]
  ) {
    rows.unshift(at);
    if (kindOf(messages, at) === MEASUREMENT) break;
  }
  return rows;
}

/** Everything that led to a message, back to the measurement. */
export function ancestry(messages, row) {
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
