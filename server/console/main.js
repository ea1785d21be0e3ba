// The page: which view is shown, and what is asked again from time to time.

import { ApiError, hasKey, keyTurn, setKey } from "./api.js";
import { attentionOf, verdictOf } from "./attention.js";
import { loadCertificate, renderCertificate } from "./certificate.js";
import { askToggle } from "./change.js";
import { button, foreign, h, replace } from "./dom.js";
import { formatClock } from "./format.js";
import { renderHosts } from "./hosts.js";
import { loadKeys, newKeyOf, renderKeys } from "./keys.js";
import { filterOf, loadLog, renderLog } from "./log.js";
import { renderMatrix } from "./matrix.js";
import { loadOrganization } from "./organization.js";
import { released } from "./press.js";
import { newProjectOf, renderProjects } from "./projects.js";
import { renderSession, renderSignIn } from "./session.js";
import { renderTimeline } from "./timeline.js";
import { acceptDrops, askUpload } from "./upload.js";

const REFRESH_MS = 15000;
const TICK_MS = 500;
const REDRAW_MS = 60000;
const FOLLOW_MS = 2000; // while hosts are behind, people watch them

const views = [
  { id: "certificates", title: "Certificates", render: renderMatrix, searches: "certificates",
    beside: uploadOf },
  { id: "timeline", title: "Timeline", render: renderTimeline, searches: "certificates" },
  { id: "hosts", title: "Hosts", render: renderHosts, searches: "hosts" },
  { id: "log", title: "Log", render: renderLog, load: loadLog, isForAdmin: true,
    beside: filterOf },
  { id: "projects", title: "Projects", render: renderProjects, beside: newProjectOf },
  { id: "keys", title: "Keys", render: renderKeys, load: loadKeys, isForAdmin: true,
    beside: newKeyOf },
  { id: "certificate", title: "Certificate", render: renderCertificate, load: loadCertificate,
    below: "certificates" },
];

const page = { organization: null, data: null, search: "", problem: null };

let drawn = null; // what the view said last, and when
let asked = 0; // how often all was asked for, and the latest of these that is over
let answered = 0;
let over = -Infinity; // when the last of these was, on a clock that nobody sets

const searches = new Map(); // what was searched for, by what was searched

const SEARCHED = { certificates: "name, subject, serial, SHA-256", hosts: "name of a host" };

const maySee = (view) => !view.isForAdmin || page.organization.isAdmin;

const byId = (id) => document.getElementById(id);

/** [view, the rest of the fragment]. */
function place() {
  const [id, argument] = location.hash.slice(1).split("/");
  return [views.find((view) => view.id === id && maySee(view)) ?? views[0], argument];
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
  replace(byId("views"), h("ul", null, views.filter((view) => !view.below && maySee(view)).map(({ id, title }) =>
    h("li", null, h("a", { href: `#${id}`, "data-focus": id,
      "aria-current": id === (current.below ?? current.id) ? "page" : null }, title)))));
}

function searchOf(view) {
  if (!view.searches) return null;
  return h("div", { class: "search" }, h("label", { for: "search" }, "Search"),
    h("input", { id: "search", type: "search", value: page.search, autocomplete: "off",
      placeholder: SEARCHED[view.searches], oninput: (event) => {
        page.search = event.target.value;
        searches.set(view.searches, page.search);
        showContents(view);
      } }));
}

/** All that the view says, without the times at which it was asked for. */
const stateOf = ({ organization, data, search }) => JSON.stringify([
  { ...organization, checkedAt: 0, server: { ...organization.server, time: 0 } }, data, search]);

function showContents(view) {
  replace(byId("contents"), view.render(page, place()[1]));
  drawn = { state: stateOf(page), at: Date.now() };
}

/** Whether the view says the same already: who reads, selects or scrolls is not disturbed, but
 *  for words such as "in 2 days" now and then. */
function isShown(view) {
  return drawn?.state === stateOf(page)
    && (Date.now() - drawn.at < REDRAW_MS || Boolean(view.below) || !getSelection().isCollapsed);
}

/** What the view asks the API for itself, if anything; then the view, unless it is to be left
 *  alone or people have gone elsewhere meanwhile. */
async function loadContents(isLeftAlone = () => false) {
  const [view, argument] = place();
  const { organization } = page; // another one with each look, and for each key
  const data = view.load ? await view.load(page, argument) : null;
  await released();
  if (place()[0] !== view || place()[1] !== argument || page.organization !== organization)
    return;
  page.data = data;
  if (!isLeftAlone(view)) showContents(view);
}

function uploadOf() {
  return page.organization.isAdmin
    ? button("Upload", () => askUpload(page), { class: "primary", "data-focus": "upload",
      "aria-haspopup": "dialog" }) : null;
}

async function showView() {
  const [view] = place();
  showViews(view);
  document.title = `${view.title} – orgtrust`;
  page.data = null;
  page.search = searches.get(view.searches) ?? "";
  replace(byId("main"), h("div", { class: "bar" }, h("h2", null, view.title), searchOf(view),
    view.beside?.(page)),
  h("div", { id: "contents" }));
  try {
    await loadContents();
  } catch (error) {
    takeViewProblem(error);
  }
}

/** What one view alone cannot have, such as a certificate that is gone. */
function takeViewProblem(error) {
  if (!(error instanceof ApiError) || error.status !== 404) takeProblem(error);
  else replace(byId("contents"), h("p", { class: "empty" }, error.message));
}

function showSignIn(problem) {
  page.organization = page.data = drawn = null;
  searches.clear();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
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

/** Asks for all of it again. What was asked for earlier than what is shown is not shown. */
async function refresh() {
  if (!hasKey()) return;
  const turn = keyTurn();
  const number = ++asked;
  const isLate = () => turn !== keyTurn() || number < answered;
  try {
    const organization = await loadOrganization();
    await released();
    if (isLate()) return;
    answered = number;
    await show(organization);
  } catch (error) {
    if (!isLate()) takeProblem(error);
  } finally {
    answered = Math.max(answered, number);
    over = performance.now();
  }
}

async function show(organization) {
  const isFirst = page.organization === null;
  page.organization = organization;
  page.problem = null;
  replace(byId("session"), renderSession(page.organization.server, forget));
  showStatus();
  showViews(place()[0]);
  if (isFirst) await showView();
  else await loadContents(isShown).catch(takeViewProblem);
}

/** Again and again, more often while hosts are on their way. */
async function keepUp() {
  const { behind, isWhole } = page.organization?.hosts ?? {};
  const pause = behind && isWhole && !page.problem ? FOLLOW_MS : REFRESH_MS;
  try {
    if (document.visibilityState === "visible" && asked === answered
      && performance.now() - over >= pause) await refresh();
  } finally {
    setTimeout(keepUp, TICK_MS);
  }
}

page.refresh = refresh;
page.redraw = () => showContents(place()[0]);
// The evidence is that of now.
page.toggle = async ({ id }, scope) => {
  await refresh();
  const certificate = page.organization?.certificates.find((one) => one.id === id);
  // Whoever clicks twice has a dialog already, and one whose fields are found by their ids.
  if (certificate && !document.querySelector("dialog[open]")) askToggle(page, certificate, scope);
};
byId("host").textContent = location.host;
window.addEventListener("hashchange", () => {
  if (page.organization === null) return;
  showView();
  byId("main").focus();
});
// The fragment names the view.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
acceptDrops(page);
document.addEventListener("visibilitychange", () =>
  document.visibilityState === "visible" && refresh());
showSignIn();
keepUp();
