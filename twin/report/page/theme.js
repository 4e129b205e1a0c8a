/** Colours. They were checked under simulated colour blindness; every one has a contrast of 3 or more to its ground. */

const KINDS = {
  state: ["#6D40DB", "#C59AFE"],
  csi: ["#101DAA", "#486CEF"],
  sync: ["#1896FB", "#C5F0FE"],
  share: ["#139785", "#32E0AA"],
  price: ["#923D7F", "#A75690"],
  precoder: ["#D55E00", "#FF8A3D"],
  ack: ["#393D44", "#979CA3"],
  echo: ["#695300", "#EDE20D"],
  command: ["#D55E00", "#FF8A3D"],
};
const OTHERS = [
  ["#4A6B00", "#B7D651"],
  ["#B0124B", "#FF8FB1"],
  ["#00707F", "#6FD9E8"],
  ["#7A4B1E", "#D9A878"],
];
const DASHES = { ack: [5, 3], command: [1.5, 3] };

export const RAMP_CUTS = [0.1, 0.2, 0.4, 0.7];
const RAMP = [
  ["#EEF1F4", "#F7D9A8", "#F0A24A", "#C9501C", "#7A1E0C"],
  ["#20272F", "#5A3A1A", "#A85B1E", "#EE9A3A", "#FFE0A0"],
];

export const PARTS = ["queue", "serialisation", "propagation", "jitter"];
const PART_COLOURS = {
  queue: ["#C9501C", "#FF8A3D"],
  serialisation: ["#6D40DB", "#C59AFE"],
  propagation: ["#1676C4", "#6CB6FF"],
  jitter: ["#848B94", "#8A929B"],
};

/** All colours of a theme. @param {boolean} dark @param {string[]} kinds in the order of the run */
export function makeTheme(dark, kinds) {
  const side = dark ? 1 : 0;
  let other = 0;
  return {
    dark,
    ground: dark ? "#12161B" : "#FFFFFF",
    ink: dark ? "#E6EAEE" : "#1B1F24",
    muted: dark ? "#9AA3AD" : "#5B636D",
    rule: dark ? "#2A323B" : "#E3E7EC",
    cost: dark ? "#EE9A3A" : "#C9501C",
    solve: dark ? "#E6EAEE" : "#1B1F24",
    kinds: kinds.map((kind) => ({
      name: kind,
      colour: (KINDS[kind] || OTHERS[other++ % OTHERS.length])[side],
      dash: DASHES[kind] || [],
    })),
    ramp: RAMP[side],
    parts: Object.fromEntries(PARTS.map((part) => [part, PART_COLOURS[part][side]])),
  };
}

const LETTERS = {
  loss: "L",
  queue_full: "Q",
  expired: "E",
  stale: "E",
  crashed: "C",
  loss_burst: "B",
  outage: "O",
  deduplicated: "D",
  no_route: "N",
  malformed: "M",
};

/** The letter beside the cross of a message that did not make it. */
export function letterOf(fate) {
  return LETTERS[fate.reason] || (fate.reason || fate.fate || "?").charAt(0).toUpperCase();
}

const ON_THE_WAY = new Set(["loss", "loss_burst", "queue_full", "outage", "no_route", "partitioned"]);

/** Whether a message was lost between its ends, not refused by its receiver. */
export function lostOnTheWay(fate) {
  return fate.fate === "lost" || ON_THE_WAY.has(fate.reason);
}
