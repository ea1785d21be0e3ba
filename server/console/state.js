// How a certificate stands in a scope, and the mark for it.

import { h } from "./dom.js";
import { activationIn } from "./organization.js";

export const STATE_WORDS = { on: "active", inherited: "via organization", off: "not active" };

/** "on", "inherited" (a project's source has what is active in the organization, too) or "off". */
export function stateIn(certificate, scope) {
  if (activationIn(certificate, scope.id)) return "on";
  return scope.id !== null && activationIn(certificate, null) ? "inherited" : "off";
}

/** What is seen of a state; its word is said beside it. */
export const markOfState = (state) => h("span", { class: `mark ${state}`, "aria-hidden": "true" });
