// What is wrong with a certificate that is to be uploaded, and what is to be thought of.

import { DerError, readCertificate } from "./der.js";
import { formatDate } from "./format.js";
import { labelOf, SOON_S } from "./organization.js";

// MD5 and SHA-1 with RSA, DSA and ECDSA.
const WEAK_SIGNATURES = new Set(["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5",
  "1.2.840.10040.4.3", "1.2.840.10045.4.1"]);

const samePlain = (serial) => serial.replaceAll(":", "").toLowerCase().replace(/^0+/, "");

/** One of the organization that is the same, by serial and validity; undefined: none. */
const twinOf = (facts, certificates) => certificates.find((one) => one.serial
  && samePlain(one.serial) === samePlain(facts.serial) && one.valid_at === facts.validAt
  && one.expires_at === facts.expiresAt);

function warningsOf(facts, now) {
  const { publicKey } = facts;
  const warnings = [
    [facts.expiresAt < now, `It ended on ${formatDate(facts.expiresAt)}.`],
    [facts.expiresAt >= now && facts.expiresAt < now + SOON_S,
      `It ends on ${formatDate(facts.expiresAt)}.`],
    [facts.validAt > now, `It is valid from ${formatDate(facts.validAt)} on.`],
    [!facts.isCa, "It is not an authority: no program trusts it as an anchor."],
    [facts.isCa && !facts.isSelfIssued, "Another authority has signed it: it is an intermediate, "
      + "which some programs do not take for an anchor."],
    [facts.signsCertificates === false, "Its key usage does not let it sign certificates."],
    [publicKey.bits !== null && publicKey.bits < 2048, `Its RSA key has ${publicKey.bits} bits.`],
    [WEAK_SIGNATURES.has(facts.signature) && !facts.isSelfIssued,
      "It is signed with MD5 or SHA-1."],
    [facts.version < 3, `It is of version ${facts.version}, without extensions.`],
    [facts.version >= 3 && !facts.hasKeyId, "It has no subject key identifier."],
  ];
  return warnings.filter(([is]) => is).map(([, text]) => text);
}

/** What people call it: its common name, else the last of its names. */
export function titleOf({ subject }) {
  const common = subject.findLast?.(([type]) => type === "CN") ?? subject.at(-1);
  return common?.[1] ?? "";
}

/** {facts, problems, warnings}; facts null: it cannot be read. What has problems is not sent. */
export function checkCertificate(der, organization) {
  if (der === null) return { facts: null, problems: ["Its base64 is broken."], warnings: [] };
  let facts;
  try {
    facts = readCertificate(der);
  } catch (error) {
    if (!(error instanceof DerError) && !(error instanceof TypeError)) throw error;
    const why = error instanceof DerError ? error.message : "it is no certificate";
    return { facts: null, problems: [`It cannot be read: ${why}.`], warnings: [] };
  }
  const twin = twinOf(facts, organization.certificates);
  return { facts, problems: twin ? [`It is here already: ${labelOf(twin)}.`] : [],
    warnings: warningsOf(facts, organization.checkedAt) };
}
