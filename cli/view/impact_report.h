/* Which servers would be refused after a removal, for people and for programs. */
#ifndef OT_CLI_VIEW_IMPACT_REPORT_H
#define OT_CLI_VIEW_IMPACT_REPORT_H

#include "impact/impact.h"
#include "view/json_build.h"
#include "view/output.h"

/* A line for each server: what it would come to, which it is, what its certificate is
 * called, why. */
void ot_impact_report_print(struct ot_output *out, const struct ot_impact *impact);

/* "refused" (a number), "servers", "untried" and "left_out", as orgtrust(1) describes, as
 * members of object. */
void ot_impact_report_json(cJSON *object, const struct ot_impact *impact, bool *failed);

#endif
