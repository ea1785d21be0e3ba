/* What `orgtrust-server complete` offers. It opens no database. */
#ifndef OT_SERVER_COMPLETION_H
#define OT_SERVER_COMPLETION_H

#include "complete/complete.h"

extern const struct ot_complete_program ot_completion;

#endif
