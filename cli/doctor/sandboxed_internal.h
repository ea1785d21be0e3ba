/* Browsers as snaps and flatpaks: they bring their own system along, and what is wired on
 * this machine is not in it. */
#ifndef OT_CLI_DOCTOR_SANDBOXED_INTERNAL_H
#define OT_CLI_DOCTOR_SANDBOXED_INTERNAL_H

#include <stdbool.h>

struct ot_doctor;

/* Adds a finding for each that is here, of a check ("firefox", "chromium"): what reaches
 * it, or that nothing does, and what to do. Whether there was one. */
bool ot_sandboxed_look(struct ot_doctor *doctor, const char *part);

#endif
