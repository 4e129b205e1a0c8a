/** Below the fold: latency by kind and leg, where everybody is, and the messages themselves with exact times. */

import { byId, duration, element, fill, fixed, grouped } from "./dom.js";
import { idOf } from "./messages.js";
import { sentIn } from "./run.js";
import { entityOf } from "./story.js";
import { visibleLegs } from "./arrows.js";

const MAX_ROWS = 200;
const MAX_LEGS = 300;
const NUMBERS = /, [mn]s$|^(sent|failed|id|p\d+)$/;

/** Quantiles of every kind, then of every leg, the slowest first. */
export function showLegs(app) {
  const { legs, nodes } = app.run.messages;
  const sorted = [...legs].sort((a, b) => (b.quantiles?.[0] ?? -1) - (a.quantiles?.[0] ?? -1)).slice(0, MAX_LEGS);
  const byKind = app.run.header.messages.kind_quantiles;
  const most = [...byKind, ...sorted].reduce((high, { quantiles }) => Math.max(high, quantiles?.[2] ?? 0), 1);
  const rows = [
    ...byKind.map((whole, kind) => legRow(app, { kind, ...whole }, "all legs", most)),
    ...sorted.map((leg) => legRow(app, leg, `${nodes[leg.src]} → ${nodes[leg.dst]}`, most)),
  ];
  const left = legs.length - sorted.length;
  fill(
    byId("legs"),
    head("kind", "leg", "p50, ms", "p95, ms", "p99, ms", "", "sent", "failed"),
    element("tbody", {}, ...rows),
  );
  fill(byId("legs-note"), left > 0 ? `${grouped(left)} faster legs are left out.` : "");
}

function legRow(app, { kind, quantiles, count, failed }, name, most) {
  return element(
    "tr",
    { class: name === "all legs" ? "whole" : "" },
    element("td", {}, app.run.messages.kinds[kind]),
    element("td", {}, name),
    ...[0, 1, 2].map((q) => element("td", { class: "number" }, quantiles ? fixed(quantiles[q] / 1e6, 3) : "–")),
    element("td", {}, spread(quantiles, most, app.theme.kinds[kind].colour)),
    element("td", { class: "number" }, grouped(count)),
    element("td", { class: "number" }, grouped(failed)),
  );
}

function head(...names) {
  const cells = names.map((name) => element("th", { class: NUMBERS.test(name) ? "number" : null }, name));
  return element("thead", {}, element("tr", {}, ...cells));
}

/** From p50 to p99 as a bar on a common scale, p95 as a notch. */
function spread(quantiles, most, colour) {
  const box = element("div", { class: "spread" });
  if (!quantiles) return box;
  const [low, middle, high] = quantiles.map((value) => (100 * value) / most);
  box.append(
    element("span", { style: `left:${low}%;width:max(2px,${high - low}%);background:${colour}` }),
    element("i", { style: `left:${middle}%` }),
  );
  return box;
}

/** The messages that were sent in the view, or those of the selection, as a quiet table. */
export function showEvents(app) {
  const rows = eventRows(app);
  const { messages } = app.run;
  const ofSelection = app.eventsOfSelection && app.selection;
  const body = rows.slice(0, MAX_ROWS).map((row) => {
    const leg = messages.legs[messages.leg[row]];
    const { fate, reason } = messages.fates[messages.fate[row]];
    return element(
      "tr",
      {
        "data-row": row,
        class: !ofSelection && app.selection?.rows.has(row) ? "lit" : "",
        click: () => app.selectRow(row),
      },
      element("td", { class: "number" }, idOf(messages, row)),
      element("td", {}, messages.kinds[leg.kind]),
      element("td", {}, messages.nodes[leg.src]),
      element("td", {}, messages.nodes[leg.dst]),
      element("td", { class: "number" }, grouped(messages.sent[row])),
      element("td", { class: "number" }, Number.isNaN(messages.ended[row]) ? "" : grouped(messages.ended[row])),
      element(
        "td",
        { class: "number" },
        Number.isNaN(messages.ended[row]) ? "" : grouped(messages.ended[row] - messages.sent[row]),
      ),
      element("td", {}, reason ? `${fate.replace("_", " ")}: ${reason}` : fate.replace("_", " ")),
    );
  });
  fill(
    byId("events"),
    head("id", "kind", "from", "to", "sent, ns", "ended, ns", "latency, ns", "fate"),
    element("tbody", {}, ...body),
  );
  const cut = rows.length > MAX_ROWS ? `the first ${MAX_ROWS} of ` : "";
  const what = ofSelection ? "messages of the selection" : "messages sent in the view";
  fill(byId("events-note"), `${cut}${grouped(rows.length)} ${what}`);
}

function eventRows(app) {
  if (app.eventsOfSelection && app.selection) return [...app.selection.rows].sort((a, b) => a - b);
  const legs = visibleLegs(app.run, app.filters);
  const [from, to] = sentIn(app.run, app.view.t0, app.view.t1);
  const rows = [];
  for (let row = from; row < to; row += 1) if (legs[app.run.messages.leg[row]]) rows.push(row);
  return rows;
}

/** Where everybody is at the start of the run, in a static 280 x 160 inset. */
export function showMap(app) {
  const places = app.run.header.places;
  const placed = places.filter(({ at }) => at);
  byId("map-box").hidden = placed.length < 2;
  if (placed.length < 2) return;
  const points = placed.flatMap(({ at, path }) => path ?? [at]);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(190 / Math.max(x1 - x0, 1), 100 / Math.max(y1 - y0, 1));
  const px = ([x]) => 140 + (x - (x0 + x1) / 2) * scale;
  const py = ([, y]) => 84 - (y - (y0 + y1) / 2) * scale;
  const svg = node("svg", {
    viewBox: "0 0 280 160",
    width: 280,
    height: 160,
    role: "img",
    "aria-label": "Map of the entities at the start",
  });
  placed.forEach(({ name, at, path }) => {
    if (path?.length > 1)
      svg.append(node("polyline", { points: path.map((p) => `${px(p)},${py(p)}`).join(" "), class: "way" }));
    svg.append(
      node("circle", {
        cx: px(at),
        cy: py(at),
        r: 3.5,
        class: app.run.applied.transmitters.includes(name) ? "sender" : "place",
      }),
    );
    const label = node("text", {
      x: px(at) + (px(at) > 190 ? -6 : 6),
      y: py(at) + 4,
      "text-anchor": px(at) > 190 ? "end" : "start",
    });
    label.textContent = entityOf(name);
    svg.append(label);
  });
  const over = places
    .filter(({ at }) => !at)
    .map(({ name, height_m: height }) => `${name} ${Math.round(height / 1000)} km overhead`);
  const bar = barLength(x1 - x0);
  svg.append(
    node("path", { d: `M8 152h${bar * scale}`, class: "way solid" }),
    caption(8, 146, `${bar} m`),
    caption(272, 152, over.join(", "), "end"),
  );
  fill(byId("map"), svg);
}

function barLength(width) {
  return [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
    .filter((length) => length <= Math.max(width / 3, 1))
    .at(-1);
}

function caption(x, y, text, anchor = "start") {
  const made = node("text", { x, y, "text-anchor": anchor, class: "muted" });
  made.textContent = text;
  return made;
}

function node(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** What the page leaves out, and what it was made of. */
export function showNotes(app) {
  const { messages, summary } = app.run.header;
  const left = messages.left_out
    ? ` The last ${grouped(messages.left_out)} messages are left out: a page holds no more.`
    : "";
  fill(
    byId("notes"),
    "All times are virtual and exact to the nanosecond; rates are kept to 0.0001 bit/s/Hz.",
    `${left} Digest ${summary.digest ?? "unknown"}.`,
  );
}

/** What a dragged range holds. */
export function showRange(parent, app, stats) {
  const lost = (stats.byFate.lost ?? 0) + (stats.byFate.dropped ?? 0);
  const loss = stats.fresh - stats.stale;
  fill(
    parent,
    element("strong", {}, duration(app.range[1] - app.range[0])),
    element("div", {}, `${grouped(stats.sent)} messages sent, ${grouped(lost)} lost or dropped`),
    element(
      "div",
      {},
      stats.samples
        ? `${app.run.metrics.worst.name} ${fixed(stats.stale)} of ${fixed(stats.fresh)} bit/s/Hz: loss ${fixed(loss)}`
        : "no sample of the rates",
    ),
    element(
      "table",
      {},
      head("kind", "sent", "p50", "p95", "p99"),
      element(
        "tbody",
        {},
        ...stats.latency.map(({ kind, count, quantiles }) =>
          element(
            "tr",
            {},
            element("td", {}, kind),
            element("td", { class: "number" }, grouped(count)),
            ...quantiles.map((q) => element("td", { class: "number" }, duration(q))),
          ),
        ),
      ),
    ),
    element("button", { click: () => app.zoomToRange() }, "Zoom to it (Z)"),
  );
}
