/** What lies over the plots: the cursor that links them, the dragged range, the tip, and the handles of the lanes. */

import { byId, duration, element, fill, grouped } from "./dom.js";
import { instant, labelWidth, viewAxis } from "./axis.js";
import { nameOf } from "./bands.js";
import { allShown, layoutLanes } from "./lanes.js";
import { idOf } from "./messages.js";
import { readout } from "./series.js";
import { letterOf } from "./theme.js";

/** The line at the pointer over all plots, and what secrecy and age are there. */
export function showCursor(app) {
  const line = byId("cursor");
  const axis = viewAxis(app);
  const x = app.cursor === null ? -1 : axis.x(app.cursor);
  line.hidden = x < labelWidth(app);
  for (const id of ["read-time", "read-secrecy", "read-age"]) byId(id).textContent = "";
  if (line.hidden) return;
  line.style.transform = `translateX(${x}px)`;
  const read = readout(app, app.cursor);
  byId("read-time").textContent = instant(app.cursor, (app.view.t1 - app.view.t0) / 1e4);
  byId("read-secrecy").textContent = read.secrecy;
  byId("read-age").textContent = read.age;
}

/** The dragged range as a band over all plots. */
export function showRangeBox(app) {
  const box = byId("range");
  box.hidden = !app.range;
  if (!app.range) return;
  const axis = viewAxis(app);
  const x0 = Math.max(labelWidth(app), axis.x(app.range[0]));
  const x1 = Math.min(app.width, axis.x(app.range[1]));
  box.style.left = `${x0}px`;
  box.style.width = `${Math.max(0, x1 - x0)}px`;
}

/** A few words on what is under the pointer. */
export function showTip(app, found, point) {
  const tip = byId("tip");
  byId("lanes").style.cursor = found && !found.band ? "pointer" : "crosshair";
  tip.hidden = !found;
  if (!found) return;
  fill(tip, ...tipLines(app, found).map((line) => element("div", {}, line)));
  const left = point.x > app.width - 260 ? point.x - 14 - tip.offsetWidth : point.x + 14;
  tip.style.transform = `translate(${Math.max(0, left)}px, ${point.y + byId("lanes").offsetTop + 12}px)`;
}

function tipLines(app, { row, solve, applied, band }) {
  const { run } = app;
  if (band) return [nameOf(band), `${instant(band.begin, 1e6)} to ${instant(band.end, 1e6)}`];
  if (solve !== undefined) {
    const { solves } = run;
    return [
      `solve v${solves.version[solve]} on ${solves.nodeName[solve]}`,
      `${solves.iterations[solve]} iterations, ${solves.status[solve]}`,
      `took ${duration(solves.finish[solve] - solves.begin[solve])}`,
    ];
  }
  if (applied !== undefined) {
    const name = run.applied.transmitters[run.applied.transmitter[applied]];
    return [`v${run.applied.version[applied]} on air at ${name}`, `CSI ${duration(run.applied.age[applied])} old`];
  }
  const { messages } = run;
  const leg = messages.legs[messages.leg[row]];
  const fate = messages.fates[messages.fate[row]];
  const end = Number.isNaN(messages.ended[row]) ? "on its way" : duration(messages.ended[row] - messages.sent[row]);
  const failed =
    fate.fate === "lost" || fate.fate === "dropped"
      ? `${letterOf(fate)}: ${fate.fate}, ${fate.reason.replace("_", " ")}`
      : null;
  return [
    `${messages.kinds[leg.kind]}  ${messages.nodes[leg.src]} → ${messages.nodes[leg.dst]}`,
    `${end}, ${grouped(messages.bytes[row])} B, id ${idOf(messages, row)}`,
    failed,
  ].filter(Boolean);
}

/** A handle over each lane's name: drag to move it, buttons to pin and to hide it. */
export function showHandles(app) {
  const layout = layoutLanes(app.run, app.lanes, app.scale);
  const handles = layout.list.map((node) => {
    const name = app.run.messages.nodes[node];
    const pinned = app.lanes.pinned.has(node);
    return element(
      "div",
      {
        class: "handle",
        draggable: "true",
        "data-node": name,
        title: `${name}: drag to move`,
        style: `top:${layout.yOf[node] - layout.laneHeight / 2}px;height:${layout.laneHeight}px`,
        dragstart: (event) => event.dataTransfer.setData("text/plain", String(node)),
        dragover: (event) => event.preventDefault(),
        drop: (event) => {
          event.preventDefault();
          app.dropLane(Number(event.dataTransfer.getData("text/plain")), node);
        },
      },
      element(
        "button",
        {
          class: "pin",
          "aria-pressed": String(pinned),
          "aria-label": `${pinned ? "unpin" : "pin"} ${name}`,
          click: () => app.pinLane(node),
        },
        pinned ? "unpin" : "pin",
      ),
      element(
        "button",
        { class: "hide", "aria-label": `hide ${name}`, click: () => app.showLanes([node], false) },
        "hide",
      ),
    );
  });
  fill(byId("handles"), ...handles);
}

/** How many lanes are shown, and the button that shows the rest. */
export function showLaneCount(app) {
  const { order, shown } = app.lanes;
  byId("lane-count").textContent = `lanes ${shown.size}/${order.length}`;
  byId("all-lanes").textContent = allShown(app.lanes) ? "fewer" : "all";
  byId("all-lanes").disabled = order.length === 0;
}
