/* Programs that ask neither OpenSSL's store nor PKCS#11. */
#ifndef OT_CLI_DOCTOR_PROGRAMS_INTERNAL_H
#define OT_CLI_DOCTOR_PROGRAMS_INTERNAL_H

#include <stdbool.h>

enum ot_program_reads {
    OT_READS_SYSTEM, /* the system's store */
    OT_READS_OWN,    /* a list that came with the program */
    OT_READS_INSIDE  /* what is inside a sandbox */
};

struct ot_program_row {
    const char *name; /* NULL: the end */
    enum ot_program_reads reads;
    const char *variable; /* that names a file of authorities; NULL: none does */
    bool replaces;        /* they are in place of the others, not added to them */
    const char *else_do;  /* another way; NULL: none worth a word */
};

extern const struct ot_program_row ot_program_rows[];

#endif
