/** What is lit: rows, the critical ones among them, and the time that they span. */

import { spanOf, storyOf } from "./story.js";

/** A version's story, with one of its branches in focus: that of `entity`, else the one of greatest age. */
export function selectVersion(run, version, transmitter, entity) {
  const story = storyOf(run, version, transmitter);
  if (!story) return null;
  const wanted = story.branches.findIndex((branch) => branch.transmitter === entity);
  const focus = wanted >= 0 ? wanted : oldest(run, story.branches);
  return selectBranch(run, story, focus);
}

function oldest(run, branches) {
  const age = (branch) => (branch.applied >= 0 ? run.applied.age[branch.applied] : -1);
  return branches.reduce((best, branch, index) => (age(branch) > age(branches[best]) ? index : best), 0);
}

/** A story with another branch in focus; its critical path is the input that came last and the way of the branch. */
export function selectBranch(run, story, focus) {
  const branch = story.branches[focus];
  const solve = branch ? branch.solve : (story.solves[0] ?? -1);
  const input = story.inputs.find((one) => one.critical && one.solve === solve);
  const critical = [...(input?.rows ?? []), ...(branch?.rows ?? [])];
  return { story, focus, row: -1, rows: story.rows, critical, span: spanOf(run, story) ?? [0, run.endNs] };
}

/** One message and the way of what it carries. */
export function selectMessage(run, row, rows) {
  const { sent, ended } = run.messages;
  const end = Math.max(...rows.map((one) => (Number.isNaN(ended[one]) ? sent[one] : ended[one])));
  return { story: null, focus: -1, row, rows: new Set(rows), critical: [row], span: [sent[rows[0]], end] };
}
