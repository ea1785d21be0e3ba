#include "commands/until_internal.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "config/source.h"

enum ot_status ot_until_read(struct ot_activation *activation, const char *text,
                             struct ot_error *err)
{
    const int64_t now = time(NULL);
    int64_t in_ms;

    activation->has_end = text != NULL;
    if (text == NULL || strcmp(text, "never") == 0)
        return OT_OK;
    in_ms = ot_text_duration_ms(text);
    if (in_ms >= 0)
        activation->ends_at = now + in_ms / 1000;
    else if (!ot_text_day_end(&activation->ends_at, text))
        return ot_error_set(err, OT_E_USAGE,
                            "--until is a time from now such as 12h or 30d, a day, "
                            "2027-12-31, which ends at midnight UTC, or 'never', not "
                            "\"%.40s\"",
                            text);
    if (activation->ends_at <= now)
        return ot_error_set(err, OT_E_USAGE, "--until %.40s is over: nothing was sent",
                            text);
    return OT_OK;
}

enum ot_status ot_until_check_source(const struct ot_source *source,
                                     const struct ot_activation *activation,
                                     struct ot_error *err)
{
    if (activation->ends_at == 0 || !ot_source_is_hosted(source))
        return OT_OK;
    return ot_error_set(
        err, OT_E_USAGE,
        "the hosted API keeps no end of an activation, so that --until "
        "would not be carried out; nothing was sent. Activate without it, "
        "and deactivate when the time has come");
}
