#include "view/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "view/journal_internal.h"

/* Of ot_output_pieces, what is gathered before it is written: a line, mostly. */
#define PIECES_MAX 1024

void ot_output_init(struct ot_output *out, FILE *stream)
{
    out->stream = stream;
    out->columns = ot_output_columns(fileno(stream));
    out->first_errno = 0;
    out->is_used = false;
}

static void keep_errno(struct ot_output *out, int result)
{
    out->is_used = true;
    if (result < 0 && out->first_errno == 0)
        out->first_errno = errno ? errno : EIO;
}

void ot_output_printf(struct ot_output *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    keep_errno(out, vfprintf(out->stream, fmt, args));
    va_end(args);
}

void ot_output_bytes(struct ot_output *out, const void *bytes, size_t len)
{
    keep_errno(out, fwrite(bytes, 1, len, out->stream) == len ? 0 : -1);
}

void ot_output_pieces(struct ot_output *out, const struct ot_span *pieces, size_t count)
{
    char line[PIECES_MAX], *at = line;

    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > (size_t)(line + sizeof(line) - at)) {
            ot_output_bytes(out, line, (size_t)(at - line));
            at = line;
        }
        if (pieces[i].len > sizeof(line))
            ot_output_bytes(out, pieces[i].data, pieces[i].len);
        else if (pieces[i].len > 0)
            at = mempcpy(at, pieces[i].data, pieces[i].len);
    }
    if (at > line)
        ot_output_bytes(out, line, (size_t)(at - line));
}

void ot_output_text(struct ot_output *out, const char *text, size_t len)
{
    size_t size = 8 * len + 1; /* `\u{NNNN}` for one byte would be the worst */
    char *escaped = malloc(size);

    if (escaped == NULL) {
        errno = ENOMEM;
        keep_errno(out, -1);
        return;
    }
    ot_text_escape(escaped, size, text, len);
    keep_errno(out, fputs(escaped, out->stream));
    free(escaped);
}

enum ot_status ot_output_json(struct ot_output *out, const cJSON *value, bool one_line,
                              struct ot_error *err)
{
    char *text = one_line ? cJSON_PrintUnformatted(value) : cJSON_Print(value);

    if (text == NULL)
        return ot_error_nomem(err);
    ot_output_printf(out, "%s\n", text);
    cJSON_free(text);
    if (one_line)
        ot_output_flush(out);
    return OT_OK;
}

enum ot_status ot_output_json_error(struct ot_output *out, enum ot_status status,
                                    const char *message, struct ot_error *err)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *object = cJSON_AddObjectToObject(root, "error");
    enum ot_status printed;

    if (cJSON_AddStringToObject(object, "status", ot_status_word(status)) == NULL ||
        cJSON_AddStringToObject(object, "message", message) == NULL)
        printed = ot_error_nomem(err);
    else
        printed = ot_output_json(out, root, false, err);
    cJSON_Delete(root);
    return printed;
}

void ot_output_flush(struct ot_output *out)
{
    keep_errno(out, fflush(out->stream));
}

enum ot_status ot_output_finish(struct ot_output *out, struct ot_error *err)
{
    keep_errno(out, fflush(out->stream));
    if (out->first_errno == 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, out->first_errno, "writing the output failed");
}

void ot_output_log(enum ot_priority priority, const char *fmt, ...)
{
    struct ot_error line = OT_ERROR_INIT; /* formats, bounds and escapes */
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ot_error_set(&line, OT_OK, "%s", text);
    if (ot_journal_is_behind(STDERR_FILENO))
        fprintf(stderr, "<%d>", (int)priority);
    fprintf(stderr, "orgtrust: %s\n", line.message);
}

const char *ot_output_remedy(const struct ot_error *err)
{
    return err->errnum == EACCES && geteuid() != 0 ? "; run it as root (sudo)" : "";
}

void ot_output_advise(const struct ot_config *config)
{
    if (ot_config_advice(config) != NULL)
        ot_output_warn("%s", ot_config_advice(config));
}

int ot_output_columns(int fd)
{
    const char *text = getenv("COLUMNS");
    struct winsize size;

    if (!isatty(fd))
        return 0;
    if (text != NULL) {
        char *end;
        long columns = strtol(text, &end, 10);

        if (*text != '\0' && *end == '\0' && columns > 0 && columns <= 10000)
            return (int)columns;
    }
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* The next character's length and width; text is not at its end. A byte that the locale
 * does not know as a character counts as one column. */
static size_t next_char(const char *text, size_t len, int *width)
{
    mbstate_t state;
    wchar_t c;
    size_t n;

    if (text[0] >= ' ' && text[0] <= '~') { /* itself, in every locale */
        *width = 1;
        return 1;
    }
    memset(&state, 0, sizeof(state));
    n = mbrtowc(&c, text, len, &state);
    if (n == 0 || n > len) {
        *width = 1;
        return 1;
    }
    *width = wcwidth(c);
    if (*width < 0)
        *width = 1;
    return n;
}

int ot_output_width(const char *text)
{
    size_t len = strlen(text);
    int total = 0;

    for (size_t at = 0; at < len;) {
        size_t plain = ot_text_plain_len(text + at, len - at);
        int width = 0;

        at += plain;
        total += (int)plain;
        if (at < len)
            at += next_char(text + at, len - at, &width);
        total += width;
    }
    return total;
}

size_t ot_output_fit(const char *text, int limit)
{
    size_t len = strlen(text);
    size_t at = 0;
    int total = 0;

    while (at < len) {
        int width;
        size_t n = next_char(text + at, len - at, &width);

        if (total + width > limit)
            break;
        total += width;
        at += n;
    }
    return at;
}

const char *ot_output_time(char *buf, int64_t unix_seconds)
{
    time_t t = (time_t)unix_seconds;
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL ||
        strftime(buf, OT_TIME_MAX, "%Y-%m-%d %H:%M:%SZ", &tm) == 0)
        snprintf(buf, OT_TIME_MAX, "@%lld", (long long)unix_seconds);
    return buf;
}
