// All of one certificate: what it says, where it is active, its chain, its history, its text.

import { request } from "./api.js";
import { askDelete, askName } from "./change.js";
import { button, foreign, h } from "./dom.js";
import { loadEvents } from "./events.js";
import { formatDistance, formatMoment } from "./format.js";
import { eventTable } from "./log.js";
import { isActive, labelOf, oddityOf, scopesOf } from "./organization.js";
import { markOfState, stateIn, STATE_WORDS } from "./state.js";

/** {id, certificate, content, events, hasMore}; events null: the key may not see them. */
export async function loadCertificate(page, id) {
  const { isAdmin } = page.organization;
  const path = encodeURIComponent(id);
  const [inspected, single, log] = await Promise.all([
    request(`orgtrust/certificates/${path}`),
    request(`organization/certificates/${path}?include[]=content`),
    isAdmin ? loadEvents({ resource: id }) : null,
  ]);
  return { id, certificate: inspected, content: single.certificate_details.content,
    events: log?.data ?? null, hasMore: log?.has_more ?? false };
}

/** From it up to one that has signed itself, or whose issuer is not here. */
export function chainOf(certificate, certificates) {
  const chain = [certificate];
  for (;;) {
    const last = chain.at(-1);
    const issuer = last.subject === last.issuer ? null : certificates.find((one) =>
      one.subject === last.issuer && !chain.includes(one) && (last.authority_key_id === null
        || one.key_id === last.authority_key_id));
    if (!issuer) return chain;
    chain.push(issuer);
  }
}

const grouped = (hex) => hex?.match(/../g).join(":").toUpperCase();

function factsOf(one, now) {
  const when = (at) => `${formatMoment(at)} (${formatDistance(at, now)})`;
  const facts = [["Subject", one.subject], ["Issuer", one.issuer], ["Serial", one.serial, "code"],
    ["Valid from", when(one.valid_at)], ["Valid until", when(one.expires_at)], ["Key", one.key],
    ["SHA-256", grouped(one.sha256), "code"], ["Authority", one.is_ca ? "yes" : "no"],
    ["Uploaded", when(one.created_at)], ["Id", one.id, "code"]];
  return h("dl", { class: "facts" }, facts.filter(([, text]) => text).map(([title, text, tag]) =>
    h("div", null, h("dt", null, title), h("dd", null, h(tag ?? "bdi", null, text)))));
}

function scopeButtons(certificate, page) {
  return h("ul", { class: "scopes" }, scopesOf(page.organization).map((scope) => {
    const state = stateIn(certificate, scope);
    const active = state === "on";
    return h("li", null, markOfState(state), " ", foreign(scope.name), `: ${STATE_WORDS[state]} `,
      page.organization.isAdmin ? button(active ? "Deactivate" : "Activate",
        () => page.toggle(certificate, scope), { "aria-haspopup": "dialog",
          "aria-label": `${active ? "Deactivate" : "Activate"} in ${scope.name}`,
          "data-focus": `scope ${scope.id}` }) : null);
  }));
}

function chainList(certificate, page) {
  const chain = chainOf(certificate, page.organization.certificates);
  const last = chain.at(-1);
  return h("ol", { class: "chain" }, chain.map((one) => h("li", null, one === certificate
    ? h("strong", null, foreign(labelOf(one)))
    : h("a", { href: `#certificate/${one.id}` }, foreign(labelOf(one))),
  h("span", { class: "note" }, one.self_signed ? "signed by itself"
    : one === last ? `its issuer, ${one.issuer}, is not in this organization`
      : isActive(one) ? "active" : "not active"))));
}

function administer(certificate, page) {
  return h("div", { class: "actions" },
    button("Rename", () => askName(page, certificate), { "data-focus": "rename" }),
    button("Delete", () => askDelete(page, certificate), { class: "danger", "data-focus": "delete",
      disabled: isActive(certificate),
      title: isActive(certificate) ? "It is active: deactivate it first." : null }));
}

/** The view; one that is gone says so. */
export function renderCertificate(page, id) {
  const certificate = page.organization.certificates.find((one) => one.id === id);
  if (!certificate || page.data?.id !== id)
    return [h("p", { class: "empty" }, "There is no such certificate (any more).")];
  const { content, events, hasMore } = page.data;
  const odd = oddityOf(certificate);
  return [h("h3", { class: "title" }, foreign(labelOf(certificate))),
    odd ? h("p", { class: "odd" }, `It ${odd}.`) : null,
    page.organization.isAdmin ? administer(certificate, page) : null,
    h("div", { class: "columns" },
      h("section", { "aria-label": "Facts" }, factsOf(certificate, page.organization.checkedAt)),
      h("div", null,
        h("section", { "aria-labelledby": "scopes-title" },
          h("h3", { id: "scopes-title" }, "Scopes"), scopeButtons(certificate, page)),
        h("section", { "aria-labelledby": "chain-title" },
          h("h3", { id: "chain-title" }, "Chain"), chainList(certificate, page)))),
    events ? [h("h3", null, "History"), eventTable(events, page.organization.keys)] : null,
    hasMore ? h("p", { class: "help" }, "Of so many changes the newest are shown. The command "
      + "orgtrust log --cert lists the others, with --since.") : null,
    h("h3", null, "Text"), h("pre", { tabindex: "0", "aria-label": "Text" },
      page.data.certificate.text ?? ""),
    h("h3", null, "PEM"), h("pre", { tabindex: "0", "aria-label": "PEM" }, content)];
}
