/* OSSL_STORE_delete, of OpenSSL 3.2 and later: a certificate is deleted from the
 * organization. The orgtrust command does it, with the key that the program's passphrase
 * callback gives. */
#include "store_delete.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "cache/errand.h"
#include "cache/uri.h"
#include "provider.h"

/* The core keeps what its callback has given in memory like any other of the program's,
 * until we return: so this one is only wiped, not locked. */
struct answer {
    char text[OT_KEY_BYTES_MAX + 1];
    size_t len;
};

static enum ot_status parse_uri(struct ot_uri *uri, const char *text,
                                struct ot_error *err)
{
    enum ot_status status = ot_uri_parse(uri, text, err);

    if (status != OT_OK)
        return status;
    if (uri->id[0] != '\0' && strchr(text, '?') == NULL)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "'%.200s' does not name one certificate to delete; it must have "
                        "an id and no query, as orgtrust://%s/cert_abc has",
                        text, uri->source);
}

/* A program without a passphrase method and a person who breaks off look alike: the
 * callback is there and fails. So the configured key has to be asked for by its word, or
 * breaking off would delete with it. */
static enum ot_status ask_key(struct answer *answer, const struct ot_source *source,
                              OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg,
                              struct ot_error *err)
{
    char info[64];
    OSSL_PARAM params[2];

    snprintf(info, sizeof(info), "the admin key (source '%s')", source->name);
    params[0] = (OSSL_PARAM)OSSL_PARAM_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, info,
                                                   strlen(info));
    params[1] = (OSSL_PARAM)OSSL_PARAM_END;
    if (passphrase != NULL &&
        passphrase(answer->text, sizeof(answer->text), &answer->len, params,
                   passphrase_arg) != 0 &&
        answer->len > 0 && answer->len <= sizeof(answer->text))
        return OT_OK;
    return ot_error_set(err, OT_E_AUTH,
                        "no admin key was given: nothing was deleted. The passphrase "
                        "callback gives it, or the word config for the key that the "
                        "configuration names for the source '%s'",
                        source->name);
}

static enum ot_status delete_one(const struct ot_source *source, const char *id,
                                 struct ot_span key, struct ot_error *err)
{
    const struct ot_errand errand = {
        .source = source,
        .arguments = {"delete", "--yes", "--by-id", "--", id},
        .key = key,
        .timeout_ms = OT_ERRAND_WAIT_MS};
    struct ot_errand_result result;
    enum ot_status status = ot_errand_run(&errand, &result, err);

    /* A sync that failed after it is not this call's failure; `orgtrust status` has it.
     */
    return result.done ? OT_OK : status;
}

static enum ot_status run(struct ot_provider *provider, const char *text,
                          OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg,
                          struct ot_error *err)
{
    const struct ot_source *source;
    struct answer answer = {.len = 0};
    struct ot_cache *cache = NULL;
    struct ot_uri uri;
    enum ot_status status = parse_uri(&uri, text, err);

    if (status == OT_OK)
        status = ot_sources_find(&provider->sources, uri.source, &cache, NULL, err);
    if (status != OT_OK)
        return status;
    source = ot_cache_source(cache);
    status = ask_key(&answer, source, passphrase, passphrase_arg, err);
    if (status == OT_OK)
        status = delete_one(source, uri.id,
                            ot_errand_key(ot_span_of(answer.text, answer.len)), err);
    explicit_bzero(&answer, sizeof(answer));
    return status;
}

int ot_store_delete(void *provctx, const char *uri, const OSSL_PARAM params[],
                    OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
    struct ot_provider *provider = provctx;
    struct ot_error err = OT_ERROR_INIT;

    (void)params; /* there are only some for choosing the provider */
    if (run(provider, uri, passphrase, passphrase_arg, &err) == OT_OK)
        return 1;
    OT_ERRORS_QUEUE(&provider->core, &err);
    return 0;
}
