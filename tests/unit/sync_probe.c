/* Stands in for `orgtrust` in the tests of what starts it: writes down how it was
 * started, then does what the environment says.
 *
 *   ORGTRUST_TEST_COUNT     append a byte to this file, first of all
 *   ORGTRUST_TEST_REPORT    write arguments, environment, descriptors and so on there
 *   ORGTRUST_TEST_ERRAND    and what can be read from the descriptors 0 and 4
 *   ORGTRUST_TEST_DELAY_MS  sleep before the next
 *   ORGTRUST_TEST_FROM      rename this file to
 *   ORGTRUST_TEST_TO        that one, as a sync puts a snapshot or a state in place
 *   ORGTRUST_TEST_SAY       write this to descriptor 5 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void count(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, "x", 1) != 1)
        abort();
    close(fd);
}

static void report_descriptors(FILE *out)
{
    DIR *dir = opendir("/proc/self/fd");
    char target[PATH_MAX];
    struct dirent *entry;
    ssize_t n;

    if (dir == NULL)
        abort();
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name);

        n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        if (n < 0 || fd == dirfd(dir) || fd == fileno(out))
            continue;
        target[n] = '\0';
        fprintf(out, "fd %d %s\n", fd, target);
    }
    closedir(dir);
}

static void report_signals(FILE *out)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];

    if (status == NULL)
        abort();
    while (fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "SigBlk:", 7) == 0 || strncmp(line, "SigIgn:", 7) == 0)
            fputs(line, out);
    fclose(status);
}

/* All that fd gives, as its length, a sum over it, and how it begins. */
static void report_content(FILE *out, int fd)
{
    unsigned long sum = 0, len = 0;
    char start[41] = "";
    unsigned char c;

    while (read(fd, &c, 1) == 1) {
        if (len < sizeof(start) - 1)
            start[len] = (char)c;
        sum = (sum * 31 + c) % 1000003;
        len++;
    }
    fprintf(out, "read %d %lu bytes, sum %lu: %s\n", fd, len, sum, start);
}

static void report(const char *path, char **argv)
{
    char temporary[PATH_MAX], cwd[PATH_MAX];
    mode_t mask = umask(077);
    char **variable;
    FILE *out;

    snprintf(temporary, sizeof(temporary), "%s.part", path);
    out = fopen(temporary, "we");
    if (out == NULL || getcwd(cwd, sizeof(cwd)) == NULL)
        abort();
    report_descriptors(out);
    report_signals(out);
    fprintf(out, "cwd %s\numask %03o\nleader %d\n", cwd, mask, getsid(0) == getpid());
    for (; *argv != NULL; argv++)
        fprintf(out, "arg %s\n", *argv);
    for (variable = environ; *variable != NULL; variable++)
        fprintf(out, "env %s\n", *variable);
    if (getenv("ORGTRUST_TEST_ERRAND") != NULL) {
        report_content(out, 0);
        report_content(out, 4);
    }
    fclose(out);
    if (rename(temporary, path) != 0)
        abort();
}

int main(int argc, char **argv)
{
    const char *delay = getenv("ORGTRUST_TEST_DELAY_MS");
    const char *from = getenv("ORGTRUST_TEST_FROM"), *to = getenv("ORGTRUST_TEST_TO");
    const char *say = getenv("ORGTRUST_TEST_SAY");
    struct timespec t = {0};

    (void)argc;
    if (getenv("ORGTRUST_TEST_COUNT") != NULL)
        count(getenv("ORGTRUST_TEST_COUNT"));
    if (getenv("ORGTRUST_TEST_REPORT") != NULL)
        report(getenv("ORGTRUST_TEST_REPORT"), argv);
    if (delay != NULL) {
        t.tv_sec = atol(delay) / 1000;
        t.tv_nsec = atol(delay) % 1000 * 1000000;
        nanosleep(&t, NULL);
    }
    if (from != NULL && to != NULL)
        rename(from, to);
    if (say != NULL && write(5, say, strlen(say)) != (ssize_t)strlen(say))
        return 1;
    return 0;
}
