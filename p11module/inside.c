#include "inside.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cache/guard.h"
#include "module.h"

/* The largest page of the architectures that Debian runs on. */
#define PAGE_MAX ((size_t)65536)
#define ALL_DOORS ((1u << OT_DOORS) - 1)

/* A line of the processor's cache for itself. */
struct door {
    _Alignas(64) atomic_uint inside;
};

/* Lies in memory that the kernel zeroes in a forked child. */
struct house {
    _Atomic(struct ot_module *) module; /* NULL: not initialised */
    atomic_bool is_ending;              /* a module waits for its last call */
    struct ot_guard guard;
    unsigned long users; /* guarded: calls of C_Initialize without their C_Finalize */
    struct door doors[OT_DOORS];
};

/* Part of the library, so that it goes with it: whole pages that no file backs. */
static unsigned char room[2 * PAGE_MAX];
static _Atomic(struct house *) house;
static bool is_wiped_on_fork; /* else the process id tells, as the module has it */

/* Guarded. All modules that are not freed yet: the one that is initialised, those that
 * have ended with calls inside, and in a child its parent's. Sound at any moment. */
static _Atomic(struct ot_module *) modules;

static struct house *make_house(void)
{
    struct house *made = atomic_load_explicit(&house, memory_order_acquire);
    size_t len = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = ((uintptr_t)room + len - 1) / len * len;

    if (made != NULL)
        return made;
    made = (struct house *)at;
    /* Twice by two threads does no harm. */
    is_wiped_on_fork = len <= PAGE_MAX && madvise(made, len, MADV_WIPEONFORK) == 0;
    atomic_store_explicit(&house, made, memory_order_release);
    return made;
}

/* The module as calls of this process see it. */
static struct ot_module *module_in(struct house *in)
{
    struct ot_module *module = atomic_load(&in->module);

    return module != NULL && (is_wiped_on_fork || module->pid == getpid()) ? module
                                                                           : NULL;
}

/* Whether no call is left that began before the module ended. Those that have begun since
 * know nothing of it, so that each door need only have been seen empty once. */
static bool is_unused(struct house *in, struct ot_module *module)
{
    unsigned i;

    for (i = 0; i < OT_DOORS; i++)
        if (atomic_load(&in->doors[i].inside) == 0)
            module->empty_doors |= 1u << i;
    return module->empty_doors == ALL_DOORS;
}

/* Frees what has ended and is used no more. */
static void sweep(struct house *in)
{
    struct ot_module *module, *unused = NULL;
    _Atomic(struct ot_module *) *link = &modules;
    bool is_waiting = false;
    pid_t self = getpid();

    ot_guard_take(&in->guard);
    while ((module = atomic_load(link)) != NULL) {
        bool has_ended = module != atomic_load(&in->module) && module->pid == self;

        if (has_ended && is_unused(in, module)) {
            atomic_store(link, atomic_load(&module->next));
            atomic_store(&module->next, unused);
            unused = module;
            continue;
        }
        is_waiting = is_waiting || has_ended;
        link = &module->next;
    }
    atomic_store(&in->is_ending, is_waiting);
    ot_guard_drop(&in->guard);
    while ((module = unused) != NULL) {
        unused = atomic_load(&module->next);
        ot_module_free(module);
    }
}

struct ot_module *ot_inside_enter(unsigned door)
{
    struct house *in = atomic_load_explicit(&house, memory_order_acquire);
    struct ot_module *module;

    if (in == NULL)
        return NULL;
    /* Counted before the module is looked at: who ends it looks in the other order. */
    atomic_fetch_add(&in->doors[door].inside, 1);
    module = module_in(in);
    if (module == NULL)
        ot_inside_leave(door);
    return module;
}

void ot_inside_leave(unsigned door)
{
    struct house *in = atomic_load_explicit(&house, memory_order_relaxed);

    atomic_fetch_sub(&in->doors[door].inside, 1);
    if (atomic_load(&in->is_ending))
        sweep(in);
}

void ot_inside_stay(unsigned door)
{
    struct house *in = atomic_load_explicit(&house, memory_order_relaxed);

    atomic_fetch_add(&in->doors[door].inside, 1);
}

bool ot_inside_is_initialized(void)
{
    struct house *in = atomic_load_explicit(&house, memory_order_acquire);

    return in != NULL && module_in(in) != NULL;
}

/* The guard is taken. */
static CK_RV count_user(struct house *in, const struct ot_locking *locking)
{
    const struct ot_module *module = module_in(in);

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (locking->create != NULL || module->locking.create != NULL)
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    in->users++;
    return CKR_OK;
}

CK_RV ot_inside_join(const struct ot_locking *locking)
{
    struct house *in = make_house();
    CK_RV rv;

    ot_guard_take(&in->guard);
    rv = count_user(in, locking);
    ot_guard_drop(&in->guard);
    return rv;
}

CK_RV ot_inside_install(struct ot_module *module)
{
    struct house *in = make_house();
    CK_RV rv;

    ot_guard_take(&in->guard);
    rv = count_user(in, &module->locking);
    if (rv == CKR_CRYPTOKI_NOT_INITIALIZED) {
        atomic_store(&module->next, atomic_load(&modules));
        atomic_store(&modules, module);
        in->users = 1;
        atomic_store(&in->module, module);
        module = NULL;
        rv = CKR_OK;
    }
    ot_guard_drop(&in->guard);
    ot_module_free(module);
    return rv;
}

CK_RV ot_inside_part(void)
{
    struct house *in = make_house();
    bool is_known;

    ot_guard_take(&in->guard);
    is_known = module_in(in) != NULL;
    if (is_known && --in->users == 0) {
        atomic_store(&in->module, NULL);
        atomic_store(&in->is_ending, true);
    }
    ot_guard_drop(&in->guard);
    if (atomic_load(&in->is_ending))
        sweep(in);
    return is_known ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}

void ot_inside_forget_parent(void)
{
    struct house *in = make_house();
    struct ot_module *module, *inherited = NULL;
    _Atomic(struct ot_module *) *link = &modules;
    pid_t self = getpid();

    ot_guard_take(&in->guard);
    if (module_in(in) == NULL)
        atomic_store(&in->module, NULL); /* where the kernel has not done it */
    while ((module = atomic_load(link)) != NULL) {
        if (module->pid == self) {
            link = &module->next;
            continue;
        }
        atomic_store(link, atomic_load(&module->next));
        atomic_store(&module->next, inherited);
        inherited = module;
    }
    ot_guard_drop(&in->guard);
    while ((module = inherited) != NULL) {
        inherited = atomic_load(&module->next);
        ot_module_free_inherited(module);
    }
}
