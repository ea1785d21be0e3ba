/* The store loader: provider-storemgmt(7) over a source's snapshot.
 *
 * OpenSSL calls open, set_ctx_params any number of times, (eof, load) until eof, close.
 * All of a search is done at the first eof; its result never changes, and threads that
 * share the loader (3.0.17 and 3.5.1 did that to us) only count through it. */
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "aux_trust_internal.h"
#include "cache/distrust.h"
#include "config/source.h"
#include "config/uri.h"
#include "hits_internal.h"
#include "provider_internal.h"
#include "store_params_internal.h"

/* OpenSSL 3.2 and later; older ones pass over what they do not know. */
#ifndef OSSL_FUNC_STORE_OPEN_EX
#define OSSL_FUNC_STORE_OPEN_EX 10
#endif

/* OSSL_STORE_INFO_CERT, of a header whose functions are not for us. */
#define EXPECT_ANYTHING 0
#define EXPECT_CERTIFICATES 5

/* What becomes of the failure behind the last certificate. An error must not be followed
 * by the end at once: storeutl would then take it for the end and exit with success. */
enum reported {
    REPORTED_NOTHING,
    REPORTED_ERROR, /* load has reported it; the next eof says no */
    REPORTED_ALL
};

/* Made and thrown away for every look-up: small enough for malloc's quick lists. */
struct loader {
    struct ot_provider *provider;
    _Atomic(struct ot_cache *)
        cache; /* NULL: the configuration could not be loaded yet */
    char source[OT_SOURCE_NAME_MAX + 1], id[OT_ID_MAX + 1]; /* of the URI, as ot_uri's */
    enum ot_state_filter state;
    bool original;        /* of the URI */
    struct ot_bytes name; /* of the URI's query; data NULL: none */
    struct ot_criteria criteria;
    _Atomic(struct ot_hits *) hits; /* NULL: not searched yet */
    _Atomic uint32_t next;          /* hit */
    _Atomic uint32_t unusable;      /* hits that the core made nothing of */
    _Atomic uint32_t refused;       /* the first of them that is sound, from 1; 0: none */
    _Atomic unsigned reported;      /* enum reported */
};

/* Stands for the result where there is no memory for one. Never changed. */
static struct ot_hits no_memory = {.error = {OT_E_NOMEM, "out of memory", 0}};

/* SSL_CERT_DIR, which the core passes as a whole: our directory, and maybe others. */
static bool is_cert_dir(const char *uri)
{
    size_t len = strlen(ORGTRUST_CERT_DIR);

    return strncmp(uri, ORGTRUST_CERT_DIR, len) == 0 &&
           (uri[len] == ':' || uri[len] == '\0');
}

static enum ot_status parse_uri(struct ot_uri *uri, const char *text,
                                struct ot_error *err)
{
    if (!is_cert_dir(text))
        return ot_uri_parse(uri, text, err);
    return ot_uri_parse(uri, "orgtrust:///", err);
}

static void loader_free(struct loader *loader)
{
    struct ot_hits *hits;

    if (loader == NULL)
        return;
    hits = atomic_load(&loader->hits);
    if (hits != &no_memory)
        ot_hits_free(hits);
    ot_criteria_clear(&loader->criteria);
    free(loader->name.data);
    free(loader);
}

static enum ot_status take_uri(struct loader *loader, const char *text,
                               struct ot_error *err)
{
    struct ot_uri uri;
    enum ot_status status = parse_uri(&uri, text, err);

    if (status != OT_OK)
        return status;
    memcpy(loader->source, uri.source, strlen(uri.source) + 1);
    memcpy(loader->id, uri.id, strlen(uri.id) + 1);
    loader->state = uri.state;
    loader->original = uri.original;
    return uri.has_name ? ot_bytes_set(&loader->name, uri.name, uri.name_len, err)
                        : OT_OK;
}

/* Programs on default paths open a store when they make an SSL_CTX and give it up for
 * good when that fails. So only what no later moment can mend is a failure here: a
 * malformed URI, and a source that the configuration does not have. */
static enum ot_status find_source(struct loader *loader, struct ot_error *err)
{
    struct ot_cache *cache = NULL;
    enum ot_status status;
    bool known;

    status =
        ot_sources_find(&loader->provider->sources, loader->source, &cache, &known, err);
    atomic_store(&loader->cache, cache);
    return known && loader->source[0] != '\0' ? status : OT_OK;
}

static enum ot_status loader_new(struct loader **out, struct ot_provider *provider,
                                 const char *uri, const OSSL_PARAM params[],
                                 struct ot_error *err)
{
    struct loader *loader = malloc(sizeof(*loader));
    enum ot_status status;

    if (loader == NULL)
        return ot_error_nomem(err);
    *loader = (struct loader){.provider = provider, .criteria = OT_CRITERIA_INIT};
    status = take_uri(loader, uri, err);
    if (status == OT_OK)
        status = find_source(loader, err);
    if (status == OT_OK)
        status = ot_criteria_set(&loader->criteria, params, err);
    if (status != OT_OK) {
        loader_free(loader);
        return status;
    }
    *out = loader;
    return OT_OK;
}

/* The passphrase callback is for stores that have secrets. */
static void *store_open_ex(void *provctx, const char *uri, const OSSL_PARAM params[],
                           OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
    struct ot_provider *provider = provctx;
    struct ot_error err = OT_ERROR_INIT;
    struct loader *loader = NULL;

    (void)passphrase;
    (void)passphrase_arg;
    if (loader_new(&loader, provider, uri, params, &err) != OT_OK)
        OT_ERRORS_QUEUE(&provider->core, &err);
    return loader;
}

static void *store_open(void *provctx, const char *uri)
{
    return store_open_ex(provctx, uri, NULL, NULL, NULL);
}

static const OSSL_PARAM *store_settable_ctx_params(void *provctx)
{
    (void)provctx;
    return ot_criteria_settable();
}

/* Makes found (NULL: there was no memory for it) the result, unless there is one already;
 * the result. */
static struct ot_hits *keep_usable_hits(struct loader *loader, struct ot_hits *found)
{
    struct ot_hits *expected = NULL;

    if (found == NULL)
        found = &no_memory;
    if (atomic_compare_exchange_strong(&loader->hits, &expected, found))
        return found;
    if (found != &no_memory)
        ot_hits_free(found);
    return expected;
}

/* Criteria that cannot be honoured make the search fail, not this call: X509_LOOKUP_store
 * goes on as if it had succeeded, and OSSL_STORE_open_ex of 3.0 keeps using the loader
 * that it has closed when this fails. Finding nothing is never less safe than finding
 * all. */
static int store_set_ctx_params(void *ctx, const OSSL_PARAM params[])
{
    struct loader *loader = ctx;
    struct ot_error err = OT_ERROR_INIT;

    if (ot_criteria_set(&loader->criteria, params, &err) != OT_OK)
        (void)keep_usable_hits(loader, ot_hits_none(&err));
    return 1;
}

/* A look-up by subject comes from a verification, which treats "none" and "broken" alike;
 * an error left on its queue would be taken for one of its own. */
static bool is_quiet(const struct loader *loader)
{
    return loader->criteria.subject.data != NULL;
}

static struct ot_query query_of(const struct loader *loader)
{
    struct ot_query query = {.state = loader->state};

    if (loader->id[0] != '\0')
        query.id = ot_span_str(loader->id);
    query.name = ot_span_of(loader->name.data, loader->name.len);
    ot_criteria_apply(&loader->criteria, &query);
    return query;
}

/* What a source distrusts is there to be looked at, with a rejection, by whoever asks for
 * it, and for no verification. */
static bool is_for_nobody(const struct loader *loader, const struct ot_source *source)
{
    return ot_source_distrusts(source) &&
           (loader->state == OT_STATE_ACTIVE || is_quiet(loader));
}

/* Who names one certificate by its id wants to know that it is not there; any other
 * search may well find nothing. */
static void check_id(const struct loader *loader, const struct ot_source *source,
                     struct ot_hits *hits)
{
    static const char *const kind[] = {"active ", "inactive ", ""};

    if (loader->id[0] == '\0' || hits->positions.count > 0 ||
        hits->error.status != OT_OK || loader->name.data != NULL ||
        ot_criteria_is_search(&loader->criteria))
        return;
    if (is_for_nobody(loader, source))
        ot_error_set(&hits->error, OT_E_NOT_FOUND,
                     "source '%s' distrusts what is active there (meaning = distrust); "
                     "?state=all shows it",
                     source->name);
    else
        ot_error_set(
            &hits->error, OT_E_NOT_FOUND,
            "source '%s' has no %scertificate %s; `orgtrust list --source %s` shows "
            "which there are",
            source->name, kind[loader->state], loader->id, source->name);
}

static struct ot_hits *search_source(struct loader *loader, struct ot_cache *cache,
                                     struct ot_snapshot *snapshot)
{
    const struct ot_source *source = ot_cache_source(cache);
    struct ot_distrust *distrust = NULL;
    struct ot_query query;

    if (is_for_nobody(loader, source))
        return ot_hits_none(NULL);
    if (!ot_source_distrusts(source))
        distrust = ot_sources_distrust(&loader->provider->sources);
    ot_distrust_look(distrust, OT_CACHE_REFRESH);
    query = query_of(loader);
    return ot_hits_find(snapshot, &query, distrust, source->purposes);
}

static struct ot_hits *search_snapshot(struct loader *loader)
{
    struct ot_cache *cache = atomic_load(&loader->cache);
    struct ot_snapshot *snapshot = NULL;
    struct ot_error err = OT_ERROR_INIT;
    struct ot_hits *hits = NULL;

    if (loader->criteria.expect != EXPECT_ANYTHING &&
        loader->criteria.expect != EXPECT_CERTIFICATES)
        return ot_hits_none(NULL);
    if (cache == NULL) {
        if (ot_sources_find(&loader->provider->sources, loader->source, &cache, NULL,
                            &err) != OT_OK)
            return ot_hits_none(&err);
        atomic_store(&loader->cache, cache);
    }
    if (ot_cache_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, &snapshot, &err) != OT_OK)
        return ot_hits_none(&err);
    hits = search_source(loader, cache, snapshot);
    ot_snapshot_unref(snapshot);
    if (hits != NULL)
        check_id(loader, ot_cache_source(cache), hits);
    return hits;
}

static struct ot_hits *hits_of(struct loader *loader)
{
    struct ot_hits *found = atomic_load_explicit(&loader->hits, memory_order_acquire);

    return found != NULL ? found : keep_usable_hits(loader, search_snapshot(loader));
}

/* Whether something has to be said behind the last hit. */
static bool is_in_trouble(struct loader *loader, const struct ot_hits *hits)
{
    return !is_quiet(loader) &&
           (hits->error.status != OT_OK || atomic_load(&loader->unusable) > 0);
}

static int store_eof(void *ctx)
{
    struct loader *loader = ctx;
    const struct ot_hits *hits = hits_of(loader);
    unsigned reported = REPORTED_ERROR;

    if (atomic_load(&loader->next) < hits->positions.count)
        return 0;
    if (!is_in_trouble(loader, hits) || atomic_load(&loader->reported) == REPORTED_ALL)
        return 1;
    (void)atomic_compare_exchange_strong(&loader->reported, &reported, REPORTED_ALL);
    return 0;
}

/* The next hit for this thread alone. */
static bool take_hit(struct loader *loader, const struct ot_hits *hits, uint32_t *i)
{
    *i = atomic_load(&loader->next);
    while (*i < hits->positions.count)
        if (atomic_compare_exchange_weak(&loader->next, i, *i + 1))
            return true;
    return false;
}

/* What it is trusted for: nothing that another source denies, and of a source that says
 * no nothing else. */
static void make_trust(struct ot_aux_trust *trust, const struct loader *loader,
                       const struct ot_record *record)
{
    const struct ot_source *source = ot_cache_source(atomic_load(&loader->cache));
    struct ot_distrust *distrust = ot_sources_distrust(&loader->provider->sources);

    if (ot_source_distrusts(source) || (record->flags & OT_RECORD_ACTIVE) == 0)
        ot_aux_trust_make(trust, 0, OT_PURPOSES_ALL);
    else
        ot_aux_trust_make(trust, source->purposes,
                          ot_distrust_purposes(distrust, record, NULL));
}

/* What a verification looks up is limited, whatever the URI says: who asks for the
 * original wants to look at it. */
static struct ot_span der_of(const struct loader *loader, const struct ot_record *record)
{
    return loader->original && !is_quiet(loader) ? ot_record_original(record)
                                                 : record->field[OT_FIELD_DER];
}

/* Hands one certificate to the core, from where it lies in the snapshot, or from a copy
 * when its trust has to stand behind it. Type and data type spare the core its guesses,
 * which cost seven times the decoding. */
static bool emit_certificate(const struct loader *loader, const struct ot_record *record,
                             OSSL_CALLBACK *object_cb, void *object_cbarg)
{
    struct ot_span der = der_of(loader, record);
    int type = OSSL_OBJECT_CERT;
    char plain[] = "CERTIFICATE", trusted[] = "TRUSTED CERTIFICATE";
    struct ot_aux_trust trust;
    uint8_t *copy = NULL;
    OSSL_PARAM object[4];
    bool ok;

    make_trust(&trust, loader, record);
    if (trust.len > 0) {
        copy = malloc(der.len + trust.len);
        if (copy == NULL)
            return false;
        memcpy(copy, der.data, der.len);
        memcpy(copy + der.len, trust.der, trust.len);
        der = ot_span_of(copy, der.len + trust.len);
    }
    object[0] = (OSSL_PARAM)OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type);
    object[1] = (OSSL_PARAM)OSSL_PARAM_utf8_string(
        OSSL_OBJECT_PARAM_DATA_TYPE, copy != NULL ? trusted : plain,
        copy != NULL ? sizeof(trusted) - 1 : sizeof(plain) - 1);
    object[2] = (OSSL_PARAM)OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_DATA,
                                                    (void *)(uintptr_t)der.data, der.len);
    object[3] = (OSSL_PARAM)OSSL_PARAM_END;
    ot_errors_mark(&loader->provider->core);
    ok = object_cb(object, object_cbarg) != 0;
    ot_errors_unmark(&loader->provider->core, !ok);
    free(copy);
    return ok;
}

/* A record that is sound was taken by the OpenSSL of the sync: fetching it again would
 * change nothing. */
static void say_refused(const struct loader *loader, const struct ot_hits *hits,
                        uint32_t i, struct ot_error *err)
{
    const struct ot_source *source = ot_cache_source(atomic_load(&loader->cache));
    unsigned count = (unsigned)atomic_load(&loader->unusable);
    const struct ot_span *id, *label;
    struct ot_record record;

    if (ot_hits_record(hits, i, &record, err) != OT_OK)
        return;
    id = &record.field[OT_FIELD_ID];
    label = &record.field[OT_FIELD_LABEL];
    ot_error_set(
        err, OT_E_BROKEN,
        "certificate %.*s ('%.*s') of source '%s'%s cannot be read by this "
        "program's OpenSSL, which is stricter than the one that fetched it, or "
        "out of memory; it is passed over. `orgtrust show %.*s` shows what it is: "
        "deactivate it, or replace it by one that every OpenSSL reads",
        (int)id->len, (const char *)id->data, (int)label->len, (const char *)label->data,
        source->name, count > 1 ? " (and others after it)" : "", (int)id->len,
        (const char *)id->data);
}

static int report_trouble(struct loader *loader, const struct ot_hits *hits)
{
    uint32_t refused = atomic_load(&loader->refused);
    struct ot_error err = hits->error;
    unsigned reported = REPORTED_NOTHING;

    if (!is_in_trouble(loader, hits) ||
        !atomic_compare_exchange_strong(&loader->reported, &reported, REPORTED_ERROR))
        return 1;
    if (err.status == OT_OK && refused > 0)
        say_refused(loader, hits, refused - 1, &err);
    if (err.status == OT_OK)
        ot_error_set(&err, OT_E_CORRUPT,
                     "OpenSSL could not read %u of the certificates of source '%s'; "
                     "`orgtrust sync` fetches them again",
                     (unsigned)atomic_load(&loader->unusable),
                     ot_cache_source(atomic_load(&loader->cache))->name);
    OT_ERRORS_QUEUE(&loader->provider->core, &err);
    return 0;
}

/* A certificate that cannot be handed over must not end the walk: X509_LOOKUP_store stops
 * at the first error, and would miss the good one of the same subject behind it. */
static int store_load(void *ctx, OSSL_CALLBACK *object_cb, void *object_cbarg,
                      OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
    struct loader *loader = ctx;
    const struct ot_hits *hits = hits_of(loader);
    struct ot_record record;
    uint32_t i;

    (void)passphrase;
    (void)passphrase_arg;
    while (take_hit(loader, hits, &i)) {
        bool is_sound = ot_hits_record(hits, i, &record, NULL) == OT_OK;
        uint32_t none = 0;

        if (is_sound && emit_certificate(loader, &record, object_cb, object_cbarg))
            return 1;
        atomic_fetch_add(&loader->unusable, 1);
        if (is_sound)
            (void)atomic_compare_exchange_strong(&loader->refused, &none, i + 1);
    }
    return report_trouble(loader, hits);
}

/* Who closes without having searched has made an SSL_CTX, often before it gave up its
 * rights: the moment to have the snapshot mapped, and refreshed if need be. */
static int store_close(void *ctx)
{
    struct loader *loader = ctx;
    struct ot_cache *cache = atomic_load(&loader->cache);
    struct ot_snapshot *snapshot;

    if (atomic_load(&loader->hits) == NULL && cache != NULL &&
        ot_cache_get(cache, OT_CACHE_REFRESH, &snapshot, NULL) == OT_OK)
        ot_snapshot_unref(snapshot);
    loader_free(loader);
    return 1;
}

const OSSL_DISPATCH ot_store_functions[] = {
    {OSSL_FUNC_STORE_OPEN, (void (*)(void))store_open},
    {OSSL_FUNC_STORE_OPEN_EX, (void (*)(void))store_open_ex},
    {OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void))store_settable_ctx_params},
    {OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))store_set_ctx_params},
    {OSSL_FUNC_STORE_LOAD, (void (*)(void))store_load},
    {OSSL_FUNC_STORE_EOF, (void (*)(void))store_eof},
    {OSSL_FUNC_STORE_CLOSE, (void (*)(void))store_close},
    {0, NULL},
};
