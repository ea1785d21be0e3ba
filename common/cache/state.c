#include "cache/state.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/confinement.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/text.h"
#include "cache/freshness.h"
#include "config/ini_file.h"
#include "config/source_path.h"
#include "files/path.h"

/* INI, so that a person can read it. The sentence is quoted, because INI takes blanks off
 * and breaks at a semicolon, and percent-encoded where needed. */
static const char *const keys[] = {"attempt_at",   "retry_at",      "failures",
                                   "status",       "message",       "key_ends_at",
                                   "key_asked_at", "takes_reports", "takes_waits"};
enum {
    ATTEMPT_AT,
    RETRY_AT,
    FAILURES,
    STATUS,
    MESSAGE,
    KEY_ENDS_AT,
    KEY_ASKED_AT,
    TAKES_REPORTS,
    TAKES_WAITS,
    KEYS
};

struct reader {
    struct ot_state *state;
    bool seen[KEYS];
};

static enum ot_status refuse_key_value(const char *key, struct ot_error *err)
{
    return ot_error_set(err, OT_E_CORRUPT, "%s is not what orgtrust writes there", key);
}

/* What stands in the quotes, which may not be longer than an error's sentence. */
static bool parse_message(char *message, const char *value)
{
    size_t n = 0, len = strlen(value), i;

    if (len < 2 || value[0] != '"' || value[len - 1] != '"')
        return false;
    for (i = 1; i < len - 1; i++) {
        char c = value[i];

        if (c == '%') {
            int byte = ot_hex_byte(value + i + 1);

            if (byte <= 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        if (n + 1 >= OT_ERROR_MAX)
            return false;
        message[n++] = c;
    }
    message[n] = '\0';
    return true;
}

static enum ot_status take_state_line(void *arg, const char *key, const char *value,
                                      unsigned line, struct ot_error *err)
{
    struct reader *reader = arg;
    struct ot_state *state = reader->state;
    int64_t number = 0;
    bool good = false;
    int i = 0;

    (void)line;
    while (i < KEYS && strcmp(keys[i], key) != 0)
        i++;
    if (i == KEYS || reader->seen[i])
        return ot_error_set(err, OT_E_CORRUPT,
                            "a key that orgtrust does not write there");
    reader->seen[i] = true;
    switch (i) {
    case ATTEMPT_AT:
        good = ot_text_number(&state->attempt_at, value, INT64_MAX);
        break;
    case RETRY_AT:
        good = ot_text_number(&state->retry_at, value, INT64_MAX);
        break;
    case FAILURES:
        good = ot_text_number(&number, value, INT32_MAX);
        state->failures = (unsigned)number;
        break;
    case STATUS:
        state->last.status = ot_status_from_word(value);
        good = strcmp(ot_status_word(state->last.status), value) == 0;
        break;
    case KEY_ENDS_AT:
        good = ot_text_number(&state->key_ends_at, value, INT64_MAX);
        break;
    case KEY_ASKED_AT:
        good = ot_text_number(&state->key_asked_at, value, INT64_MAX);
        break;
    case TAKES_REPORTS:
        good = ot_text_number(&number, value, 1);
        state->takes_reports = number != 0;
        break;
    case TAKES_WAITS:
        good = ot_text_number(&number, value, 1);
        state->takes_waits = number != 0;
        break;
    default:
        good = parse_message(state->last.message, value);
    }
    return good ? OT_OK : refuse_key_value(keys[i], err);
}

/* What ot_state_write leaves on a full disk. */
static void take_empty_file(struct ot_state *state, int64_t written_at)
{
    state->attempt_at = written_at;
    state->failures = 1;
    state->retry_at = written_at + ot_freshness_backoff(state->failures);
    ot_error_set(&state->last, OT_E_NO_SPACE,
                 "the last attempt failed, and the disk had no room to write down why; "
                 "make room on it");
}

enum ot_status ot_state_read(struct ot_state *state, const char *path,
                             struct ot_error *err)
{
    struct reader reader = {.state = state};
    const struct ot_ini ini = {NULL, take_state_line, &reader, OT_E_CORRUPT};
    struct ot_error raw = OT_ERROR_INIT;
    struct stat st = {0};
    enum ot_status status;
    int fd;

    memset(state, 0, sizeof(*state));
    status = ot_path_open(&fd, path, OT_STATE_BYTES_MAX - 1, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK)
        return status;
    status = ot_ini_read(&ini, path, fd, OT_STATE_BYTES_MAX - 1, err);
    if (status == OT_OK && fstat(fd, &st) == 0 && st.st_size == 0)
        take_empty_file(state, st.st_mtime);
    close(fd);
    if (status != OT_OK) {
        memset(state, 0, sizeof(*state));
        return status;
    }
    /* Once more through the escaping: a sentence keeps error.h's promise wherever it came
     * from. */
    ot_error_set(&raw, state->last.status, "%s", state->last.message);
    state->last = raw;
    return OT_OK;
}

bool ot_state_holds_back(const struct ot_state *state, int64_t now)
{
    return state->failures > 0 && state->last.status != OT_OK && now < state->retry_at &&
           state->attempt_at <= now + OT_CLOCK_SKEW_S;
}

enum ot_status ot_state_of(struct ot_state *state, const struct ot_source *source,
                           struct ot_error *err)
{
    struct ot_state offline;
    char path[PATH_MAX];
    enum ot_status status;

    memset(state, 0, sizeof(*state));
    status = ot_source_path(path, source, OT_SOURCE_STATE, err);
    if (status == OT_OK)
        status = ot_state_read(state, path, err);
    if (status != OT_OK || ot_state_holds_back(state, (int64_t)time(NULL)))
        return status;
    if (ot_source_path(path, source, OT_SOURCE_OFFLINE, NULL) == OT_OK &&
        ot_state_read(&offline, path, NULL) == OT_OK && offline.failures > 0 &&
        !ot_confinement_has_route())
        *state = offline;
    return OT_OK;
}

/* A growing text that remembers that it did not fit. */
struct text {
    char *at;
    size_t left; /* with the terminator */
};

static void put_bytes(struct text *text, const char *bytes, size_t len)
{
    if (len >= text->left) {
        text->left = 0;
        return;
    }
    memcpy(text->at, bytes, len);
    text->at += len;
    text->left -= len;
    *text->at = '\0';
}

/* One character of the message, encoded; returns how many bytes of it were taken. */
static size_t encode_state(char *out, size_t *out_len, const char *message)
{
    unsigned char c = (unsigned char)message[0];
    size_t n = 1;

    if (c < ' ' || c == 0x7f || c == '%' || c == ';' || c == '"') {
        *out_len = (size_t)snprintf(out, 4, "%%%02x", c);
        return 1;
    }
    while (n < 4 && ((unsigned char)message[n] & 0xc0) == 0x80)
        n++;
    memcpy(out, message, n);
    *out_len = n;
    return n;
}

static void put_message(struct text *text, const char *message)
{
    char character[5];
    size_t len;

    if (*message == '\0')
        return;
    put_bytes(text, "message = \"", 11);
    while (*message != '\0') {
        message += encode_state(character, &len, message);
        put_bytes(text, character, len);
    }
    put_bytes(text, "\"\n", 2);
}

size_t ot_state_format(const struct ot_state *state, char *buf, size_t size)
{
    char head[320];
    struct text text = {buf, size};
    int n =
        snprintf(head, sizeof(head),
                 "# How the last attempts to sync went; orgtrust sync writes this.\n"
                 "attempt_at = %" PRId64 "\nretry_at = %" PRId64
                 "\nfailures = %u\nstatus = %s\nkey_ends_at = %" PRId64
                 "\nkey_asked_at = %" PRId64 "\ntakes_reports = %d\ntakes_waits = %d\n",
                 state->attempt_at, state->retry_at, state->failures,
                 ot_status_word(state->last.status), state->key_ends_at,
                 state->key_asked_at, state->takes_reports, state->takes_waits);

    put_bytes(&text, head, (size_t)n);
    put_message(&text, state->last.message);
    return text.left == 0 ? 0 : (size_t)(text.at - buf);
}
