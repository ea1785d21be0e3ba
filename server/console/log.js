// Who changed what, and when: the newest first.

import { button, h } from "./dom.js";
import { actorOf, eventTypes, loadEvents, sentenceOf } from "./events.js";
import { formatMoment } from "./format.js";

let type = "";

/** What is new before what is shown already, if nothing is between them. */
function withShown(fresh, shown) {
  const ids = new Set(fresh.data.map(({ id }) => id));
  if (shown?.type !== type || fresh.has_more && !shown.events.some(({ id }) => ids.has(id)))
    return { events: fresh.data, hasMore: fresh.has_more };
  return { events: [...fresh.data, ...shown.events.filter(({ id }) => !ids.has(id))],
    hasMore: shown.hasMore };
}

/** The newest. */
export async function loadLog(page) {
  return { type, ...withShown(await loadEvents({ type }), page.data) };
}

/** A table of events; people know the keys by their names. */
export function eventTable(events, keys) {
  return h("table", { class: "log" },
    h("thead", null, h("tr", null, ["When", "Who", "What"].map((title) =>
      h("th", { scope: "col" }, title)))),
    h("tbody", null, events.map((event) => {
      const actor = actorOf(event, keys);
      return h("tr", null, h("td", { class: "when" }, h("time", {
        datetime: new Date(event.effective_at * 1000).toISOString() },
      formatMoment(event.effective_at))),
      h("td", { class: "who" }, h("bdi", null, actor.text),
        actor.address ? h("span", { class: "note" }, actor.address) : null),
      h("td", null, sentenceOf(event)));
    })));
}

/** Which events are shown. */
export function filterOf(page) {
  return h("div", { class: "filter" }, h("label", { for: "event-type" }, "Show"),
    h("select", { id: "event-type", onchange: (event) => {
      type = event.target.value;
      page.refresh();
    } }, h("option", { value: "" }, "everything"), eventTypes.map(([id, words]) =>
      h("option", { value: id, selected: id === type }, words))));
}

/** The events so far, and a button for older ones. */
export function renderLog(page) {
  const { events, hasMore } = page.data;
  const more = async () => {
    const last = events.at(-1).id;
    const next = await loadEvents({ type, after: last });
    // Meanwhile others may have come, to a list of their own, or another view.
    if (page.data?.events?.at(-1)?.id !== last) return;
    page.data.events.push(...next.data);
    page.data.hasMore = next.has_more;
    page.redraw();
  };
  return [events.length === 0
    ? h("p", { class: "empty" }, "Nothing of the kind has happened yet.")
    : eventTable(events, page.organization.keys),
  hasMore ? button("Older", more, { "data-focus": "older" }) : null];
}
