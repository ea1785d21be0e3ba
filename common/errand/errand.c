#include "errand/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/confinement.h"
#include "base/environment.h"
#include "config/identifier.h"
#include "config/source.h"
#include "files/write_all.h"

/* Where the child holds them. */
#define INPUT_FD 0
#define KEY_FD 4
#define REPORT_FD 5

/* The command, --source, two descriptors with their options, the program's name, NULL. */
#define ARGV_MAX (OT_ERRAND_ARGUMENTS_MAX + 8u)

/* A status, an id, a sentence, and the words before them. */
#define REPORT_MAX (OT_ERROR_MAX + OT_ID_MAX + 128u)

#define KEY_VARIABLE "OPENAI_ADMIN_KEY"

/* What is open on our side while the child runs. */
struct pipes {
    int input, key, report[2];
};

bool ot_errand_is_allowed(void)
{
    return !ot_env_is_secure_mode() && ot_confinement_check(NULL) == OT_OK;
}

struct ot_span ot_errand_key(struct ot_span typed)
{
    if (ot_span_equal(typed, ot_span_str("config")))
        return OT_SPAN_ABSENT;
    return typed;
}

static enum ot_status hand_over(int fd, struct ot_span data, const char *what,
                                struct ot_error *err)
{
    if (ot_write_all(fd, data.data, data.len))
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot hand %s to the orgtrust command",
                          what);
}

/* A file without a name: it takes an input of any size before the child is there, so that
 * nobody has to feed a pipe whose reader may die, which would raise SIGPIPE in the host.
 */
static enum ot_status open_input(int *fd, struct ot_span input, struct ot_error *err)
{
    enum ot_status status;

    *fd = memfd_create("orgtrust-input", MFD_CLOEXEC);
    if (*fd < 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot make the input of the orgtrust command");
    status = ot_child_lift(fd, err);
    if (status == OT_OK)
        status = hand_over(*fd, input, "its input", err);
    if (status == OT_OK && lseek(*fd, 0, SEEK_SET) != 0)
        status = ot_error_errno(err, OT_E_IO, errno,
                                "cannot make the input of the orgtrust command");
    return status;
}

/* The whole key is in the pipe before there is a reader; without O_NONBLOCK, a user at
 * the limit of memory for pipes would wait here for ever. */
static enum ot_status open_key(int *fd, struct ot_span key, struct ot_error *err)
{
    enum ot_status status;
    int ends[2];

    if (key.len > OT_KEY_BYTES_MAX)
        return ot_error_set(err, OT_E_USAGE, "the admin key is longer than %d bytes",
                            OT_KEY_BYTES_MAX);
    status = ot_child_pipe(ends, err);
    if (status != OT_OK)
        return status;
    *fd = ends[0];
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        status = ot_error_errno(err, OT_E_IO, errno,
                                "cannot hand the key to the orgtrust command");
    if (status == OT_OK)
        status = hand_over(ends[1], key, "the key", err);
    close(ends[1]);
    return status;
}

static enum ot_status open_pipes(struct pipes *pipes, const struct ot_errand *errand,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    if (errand->input.data != NULL)
        status = open_input(&pipes->input, errand->input, err);
    if (status == OT_OK && errand->key.data != NULL)
        status = open_key(&pipes->key, errand->key, err);
    if (status == OT_OK)
        status = ot_child_pipe(pipes->report, err);
    return status;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum ot_status fill_argv(const char *argv[ARGV_MAX],
                                const struct ot_errand *errand, struct ot_error *err)
{
    size_t n = 0;

    if (errand->arguments[0] == NULL)
        return ot_error_set(err, OT_E_INTERNAL, "an errand without a command");
    argv[n++] = "orgtrust";
    argv[n++] = errand->arguments[0];
    argv[n++] = "--source";
    argv[n++] = errand->source->name;
    if (errand->key.data != NULL)
        argv[n++] = "--key-fd=4";
    argv[n++] = "--report-fd=5";
    for (size_t i = 1; i < OT_ERRAND_ARGUMENTS_MAX && errand->arguments[i] != NULL; i++)
        argv[n++] = errand->arguments[i];
    argv[n] = NULL;
    return OT_OK;
}

/* A key that was given goes in place of the environment's, which the child then does not
 * see. A source that is there only because of that variable still has to be: the word in
 * its place is no key, and --key-fd goes before it. */
static const char *variable_instead(const struct ot_errand *errand)
{
    if (errand->key.data == NULL)
        return NULL;
    return strcmp(errand->source->origin, "environment") == 0 ? KEY_VARIABLE
               "=in-descriptor-4"
                                                              : KEY_VARIABLE;
}

static enum ot_status start_command(struct pipes *pipes, const struct ot_errand *errand,
                                    pid_t *pid, struct ot_error *err)
{
    const char *argv[ARGV_MAX];
    struct ot_child child = {.argv = argv,
                             .fds = {-1, -1, -1, -1, -1, -1},
                             .instead = variable_instead(errand)};
    enum ot_status status = fill_argv(argv, errand, err);

    if (status == OT_OK)
        status = open_pipes(pipes, errand, err);
    if (status != OT_OK)
        return status;
    child.fds[INPUT_FD] = pipes->input;
    child.fds[KEY_FD] = pipes->key;
    child.fds[REPORT_FD] = pipes->report[1];
    return ot_child_start(&child, pid, err);
}

/* The rest of a line that begins with word and a space; NULL: it is another. */
static const char *after_word(const char *line, const char *word)
{
    size_t len = strlen(word);

    return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static void take_reported_id(struct ot_errand_result *result, const char *id)
{
    size_t len = strlen(id);

    if (ot_is_cert_id(id, len))
        memcpy(result->id, id, len + 1);
}

/* Lines of text, as orgtrust(1) describes; what a later version adds is passed over.
 * Without a status the child has died. */
static enum ot_status parse_report(char *report, const char *what,
                                   struct ot_errand_result *result, struct ot_error *err)
{
    const char *word = NULL, *sentence = NULL, *rest;
    enum ot_status status;
    char *line, *end;

    for (line = report; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if ((rest = after_word(line, "id")) != NULL)
            take_reported_id(result, rest);
        else if ((rest = after_word(line, "error")) != NULL)
            sentence = rest;
        else if ((rest = after_word(line, "status")) != NULL)
            word = rest;
        else if (strcmp(line, "done") == 0)
            result->done = true;
    }
    if (word == NULL || *line != '\0')
        return ot_error_set(err, OT_E_INTERNAL,
                            "%s ended without a report: it was killed, or what is "
                            "installed as the orgtrust command is not of this version",
                            what);
    status = ot_status_from_word(word);
    if (status == OT_OK) {
        result->done = true;
        return OT_OK;
    }
    return ot_error_set(err, status, "%s",
                        sentence != NULL ? sentence : "the orgtrust command has failed");
}

static enum ot_status run_command_to_end(const struct ot_errand *errand,
                                         struct ot_errand_result *result,
                                         struct ot_error *err)
{
    struct pipes pipes = {-1, -1, {-1, -1}};
    const bool adopted = ot_child_is_adopted();
    char report[REPORT_MAX + 1], what[64];
    enum ot_status status;
    size_t len = 0;
    pid_t pid = 0;

    status = start_command(&pipes, errand, &pid, err);
    close_end(&pipes.input);
    close_end(&pipes.key);
    close_end(&pipes.report[1]);
    if (status != OT_OK) {
        close_end(&pipes.report[0]);
        return status;
    }
    snprintf(what, sizeof(what), "orgtrust %.40s", errand->arguments[0]);
    status = ot_child_read(pipes.report[0], errand->timeout_ms, report, REPORT_MAX, &len,
                           what, err);
    if (status == OT_E_BUSY)
        return ot_error_set(err, status,
                            "%s has not ended within %d s; it goes on, so look at what "
                            "is there before you try again",
                            what, (errand->timeout_ms + 999) / 1000);
    if (status != OT_OK)
        return status;
    if (adopted)
        ot_child_reap(pid);
    report[len] = '\0';
    return parse_report(report, what, result, err);
}

enum ot_status ot_errand_run(const struct ot_errand *errand,
                             struct ot_errand_result *result, struct ot_error *err)
{
    enum ot_status status;
    int cancel;

    memset(result, 0, sizeof(*result));
    if (ot_env_is_secure_mode())
        return ot_error_set(err, OT_E_USAGE,
                            "a program with more rights than its user has no orgtrust "
                            "command run; run it yourself");
    status = ot_confinement_check(err);
    if (status != OT_OK)
        return status;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    status = run_command_to_end(errand, result, err);
    pthread_setcancelstate(cancel, NULL);
    return status;
}
