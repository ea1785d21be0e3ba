/* The files of a browser's directory of managed policies, as Chromium reads them: all of
 * them in the order of their names. Of a policy that several set the last counts, and a
 * list is put together of all of them where PolicyListMultipleSourceMergeList, of which
 * the same holds, names it or "*". */
#ifndef OT_CLI_DOCTOR_POLICY_FILES_INTERNAL_H
#define OT_CLI_DOCTOR_POLICY_FILES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON;

struct ot_policy_file {
    char *name;
    struct cJSON *policies; /* NULL: it is not an object in JSON */
};

struct ot_policy_files {
    struct ot_policy_file *items;
    size_t count;
};

/* A directory that is not there has none. ot_policy_files_clear is safe after a failure.
 */
enum ot_status ot_policy_files_read(struct ot_policy_files *files, const char *dir,
                                    struct ot_error *err);
void ot_policy_files_clear(struct ot_policy_files *files);

struct ot_hidden_list {
    const char *list;
    const char *from, *by; /* files: whose list counts, and who decides that */
};

/* Whether ours has a list that does not count, because of another file. */
bool ot_policy_files_hide(const struct ot_policy_files *files, const char *list,
                          struct ot_hidden_list *hidden);

bool ot_policy_files_are_without_nss(const struct ot_policy_file *file);

#endif
