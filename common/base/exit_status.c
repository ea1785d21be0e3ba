#include "base/exit_status.h"

int ot_exit_status(enum ot_status status)
{
    /* No default: a status without a row is a compiler warning. */
    switch (status) {
    case OT_OK:
        return 0;
    case OT_E_NOMEM:
    case OT_E_INTERNAL:
    case OT_STATUS_COUNT:
        return 1;
    case OT_E_USAGE:
        return 2;
    case OT_E_CONFIG:
    case OT_E_UNSAFE:
        return 3;
    case OT_E_NETWORK:
        return 4;
    case OT_E_AUTH:
    case OT_E_FORBIDDEN:
        return 5;
    case OT_E_PROTOCOL:
    case OT_E_SERVER:
        return 6;
    case OT_E_NOT_FOUND:
        return 7;
    case OT_E_REFUSED:
    case OT_E_LIMIT:
        return 8;
    case OT_E_RATE:
        return 9;
    case OT_E_IO:
    case OT_E_NO_SPACE:
        return 10;
    case OT_E_NO_SNAPSHOT:
    case OT_E_EXPIRED:
    case OT_E_CORRUPT:
    case OT_E_SCOPE:
        return 11;
    case OT_E_EMPTY:
        return 12;
    case OT_E_BUSY:
        return 13;
    case OT_E_BROKEN:
        return 14;
    case OT_E_NEEDED:
        return 15;
    case OT_E_INTERRUPTED:
        return 130;
    }
    return 1;
}
