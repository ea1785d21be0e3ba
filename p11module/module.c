#include "module.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
    for (i = 0; i < module->slot_count; i++) {
        ot_snapshot_unref(module->slots[i].newest);
        ot_cache_free(module->slots[i].cache);
    }
    ot_config_free(module->config);
    unmark_process(module);
    free(module);
}

/* The sources. Without one, or without a configuration that can be read, a token is there
 * all the same, and says why it is empty: a module that fails would just disappear. */
static CK_RV make_slots(struct ot_module *module, const struct ot_error *why)
{
    size_t count = module->config != NULL ? ot_config_count(module->config) : 0, i;
    CK_RV rv = CKR_OK;

    if (count == 0) {
        module->slot_count = 1;
        return ot_slot_init(&module->slots[0], 1, NULL, why, &module->locking);
    }
    for (i = 0; i < count && rv == CKR_OK; i++) {
        module->slot_count = i + 1;
        rv = ot_slot_init(&module->slots[i], i + 1, ot_config_at(module->config, i), NULL,
                          &module->locking);
    }
    return rv;
}

static CK_RV module_new(struct ot_module **out, const struct ot_locking *locking)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    const struct ot_source *none;
    struct ot_module *module;
    size_t count = 0;
    CK_RV rv;

    if (ot_config_load(&config, &why) == OT_OK)
        count = ot_config_count(config);
    if (config != NULL && count == 0)
        (void)ot_config_find(config, NULL, &none, &why); /* says how to make one */
    module = calloc(1, sizeof(*module) + (count + 1) * sizeof(module->slots[0]));
    if (module == NULL) {
        ot_config_free(config);
        return CKR_HOST_MEMORY;
    }
    module->config = config;
    module->locking = *locking;
    rv = ot_session_table_init(&module->sessions, &module->locking);
    if (rv == CKR_OK)
        rv = make_slots(module, &why);
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
