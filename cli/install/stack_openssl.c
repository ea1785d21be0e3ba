/* OpenSSL: the provider is activated in the openssl.cnf that the library reads, beside
 * the providers that are active already.
 *
 * All of ours is one block at the file's end, which opens the file's own sections once
 * more; a second `providers =` would replace the administrator's list. What the sections
 * are is asked of OpenSSL's own parser, so that .include, variables and the order in
 * which things override each other are as they are for the programs, and so is, before
 * anything is written, what comes out. */
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory_stream.h"
#include "install/markers_internal.h"
#include "install/stack_internal.h"

#define NAME "orgtrust"
#define PROVIDER_FILE ORGTRUST_PROVIDER_DIR "/" NAME ".so"

/* The path between the quotes of `OPENSSLDIR: "/usr/lib/ssl"`; the caller frees it. */
static char *quote_value(const char *text)
{
    const char *first = strchr(text, '"');
    const char *last = first == NULL ? NULL : strchr(first + 1, '"');

    return last == NULL ? NULL : strndup(first + 1, (size_t)(last - first - 1));
}

static enum ot_status parse_openssl_conf(CONF **conf, const struct ot_file_state *text,
                                         const char *path, struct ot_error *err)
{
    BIO *bio = BIO_new_mem_buf(text->len > 0 ? text->data : "", (int)text->len);
    long line = 0;
    char why[256];

    *conf = NCONF_new(NULL);
    if (bio == NULL || *conf == NULL) {
        BIO_free(bio);
        return ot_error_nomem(err);
    }
    ERR_clear_error();
    if (NCONF_load_bio(*conf, bio, &line) == 1) {
        BIO_free(bio);
        return OT_OK;
    }
    ERR_error_string_n(ERR_peek_error(), why, sizeof(why));
    ERR_clear_error();
    BIO_free(bio);
    return ot_error_set(err, OT_E_CONFIG,
                        "OpenSSL cannot read %s (line %ld, %s), so nothing there works "
                        "before it is mended",
                        path, line, why);
}

/* NULL, which has no elements, when there is none. */
static STACK_OF(CONF_VALUE) * section_of(const CONF *conf, const char *name)
{
    STACK_OF(CONF_VALUE) *list = name == NULL ? NULL : NCONF_get_section(conf, name);

    ERR_clear_error();
    return list;
}

/* What the section itself says; NCONF_get_string would also look into [default]. NULL:
 * the section or the key is not there. */
static const char *value_in_section(const CONF *conf, const char *section,
                                    const char *key)
{
    STACK_OF(CONF_VALUE) *list = section_of(conf, section);

    for (int i = 0; i < sk_CONF_VALUE_num(list); i++)
        if (strcmp(sk_CONF_VALUE_value(list, i)->name, key) == 0)
            return sk_CONF_VALUE_value(list, i)->value;
    return NULL;
}

/* As recent versions read it; the older ones take any value for a yes. */
static bool is_active(const CONF *conf, const char *section)
{
    static const char *const off[] = {"0", "no", "off", "false"};
    const char *value = value_in_section(conf, section, "activate");

    for (size_t i = 0; value != NULL && i < sizeof(off) / sizeof(off[0]); i++)
        if (strcasecmp(value, off[i]) == 0)
            return false;
    return value != NULL;
}

/* The name that a list of providers calls one by: what stands behind the first dot. */
static const char *base_name(const char *key)
{
    const char *dot = strchr(key, '.');

    return dot == NULL ? key : dot + 1;
}

struct wiring {
    const char *init, *providers; /* names of sections; NULL: none */
    const char *own, *fallback;   /* sections of orgtrust and of default; NULL: none */
    size_t active;
};

static struct wiring wiring_of(const CONF *conf)
{
    struct wiring w = {.init = value_in_section(conf, "default", "openssl_conf")};
    STACK_OF(CONF_VALUE) * list;

    w.providers = value_in_section(conf, w.init, "providers");
    list = section_of(conf, w.providers);
    for (int i = 0; i < sk_CONF_VALUE_num(list); i++) {
        const CONF_VALUE *entry = sk_CONF_VALUE_value(list, i);

        if (strcmp(base_name(entry->name), NAME) == 0)
            w.own = entry->value;
        if (strcmp(base_name(entry->name), "default") == 0)
            w.fallback = entry->value;
        w.active += is_active(conf, entry->value);
    }
    return w;
}

/* Whether every provider that was active still is, by the same section. */
static bool keeps_all(const CONF *before, const CONF *after)
{
    struct wiring old = wiring_of(before), now = wiring_of(after);
    STACK_OF(CONF_VALUE) *list = section_of(before, old.providers);

    for (int i = 0; i < sk_CONF_VALUE_num(list); i++) {
        const CONF_VALUE *entry = sk_CONF_VALUE_value(list, i);
        const char *value = value_in_section(after, now.providers, entry->name);

        if (value == NULL || strcmp(value, entry->value) != 0 ||
            (is_active(before, entry->value) && !is_active(after, value)))
            return false;
    }
    return now.own != NULL && is_active(after, now.own) &&
           (old.active > 0 || is_active(after, now.fallback));
}

/* The lines that are missing. Without any active provider OpenSSL activates `default` by
 * itself; beside ours it no longer does. */
static char *lines_for(const struct wiring *w)
{
    const char *init = w->init != NULL ? w->init : NAME "_init";
    const char *providers = w->providers != NULL ? w->providers : NAME "_providers";
    const char *own = w->own != NULL ? w->own : NAME "_sect";
    const char *fallback = w->fallback != NULL ? w->fallback : NAME "_default_sect";
    char *modules = quote_value(OpenSSL_version(OPENSSL_MODULES_DIR)), *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        free(modules);
        return NULL;
    }
    if (w->init == NULL)
        fprintf(out, "[default]\nopenssl_conf = %s\n", init);
    if (w->providers == NULL)
        fprintf(out, "[%s]\nproviders = %s\n", init, providers);
    if (w->own == NULL || (w->active == 0 && w->fallback == NULL))
        fprintf(out, "[%s]\n", providers);
    if (w->active == 0 && w->fallback == NULL)
        fprintf(out, "default = %s\n", fallback);
    if (w->own == NULL)
        fprintf(out, NAME " = %s\n", own);
    if (w->active == 0)
        fprintf(out, "[%s]\nactivate = 1\n", fallback);
    fprintf(out, "[%s]\nactivate = 1\n", own);
    if (modules == NULL || strcmp(modules, ORGTRUST_PROVIDER_DIR) != 0)
        fprintf(out, "module = %s\n", PROVIDER_FILE);
    free(modules);
    return ot_memory_stream_end(out, &text);
}

/* *to becomes text with the lines, once it is known to mean what it should. */
static enum ot_status activate_provider(struct ot_file_state *to,
                                        const struct ot_file_state *text,
                                        const char *path, const CONF *before,
                                        struct ot_error *err)
{
    struct wiring w = wiring_of(before);
    char *lines = lines_for(&w);
    CONF *after = NULL;
    enum ot_status status =
        lines == NULL ? ot_error_nomem(err) : ot_markers_append(to, text, lines, err);

    if (status == OT_OK)
        status = parse_openssl_conf(&after, to, path, err);
    if (status == OT_OK && !keeps_all(before, after))
        status = ot_error_set(err, OT_E_CONFIG,
                              "lines at the end of %s would not activate the provider "
                              "beside the others; add it by hand as " ORGTRUST_DATADIR
                              "/orgtrust.cnf does",
                              path);
    NCONF_free(after);
    free(lines);
    return status;
}

/* Whether the lines that are there, wherever the administrator has put them, do what they
 * should. */
static bool are_in_place(const struct ot_edit *edit, const CONF *theirs)
{
    CONF *now = NULL;
    bool good = parse_openssl_conf(&now, &edit->before, edit->path, NULL) == OT_OK &&
                keeps_all(theirs, now);

    NCONF_free(now);
    return good;
}

static enum ot_status plan_edit(struct ot_stack_plan *plan, struct ot_edit *edit,
                                struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    CONF *conf = NULL;
    bool is_ours;
    struct wiring w;
    enum ot_status status =
        ot_markers_strip(&theirs, edit->path, &edit->before, &is_ours, err);

    if (status == OT_OK)
        status = parse_openssl_conf(&conf, &theirs, edit->path, err);
    if (status != OT_OK) {
        ot_file_state_clear(&theirs);
        NCONF_free(conf);
        return status;
    }
    w = wiring_of(conf);
    if (w.own != NULL && is_active(conf, w.own)) {
        ot_stack_plan_note(plan, "%s activates the provider by itself", edit->path);
        status = ot_file_state_copy(&edit->after, &theirs, err);
        if (status == OT_OK && !is_ours)
            ot_stack_plan_drop(plan);
    } else if (!is_ours || !are_in_place(edit, conf)) {
        status = activate_provider(&edit->after, &theirs, edit->path, conf, err);
    }
    NCONF_free(conf);
    ot_file_state_clear(&theirs);
    return status;
}

static enum ot_status plan_openssl_conf(struct ot_stack_plan *plan, const char *path,
                                        struct ot_error *err)
{
    struct ot_edit *edit;
    enum ot_status status = ot_stack_plan_edit(plan, path, &edit, err);

    if (status != OT_OK)
        return status;
    if (edit->before.kind == OT_FILE_ABSENT)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "%s is not there; the package openssl brings it", path);
    return plan_edit(plan, edit, err);
}

static enum ot_status plan_openssl(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    char *dir, *path = NULL;
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "openssl.cnf is the machine's: as root; for one program set "
                            "OPENSSL_CONF=" ORGTRUST_DATADIR "/orgtrust.cnf");
    status = ot_install_need(PROVIDER_FILE, err);
    if (status != OT_OK)
        return status;
    /* Where the library of every program looks; OPENSSL_CONF is for one. */
    dir = quote_value(OpenSSL_version(OPENSSL_DIR));
    if (dir == NULL || asprintf(&path, "%s/openssl.cnf", dir) < 0)
        status = ot_error_nomem(err);
    else
        status = plan_openssl_conf(plan, path, err);
    free(dir);
    free(path);
    return status;
}

const struct ot_stack ot_stack_openssl = {
    .name = "openssl",
    .summary = "orgtrust: URIs in all programs that use OpenSSL's configuration",
    .plan = plan_openssl,
    .strip = ot_markers_strip,
    .has_markers = true,
};
