#include "module.h"
#include "cache/distrust.h"
#include "config/config.h"
#include "config/source.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const CK_VERSION ot_module_version = {ORGTRUST_VERSION_MAJOR, ORGTRUST_VERSION_MINOR};

void ot_text_pad(CK_UTF8CHAR *field, size_t size, const char *text)
{
    size_t len = strlen(text);

    memset(field, ' ', size);
    memcpy(field, text, len < size ? len : size);
}

/* Slots count from 1, so that an id that nobody has set is none. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id)
{
    return id >= 1 && id <= module->slot_count ? &module->slots[id - 1] : NULL;
}

static void free_sources(struct ot_module *module)
{
    free(module->views);
    ot_distrust_free(module->distrust);
    ot_config_free(module->config);
    free(module);
}

static void module_free(struct ot_instance *instance)
{
    struct ot_module *module = (struct ot_module *)instance;

    ot_session_table_clear(&module->sessions);
    for (size_t i = 0; i < module->slot_count; i++)
        ot_slot_clear(&module->slots[i]);
    for (size_t i = 0; i < module->view_count; i++)
        ot_view_clear(&module->views[i]);
    free_sources(module);
}

static void module_free_inherited(struct ot_instance *instance)
{
    struct ot_module *module = (struct ot_module *)instance;

    ot_session_table_clear_inherited(&module->sessions);
    for (size_t i = 0; i < module->slot_count; i++)
        ot_slot_clear_inherited(&module->slots[i]);
    for (size_t i = 0; i < module->view_count; i++)
        ot_view_clear_inherited(&module->views[i]);
    free_sources(module);
}

static CK_RV make_views(struct ot_module *module, size_t count,
                        const struct ot_token_rules *rules, const struct ot_error *why)
{
    const struct ot_source *source;
    CK_RV rv = CKR_OK;

    module->views = calloc(count, sizeof(*module->views));
    if (module->views == NULL)
        return CKR_HOST_MEMORY;
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        module->view_count = i + 1;
        source = module->config != NULL ? ot_config_at(module->config, i) : NULL;
        rv = ot_view_init(&module->views[i], source, rules != NULL ? rules->word : NULL,
                          why, &module->instance.locking);
    }
    return rv;
}

static bool has_slot(const struct ot_module_kind *kind, const struct ot_view *view)
{
    return !kind->only_distrust ||
           (view->source != NULL && ot_source_distrusts(view->source));
}

static CK_RV make_slots(struct ot_module *module, const struct ot_module_kind *kind)
{
    CK_RV rv = CKR_OK;

    if (kind->rules != NULL && !kind->rules->is_allowed())
        return CKR_OK;
    for (size_t i = 0; i < module->view_count && rv == CKR_OK; i++) {
        size_t at = module->slot_count;

        if (!has_slot(kind, &module->views[i]))
            continue;
        module->slot_count++;
        rv = ot_slot_init(&module->slots[at], at + 1, &module->views[i], module->distrust,
                          kind->rules, &module->instance.locking);
    }
    return rv;
}

/* Without a source, or without a configuration that can be read, a token is there all the
 * same, and says why it is empty: a module that fails would just disappear. */
static size_t load_sources(struct ot_config **config, struct ot_distrust **distrust,
                           struct ot_error *why)
{
    const struct ot_source *none;
    size_t count = 0;

    if (ot_config_load(config, why) == OT_OK &&
        ot_distrust_new(distrust, *config, why) == OT_OK)
        count = ot_config_count(*config);
    if (*config != NULL && why->status != OT_OK) {
        ot_config_free(*config);
        *config = NULL;
    }
    if (*config != NULL && count == 0)
        (void)ot_config_find(*config, NULL, &none, why); /* says how to make one */
    return count > 0 ? count : 1;
}

static CK_RV module_new(struct ot_module **out, const struct ot_locking *locking,
                        const struct ot_module_kind *kind)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    struct ot_distrust *distrust = NULL;
    size_t count = load_sources(&config, &distrust, &why);
    struct ot_module *module;
    CK_RV rv;

    module = calloc(1, sizeof(*module) + count * sizeof(module->slots[0]));
    if (module == NULL) {
        ot_distrust_free(distrust);
        ot_config_free(config);
        return CKR_HOST_MEMORY;
    }
    module->config = config;
    module->distrust = distrust;
    module->description = kind->description;
    module->instance = (struct ot_instance){.pid = getpid(),
                                            .locking = *locking,
                                            .free = module_free,
                                            .free_inherited = module_free_inherited};
    rv = ot_session_table_init(&module->sessions, &module->instance.locking);
    if (rv == CKR_OK)
        rv = make_views(module, count, kind->rules, &why);
    if (rv == CKR_OK)
        rv = make_slots(module, kind);
    if (rv != CKR_OK) {
        module_free(&module->instance);
        return rv;
    }
    *out = module;
    return CKR_OK;
}

/* §5.4.1 has CKR_CRYPTOKI_ALREADY_INITIALIZED for the second call. But two libraries of
 * one program (NSS and GnuTLS) cannot know of each other: whoever came second would have
 * no token, and the first to finalise would take the other's away. So users are counted,
 * as p11-kit's own trust module counts them. */
CK_RV ot_module_initialize(void *args, const struct ot_module_kind *kind)
{
    struct ot_locking locking;
    struct ot_module *module;
    CK_RV rv = ot_locking_init(&locking, args);

    if (rv == CKR_OK)
        rv = ot_inside_join(&locking);
    if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
        return rv;
    ot_inside_forget_parent();
    rv = module_new(&module, &locking, kind);
    return rv == CKR_OK ? ot_inside_install(&module->instance) : rv;
}

CK_RV C_Finalize(void *reserved)
{
    if (!ot_inside_is_initialized())
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    return reserved == NULL ? ot_inside_part() : CKR_ARGUMENTS_BAD;
}
