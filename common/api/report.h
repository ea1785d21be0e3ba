/* What a host tells an API of itself, where that takes reports: orgtrust-server does. */
#ifndef OT_API_REPORT_H
#define OT_API_REPORT_H

#include "base/error.h"

struct ot_api;

/* body: JSON, as docs/server.md has it. OT_E_NOT_FOUND: nothing there takes it, or a
 * project of it is not there. */
enum ot_status ot_api_report(struct ot_api *api, const char *body, struct ot_error *err);

#endif
