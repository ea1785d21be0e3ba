// A certificate's DER, as far as somebody who uploads one wants to know: RFC 5280 §4.1. Throws a
// DerError where it is none.

export class DerError extends Error {}

const SEQUENCE = 0x30, INTEGER = 0x02, BITS = 0x03, OCTETS = 0x04, OID = 0x06, BOOLEAN = 0x01;
const UTC_TIME = 0x17, BMP_STRING = 0x1e;

/** One element: {tag, content, whole, next}; next is what lies behind it. */
function readElement(bytes, tag) {
  let at = 2;
  let length = bytes[1];
  if (length === undefined) throw new DerError("it ends too early");
  if (length >= 0x80) {
    const size = length & 0x7f;
    if (size === 0 || size > 4) throw new DerError("a length is none of DER");
    length = 0;
    for (let i = 0; i < size; i++) length = length * 256 + bytes[at++];
  }
  if (!(at + length <= bytes.length)) throw new DerError("it ends too early");
  if (tag !== undefined && bytes[0] !== tag) throw new DerError("it is no certificate");
  return { tag: bytes[0], content: bytes.subarray(at, at + length),
    whole: bytes.subarray(0, at + length), next: bytes.subarray(at + length) };
}

function childrenOf(bytes) {
  const children = [];
  for (let rest = bytes; rest.length > 0; rest = children.at(-1).next)
    children.push(readElement(rest));
  return children;
}

function oidOf(bytes) {
  const arcs = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else arcs.push(value);
    value = 0;
  }
  return arcs.join(".");
}

const NAMES = { "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O",
  "2.5.4.11": "OU", "0.9.2342.19200300.100.1.25": "DC" };

function textOf({ tag, content }) {
  const encoding = tag === BMP_STRING ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(content);
}

/** [[type, value]], in their order. */
function nameOf(name) {
  return childrenOf(name.content).flatMap((set) => childrenOf(set.content).map((ava) => {
    const [type, value] = childrenOf(ava.content);
    const oid = oidOf(type.content);
    return [NAMES[oid] ?? oid, textOf(value)];
  }));
}

/** Unix seconds. */
function timeOf({ tag, content }) {
  const digits = new TextDecoder().decode(content);
  const year = Number(digits.slice(0, tag === UTC_TIME ? 2 : 4));
  const rest = digits.slice(tag === UTC_TIME ? 2 : 4).match(/^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/);
  if (!rest) throw new DerError("its validity cannot be read");
  const full = tag === UTC_TIME ? year + (year < 50 ? 2000 : 1900) : year;
  return Date.UTC(full, rest[1] - 1, rest[2], rest[3], rest[4], rest[5]) / 1000;
}

const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function bitLength(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]) + 24;
}

/** {kind, bits}; bits are known of RSA alone. */
function publicKeyOf(info) {
  const [algorithm, key] = childrenOf(info.content);
  const oid = oidOf(readElement(algorithm.content, OID).content);
  if (oid !== "1.2.840.113549.1.1.1") return { kind: oid, bits: null };
  const numbers = readElement(readElement(key.whole, BITS).content.subarray(1), SEQUENCE);
  return { kind: "RSA", bits: bitLength(readElement(numbers.content, INTEGER).content) };
}

/** By their OIDs, what is inside the OCTET STRING. */
function extensionsOf(parts) {
  const list = parts.find(({ tag }) => tag === 0xa3);
  if (!list) return new Map();
  return new Map(childrenOf(readElement(list.content, SEQUENCE).content).map((one) => {
    const [oid, ...rest] = childrenOf(one.content);
    return [oidOf(oid.content), readElement(rest.at(-1).whole, OCTETS).content];
  }));
}

function isCaOf(extensions) {
  const basic = extensions.get("2.5.29.19");
  if (!basic) return false;
  const [first] = childrenOf(readElement(basic, SEQUENCE).content);
  return first?.tag === BOOLEAN && first.content[0] !== 0;
}

/** null: it has no such extension. */
function signsCertificatesOf(extensions) {
  const usage = extensions.get("2.5.29.15");
  return usage ? (readElement(usage, BITS).content[1] & 0x04) !== 0 : null;
}

/** The facts of a certificate. */
export function readCertificate(der) {
  const whole = readElement(der, SEQUENCE);
  if (whole.next.length > 0) throw new DerError("something lies behind it");
  const [tbs, algorithm] = childrenOf(whole.content);
  const parts = childrenOf(readElement(tbs.whole, SEQUENCE).content);
  const hasVersion = parts[0]?.tag === 0xa0;
  const [serial, , issuer, validity, subject, info] = parts.slice(hasVersion ? 1 : 0);
  if (!algorithm || !info) throw new DerError("it is no certificate");
  const [begin, end] = childrenOf(validity.content);
  const extensions = extensionsOf(parts);
  return { serial: hexOf(serial.content), subject: nameOf(subject), issuer: nameOf(issuer),
    isSelfIssued: hexOf(subject.whole) === hexOf(issuer.whole),
    validAt: timeOf(begin), expiresAt: timeOf(end), publicKey: publicKeyOf(info),
    signature: oidOf(readElement(algorithm.content, OID).content),
    version: hasVersion ? readElement(parts[0].content, INTEGER).content[0] + 1 : 1,
    isCa: isCaOf(extensions), signsCertificates: signsCertificatesOf(extensions),
    hasKeyId: extensions.has("2.5.29.14") };
}
