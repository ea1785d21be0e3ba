/* What is allowed and seldom meant: certificates that no program will trust, and names.
 */
#ifndef OT_CLI_COMMANDS_WARN_UPLOAD_INTERNAL_H
#define OT_CLI_COMMANDS_WARN_UPLOAD_INTERNAL_H

struct ot_admin;
struct ot_admin_cert;
struct ot_changes;

/* Says on standard error which of the planned uploads is no authority, is over, begins
 * later or ends soon; that another certificate has the name that is given (by --name, or
 * for each by its file); and that a --name for what is there changes nothing. name: of
 * --name, NULL: it was not given. */
void ot_warn_upload(const struct ot_admin *admin, const struct ot_changes *changes,
                    const char *name);

/* Says on standard error that another certificate than the one that is renamed (NULL:
 * none is) has the name, or is shown with it, that what (a file, an id) is to have. name
 * NULL: says nothing. */
void ot_warn_taken(const struct ot_admin *admin, const char *name,
                   const struct ot_admin_cert *renamed, const char *what);

#endif
