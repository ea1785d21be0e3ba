#include "console/console.h"

#include <stdio.h>
#include <string.h>

#include "console/console_files_internal.h"
#include "handle/context.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/settings.h"

/* A page that holds a key runs nothing but its own files, tells nobody where one came
 * from, and stands in nobody's frame. */
const struct ot_header ot_console_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
    {NULL, NULL},
};

static const struct ot_console_file *find_console_file(const char *name)
{
    for (const struct ot_console_file *at = ot_console_files; at->name != NULL; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

static void send_console_file(struct ot_context *context,
                              const struct ot_console_file *file)
{
    struct ot_reply *reply = context->reply;

    snprintf(reply->etag, sizeof(reply->etag), "%s", file->etag);
    reply->content = &file->content;
    (void)ot_reply_is_known(reply, context->request->if_none_match);
}

void ot_handle_console(struct ot_context *context)
{
    const struct ot_request *request = context->request;
    const struct ot_console_file *file;

    if (context->settings->no_console) {
        ot_reply_error(context->reply, 404, "unknown_url", NULL,
                       "There is nothing under this path: the server was started without "
                       "its page (--no-console).");
        return;
    }
    /* The page names its files beside itself. */
    if (request->segments == 1) {
        context->reply->status = 308;
        context->reply->location = "console/";
        return;
    }
    file = find_console_file(request->segment[1]);
    if (file != NULL)
        send_console_file(context, file);
    else
        ot_reply_error(context->reply, 404, "unknown_url", NULL,
                       "There is nothing under this path: the page is at /console/.");
}
