/* Which exports the configuration wants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config.h"
#include "config/source.h"
#include "export/chromium.h"
#include "export/export.h"
#include "export/system_internal.h"
#include "export/system_mark_internal.h"
#include "machine/system_store.h"
#include "snapshot/record.h"

static const char *const words[OT_EXPORT_KIND_COUNT] = {
    [OT_EXPORT_BUNDLE] = "bundle",       [OT_EXPORT_DIR] = "dir",
    [OT_EXPORT_JAVA] = "java",           [OT_EXPORT_CONTAINERS] = "containers",
    [OT_EXPORT_SYSTEM] = "system",       [OT_EXPORT_CHROMIUM] = "chromium",
    [OT_EXPORT_ON_CHANGE] = "on_change",
};

const char *ot_export_word(enum ot_export_kind kind)
{
    return words[kind];
}

uint32_t ot_export_place(enum ot_export_kind kind)
{
    if (kind == OT_EXPORT_JAVA)
        return OT_RECORD_WITHHELD_JAVA;
    if (kind == OT_EXPORT_SYSTEM && ot_system_makes_java())
        return OT_RECORD_WITHHELD_FILES | OT_RECORD_NAMES_LIMITED;
    return OT_RECORD_WITHHELD_FILES;
}

bool ot_export_spares_system(const struct ot_source *source)
{
    return source->export_system && source->names != NULL &&
           !ot_source_distrusts(source) && ot_system_makes_java();
}

enum ot_export_format ot_export_format_of(enum ot_export_kind kind)
{
    switch (kind) {
    case OT_EXPORT_BUNDLE:
        return OT_FORMAT_PEM;
    case OT_EXPORT_DIR:
        return OT_FORMAT_DIR;
    case OT_EXPORT_JAVA:
        return OT_FORMAT_P12;
    case OT_EXPORT_CONTAINERS: /* of each one */
    case OT_EXPORT_SYSTEM:
    case OT_EXPORT_CHROMIUM:
    case OT_EXPORT_ON_CHANGE:
    case OT_EXPORT_KIND_COUNT:
        break;
    }
    return OT_FORMAT_COUNT;
}

void ot_export_describe(char *buf, size_t size, const struct ot_export *item)
{
    if (item->kind == OT_EXPORT_SYSTEM)
        snprintf(buf, size, "the system's anchors");
    else if (item->kind == OT_EXPORT_CHROMIUM)
        snprintf(buf, size, "Chromium's policies");
    else if (item->kind == OT_EXPORT_ON_CHANGE)
        snprintf(buf, size, "on_change");
    else
        snprintf(buf, size, "%s %s", words[item->kind], item->target);
}

uint64_t ot_exports_bit(const struct ot_config *config, const struct ot_source *source)
{
    for (size_t i = 0; i < ot_config_count(config); i++)
        if (ot_config_at(config, i) == source)
            return UINT64_C(1) << i;
    return 0;
}

static const struct ot_source *first_source(const struct ot_exports *exports,
                                            const struct ot_export *item)
{
    return ot_config_at(exports->config, (size_t)__builtin_ctzll(item->sources));
}

static enum ot_status refuse_conflict(const struct ot_source *a,
                                      const struct ot_source *b, enum ot_export_kind kind,
                                      const char *why, struct ot_error *err)
{
    return ot_error_set(err, OT_E_CONFIG, "%s: export_%s of source '%s' %s '%s' (%s)",
                        a->origin, words[kind], a->name, why, b->name, b->origin);
}

/* There is one of it, which has no path in the configuration. */
static bool is_of_machine(enum ot_export_kind kind)
{
    return kind == OT_EXPORT_SYSTEM || kind == OT_EXPORT_CHROMIUM;
}

/* Whether a source wants it. */
static bool wants_of_machine(const struct ot_source *source, enum ot_export_kind kind)
{
    return kind == OT_EXPORT_SYSTEM ? source->export_system : source->export_chromium;
}

bool ot_export_is_of(const struct ot_exports *exports, const struct ot_export *item,
                     const struct ot_source *source)
{
    if (ot_source_distrusts(source) && is_of_machine(item->kind))
        return wants_of_machine(source, item->kind);
    return (item->sources & ot_exports_bit(exports->config, source)) != 0;
}

/* A file cannot say what its anchors are trusted for: whoever reads it trusts them for
 * what it does. So nothing may come into it that is trusted for less than the rest. */
static enum ot_status check_purposes(const struct ot_exports *exports,
                                     const struct ot_export *item,
                                     const struct ot_source *source, struct ot_error *err)
{
    const struct ot_source *first = first_source(exports, item);
    bool needs_server = item->kind == OT_EXPORT_JAVA ||
                        item->kind == OT_EXPORT_CONTAINERS || is_of_machine(item->kind);

    if (needs_server && (source->purposes & OT_PURPOSE_SERVER) == 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s: source '%s' has export_%s, which is for trusting "
                            "servers, but not the purpose server",
                            source->origin, source->name, words[item->kind]);
    if ((source->purposes & OT_PURPOSES_TLS) == 0)
        return ot_error_set(
            err, OT_E_CONFIG,
            "%s: source '%s' has export_%s, which is for TLS, but neither "
            "the purpose server nor client",
            source->origin, source->name, words[item->kind]);
    if (!needs_server &&
        (source->purposes & OT_PURPOSES_TLS) != (first->purposes & OT_PURPOSES_TLS))
        return refuse_conflict(source, first, item->kind,
                               "names the same place but has other purposes than source",
                               err);
    return OT_OK;
}

static bool is_same_target(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static enum ot_status add_export(struct ot_exports *exports, enum ot_export_kind kind,
                                 const char *target, size_t i, struct ot_error *err)
{
    const struct ot_source *source = ot_config_at(exports->config, i);
    struct ot_export *item = NULL;

    for (size_t j = 0; j < exports->count && item == NULL; j++) {
        struct ot_export *other = &exports->items[j];

        if (!is_same_target(other->target, target) ||
            (target == NULL && other->kind != kind))
            continue;
        if (other->kind == kind)
            item = other;
        else if (kind != OT_EXPORT_ON_CHANGE)
            return refuse_conflict(source, first_source(exports, other), kind,
                                   "names the place of another export of source", err);
    }
    if (item == NULL) {
        item = &exports->items[exports->count++];
        item->kind = kind;
        item->target = target;
    }
    item->sources |= UINT64_C(1) << i;
    return kind == OT_EXPORT_ON_CHANGE ? OT_OK
                                       : check_purposes(exports, item, source, err);
}

/* The one there is, or a new one. */
static struct ot_export *item_of_machine(struct ot_exports *exports,
                                         enum ot_export_kind kind)
{
    for (size_t i = 0; i < exports->count; i++)
        if (exports->items[i].kind == kind)
            return &exports->items[i];
    exports->items[exports->count].kind = kind;
    return &exports->items[exports->count++];
}

static enum ot_status add_kind(struct ot_exports *exports, enum ot_export_kind kind,
                               struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_config_count(exports->config); i++) {
        const struct ot_source *source = ot_config_at(exports->config, i);
        const char *const targets[OT_EXPORT_KIND_COUNT] = {
            [OT_EXPORT_BUNDLE] = source->export_bundle,
            [OT_EXPORT_DIR] = source->export_dir,
            [OT_EXPORT_JAVA] = source->export_java,
            [OT_EXPORT_CONTAINERS] = source->export_containers,
            [OT_EXPORT_ON_CHANGE] = source->on_change,
        };

        /* What it has is to be handed to nobody. */
        if (kind != OT_EXPORT_ON_CHANGE && ot_source_distrusts(source)) {
            if (is_of_machine(kind) && wants_of_machine(source, kind))
                item_of_machine(exports, kind)->says_no = true;
            continue;
        }
        if (is_of_machine(kind) ? wants_of_machine(source, kind) : targets[kind] != NULL)
            status = add_export(exports, kind, targets[kind], i, err);
    }
    return status;
}

bool ot_exports_say_no(const struct ot_exports *exports)
{
    return geteuid() == 0 &&
           (ot_system_mark_is_of(OT_SYSTEM_MARK_LIST, exports->dir) ||
            ot_system_mark_is_of(OT_SYSTEM_MARK_BLOCKLIST, exports->dir));
}

/* Anchors that we gave the system or browsers are taken back when nobody wants them there
 * any more: no other export goes on working for programs that know nothing of us. */
void ot_exports_add_abandoned(struct ot_exports *exports)
{
    if (ot_system_is_marked(exports->dir) || ot_exports_say_no(exports))
        (void)item_of_machine(exports, OT_EXPORT_SYSTEM);
    if (ot_chromium_is_marked(exports->dir))
        (void)item_of_machine(exports, OT_EXPORT_CHROMIUM);
}

enum ot_status ot_exports_new(struct ot_exports **out, const struct ot_config *config,
                              struct ot_error *err)
{
    size_t room = ot_config_count(config) * OT_EXPORT_KIND_COUNT;
    struct ot_exports *exports =
        calloc(1, sizeof(*exports) + room * sizeof(exports->items[0]));
    enum ot_status status = OT_OK;
    int n;

    *out = NULL;
    if (exports == NULL)
        return ot_error_nomem(err);
    exports->config = config;
    for (int kind = 0; status == OT_OK && kind < OT_EXPORT_KIND_COUNT; kind++) {
        status = add_kind(exports, (enum ot_export_kind)kind, err);
        if (status != OT_OK || kind != OT_EXPORT_SYSTEM || ot_config_count(config) == 0)
            continue;
        n = snprintf(exports->dir, sizeof(exports->dir), "%s/.exports",
                     ot_config_at(config, 0)->cache_dir);
        if (n >= (int)sizeof(exports->dir))
            status = ot_error_set(err, OT_E_CONFIG, "cache_dir is too long");
        else
            ot_exports_add_abandoned(exports);
    }
    if (status != OT_OK) {
        free(exports);
        return status;
    }
    *out = exports;
    return OT_OK;
}
