/** The drawer: what is selected, told hop by hop as a waterfall on the time of the story. */

import { duration, element, fill, fixed, grouped } from "./dom.js";
import { idOf, kindOf, partsOf } from "./messages.js";
import { PARTS } from "./theme.js";

/** Show the selection, or how to make one. */
export function showDrawer(parent, app) {
  const { selection } = app;
  if (!selection) return fill(parent, ...emptyDrawer(app));
  if (!selection.story) return fill(parent, ...messageDrawer(app, selection.row, selection.rows));
  return fill(parent, ...storyDrawer(app, selection));
}

function emptyDrawer(app) {
  const solved = app.run.solves.count;
  const hint = solved
    ? "Click a precoder, a solve or any other message. [ and ] step from version to version, ? shows all keys."
    : "No twin solved in this run: there is no precoder whose story could be told. Click any message for its hops.";
  return [element("h2", {}, "Nothing selected"), element("p", { class: "muted" }, hint)];
}

function storyDrawer(app, { story, focus }) {
  const { run } = app;
  const branch = story.branches[focus];
  const steps = stepsOf(run, story, branch);
  const others = story.inputs
    .filter((input) => !input.critical && (!branch || input.solve === branch.solve))
    .map((input) => ({ ...input, steps: input.rows.map((row) => messageStep(run, row)) }));
  const all = [...steps, ...others.flatMap((input) => input.steps)];
  const [begin, end] = [Math.min(...all.map((s) => s.t0)), Math.max(...all.map((s) => s.t1))];
  return [
    element("h2", {}, `Precoder v${story.version}`, branch ? ` of ${branch.transmitter}` : ""),
    tabs(app, story, focus),
    element("p", {}, outcome(run, story, branch)),
    legend(app),
    element("ol", { class: "waterfall" }, ...steps.map((step) => stepRow(app, step, begin, end))),
    others.length ? element("h3", {}, "Other inputs of the solve") : null,
    ...others.map((input) =>
      element(
        "div",
        { class: "other" },
        element("div", {}, `${senderOf(run.messages, input.rows[0])}: waited ${duration(input.waited)}`),
        element("ol", { class: "waterfall" }, ...input.steps.map((step) => stepRow(app, step, begin, end))),
      ),
    ),
  ];
}

function tabs(app, story, focus) {
  if (story.branches.length < 2) return null;
  return element(
    "div",
    { class: "tabs", role: "tablist" },
    ...story.branches.map(({ transmitter }, index) =>
      element(
        "button",
        { role: "tab", "aria-selected": String(index === focus), click: () => app.focusBranch(index) },
        transmitter,
      ),
    ),
  );
}

function outcome(run, story, branch) {
  if (!branch) return "Solved, and never sent.";
  if (branch.applied >= 0) {
    const age = run.applied.age[branch.applied];
    return `On air with CSI that was ${duration(age)} old; measured, joined, solved and carried back as below.`;
  }
  const last = branch.rows.at(-1);
  const { fate, reason } = run.messages.fates[run.messages.fate[last]];
  const end =
    fate === "delivered"
      ? "It arrived, and another version was on air"
      : `Its last message was ${fateText({ fate, reason })}`;
  return `Never went on air. ${end}.`;
}

function senderOf(messages, row) {
  return messages.nodes[messages.legs[messages.leg[row]].src];
}

/** A fate in words: "in flight", "dropped (stale)". */
function fateText({ fate, reason }) {
  return fate.replace("_", " ") + (reason ? ` (${reason.replace("_", " ")})` : "");
}

/** Everything on the critical path of a branch, in the order of time. */
function stepsOf(run, story, branch) {
  const solve = branch ? branch.solve : (story.solves[0] ?? -1);
  const critical = story.inputs.find((input) => input.critical && input.solve === solve);
  const steps = (critical?.rows ?? []).map((row) => messageStep(run, row));
  if (solve >= 0) steps.push(solveStep(run, solve));
  for (const row of branch?.rows ?? []) steps.push(messageStep(run, row));
  const arrived = steps.at(-1)?.t1;
  if (branch && branch.applied >= 0 && run.applied.time[branch.applied] > arrived) {
    steps.push({ title: "held until its turn", t0: arrived, t1: run.applied.time[branch.applied], hold: true });
  }
  return steps;
}

function messageStep(run, row) {
  const { messages } = run;
  const leg = messages.legs[messages.leg[row]];
  const end = Number.isNaN(messages.ended[row]) ? run.endNs : messages.ended[row];
  return {
    row,
    t0: messages.sent[row],
    t1: end,
    parts: partsOf(messages, row),
    kind: leg.kind,
    title: `${messages.kinds[leg.kind]} ${messages.nodes[leg.src]} → ${messages.nodes[leg.dst]}`,
    fate: messages.fates[messages.fate[row]],
  };
}

function solveStep(run, solve) {
  const { solves } = run;
  return {
    title: `solve on ${solves.nodeName[solve]}`,
    t0: solves.begin[solve],
    t1: solves.finish[solve],
    solve,
    detail: [
      `${solves.iterations[solve]} iterations`,
      solves.method[solve],
      solves.status[solve],
      objectiveText(run, solves.objective[solve]),
    ].join(", "),
  };
}

/** What a solve found, in the unit of its problem. */
function objectiveText({ summary }, value) {
  return summary.see ? `objective ${fixed(1e3 * value, 1)} mbit/Hz/J` : `objective ${fixed(value)} bit/s/Hz`;
}

function stepRow(app, step, begin, end) {
  const { theme } = app;
  const span = Math.max(end - begin, 1);
  const left = (100 * (step.t0 - begin)) / span;
  const bar = element("div", { class: "bar" });
  if (step.parts) {
    let at = left;
    for (const part of PARTS) {
      const width = (100 * step.parts[part]) / span;
      if (width > 0) bar.append(piece(theme.parts[part], at, width));
      at += width;
    }
    if (step.t1 === step.t0) bar.append(piece(theme.ink, left, 0));
  } else {
    bar.append(
      piece(step.hold ? "transparent" : theme.ink, left, (100 * (step.t1 - step.t0)) / span, step.hold ? "hold" : ""),
    );
  }
  const failed = step.fate && step.fate.fate !== "delivered" ? `, ${fateText(step.fate)}` : "";
  return element(
    "li",
    {
      class: step.row === undefined ? "" : "hop",
      title: partsText(step),
      click: () => step.row !== undefined && app.selectRow(step.row),
    },
    element(
      "div",
      { class: "what" },
      step.title,
      element("span", { class: "time" }, duration(step.t1 - step.t0) + failed),
    ),
    step.detail ? element("div", { class: "detail" }, step.detail) : null,
    bar,
  );
}

function piece(colour, left, width, name = "") {
  return element("span", {
    class: `piece ${name}`,
    style: `left:${left.toFixed(3)}%;width:max(1.5px,${width.toFixed(3)}%);background:${colour}`,
  });
}

function partsText(step) {
  if (!step.parts) return step.detail ?? "";
  return PARTS.map((part) => `${part} ${duration(step.parts[part])}`).join(", ");
}

function legend(app) {
  return element(
    "div",
    { class: "legend" },
    ...PARTS.map((part) => element("span", {}, element("i", { style: `background:${app.theme.parts[part]}` }), part)),
  );
}

function messageDrawer(app, row, rows) {
  const { run } = app;
  const { messages } = run;
  const leg = messages.legs[messages.leg[row]];
  const fate = messages.fates[messages.fate[row]];
  const chain = [...rows].map((r) => messageStep(run, r));
  const [begin, end] = [Math.min(...chain.map((s) => s.t0)), Math.max(...chain.map((s) => s.t1))];
  const facts = [
    ["id", idOf(messages, row)],
    ["from", messages.nodes[leg.src]],
    ["to", messages.nodes[leg.dst]],
    ["sent", `${grouped(messages.sent[row])} ns`],
    ["ended", Number.isNaN(messages.ended[row]) ? "still on its way" : `${grouped(messages.ended[row])} ns`],
    ["took", duration(messages.ended[row] - messages.sent[row])],
    [
      "handled",
      Number.isNaN(messages.begin[row])
        ? "–"
        : `after ${duration(messages.begin[row] - messages.ended[row])}, ` +
          `for ${duration(messages.finish[row] - messages.begin[row])}`,
    ],
    ["fate", fateText(fate)],
    ["size", `${grouped(messages.bytes[row])} B`],
    ["age of its data when sent", duration(messages.sent[row] - messages.data[row])],
  ];
  return [
    element("h2", {}, `${kindOf(messages, row)} message`),
    element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    hopTable(messages, row),
    element("h3", {}, "How it came here"),
    legend(app),
    element("ol", { class: "waterfall" }, ...chain.map((step) => stepRow(app, step, begin, end))),
  ];
}

function hopTable(messages, row) {
  const [from, to] = [messages.hopStart[row], messages.hopStart[row + 1]];
  if (from === to) return element("p", { class: "muted" }, "No link lies between its ends.");
  const rows = [];
  for (let hop = from; hop < to; hop += 1) {
    rows.push(
      element(
        "tr",
        {},
        element("th", {}, messages.links[messages.link[hop]]),
        ...PARTS.map((part) => element("td", {}, duration(messages[part][hop]))),
      ),
    );
  }
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      { class: "hops" },
      element(
        "thead",
        {},
        element("tr", {}, element("th", {}, "link"), ...PARTS.map((part) => element("th", {}, part))),
      ),
      element("tbody", {}, ...rows),
    ),
  );
}
