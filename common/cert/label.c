#include "cert/label.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/text.h"
#include "cert/common_name.h"
#include "snapshot/record.h"

/* Escaped text as an allocated string; every byte may become six. */
static char *escaped_name(const void *text, size_t len)
{
    size_t size = 8 * len + 1;
    char *out;

    if (len > OT_NAME_MAX)
        len = OT_NAME_MAX;
    out = malloc(size);
    if (out != NULL)
        ot_text_escape(out, size, text, len);
    return out;
}

/* The last common name of a DER Name, NULL without one. */
static char *common_name_label(struct ot_span subject)
{
    const unsigned char *at = subject.data;
    X509_NAME *name = NULL;
    unsigned char *utf8 = NULL;
    char *label = NULL;
    size_t len;

    if (at != NULL)
        name = d2i_X509_NAME(NULL, &at, (long)subject.len);
    if (name == NULL)
        return NULL;
    len = ot_common_name(&utf8, name);
    if (len > 0)
        label = escaped_name(utf8, len);
    OPENSSL_free(utf8);
    X509_NAME_free(name);
    return label;
}

static char *base_label(const struct ot_record *record)
{
    const struct ot_span *name = &record->field[OT_FIELD_NAME];
    const struct ot_span *id = &record->field[OT_FIELD_ID];
    char *label = NULL;

    if (name->len > 0)
        return escaped_name(name->data, name->len);
    if (!(record->flags & OT_RECORD_QUARANTINED))
        label = common_name_label(record->field[OT_FIELD_SUBJECT]);
    return label != NULL ? label : escaped_name(id->data, id->len);
}

struct entry {
    const struct ot_record *record;
    const char *base;
    size_t number; /* in labels */
};

static int compare_spans(struct ot_span a, struct ot_span b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By label, then oldest first. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->base, y->base);

    if (order == 0)
        order = (x->record->created_at > y->record->created_at) -
                (x->record->created_at < y->record->created_at);
    if (order == 0)
        order =
            compare_spans(x->record->field[OT_FIELD_ID], y->record->field[OT_FIELD_ID]);
    return order;
}

static int compare_bases(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entry *)entry)->base);
}

/* "base (n)" with the first free n from *n on, NULL out of memory. */
static char *numbered_label(const struct entry *entries, size_t count, const char *base,
                            size_t *n)
{
    char *label;

    for (;; free(label)) {
        if (asprintf(&label, "%s (%zu)", base, (*n)++) < 0)
            return NULL;
        if (bsearch(label, entries, count, sizeof(*entries), compare_bases) == NULL)
            return label;
    }
}

/* Gives every entry but the first of its base a number. The bases stay readable to the
 * end, since every numbered label is checked against them. */
static enum ot_status number_entries(char **labels, const struct entry *entries,
                                     size_t count, struct ot_error *err)
{
    char **made = calloc(count + 1, sizeof(*made));
    enum ot_status status = OT_OK;
    size_t n = 2;

    if (made == NULL)
        return ot_error_nomem(err);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(entries[i].base, entries[i - 1].base) != 0) {
            n = 2;
            continue;
        }
        made[i] = numbered_label(entries, count, entries[i].base, &n);
        if (made[i] == NULL) {
            status = ot_error_nomem(err);
            break;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (made[i] == NULL)
            continue;
        free(labels[entries[i].number]);
        labels[entries[i].number] = made[i];
    }
    free(made);
    return status;
}

enum ot_status ot_label_make(char **labels, const struct ot_record *records, size_t count,
                             struct ot_error *err)
{
    struct entry *entries = calloc(count + 1, sizeof(*entries));
    enum ot_status status = OT_OK;

    if (count > 0)
        memset(labels, 0, count * sizeof(*labels));
    if (entries == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < count && status == OT_OK; i++) {
        labels[i] = base_label(&records[i]);
        entries[i] = (struct entry){&records[i], labels[i], i};
        if (labels[i] == NULL)
            status = ot_error_nomem(err);
    }
    if (status == OT_OK) {
        qsort(entries, count, sizeof(*entries), compare_entries);
        status = number_entries(labels, entries, count, err);
    }
    if (status != OT_OK)
        for (size_t i = 0; i < count; i++) {
            free(labels[i]);
            labels[i] = NULL;
        }
    free(entries);
    return status;
}
