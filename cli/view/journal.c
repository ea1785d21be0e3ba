#include "view/journal_internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

bool ot_journal_is_behind(int fd)
{
    const char *said = getenv("JOURNAL_STREAM");
    char is[64];
    struct stat st;

    if (said == NULL || fstat(fd, &st) != 0)
        return false;
    snprintf(is, sizeof(is), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(said, is) == 0;
}

/* Its length before it, so that it may hold line ends. */
static void write_journal_field(FILE *to, const struct ot_journal_field *field)
{
    uint64_t len = field->value.len;
    uint8_t prefix[8];

    if (field->value.data == NULL)
        return;
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)(len >> (8 * i));
    fprintf(to, "%s\n", field->name);
    fwrite(prefix, 1, sizeof(prefix), to);
    fwrite(field->value.data, 1, field->value.len, to);
    fputc('\n', to);
}

static bool send_to_journal(const char *entry, size_t len)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX,
                                        .sun_path = JOURNAL_SOCKET};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent;

    if (fd < 0)
        return false;
    sent = sendto(fd, entry, len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                  sizeof(address));
    close(fd);
    return sent == (ssize_t)len;
}

bool ot_journal_send(const struct ot_journal_field *fields, size_t count)
{
    char *entry = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&entry, &len);
    bool good;

    if (to == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        write_journal_field(to, &fields[i]);
    good = ferror(to) == 0;
    good = fclose(to) == 0 && good && send_to_journal(entry, len);
    free(entry);
    return good;
}
