#include "http/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/limits.h"
#include "base/span.h"
#include "config/key_form.h"
#include "config/source.h"
#include "files/path.h"
#include "files/read_all.h"

#define KEY_VARIABLE "OPENAI_ADMIN_KEY"

/* What is kept in a file of its own, and how messages call it. */
struct kind {
    const char *name, *word, *setting;
    size_t least; /* characters */
};

static const struct kind admin_key = {"admin key", "key", "admin_key_file", 0};
static const struct kind notify_secret = {"secret for notify_url", "secret",
                                          "notify_secret_file", OT_NOTIFY_SECRET_LEN_MIN};

void ot_key_clear(struct ot_key *key)
{
    if (key->secret != NULL)
        OPENSSL_cleanse(key->secret, key->len);
    free(key->secret);
    memset(key, 0, sizeof(*key));
}

static bool begins_with(const char *text, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* NAME=…, as a file of variables has it: no key is in capitals up to a '='. */
static bool names_variable(const char *text, size_t len)
{
    size_t i = 0;

    if (begins_with(text, len, "export "))
        return true;
    while (i < len && ((text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_'))
        i++;
    return i > 0 && i + 1 < len && text[i] == '=';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

/* What people and editors put around a key; NULL: nothing of that kind. */
static const char *find_wrapping(const char *text, size_t len)
{
    if (begins_with(text, len, "\xef\xbb\xbf"))
        return "it begins with a byte order mark, which an editor put there: save it as "
               "UTF-8 without one";
    if (begins_with(text, len, "\xff\xfe") || begins_with(text, len, "\xfe\xff"))
        return "it is in UTF-16: save it as plain ASCII or UTF-8";
    if (names_variable(text, len))
        return "it begins with the name of a variable: take that and the '=' out";
    if (is_quote(text[0]) || is_quote(text[len - 1]))
        return "it has quotation marks around it: take them out";
    if (memchr(text, '\n', len) != NULL)
        return "it has more than one line: let only the key stand there";
    return NULL;
}

/* One line of visible ASCII: anything else cannot stand in a header, and is more likely
 * another file than a key. */
static enum ot_status check_letters(const char *text, size_t len, const char *origin,
                                    const struct kind *kind, struct ot_error *err)
{
    size_t at = 0;

    while (at < len && text[at] >= 0x21 && text[at] <= 0x7e)
        at++;
    if (at == len)
        return OT_OK;
    if (text[at] == ' ' || text[at] == '\t')
        return ot_error_set(err, OT_E_CONFIG,
                            "%s holds no %s: there is a blank (byte %zu) in it; the %s "
                            "must stand there alone, without a word before it",
                            origin, kind->name, at + 1, kind->word);
    return ot_error_set(err, OT_E_CONFIG,
                        "%s holds no %s: byte %zu is not a visible ASCII character; the "
                        "%s must be one line without spaces",
                        origin, kind->name, at + 1, kind->word);
}

/* No message quotes what was found. */
static enum ot_status check_secret(const char *text, size_t len, const char *origin,
                                   const struct kind *kind, struct ot_error *err)
{
    const char *wrapping;

    if (len == 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s holds no %s: it is empty; put the %s there as one "
                            "line of text",
                            origin, kind->name, kind->word);
    if (len > OT_KEY_BYTES_MAX)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s holds no %s: it is longer than %d bytes", origin,
                            kind->name, OT_KEY_BYTES_MAX);
    if (len < kind->least)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s holds no %s: it is shorter than %zu characters; openssl "
                            "rand -hex 32 makes one",
                            origin, kind->name, kind->least);
    wrapping = find_wrapping(text, len);
    if (wrapping != NULL)
        return ot_error_set(err, OT_E_CONFIG, "%s holds no %s alone: %s", origin,
                            kind->name, wrapping);
    return check_letters(text, len, origin, kind, err);
}

static bool is_left_out(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes text, which need not end with NUL, over into key, without the blanks and the ends
 * of lines around it: they come from copying, and no key has them. */
static enum ot_status set_secret(struct ot_key *key, const char *text, size_t len,
                                 const struct kind *kind, struct ot_error *err)
{
    enum ot_status status;

    while (len > 0 && is_left_out(text[len - 1]))
        len--;
    for (; len > 0 && is_left_out(text[0]); text++)
        len--;
    status = check_secret(text, len, key->origin, kind, err);
    if (status != OT_OK)
        return status;
    key->secret = malloc(len + 1);
    if (key->secret == NULL)
        return ot_error_nomem(err);
    memcpy(key->secret, text, len);
    key->secret[len] = '\0';
    key->len = len;
    return OT_OK;
}

static enum ot_status read_secret(struct ot_key *key, int fd, const struct kind *kind,
                                  struct ot_error *err)
{
    char text[OT_KEY_BYTES_MAX + 3]; /* a line end, and one byte that is too many */
    ssize_t len = ot_read_all(fd, text, sizeof(text));
    enum ot_status status;

    if (len < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot read the %s from %s",
                                kind->name, key->origin);
    else
        status = set_secret(key, text, (size_t)len, kind, err);
    OPENSSL_cleanse(text, sizeof(text));
    return status;
}

static void set_origin(struct ot_key *key, const char *origin)
{
    snprintf(key->origin, sizeof(key->origin), "%s", origin);
}

/* Whether nobody can write there: a mount of its own that is read-only, as Kubernetes and
 * Docker hand secrets to a container. The root itself does not count: on a machine of
 * many users it may be read-only, too. */
static bool is_on_secret_mount(int fd)
{
    struct statvfs mount;
    struct stat file, root;

    return fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0 &&
           fstat(fd, &file) == 0 && stat("/", &root) == 0 && file.st_dev != root.st_dev;
}

/* A link there is followed as far as it stays on that very mount: Kubernetes has KEY ->
 * ..data/KEY and ..data -> ..TIME. -1: there is nothing of the kind. */
static int open_on_secret_mount(const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    int dir, fd = -1;

    if (slash == NULL || slash == path || slash - path >= PATH_MAX)
        return -1;
    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
    dir = open(parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir >= 0 && is_on_secret_mount(dir))
        fd = (int)syscall(SYS_openat2, dir, slash + 1, &how, sizeof(how));
    if (dir >= 0)
        close(dir);
    return fd;
}

static enum ot_status open_secret(int *fd, const char *path, struct ot_error *err)
{
    enum ot_status status;
    struct stat st;

    *fd = open_on_secret_mount(path);
    if (*fd < 0)
        return ot_path_open(fd, path, OT_KEY_BYTES_MAX + 2, err);
    if (fstat(*fd, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    else if (!S_ISREG(st.st_mode))
        status = ot_error_set(err, OT_E_UNSAFE, "%s is not a regular file", path);
    else
        status = ot_path_check_owner(*fd, &st, path, err);
    if (status == OT_OK)
        return OT_OK;
    close(*fd);
    *fd = -1;
    return status;
}

/* Who can read what is on such a mount is for whoever made it. */
static enum ot_status check_mode(int fd, const char *path, const struct kind *kind,
                                 struct ot_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine the %s file %s",
                              kind->word, path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 &&
        ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 || !is_on_secret_mount(fd)))
        return ot_error_set(
            err, OT_E_UNSAFE,
            "the %s file %s has mode %04o, others can get at the %s; run: "
            "chmod 600 '%s'",
            kind->word, path, (unsigned)(st.st_mode & 07777), kind->word, path);
    return OT_OK;
}

/* Owner, kind and who may write: the rule for every file that is trusted. Secrecy comes
 * on top. */
static enum ot_status load_file(struct ot_key *key, const char *path,
                                const struct kind *kind, const struct ot_source *source,
                                struct ot_error *err)
{
    enum ot_status status;
    int fd = -1;

    set_origin(key, path);
    status = open_secret(&fd, path, err);
    if (status == OT_E_NOT_FOUND)
        return ot_error_set(err, OT_E_CONFIG,
                            "the %s file %s does not exist; create it with mode 0600, or "
                            "change %s of the source %s (%s)",
                            kind->word, path, kind->setting, source->name,
                            source->origin);
    if (status != OT_OK) {
        ot_error_prefix(err, "%s", kind->setting);
        return status;
    }
    status = check_mode(fd, path, kind, err);
    if (status == OT_OK)
        status = read_secret(key, fd, kind, err);
    close(fd);
    return status;
}

enum ot_status ot_key_load(struct ot_key *key, const struct ot_source *source,
                           struct ot_error *err)
{
    enum ot_status status = OT_OK;
    const char *value;

    memset(key, 0, sizeof(*key));
    if (source->admin_key_file != NULL) {
        status = load_file(key, source->admin_key_file, &admin_key, source, err);
    } else {
        set_origin(key, KEY_VARIABLE);
        value = ot_env_get(KEY_VARIABLE);
        if (value != NULL)
            status = set_secret(key, value, strlen(value), &admin_key, err);
    }
    if (status != OT_OK)
        ot_key_clear(key);
    return status;
}

enum ot_status ot_key_load_notify_secret(struct ot_key *key,
                                         const struct ot_source *source,
                                         struct ot_error *err)
{
    enum ot_status status;

    memset(key, 0, sizeof(*key));
    status = load_file(key, source->notify_secret_file, &notify_secret, source, err);
    if (status != OT_OK)
        ot_key_clear(key);
    return status;
}

/* What was given by hand may be anything: it does not leave the machine unless it can be
 * a key. */
static enum ot_status check_given(struct ot_key *key, enum ot_status status,
                                  struct ot_error *err)
{
    if (status == OT_OK && !ot_key_is_possible(ot_span_of(key->secret, key->len)))
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s holds no admin key, and what it holds was not sent: "
                              "a key begins " OT_KEY_OF_SERVER " or " OT_KEY_OF_HOSTED
                              ", or has at least %d characters",
                              key->origin, OT_KEY_OTHER_LEN_MIN);
    if (status != OT_OK)
        ot_key_clear(key);
    return status;
}

enum ot_status ot_key_read_fd(struct ot_key *key, int fd, struct ot_error *err)
{
    memset(key, 0, sizeof(*key));
    snprintf(key->origin, sizeof(key->origin), "the caller's descriptor %d", fd);
    return check_given(key, read_secret(key, fd, &admin_key, err), err);
}

enum ot_status ot_key_read_named(struct ot_key *key, const char *path,
                                 struct ot_error *err)
{
    int fd = -1;
    enum ot_status status;

    memset(key, 0, sizeof(*key));
    set_origin(key, path);
    status = ot_path_open_named(&fd, path, OT_KEY_BYTES_MAX + 2, err);
    if (status == OT_OK)
        status = read_secret(key, fd, &admin_key, err);
    if (fd >= 0)
        close(fd);
    return check_given(key, status, err);
}

enum ot_status ot_key_set(struct ot_key *key, const char *text, const char *origin,
                          struct ot_error *err)
{
    memset(key, 0, sizeof(*key));
    set_origin(key, origin);
    return check_given(key, set_secret(key, text, strlen(text), &admin_key, err), err);
}

enum ot_status ot_key_check_host(const struct ot_key *key, const struct ot_source *source,
                                 struct ot_error *err)
{
    const char *host;
    struct ot_span secret;
    size_t len;

    if (key == NULL || key->secret == NULL)
        return OT_OK;
    secret = ot_span_of(key->secret, key->len);
    host = ot_source_host(source, &len);
    if (ot_key_begins(secret, OT_KEY_OF_SERVER) && ot_source_is_hosted(source))
        return ot_error_set(
            err, OT_E_CONFIG,
            "the key of %s is one of orgtrust-server's and is not sent to "
            "%.*s: write that server's address, base_url = "
            "https://HOST/v1, into orgtrust.conf",
            key->origin, (int)len, host);
    if (ot_key_begins(secret, OT_KEY_OF_HOSTED) && !ot_source_is_hosted(source) &&
        source->base_url_origin != OT_URL_CONFIGURED)
        return ot_error_set(
            err, OT_E_CONFIG,
            "the key of %s is one of the hosted API's and is not sent to "
            "%.*s, which only OPENAI_BASE_URL names: if it belongs there, "
            "write base_url = %s into orgtrust.conf",
            key->origin, (int)len, host, source->base_url);
    return OT_OK;
}
