/* What the command writes: results to standard output, remarks to standard error.
 *
 * A result that could not be written whole (full disk, closed pipe) is a failure of the
 * command: the first error is kept and ot_output_finish reports it. */
#ifndef OT_CLI_VIEW_OUTPUT_H
#define OT_CLI_VIEW_OUTPUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/span.h"
#include "config/config.h"

struct ot_output {
    FILE *stream;
    int columns;     /* of the terminal; 0: not one, lines may be of any length */
    bool is_used;    /* something was printed, or tried to be */
    int first_errno; /* 0: everything has been written so far */
};

void ot_output_init(struct ot_output *out, FILE *stream);
void ot_output_printf(struct ot_output *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* As they are: an exported file. */
void ot_output_bytes(struct ot_output *out, const void *bytes, size_t len);
/* One after the other, as they are; one that is absent is nothing. */
void ot_output_pieces(struct ot_output *out, const struct ot_span *pieces, size_t count);
/* Text from the network, its control and bidi characters escaped. */
void ot_output_text(struct ot_output *out, const char *text, size_t len);
/* One JSON value and a line end; indented, or on one line for a stream of events. */
enum ot_status ot_output_json(struct ot_output *out, const cJSON *value, bool one_line,
                              struct ot_error *err);
/* Flushes; OT_E_IO or OT_E_NO_SPACE when anything was lost since init. */
/* {"error": {"status", "message"}}, for a failure that nothing else on standard output
 * tells a program. */
enum ot_status ot_output_json_error(struct ot_output *out, enum ot_status status,
                                    const char *message, struct ot_error *err);

/* What was printed goes out now, so that what is said on standard error next stands
 * behind it. */
void ot_output_flush(struct ot_output *out);
enum ot_status ot_output_finish(struct ot_output *out, struct ot_error *err);

/* syslog(3)'s, which the journal keeps of a line that begins with <N> (sd-daemon(3)). */
enum ot_priority { OT_PRIORITY_ERROR = 3, OT_PRIORITY_WARNING = 4, OT_PRIORITY_INFO = 6 };

/* "orgtrust: …" as one line on standard error, escaped as ot_output_text does; where the
 * journal is behind it, with its priority. */
void ot_output_log(enum ot_priority priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same: something went on; "warning: …"; something failed. */
#define ot_output_say(...) ot_output_log(OT_PRIORITY_INFO, __VA_ARGS__)
#define ot_output_warn(...) ot_output_log(OT_PRIORITY_WARNING, "warning: " __VA_ARGS__)
#define ot_output_fail(...) ot_output_log(OT_PRIORITY_ERROR, __VA_ARGS__)

/* What goes behind the sentence of a failure for which this user has no permission, and
 * root would; else "". */
const char *ot_output_remedy(const struct ot_error *err);

/* The same of what the configuration's keeper should change, if there is any. */
void ot_output_advise(const struct ot_config *config);

/* Columns of the terminal behind fd: COLUMNS, else what the terminal says, else 80;
 * 0 when fd is no terminal. */
int ot_output_columns(int fd);

/* Columns that UTF-8 text takes on a terminal, and how many bytes of it fit into limit.
 */
int ot_output_width(const char *text);
size_t ot_output_fit(const char *text, int limit);

#define OT_TIME_MAX 32
/* "2026-11-23 20:47:45Z"; buf has OT_TIME_MAX bytes. Returns buf. */
const char *ot_output_time(char *buf, int64_t unix_seconds);

#endif
