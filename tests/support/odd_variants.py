"""Every kind of odd certificate that the rules of fitness are about, by name."""

from __future__ import annotations

from .odd_certs import (
    BITS, BMP, BOOLEAN, CN, COUNTRY, DC, EC_KEY, ENUMERATED, GENERALIZED, GX, GY, IA5,
    INTEGER, IS_CA, MAIL, MODULUS, NULL, NUMERIC, OCTETS, OID_TAG, ORG, P256, POINT,
    PRINTABLE, RSA_SHA256, SEQUENCE, SET, TELETEX, TRUE, UNIVERSAL, UTC, UTF8, VISIBLE,
    Odd, ava, bits, constraints, ec_key, extension, name, number, oid, rdn, rsa_key, seq,
    tlv)

_SAN, _IAN, _CRLDP, _POLICIES = "2.5.29.17", "2.5.29.18", "2.5.29.31", "2.5.29.32"
_NC, _KU, _EKU, _SKI, _AKI = "2.5.29.30", "2.5.29.15", "2.5.29.37", "2.5.29.14", "2.5.29.35"
_AIA, _SIA = "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.11"
_MAPPINGS, _POLICY_CONSTRAINTS, _ANY_POLICY = "2.5.29.33", "2.5.29.36", "2.5.29.54"
_FRESHEST, _COMMENT, _TYPE = "2.5.29.46", "2.16.840.1.113730.1.13", "2.16.840.1.113730.1.1"
_URI, _DNS, _EMAIL, _IP, _DIR, _RID = 0x86, 0x82, 0x81, 0x87, 0xA4, 0x88


def _times():
    for place in ("not_before", "not_after"):
        early = place == "not_before"
        for what, tag, text in (
            ("utc offset", UTC, b"200101000000+0000" if early else b"400101000000+0000"),
            ("utc offset hours", UTC, b"200101000000+0100" if early else b"400101000000-0700"),
            ("utc no seconds", UTC, b"2001010000Z" if early else b"4001010000Z"),
            ("utc fraction", UTC, b"200101000000.5Z" if early else b"400101000000.5Z"),
            ("utc no zone", UTC, b"200101000000" if early else b"400101000000"),
            ("utc month 13", UTC, b"201301000000Z" if early else b"401301000000Z"),
            ("utc hour 24", UTC, b"200101240000Z" if early else b"400101240000Z"),
            ("utc second 60", UTC, b"200101000060Z" if early else b"400101000060Z"),
            ("utc february 30", UTC, b"200230000000Z" if early else b"400230000000Z"),
            ("utc letters", UTC, b"2001010000xxZ" if early else b"4001010000xxZ"),
            ("utc lower z", UTC, b"200101000000z" if early else b"400101000000z"),
            ("utc empty", UTC, b""),
            ("utc 4 digit year", UTC, b"20200101000000Z" if early else b"20400101000000Z"),
            ("gt fraction", GENERALIZED, b"20200101000000.5Z" if early else b"20510101000000.5Z"),
            ("gt fraction comma", GENERALIZED, b"20200101000000,5Z" if early else b"20510101000000,5Z"),
            ("gt offset", GENERALIZED, b"20200101000000+0000" if early else b"20510101000000+0000"),
            ("gt no seconds", GENERALIZED, b"202001010000Z" if early else b"205101010000Z"),
            ("gt hours only", GENERALIZED, b"2020010100Z" if early else b"2051010100Z"),
            ("gt no zone", GENERALIZED, b"20200101000000" if early else b"20510101000000"),
            ("gt before 2050", GENERALIZED, b"20200101000000Z" if early else b"20400101000000Z"),
            ("gt year 9999", GENERALIZED, b"20200101000000Z" if early else b"99991231235959Z"),
            ("gt year 0000", GENERALIZED, b"00000101000000Z" if early else b"99991231235959Z"),
            ("gt year 1949", GENERALIZED, b"19490101000000Z" if early else b"20510101000000Z"),
            ("octets", OCTETS, b"200101000000Z"),
        ):
            yield f"{place} {what}", Odd().but(**{place: tlv(tag, text)})
    yield "validity reversed", Odd(not_before=tlv(UTC, b"400101000000Z"),
                                   not_after=tlv(UTC, b"200101000000Z"))
    yield "utc year 1950", Odd(not_before=tlv(UTC, b"500101000000Z"))
    yield "gt after 2050", Odd(not_after=tlv(GENERALIZED, b"20510101000000Z"))


def _versions():
    for value in (-1, 0, 1, 3, 4, 200):
        yield f"version {value + 1} with extensions", Odd(version=tlv(0xA0, number(value)))
        yield f"version {value + 1} without extensions", Odd(
            version=tlv(0xA0, number(value)), extensions=())
    yield "version absent with extensions", Odd(version=b"")
    yield "version absent without extensions", Odd(version=b"", extensions=())
    yield "version empty wrapper", Odd(version=tlv(0xA0))
    yield "version long", Odd(version=tlv(0xA0, tlv(INTEGER, b"\0\2")))
    for version, word in ((1, "v2"), (2, "v3"), (0, "v1")):
        v = tlv(0xA0, number(version)) if version else b""
        ext = (IS_CA,) if version == 2 else ()
        yield f"{word} unique id", Odd(version=v, unique=tlv(0x81, b"\0\x01\x02"), extensions=ext)
        yield f"{word} both unique ids", Odd(
            version=v, unique=tlv(0x81, b"\0\1") + tlv(0x82, b"\0\1"), extensions=ext)
    yield "unique id empty", Odd(unique=tlv(0x81))
    yield "unique id unused 9", Odd(unique=tlv(0x81, b"\x09\1"))
    yield "extensions empty list", Odd(wrapped=tlv(0xA3, seq()))
    yield "extensions empty wrapper", Odd(wrapped=tlv(0xA3))
    yield "extensions two lists", Odd(wrapped=tlv(0xA3, seq(IS_CA), seq()))
    yield "behind the extensions", Odd(wrapped=tlv(0xA3, seq(IS_CA)) + tlv(NULL))
    yield "behind the signature", Odd(behind=tlv(NULL))
    yield "signature unused 3", Odd(signature=tlv(BITS, b"\x03" + b"\x08" * 8))
    yield "signature unused 9", Odd(signature=tlv(BITS, b"\x09" + b"\x08" * 8))
    yield "signature empty", Odd(signature=tlv(BITS, b"\0"))
    yield "signature no octet", Odd(signature=tlv(BITS))
    yield "signature garbage", Odd(signature=bits(b"no signature"))


def _serials():
    for value, what in ((0, "0"), (-1, "-1"), (-(2**70), "negative"), (2**158, "20 octets"),
                        (2**160, "21 octets"), (2**320, "41 octets"), (2**2000, "251 octets")):
        yield f"serial {what}", Odd(serial=number(value))
    yield "serial not minimal", Odd(serial=tlv(INTEGER, b"\0\0\7"))
    yield "serial empty", Odd(serial=tlv(INTEGER))


def _algorithms():
    null = tlv(NULL)
    rsa = seq(oid(RSA_SHA256), null)
    bare = seq(oid(RSA_SHA256))
    yield "algorithms differ", Odd(outer=seq(oid("1.2.840.10045.4.3.3")))
    yield "algorithm null inner", Odd(inner=rsa, outer=bare, key=rsa_key())
    yield "algorithm null outer", Odd(inner=bare, outer=rsa, key=rsa_key())
    yield "algorithm without null", Odd(inner=bare, key=rsa_key())
    yield "algorithm rsa", Odd(inner=rsa, key=rsa_key())
    yield "algorithm ecdsa null", Odd(inner=seq(oid("1.2.840.10045.4.3.2"), null))
    yield "algorithm unknown", Odd(inner=seq(oid("1.2.3.4.5.6")))
    yield "algorithm three members", Odd(inner=seq(oid(RSA_SHA256), null, null), key=rsa_key())
    yield "algorithm empty", Odd(inner=seq())
    yield "algorithm no oid", Odd(inner=seq(number(3)))
    yield "algorithm md5", Odd(inner=seq(oid("1.2.840.113549.1.1.4"), null), key=rsa_key())
    yield "algorithm md2", Odd(inner=seq(oid("1.2.840.113549.1.1.2"), null), key=rsa_key())
    yield "algorithm ed25519", Odd(inner=seq(oid("1.3.101.112")))
    yield "algorithm pss without parameters", Odd(inner=seq(oid("1.2.840.113549.1.1.10")), key=rsa_key())
    yield "algorithm pss bad parameters", Odd(
        inner=seq(oid("1.2.840.113549.1.1.10"), number(5)), key=rsa_key())
    yield "algorithm pss empty parameters", Odd(
        inner=seq(oid("1.2.840.113549.1.1.10"), seq()), key=rsa_key())
    yield "algorithm rsa odd parameters", Odd(
        inner=seq(oid(RSA_SHA256), number(1)), key=rsa_key())
    yield "algorithm ecdsa odd parameters", Odd(
        inner=seq(oid("1.2.840.10045.4.3.2"), seq(number(1))))


def _names():
    empty = seq()
    good = name("odd names")
    yield "issuer empty", Odd(issuer=empty)
    yield "subject empty", Odd(subject=empty, issuer=good)
    yield "both names empty", Odd(subject=empty, issuer=empty)
    yield "subject empty with san", Odd(
        subject=empty, issuer=good,
        extensions=(IS_CA, extension(_SAN, seq(tlv(_DNS, b"a.test")), True)))

    def both(what, value):
        return f"name {what}", Odd(issuer=value, subject=value)

    def one(kind, value, tag=UTF8):
        return seq(rdn(ava(ORG, b"Odd")), rdn(ava(kind, value, tag)))

    yield both("empty rdn", seq(rdn(ava(CN, b"x")), rdn()))
    yield both("only an empty rdn", seq(rdn()))
    yield both("empty ava", seq(rdn(seq())))
    yield both("ava without value", seq(rdn(seq(oid(CN)))))
    yield both("ava of three", seq(rdn(seq(oid(CN), tlv(UTF8, b"x"), tlv(NULL)))))
    yield both("ava without oid", seq(rdn(seq(number(3), tlv(UTF8, b"x")))))
    yield both("rdn is a sequence", seq(tlv(SEQUENCE, ava(CN, b"x"))))
    yield both("empty cn", one(CN, b""))
    yield both("only an empty cn", seq(rdn(ava(CN, b""))))
    yield both("two avas", seq(rdn(ava(ORG, b"O"), ava(CN, b"x"))))
    yield both("two avas sorted", seq(rdn(ava(CN, b"x"), ava(ORG, b"O"))))
    yield both("ava twice", seq(rdn(ava(CN, b"x"), ava(CN, b"x"))))
    yield both("many rdns", seq(*(rdn(ava(CN, b"%d" % i)) for i in range(120))))
    yield both("long cn", one(CN, b"L" * 9000))
    yield both("cn 300", one(CN, b"L" * 300))
    yield both("cn 70", one(CN, b"L" * 70))
    yield both("bad utf8", one(CN, b"\xff\xfe x"))
    yield both("truncated utf8", one(CN, b"abc\xc3"))
    yield both("overlong utf8", one(CN, b"\xc0\xafx"))
    yield both("surrogate utf8", one(CN, b"\xed\xa0\x80x"))
    yield both("nul in utf8", one(CN, b"a\0b"))
    yield both("odd bmp", one(CN, b"\0a\0", BMP))
    yield both("bmp", one(CN, b"\0a\0b", BMP))
    yield both("bmp surrogate", one(CN, b"\xd8\0\xdc\0", BMP))
    yield both("bmp lone surrogate", one(CN, b"\xd8\0\0a", BMP))
    yield both("bmp empty", one(CN, b"", BMP))
    yield both("universal", one(CN, b"\0\0\0a", UNIVERSAL))
    yield both("odd universal", one(CN, b"\0\0\0a\0", UNIVERSAL))
    yield both("universal beyond", one(CN, b"\x7f\0\0a", UNIVERSAL))
    yield both("teletex", one(CN, b"caf\xe9", TELETEX))
    yield both("printable star", one(CN, b"*.x_y@z", PRINTABLE))
    yield both("printable high", one(CN, b"caf\xe9", PRINTABLE))
    yield both("printable empty", one(CN, b"", PRINTABLE))
    yield both("ia5 cn", one(CN, b"abc", IA5))
    yield both("ia5 high", one(MAIL, b"caf\xe9@x", IA5))
    yield both("mail utf8", one(MAIL, "café@x".encode(), UTF8))
    yield both("mail printable", one(MAIL, b"a@x", PRINTABLE))
    yield both("dc utf8", one(DC, b"test", UTF8))
    yield both("dc ia5", one(DC, b"test", IA5))
    yield both("numeric cn", one(CN, b"123", NUMERIC))
    yield both("numeric letters", one(CN, b"abc", NUMERIC))
    yield both("visible cn", one(CN, b"abc", VISIBLE))
    yield both("visible high", one(CN, b"ab\xe9", VISIBLE))
    yield both("cn is octets", one(CN, b"abc", OCTETS))
    yield both("cn is a sequence", one(CN, number(5), SEQUENCE))
    yield both("cn is a number", one(CN, b"\5", INTEGER))
    yield both("cn is null", one(CN, b"", NULL))
    yield both("cn is bits", one(CN, b"\0\1", BITS))
    yield both("cn is a boolean", one(CN, b"\xff", BOOLEAN))
    yield both("cn is an oid", one(CN, oid("1.2.3")[2:], OID_TAG))
    yield both("cn is a context tag", one(CN, b"x", 0x80))
    yield both("cn is a time", one(CN, b"200101000000Z", UTC))
    yield both("cn general string", one(CN, b"abc", 27))
    yield both("cn graphic string", one(CN, b"abc", 25))
    yield both("cn videotex", one(CN, b"abc", 21))
    yield both("constructed utf8", one(CN, tlv(UTF8, b"ab"), UTF8 | 0x20))
    yield both("country of three", one(COUNTRY, b"DEU", PRINTABLE))
    yield both("country utf8", one(COUNTRY, b"DE"))
    yield both("country one", one(COUNTRY, b"D", PRINTABLE))
    yield both("unknown attribute number", one("1.2.3.4", b"\5", INTEGER))
    yield both("unknown attribute sequence", one("1.2.3.4", number(5), SEQUENCE))
    yield both("unknown attribute bad utf8", one("1.2.3.4", b"\xff\xff"))
    yield both("huge arc", one("2.5.4.99999999999999999999999", b"x"))
    yield both("oid padded", seq(rdn(seq(tlv(OID_TAG, b"\x55\x04\x80\x03"), tlv(UTF8, b"x")))))
    yield both("oid unfinished", seq(rdn(seq(tlv(OID_TAG, b"\x55\x04\x83"), tlv(UTF8, b"x")))))
    yield both("oid empty", seq(rdn(seq(tlv(OID_TAG), tlv(UTF8, b"x")))))
    yield "name not a sequence", Odd(subject=tlv(SET, rdn(ava(CN, b"x"))), issuer=good)
    yield "subject bad utf8 only", Odd(issuer=good, subject=one(CN, b"\xff\xfe"))
    yield "issuer empty rdn only", Odd(issuer=seq(rdn(ava(CN, b"x")), rdn()), subject=good)


def _keys():
    def sm2():
        return ec_key(bytes.fromhex(
            "04" "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
            "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"),
            oid("1.2.156.10197.1.301"))

    yield "key sm2", Odd(key=sm2())
    yield "key sm2 own oid", Odd(key=seq(seq(oid("1.2.156.10197.1.301.1"), oid("1.2.156.10197.1.301")),
                                         bits(POINT)))
    for number_, size, curve in ((7, 32, "r1 256"), (8, 32, "t1 256"), (13, 64, "r1 512"),
                                 (14, 64, "t1 512"), (11, 48, "r1 384"), (12, 48, "t1 384"),
                                 (1, 20, "r1 160")):
        yield f"key brainpool {curve} off curve", Odd(
            key=ec_key(b"\4" + b"\1" * 2 * size, oid(f"1.3.36.3.3.2.8.1.1.{number_}")))
    for dotted, size, curve in (
        ("1.3.132.0.34", 48, "p384"), ("1.3.132.0.35", 66, "p521"), ("1.3.132.0.10", 32, "k256"),
        ("1.3.132.0.33", 28, "p224"), ("1.2.840.10045.3.1.1", 24, "p192"),
        ("1.3.132.0.38", 72, "sect571k1"), ("1.2.3.4", 32, "unknown")):
        yield f"key curve {curve} off curve", Odd(key=ec_key(b"\4" + b"\1" * 2 * size, oid(dotted)))
    from .odd_curves import EXPLICIT_P256, GENERATORS
    for curve, (dotted, point) in GENERATORS.items():
        yield f"key curve {curve}", Odd(key=ec_key(point, oid(dotted)))
    yield "key ec explicit", Odd(key=ec_key(POINT, EXPLICIT_P256))
    yield "key ec null parameters", Odd(key=ec_key(POINT, tlv(NULL)))
    yield "key ec no parameters", Odd(key=ec_key(POINT, b""))
    yield "key ec odd parameters", Odd(key=ec_key(POINT, number(5)))
    yield "key ec off curve", Odd(key=ec_key(POINT[:-1] + b"\x00"))
    yield "key ec short point", Odd(key=ec_key(POINT[:-1]))
    yield "key ec long point", Odd(key=ec_key(POINT + b"\0"))
    yield "key ec infinity", Odd(key=ec_key(b"\0"))
    yield "key ec empty", Odd(key=ec_key(b""))
    yield "key ec compressed", Odd(key=ec_key(bytes([2 + (GY & 1)]) + POINT[1:33]))
    yield "key ec hybrid", Odd(key=ec_key(bytes([6 + (GY & 1)]) + POINT[1:]))
    yield "key ec compressed off curve", Odd(key=ec_key(b"\2" + b"\0" * 31 + b"\5"))
    yield "key ec coordinate beyond the field", Odd(key=ec_key(b"\4" + b"\xff" * 64))
    yield "key ec unused bits", Odd(key=seq(seq(oid(EC_KEY), oid(P256)), bits(POINT, 4)))
    yield "key ec behind parameters", Odd(
        key=seq(seq(oid(EC_KEY), oid(P256), tlv(NULL)), bits(POINT)))
    yield "key behind bits", Odd(key=seq(seq(oid(EC_KEY), oid(P256)), bits(POINT), tlv(NULL)))
    for bit_count in (256, 384, 504, 511, 512, 768, 1023, 1024, 1032, 2048, 4096, 8192, 16384,
                      16392, 20000):
        yield f"key rsa {bit_count} bits", Odd(
            key=rsa_key((1 << bit_count - 1) | (1 << bit_count - 3) | 0x1235), inner=seq(oid(RSA_SHA256), tlv(NULL)))
    for what, modulus, exponent in (
        ("even modulus", MODULUS & ~1, 65537), ("exponent 1", MODULUS, 1), ("exponent 0", MODULUS, 0),
        ("exponent even", MODULUS, 65536), ("exponent 2", MODULUS, 2), ("exponent 3", MODULUS, 3),
        ("exponent negative", MODULUS, -3), ("modulus negative", -MODULUS, 65537),
        ("modulus 0", 0, 65537), ("modulus 1", 1, 65537), ("exponent 65 bits", MODULUS, 1 << 64 | 1),
        ("exponent 33 bits", MODULUS, 1 << 32 | 1), ("exponent 256 bits", MODULUS, 1 << 255 | 1),
        ("exponent equals modulus", MODULUS, MODULUS),
        ("exponent larger than modulus", MODULUS, MODULUS + 2)):
        yield f"key rsa {what}", Odd(key=rsa_key(modulus, exponent))
    yield "key rsa no null", Odd(key=rsa_key(parameters=b""))
    yield "key rsa odd parameters", Odd(key=rsa_key(parameters=number(1)))
    yield "key rsa sequence parameters", Odd(key=rsa_key(parameters=seq()))
    yield "key rsa garbage", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(b"junk")))
    yield "key rsa behind", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(
        seq(number(MODULUS), number(65537)) + tlv(NULL))))
    yield "key rsa three numbers", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(
        seq(number(MODULUS), number(65537), number(1)))))
    yield "key rsa padded modulus", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(
        seq(tlv(INTEGER, b"\0\0", MODULUS.to_bytes(256, "big")), number(65537)))))
    yield "key rsa one number", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(
        seq(number(MODULUS)))))
    yield "key rsa empty", Odd(key=seq(seq(oid("1.2.840.113549.1.1.1"), tlv(NULL)), bits(b"")))
    yield "key pss", Odd(key=seq(seq(oid("1.2.840.113549.1.1.10")), bits(
        seq(number(MODULUS), number(65537)))))
    yield "key pss bad parameters", Odd(key=seq(seq(oid("1.2.840.113549.1.1.10"), number(1)), bits(
        seq(number(MODULUS), number(65537)))))
    for dotted, size, what in (("1.3.101.112", 32, "ed25519"), ("1.3.101.113", 57, "ed448"),
                               ("1.3.101.110", 32, "x25519"), ("1.3.101.111", 56, "x448")):
        yield f"key {what}", Odd(key=seq(seq(oid(dotted)), bits(b"\x58" + b"\x66" * (size - 1))))
        yield f"key {what} short", Odd(key=seq(seq(oid(dotted)), bits(b"\x66" * (size - 1))))
        yield f"key {what} null", Odd(key=seq(seq(oid(dotted), tlv(NULL)), bits(b"\x66" * size)))
    dsa = seq(oid("1.2.840.10040.4.1"), seq(number((1 << 1023) | 5), number((1 << 159) | 7), number(3)))
    yield "key dsa", Odd(key=seq(dsa, bits(number(12345))))
    yield "key dsa no parameters", Odd(key=seq(seq(oid("1.2.840.10040.4.1")), bits(number(12345))))
    yield "key dsa garbage", Odd(key=seq(dsa, bits(b"junk")))
    yield "key dh", Odd(key=seq(seq(oid("1.2.840.113549.1.3.1"), seq(number(MODULUS), number(2))), bits(number(12345))))
    yield "key dh garbage", Odd(key=seq(seq(oid("1.2.840.113549.1.3.1"), seq()), bits(b"junk")))
    yield "key gost", Odd(key=seq(seq(oid("1.2.643.7.1.1.1.1"), seq(oid("1.2.643.2.2.35.1"), oid("1.2.643.7.1.1.2.2"))), bits(tlv(OCTETS, b"\5" * 64))))
    yield "key mldsa44", Odd(key=seq(seq(oid("2.16.840.1.101.3.4.3.17")), bits(b"\5" * 1312)))
    yield "key unknown", Odd(key=seq(seq(oid("1.2.3.4.5")), bits(b"\5" * 99)))
    yield "key unknown empty", Odd(key=seq(seq(oid("1.2.3.4.5")), bits(b"")))
    yield "key no algorithm", Odd(key=seq(seq(), bits(POINT)))
    yield "key no bits", Odd(key=seq(seq(oid(EC_KEY), oid(P256))))
    yield "key empty", Odd(key=seq())


def _extension_lists():
    def more(*extensions):
        return Odd(extensions=(IS_CA, *extensions))

    names = seq(tlv(_DNS, b"a.test"))
    for dotted, value, what in (
        (_SAN, names, "san"), (_IAN, names, "ian"), (_KU, bits(b"\6", 1), "ku"),
        (_EKU, seq(oid("1.3.6.1.5.5.7.3.1")), "eku"), (_SKI, tlv(OCTETS, b"\1" * 20), "ski"),
        (_COMMENT, tlv(IA5, b"c"), "comment"), ("1.2.3.4.5", b"\5\0", "unknown"),
        (_POLICIES, seq(seq(oid("2.5.29.32.0"))), "policies")):
        once = extension(dotted, value)
        yield f"ext {what} once", more(once)
        yield f"ext {what} twice", more(once, once)
        yield f"ext {what} critical", more(extension(dotted, value, True))
        yield f"ext {what} empty", more(extension(dotted, b""))
        yield f"ext {what} null", more(extension(dotted, tlv(NULL)))
        yield f"ext {what} garbage", more(extension(dotted, b"garbage"))
        yield f"ext {what} behind", more(extension(dotted, value + b"\5\0"))
        yield f"ext {what} truncated", more(extension(dotted, value[:-1]))
    yield "ext basic twice", Odd(extensions=(IS_CA, IS_CA))
    yield "ext unknown to all critical", more(extension("1.2.3.4.5.6", b"\5\0", True))
    yield "ext critical false said", more(extension(_SAN, names, tlv(BOOLEAN, b"\0")))
    yield "ext critical is 1", more(extension(_SAN, names, tlv(BOOLEAN, b"\1")))
    yield "ext critical two bytes", more(extension(_SAN, names, tlv(BOOLEAN, b"\xff\xff")))
    yield "ext critical empty", more(extension(_SAN, names, tlv(BOOLEAN)))
    yield "ext no value", more(seq(oid("1.2.3.4.5")))
    yield "ext empty", more(seq())
    yield "ext of four", more(seq(oid("1.2.3.4.5"), TRUE, tlv(OCTETS, b""), tlv(NULL)))
    yield "ext value is bits", more(seq(oid("1.2.3.4.5"), bits(b"")))
    yield "ext no oid", more(seq(number(1), tlv(OCTETS, b"")))
    yield "ext oid empty", more(seq(tlv(OID_TAG), tlv(OCTETS, b"\5\0")))
    yield "ext oid unfinished", more(seq(tlv(OID_TAG, b"\x55\x9d"), tlv(OCTETS, b"\5\0")))
    yield "ext oid padded", more(seq(tlv(OID_TAG, b"\x55\x80\x1d"), tlv(OCTETS, b"\5\0")))
    yield "ext oid huge arc", more(extension("1.2.99999999999999999999999999999", b"\5\0"))
    yield "ext many", more(*(extension(f"1.2.3.4.{i}", b"\5\0") for i in range(300)))
    yield "ext order", Odd(extensions=(extension(_SAN, names), IS_CA))


def _basic_constraints():
    for what, value in (
        ("empty", b""), ("empty sequence", seq()), ("truncated", seq(TRUE)[:-1]),
        ("true is 1", seq(tlv(BOOLEAN, b"\1"))), ("false said", seq(tlv(BOOLEAN, b"\0"))),
        ("boolean of two", seq(tlv(BOOLEAN, b"\xff\xff"))), ("boolean empty", seq(tlv(BOOLEAN))),
        ("path 0", seq(TRUE, number(0))), ("path 5", seq(TRUE, number(5))),
        ("path -1", seq(TRUE, number(-1))), ("path 2^31-1", seq(TRUE, number(2**31 - 1))),
        ("path 2^31", seq(TRUE, number(2**31))), ("path 2^32", seq(TRUE, number(2**32))),
        ("path 2^64", seq(TRUE, number(2**64))), ("path 2^200", seq(TRUE, number(2**200))),
        ("path not minimal", seq(TRUE, tlv(INTEGER, b"\0\1"))),
        ("path empty", seq(TRUE, tlv(INTEGER))), ("path without ca", seq(number(1))),
        ("path is a boolean", seq(TRUE, TRUE)), ("three members", seq(TRUE, number(1), number(1))),
        ("behind", seq(TRUE) + tlv(NULL)), ("is a set", tlv(SET, TRUE)),
        ("is a boolean", TRUE), ("enumerated path", seq(TRUE, tlv(ENUMERATED, b"\1"))),
        ("long length", b"\x30\x81\x03" + TRUE), ("indefinite", b"\x30\x80" + TRUE + b"\0\0")):
        yield f"basic {what}", Odd(extensions=(extension("2.5.29.19", value, True),))
    yield "basic not critical", Odd(extensions=(extension("2.5.29.19", seq(TRUE)),))


def _standard_extensions():
    def more(what, dotted, value, critical=False):
        return what, Odd(extensions=(IS_CA, extension(dotted, value, critical)))

    ku = (("keyCertSign", bits(b"\x04", 2)), ("empty bits", bits(b"")), ("zero", bits(b"\0")),
          ("zero unused 7", bits(b"\0", 7)), ("no octet", tlv(BITS)), ("unused 8", bits(b"\x06", 8)),
          ("unused without octets", bits(b"", 3)), ("not trimmed", bits(b"\x06")),
          ("bits set in unused", bits(b"\x07", 1)), ("three octets", bits(b"\x06\0\1")),
          ("16 octets", bits(b"\x06" + b"\1" * 15)), ("trailing zero octets", bits(b"\x06\0\0")),
          ("decipherOnly", bits(b"\x06\x80", 7)), ("is octets", tlv(OCTETS, b"\6")),
          ("without certSign", bits(b"\x80", 7)), ("constructed", tlv(BITS | 0x20, bits(b"\6"))))
    for what, value in ku:
        yield more(f"ku value {what}", _KU, value, True)
    general = (("empty list", seq()), ("empty dns", seq(tlv(_DNS))), ("nul dns", seq(tlv(_DNS, b"a\0b"))),
               ("high dns", seq(tlv(_DNS, b"caf\xe9"))), ("space dns", seq(tlv(_DNS, b" "))),
               ("odd dns", seq(tlv(_DNS, b"-a_.*.b..c"))), ("dot dns", seq(tlv(_DNS, b".a.test"))),
               ("digit dns", seq(tlv(_DNS, b"1.2.3.4"))),
               ("wildcard dns", seq(tlv(_DNS, b"*.a.test"))), ("long dns", seq(tlv(_DNS, b"a" * 3000))),
               ("empty uri", seq(tlv(_URI))), ("no uri", seq(tlv(_URI, b"not a uri %%"))),
               ("relative uri", seq(tlv(_URI, b"a/b"))), ("high uri", seq(tlv(_URI, b"http://caf\xe9/"))),
               ("uri without host", seq(tlv(_URI, b"http:///x"))), ("uri scheme only", seq(tlv(_URI, b"http:"))),
               ("uri space", seq(tlv(_URI, b"http://a b/"))), ("uri brackets", seq(tlv(_URI, b"http://[x]/"))),
               ("uri ldap", seq(tlv(_URI, b"ldap://h/cn=a b?x"))), ("uri underscore", seq(tlv(_URI, b"http://a_b/x"))),
               ("urn", seq(tlv(_URI, b"urn:a:b"))), ("uri port", seq(tlv(_URI, b"http://a:99999999/"))),
               ("ip 4", seq(tlv(_IP, b"\1\2\3\4"))), ("ip 16", seq(tlv(_IP, b"\1" * 16))),
               ("ip 0", seq(tlv(_IP))), ("ip 5", seq(tlv(_IP, b"\1" * 5))), ("ip 8", seq(tlv(_IP, b"\1" * 8))),
               ("ip 32", seq(tlv(_IP, b"\1" * 32))),
               ("mail", seq(tlv(_EMAIL, b"a@b.test"))), ("empty mail", seq(tlv(_EMAIL))),
               ("no mail", seq(tlv(_EMAIL, b"nothing"))), ("high mail", seq(tlv(_EMAIL, b"\xe9@x"))),
               ("directory", seq(tlv(_DIR, name("d")))), ("empty directory", seq(tlv(_DIR, seq()))),
               ("bad directory", seq(tlv(_DIR, b"\5\0"))), ("no directory", seq(tlv(_DIR))),
               ("directory empty rdn", seq(tlv(_DIR, seq(rdn())))),
               ("directory bad utf8", seq(tlv(_DIR, seq(rdn(ava(CN, b"\xff\xff")))))),
               ("rid", seq(tlv(_RID, oid("1.2.3")[2:]))), ("empty rid", seq(tlv(_RID))),
               ("bad rid", seq(tlv(_RID, b"\x80\x80"))),
               ("other", seq(tlv(0xA0, oid("1.2.3"), tlv(0xA0, tlv(UTF8, b"x"))))),
               ("other utf8 bad", seq(tlv(0xA0, oid("1.2.3"), tlv(0xA0, tlv(UTF8, b"\xff"))))),
               ("empty other", seq(tlv(0xA0))), ("other without value", seq(tlv(0xA0, oid("1.2.3")))),
               ("other no wrapper", seq(tlv(0xA0, oid("1.2.3"), tlv(UTF8, b"x")))),
               ("x400", seq(tlv(0xA3, seq()))), ("edi", seq(tlv(0xA5, tlv(0xA1, tlv(UTF8, b"x"))))),
               ("edi empty", seq(tlv(0xA5))), ("unknown tag", seq(tlv(0x89, b"x"))),
               ("plain utf8", seq(tlv(UTF8, b"x"))), ("constructed dns", seq(tlv(0xA2, tlv(IA5, b"x")))),
               ("is a set", tlv(SET, tlv(_DNS, b"a"))), ("is a string", tlv(IA5, b"a.test")))
    for word, dotted in (("san", _SAN), ("ian", _IAN)):
        for what, value in general:
            yield more(f"{word} name {what}", dotted, value)
    for what, value in general:
        inner = value[2:] if value[1] < 0x80 else value[4:]
        yield more(f"nc permitted name {what}", _NC, seq(tlv(0xA0, seq(inner))), True)
        yield more(f"nc excluded name {what}", _NC, seq(tlv(0xA1, seq(inner))))
        yield more(f"crldp name {what}", _CRLDP, seq(seq(tlv(0xA0, tlv(0xA0, inner)))))
        yield more(f"aia name {what}", _AIA, seq(seq(oid("1.3.6.1.5.5.7.48.1"), inner)))
    dns = tlv(_DNS, b"a.test")
    for what, value in (
        ("empty", seq()), ("empty permitted", seq(tlv(0xA0))), ("empty subtree", seq(tlv(0xA0, seq()))),
        ("minimum said", seq(tlv(0xA0, seq(dns, tlv(0x80, b"\0"))))),
        ("minimum 1", seq(tlv(0xA0, seq(dns, tlv(0x80, b"\1"))))),
        ("maximum", seq(tlv(0xA0, seq(dns, tlv(0x81, b"\1"))))),
        ("maximum huge", seq(tlv(0xA0, seq(dns, tlv(0x81, b"\1" * 9))))),
        ("minimum empty", seq(tlv(0xA0, seq(dns, tlv(0x80))))),
        ("wrong order", seq(tlv(0xA1, seq(dns)), tlv(0xA0, seq(dns)))),
        ("unknown member", seq(tlv(0xA2, seq(dns)))), ("twice", seq(tlv(0xA0, seq(dns)), tlv(0xA0, seq(dns)))),
        ("ip mask odd", seq(tlv(0xA0, seq(tlv(_IP, b"\1\2\3\4\xff\0\xff\0"))))),
        ("is a set", tlv(SET)), ("behind", seq(tlv(0xA0, seq(dns))) + b"\5\0"),
        ("both", seq(tlv(0xA0, seq(dns)), tlv(0xA1, seq(tlv(_DNS, b"b.test")))))):
        yield more(f"nc {what}", _NC, value, True)
    uri = tlv(_URI, b"http://crl.test/x")
    for what, value in (
        ("good", seq(seq(tlv(0xA0, tlv(0xA0, uri))))), ("empty", seq()), ("empty point", seq(seq())),
        ("truncated inner", bytes.fromhex("3011300fa00da00b860968742074703a2f2f78")),
        ("no name form", seq(seq(tlv(0xA0)))), ("empty full name", seq(seq(tlv(0xA0, tlv(0xA0))))),
        ("relative name", seq(seq(tlv(0xA0, tlv(0xA1, ava(CN, b"x")))))),
        ("relative empty", seq(seq(tlv(0xA0, tlv(0xA1))))),
        ("relative name with issuer", seq(seq(tlv(0xA0, tlv(0xA1, ava(CN, b"x"))), tlv(0xA2, tlv(_DIR, name("i")))))),
        ("reasons", seq(seq(tlv(0xA0, tlv(0xA0, uri)), tlv(0x81, b"\1\6")))),
        ("reasons only", seq(seq(tlv(0x81, b"\1\6")))),
        ("reasons empty", seq(seq(tlv(0xA0, tlv(0xA0, uri)), tlv(0x81)))),
        ("reasons unused 9", seq(seq(tlv(0xA0, tlv(0xA0, uri)), tlv(0x81, b"\x09\6")))),
        ("issuer only", seq(seq(tlv(0xA2, tlv(_DIR, name("i")))))),
        ("issuer empty", seq(seq(tlv(0xA0, tlv(0xA0, uri)), tlv(0xA2)))),
        ("unknown member", seq(seq(tlv(0xA0, tlv(0xA0, uri)), tlv(0xA3, uri)))),
        ("both name forms", seq(seq(tlv(0xA0, tlv(0xA0, uri), tlv(0xA1, ava(CN, b"x")))))),
        ("point is a set", seq(tlv(SET, tlv(0xA0, tlv(0xA0, uri))))), ("is a string", tlv(IA5, b"x"))):
        yield more(f"crldp {what}", _CRLDP, value)
        yield more(f"crldp critical {what}", _CRLDP, value, True)
        yield more(f"freshest {what}", _FRESHEST, value)
    any_policy, cps = oid("2.5.29.32.0"), oid("1.3.6.1.5.5.7.2.1")
    notice = oid("1.3.6.1.5.5.7.2.2")
    for what, value in (
        ("empty", seq()), ("any", seq(seq(any_policy))), ("no id", seq(seq())), ("twice the same", seq(seq(any_policy), seq(any_policy))),
        ("qualifiers empty", seq(seq(any_policy, seq()))), ("cps", seq(seq(any_policy, seq(seq(cps, tlv(IA5, b"http://x")))))),
        ("cps utf8", seq(seq(any_policy, seq(seq(cps, tlv(UTF8, b"http://x")))))),
        ("cps number", seq(seq(any_policy, seq(seq(cps, number(3)))))),
        ("cps missing", seq(seq(any_policy, seq(seq(cps))))),
        ("cps high", seq(seq(any_policy, seq(seq(cps, tlv(IA5, b"caf\xe9")))))),
        ("notice", seq(seq(any_policy, seq(seq(notice, seq(tlv(UTF8, b"text"))))))),
        ("notice long", seq(seq(any_policy, seq(seq(notice, seq(tlv(UTF8, b"t" * 300))))))),
        ("notice empty", seq(seq(any_policy, seq(seq(notice, seq()))))),
        ("notice bad bmp", seq(seq(any_policy, seq(seq(notice, seq(tlv(BMP, b"\0a\0"))))))),
        ("notice bad utf8", seq(seq(any_policy, seq(seq(notice, seq(tlv(UTF8, b"\xff"))))))),
        ("notice reference", seq(seq(any_policy, seq(seq(notice, seq(seq(tlv(UTF8, b"o"), seq(number(1))))))))),
        ("notice garbage", seq(seq(any_policy, seq(seq(notice, tlv(OCTETS, b"x")))))),
        ("unknown qualifier", seq(seq(any_policy, seq(seq(oid("1.2.3"), number(1)))))),
        ("unknown qualifier without value", seq(seq(any_policy, seq(seq(oid("1.2.3")))))),
        ("three members", seq(seq(any_policy, seq(seq(cps, tlv(IA5, b"x"))), number(1)))),
        ("many", seq(*(seq(oid(f"1.2.3.{i}")) for i in range(200)))),
        ("id unfinished", seq(seq(tlv(OID_TAG, b"\x2a\x83")))), ("is a set", tlv(SET, seq(any_policy)))):
        yield more(f"policies value {what}", _POLICIES, value)
        yield more(f"policies critical value {what}", _POLICIES, value, True)
    ski = (("20", tlv(OCTETS, b"\1" * 20)), ("empty", tlv(OCTETS)), ("32", tlv(OCTETS, b"\1" * 32)),
           ("64", tlv(OCTETS, b"\1" * 64)), ("128", tlv(OCTETS, b"\1" * 128)), ("129", tlv(OCTETS, b"\1" * 129)),
           ("1000", tlv(OCTETS, b"\1" * 1000)), ("is bits", bits(b"\1")), ("behind", tlv(OCTETS, b"\1") + b"\0"),
           ("constructed", tlv(OCTETS | 0x20, tlv(OCTETS, b"\1"))))
    for what, value in ski:
        yield more(f"ski value {what}", _SKI, value)
    key_id = tlv(0x80, b"\1" * 20)
    for what, value in (
        ("key", seq(key_id)), ("empty", seq()), ("empty key", seq(tlv(0x80))), ("key 200", seq(tlv(0x80, b"\1" * 200))),
        ("issuer and serial", seq(key_id, tlv(0xA1, tlv(_DIR, name("i"))), tlv(0x82, b"\1"))),
        ("issuer alone", seq(tlv(0xA1, tlv(_DIR, name("i"))))), ("serial alone", seq(tlv(0x82, b"\1"))),
        ("serial empty", seq(key_id, tlv(0xA1, tlv(_DIR, name("i"))), tlv(0x82))),
        ("serial negative", seq(tlv(0xA1, tlv(_DIR, name("i"))), tlv(0x82, b"\xff"))),
        ("issuer empty", seq(key_id, tlv(0xA1), tlv(0x82, b"\1"))), ("issuer uri", seq(tlv(0xA1, uri), tlv(0x82, b"\1"))),
        ("wrong order", seq(tlv(0x82, b"\1"), key_id)), ("unknown member", seq(tlv(0x83, b"\1"))),
        ("octets", tlv(OCTETS)), ("plain octets inside", seq(tlv(OCTETS, b"\1" * 20))), ("behind", seq(key_id) + b"\5\0"),
        ("issuer empty rdn", seq(tlv(0xA1, tlv(_DIR, seq(rdn()))), tlv(0x82, b"\1")))):
        yield more(f"aki {what}", _AKI, value)
    server = oid("1.3.6.1.5.5.7.3.1")
    for what, value in (
        ("server", seq(server)), ("any", seq(oid("2.5.29.37.0"))), ("empty", seq()), ("twice", seq(server, server)),
        ("number", seq(number(1))), ("unknown", seq(oid("1.2.3.4.5.6.7"))), ("oid empty", seq(tlv(OID_TAG))),
        ("oid unfinished", seq(tlv(OID_TAG, b"\x2a\x83"))), ("many", seq(*(oid(f"1.2.3.{i}") for i in range(100)))),
        ("is a set", tlv(SET, server)), ("not a list", server), ("huge arc", seq(oid("1.2.99999999999999999999999999")))):
        yield more(f"eku value {what}", _EKU, value)
        yield more(f"eku critical value {what}", _EKU, value, True)
    for word, dotted in (("aia", _AIA), ("sia", _SIA)):
        ocsp = oid("1.3.6.1.5.5.7.48.1")
        for what, value in (
            ("good", seq(seq(ocsp, uri))), ("empty", seq()), ("no method", seq(seq(uri))), ("no location", seq(seq(ocsp))),
            ("three members", seq(seq(ocsp, uri, uri))), ("unknown method", seq(seq(oid("1.2.3"), uri))),
            ("is a set", tlv(SET, seq(ocsp, uri))), ("method number", seq(seq(number(1), uri)))):
            yield more(f"{word} {what}", dotted, value)
    policy = oid("1.2.3.4")
    for what, value in (("good", seq(seq(policy, oid("1.2.3.5")))), ("empty", seq()), ("any", seq(seq(any_policy, policy))),
                        ("one", seq(seq(policy))), ("three", seq(seq(policy, policy, policy))), ("numbers", seq(seq(number(1), number(2))))):
        yield more(f"mappings {what}", _MAPPINGS, value, True)
    for what, value in (("explicit 0", seq(tlv(0x80, b"\0"))), ("both", seq(tlv(0x80, b"\0"), tlv(0x81, b"\0"))),
                        ("empty", seq()), ("negative", seq(tlv(0x80, b"\xff"))), ("huge", seq(tlv(0x80, b"\1" * 9))),
                        ("no octet", seq(tlv(0x80))), ("unknown member", seq(tlv(0x82, b"\0"))),
                        ("wrong order", seq(tlv(0x81, b"\0"), tlv(0x80, b"\0"))), ("plain", seq(number(1))),
                        ("5 octets", seq(tlv(0x80, b"\0\xff\xff\xff\xff")))):
        yield more(f"policy constraints {what}", _POLICY_CONSTRAINTS, value, True)
    for what, value in (("0", number(0)), ("-1", number(-1)), ("huge", number(2**70)), ("2^31", number(2**31)),
                        ("empty", tlv(INTEGER)), ("sequence", seq(number(0)))):
        yield more(f"any policy {what}", _ANY_POLICY, value, True)
    for what, value in (("good", bits(b"\7")), ("empty", tlv(BITS)), ("zero", bits(b"\0")), ("garbage", b"x"), ("number", number(1)),
                        ("two octets", bits(b"\7\7"))):
        yield more(f"netscape type {what}", _TYPE, value)
    for dotted, what in (("2.5.29.16", "private key period"), ("2.5.29.9", "directory attributes"), ("1.3.6.1.5.5.7.1.24", "tls feature"),
                         ("1.3.6.1.5.5.7.1.14", "proxy"), ("1.3.6.1.4.1.11129.2.4.2", "sct"), ("1.3.6.1.5.5.7.1.7", "ip blocks"),
                         ("1.3.6.1.5.5.7.1.8", "as numbers"), ("1.3.6.1.5.5.7.48.1.5", "ocsp no check"), ("2.16.840.1.113730.1.2", "netscape base url"),
                         ("1.3.6.1.4.1.11129.2.4.3", "ct poison"), ("2.5.29.28", "issuing distribution point"),
                         ("1.3.6.1.4.1.311.21.1", "microsoft ca version"), ("2.5.29.1", "old key id"), ("2.5.29.10", "old constraints"),
                         ("1.3.6.1.5.5.7.1.3", "qualified statements")):
        for word, value in (("garbage", b"garbage"), ("empty", b""), ("null", tlv(NULL)), ("sequence", seq())):
            yield more(f"{what} {word}", dotted, value)
            yield more(f"{what} critical {word}", dotted, value, True)


def variants() -> dict[str, bytes]:
    """All of them: name to DER. Each has a common name of its own unless its name is what
    is odd, so that a reader that looks at subjects does not take two for one."""
    made: dict[str, bytes] = {}
    for kinds in (_times, _versions, _serials, _algorithms, _names, _keys, _extension_lists,
                  _basic_constraints, _standard_extensions):
        for what, odd in kinds():
            assert what not in made, what
            made[what] = odd.but(cn=what).der()
    return made
