"""Certificates that no library would make: DER put together by hand, one fault each.

Nothing here is signed (an anchor's own signature proves nothing, and no reader looks at
it), so that a thousand variants cost no more than their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

SEQUENCE, SET, INTEGER, BITS, OCTETS, NULL, OID_TAG = 0x30, 0x31, 2, 3, 4, 5, 6
BOOLEAN, ENUMERATED, UTF8, PRINTABLE, TELETEX, IA5 = 1, 10, 12, 19, 20, 22
UTC, GENERALIZED, VISIBLE, UNIVERSAL, BMP, NUMERIC = 23, 24, 26, 28, 30, 18


def tlv(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def seq(*content: bytes) -> bytes:
    return tlv(SEQUENCE, *content)


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for arc in [40 * first + second, *rest]:
        digits = [arc & 0x7F]
        while arc := arc >> 7:
            digits.insert(0, arc & 0x7F | 0x80)
        body += bytes(digits)
    return tlv(OID_TAG, body)


def number(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def bits(data: bytes, unused: int = 0) -> bytes:
    return tlv(BITS, bytes([unused]), data)


def ava(kind: str, value: bytes, tag: int = UTF8) -> bytes:
    return seq(oid(kind), tlv(tag, value))


def rdn(*avas: bytes) -> bytes:
    return tlv(SET, *avas)


CN, ORG, COUNTRY, MAIL, DC = "2.5.4.3", "2.5.4.10", "2.5.4.6", "1.2.840.113549.1.9.1", (
    "0.9.2342.19200300.100.1.25")


def name(cn: str, *more: bytes) -> bytes:
    return seq(rdn(ava(ORG, b"Odd")), rdn(ava(CN, cn.encode())), *more)


EC_KEY, P256 = "1.2.840.10045.2.1", "1.2.840.10045.3.1.7"
ECDSA, RSA, RSA_SHA256 = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.1", (
    "1.2.840.113549.1.1.11")

# The base point of P-256: a key as good as any for a certificate that nobody signs with.
GX = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
GY = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5
POINT = b"\x04" + GX.to_bytes(32, "big") + GY.to_bytes(32, "big")

# Two primes of 1024 bits, found once; their product is the modulus.
MODULUS = int(
    "c5a3d3a2f3b1d8f70d5c5bd8a1d9f3a7" * 16, 16) | 1 | 1 << 2047


def ec_key(point: bytes = POINT, parameters: bytes | None = None) -> bytes:
    return seq(seq(oid(EC_KEY), oid(P256) if parameters is None else parameters),
               bits(point))


def rsa_key(modulus: int = MODULUS, exponent: int = 65537, *,
            parameters: bytes = tlv(NULL)) -> bytes:
    return seq(seq(oid(RSA), parameters), bits(seq(number(modulus), number(exponent))))


def extension(kind: str, value: bytes, critical: bool | bytes = False) -> bytes:
    if critical is True:
        critical = tlv(BOOLEAN, b"\xff")
    return seq(oid(kind), critical or b"", tlv(OCTETS, value))


def constraints(*content: bytes) -> bytes:
    return extension("2.5.29.19", seq(*content), True)


TRUE = tlv(BOOLEAN, b"\xff")
IS_CA = constraints(TRUE)


@dataclass(frozen=True)
class Odd:
    """The parts of a certificate, each replaceable; der() puts them together."""

    cn: str = "odd"
    version: bytes = tlv(0xA0, number(2))
    serial: bytes = b""
    inner: bytes = seq(oid(ECDSA))
    outer: bytes | None = None
    issuer: bytes | None = None
    subject: bytes | None = None
    not_before: bytes = tlv(UTC, b"200101000000Z")
    not_after: bytes = tlv(UTC, b"400101000000Z")
    key: bytes = ec_key()
    unique: bytes = b""
    extensions: tuple[bytes, ...] = (IS_CA,)
    wrapped: bytes | None = None  # in place of [3] and its list
    signature: bytes = bits(seq(number(GX), number(GY)))
    behind: bytes = b""
    parts: dict = field(default_factory=dict, compare=False)

    def der(self) -> bytes:
        own = name(self.cn)
        serial = self.serial or number(
            int.from_bytes(hashlib.sha256(self.cn.encode()).digest()[:7], "big") | 1)
        wrapped = self.wrapped
        if wrapped is None:
            wrapped = tlv(0xA3, seq(*self.extensions)) if self.extensions else b""
        tbs = seq(
            self.version, serial, self.inner,
            own if self.issuer is None else self.issuer,
            seq(self.not_before, self.not_after),
            own if self.subject is None else self.subject,
            self.key, self.unique, wrapped)
        return seq(tbs, self.outer or self.inner, self.signature, self.behind)

    def but(self, **changes) -> "Odd":
        return replace(self, **changes)
