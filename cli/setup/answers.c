#include "setup/answers_internal.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cert/pem.h"
#include "config/config.h"
#include "config/source.h"
#include "files/path.h"
#include "files/read_all.h"
#include "view/ask.h"
#include "view/options.h"
#include "view/output.h"

#define HOSTED_API "https://api.openai.com/v1"
#define API_PATH "/v1"
#define ANSWER_MAX 1100 /* a URL, a project, a path */
#define CA_BYTES_MAX (1024u * 1024)

struct gathering {
    struct ot_answers *answers;
    const struct ot_options *options;
    const struct ot_source *now; /* NULL: there is no source `default` */
    bool asks;
};

/* *to becomes what was answered, or NULL if that was nothing. */
static enum ot_status ask_text(char **to, const char *question, struct ot_error *err)
{
    char answer[ANSWER_MAX];
    enum ot_status status =
        ot_ask_line(answer, sizeof(answer), question, OT_ASK_SHOWN, err);
    size_t begin = strspn(answer, " \t"), len = strlen(answer);

    if (status != OT_OK)
        return status;
    while (len > begin && strchr(" \t\r", answer[len - 1]) != NULL)
        len--;
    if (len == begin)
        return OT_OK;
    *to = strndup(answer + begin, len - begin);
    return *to != NULL ? OT_OK : ot_error_nomem(err);
}

/* Every API is below a path; of a host alone it is the usual one. */
static enum ot_status add_api_path(char **url, struct ot_error *err)
{
    const char *host = strstr(*url, "://");
    char *longer = NULL;
    size_t len = strlen(*url);

    while (len > 0 && (*url)[len - 1] == '/')
        len--;
    if (host == NULL || memchr(host + 3, '/', len - (size_t)(host + 3 - *url)) != NULL)
        return OT_OK;
    if (asprintf(&longer, "%.*s" API_PATH, (int)len, *url) < 0)
        return ot_error_nomem(err);
    free(*url);
    *url = longer;
    return OT_OK;
}

/* Whether what was typed is to be asked for again; why has been said then. */
static bool is_asked_again(enum ot_status status, struct ot_error *err)
{
    if (status != OT_E_CONFIG && status != OT_E_USAGE)
        return false;
    ot_output_say("%s", err->message);
    *err = (struct ot_error)OT_ERROR_INIT;
    return true;
}

static enum ot_status take_url(struct ot_answers *answers, const char *url,
                               struct ot_error *err)
{
    enum ot_status status;

    answers->base_url = strdup(url);
    if (answers->base_url == NULL)
        return ot_error_nomem(err);
    status = ot_config_check_base_url(answers->base_url, err);
    return status == OT_OK ? add_api_path(&answers->base_url, err) : status;
}

static enum ot_status ask_url(const struct gathering *g, const char *now,
                              struct ot_error *err)
{
    char question[ANSWER_MAX + 64], *typed;
    enum ot_status status;

    snprintf(question, sizeof(question), "URL of the certificates API [%s]: ", now);
    do {
        typed = NULL;
        free(g->answers->base_url);
        g->answers->base_url = NULL;
        status = ask_text(&typed, question, err);
        if (status == OT_OK)
            status = take_url(g->answers, typed != NULL ? typed : now, err);
        free(typed);
    } while (is_asked_again(status, err));
    return status;
}

static enum ot_status gather_url(const struct gathering *g, struct ot_error *err)
{
    const char *now = g->now != NULL ? g->now->base_url : HOSTED_API;
    enum ot_status status;

    if (g->options->argument_count > 0)
        status = take_url(g->answers, g->options->arguments[0], err);
    else
        status = g->asks ? ask_url(g, now, err) : take_url(g->answers, now, err);
    g->answers->settings.base_url = g->answers->base_url;
    return status;
}

static enum ot_status ask_key_once(const struct gathering *g, const char *question,
                                   struct ot_error *err)
{
    char answer[OT_KEY_BYTES_MAX + 3];
    enum ot_status status =
        ot_ask_line(answer, sizeof(answer), question, OT_ASK_HIDDEN, err);

    if (status == OT_OK && answer[strspn(answer, " \t\r")] != '\0')
        status = ot_key_set(&g->answers->key, answer, "what was typed", err);
    OPENSSL_cleanse(answer, sizeof(answer));
    return status;
}

static enum ot_status ask_key(const struct gathering *g, struct ot_error *err)
{
    bool has_one = g->now != NULL && g->now->admin_key_file != NULL;
    char question[ANSWER_MAX];
    enum ot_status status;

    if (has_one)
        snprintf(
            question, sizeof(question),
            "Admin key (is not shown; nothing: the one in %s): ", g->now->admin_key_file);
    else
        snprintf(question, sizeof(question),
                 "Admin key (is not shown; nothing: a relay, which has it): ");
    do
        status = ask_key_once(g, question, err);
    while (is_asked_again(status, err));
    return status;
}

/* The one of the environment is of no use to a service. */
static enum ot_status take_key_of_environment(const struct gathering *g,
                                              struct ot_error *err)
{
    struct ot_source none;
    enum ot_status status;

    if (g->now != NULL && g->now->admin_key_file != NULL)
        return OT_OK;
    ot_source_init(&none);
    status = ot_key_load(&g->answers->key, &none, err);
    ot_source_clear(&none);
    return status;
}

static void use_key(struct ot_answers *answers)
{
    if (answers->key.secret != NULL)
        answers->settings.key = ot_span_of(answers->key.secret, answers->key.len);
}

static enum ot_status gather_key(const struct gathering *g, struct ot_error *err)
{
    struct ot_answers *answers = g->answers;
    const struct ot_options *options = g->options;
    enum ot_status status;

    if (options->key_fd >= 0 && options->key_file != NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "--key-fd and --key-file exclude each other");
    if (options->key_fd >= 0) {
        status = ot_key_read_fd(&answers->key, options->key_fd, err);
        if (options->key_fd > STDERR_FILENO)
            close(options->key_fd); /* nobody after us has any use for it */
    } else if (options->key_file != NULL) {
        status = ot_key_read_named(&answers->key, options->key_file, err);
    } else {
        status = take_key_of_environment(g, err);
    }
    if (status == OT_OK)
        use_key(answers);
    return status;
}

static enum ot_status gather_project(const struct gathering *g, struct ot_error *err)
{
    const char *now = g->now != NULL ? g->now->project : NULL;
    struct ot_answers *answers = g->answers;
    char question[ANSWER_MAX];
    enum ot_status status = OT_OK;

    snprintf(question, sizeof(question), "Id of a project [%s]: ",
             now != NULL ? now : "none, the whole organization");
    if (g->options->project != NULL)
        answers->project = strdup(g->options->project);
    else if (g->asks)
        status = ask_text(&answers->project, question, err);
    if (status == OT_OK && answers->project == NULL && g->options->project != NULL)
        return ot_error_nomem(err);
    answers->settings.project = answers->project;
    return status;
}

void ot_answers_set_ca(struct ot_answers *answers, char *pem)
{
    free(answers->ca);
    answers->ca = pem;
    answers->settings.ca = ot_span_of(pem, strlen(pem));
}

static enum ot_status add_ca(void *arg, const uint8_t *der, size_t len,
                             struct ot_error *err)
{
    char **all = arg, *pem = ot_pem_encode(der, len), *longer = NULL;
    int n = pem == NULL ? -1 : asprintf(&longer, "%s%s", *all != NULL ? *all : "", pem);

    free(pem);
    if (n < 0)
        return ot_error_nomem(err);
    free(*all);
    *all = longer;
    return OT_OK;
}

/* A copy of the certificates, so that the file may go: that of a script often does. */
static enum ot_status gather_ca(const struct gathering *g, struct ot_error *err)
{
    const char *path = g->options->ca_file;
    char *text = NULL, *pem = NULL;
    ssize_t len = 0;
    enum ot_status status;
    int fd = -1;

    if (path == NULL)
        return OT_OK;
    if (g->options->ca_fingerprint != NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "--ca-file and --ca-fingerprint exclude each other");
    status = ot_path_open_named(&fd, path, CA_BYTES_MAX, err);
    if (status == OT_OK && (text = malloc(CA_BYTES_MAX)) == NULL)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        len = ot_read_all(fd, text, CA_BYTES_MAX);
    if (status == OT_OK)
        status = ot_pem_each(text, len > 0 ? (size_t)len : 0, add_ca, &pem, err);
    if (status == OT_OK)
        ot_answers_set_ca(g->answers, pem);
    else
        free(pem);
    if (status == OT_E_PROTOCOL) {
        ot_error_prefix(err, "--ca-file %s is no PEM file of certificates", path);
        status = err->status = OT_E_CONFIG;
    } else if (status == OT_E_NOT_FOUND) {
        status = ot_error_set(err, OT_E_CONFIG, "there is no --ca-file %s", path);
    }
    free(text);
    if (fd >= 0)
        close(fd);
    return status;
}

static bool may_ask(const struct ot_options *options)
{
    return !options->yes && ot_ask_is_possible();
}

enum ot_status ot_answers_begin(struct ot_answers *answers,
                                const struct ot_options *options, struct ot_error *err)
{
    struct gathering g = {
        .answers = answers, .options = options, .asks = may_ask(options)};
    struct ot_config *config = NULL;
    enum ot_status status;

    *answers = (struct ot_answers){.base_url = NULL};
    if (options->argument_count > 1)
        return ot_error_set(err, OT_E_USAGE, "setup is for one URL");
    status = ot_settings_now(&config, &g.now, err);
    if (status == OT_OK)
        status = gather_url(&g, err);
    if (status == OT_OK)
        status = gather_ca(&g, err);
    if (status == OT_OK)
        status = gather_key(&g, err);
    ot_config_free(config);
    return status;
}

enum ot_status ot_answers_complete(struct ot_answers *answers,
                                   const struct ot_options *options, struct ot_error *err)
{
    struct gathering g = {
        .answers = answers, .options = options, .asks = may_ask(options)};
    struct ot_config *config = NULL;
    enum ot_status status = ot_settings_now(&config, &g.now, err);

    if (status == OT_OK && g.asks && answers->key.secret == NULL)
        status = ask_key(&g, err);
    if (status == OT_OK)
        use_key(answers);
    if (status == OT_OK)
        status = gather_project(&g, err);
    ot_config_free(config);
    return status;
}

void ot_answers_clear(struct ot_answers *answers)
{
    free(answers->base_url);
    free(answers->project);
    free(answers->ca);
    ot_key_clear(&answers->key);
    *answers = (struct ot_answers){.base_url = NULL};
}
