/* The provider itself: what it is called and that it has a store loader. It calls nothing
 * of libcrypto: a host may carry another copy than the one that loaded us. */
#include "provider_internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

/* `fips=yes` because a loader does no cryptography; without it, a program that asks for
 * validated algorithms only would find no trust anchor. */
#define PROPERTIES "provider=orgtrust,fips=yes"

static const OSSL_ALGORITHM stores[] = {
    {"orgtrust", PROPERTIES, ot_store_functions, "Certificates of an organization"},
    /* OpenSSL up to 3.3 takes SSL_CERT_DIR=/usr/lib/orgtrust:… for a URI of the scheme
     * before the colon. A scheme that is an absolute path of root's directory is one that
     * nobody else can put files under. */
    {ORGTRUST_CERT_DIR, PROPERTIES, ot_store_functions,
     "The default source, for SSL_CERT_DIR"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query_operation(void *provctx, int operation, int *no_cache)
{
    (void)provctx;
    *no_cache = 0;
    return operation == OSSL_OP_STORE ? stores : NULL;
}

static const OSSL_PARAM *gettable_params(void *provctx)
{
    static const OSSL_PARAM gettable[] = {
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_BUILDINFO, OSSL_PARAM_UTF8_PTR, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, NULL, sizeof(int)),
        OSSL_PARAM_END,
    };

    (void)provctx;
    return gettable;
}

static int set_text_param(OSSL_PARAM *param, const char *text)
{
    if (param->data_type != OSSL_PARAM_UTF8_PTR)
        return 0;
    param->return_size = strlen(text);
    if (param->data != NULL)
        *(const char **)param->data = text;
    return 1;
}

static int set_known_param(OSSL_PARAM *param)
{
    if (strcmp(param->key, OSSL_PROV_PARAM_NAME) == 0)
        return set_text_param(param, "orgtrust: certificates of an organization");
    if (strcmp(param->key, OSSL_PROV_PARAM_VERSION) == 0 ||
        strcmp(param->key, OSSL_PROV_PARAM_BUILDINFO) == 0)
        return set_text_param(param, ORGTRUST_VERSION);
    if (strcmp(param->key, OSSL_PROV_PARAM_STATUS) != 0)
        return 1; /* not ours to answer */
    param->return_size = sizeof(int);
    if (param->data_type != OSSL_PARAM_INTEGER || param->data_size != sizeof(int))
        return 0;
    if (param->data != NULL)
        *(int *)param->data = 1;
    return 1;
}

static int get_params(void *provctx, OSSL_PARAM params[])
{
    (void)provctx;
    for (; params != NULL && params->key != NULL; params++)
        if (!set_known_param(params))
            return 0;
    return 1;
}

static const OSSL_ITEM *get_reason_strings(void *provctx)
{
    (void)provctx;
    return ot_errors_reasons();
}

static void teardown_provider(void *provctx)
{
    struct ot_provider *provider = provctx;

    ot_sources_clear(&provider->sources);
    free(provider);
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown_provider},
    {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
    {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query_operation},
    {OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))get_reason_strings},
    {0, NULL},
};

__attribute__((visibility("default"))) int
OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                   const OSSL_DISPATCH **out, void **provctx)
{
    struct ot_provider *provider = malloc(sizeof(*provider));

    if (provider == NULL)
        return 0;
    ot_core_init(&provider->core, handle, in);
    atomic_init(&provider->sources.loaded, NULL);
    *provctx = provider;
    *out = provider_functions;
    return 1;
}
