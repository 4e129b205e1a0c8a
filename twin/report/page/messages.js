/** The message table, rebuilt from what could not be predicted (see `twin/report/message_columns.py`). */

const LOAD_STRIDE = 31;
const LOAD_SLOTS = 65536;

/**
 * All messages as columns, one entry per row in the order of their send times. Times are ns; NaN where there is none.
 * @param {object} header what the page is told of the messages
 * @param {Object<string, Int32Array|Float64Array>} columns
 */
export function readMessages(header, columns) {
  const hops = readHops(header, columns);
  const times = readTimes(header, columns, hops);
  const leg = Uint32Array.from({ length: header.routes.length }, (_, i) => header.routes[i][0]);
  const legs = header.legs.map(([kind, src, dst], index) => ({
    index,
    kind,
    src,
    dst,
    ...header.leg_quantiles[index],
  }));
  const legOf = new Uint32Array(header.count);
  for (let i = 0; i < legOf.length; i += 1) legOf[i] = leg[columns.route[i]];
  const fates = header.fates.map(([fate, reason]) => ({ fate, reason }));
  const messages = {
    count: header.count,
    kinds: header.kinds,
    nodes: header.nodes,
    links: header.links,
    legs,
    leg: legOf,
    fates,
    fate: columns.fate,
    idBases: header.id_bases,
    ...hops,
    ...times,
  };
  messages.idOffset = readIds(messages, columns.id);
  messages.slow = slowOnes(messages);
  messages.failed = failedOnes(messages);
  messages.failedByEnd = messages.failed.toSorted((a, b) => endOf(messages, a) - endOf(messages, b));
  return messages;
}

function readHops(header, columns) {
  const { count, routes } = header;
  const lengths = routes.map(([, links]) => links.length);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0) + 1;
  const hopStart = new Uint32Array(count + 1);
  for (let i = 0; i < count; i += 1) hopStart[i + 1] = hopStart[i] + lengths[columns.route[i]];
  const link = new Uint32Array(hopStart[count]);
  const serialisation = Float64Array.from(columns.serialisation_ns);
  const propagation = Float64Array.from(columns.propagation_ns);
  const bytes = new Uint32Array(count);
  const lastBytes = new Float64Array(routes.length);
  const lastLoad = new Float64Array(LOAD_SLOTS);
  const lastPlace = new Float64Array(routes.length * longest);
  for (let i = 0; i < count; i += 1) {
    const route = columns.route[i];
    const links = routes[route][1];
    bytes[i] = lastBytes[route] += columns.bytes[i];
    for (let k = 0, hop = hopStart[i]; k < links.length; k += 1, hop += 1) {
      const slot = (links[k] * LOAD_STRIDE + bytes[i]) % LOAD_SLOTS;
      link[hop] = links[k];
      serialisation[hop] = lastLoad[slot] += serialisation[hop];
      propagation[hop] = lastPlace[route * longest + k] += propagation[hop];
    }
  }
  return { hopStart, link, bytes, serialisation, propagation, queue: columns.queue_ns, jitter: columns.jitter_ns };
}

function readTimes(header, columns, hops) {
  const { count } = header;
  const parent = new Int32Array(count);
  const [sent, ended, begin, finish, data] = Array.from({ length: 5 }, () => new Float64Array(count).fill(NaN));
  let root = 0;
  for (let i = 0; i < count; i += 1) {
    const cause = columns.parent[i] ? i - columns.parent[i] : -1;
    const earlier = cause >= 0 && cause < i;
    parent[i] = cause;
    sent[i] = earlier && finish[cause] === finish[cause] ? finish[cause] + columns.send[i] : (root += columns.send[i]);
    data[i] = earlier ? data[cause] + columns.data[i] : sent[i] - columns.data[i];
    if (!columns.late[i]) continue;
    let latency = columns.late[i] - 1;
    for (let hop = hops.hopStart[i]; hop < hops.hopStart[i + 1]; hop += 1) {
      latency += hops.queue[hop] + hops.serialisation[hop] + hops.propagation[hop] + hops.jitter[hop];
    }
    ended[i] = sent[i] + latency;
    if (!columns.wait[i]) continue;
    begin[i] = ended[i] + columns.wait[i] - 1;
    finish[i] = begin[i] + columns.cost[i];
  }
  return { parent, sent, ended, begin, finish, data };
}

function readIds(messages, differences) {
  const last = new Float64Array(messages.nodes.length);
  const offsets = new Float64Array(messages.count);
  for (let i = 0; i < messages.count; i += 1) offsets[i] = last[messages.legs[messages.leg[i]].src] += differences[i];
  return offsets;
}

/** 1 where a delivered message took longer than 95 % of all on its leg. */
function slowOnes(messages) {
  const limit = messages.legs.map(({ quantiles }) => (quantiles ? quantiles[1] : Infinity));
  const delivered = messages.fates.map(({ fate }) => fate === "delivered");
  const slow = new Uint8Array(messages.count);
  for (let i = 0; i < slow.length; i += 1) {
    slow[i] = delivered[messages.fate[i]] && messages.ended[i] - messages.sent[i] > limit[messages.leg[i]] ? 1 : 0;
  }
  return slow;
}

/** Rows of the messages that were lost or dropped. */
function failedOnes(messages) {
  const failed = messages.fates.map(({ fate }) => fate === "lost" || fate === "dropped");
  const rows = [];
  for (let i = 0; i < messages.count; i += 1) if (failed[messages.fate[i]]) rows.push(i);
  return rows;
}

/** When a message ended; where that is not known, when it was sent. */
export function endOf({ ended, sent }, row) {
  return Number.isNaN(ended[row]) ? sent[row] : ended[row];
}

/** The id of a message as text: it may be larger than a double holds exactly. */
export function idOf(messages, row) {
  const src = messages.legs[messages.leg[row]].src;
  return String(BigInt(messages.idBases[src]) + BigInt(messages.idOffset[row]));
}

/** The row of the message with this id (text), -1 if there is none. */
export function rowOfId(messages, text) {
  const id = BigInt(text);
  const wanted = messages.idBases.map((base) => Number(id - BigInt(base)));
  for (let i = 0; i < messages.count; i += 1) {
    if (messages.idOffset[i] === wanted[messages.legs[messages.leg[i]].src]) return i;
  }
  return -1;
}

/** The kind of a message as text. */
export function kindOf(messages, row) {
  return messages.kinds[messages.legs[messages.leg[row]].kind];
}

/** Sum of the four parts of a message's latency, in ns. */
export function partsOf(messages, row) {
  const parts = { queue: 0, serialisation: 0, propagation: 0, jitter: 0 };
  for (let hop = messages.hopStart[row]; hop < messages.hopStart[row + 1]; hop += 1) {
    for (const part of Object.keys(parts)) parts[part] += messages[part][hop];
  }
  return parts;
}

/** First row that was sent at `t` or later. */
export function rowAt(messages, t) {
  return lowerBound(messages.sent, t);
}

/** First place in a sorted array whose value is at least `x`. */
export function lowerBound(sorted, x) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
