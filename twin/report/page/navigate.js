/** From story to story: the median one, the oldest one, the last loss, the neighbours. */

import { kindOf } from "./messages.js";
import { medianApplied, worstApplied } from "./run.js";
import { selectVersion } from "./selection.js";
import { spanOf } from "./story.js";

/** Light and show the precoder of "median" or "worst" age, or the one that was "lost" last (else any message). */
export function jumpTo(app, where) {
  if (!canJump(app, where)) return;
  const { applied, messages } = app.run;
  if (where === "lost") app.selectRow(lastLost(messages));
  else {
    const found = where === "median" ? medianApplied(app.run) : worstApplied(app.run);
    const transmitter = applied.transmitters[applied.transmitter[found]];
    app.setSelection(selectVersion(app.run, applied.version[found], undefined, transmitter));
  }
  app.fit();
}

/** The last precoder that did not arrive, else the last message; a repeated one does not count, as its copy arrived. */
function lastLost(messages) {
  const lost = (row) =>
    kindOf(messages, row) === "precoder" && messages.fates[messages.fate[row]].reason !== "deduplicated";
  return messages.failed.findLast(lost) ?? messages.failed.at(-1);
}

/** Whether the run has any such story. */
export function canJump(app, where) {
  return where === "lost" ? app.run.messages.failed.length > 0 : medianApplied(app.run) >= 0;
}

/** The version after or before the one that is lit; the zoom stays. */
export function stepBy(app, by) {
  const { solves } = app.run;
  const versions = [...new Set(solves.version)].sort((a, b) => a - b);
  const now = versions.indexOf(app.selection?.story?.version);
  const next = now < 0 ? solves.version[solves.begin.findIndex((t) => t >= app.view.t0)] : versions[now + by];
  if (next === undefined || !app.select(next, undefined, { move: false })) return;
  const half = (app.view.t1 - app.view.t0) / 2;
  const [begin, end] = spanOf(app.run, app.selection.story) ?? [app.view.t0, app.view.t1];
  app.setView((begin + end) / 2 - half, (begin + end) / 2 + half);
}
