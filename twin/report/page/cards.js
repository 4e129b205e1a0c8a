/** What stands above the plots: the run, the verdict, five or six cards, and the kinds as filters. */

import { byId, element, fill, fixed, grouped, percent } from "./dom.js";
import { canJump, jumpTo, stepBy } from "./navigate.js";
import { aimedOf } from "./run.js";
import { ageLimit } from "./series.js";

const PARTS = ["sensing", "uplink", "queue", "solve", "downlink", "hold", "mixing"];
const WIDE_PART = 0.2;
const LEAST_PART = 0.005;
const PART_SHADES = [
  ["#101DAA", "#8AA2F7"],
  ["#1676C4", "#6CB6FF"],
  ["#B8440F", "#FF8A3D"],
  ["#1B1F24", "#E6EAEE"],
  ["#0B7769", "#32E0AA"],
  ["#923D7F", "#C59AFE"],
  ["#646B74", "#8A929B"],
];

/** Header: what was run, and the sentence. */
export function showHeader(app) {
  const { summary, headline } = app.run.header;
  const digest = String(summary.digest ?? "").slice(0, 12);
  const facts = [
    `seed ${summary.seed}`,
    `${fixed(summary.virtual_s, 3).replace(/\.?0+$/, "")} s virtual`,
    app.run.header.transport,
    digest && `digest ${digest}`,
    summary.reproducible ? "reproducible" : "not reproducible",
    summary.interrupted ? "interrupted" : null,
  ].filter(Boolean);
  fill(byId("facts"), element("strong", {}, summary.scenario), ...facts.map((fact) => element("span", {}, fact)));
  byId("facts").title = `digest ${summary.digest}`;
  fill(byId("verdict"), headline);
}

/** The five cards, and one more of a system that has more than secrecy. */
export function showCards(app) {
  const further = app.run.summary.see ? [efficiencyCard(app)] : [];
  const cards = [ratesCard, ageCard, latencyCard, messagesCard, attributionCard].map((make) => make(app));
  fill(byId("cards"), cards[0], ...further, ...cards.slice(1));
}

function card(title, big, ...lines) {
  return element(
    "section",
    { class: "card" },
    element("h2", {}, title),
    element("div", { class: "big" }, ...[big].flat()),
    ...lines.map((line) => element("div", { class: "line" }, ...[line].flat())),
  );
}

function unit(text) {
  return element("span", { class: "unit" }, text);
}

/** The name of the one user whose secrecy is judged; undefined of several. */
function onlyUser(summary) {
  const users = Object.keys(summary.secrecy ?? {});
  return users.length === 1 ? users[0] : undefined;
}

function ratesCard({ run }) {
  const worst = aimedOf(run.summary);
  const outages = Object.values(run.summary.secrecy ?? {})
    .map(({ outage }) => outage)
    .filter(Number.isFinite);
  const most = outages.length ? Math.max(...outages) : NaN;
  return card(
    run.metrics.worst.name === "sum" ? "Sum of all users" : onlyUser(run.summary) ?? "Worst user",
    [fixed(worst.mean ?? NaN), unit(" of "), fixed(worst.fresh_mean ?? NaN), unit(" bit/s/Hz")],
    `stale of fresh; outage ${percent(most)}`,
  );
}

/** Secrecy per joule, and the echo of what is sensed. */
function efficiencyCard({ run }) {
  const { see, scnr = {} } = run.summary;
  const milli = (value) => fixed(1e3 * (value ?? NaN), 1);
  const missed = `SCNR ${fixed(scnr.mean_db ?? NaN, 1)} dB, too weak in ${percent(scnr.missed ?? NaN)}`;
  return card("Secrecy per joule", [milli(see.mean), unit(" of "), milli(see.fresh_mean), unit(" mbit/Hz/J")], missed);
}

function ageCard({ run }) {
  const age = run.summary.age_ms ?? {};
  return card(
    "CSI age, mean",
    [fixed(age.mean ?? NaN, 1), unit(" ms")],
    `peak ${fixed(age.peak_mean ?? NaN, 1)}, p95 ${fixed(age.p95 ?? NaN, 1)}`,
  );
}

function latencyCard({ run }) {
  const all = run.header.messages.latency;
  const { legs, nodes, kinds } = run.messages;
  const slowest = legs.filter(({ quantiles }) => quantiles).sort((a, b) => b.quantiles[0] - a.quantiles[0])[0];
  // The slowest leg, its number first: a long name is cut, and is whole in the table below.
  const leg = slowest && `${kinds[slowest.kind]} ${nodes[slowest.src]} → ${nodes[slowest.dst]}`;
  return card(
    "Latency p50, p99",
    [fixed(all ? all[0] / 1e6 : NaN), unit(", "), fixed(all ? all[2] / 1e6 : NaN), unit(" ms")],
    slowest ? `slowest ${fixed(slowest.quantiles[0] / 1e6, 1)} ${leg}` : "nothing was delivered",
  );
}

function messagesCard({ run }) {
  const { sent = 0, lost = 0, dropped = 0, in_flight: flying = 0 } = run.summary.messages ?? {};
  const rest = dropped ? `${grouped(dropped)} dropped` : `${grouped(flying)} in flight`;
  return card("Messages", grouped(sent), `${grouped(lost)} lost, ${rest}`);
}

/** The loss split into the parts of the loop; negative parts have no width, and a number all the same. */
function attributionCard({ run, theme }) {
  const parts = run.summary.loss_attribution ?? {};
  const loss = aimedOf(run.summary).staleness_loss ?? NaN;
  const known = Object.keys(parts).filter((name) => Number.isFinite(parts[name]));
  if (!known.length) {
    const big = Number.isFinite(loss) ? [fixed(loss), unit(" bit/s/Hz")] : "–";
    return card("Where the loss comes from", big, "not split into parts in this run");
  }
  const names = [...PARTS.filter((name) => known.includes(name)), ...known.filter((name) => !PARTS.includes(name))];
  const whole = names.reduce((sum, name) => sum + Math.max(parts[name], 0), 0) || 1;
  const isWide = (name) => parts[name] / whole > WIDE_PART;
  const colour = (name) => PART_SHADES[Math.max(PARTS.indexOf(name), 0)][theme.dark ? 1 : 0];
  const shareText = (name) => `${name} ${fixed((100 * parts[name]) / loss, 0)}`;
  const detail = (name) => attributionText(name, run.summary, loss);
  const pieces = names
    .filter((name) => parts[name] > 0)
    .map((name) => {
      const style = `flex:${parts[name] / whole};background:${colour(name)}`;
      return element("span", { class: "part", style, title: detail(name) }, isWide(name) ? shareText(name) : "");
    });
  const minor = names
    .filter((name) => !isWide(name) && Math.abs(parts[name] / loss) >= LEAST_PART)
    .map((name) =>
      element("span", { title: detail(name) }, element("i", { style: `background:${colour(name)}` }), shareText(name)),
    );
  return element(
    "section",
    { class: "card attribution" },
    element("h2", {}, "Where the loss comes from, %"),
    element("div", { class: "parts" }, ...pieces),
    element("div", { class: "line" }, ...minor),
  );
}

function attributionText(name, { loss_attribution: parts, loss_attribution_ci95: intervals }, loss) {
  const spread = Number.isFinite(intervals?.[name]) ? ` ± ${fixed(intervals[name])}` : "";
  return `${name} ${fixed(parts[name])}${spread} bit/s/Hz (${percent(parts[name] / loss)})`;
}

/** A button for each kind, which hides it; with Alt or Shift it leaves that kind alone. */
export function showChips(app) {
  const { theme, filters, run } = app;
  const counts = kindCounts(run);
  const chips = theme.kinds.map(({ name, colour, dash }, kind) =>
    element(
      "button",
      {
        class: "chip",
        "data-kind": name,
        "aria-pressed": String(!filters.hidden.has(kind)),
        title: `${name}: click to hide or show, Shift-click to see it alone`,
        click: (event) => app.toggleKind(kind, event.shiftKey || event.altKey),
      },
      swatch(colour, dash),
      name,
      element("span", { class: "count" }, grouped(counts[kind])),
    ),
  );
  fill(byId("chips"), ...chips);
}

/** Buttons that go from story to story. */
export function showJumps(app) {
  fill(
    byId("jumps"),
    jump(app, "median", "the precoder of median age (M)"),
    jump(app, "worst", "the precoder of greatest age (X)"),
    jump(app, "lost", "the last message that was lost (L)"),
    element(
      "button",
      {
        title: "the version before ([)",
        "aria-label": "the version before",
        disabled: !canJump(app, "median"),
        click: () => stepBy(app, -1),
      },
      "‹",
    ),
    element(
      "button",
      {
        title: "the version after (])",
        "aria-label": "the version after",
        disabled: !canJump(app, "median"),
        click: () => stepBy(app, 1),
      },
      "›",
    ),
  );
}

function jump(app, where, title) {
  const text = { median: "median", worst: "worst", lost: "last lost" }[where];
  return element(
    "button",
    {
      class: "jump",
      "data-jump": where,
      title: `Jump to ${title}`,
      disabled: !canJump(app, where),
      click: () => jumpTo(app, where),
    },
    text,
  );
}

function swatch(colour, dash) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("width", "22");
  made.setAttribute("height", "10");
  const line = document.createElementNS(made.namespaceURI, "line");
  const attributes = {
    x1: 1,
    x2: 21,
    y1: 5,
    y2: 5,
    stroke: colour,
    "stroke-width": 3,
    "stroke-dasharray": dash.join(" "),
  };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  made.append(line);
  return made;
}

function kindCounts(run) {
  const counts = run.messages.kinds.map(() => 0);
  for (const leg of run.messages.legs) counts[leg.kind] += leg.count;
  return counts;
}

/** Beside the panels: whose secrecy is drawn (all users', or that of one), and what the line for the age is. */
export function showUsers(app) {
  const { users, worst } = app.run.metrics;
  const limit = ageLimit(app.run.summary);
  byId("age-limit").textContent = limit ? `- - ${limit.name} ${fixed(limit.ms, 1)}` : "";
  const choices = users.length > 1 && users.length <= 6 ? [null, ...users.keys()] : [];
  fill(
    byId("users"),
    ...choices.map((user) =>
      element(
        "button",
        { "aria-pressed": String(app.user === user), click: () => app.chooseUser(user) },
        user === null ? worst.name.split(" ")[0] : users[user].name,
      ),
    ),
  );
}
