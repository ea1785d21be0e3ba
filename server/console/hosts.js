// Which machines have the present list, and which are behind since when.

import { foreign, h, svg } from "./dom.js";
import { formatCount, formatDistance, formatMoment, formatNumber, formatSince } from "./format.js";

const nameOfScope = (project, organization) => project === null ? "Organization"
  : organization.projects.find(({ id }) => id === project)?.name || project;

const totalOf = ({ current, behind }) => current + behind;

/** How many of those that follow a scope have its present list, of the hosts that are known
 *  here one by one: {following, current}. A project's source has both lists. */
export function followingOf(hosts, scope) {
  const inScope = hosts.list.flatMap((host) =>
    host.scopes.filter((one) => one.project === scope));
  return { following: inScope.length, current: inScope.filter((one) => one.current).length };
}

function progressOf(hosts) {
  const share = totalOf(hosts) ? hosts.current / totalOf(hosts) * 100 : 0;
  return svg("svg", { class: "progress", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: "all", width: "100%", height: "100%", rx: "3" }),
    svg("rect", { class: "current", width: `${share.toFixed(2)}%`, height: "100%", rx: "3" }));
}

// As `orgtrust doctor` has them.
const STACK_WORDS = { wired: "wired", not_wired: "not wired", in_the_way: "in the way" };

/** A cell that says on a narrow screen of what it is. */
const cellOf = (title, ...children) => h("td", { "data-title": title }, h("div", null, children));

function stacksOf(host) {
  return cellOf("Stacks", host.stacks.map(({ name, state }) =>
    h("span", { class: "chip" }, `${name}: ${STACK_WORDS[state] ?? state}`)));
}

function standingOf(host, now) {
  return cellOf("List",
    h("span", { class: `mark ${host.current ? "on" : "behind"}`, "aria-hidden": "true" }),
    host.current ? " current"
      : h("span", { class: "soon" }, ` behind since ${formatSince(host.behind_since, now)}`));
}

function hostRow(host, organization) {
  const now = organization.checkedAt;
  return h("tr", null, h("th", { scope: "row" }, foreign(host.name)), standingOf(host, now),
    cellOf("Follows", host.scopes.map(({ project }, i) =>
      [i ? ", " : "", foreign(nameOfScope(project, organization))])),
    stacksOf(host), cellOf("Version", host.version),
    cellOf("Seen", h("time", { title: formatMoment(host.last_seen) },
      formatDistance(host.last_seen, now))));
}

function hostTable(list, organization) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Hosts" },
    h("table", { class: "stacked hosts" }, h("thead", null, h("tr", null,
      ["Host", "List", "Follows", "Stacks", "Version", "Seen"].map((title) =>
        h("th", { scope: "col" }, title)))),
    h("tbody", null, list.map((host) => hostRow(host, organization)))));
}

/** Those behind come first. */
export function renderHosts(page) {
  const { hosts } = page.organization;
  if (totalOf(hosts) === 0)
    return [h("p", { class: "empty" }, "This server knows no hosts: none has reported yet. A "
      + "host does so after a sync that changed something, and once a day.")];
  const found = hosts.list.filter(({ name }) =>
    name.toLocaleLowerCase().includes(page.search.toLocaleLowerCase()));
  return [h("p", { class: "count", role: "status" }, `${formatNumber(hosts.current)} of ${
    formatCount(totalOf(hosts), "host")} ${totalOf(hosts) === 1 ? "has" : "have"} the present list`),
  progressOf(hosts),
  hosts.isWhole ? null : h("p", { class: "help" }, "Of so many hosts the first are shown, those "
    + "behind at first. The command orgtrust hosts lists all."),
  found.length > 0 ? hostTable(found, page.organization)
    : h("p", { class: "empty" }, "None of those that are shown has such a name.")];
}
