/* A guard around a few instructions, for state that must survive a fork.
 *
 * A mutex that another thread holds at the moment of a fork stays locked for ever in the
 * child. This word holds the process id of its holder (0: nobody), so that a child sees
 * that its holder does not exist here, and takes it over. What a guard protects must
 * therefore be sound between any two instructions under it: a pointer, a counter.
 *
 * Never held over I/O, allocation, a callback or a wait. Not recursive, not fair. */
#ifndef OT_BASE_GUARD_H
#define OT_BASE_GUARD_H

#include <sched.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <unistd.h>

/* Zeros: free. */
struct ot_guard {
    _Atomic pid_t holder;
};

static inline void ot_guard_take(struct ot_guard *guard)
{
    pid_t self = getpid();
    pid_t seen = 0;

    /* seen is what was found instead: 0 again (spurious), a holder that was left behind
     * by a fork, or a thread of ours, which will be through in a moment. */
    while (!atomic_compare_exchange_weak_explicit(
        &guard->holder, &seen, self, memory_order_acquire, memory_order_relaxed))
        if (seen == self) {
            sched_yield();
            seen = 0;
        }
}

static inline void ot_guard_drop(struct ot_guard *guard)
{
    atomic_store_explicit(&guard->holder, 0, memory_order_release);
}

#endif
