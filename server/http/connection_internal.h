/* Between libmicrohttpd and the router: headers, bodies and replies of one request.
 *
 * The library's threads call these; each request is handled from its first to its last
 * byte by one of them. What is not HTTP at all (an unreadable request line or header, a
 * broken chunk) the library refuses by itself with a 4xx and a page of its own. */
#ifndef OT_SERVER_HTTP_CONNECTION_INTERNAL_H
#define OT_SERVER_HTTP_CONNECTION_INTERNAL_H

#include <microhttpd.h>
#include <stddef.h>

/* MHD_OPTION_URI_LOG_CALLBACK: the target as it came. cls is the struct ot_server. */
void *ot_connection_target(void *cls, const char *uri, struct MHD_Connection *connection);

/* The access handler. */
enum MHD_Result ot_connection_handle(void *cls, struct MHD_Connection *connection,
                                     const char *url, const char *method,
                                     const char *version, const char *upload_data,
                                     size_t *upload_data_size, void **con_cls);

/* MHD_OPTION_NOTIFY_COMPLETED. */
void ot_connection_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                             enum MHD_RequestTerminationCode why);

/* MHD_OPTION_NOTIFY_CONNECTION: guests.h hears of each. */
void ot_connection_notify(void *cls, struct MHD_Connection *connection,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode code);

/* MHD_OPTION_UNESCAPE_CALLBACK: leaves the target alone, which request.h decodes. */
size_t ot_connection_keep_escapes(void *cls, struct MHD_Connection *connection,
                                  char *text);

#endif
