"""What the libraries that programs use make of one certificate beside a good one."""

from __future__ import annotations

import base64
import ctypes
from pathlib import Path


def pem(der: bytes) -> bytes:
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines,
                       b"-----END CERTIFICATE-----", b""])


class GnuTLS:
    """A bundle as gnutls-cli, git, wget and apt load it."""

    class _Datum(ctypes.Structure):
        _fields_ = (("data", ctypes.c_char_p), ("size", ctypes.c_uint))

    def __init__(self):
        self.lib = ctypes.CDLL("libgnutls.so.30")
        self.lib.gnutls_strerror.restype = ctypes.c_char_p

    def count(self, bundle: bytes) -> int:
        """Certificates that became trusted; negative: an error, and none did."""
        held = ctypes.c_void_p()
        self.lib.gnutls_certificate_allocate_credentials(ctypes.byref(held))
        datum = self._Datum(bundle, len(bundle))
        got = self.lib.gnutls_certificate_set_x509_trust_mem(held, ctypes.byref(datum), 1)
        self.lib.gnutls_certificate_free_credentials(held)
        return got

    def word(self, got: int) -> str:
        return self.lib.gnutls_strerror(got).decode()


class NSS:
    """Whether certutil, Firefox and Chromium's relatives can decode it."""

    class _Item(ctypes.Structure):
        _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_char_p), ("len", ctypes.c_uint))

    def __init__(self):
        self.lib = ctypes.CDLL("libnss3.so")
        self.lib.NSS_NoDB_Init(None)
        self.lib.CERT_GetDefaultCertDB.restype = ctypes.c_void_p
        self.lib.CERT_NewTempCertificate.restype = ctypes.c_void_p
        self.lib.CERT_NewTempCertificate.argtypes = (
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)
        self.lib.CERT_DestroyCertificate.argtypes = (ctypes.c_void_p,)

    def reads(self, der: bytes) -> bool:
        item = self._Item(0, der, len(der))
        cert = self.lib.CERT_NewTempCertificate(
            self.lib.CERT_GetDefaultCertDB(), ctypes.byref(item), None, 0, 1)
        if cert:
            self.lib.CERT_DestroyCertificate(cert)
        return bool(cert)


class OpenSSL:
    """A bundle as curl, Python and most servers load it; and whether the certificate can
    be an issuer at all."""

    def __init__(self):
        self.lib = ctypes.CDLL("libcrypto.so.3")
        for name, result in (("X509_STORE_new", ctypes.c_void_p),
                             ("X509_STORE_add_lookup", ctypes.c_void_p),
                             ("X509_LOOKUP_file", ctypes.c_void_p),
                             ("d2i_X509", ctypes.c_void_p), ("X509_get0_pubkey", ctypes.c_void_p)):
            getattr(self.lib, name).restype = result
        self.lib.X509_STORE_add_lookup.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
        self.lib.X509_load_cert_crl_file.argtypes = (
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
        self.lib.X509_STORE_free.argtypes = (ctypes.c_void_p,)
        for name in ("X509_free", "X509_get0_pubkey", "X509_check_ca"):
            getattr(self.lib, name).argtypes = (ctypes.c_void_p,)
        self.lib.X509_check_purpose.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_int)

    def count(self, bundle: Path) -> int:
        store = self.lib.X509_STORE_new()
        lookup = self.lib.X509_STORE_add_lookup(store, self.lib.X509_LOOKUP_file())
        got = self.lib.X509_load_cert_crl_file(lookup, str(bundle).encode(), 1)
        self.lib.ERR_clear_error()
        self.lib.X509_STORE_free(store)
        return got

    def parse(self, der: bytes):
        data = ctypes.c_char_p(der)
        return self.lib.d2i_X509(None, ctypes.byref(data), ctypes.c_long(len(der)))

    def is_issuer(self, der: bytes) -> bool:
        cert = self.parse(der)
        if not cert:
            return False
        good = self.lib.X509_check_purpose(cert, -1, 0) == 1 and \
            bool(self.lib.X509_get0_pubkey(cert)) and self.lib.X509_check_ca(cert) >= 1
        self.lib.X509_free(cert)
        self.lib.ERR_clear_error()
        return good
