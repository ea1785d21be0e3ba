#include "command/unit_database_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As conf/systemd/orgtrust-server.service.in has them. */
#define OPTIONS_FILE ORGTRUST_SYSCONFDIR "/default/orgtrust-server"
#define OPTIONS_NAME "ORGTRUST_SERVER_OPTIONS="
#define STATE_DIRECTORY "/var/lib/orgtrust-server"
#define STATE_DATABASE STATE_DIRECTORY "/organization.db"

/* Some options, and remarks. */
#define OPTIONS_MAX (64u * 1024)

static enum ot_status read_options(char **out, struct ot_error *err)
{
    FILE *file = fopen(OPTIONS_FILE, "re");
    enum ot_status status = OT_OK;
    size_t len;

    *out = NULL;
    if (file == NULL && errno == ENOENT)
        return OT_OK;
    if (file != NULL)
        *out = calloc(1, OPTIONS_MAX + 1);
    if (file != NULL && *out == NULL) {
        fclose(file);
        return ot_error_nomem(err);
    }
    len = file != NULL ? fread(*out, 1, OPTIONS_MAX, file) : 0;
    if (file == NULL || ferror(file))
        status = ot_error_errno(err, OT_E_IO, errno,
                                "cannot read which database orgtrust-server.service has, "
                                "in %s: give it with --db",
                                OPTIONS_FILE);
    else
        (*out)[len] = '\0';
    if (file != NULL)
        fclose(file);
    return status;
}

/* As systemd.exec(5) reads it: up to one of `ends` that is not quoted, the quotation
 * marks and backslashes taken away where it lies. Returns what follows, NULL: nothing. */
static char *take_quoted(char *text, const char *ends)
{
    char quote = '\0', *to = text, *at = text;

    for (; *at != '\0' && (quote != '\0' || strchr(ends, *at) == NULL); at++) {
        if (quote == '\0' && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else if (*at == quote) {
            quote = '\0';
        } else {
            if (*at == '\\' && quote != '\'' && at[1] != '\0')
                at++;
            *to++ = *at;
        }
    }
    if (*at == '\0')
        at = NULL;
    *to = '\0';
    return at != NULL ? at + 1 : NULL;
}

/* A line that ends with a backslash goes on. */
static void join_lines(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '\\' && at[1] == '\n')
            at++;
        else
            *to++ = *at;
    }
    *to = '\0';
}

/* The value of the last line that sets the options; NULL: none does. */
static char *find_options(char *text)
{
    char *found = NULL, *rest = text;

    join_lines(text);
    while (rest != NULL) {
        char *line = rest + strspn(rest, " \t\n");
        char *end = strchr(line, '\n');

        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        if (strncmp(line, OPTIONS_NAME, strlen(OPTIONS_NAME)) == 0)
            found = line + strlen(OPTIONS_NAME);
    }
    if (found != NULL)
        take_quoted(found, "");
    return found;
}

/* The last database among the words; NULL: none. */
static const char *find_database(char *words)
{
    const char *found = NULL;
    bool is_next = false;

    while (words != NULL) {
        char *word = words + strspn(words, " \t");

        words = take_quoted(word, " \t");
        if (is_next)
            found = word;
        else if (strncmp(word, "--db=", 5) == 0)
            found = word + 5;
        is_next = !is_next && strcmp(word, "--db") == 0;
    }
    return found;
}

enum ot_status ot_unit_database(char **out, struct ot_error *err)
{
    char *text;
    const char *found = NULL;
    enum ot_status status = read_options(&text, err);

    *out = NULL;
    if (status == OT_OK && text != NULL)
        found = find_database(find_options(text));
    /* Who may not see it will be told that when he opens it. */
    if (status == OT_OK && found == NULL && access(STATE_DIRECTORY, F_OK) != 0 &&
        errno == ENOENT)
        status = OT_E_NOT_FOUND;
    if (status == OT_OK)
        *out = strdup(found != NULL ? found : STATE_DATABASE);
    if (status == OT_OK && *out == NULL)
        status = ot_error_nomem(err);
    free(text);
    return status;
}
