/* An organization in memory behind peer.h that also takes writes, for the
 * administration's tests. Look at it only between calls, after fake_org_writes. */
#ifndef OT_TESTS_FAKE_ORG_H
#define OT_TESTS_FAKE_ORG_H

#include "change/admin.h"
#include "config/source.h"
#include "peer.h"

#define FAKE_ORG_MAX 64

struct fake_cert {
    char id[32], name[64]; /* name "": null */
    char *pem;
    bool active, active_in_project; /* "proj_a", the only one */
};

struct fake_org {
    struct fake_cert certs[FAKE_ORG_MAX];
    size_t count;
    unsigned writes;  /* so far */
    unsigned fail_at; /* the write that fails, from 1; 0: none */
    int fail_status;  /* 0: the connection's answer is broken */
    bool fail_late;   /* carried out all the same */
    char log[1024];   /* a word a write: "upload activate:10 delete" */
    struct peer *peer;
    struct ot_source source;
    struct ot_admin *admin;
    struct ot_error err;
};

/* project NULL: the organization. */
void fake_org_begin(struct fake_org *org, const char *project);
void fake_org_end(struct fake_org *org);

/* Adds a fresh CA named after the id; its PEM is also returned. */
const char *fake_org_add(struct fake_org *org, const char *id, const char *name,
                         bool active);
/* Lists and fingerprints, which must succeed. */
void fake_org_look(struct fake_org *org);
const char *fake_org_log(struct fake_org *org);
struct fake_cert *fake_org_cert(struct fake_org *org, const char *id);

#endif
