#include "view/export_report.h"
#include "cache/state.h"

#include <string.h>

/* How the last attempt of an item went; a record that cannot be read is a problem, too.
 */
static void read_export_state(struct ot_state *state, const struct ot_exports *exports,
                              const struct ot_export *item)
{
    struct ot_error why = OT_ERROR_INIT;

    if (ot_exports_state(exports, item, state, &why) != OT_OK)
        state->last = why;
}

void ot_export_report_print(struct ot_output *out, const struct ot_exports *exports,
                            const struct ot_source *source)
{
    for (size_t i = 0; exports != NULL && i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];
        char what[PATH_MAX + 32], time[OT_TIME_MAX];
        struct ot_state state;

        if (!ot_export_is_of(exports, item, source))
            continue;
        read_export_state(&state, exports, item);
        ot_export_describe(what, sizeof(what), item);
        ot_output_printf(out, "  export        ");
        ot_output_text(out, what, strlen(what));
        if (state.last.status != OT_OK)
            ot_output_printf(out, ", %s: %s", ot_output_time(time, state.attempt_at),
                             state.last.message);
        ot_output_printf(out, "\n");
    }
}

void ot_export_report_json(cJSON *object, const struct ot_exports *exports,
                           const struct ot_source *source, bool *failed)
{
    cJSON *array = ot_json_put_array(object, "exports", failed);

    for (size_t i = 0; exports != NULL && i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];
        struct ot_state state;
        cJSON *entry;
        bool wrong;

        if (!ot_export_is_of(exports, item, source))
            continue;
        read_export_state(&state, exports, item);
        wrong = state.last.status != OT_OK;
        entry = ot_json_append_object(array, failed);
        ot_json_put_string(entry, "kind", ot_export_word(item->kind), failed);
        ot_json_put_string(entry, "path",
                           item->kind == OT_EXPORT_ON_CHANGE ? NULL : item->target,
                           failed);
        ot_json_put_string(entry, "status",
                           wrong ? ot_status_word(state.last.status) : NULL, failed);
        ot_json_put_string(entry, "problem", wrong ? state.last.message : NULL, failed);
        ot_json_put_time(entry, "at", wrong ? state.attempt_at : 0, failed);
    }
}

struct ot_export_count ot_export_report_count(const struct ot_exports *exports,
                                              const struct ot_source *source)
{
    struct ot_export_count count = {0};

    for (size_t i = 0; exports != NULL && i < exports->count; i++) {
        struct ot_state state;

        if (!ot_export_is_of(exports, &exports->items[i], source))
            continue;
        read_export_state(&state, exports, &exports->items[i]);
        count.all++;
        count.failing += state.last.status != OT_OK;
    }
    return count;
}
