// Times and numbers as the reader's locale has them.

const DAY_S = 86400;

const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
// These are words in the middle of sentences, and in their language.
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const list = new Intl.ListFormat("en", { type: "conjunction" });
const integer = new Intl.NumberFormat();

const STEPS = [["year", 730 * DAY_S, 365.25 * DAY_S], ["month", 61 * DAY_S, 30.44 * DAY_S],
  ["day", 2 * DAY_S, DAY_S], ["hour", 2 * 3600, 3600], ["minute", 90, 60], ["second", 0, 1]];

/** All of these take Unix seconds. */
export const formatDate = (seconds) => date.format(seconds * 1000);
export const formatMoment = (seconds) => moment.format(seconds * 1000);
export const formatClock = (seconds) => clock.format(seconds * 1000);

export const formatNumber = (number) => integer.format(number);

export const formatList = (words) => list.format(words);

/** "in 3 months", "2 days ago": never more than is left, but years are the nearest ones. */
export function formatDistance(seconds, now) {
  const away = seconds - now;
  for (const [unit, from, size] of STEPS)
    if (Math.abs(away) >= from)
      return relative.format((unit === "year" ? Math.round : Math.trunc)(away / size), unit);
  return relative.format(0, "second");
}

/** The time of a moment of today, else the date. */
export const formatSince = (seconds, now) =>
  now - seconds < DAY_S / 2 ? formatClock(seconds) : formatDate(seconds);

/** "1 certificate", "1,234 certificates". */
export function formatCount(number, one, many = `${one}s`) {
  return `${formatNumber(number)} ${number === 1 ? one : many}`;
}
