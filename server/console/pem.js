// Certificates out of a file that somebody has dropped, before anything of it leaves the page.

// What is in one has no five dashes: a beginning without its end is passed over at the next.
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:(?!-----)[\s\S])*?)-----END \1-----/g;
const BEGIN = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----/;

function derOf(base64) {
  try {
    return Uint8Array.from(atob(base64.replace(/\s+/g, "")), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function certificatesOf(text) {
  const found = [...text.matchAll(BLOCK)].filter(([, kind]) =>
    kind === "CERTIFICATE" || kind === "TRUSTED CERTIFICATE");
  return found.map(([, , base64]) => derOf(base64));
}

/** {ders, problem}: the certificates as bytes, of one that is no base64 null; problem: why
 *  nothing of the file, or nothing more of it, may be sent, else null. */
export function readFileBytes(bytes) {
  const text = new TextDecoder().decode(bytes);
  if (/PRIVATE KEY/.test(text))
    return { ders: [], problem: "It holds a private key, which belongs on one machine alone: "
      + "nothing of it is sent." };
  const ders = certificatesOf(text);
  if (BEGIN.test(text.replace(BLOCK, ""))) return { ders, problem: "It holds the beginning of a "
    + "certificate without its end: it was cut off." };
  if (ders.length > 0) return { ders, problem: null };
  if (bytes[0] === 0x30) return { ders: [bytes], problem: null };
  return { ders: [], problem: "It holds no certificate, neither in PEM nor in DER." };
}

/** As PEM. */
export function pemOf(der) {
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(""));
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join("\n")}\n`
    + "-----END CERTIFICATE-----\n";
}
