#include "audit/change_line.h"

#include "audit/audit.h"
#include "base/limits.h"
#include "shared/log.h"

/* An id with nothing in it hidden is no longer. */
#define ID_SHOWN (OT_ID_MAX + sizeof(OT_LOG_HIDDEN))

static void print_ids(FILE *out, const struct ot_change_line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        char id[ID_SHOWN];

        if (line->are_known)
            snprintf(id, sizeof(id), "%s", line->ids[i]);
        else
            ot_log_hide_keys(id, sizeof(id), line->ids[i], true);
        fprintf(out, "%s%s", i > 0 ? "," : "", id);
    }
    if (line->count == 0)
        fputc('-', out);
}

void ot_change_line_print(FILE *out, const struct ot_change_line *line)
{
    const struct ot_actor *actor = line->actor;

    flockfile(out);
    fprintf(out, "orgtrust-server: change %s ids=", line->event);
    print_ids(out, line);
    fprintf(out, " project=%s key=%s address=%s outcome=%s event=%s\n",
            actor->scope[0] != '\0' ? actor->scope : "-", actor->id,
            actor->address != NULL ? actor->address : "-", line->outcome,
            line->row[0] != '\0' ? line->row : "-");
    funlockfile(out);
}
