#include "view/confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "view/ask.h"

enum ot_status ot_confirm(const char *question, struct ot_error *err)
{
    char answer[16] = "";

    if (!ot_ask_is_possible())
        return ot_error_set(
            err, OT_E_USAGE,
            "nothing changed: no terminal to ask on (%s); repeat with --yes", question);
    fprintf(stderr, "%s", question);
    if (ot_ask_line(answer, sizeof(answer), " [y/N] ", OT_ASK_SHOWN, NULL) != OT_OK)
        answer[0] = '\0';
    answer[strcspn(answer, "\r")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return OT_OK;
    return ot_error_set(err, OT_E_INTERRUPTED, "not confirmed; nothing was changed");
}
