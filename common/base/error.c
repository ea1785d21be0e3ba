#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const words[OT_STATUS_COUNT] = {
    [OT_OK] = "ok",
    [OT_E_NOMEM] = "memory",
    [OT_E_INTERNAL] = "internal",
    [OT_E_USAGE] = "usage",
    [OT_E_CONFIG] = "config",
    [OT_E_NO_SNAPSHOT] = "no-snapshot",
    [OT_E_EXPIRED] = "expired",
    [OT_E_CORRUPT] = "corrupt",
    [OT_E_UNSAFE] = "unsafe",
    [OT_E_IO] = "io",
    [OT_E_NO_SPACE] = "no-space",
    [OT_E_NETWORK] = "network",
    [OT_E_PROTOCOL] = "protocol",
    [OT_E_AUTH] = "auth",
    [OT_E_NOT_FOUND] = "not-found",
    [OT_E_REFUSED] = "refused",
    [OT_E_RATE] = "rate",
    [OT_E_SERVER] = "server",
    [OT_E_EMPTY] = "empty",
    [OT_E_BUSY] = "busy",
    [OT_E_INTERRUPTED] = "interrupted",
    [OT_E_FORBIDDEN] = "forbidden",
    [OT_E_LIMIT] = "limit",
    [OT_E_BROKEN] = "broken",
    [OT_E_SCOPE] = "other-scope",
    [OT_E_NEEDED] = "needed",
};

const char *ot_status_word(enum ot_status status)
{
    return status >= OT_OK && status < OT_STATUS_COUNT ? words[status]
                                                       : words[OT_E_INTERNAL];
}

enum ot_status ot_status_from_word(const char *word)
{
    for (int i = OT_OK; i < OT_STATUS_COUNT; i++)
        if (strcmp(words[i], word) == 0)
            return (enum ot_status)i;
    return OT_E_INTERNAL;
}

__attribute__((format(printf, 2, 0))) static void
set_message(struct ot_error *err, const char *fmt, va_list args)
{
    char raw[OT_ERROR_MAX];

    if (vsnprintf(raw, sizeof(raw), fmt, args) < 0)
        raw[0] = '\0';
    ot_text_escape(err->message, sizeof(err->message), raw, strnlen(raw, sizeof(raw)));
}

enum ot_status ot_error_set(struct ot_error *err, enum ot_status status, const char *fmt,
                            ...)
{
    va_list args;

    if (err == NULL)
        return status;
    va_start(args, fmt);
    set_message(err, fmt, args);
    va_end(args);
    err->status = status;
    err->errnum = 0;
    return status;
}

void ot_error_prefix(struct ot_error *err, const char *fmt, ...)
{
    char before[OT_ERROR_MAX], context[OT_ERROR_MAX];
    va_list args;
    int errnum;

    if (err == NULL)
        return;
    errnum = err->errnum;
    memcpy(before, err->message, sizeof(before));
    va_start(args, fmt);
    vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);
    ot_error_set(err, err->status, "%s: %s", context, before);
    err->errnum = errnum;
}

enum ot_status ot_error_errno(struct ot_error *err, enum ot_status status, int errnum,
                              const char *fmt, ...)
{
    char before[OT_ERROR_MAX], reason[128];
    va_list args;

    if (errnum == ENOMEM)
        status = OT_E_NOMEM;
    if (errnum == ENOSPC || errnum == EDQUOT)
        status = OT_E_NO_SPACE;
    if (err == NULL)
        return status;
    va_start(args, fmt);
    vsnprintf(before, sizeof(before), fmt, args);
    va_end(args);
    status = ot_error_set(err, status, "%s: %s", before,
                          strerror_r(errnum, reason, sizeof(reason)));
    err->errnum = errnum;
    return status;
}

enum ot_status ot_error_nomem(struct ot_error *err)
{
    return ot_error_set(err, OT_E_NOMEM, "out of memory");
}

void ot_error_clear(struct ot_error *err)
{
    if (err == NULL)
        return;
    err->status = OT_OK;
    err->message[0] = '\0';
    err->errnum = 0;
}
