/** Opens the page: decodes the run, starts the app, and offers `window.twinReport` to tests. */

import { byId, element, fill } from "./dom.js";
import { inflate, readColumns } from "./decode.js";
import { readRun } from "./run.js";
import { App } from "./app.js";
import { listen } from "./input.js";
import { find } from "./find.js";
import { hook } from "./hook.js";
import { allShown, makeLanes } from "./lanes.js";
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
  if (allShown(app.lanes)) app.lanes.shown = makeLanes(app.run).shown;
  else app.showLanes(app.lanes.order, true);
  app.lanesChanged();
}

function saveSvg(app) {
  const url = URL.createObjectURL(new Blob([app.svg()], { type: "image/svg+xml" }));
  element("a", { href: url, download: `${app.run.summary.scenario}-${app.run.summary.seed}.svg` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const began = performance.now();
window.twinReport = { ready: false };
open()
  .then((app) => {
    Object.assign(window.twinReport, hook(app), {
      ready: true,
      readyMs: performance.now() - began,
      readyAt: performance.now(),
    });
  })
  .catch((error) => {
    fill(byId("verdict"), `This page cannot be shown: ${error.message}`);
    throw error;
  });
