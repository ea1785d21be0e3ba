#include "handle/list_tags.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cert/list_tag.h"
#include "store/db.h"
#include "store/list.h"

/* Scopes of one round: a change is in one. */
#define ROUND 16

struct untagged {
    char scopes[ROUND][OT_ID_MAX + 1];
    int count;
};

static void take_untagged(void *arg, const char *scope)
{
    struct untagged *untagged = arg;

    snprintf(untagged->scopes[untagged->count++], OT_ID_MAX + 1, "%s", scope);
}

static void add_active_id(void *arg, const char *id)
{
    ot_list_tag_add(arg, id, strlen(id));
}

static enum ot_status tag_scope(struct ot_db *db, const char *scope, struct ot_error *err)
{
    char text[OT_LIST_TAG_MAX];
    struct ot_list_tag *tag = NULL;
    enum ot_status status = ot_list_tag_new(&tag, err);

    if (status == OT_OK)
        status = ot_db_list_active(db, scope, add_active_id, tag, err);
    if (status == OT_OK)
        status = ot_list_tag_finish(tag, text, err);
    if (status == OT_OK)
        status = ot_db_list_tag(db, scope, text, err);
    ot_list_tag_free(tag);
    return status;
}

enum ot_status ot_list_tags_update(struct ot_db *db, struct ot_error *err)
{
    struct untagged untagged;
    enum ot_status status;

    do {
        untagged.count = 0;
        status = ot_db_list_untagged(db, ROUND, take_untagged, &untagged, err);
        for (int i = 0; status == OT_OK && i < untagged.count; i++)
            status = tag_scope(db, untagged.scopes[i], err);
    } while (status == OT_OK && untagged.count == ROUND);
    return status;
}

static enum ot_status tag_all_lists(struct ot_db *db, void *arg, struct ot_error *err)
{
    (void)arg;
    return ot_list_tags_update(db, err);
}

static void note_any(void *arg, const char *scope)
{
    (void)scope;
    *(bool *)arg = true;
}

enum ot_status ot_list_tags_update_if_due(struct ot_db *db, struct ot_error *err)
{
    bool due = false;
    enum ot_status status = ot_db_list_untagged(db, 1, note_any, &due, err);

    if (status != OT_OK || !due)
        return status;
    return ot_db_write(db, OT_WRITING, tag_all_lists, NULL, err);
}
