/* orgtrust doctor: proves, program by program, that this machine follows. */
#include "doctor/doctor.h"

enum ot_status ot_cmd_doctor(struct ot_cli *cli, struct ot_error *err)
{
    return ot_doctor_run(cli, err);
}
