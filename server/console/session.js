// Who looks at the page: the form that takes a key, and what is known of the key.

import { setKey } from "./api.js";
import { button, h } from "./dom.js";
import { formatDate } from "./format.js";

/** The form; opened(): a key has been given. */
export function renderSignIn(opened, problem) {
  const input = h("input", { id: "key", type: "password", autocomplete: "off", required: true,
    spellcheck: "false", autocapitalize: "off", "aria-describedby": "key-help" });
  const take = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    if (text === "") return;
    setKey(text);
    opened();
  };
  return h("form", { class: "sign-in", onsubmit: take, novalidate: true },
    h("h2", null, "Look into this organization"),
    problem ? h("p", { class: "problem", role: "alert" }, problem) : null,
    h("label", { for: "key" }, "Key"), input,
    h("p", { id: "key-help", class: "help" }, "As ", h("code", null, "orgtrust-server key create"),
      " printed it. One of the role read looks, one of the role admin changes. It stays in the "
      + "memory of this page, and is gone when the page is closed or loaded again."),
    h("button", { type: "submit", class: "primary" }, "Open"));
}

/** Whose key it is, and a way to forget it. */
export function renderSession({ key }, forget) {
  const end = key.expires_at ? `, ends ${formatDate(key.expires_at)}` : "";
  return [h("span", null, `${key.role === "admin" ? "admin" : "read-only"} key `,
    h("code", null, key.id), end), button("Forget the key", forget, { "data-focus": "forget" })];
}
