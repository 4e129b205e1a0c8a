/** Opens the page: decodes the run, starts the app, and offers `window.twinReport` to tests. */

import { byId, element, fill } from "./dom.js";
import { inflate, readColumns } from "./decode.js";
import { idOf, rowOfId } from "./messages.js";
import { readRun } from "./run.js";
import { countIn, statsIn } from "./stats.js";
import { App } from "./app.js";
import { listen } from "./input.js";
import { find } from "./find.js";
import { makeLanes } from "./lanes.js";
import { showLaneCount } from "./overlay.js";

/** Decode and start. */
async function open() {
  const header = JSON.parse(byId("header-data").textContent);
  const bytes = await inflate(byId("data").textContent.trim());
  const run = readRun(header, readColumns(bytes, header.columns));
  const app = new App(run);
  wireButtons(app);
  listen(app);
  app.start();
  showLaneCount(app);
  return app;
}

function wireButtons(app) {
  const on = (id, act) => byId(id).addEventListener("click", act);
  on("theme", () => app.toggleTheme());
  on("projector", () => app.toggleProjector());
  on("help-button", () => app.toggleHelp());
  on("help", () => app.toggleHelp());
  on("save-svg", () => saveSvg(app));
  on("all-lanes", () => toggleLanes(app));
  on("events-which", () => {
    app.eventsOfSelection = !app.eventsOfSelection;
    app.laterEvents();
  });
  byId("find").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    byId("find-note").textContent = find(app, byId("find").value);
    if (!byId("find-note").textContent) byId("find").blur();
  });
}

/** Every lane, or only those that were shown at first. */
function toggleLanes(app) {
  const { order, shown } = app.lanes;
  if (shown.size >= order.length) app.lanes.shown = makeLanes(app.run).shown;
  else for (const node of order) if (!app.showLanes([node], true)) break;
  app.lanesChanged();
}

function saveSvg(app) {
  const url = URL.createObjectURL(new Blob([app.svg()], { type: "image/svg+xml" }));
  element("a", { href: url, download: `${app.run.summary.scenario}-${app.run.summary.seed}.svg` }).click();
  URL.revokeObjectURL(url);
}

/** What tests may ask and do. */
function hook(app) {
  const { messages } = app.run;
  const ids = (rows) => [...rows].sort((a, b) => a - b).map((row) => idOf(messages, row));
  return {
    count: messages.count,
    select: (version, transmitter) => app.select(version, transmitter),
    selection: () => (app.selection ? ids(app.selection.rows) : []),
    critical: () => (app.selection ? ids(app.selection.critical) : []),
    selected: () => ({ version: app.selection?.story?.version ?? null, transmitter: app.selection?.story?.branches[app.selection.focus]?.transmitter ?? null }),
    counts: (t0 = app.view.t0, t1 = app.view.t1) => countIn(app, t0, t1),
    stats: (t0, t1) => statsIn(app, t0, t1),
    view: () => ({ ...app.view }),
    range: () => app.range,
    setView: (t0, t1) => {
      app.setView(t0, t1);
      app.draw();
    },
    drawn: () => {
      const { level, rows, ticks, failed, layout } = app.drawn;
      return {
        level, ids: ids(new Set(rows)), solves: ticks.begun, applied: ticks.onAir,
        failed: failed.flatMap((group) => ids(group.rows)), lanes: layout.list.map((node) => messages.nodes[node]),
      };
    },
    /** Where a message is drawn, in pixels of the lanes' canvas. */
    place: (id) => app.placeOf(rowOfId(messages, id)),
    frame: () => {
      app.draw();
      return app.frames.at(-1);
    },
    svg: () => app.svg(),
    end: app.run.endNs,
  };
}

const began = performance.now();
window.twinReport = { ready: false };
open().then((app) => {
  Object.assign(window.twinReport, hook(app), { ready: true, readyMs: performance.now() - began, readyAt: performance.now() });
}).catch((error) => {
  fill(byId("verdict"), `This page cannot be shown: ${error.message}`);
  throw error;
});
