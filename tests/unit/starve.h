/* Allocations of our own code that fail on purpose. Linked with the options that
 * CMakeLists.txt lists (the linker's --wrap). */
#ifndef OT_TESTS_STARVE_H
#define OT_TESTS_STARVE_H

#include <stdbool.h>

/* The n-th allocation from now on (from 1), and all after it, fail; 0: none. */
void starve_after(unsigned n);
/* Ends that; returns whether one failed. */
bool starve_end(void);

#endif
