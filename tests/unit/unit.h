/* A table of CUnit cases is a program. */
#ifndef OT_TESTS_UNIT_H
#define OT_TESTS_UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

struct unit_case {
    const char *name; /* what must hold; rows of tests/faults as "fault_42_…" */
    void (*run)(void);
};

/* Runs the cases (all, or those whose name contains the first argument) up to one without
 * a name; returns the exit status. A fresh directory is in unit_dir() meanwhile. */
int unit_main(const char *suite, const struct unit_case *cases, int argc, char **argv);

/* Says that a part of the running case is left out, and why; tests/run repeats it. */
void unit_skip(const char *why);

/* Whether others may be in the group of whoever runs this, so that what it may write is
 * not safe; otherwise says that this is left out. */
bool unit_group_has_others(void);

/* A scratch directory (mode 0700) of this run, removed at its end. */
const char *unit_dir(void);
/* unit_dir()/name, in one of several static buffers. */
const char *unit_path(const char *name);

#endif
