/* Keeps relative times true while a page stays open. The words follow callsphere/web/formats.py. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DATE_AFTER = 14 * DAY;
const EVERY_MS = 15_000;

function oneUnit(seconds) {
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)} d`;
  if (seconds >= HOUR) return `${Math.floor(seconds / HOUR)} h`;
  if (seconds >= MINUTE) return `${Math.floor(seconds / MINUTE)} min`;
  return `${Math.floor(seconds)} s`;
}

function twoUnits(large, largeUnit, small, smallUnit) {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

function elapsed(seconds) {
  const total = Math.max(Math.floor(seconds), 0);
  if (total < HOUR) return oneUnit(total);
  if (total < DAY) return twoUnits(Math.floor(total / HOUR), "h", Math.floor((total % HOUR) / MINUTE), "min");
  return twoUnits(Math.floor(total / DAY), "d", Math.floor((total % DAY) / HOUR), "h");
}

function ago(seconds) {
  const distance = Math.abs(seconds);
  if (distance >= DATE_AFTER) return null;
  if (distance < 10) return "just now";
  return seconds > 0 ? `${oneUnit(distance)} ago` : `in ${oneUnit(distance)}`;
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const text = time.dataset.relative === "elapsed" ? elapsed(seconds) : ago(seconds);
    if (text !== null && text !== time.textContent) time.textContent = text;
  }
}

setInterval(() => {
  if (!document.hidden) refresh();
}, EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
