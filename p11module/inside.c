#include "inside.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/guard.h"

/* The largest page of the architectures that Debian runs on. */
#define PAGE_MAX ((size_t)65536)
#define ALL_DOORS ((1u << OT_DOORS) - 1)

/* A line of the processor's cache for itself. */
struct door {
    _Alignas(64) atomic_uint inside;
};

/* Lies in memory that the kernel zeroes in a forked child. */
struct house {
    struct door doors[OT_DOORS];
    _Atomic(struct ot_instance *) instance; /* NULL: not initialised */
    atomic_bool is_ending;                  /* a module waits for its last call */
    struct ot_guard guard;
    unsigned long users; /* guarded: calls of C_Initialize without their C_Finalize */
};

/* Part of the library, so that it goes with it. One object, because what lies behind the
 * room would dirty a page of its own. */
static struct {
    _Atomic(struct house *) house;
    bool is_wiped_on_fork; /* else the process id tells, as the instance has it */
    /* Guarded. All instances that are not freed yet: the one that is initialised, those
     * that have ended with calls inside, and in a child its parent's. Sound at any
     * moment. */
    _Atomic(struct ot_instance *) instances;
    unsigned char room[2 * PAGE_MAX]; /* for the house: whole pages that no file backs */
} site;

static struct house *make_house(void)
{
    struct house *made = atomic_load_explicit(&site.house, memory_order_acquire);
    size_t len = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = ((uintptr_t)site.room + len - 1) / len * len;

    if (made != NULL)
        return made;
    made = (struct house *)at;
    /* Twice by two threads does no harm. */
    site.is_wiped_on_fork = len <= PAGE_MAX && madvise(made, len, MADV_WIPEONFORK) == 0;
    atomic_store_explicit(&site.house, made, memory_order_release);
    return made;
}

/* The module as calls of this process see it. */
static struct ot_instance *instance_in(struct house *in)
{
    struct ot_instance *instance = atomic_load(&in->instance);

    return instance != NULL && (site.is_wiped_on_fork || instance->pid == getpid())
               ? instance
               : NULL;
}

/* Whether no call is left that began before the module ended. Those that have begun since
 * know nothing of it, so that each door need only have been seen empty once. */
static bool is_unused(struct house *in, struct ot_instance *instance)
{
    for (unsigned i = 0; i < OT_DOORS; i++)
        if (atomic_load(&in->doors[i].inside) == 0)
            instance->empty_doors |= 1u << i;
    return instance->empty_doors == ALL_DOORS;
}

/* Frees what has ended and is used no more. */
__attribute__((noinline)) static void sweep_instances(struct house *in)
{
    struct ot_instance *instance, *unused = NULL;
    _Atomic(struct ot_instance *) *link = &site.instances;
    bool is_waiting = false;
    pid_t self = getpid();

    ot_guard_take(&in->guard);
    while ((instance = atomic_load(link)) != NULL) {
        bool has_ended = instance != atomic_load(&in->instance) && instance->pid == self;

        if (has_ended && is_unused(in, instance)) {
            atomic_store(link, atomic_load(&instance->next));
            atomic_store(&instance->next, unused);
            unused = instance;
            continue;
        }
        is_waiting = is_waiting || has_ended;
        link = &instance->next;
    }
    atomic_store(&in->is_ending, is_waiting);
    ot_guard_drop(&in->guard);
    while ((instance = unused) != NULL) {
        unused = atomic_load(&instance->next);
        instance->free(instance);
    }
}

struct ot_instance *ot_inside_enter(unsigned door)
{
    struct house *in = atomic_load_explicit(&site.house, memory_order_acquire);
    struct ot_instance *instance;

    if (in == NULL)
        return NULL;
    /* Counted before the module is looked at: who ends it looks in the other order. */
    atomic_fetch_add(&in->doors[door].inside, 1);
    instance = instance_in(in);
    if (instance == NULL)
        ot_inside_leave(door);
    return instance;
}

void ot_inside_leave(unsigned door)
{
    struct house *in = atomic_load_explicit(&site.house, memory_order_relaxed);

    atomic_fetch_sub(&in->doors[door].inside, 1);
    if (atomic_load(&in->is_ending))
        sweep_instances(in);
}

void ot_inside_stay(unsigned door)
{
    struct house *in = atomic_load_explicit(&site.house, memory_order_relaxed);

    atomic_fetch_add(&in->doors[door].inside, 1);
}

bool ot_inside_is_initialized(void)
{
    struct house *in = atomic_load_explicit(&site.house, memory_order_acquire);

    return in != NULL && instance_in(in) != NULL;
}

/* The guard is taken. */
static CK_RV count_user(struct house *in, const struct ot_locking *locking)
{
    const struct ot_instance *instance = instance_in(in);

    if (instance == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (locking->create != NULL || instance->locking.create != NULL)
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

CK_RV ot_inside_install(struct ot_instance *instance)
{
    struct house *in = make_house();
    CK_RV rv;

    ot_guard_take(&in->guard);
    rv = count_user(in, &instance->locking);
    if (rv == CKR_CRYPTOKI_NOT_INITIALIZED) {
        atomic_store(&instance->next, atomic_load(&site.instances));
        atomic_store(&site.instances, instance);
        in->users = 1;
        atomic_store(&in->instance, instance);
        instance = NULL;
        rv = CKR_OK;
    }
    ot_guard_drop(&in->guard);
    if (instance != NULL)
        instance->free(instance);
    return rv;
}

CK_RV ot_inside_part(void)
{
    struct house *in = make_house();
    bool is_known;

    ot_guard_take(&in->guard);
    is_known = instance_in(in) != NULL;
    if (is_known && --in->users == 0) {
        atomic_store(&in->instance, NULL);
        atomic_store(&in->is_ending, true);
    }
    ot_guard_drop(&in->guard);
    if (atomic_load(&in->is_ending))
        sweep_instances(in);
    return is_known ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}

void ot_inside_forget_parent(void)
{
    struct house *in = make_house();
    struct ot_instance *instance, *inherited = NULL;
    _Atomic(struct ot_instance *) *link = &site.instances;
    pid_t self = getpid();

    ot_guard_take(&in->guard);
    if (instance_in(in) == NULL)
        atomic_store(&in->instance, NULL); /* where the kernel has not done it */
    while ((instance = atomic_load(link)) != NULL) {
        if (instance->pid == self) {
            link = &instance->next;
            continue;
        }
        atomic_store(link, atomic_load(&instance->next));
        atomic_store(&instance->next, inherited);
        inherited = instance;
    }
    ot_guard_drop(&in->guard);
    while ((instance = inherited) != NULL) {
        inherited = atomic_load(&instance->next);
        instance->free_inherited(instance);
    }
}
