#include "http/http_peer_internal.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cert/common_name.h"

/* Of what a server shows, as much as fits a sentence. */
#define NAMES_MAX 3
#define NAME_SIZE 80
#define NAMES_SIZE 320

static void keep_cert(X509 **kept, X509 *cert)
{
    X509_free(*kept);
    *kept = cert != NULL && X509_up_ref(cert) == 1 ? cert : NULL;
}

void ot_http_peer_note(struct ot_http_peer *peer, X509_STORE_CTX *ctx)
{
    peer->error = X509_STORE_CTX_get_error(ctx);
    keep_cert(&peer->cert, X509_STORE_CTX_get0_cert(ctx));
    sk_X509_pop_free(peer->shown, X509_free);
    peer->shown = X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(ctx));
    keep_cert(&peer->culprit, X509_STORE_CTX_get_current_cert(ctx));
    if (peer->culprit == NULL)
        keep_cert(&peer->culprit, peer->cert);
}

void ot_http_peer_clear(struct ot_http_peer *peer)
{
    X509_free(peer->cert);
    X509_free(peer->culprit);
    sk_X509_pop_free(peer->shown, X509_free);
    *peer = (struct ot_http_peer){0};
}

/* A name's last common name, else its last part; "" where it has none. */
static void main_name_text(char *text, size_t size, const X509_NAME *name)
{
    unsigned char *utf8 = NULL;
    int last = X509_NAME_entry_count(name) - 1;
    int len = (int)ot_common_name(&utf8, name);

    if (len == 0 && last >= 0)
        len = ASN1_STRING_to_UTF8(
            &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
    snprintf(text, size, "%.*s", len > 0 ? len : 0, len > 0 ? (const char *)utf8 : "");
    OPENSSL_free(utf8);
}

/* false: a name of a kind that no host has. */
static bool host_name_text(char *text, size_t size, const GENERAL_NAME *name)
{
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    int len = type == GEN_DNS || type == GEN_IPADD ? ASN1_STRING_length(value) : 0;

    if (type == GEN_DNS)
        snprintf(text, size, "%.*s", len, (const char *)ASN1_STRING_get0_data(value));
    return type == GEN_DNS ||
           (type == GEN_IPADD && (len == 4 || len == 16) &&
            inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text,
                      (socklen_t)size) != NULL);
}

/* The hosts that a certificate is for: "a.example, b.example and 4 more". */
static void host_names_text(char *text, size_t size, const X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    char name[NAME_SIZE];
    size_t len = 0;
    int found = 0;

    text[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        if (host_name_text(name, sizeof(name), sk_GENERAL_NAME_value(names, i)) &&
            found++ < NAMES_MAX)
            len += (size_t)snprintf(text + len, size - len, "%s%s", found > 1 ? ", " : "",
                                    name);
    if (found > NAMES_MAX)
        snprintf(text + len, size - len, " and %d more", found - NAMES_MAX);
    if (found == 0) /* as clients of old did, and curl does */
        main_name_text(text, NAME_SIZE, X509_get_subject_name(cert));
    GENERAL_NAMES_free(names);
}

static enum ot_status other_name(struct ot_error *err, const struct ot_http_peer *peer,
                                 const struct ot_http_peer_place *place)
{
    char names[NAMES_SIZE];

    host_names_text(names, sizeof(names), peer->cert);
    return ot_error_set(err, OT_E_NETWORK,
                        "%s: its TLS certificate is for another name, it was issued for "
                        "%s: let %s of the source %s have a name that it is for, or have "
                        "the server given a certificate for this one",
                        place->before, names[0] != '\0' ? names : "no host at all",
                        place->address, place->source);
}

static void time_text(char *text, size_t size, const struct tm *tm)
{
    if (strftime(text, size, "%Y-%m-%d %H:%M UTC", tm) == 0)
        snprintf(text, size, "a time that cannot be read");
}

static enum ot_status other_time(struct ot_error *err, const struct ot_http_peer *peer,
                                 const struct ot_http_peer_place *place)
{
    bool is_over = peer->error == X509_V_ERR_CERT_HAS_EXPIRED;
    const ASN1_TIME *bound =
        is_over ? X509_get0_notAfter(peer->culprit) : X509_get0_notBefore(peer->culprit);
    bool is_own = X509_cmp(peer->culprit, peer->cert) == 0;
    char name[NAME_SIZE] = "", then[32], now[32];
    time_t clock = time(NULL);
    struct tm tm = {0};

    if (!is_own)
        main_name_text(name, sizeof(name), X509_get_subject_name(peer->culprit));
    ASN1_TIME_to_tm(bound, &tm);
    time_text(then, sizeof(then), &tm);
    gmtime_r(&clock, &tm);
    time_text(now, sizeof(now), &tm);
    return ot_error_set(
        err, OT_E_NETWORK, "%s: %s%s %s %s, and the clock of this machine says %s: %s",
        place->before,
        is_own ? "its TLS certificate" : "the certificate of its authority ", name,
        is_over ? "expired on" : "is not valid before", then, now,
        is_over ? "have the server given a new one, if the clock is right"
                : "set the clock, if that is wrong");
}

static enum ot_status other_issuer(struct ot_error *err, const struct ot_http_peer *peer,
                                   const struct ot_http_peer_place *place)
{
    char issuer[NAME_SIZE];

    main_name_text(issuer, sizeof(issuer), X509_get_issuer_name(peer->culprit));
    if (peer->error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
        return ot_error_set(
            err, OT_E_NETWORK,
            "%s: its TLS certificate, \"%s\", is signed by itself and not "
            "known here; if it is the right server's, put that "
            "certificate in a PEM file and name it as ca_file of the "
            "source %s (in use: %s)",
            place->before, issuer, place->source, place->trust);
    return ot_error_set(err, OT_E_NETWORK,
                        "%s: its TLS certificate is not trusted, for its issuer \"%s\" "
                        "is unknown here; if that is the right one and not a public CA, "
                        "put its certificate in a PEM file and name it as ca_file of the "
                        "source %s (in use: %s)",
                        place->before, issuer, place->source, place->trust);
}

bool ot_http_peer_is_unknown(const struct ot_http_peer *peer)
{
    switch (peer->error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
        return true;
    default:
        return false;
    }
}

enum ot_status ot_http_peer_refused(struct ot_error *err, const struct ot_http_peer *peer,
                                    const struct ot_http_peer_place *place)
{
    if (ot_http_peer_is_unknown(peer))
        return other_issuer(err, peer, place);
    switch (peer->error) {
    case X509_V_OK: /* the chain is good: only the name is left */
        return other_name(err, peer, place);
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return other_time(err, peer, place);
    default:
        return ot_error_set(err, OT_E_NETWORK,
                            "%s: its TLS certificate is refused: %s; have the server "
                            "given another",
                            place->before, X509_verify_cert_error_string(peer->error));
    }
}
