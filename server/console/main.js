// The page: which view is shown, and what is asked again from time to time.

import { ApiError, hasKey, setKey } from "./api.js";
import { attentionOf, verdictOf } from "./attention.js";
import { foreign, h, replace } from "./dom.js";
import { formatClock } from "./format.js";
import { renderMatrix } from "./matrix.js";
import { loadOrganization } from "./organization.js";
import { renderSession, renderSignIn } from "./session.js";
import { renderTimeline } from "./timeline.js";

const REFRESH_MS = 15000;

const views = [
  { id: "certificates", title: "Certificates", render: renderMatrix, searches: true },
  { id: "timeline", title: "Timeline", render: renderTimeline, searches: true },
];

const page = { organization: null, search: "", problem: null };

const byId = (id) => document.getElementById(id);

/** [view, the rest of the fragment]. */
function place() {
  const [id, argument] = location.hash.slice(1).split("/");
  return [views.find((view) => view.id === id) ?? views[0], argument];
}

function showStatus() {
  const attention = attentionOf(page.organization);
  const verdict = verdictOf(attention);
  byId("status").hidden = false;
  byId("status").dataset.state = page.problem ? "stale" : attention.length ? "attention" : "clear";
  const said = page.problem ? `${page.problem} What is shown was` : verdict;
  // It is read aloud whenever it changes: the time stands beside it.
  if (byId("verdict").textContent !== said) byId("verdict").textContent = said;
  byId("checked").textContent = `checked at ${formatClock(page.organization.checkedAt)}`;
  replace(byId("attention"), attention.map(({ who, text, href }) =>
    h("li", null, who ? [h("a", { href, "data-focus": `attention ${href}` }, foreign(who)), " "]
      : null, text)));
}

function showViews(current) {
  byId("views").hidden = false;
  replace(byId("views"), h("ul", null, views.filter(({ hidden }) => !hidden).map(({ id, title }) =>
    h("li", null, h("a", { href: `#${id}`, "data-focus": id,
      "aria-current": id === current.id ? "page" : null }, title)))));
}

function searchOf(view) {
  if (!view.searches) return null;
  return h("div", { class: "search" }, h("label", { for: "search" }, "Search"),
    h("input", { id: "search", type: "search", value: page.search, autocomplete: "off",
      placeholder: "name, subject, serial, SHA-256", oninput: (event) => {
        page.search = event.target.value;
        showContents(view);
      } }));
}

function showContents(view) {
  replace(byId("contents"), view.render(page, place()[1]));
}

function showView() {
  const [view] = place();
  showViews(view);
  document.title = `${view.title} – orgtrust`;
  replace(byId("main"), h("div", { class: "bar" }, h("h2", null, view.title), searchOf(view)),
    h("div", { id: "contents" }));
  showContents(view);
}

function showSignIn(problem) {
  page.organization = null;
  for (const id of ["status", "views"]) byId(id).hidden = true;
  byId("session").replaceChildren();
  byId("main").replaceChildren(renderSignIn(refresh, problem));
  byId("key").focus();
}

function forget() {
  setKey(null);
  showSignIn();
}

function takeProblem(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401 || page.organization === null) {
    setKey(null);
    showSignIn(error.message);
    return;
  }
  page.problem = error.message;
  showStatus();
}

/** Asks for all of it again. */
async function refresh() {
  if (!hasKey()) return;
  const isFirst = page.organization === null;
  try {
    page.organization = await loadOrganization();
  } catch (error) {
    takeProblem(error);
    return;
  }
  if (!hasKey()) return; // it was forgotten meanwhile
  page.problem = null;
  byId("session").replaceChildren(...renderSession(page.organization.server, forget));
  showStatus();
  showViews(place()[0]);
  if (isFirst) showView();
  else showContents(place()[0]);
}

page.refresh = refresh;
byId("host").textContent = location.host;
window.addEventListener("hashchange", () => {
  if (page.organization === null) return;
  showView();
  byId("main").focus();
});
setInterval(() => document.visibilityState === "visible" && refresh(), REFRESH_MS);
document.addEventListener("visibilitychange", () =>
  document.visibilityState === "visible" && refresh());
showSignIn();
