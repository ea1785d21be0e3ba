// The first line: whether anybody has to do anything, and what.

import { isActive, labelOf, oddityOf, SOON_S, validityOf } from "./organization.js";
import { formatCount, formatDistance, formatNumber, formatSince } from "./format.js";
import { followersOf } from "./generations.js";

const hrefOf = (certificate) => `#certificate/${certificate.id}`;

function endOf(certificate, organization) {
  const now = organization.checkedAt;
  const validity = validityOf(certificate, now);
  const distance = formatDistance(certificate.expires_at, now);
  if (validity === "ended") return `ended ${distance} and is still active`;
  if (validity === "ahead") return `is active and valid only ${formatDistance(certificate.valid_at, now)}`;
  if (validity !== "soon") return null;
  return followersOf(certificate, organization.certificates).some(isActive)
    ? `ends ${distance}; its successor is active`
    : `ends ${distance}, and no successor is active`;
}

function ofCertificates(organization) {
  const active = organization.certificates.filter(isActive);
  return active.sort((a, b) => a.expires_at - b.expires_at).flatMap((certificate) =>
    [endOf(certificate, organization), oddityOf(certificate)].filter(Boolean)
      .map((text) => ({ who: labelOf(certificate), text, href: hrefOf(certificate) })));
}

function ofEnd(what, end, now) {
  if (!end || end > now + SOON_S) return [];
  const word = end < now ? "ended" : "ends";
  return [{ text: `${what} ${word} ${formatDistance(end, now)}` }];
}

function ofHosts({ hosts, checkedAt }) {
  if (hosts.behind === 0) return [];
  const since = hosts.list.map((host) => host.behind_since).filter(Boolean);
  const first = since.length > 0 ? `, ${hosts.behind === 1 ? "" : "the first "}since ${
    formatSince(Math.min(...since), checkedAt)}` : "";
  return [{ who: formatCount(hosts.behind, "host"), href: "#hosts",
    text: `of ${formatNumber(hosts.current + hosts.behind)} ${
      hosts.behind === 1 ? "is" : "are"} behind${first}` }];
}

/** Others' keys: with that of the hosts all of them stop. */
function ofKeys({ keys, server, checkedAt }) {
  const ending = keys.filter(({ id, expires_at: end }) => id !== server.key.id && end
    && Math.abs(end - checkedAt) < SOON_S);
  return ending.map(({ id, name, expires_at: end }) => ({ who: `The key ${name || id}`,
    href: "#keys", text: `${end < checkedAt ? "ended" : "ends"} ${formatDistance(end, checkedAt)}` }));
}

/** What needs attention: {who, text, href}, of which who and href may be absent. */
export function attentionOf(organization) {
  const { server, checkedAt } = organization;
  return [
    ...ofEnd("The TLS certificate of this server", server.tls_expires_at, checkedAt),
    ...ofEnd("Your key", server.key.expires_at, checkedAt),
    ...ofKeys(organization),
    ...ofCertificates(organization),
    ...ofHosts(organization),
  ];
}

/** "All clear", or how much is not. */
export const verdictOf = (attention) => attention.length === 0 ? "All clear,"
  : `${formatCount(attention.length, "thing needs", "things need")} attention,`;
