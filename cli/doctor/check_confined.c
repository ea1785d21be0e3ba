/* Services that are held in: what each sees of what orgtrust keeps, and what to do. */
#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/confined_internal.h"
#include "doctor/finding_internal.h"
#include "export/export.h"

#include <stdlib.h>

static enum ot_status check_confined(struct ot_doctor *doctor, struct ot_error *err)
{
    const size_t before = doctor->findings.count;
    struct ot_confined confined = {.doctor = doctor};
    struct ot_exports *exports = NULL;
    enum ot_status status = ot_doctor_ask_system(doctor, &confined.system_holds, err);

    if (status != OT_OK)
        return status;
    /* What is wrong with them the check of the exports says. */
    if (doctor->config != NULL && ot_exports_new(&exports, doctor->config, NULL) != OT_OK)
        exports = NULL;
    confined.exports = exports;
    ot_confined_look_at_units(&confined);
    ot_confined_look_at_postfix(&confined);
    ot_confined_look_at_haproxy(&confined);
    ot_confined_look_at_apparmor(&confined);
    free(exports);
    if (doctor->findings.count == before)
        ot_finding_add(&doctor->findings, OT_CONFINED_PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "no service here has a root of its own, and nothing that programs "
                       "read is hidden from one");
    return OT_OK;
}

const struct ot_check ot_check_confined = {
    OT_CONFINED_PART, "services that are held in, and what they see", check_confined};
