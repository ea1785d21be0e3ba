/* The API's operations. Each composes context->reply; a writing one does all its work in
 * one transaction, so that either everything of a request has happened or nothing. */
#ifndef OT_SERVER_HANDLE_HANDLERS_H
#define OT_SERVER_HANDLE_HANDLERS_H

#include <stdbool.h>

struct ot_context;

typedef void ot_handler(struct ot_context *context);

ot_handler ot_handle_list;
ot_handler ot_handle_upload;
ot_handler ot_handle_get;
ot_handler ot_handle_modify;
ot_handler ot_handle_delete;
ot_handler ot_handle_activate;
ot_handler ot_handle_deactivate;
ot_handler ot_handle_project_list;
ot_handler ot_handle_project_create;
ot_handler ot_handle_project_get;
ot_handler ot_handle_key_list;
ot_handler ot_handle_key_create;
ot_handler ot_handle_key_get;
ot_handler ot_handle_key_delete;

ot_handler ot_handle_audit_list;

/* What the hosted API has nothing for, under /v1/orgtrust. */
ot_handler ot_handle_report;
ot_handler ot_handle_contents;
ot_handler ot_handle_host_list;
ot_handler ot_handle_host_count;
ot_handler ot_handle_server_get;
ot_handler ot_handle_inspect_list;
ot_handler ot_handle_inspect_get;

/* Before an operation on a project: false: there is no such project, reply says so. */
bool ot_handle_knows_project(struct ot_context *context);

/* 404: there is no certificate with the id of the path. */
void ot_handle_say_no_cert(struct ot_context *context);

#endif
