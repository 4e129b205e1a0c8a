/** Which lanes there are, in which order, and where: entity, its other end if any, edge and core twin of each. */

import { entityOf } from "./story.js";

const LANE_HEIGHT = 44;
const AXIS_HEIGHT = 20;
const MAX_LANES = 60;
const SIDES = ["", "rx", "edge", "core"];

/** All lanes of a run in their first order, and those that are shown at first. */
export function makeLanes(run) {
  const { nodes } = run.messages;
  const entities = entityOrder(run);
  const rank = new Map(entities.map((entity, index) => [entity, index]));
  const order = nodes
    .map((_, node) => node)
    .sort(
      (a, b) =>
        rank.get(entityOf(nodes[a])) - rank.get(entityOf(nodes[b])) || sideRank(nodes[a]) - sideRank(nodes[b]) || a - b,
    );
  const central = centralEntities(run);
  const shown = order.filter((node) => !central.size || central.has(entityOf(nodes[node])));
  return { order, shown: new Set(shown.slice(0, MAX_LANES)), pinned: new Set(), hidden: new Set(), lent: new Set() };
}

function sideRank(node) {
  const place = SIDES.indexOf(node.includes(":") ? node.slice(0, node.indexOf(":")) : "");
  return place < 0 ? SIDES.length : place;
}

/** Entities that put precoders on air, and those whose twins solve. */
function centralEntities(run) {
  return new Set([...run.applied.transmitters, ...new Set(run.solves.nodeName)].map(entityOf));
}

/** Central entities first, the coordinator's in their middle so that ways to it are short; then the others by name. */
function entityOrder(run) {
  const central = centralEntities(run);
  const rest = [...new Set(run.messages.nodes.map(entityOf))].filter((entity) => !central.has(entity)).sort(byName);
  const solving = new Set(run.solves.nodeName.map(entityOf));
  const others = [...central].filter((entity) => !solving.has(entity)).sort(byName);
  const half = others.length >> 1;
  return [...others.slice(0, half), ...[...solving].sort(byName), ...others.slice(half), ...rest];
}

/** By name, numbers in names by their size: pair2 before pair10. */
function byName(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Lanes that are shown, pinned ones first, and the height of each row's middle; NaN for a lane that is not shown. */
export function layoutLanes(run, lanes, scale) {
  const shown = lanes.order.filter((node) => lanes.shown.has(node) || lanes.lent.has(node));
  const list = [...shown.filter((node) => lanes.pinned.has(node)), ...shown.filter((node) => !lanes.pinned.has(node))];
  const height = LANE_HEIGHT * scale;
  const top = AXIS_HEIGHT * scale;
  const yOf = new Float64Array(run.messages.nodes.length).fill(NaN);
  list.forEach((node, place) => {
    yOf[node] = top + (place + 0.5) * height;
  });
  return { list, yOf, laneHeight: height, top, height: top + Math.max(list.length, 1) * height };
}

/** Move a lane to where another one is. */
export function moveLane(lanes, node, target) {
  if (node === target) return;
  const from = lanes.order.indexOf(node);
  const to = lanes.order.indexOf(target);
  lanes.order.splice(from, 1);
  lanes.order.splice(to, 0, node);
  if (lanes.pinned.has(target)) lanes.pinned.add(node);
  else lanes.pinned.delete(node);
}

/** Show or hide a lane; at most MAX_LANES are shown. Returns whether that was possible. */
export function showLane(lanes, node, shown) {
  if (!shown) {
    lanes.shown.delete(node);
    lanes.pinned.delete(node);
    lanes.hidden.add(node);
    return true;
  }
  if (!lanes.shown.has(node) && lanes.shown.size >= MAX_LANES) return false;
  lanes.shown.add(node);
  lanes.hidden.delete(node);
  return true;
}

/** Whether no further lane can be shown. */
export function allShown({ order, shown }) {
  return shown.size >= Math.min(order.length, MAX_LANES);
}

/** Let the lanes of what is lit be seen, but for those that a person has hidden. */
export function lendLanes(run, lanes, rows) {
  const { legs, leg } = run.messages;
  const touched = [...rows].flatMap((row) => [legs[leg[row]].src, legs[leg[row]].dst]);
  lanes.lent = new Set(touched.filter((node) => !lanes.shown.has(node) && !lanes.hidden.has(node)).slice(0, MAX_LANES));
}
