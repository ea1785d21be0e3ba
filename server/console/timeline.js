// Validity in time: a bar from valid to expires for each certificate, today, in 30 days, and
// the time between a root and its successor in which neither is valid.

import { foreign, h, svg } from "./dom.js";
import { formatDate, formatDistance } from "./format.js";
import { generationsOf } from "./generations.js";
import { isActive, labelOf, searchCertificates, SOON_S, validityOf } from "./organization.js";

/** From seconds to a place on the axis. */
function scaleOf(certificates, now) {
  const first = Math.min(now, ...certificates.map((one) => one.valid_at));
  const last = Math.max(now + SOON_S, ...certificates.map((one) => one.expires_at));
  const margin = (last - first) * 0.01;
  const place = (at) => (at - first + margin) / (last - first + 2 * margin) * 100;
  return { first, last, percent: (at) => `${place(at).toFixed(3)}%`,
    width: (from, to) => `${Math.max(place(to) - place(from), 0.2).toFixed(3)}%` };
}

function yearsOf({ first, last }) {
  const from = new Date(first * 1000).getUTCFullYear() + 1;
  const to = new Date(last * 1000).getUTCFullYear();
  const step = Math.max(1, Math.ceil((to - from + 1) / 8));
  const years = [];
  for (let year = Math.ceil(from / step) * step; year <= to; year += step) years.push(year);
  return years.map((year) => ({ year, at: Date.UTC(year, 0, 1) / 1000 }));
}

const verticalAt = (x, name) => svg("line", { x1: x, x2: x, y1: "0", y2: "100%", class: name });

function marksOf(scale, now) {
  return [yearsOf(scale).map(({ at }) => verticalAt(scale.percent(at), "year")),
    verticalAt(scale.percent(now), "today"), verticalAt(scale.percent(now + SOON_S), "soon-line")];
}

const chart = (name, ...children) =>
  svg("svg", { class: name, "aria-hidden": "true", focusable: "false" }, ...children);

/** A year at the very edge has a line, and no number that would stand out of the axis. */
const hasRoom = (percent) => percent > 4 && percent < 96;

function axisOf(scale) {
  return chart("axis", yearsOf(scale).filter(({ at }) => hasRoom(parseFloat(scale.percent(at))))
    .map(({ year, at }) => svg("text", { x: scale.percent(at), y: "14" }, String(year))));
}

function barOf({ certificate, gapBefore }, scale, now) {
  const state = isActive(certificate) ? validityOf(certificate, now) : "inactive";
  return chart("bar", marksOf(scale, now),
    gapBefore === null ? null : svg("rect", { class: "gap", x: scale.percent(gapBefore), y: "32%",
      width: scale.width(gapBefore, certificate.valid_at), height: "36%" }),
    svg("rect", { class: `span ${state}`, x: scale.percent(certificate.valid_at), y: "30%",
      width: scale.width(certificate.valid_at, certificate.expires_at), height: "40%", rx: "2" }));
}

function gapText(gapBefore, certificate) {
  const days = Math.round((certificate.valid_at - gapBefore) / 86400);
  return `gap of ${days} ${days === 1 ? "day" : "days"} before it, from ${formatDate(gapBefore)}`;
}

function timelineRow(entry, scale, now, isFirst) {
  const { certificate, gapBefore } = entry;
  return h("tr", { class: isFirst ? "first" : null },
    h("th", { scope: "row" }, h("a", { href: `#certificate/${certificate.id}`,
      "data-focus": `name ${certificate.id}` }, foreign(labelOf(certificate))),
    h("span", { class: "note" }, isActive(certificate) ? "active" : "not active"),
    gapBefore === null ? null
      : h("span", { class: "odd" }, gapText(gapBefore, certificate))),
    h("td", { class: "chart" }, barOf(entry, scale, now)),
    h("td", { class: "dates" }, h("span", null, formatDate(certificate.valid_at)),
      h("span", { class: "dash" }, " to "), h("span", null, formatDate(certificate.expires_at)),
      h("span", { class: `note ${isActive(certificate) ? validityOf(certificate, now) : ""}` },
        formatDistance(certificate.expires_at, now))));
}

function legendOf(found, now) {
  const isEnded = (one) => isActive(one) && validityOf(one, now) === "ended";
  const items = [["valid", "active"], ["soon", "active, ends within 30 days"],
    ...found.some(isEnded) ? [["ended", "active, has ended"]] : [],
    ["inactive", "not active"], ["gap", "gap between a root and its successor"],
    ["today", `today, ${formatDate(now)}`], ["soon-line", `in 30 days, ${formatDate(now + SOON_S)}`]];
  return h("ul", { class: "legend" }, items.map(([name, text]) =>
    h("li", null, h("span", { class: `key ${name}`, "aria-hidden": "true" }), text)));
}

/** A table with a chart in each row; certificates that follow each other stand together. */
export function renderTimeline(page) {
  const now = page.organization.checkedAt;
  const found = searchCertificates(page.organization.certificates, page.search);
  if (found.length === 0) return [h("p", { class: "empty" }, "There is no certificate to show.")];
  const scale = scaleOf(found, now);
  return [legendOf(found, now), h("table", { class: "timeline" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Certificate"),
      h("td", { class: "chart" }, axisOf(scale)), h("th", { scope: "col" }, "Valid"))),
    h("tbody", null, generationsOf(found).map((line) =>
      line.map((entry, i) => timelineRow(entry, scale, now, i === 0)))))];
}
