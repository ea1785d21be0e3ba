// What the server knows, as the page shows it.

import { request, requestAll } from "./api.js";

export const SOON_S = 30 * 86400;

// As many are shown one by one; a fleet's others are counted.
const HOST_PAGES = 3;

/** {current, behind, list, isWhole}: those behind at first. */
async function loadHosts() {
  const { current, behind } = await request("orgtrust/hosts/count");
  const list = await requestAll("orgtrust/hosts?behind=true", HOST_PAGES);
  const known = new Set(list.map(({ name }) => name));
  if (current > 0)
    list.push(...(await requestAll("orgtrust/hosts", HOST_PAGES)).filter(({ name }) =>
      !known.has(name)));
  return { current, behind, list, isWhole: list.length >= current + behind };
}

/** {id, name, expires_at} of each; none for who may not see them. */
async function loadKeyEnds(server) {
  if (server.key.role !== "admin") return [];
  return (await requestAll("organization/admin_api_keys")).map(({ id, name, expires_at }) =>
    ({ id, name, expires_at }));
}

/** Of checkedAt by the clock of the server, which ends what ends:
 *  {checkedAt, server, isAdmin, keys, projects, certificates, hosts}. */
export async function loadOrganization() {
  const [server, projects, certificates, hosts] = await Promise.all([
    request("orgtrust/server"),
    requestAll("organization/projects"),
    requestAll("orgtrust/certificates"),
    loadHosts(),
  ]);
  const keys = await loadKeyEnds(server);
  return { checkedAt: server.time, isAdmin: server.key.role === "admin",
    server, keys, projects, certificates, hosts };
}

/** What people call it: its name, else its subject, else its id. */
export const labelOf = (certificate) => certificate.name || certificate.subject || certificate.id;

/** The scopes, the organization first. id null: the organization. */
export function scopesOf(organization) {
  return [{ id: null, name: "Organization" },
    ...organization.projects.map(({ id, name }) => ({ id, name: name || id }))];
}

/** Its activation in a scope, else undefined. */
export const activationIn = (certificate, scope) =>
  certificate.active_in.find((one) => one.project === scope);

export const isActive = (certificate) => certificate.active_in.length > 0;

/** "ended", "soon", "ahead", "valid". */
export function validityOf(certificate, now) {
  if (certificate.expires_at < now) return "ended";
  if (certificate.valid_at > now) return "ahead";
  return certificate.expires_at < now + SOON_S ? "soon" : "valid";
}

/** Why no program uses it, or not all do, though it is active; null: nothing is known. */
export function oddityOf(certificate) {
  if (certificate.problem) return `cannot be read: ${certificate.problem}`;
  if (certificate.is_ca === false) return "is not an authority, so that no program trusts it";
  if (certificate.withheld)
    return `is withheld from ${certificate.withheld.from}: ${certificate.withheld.reason}`;
  return null;
}

/** The certificates whose names, subject, issuer, serial, id or SHA-256 have all the words. */
export function searchCertificates(certificates, text) {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return certificates.filter((one) => {
    const there = [one.name, one.id, one.subject, one.issuer, one.serial, one.sha256, one.key,
      one.serial?.replaceAll(":", "")].filter(Boolean).join("\n").toLocaleLowerCase();
    return words.every((word) => there.includes(word)
      || there.includes(word.replaceAll(":", "")));
  });
}
