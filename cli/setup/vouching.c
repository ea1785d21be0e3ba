#include "setup/vouching_internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hex.h"
#include "cert/cert_text.h"
#include "cert/pem.h"
#include "config/source.h"
#include "files/write_all.h"
#include "http/http_look.h"
#include "view/options.h"
#include "view/output.h"

/* Of 32 bytes, with colons, as openssl x509 -fingerprint writes it, or without; what
 * stands before an equals sign or `SHA256:` is no part of it. */
static enum ot_status parse_fingerprint(uint8_t sha256[OT_SHA256_LEN], const char *text,
                                        struct ot_error *err)
{
    const char *at = strchr(text, '=') != NULL ? strchr(text, '=') + 1 : text;
    size_t n = 0;

    if (strncasecmp(at, "SHA256:", 7) == 0)
        at += 7;
    while (n < OT_SHA256_LEN && ot_hex_byte(at) >= 0) {
        sha256[n++] = (uint8_t)ot_hex_byte(at);
        at += 2;
        at += *at == ':';
    }
    if (n == OT_SHA256_LEN && *at == '\0')
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "--ca-fingerprint is no SHA-256 of a certificate: 64 hexadecimal "
                        "digits, with or without colons, as `openssl x509 -noout "
                        "-fingerprint -sha256 -in ca.pem` writes them");
}

static void print_shown(const struct ot_shown_cert *cert)
{
    char hex[3 * OT_SHA256_LEN + 1];
    struct ot_cert_text text;

    ot_hex_text(hex, ot_span_of(cert->sha256, OT_SHA256_LEN), ':');
    if (ot_cert_text_make(&text, ot_span_of(cert->der, cert->len), NULL) == OT_OK)
        fprintf(stderr, "  %s\n    issued by %s\n    SHA-256 %s\n", text.subject,
                text.issuer, hex);
    ot_cert_text_clear(&text);
}

static void print_chain(const struct ot_shown_chain *chain,
                        const struct ot_source *source)
{
    ot_output_say("%s shows", source->base_url);
    for (size_t i = 0; i < chain->count; i++)
        print_shown(&chain->certs[i]);
}

/* Whether another has signed the server's own certificate: it ends with its renewal. */
static bool is_own_signed_by_another(const struct ot_shown_cert *own)
{
    struct ot_cert_text text;
    bool is = ot_cert_text_make(&text, ot_span_of(own->der, own->len), NULL) == OT_OK &&
              strcmp(text.subject, text.issuer) != 0;

    ot_cert_text_clear(&text);
    return is;
}

static enum ot_status pin_shown(struct ot_answers *answers,
                                const struct ot_shown_chain *chain,
                                const uint8_t sha256[OT_SHA256_LEN], struct ot_error *err)
{
    char *pem;

    for (size_t i = 0; i < chain->count; i++) {
        if (memcmp(chain->certs[i].sha256, sha256, OT_SHA256_LEN) != 0)
            continue;
        if (i == 0 && is_own_signed_by_another(&chain->certs[0]))
            ot_output_warn("that is the server's own certificate: once it is renewed, "
                           "this machine does not know the server any more; the one of "
                           "its CA holds on, by --ca-file or its fingerprint");
        pem = ot_pem_encode(chain->certs[i].der, chain->certs[i].len);
        if (pem == NULL)
            return ot_error_nomem(err);
        ot_answers_set_ca(answers, pem);
        return OT_OK;
    }
    return ot_error_set(err, OT_E_NETWORK,
                        "none of these certificates has the fingerprint of "
                        "--ca-fingerprint: either this is not the server that is meant, "
                        "or it does not send that certificate along: get its file from "
                        "who runs the server, and give that as --ca-file");
}

/* The authority that is to be compared is the last that was shown. */
static enum ot_status refuse_unknown(const struct ot_shown_chain *chain,
                                     const struct ot_options *options,
                                     const struct ot_source *source, struct ot_error *err)
{
    char hex[2 * OT_SHA256_LEN + 1];

    if (options->ca_file != NULL)
        return ot_error_set(err, OT_E_NETWORK,
                            "what is in --ca-file %s does not vouch for %s, and nothing "
                            "was sent to it or changed here: get the certificate of the "
                            "CA that issued the last one shown from who runs the server",
                            options->ca_file, source->base_url);
    if (chain->count == 1 && is_own_signed_by_another(&chain->certs[0]))
        return ot_error_set(err, OT_E_NETWORK,
                            "nobody whom this machine trusts vouches for %s, which sends "
                            "its own certificate without its CA's, and nothing was sent "
                            "to it or changed here: get the CA's file from who runs the "
                            "server, and give that as --ca-file",
                            source->base_url);
    ot_hex_write(hex, chain->certs[chain->count - 1].sha256, OT_SHA256_LEN);
    return ot_error_set(
        err, OT_E_NETWORK,
        "nobody whom this machine trusts vouches for %s, and nothing was sent to it or "
        "changed here: compare the last fingerprint with the one that who runs the "
        "server "
        "tells you by another way; if they are the same: orgtrust setup %s "
        "--ca-fingerprint %s",
        source->base_url, source->base_url, hex);
}

enum ot_status ot_vouching_find(struct ot_answers *answers,
                                const struct ot_options *options,
                                const struct ot_source *source, struct ot_error *err)
{
    struct ot_source as_seen = *source; /* owns nothing */
    struct ot_shown_chain chain = {.certs = NULL};
    bool is_given = options->ca_fingerprint != NULL;
    uint8_t sha256[OT_SHA256_LEN];
    struct ot_vouching vouching;
    enum ot_status status = ot_vouching_open(&vouching, answers, err);

    if (status == OT_OK && is_given)
        status = parse_fingerprint(sha256, options->ca_fingerprint, err);
    if (vouching.fd >= 0)
        as_seen.ca_file = vouching.path;
    if (status == OT_OK)
        status = ot_http_look(&chain, &as_seen, err);
    if (status == OT_OK && is_given && chain.count > 0) {
        print_chain(&chain, source);
        status = pin_shown(answers, &chain, sha256, err);
    } else if (status == OT_OK && chain.is_unknown) {
        print_chain(&chain, source);
        status = refuse_unknown(&chain, options, source, err);
    }
    ot_shown_chain_clear(&chain);
    ot_vouching_close(&vouching);
    return status;
}

enum ot_status ot_vouching_open(struct ot_vouching *vouching,
                                const struct ot_answers *answers, struct ot_error *err)
{
    struct ot_span ca = answers->settings.ca;

    *vouching = (struct ot_vouching){.fd = -1};
    if (ca.data == NULL)
        return OT_OK;
    vouching->fd = memfd_create("ca", MFD_CLOEXEC);
    if (vouching->fd < 0 || !ot_write_all(vouching->fd, ca.data, ca.len))
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot keep the CA certificates in memory");
    snprintf(vouching->path, sizeof(vouching->path), "/proc/self/fd/%d", vouching->fd);
    return OT_OK;
}

void ot_vouching_close(struct ot_vouching *vouching)
{
    if (vouching->fd >= 0)
        close(vouching->fd);
    vouching->fd = -1;
}
