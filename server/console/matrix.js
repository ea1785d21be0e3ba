// Certificates and scopes: which is active where.

import { button, foreign, h } from "./dom.js";
import { formatCount, formatDate, formatDistance, formatNumber } from "./format.js";
import { activationIn, isActive, labelOf, oddityOf, scopesOf, searchCertificates,
  validityOf } from "./organization.js";
import { markOfState, stateIn, STATE_WORDS } from "./state.js";

const VALIDITY_WORDS = { ended: "ended", ahead: "begins", soon: "ends", valid: "ends" };

function markOf(certificate, scope) {
  const state = stateIn(certificate, scope);
  const until = activationIn(certificate, scope.id)?.deactivate_at;
  return [markOfState(state), h("span", { class: "word" }, STATE_WORDS[state]),
    until ? h("span", { class: "until" }, `until ${formatDate(until)}`) : null];
}

function cellOf(certificate, scope, page) {
  const mark = markOf(certificate, scope);
  const state = stateIn(certificate, scope);
  const title = `${labelOf(certificate)} in ${scope.name}: ${STATE_WORDS[state]}`;
  if (!page.organization.isAdmin) return h("td", { "data-scope": scope.name, title }, mark);
  return h("td", { "data-scope": scope.name }, button(mark,
    () => page.toggle(certificate, scope), { class: "cell", title, "aria-label": `${title}. Change`,
      "aria-haspopup": "dialog", "data-focus": `cell ${certificate.id} ${scope.id}` }));
}

function endCell(certificate, now) {
  const validity = validityOf(certificate, now);
  const at = validity === "ahead" ? certificate.valid_at : certificate.expires_at;
  return h("td", { class: `end ${validity}`, "data-scope": VALIDITY_WORDS[validity] },
    h("time", { datetime: new Date(at * 1000).toISOString(), title: formatDate(at) },
      `${VALIDITY_WORDS[validity]} ${formatDistance(at, now)}`));
}

function nameCell(certificate) {
  const subject = certificate.subject && certificate.subject !== labelOf(certificate);
  const odd = oddityOf(certificate);
  return h("th", { scope: "row" },
    h("a", { href: `#certificate/${certificate.id}`, "data-focus": `name ${certificate.id}` },
      foreign(labelOf(certificate))),
    subject ? foreign(certificate.subject, { class: "subject" }) : null,
    odd ? h("span", { class: "odd" }, odd) : null);
}

const rowOf = (certificate, scopes, page) =>
  h("tr", { class: isActive(certificate) ? null : "inactive" }, nameCell(certificate),
    endCell(certificate, page.organization.checkedAt),
    scopes.map((scope) => cellOf(certificate, scope, page)));

function tableOf(certificates, page) {
  const scopes = scopesOf(page.organization);
  return h("div", { class: "scroll", tabindex: "0", role: "region",
    "aria-label": "Certificates and scopes" },
  h("table", { class: "matrix" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Certificate"),
      h("th", { scope: "col" }, "Validity"),
      scopes.map(({ name }) => h("th", { scope: "col" }, foreign(name))))),
    h("tbody", null, certificates.map((one) => rowOf(one, scopes, page)))));
}

function sorted(certificates) {
  return [...certificates].sort((a, b) => isActive(b) - isActive(a)
    || a.expires_at - b.expires_at);
}

const legendOf = () => h("ul", { class: "legend" }, Object.entries(STATE_WORDS).map(([state, word]) =>
  h("li", null, markOfState(state), ` ${word}`)));

/** The table of those that the search finds. */
export function renderMatrix(page) {
  const all = page.organization.certificates;
  const found = sorted(searchCertificates(all, page.search));
  if (all.length === 0)
    return [h("p", { class: "empty" }, "This organization has no certificates yet.",
      page.organization.isAdmin ? " Upload the first, or drop its file on this page." : null)];
  return [h("div", { class: "above" }, h("p", { class: "count" }, found.length === all.length
    ? `${formatCount(all.length, "certificate")}, ${
      formatCount(all.filter(isActive).length, "active", "active")}`
    : `${formatCount(found.length, "certificate")} of ${formatNumber(all.length)}`), legendOf()),
  found.length > 0 ? tableOf(found, page) : null];
}
