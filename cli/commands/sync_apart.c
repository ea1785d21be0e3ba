#include "commands/sync_apart_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/source.h"
#include "files/write_all.h"
#include "sync/sync_options.h"

/* How often the other process says that it goes on. */
#define PROGRESS_MS 1000

/* How long it has for ending by itself: whoever ends this one often ends both. */
#define GRACE_MS 500

/* What goes through the pipe. */
struct message {
    bool is_result; /* else it only goes on, and the rest means nothing */
    enum ot_status status;
    struct ot_sync_result result;
    struct ot_error error;
};

struct sender {
    int fd;
    int64_t sent_ms;
};

static void tell_progress(void *arg, const char *phase, size_t done, size_t total)
{
    static const struct message goes_on = {.is_result = false};
    struct sender *sender = arg;
    int64_t now_ms = ot_clock_ms();

    (void)phase;
    (void)done;
    (void)total;
    if (now_ms - sender->sent_ms < PROGRESS_MS)
        return;
    sender->sent_ms = now_ms;
    ot_write_all(sender->fd, &goes_on, sizeof(goes_on));
}

static void sync_and_tell(const struct ot_source *source,
                          const struct ot_sync_options *options, int fd)
{
    struct sender sender = {.fd = fd, .sent_ms = ot_clock_ms()};
    struct ot_sync_options own = *options;
    struct message message;

    /* Not longer than whoever waits for it. */
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    own.progress = tell_progress;
    own.waits = NULL; /* the other end has nothing to tell it to */
    own.arg = &sender;
    memset(&message, 0, sizeof(message));
    message.is_result = true;
    message.status = ot_sync(source, &own, &message.result, &message.error);
    ot_write_all(fd, &message, sizeof(message));
    _exit(0);
}

/* False: there is no further message. */
static bool read_message(int fd, struct message *message)
{
    size_t got = 0;

    while (got < sizeof(*message)) {
        ssize_t n = read(fd, (char *)message + got, sizeof(*message) - got);

        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        got += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Until there is something to read; the end that this process was asked for is the other
 * one's, too. */
static void wait_for_message(int fd, pid_t child, const volatile int *stop)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    bool is_stopping = false;

    while (poll(&readable, 1, GRACE_MS) <= 0) {
        if (!is_stopping && stop != NULL && *stop != 0) {
            poll(&readable, 1, GRACE_MS);
            if (readable.revents == 0)
                kill(child, SIGTERM);
            is_stopping = true;
        }
    }
}

enum ot_status ot_sync_apart(const struct ot_source *source,
                             const struct ot_sync_options *options,
                             struct ot_sync_result *result, struct ot_error *err)
{
    struct message message = {.is_result = false};
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ot_sync(source, options, result, err);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        sync_and_tell(source, options, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return ot_sync(source, options, result, err);
    }
    do {
        wait_for_message(ends[0], child, options->stop);
        if (!read_message(ends[0], &message))
            break;
        if (!message.is_result && options->progress != NULL)
            options->progress(options->arg, "list", 0, 0);
    } while (!message.is_result);
    close(ends[0]);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (!message.is_result)
        return ot_error_set(err, OT_E_INTERNAL,
                            "source '%s': the process that synced it ended before that",
                            source->name);
    *result = message.result;
    if (message.status != OT_OK)
        *err = message.error;
    return message.status;
}
