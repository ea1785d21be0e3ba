/* The database of orgtrust-server.service, for a command that is told none. */
#ifndef OT_SERVER_COMMAND_UNIT_DATABASE_INTERNAL_H
#define OT_SERVER_COMMAND_UNIT_DATABASE_INTERNAL_H

#include "base/error.h"

/* The last --db of ORGTRUST_SERVER_OPTIONS in the unit's EnvironmentFile, else the file
 * in its StateDirectory; what a drop-in of the unit says otherwise is not seen. *out is
 * the caller's to free. OT_E_NOT_FOUND (no message): there is no such unit's here;
 * OT_E_IO: its options cannot be read. */
enum ot_status ot_unit_database(char **out, struct ot_error *err);

/* Whom the unit runs as. */
#define OT_UNIT_USER "orgtrust-server"

#endif
