/** What `window.twinReport` offers: questions and actions for tests, with ids of messages as text. */

import { idOf, partsOf, rowOfId } from "./messages.js";
import { countIn, statsIn } from "./stats.js";
import { placeOf } from "./hits.js";
import { nameOf } from "./bands.js";

/** @param {import("./app.js").App} app */
export function hook(app) {
  const { messages } = app.run;
  const ids = (rows) => [...rows].sort((a, b) => a - b).map((row) => idOf(messages, row));
  return {
    count: messages.count,
    end: app.run.endNs,
    nodes: messages.nodes,
    select: (version, transmitter) => app.select(version, transmitter),
    selection: () => (app.selection ? ids(app.selection.rows) : []),
    critical: () => (app.selection ? ids(app.selection.critical) : []),
    selected: () => ({
      version: app.selection?.story?.version ?? null,
      transmitter: app.selection?.story?.branches[app.selection.focus]?.transmitter ?? null,
    }),
    counts: (t0 = app.view.t0, t1 = app.view.t1) => countIn(app, t0, t1),
    stats: (t0, t1) => statsIn(app, t0, t1),
    view: () => ({ ...app.view }),
    range: () => app.range,
    setView: (t0, t1) => {
      app.setView(t0, t1);
      app.draw();
    },
    frame: () => {
      app.draw();
      return app.frames.at(-1);
    },
    drawn: () => drawn(app, ids),
    place: (id) => placeOf(app, rowOfId(messages, id)),
    table: () => table(app),
    svg: () => app.svg(),
  };
}

function drawn(app, ids) {
  const { level, rows, transitive, ticks, failed, bands, layout, axis } = app.drawn;
  const { nodes } = app.run.messages;
  return {
    level,
    transitive,
    solves: ticks?.begun ?? app.drawn.solves.length,
    applied: ticks?.onAir ?? app.drawn.applied.length,
    ids: ids(new Set(rows)),
    failed: failed.map(({ x, y, letter, rows: which }) => ({ x, y, letter, ids: ids(which) })),
    bands: bands.map(({ band, x, y, width, height }) => ({ name: nameOf(band), x, y, width, height })),
    lanes: layout.list.map((node) => ({ name: nodes[node], y: layout.yOf[node] })),
    t0: axis.t0,
    left: axis.left,
    pixelsPerNs: axis.pixelsPerNs,
  };
}

/** Every message as the page knows it, to be compared with the table it came from. */
function table(app) {
  const { messages } = app.run;
  return Array.from({ length: messages.count }, (_, row) => {
    const leg = messages.legs[messages.leg[row]];
    const { fate, reason } = messages.fates[messages.fate[row]];
    const { queue, serialisation, propagation, jitter } = partsOf(messages, row);
    return [
      idOf(messages, row),
      messages.parent[row] < 0 ? null : idOf(messages, messages.parent[row]),
      messages.kinds[leg.kind],
      messages.nodes[leg.src],
      messages.nodes[leg.dst],
      messages.data[row],
      messages.sent[row],
      messages.ended[row],
      messages.begin[row],
      messages.finish[row],
      fate,
      reason,
      messages.bytes[row],
      queue,
      serialisation,
      propagation,
      jitter,
    ];
  });
}
