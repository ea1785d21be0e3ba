// The audit log, in words.

import { request } from "./api.js";
import { foreign, h } from "./dom.js";
import { formatDate, formatList } from "./format.js";

const VERBS = { "certificates.activated": "activated", "certificates.deactivated": "deactivated",
  "certificate.created": "uploaded", "certificate.updated": "renamed",
  "certificate.deleted": "deleted", "project.created": "made the project",
  "api_key.created": "made the key", "api_key.deleted": "deleted the key" };

export const eventTypes = Object.entries(VERBS);

/** One page; after: the id of the last event of the page before. */
export function loadEvents({ resource, type, after, limit = 50 } = {}) {
  const query = new URLSearchParams({ limit });
  if (resource) query.append("resource_ids[]", resource);
  if (type) query.append("event_types[]", type);
  if (after) query.append("after", after);
  return request(`organization/audit_logs?${query}`);
}

/** Who did it: the key, by its name where it has one, or a user of the server's machine. */
export function actorOf({ actor }, keys) {
  const id = actor.api_key?.id ?? actor.session?.user?.id ?? "unknown";
  const name = keys?.find((key) => key.id === id)?.name;
  const address = actor.session?.ip_address;
  return { id, text: name ? `${name} (${id})` : id, address };
}

const named = ({ id, name }) => foreign(name || id);

function objectsOf(event) {
  const detail = event[event.type] ?? {};
  if (detail.certificates) return detail.certificates.flatMap((one, i) => [i ? ", " : "", named(one)]);
  const title = detail.data?.title ?? detail.name;
  return [title ? foreign(title) : null, title && detail.id ? " " : null,
    detail.id ? h("code", null, detail.id) : null];
}

/** What was done, as children of an element. */
export function sentenceOf(event) {
  const detail = event[event.type] ?? {};
  const project = event.project;
  return [VERBS[event.type] ?? event.type, " ", objectsOf(event),
    event.type.startsWith("certificates.")
      ? [" in ", project ? foreign(project.name || project.id) : "the organization"] : null,
    detail.orgtrust_deactivate_at ? ` until ${formatDate(detail.orgtrust_deactivate_at)}` : null,
    detail.data?.scopes ? ` of the role ${formatList(detail.data.scopes)}` : null];
}
