/* The allocations of one plugin: its own calls, and those of libc on its behalf (strdup),
 * not those of the libraries around it. Linking allocations.c replaces malloc, so the
 * program must export its symbols, and the sanitizers, which do the same, must be off.
 * ALLOCATIONS_OF names the plugin's file. */
#ifndef OT_TESTS_ALLOCATIONS_H
#define OT_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation in this thread from now (from 1) fails, once. */
void allocations_fail(unsigned n);
/* Ends that; returns whether there were so many that it came to it. */
bool allocations_end(void);

/* Counts those of this thread that are alive, from none; allocations_alive() says how
 * many are, allocations_stop() ends it and says what is left. */
void allocations_count(void);
size_t allocations_alive(void);
size_t allocations_stop(void);

#endif
