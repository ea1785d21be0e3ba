/* The administration of an organization in memory (fake_api.h). */
#ifndef OT_TESTS_ADMIN_FIXTURE_H
#define OT_TESTS_ADMIN_FIXTURE_H

#include "change/admin.h"
#include "config/source.h"
#include "fake_api.h"

struct admin_fixture {
    struct fake_api *api;
    char *pems[64];
    size_t count;
    struct ot_source source;
    struct ot_admin *admin;
    struct ot_error err;
};

/* project NULL: the organization. */
void admin_begin(struct admin_fixture *org, const char *project);
void admin_end(struct admin_fixture *org);

/* Adds a fresh CA named after the id; its PEM lives until admin_end. name "": null. */
const char *admin_add(struct admin_fixture *org, const char *id, const char *name,
                      bool active);
/* Lists and fingerprints, which must succeed. */
void admin_look(struct admin_fixture *org);

#endif
