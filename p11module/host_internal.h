/* Whose process this is. */
#ifndef OT_P11_HOST_INTERNAL_H
#define OT_P11_HOST_INTERNAL_H

#include <stdbool.h>

/* Looks which libraries are there; at each C_OpenSession where a source has names, since
 * what asks for a token may have come into the process after who asked first. Costs next
 * to nothing while no library was added. Thread-safe; without a system call but getpid,
 * unless it is in a forked child, which reads /proc/self/maps. */
void ot_host_look(void);

/* Whether a Java virtual machine was there when that was looked for last, or before. Java
 * trusts every certificate that a token shows, whatever name constraints it has. */
bool ot_host_is_java(void);

#endif
