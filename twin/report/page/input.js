/** Mouse, wheel and keys: what a person does to the view. */

import { byId } from "./dom.js";
import { viewAxis } from "./axis.js";
import { wholeAxis } from "./minimap.js";
import { jumpTo, stepBy } from "./navigate.js";

const CLICK_PIXELS = 4;
const ZOOM_STEP = 1.25;
const PAN_SHARE = 0.2;

/** Listen to everything. */
export function listen(app) {
  for (const id of ["lanes", "secrecy", "age"]) listenToPlot(app, byId(id), id === "lanes");
  listenToMinimap(app, byId("minimap"));
  document.addEventListener("keydown", (event) => onKey(app, event));
  window.addEventListener("resize", () => app.layoutChanged());
  window.addEventListener("hashchange", () => app.openLink());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => app.systemTheme(matches));
}

function place(event, target) {
  const box = target.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** Drag selects a range (with Alt or the middle button it pans), a click selects what is under it. */
function listenToPlot(app, canvas, hasMessages) {
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    const [x] = place(event, canvas);
    drag = { x, pan: event.button === 1 || event.altKey, view: { ...app.view }, moved: false };
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event, canvas);
    app.hover(viewAxis(app).t(x), hasMessages ? { x, y } : null);
    if (!drag) return;
    drag.moved ||= Math.abs(x - drag.x) > CLICK_PIXELS;
    if (!drag.moved) return;
    const axis = viewAxis(app);
    if (drag.pan) {
      const by = (drag.x - x) / axis.pixelsPerNs;
      app.setView(drag.view.t0 + by, drag.view.t1 + by);
    } else app.setRange(axis.t(drag.x), axis.t(x));
  });
  canvas.addEventListener("pointerup", (event) => {
    const [x, y] = place(event, canvas);
    if (drag && !drag.moved && hasMessages) app.click(x, y);
    else if (drag && !drag.moved) app.setRange(null);
    drag = null;
  });
  canvas.addEventListener("pointerleave", () => app.hover(null));
  canvas.addEventListener("wheel", (event) => onWheel(app, canvas, event), { passive: false });
}

/** With Ctrl (or a pinch) the wheel zooms about the pointer; sideways or with Shift it pans; else the page scrolls. */
function onWheel(app, canvas, event) {
  const axis = viewAxis(app);
  const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoomAbout(app, axis.t(place(event, canvas)[0]), Math.exp(event.deltaY * 0.004));
  } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    event.preventDefault();
    pan(app, sideways / axis.pixelsPerNs);
  }
}

function zoomAbout(app, t, factor) {
  app.setView(t - (t - app.view.t0) * factor, t + (app.view.t1 - t) * factor);
}

function pan(app, by) {
  app.setView(app.view.t0 + by, app.view.t1 + by);
}

/** On the minimap a press puts the middle of the view there, and a drag carries it along. */
function listenToMinimap(app, canvas) {
  const go = (event) => {
    const half = (app.view.t1 - app.view.t0) / 2;
    const t = wholeAxis(app, app.width).t(place(event, canvas)[0]);
    app.setView(t - half, t + half);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) go(event);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoomAbout(app, (app.view.t0 + app.view.t1) / 2, Math.exp(event.deltaY * 0.004));
    },
    { passive: false },
  );
}

const KEYS = {
  a: (app) => pan(app, -PAN_SHARE * (app.view.t1 - app.view.t0)),
  d: (app) => pan(app, PAN_SHARE * (app.view.t1 - app.view.t0)),
  w: (app) => zoomAbout(app, app.middle(), 1 / ZOOM_STEP),
  s: (app) => zoomAbout(app, app.middle(), ZOOM_STEP),
  f: (app) => app.fit(),
  0: (app) => app.setView(0, app.run.endNs),
  "[": (app) => stepBy(app, -1),
  "]": (app) => stepBy(app, 1),
  m: (app) => jumpTo(app, "median"),
  x: (app) => jumpTo(app, "worst"),
  l: (app) => jumpTo(app, "lost"),
  z: (app) => app.zoomToRange(),
  t: (app) => app.toggleTheme(),
  p: (app) => app.toggleProjector(),
  "/": () => byId("find").focus(),
  "?": (app) => app.toggleHelp(),
  Escape: (app) => app.escape(),
};
const SAME = { ArrowLeft: "a", ArrowRight: "d", ArrowUp: "w", ArrowDown: "s" };

function onKey(app, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target instanceof HTMLInputElement;
  if (typing && event.key === "Escape") event.target.blur();
  if (typing || (event.target instanceof HTMLButtonElement && event.key.startsWith("Arrow"))) return;
  const key = SAME[event.key] ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!KEYS[key]) return;
  event.preventDefault();
  KEYS[key](app);
}
