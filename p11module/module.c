#include "module.h"

#include <stdlib.h>
#include <unistd.h>

#include "cache/errand.h"

const CK_VERSION ot_module_version = {ORGTRUST_VERSION_MAJOR, ORGTRUST_VERSION_MINOR};

/* Slots count from 1, so that an id that nobody has set is none. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id)
{
    return id >= 1 && id <= module->slot_count ? &module->slots[id - 1] : NULL;
}

void ot_module_free(struct ot_module *module)
{
    size_t i;

    if (module == NULL)
        return;
    ot_session_table_clear(&module->sessions);
    for (i = 0; i < module->slot_count; i++)
        ot_slot_clear(&module->slots[i]);
    for (i = 0; i < module->view_count; i++)
        ot_view_clear(&module->views[i]);
    free(module->views);
    ot_config_free(module->config);
    free(module);
}

void ot_module_free_inherited(struct ot_module *module)
{
    size_t i;

    if (module == NULL)
        return;
    ot_session_table_clear_inherited(&module->sessions);
    for (i = 0; i < module->slot_count; i++)
        ot_slot_clear_inherited(&module->slots[i]);
    for (i = 0; i < module->view_count; i++)
        ot_view_clear_inherited(&module->views[i]);
    free(module->views);
    ot_config_free(module->config);
    free(module);
}

static CK_RV make_views(struct ot_module *module, size_t count,
                        const struct ot_error *why)
{
    const struct ot_source *source;
    CK_RV rv = CKR_OK;
    size_t i;

    module->views = calloc(count, sizeof(*module->views));
    if (module->views == NULL)
        return CKR_HOST_MEMORY;
    for (i = 0; i < count && rv == CKR_OK; i++) {
        module->view_count = i + 1;
        source = module->config != NULL ? ot_config_at(module->config, i) : NULL;
        rv = ot_view_init(&module->views[i], source, why, &module->locking);
    }
    return rv;
}

static CK_RV add_slot(struct ot_module *module, struct ot_view *view, bool is_admin)
{
    size_t i = module->slot_count++;

    return ot_slot_init(&module->slots[i], i + 1, view, is_admin, &module->locking);
}

static bool has_admin_slot(const struct ot_source *source)
{
    return source->admin_token && ot_errand_is_allowed();
}

static size_t count_slots(const struct ot_config *config, size_t sources)
{
    size_t count = sources, i;

    for (i = 0; config != NULL && i < ot_config_count(config); i++)
        count += has_admin_slot(ot_config_at(config, i));
    return count;
}

/* The slots to administer come last: some programs know a slot by its place only. */
static CK_RV make_slots(struct ot_module *module)
{
    CK_RV rv = CKR_OK;
    size_t i;

    for (i = 0; i < module->view_count && rv == CKR_OK; i++)
        rv = add_slot(module, &module->views[i], false);
    for (i = 0; i < module->view_count && rv == CKR_OK; i++)
        if (module->views[i].source != NULL && has_admin_slot(module->views[i].source))
            rv = add_slot(module, &module->views[i], true);
    return rv;
}

/* Without a source, or without a configuration that can be read, a token is there all the
 * same, and says why it is empty: a module that fails would just disappear. */
static size_t load_sources(struct ot_config **config, struct ot_error *why)
{
    const struct ot_source *none;
    size_t count = 0;

    if (ot_config_load(config, why) == OT_OK)
        count = ot_config_count(*config);
    if (*config != NULL && count == 0)
        (void)ot_config_find(*config, NULL, &none, why); /* says how to make one */
    return count > 0 ? count : 1;
}

static CK_RV module_new(struct ot_module **out, const struct ot_locking *locking)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    size_t count = load_sources(&config, &why);
    struct ot_module *module;
    CK_RV rv;

    module = calloc(1, sizeof(*module) +
                           count_slots(config, count) * sizeof(module->slots[0]));
    if (module == NULL) {
        ot_config_free(config);
        return CKR_HOST_MEMORY;
    }
    module->config = config;
    module->pid = getpid();
    module->locking = *locking;
    rv = ot_session_table_init(&module->sessions, &module->locking);
    if (rv == CKR_OK)
        rv = make_views(module, count, &why);
    if (rv == CKR_OK)
        rv = make_slots(module);
    if (rv != CKR_OK) {
        ot_module_free(module);
        return rv;
    }
    *out = module;
    return CKR_OK;
}

/* §5.4.1 has CKR_CRYPTOKI_ALREADY_INITIALIZED for the second call. But two libraries of
 * one program (NSS and GnuTLS) cannot know of each other: whoever came second would have
 * no token, and the first to finalise would take the other's away. So users are counted,
 * as p11-kit's own trust module counts them. */
CK_RV C_Initialize(void *args)
{
    struct ot_locking locking;
    struct ot_module *module;
    CK_RV rv = ot_locking_init(&locking, args);

    if (rv == CKR_OK)
        rv = ot_inside_join(&locking);
    if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
        return rv;
    ot_inside_forget_parent();
    rv = module_new(&module, &locking);
    return rv == CKR_OK ? ot_inside_install(module) : rv;
}

CK_RV C_Finalize(void *reserved)
{
    if (!ot_inside_is_initialized())
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    return reserved == NULL ? ot_inside_part() : CKR_ARGUMENTS_BAD;
}
