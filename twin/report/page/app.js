/** The state of the page, and everything that can be done to it. */

import { byId } from "./dom.js";
import { bounded } from "./axis.js";
import { bandAt, showFaults } from "./bands.js";
import { lendLanes, makeLanes, moveLane, showLane } from "./lanes.js";
import { under } from "./hits.js";
import { jumpTo } from "./navigate.js";
import { paint, paintSvg } from "./paint.js";
import { kindOf } from "./messages.js";
import { makeTheme } from "./theme.js";
import { selectBranch, selectMessage, selectVersion } from "./selection.js";
import { ancestry, entityOf, versionOf } from "./story.js";
import { statsIn } from "./stats.js";
import { showCards, showChips, showHeader, showJumps, showUsers } from "./cards.js";
import { showDrawer } from "./drawer.js";
import { showEvents, showLegs, showMap, showNotes, showRange } from "./tables.js";
import { showCursor, showHandles, showLaneCount, showRangeBox, showTip } from "./overlay.js";

const PROJECTOR = 1.25;
const FIRST_SPAN_NS = 50e6;

/** One page of one run. */
export class App {
  constructor(run) {
    Object.assign(this, {
      run,
      scale: 1,
      view: { t0: 0, t1: run.endNs },
      filters: { hidden: new Set() },
      lanes: makeLanes(run),
      selection: null,
      range: null,
      user: null,
      cursor: null,
      chosenTheme: false,
      eventsOfSelection: true,
      width: 0,
      drawn: null,
      frames: [],
      waiting: false,
    });
    this.theme = makeTheme(matchMedia("(prefers-color-scheme: dark)").matches, run.messages.kinds);
  }

  /** Show everything, the story of the deep link or of the median-age precoder first. */
  start() {
    this.measure();
    this.showAll();
    if (!this.openLink()) jumpTo(this, "median");
    if (!this.selection) this.setView(0, Math.min(this.run.endNs, FIRST_SPAN_NS));
    this.draw();
  }

  measure() {
    this.width = Math.max(320, Math.floor(byId("plots").getBoundingClientRect().width));
  }

  showAll() {
    const root = document.documentElement;
    root.dataset.theme = this.theme.dark ? "dark" : "light";
    root.style.setProperty("--scale", this.scale);
    showHeader(this);
    showCards(this);
    showChips(this);
    showJumps(this);
    showLegs(this);
    showMap(this);
    showNotes(this);
    showFaults(this);
    showUsers(this);
    this.showSelection();
    showHandles(this);
  }

  /** Draw at the next frame. */
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.waiting = false;
    const begin = performance.now();
    this.drawn = paint(this);
    this.frames.push(performance.now() - begin);
    if (this.frames.length > 100) this.frames.shift();
    showRangeBox(this);
    showCursor(this);
    this.laterEvents();
  }

  /** The event table follows when the view has come to rest. */
  laterEvents() {
    clearTimeout(this.eventTimer);
    this.eventTimer = setTimeout(() => showEvents(this), 150);
  }

  setView(t0, t1) {
    [this.view.t0, this.view.t1] = bounded(t0, t1, this.run.endNs);
    this.redraw();
  }

  middle() {
    return this.cursor ?? (this.view.t0 + this.view.t1) / 2;
  }

  layoutChanged() {
    this.measure();
    showHandles(this);
    this.redraw();
  }

  // Selection

  /** Light the story of a version, whose precoders went to one transmitter or to all. */
  select(version, transmitter, { move = true } = {}) {
    const selection = selectVersion(this.run, version, transmitter);
    if (!selection) return false;
    this.setSelection(selection);
    if (move) this.fit();
    return true;
  }

  selectRow(row) {
    const version = kindOf(this.run.messages, row) === "precoder" ? versionOf(this.run, row) : -1;
    if (version >= 0) {
      const entity = entityOf(this.run.messages.nodes[this.run.messages.legs[this.run.messages.leg[row]].dst]);
      const selection = selectVersion(this.run, version, undefined, entity);
      if (selection?.rows.has(row)) return this.setSelection(selection);
    }
    return this.setSelection(selectMessage(this.run, row, ancestry(this.run.messages, row)));
  }

  focusBranch(index) {
    this.setSelection(selectBranch(this.run, this.selection.story, index));
  }

  setSelection(selection) {
    this.selection = selection;
    lendLanes(this.run, this.lanes, selection?.rows ?? []);
    showHandles(this);
    const version = selection?.story?.version;
    const link = version === undefined ? " " : `#v=${version}`;
    if (location.hash !== link.trim())
      history.replaceState(null, "", link === " " ? location.href.split("#")[0] : link);
    this.showSelection();
    this.redraw();
  }

  showSelection() {
    showDrawer(byId("drawer"), this);
  }

  /** What the address asks for: #v=1234 or #v=1234&tx=uav. */
  openLink() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const version = Number(asked.get("v") ?? NaN);
    return Number.isInteger(version) && this.select(version, asked.get("tx") ?? undefined);
  }

  /** The view that shows the selection with room on both sides. */
  fit() {
    const { selection } = this;
    if (!selection) return this.setView(0, this.run.endNs);
    const [begin, end] = selection.span;
    const room = 0.08 * Math.max(end - begin, 1000);
    return this.setView(begin - room, end + 2.2 * room);
  }

  // Filters, lanes, range

  toggleKind(kind, alone) {
    const { hidden } = this.filters;
    const others = this.theme.kinds.map((_, index) => index).filter((index) => index !== kind);
    if (alone) {
      const isAlone = !hidden.has(kind) && others.every((index) => hidden.has(index));
      hidden.clear();
      if (!isAlone) others.forEach((index) => hidden.add(index));
    } else if (!hidden.delete(kind)) hidden.add(kind);
    showChips(this);
    if (this.range) this.setRange(...this.range);
    this.redraw();
  }

  showLanes(nodes, shown) {
    const done = nodes.every((node) => showLane(this.lanes, node, shown));
    this.lanesChanged();
    return done;
  }

  pinLane(node) {
    const { pinned } = this.lanes;
    if (!pinned.delete(node)) pinned.add(node);
    this.lanesChanged();
  }

  dropLane(node, target) {
    moveLane(this.lanes, node, target);
    this.lanesChanged();
  }

  lanesChanged() {
    showHandles(this);
    showLaneCount(this);
    this.redraw();
  }

  setRange(a, b) {
    this.range = a === null ? null : [Math.min(a, b), Math.max(a, b)];
    const box = byId("range-stats");
    box.hidden = !this.range;
    if (this.range) showRange(box, this, statsIn(this, ...this.range));
    showRangeBox(this);
  }

  zoomToRange() {
    if (!this.range) return;
    const [t0, t1] = this.range;
    this.setRange(null);
    this.setView(t0, t1);
  }

  // Pointer

  hover(t, point = null) {
    this.cursor = t !== null && t >= this.view.t0 ? t : null;
    showCursor(this);
    const found = point ? under(this, point.x, point.y) : null;
    showTip(this, found ?? (point && bandUnder(this, point)), point);
  }

  chooseUser(user) {
    this.user = user;
    showUsers(this);
    this.redraw();
  }

  click(x, y) {
    const found = under(this, x, y);
    if (this.range) this.setRange(null);
    if (!found) return this.setSelection(null);
    if (found.solve !== undefined) return this.select(this.run.solves.version[found.solve], undefined, { move: false });
    if (found.applied === undefined) return this.selectRow(found.row);
    const { applied } = this.run;
    const transmitter = applied.transmitters[applied.transmitter[found.applied]];
    return this.setSelection(selectVersion(this.run, applied.version[found.applied], undefined, transmitter));
  }

  escape() {
    if (!byId("help").hidden) this.toggleHelp();
    else if (this.range) this.setRange(null);
    else this.setSelection(null);
  }

  // Appearance

  systemTheme(dark) {
    if (!this.chosenTheme) this.setTheme(dark);
  }

  toggleTheme() {
    this.chosenTheme = true;
    this.setTheme(!this.theme.dark);
  }

  setTheme(dark) {
    this.theme = makeTheme(dark, this.run.messages.kinds);
    this.showAll();
    this.redraw();
  }

  toggleProjector() {
    this.scale = this.scale === 1 ? PROJECTOR : 1;
    this.showAll();
    this.layoutChanged();
  }

  toggleHelp() {
    byId("help").hidden = !byId("help").hidden;
  }

  svg() {
    return paintSvg(this);
  }
}

function bandUnder(app, { x, y }) {
  const band = bandAt(app, x, y);
  return band && { band };
}
