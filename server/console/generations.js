// Which certificates follow each other: those whose subjects differ in nothing but what counts
// them, such as a year, a number or "G2".

const COUNTERS = /\b(?:[grv]?\d+|[ivx]+)\b/gi;

/** What certificates of one line have in common. */
export const lineOf = (certificate) =>
  (certificate.subject ?? certificate.id).replace(COUNTERS, "").replace(/\s+/g, " ").trim()
    .toLocaleLowerCase();

/** Those of its line that are valid longer. */
export function followersOf(certificate, certificates) {
  return certificates.filter((one) => one !== certificate && one.is_ca === certificate.is_ca
    && one.expires_at > certificate.expires_at && lineOf(one) === lineOf(certificate));
}

/** Lists of certificates, each of one line, the one that ends first at first; gapBefore: from
 *  when on nothing of the line was valid before it, null: always something was. */
export function generationsOf(certificates) {
  const lines = Map.groupBy
    ? Map.groupBy(certificates, lineOf) : groupByLine(certificates);
  return [...lines.values()].map(withGaps)
    .sort((a, b) => endOfLine(a) - endOfLine(b));
}

function groupByLine(certificates) {
  const lines = new Map();
  for (const one of certificates)
    lines.set(lineOf(one), [...(lines.get(lineOf(one)) ?? []), one]);
  return lines;
}

const endOfLine = (line) => Math.max(...line.map(({ certificate }) => certificate.expires_at));

function withGaps(line) {
  let until = null;
  return [...line].sort((a, b) => a.valid_at - b.valid_at).map((certificate) => {
    const gapBefore = until !== null && certificate.valid_at > until ? until : null;
    until = Math.max(until ?? 0, certificate.expires_at);
    return { certificate, gapBefore };
  });
}
