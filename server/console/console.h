/* The page for people, at /console/: files that are part of the program, of
 * server/console, sent as they are and to everybody. What the page shows it asks the API
 * for, with the key of whoever looks at it. */
#ifndef OT_SERVER_CONSOLE_CONSOLE_H
#define OT_SERVER_CONSOLE_CONSOLE_H

struct ot_context;

/* Answers with the file that the path names, as a handler (handle/handlers.h) does, but
 * asks neither for a key nor for the database. 404 where there is none, and for all of
 * them where settings say that there is to be no page. */
void ot_handle_console(struct ot_context *context);

#endif
