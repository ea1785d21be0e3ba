#include "module.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache/errand.h"

const CK_VERSION ot_module_version = {ORGTRUST_VERSION_MAJOR, ORGTRUST_VERSION_MINOR};

/* All there is of global state. Complete whenever it is not NULL, so that a fork at any
 * moment leaves a child either with all of it or with nothing. */
static _Atomic(struct ot_module *) current;

static bool is_of_this_process(const struct ot_module *module)
{
    if (module->alive != NULL)
        return atomic_load_explicit(module->alive, memory_order_relaxed) != 0;
    return module->pid == getpid();
}

struct ot_module *ot_module_current(void)
{
    struct ot_module *module = atomic_load_explicit(&current, memory_order_acquire);

    return module != NULL && is_of_this_process(module) ? module : NULL;
}

/* Slots count from 1, so that an id that nobody has set is none. */
struct ot_slot *ot_module_slot(struct ot_module *module, CK_SLOT_ID id)
{
    return id >= 1 && id <= module->slot_count ? &module->slots[id - 1] : NULL;
}

/* One load of memory instead of a system call, in every call of an application. */
static void mark_process(struct ot_module *module)
{
    size_t len = (size_t)sysconf(_SC_PAGESIZE);
    void *page =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    module->pid = getpid();
    if (page == MAP_FAILED)
        return;
    if (madvise(page, len, MADV_WIPEONFORK) != 0) {
        (void)munmap(page, len);
        return;
    }
    module->alive = page;
    atomic_store(module->alive, 1);
}

static void unmark_process(struct ot_module *module)
{
    if (module->alive != NULL)
        (void)munmap(module->alive, (size_t)sysconf(_SC_PAGESIZE));
}

static void module_free(struct ot_module *module)
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
    unmark_process(module);
    free(module);
}

/* What the parent had. Its locks are left as they are: another thread may have held one.
 */
static void module_free_inherited(struct ot_module *module)
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
    unmark_process(module);
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
    module->locking = *locking;
    rv = ot_session_table_init(&module->sessions, &module->locking);
    if (rv == CKR_OK)
        rv = make_views(module, count, &why);
    if (rv == CKR_OK)
        rv = make_slots(module);
    if (rv != CKR_OK) {
        module_free(module);
        return rv;
    }
    mark_process(module);
    *out = module;
    return CKR_OK;
}

CK_RV C_Initialize(void *args)
{
    struct ot_module *before = atomic_load_explicit(&current, memory_order_acquire);
    struct ot_locking locking;
    struct ot_module *module;
    CK_RV rv;

    if (before != NULL && is_of_this_process(before))
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    rv = ot_locking_init(&locking, args);
    if (rv != CKR_OK)
        return rv;
    rv = module_new(&module, &locking);
    if (rv != CKR_OK)
        return rv;
    if (!atomic_compare_exchange_strong(&current, &before, module)) {
        module_free(module); /* another thread was quicker */
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    module_free_inherited(before);
    return CKR_OK;
}

CK_RV C_Finalize(void *reserved)
{
    struct ot_module *module = ot_module_current();

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (reserved != NULL)
        return CKR_ARGUMENTS_BAD;
    if (!atomic_compare_exchange_strong(&current, &module, NULL))
        return CKR_CRYPTOKI_NOT_INITIALIZED; /* another thread was quicker */
    module_free(module);
    return CKR_OK;
}
