/** The box that finds things: a version (500 or v500), the id of a message, or a lane by name. */

import { rowOfId } from "./messages.js";

/** Go to what was asked for; returns what is wrong with it, or nothing. */
export function find(app, text) {
  const wanted = text.trim();
  const version = /^v?(\d{1,9})$/i.exec(wanted);
  if (version && app.select(Number(version[1]))) return "";
  if (/^\d{1,19}$/.test(wanted)) {
    const row = rowOfId(app.run.messages, wanted);
    if (row < 0) return `no version and no message ${wanted}`;
    app.selectRow(row);
    app.fit();
    return "";
  }
  return wanted ? showLanesNamed(app, wanted) : "";
}

function showLanesNamed(app, wanted) {
  const names = app.run.messages.nodes;
  const found = names.map((_, node) => node).filter((node) => names[node].toLowerCase().includes(wanted.toLowerCase()));
  if (!found.length) return `no version, message or lane called ${wanted}`;
  const shown = app.showLanes(found, true);
  for (const node of found) if (app.lanes.shown.has(node)) app.lanes.pinned.add(node);
  app.lanesChanged();
  return shown ? "" : "too many lanes: hide some first";
}
