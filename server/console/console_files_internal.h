/* The files of the page, as the build has put them into the program (embed.cmake). */
#ifndef OT_SERVER_CONSOLE_CONSOLE_FILES_INTERNAL_H
#define OT_SERVER_CONSOLE_CONSOLE_FILES_INTERNAL_H

#include "message/reply.h"

struct ot_console_file {
    const char *name; /* behind /console/; "" is the page itself */
    const char *etag; /* of its bytes */
    struct ot_content content;
};

/* Up to one without a name. */
extern const struct ot_console_file ot_console_files[];

/* What each of them is sent with. */
extern const struct ot_header ot_console_headers[];

#endif
