/* What is to be done to certificates, in order: planned, shown, carried out, and what
 * came of each. */
#ifndef OT_CHANGE_CHANGE_H
#define OT_CHANGE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_admin;
struct ot_admin_cert;
struct ot_cert_input;
struct ot_cert_inputs;

/* What adds comes before what takes away: ot_changes_run relies on the order. */
enum ot_change_action {
    OT_CHANGE_UPLOAD,
    OT_CHANGE_RENAME,
    OT_CHANGE_ACTIVATE,
    OT_CHANGE_DEACTIVATE,
    OT_CHANGE_DELETE
};

enum ot_change_outcome {
    OT_CHANGE_PLANNED, /* not done, nor tried */
    OT_CHANGE_UNCHANGED,
    OT_CHANGE_DONE,
    OT_CHANGE_KEPT,   /* refused, which its planner had allowed for */
    OT_CHANGE_FAILED, /* status and why say how */
    OT_CHANGE_UNKNOWN /* the same, but the API may have done it: its answer was lost */
};

#define OT_CHANGE_NONE SIZE_MAX

struct ot_change {
    struct ot_admin *admin; /* in whose scope */
    enum ot_change_action action;
    enum ot_change_outcome outcome;
    char id[OT_ID_MAX + 1]; /* "" : not uploaded yet */
    char *name;             /* that it has, or is to get; NULL: none */
    char *label;            /* what a list shows it with; NULL: it is not known */
    char *before;           /* rename: the name until now; NULL: none */
    int64_t ends_at; /* activate: when that ends again, Unix seconds; 0: not by itself */
    const struct ot_cert_input *input; /* upload, and what follows it; else NULL */
    size_t upload; /* activate: which change makes the id; OT_CHANGE_NONE: it is there */
    bool may_remain; /* delete: a certificate that the API keeps is no failure */
    enum ot_status status;
    char *why; /* of OT_CHANGE_KEPT, OT_CHANGE_FAILED and OT_CHANGE_UNKNOWN */
};

/* Whether it is told as a failure, also where the API may have done it. */
bool ot_change_has_failed(const struct ot_change *change);

/* Zeroed: empty. Sessions and inputs must outlive it. */
struct ot_changes {
    struct ot_change *items;
    size_t count, capacity;
};
void ot_changes_clear(struct ot_changes *changes);

/* An activation, which may say when it ends. */
struct ot_activation {
    bool has_end;    /* else an end that was set before stays as it is */
    int64_t ends_at; /* Unix seconds; 0: not by itself */
};

/* Each adds a change, or one that is OT_CHANGE_UNCHANGED where there is nothing to do.
 * Uploads come into an empty list; name NULL: without one; activation NULL: without. */
enum ot_status ot_changes_upload(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_cert_inputs *inputs, const char *name,
                                 const struct ot_activation *activation,
                                 struct ot_error *err);
enum ot_status ot_changes_rename(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, const char *name,
                                 struct ot_error *err);
enum ot_status ot_changes_toggle(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, bool active,
                                 struct ot_error *err);
/* One that has an end, or expressly none, is a change also of what is active. */
enum ot_status ot_changes_activate(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_admin_cert *cert,
                                   const struct ot_activation *activation,
                                   struct ot_error *err);
enum ot_status ot_changes_delete(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, bool may_remain,
                                 struct ot_error *err);

/* The changes that make inputs the active certificates of the session's scope: uploads,
 * activations, deactivations and, with prune, the deletion of all that is not in inputs.
 * Names come from the files and are given with the upload only. List and fingerprint come
 * before. */
enum ot_status ot_changes_apply(struct ot_changes *changes, struct ot_admin *admin,
                                const struct ot_cert_inputs *inputs, bool prune,
                                struct ot_error *err);

/* How many have this outcome. */
size_t ot_changes_count(const struct ot_changes *changes, enum ot_change_outcome outcome);
/* Whether anything that is PLANNED takes away. */
bool ot_changes_remove(const struct ot_changes *changes);
/* Whether what is PLANNED takes the last active certificate of a scope away. */
bool ot_changes_leave_none(const struct ot_changes *changes);
/* Whether the API has, or may have, carried anything out. */
bool ot_changes_took_place(const struct ot_changes *changes);

/* Carries out what is PLANNED, in order, activations and deactivations in the API's
 * batches. After a refusal of one the others are tried, but nothing is taken away once
 * anything that adds has failed; other failures end it. What was not tried stays PLANNED.
 * Returns the first failure; each is in its change. */
enum ot_status ot_changes_run(struct ot_changes *changes, const volatile int *stop,
                              struct ot_error *err);

#endif
