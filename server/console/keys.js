// Keys to the server. A new one is shown once, in a dialog, and is gone from the page with it.

import { request, requestAll } from "./api.js";
import { actionsOf, field, openDialog, valueOf } from "./dialog.js";
import { button, foreign, h } from "./dom.js";
import { formatDate, formatDistance } from "./format.js";

export const loadKeys = () => requestAll("organization/admin_api_keys");

const ROLES = { owner: "admin", reader: "read" };

function showNewKey({ value }, page) {
  openDialog("The new key", (close) => [
    h("p", null, "It is shown this once: the server keeps only a hash of it."),
    h("p", null, h("code", { class: "secret", tabindex: "0", "aria-label": "New key" }, value)),
    h("div", { class: "actions" }, button("Done", () => {
      close();
      page.refresh();
    }, { class: "primary" }))]);
}

function askNewKey(page) {
  openDialog("Make an admin key", (close) => {
    let made = null;
    const finish = () => {
      close();
      if (made) showNewKey(made, page);
    };
    return [h("p", { class: "help" }, "Through the API only keys of the role admin are made. For "
      + "hosts: orgtrust-server key create --role read."),
    field("key-name", "Name", { maxlength: "64" }),
    field("key-days", "Ends after days (optional)", { type: "number", min: "1", max: "365" }),
    ...actionsOf("Make", async () => {
      const body = { name: valueOf("key-name") };
      if (valueOf("key-days")) body.expires_in_seconds = Number(valueOf("key-days")) * 86400;
      made = await request("organization/admin_api_keys", { method: "POST", body });
    }, finish)];
  });
}

function askDeleteKey(key, page) {
  const isOwn = key.id === page.organization.server.key.id;
  openDialog("Delete the key", (close) => [
    h("p", null, foreign(key.name || key.id), " is worthless at once, wherever it is used.",
      isOwn ? h("strong", null, " It is the key that this page uses.") : null),
    h("p", null, key.last_used_at
      ? `Last used ${formatDistance(key.last_used_at, page.organization.checkedAt)}.`
      : "It has never been used."),
    ...actionsOf("Delete", async () => {
      await request(`organization/admin_api_keys/${key.id}`, { method: "DELETE" });
      await page.refresh();
    }, close, "danger")]);
}

function keyRow(key, page) {
  const now = page.organization.checkedAt;
  return h("tr", null, h("th", { scope: "row" }, key.name ? foreign(key.name) : "–",
    h("code", { class: "note" }, key.id)),
  h("td", { "data-title": "Role" }, ROLES[key.owner.role] ?? key.owner.role),
  h("td", { "data-title": "Made" }, formatDate(key.created_at)),
  h("td", { "data-title": "Ends" }, key.expires_at ? formatDate(key.expires_at) : "never"),
  h("td", { "data-title": "Used" }, key.last_used_at ? formatDistance(key.last_used_at, now) : "never"),
  h("td", { "data-title": "" }, button("Delete", () => askDeleteKey(key, page), { class: "danger",
    "aria-label": `Delete ${key.name || key.id}`, "data-focus": `key ${key.id}` })));
}

export const newKeyOf = (page) => button("Make an admin key", () => askNewKey(page),
  { "data-focus": "make", "aria-haspopup": "dialog" });

/** A table of all keys. */
export function renderKeys(page) {
  return [h("table", { class: "stacked framed" }, h("thead", null, h("tr", null,
    ["Key", "Role", "Made", "Ends", "Used"].map((title) => h("th", { scope: "col" }, title)),
    h("td", null))),
  h("tbody", null, page.data.map((key) => keyRow(key, page))))];
}
