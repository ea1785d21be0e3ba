// The organization's projects: what is active in one, its sources have beside the
// organization's.

import { request } from "./api.js";
import { actionsOf, field, openDialog, valueOf } from "./dialog.js";
import { button, foreign, h } from "./dom.js";
import { formatDate, formatNumber } from "./format.js";
import { activationIn } from "./organization.js";

function askProject(page) {
  openDialog("Make a project", (close) => [field("project-name", "Name", { maxlength: "255" }),
    ...actionsOf("Make", async () => {
      await request("organization/projects",
        { method: "POST", body: { name: valueOf("project-name") } });
      await page.refresh();
    }, close)]);
}

function projectRow(project, certificates) {
  const active = certificates.filter((one) => activationIn(one, project.id)).length;
  return h("tr", null, h("th", { scope: "row" }, foreign(project.name || project.id)),
    h("td", { "data-title": "Id" }, h("code", null, project.id)),
    h("td", { "data-title": "Active in it alone" }, formatNumber(active)),
    h("td", { "data-title": "Made" }, formatDate(project.created_at)));
}

/** Of who may make one. */
export const newProjectOf = (page) => page.organization.isAdmin
  ? button("Make a project", () => askProject(page),
    { "data-focus": "make", "aria-haspopup": "dialog" }) : null;

/** A table. */
export function renderProjects(page) {
  const { projects, certificates } = page.organization;
  return [projects.length === 0 ? h("p", { class: "empty" }, "There is no project. A certificate that is "
      + "active in one is trusted where a source names it: by a few machines at first, for example.")
    : h("table", { class: "stacked framed" }, h("thead", null, h("tr", null,
      ["Project", "Id", "Active in it alone", "Made"].map((title) =>
        h("th", { scope: "col" }, title)))),
    h("tbody", null, projects.map((one) => projectRow(one, certificates))))];
}
