/* Draws the table of a [data-chart] figure as lines over time. The table stays: it is what the picture is made of. */

const HEIGHT = 220;
const TONES = [
  ...["--color-primary", "--cs-mark-warn", "--cs-mark-ok", "--cs-mark-fail"],
  ...["--cs-mark-idle", "--color-info"],
];
/* Where a colour means something, the head of the column names it. */
const MEANINGS = {
  ok: "--cs-mark-ok",
  warn: "--cs-mark-warn",
  fail: "--cs-mark-fail",
  idle: "--cs-mark-idle",
  info: "--color-info",
};
const DAY_S = 24 * 3600;
/* Steps of the axes where something is counted by the day: whole days, whole things. */
const DAYS = [1, 2, 7, 14, 28].map((days) => days * DAY_S);
const WHOLES = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((zeros) => step * 10 ** zeros)).sort((a, b) => a - b);

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* Columns of numbers: the first holds seconds since 1970, an empty cell is a gap. */
function columns(table) {
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.cells].map((cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value))),
  );
  return [...table.tHead.rows[0].cells].map((_, at) => rows.map((row) => row[at]));
}

/* Hours by the page's clock, as the table says them; the date where a day begins. */
function clock(seconds, timeZone) {
  const moment = new Date(seconds * 1000);
  const hours = moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
  if (hours !== "00:00") return hours;
  return moment.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone });
}

/* Each column with those behind it added: the first is the whole height, and the others are drawn over it. */
function stacked(data) {
  const [times, ...counts] = data;
  const sums = counts.map((_, at) =>
    times.map((_, row) => counts.slice(at).reduce((sum, count) => sum + (count[row] ?? 0), 0)),
  );
  return [times, ...sums];
}

function axis(unit, timeZone, steps) {
  return {
    stroke: color("--cs-muted"),
    font: "12px Geist Variable, sans-serif",
    grid: { stroke: color("--cs-line"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((split) => (unit === null ? clock(split, timeZone) : `${split} ${unit}`)),
    ...(unit !== null && { size: 64 }),
    ...(steps && { incrs: steps }),
  };
}

function draw(figure) {
  const table = figure.querySelector("details table");
  const place = figure.querySelector("[data-plot]");
  const unit = figure.dataset.unit;
  const zone = figure.dataset.zone;
  const isBars = figure.dataset.kind === "bars";
  const data = columns(table);
  const heads = [...table.tHead.rows[0].cells];
  const names = heads.map((cell) => cell.textContent);
  const tones = heads.map((cell, at) => color(MEANINGS[cell.dataset.tone] ?? TONES[(at + TONES.length - 1) % TONES.length]));
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), zone === "UTC" ? "Etc/UTC" : zone),
    cursor: { y: false, points: { size: 7 } },
    legend: { show: names.length > 1, markers: { stroke: (_, at) => tones[at], fill: (_, at) => tones[at] } },
    scales: {
      ...(isBars && { x: { range: (_, low, high) => [low - DAY_S / 2, high + DAY_S / 2] } }),
      y: { range: (_, low, high) => [0, Math.max(high * 1.15, 1)] },
    },
    axes: [axis(null, zone, "days" in figure.dataset && DAYS), axis(unit, zone, isBars && WHOLES)],
    series: names.map((label, at) =>
      at === 0
        ? { label, value: (_, seconds) => (seconds === null ? "–" : `${clock(seconds, zone)}${"days" in figure.dataset ? "" : ` ${zone}`}`) }
        : {
            label,
            stroke: isBars ? color("--color-base-100") : tones[at],
            ...(isBars
              ? { fill: tones[at], width: 1, paths: window.uPlot.paths.bars({ size: [0.7, 48] }) }
              : { width: 1.75 }),
            points: { show: false },
            // what was counted, not the height that it is stacked to
            value: (_, value, column, row) => {
              const counted = row === null || row === undefined ? value : data[column][row];
              return counted === null || counted === undefined ? "–" : `${counted} ${unit}`;
            },
          },
    ),
  };
  place.replaceChildren();
  figure.plot?.destroy();
  figure.plot = new window.uPlot(options, isBars ? stacked(data) : data, place);
}

function drawAll(scope) {
  for (const figure of scope.querySelectorAll("[data-chart]")) draw(figure);
}

const figures = () => document.querySelectorAll("[data-chart]");
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const figure = target.closest("[data-chart]");
    if (figure?.plot && figure.plot.width !== target.clientWidth) {
      figure.plot.setSize({ width: target.clientWidth, height: HEIGHT });
    }
  }
});

function start(scope) {
  drawAll(scope);
  for (const place of scope.querySelectorAll("[data-plot]")) resized.observe(place);
}

start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
new MutationObserver(() => figures().forEach(draw)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => figures().forEach(draw));
