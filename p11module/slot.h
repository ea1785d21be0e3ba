/* A slot with its token: each source has one. What it holds is read by everybody, and
 * nobody writes it; unless the module that these parts are in brings rules of its own. */
#ifndef OT_P11_SLOT_H
#define OT_P11_SLOT_H

#include <stdatomic.h>

#include "cryptoki_3.h"
#include "token_policy.h"

struct ot_distrust;
struct ot_locking;
struct ot_view;

#define OT_SLOT_SERIAL_LEN 16

struct ot_slot;

/* What a module does with its tokens besides having them read. All functions are there;
 * a session's are called with its shard's lock held. */
struct ot_token_rules {
    const char *word; /* in labels and serial numbers, and the model; at most 8 letters */
    /* Whether this process gets any slot. */
    bool (*is_allowed)(void);
    /* Makes slot->own. */
    CK_RV (*init)(struct ot_slot *slot, const struct ot_locking *locking);
    /* Frees it, which may be NULL. is_inherited: in a forked child. */
    void (*clear)(struct ot_slot *slot, bool is_inherited);
    /* A session is opened: CKR_OK, or why it may not. And it is closed. */
    CK_RV (*open)(struct ot_slot *slot, bool is_read_write);
    void (*close)(struct ot_slot *slot, bool is_read_write);
    /* Whether who has a session may see objects now, and in what state it is (§5.6.1). */
    bool (*shows_objects)(const struct ot_slot *slot);
    CK_STATE (*state)(const struct ot_slot *slot, bool is_read_write);
    /* Flags, sessions that can write, lengths of PINs. */
    void (*describe)(struct ot_slot *slot, CK_TOKEN_INFO *info);
};

struct ot_slot {
    CK_SLOT_ID id;
    struct ot_view *view; /* of its source; not owned */
    struct ot_token_policy policy;
    const struct ot_token_rules *rules; /* NULL: read by everybody, written by nobody */
    void *own;                          /* the rules' */
    char serial[OT_SLOT_SERIAL_LEN + 1];
    atomic_ulong sessions; /* how many are open */
};

/* The view, what the sources say no to (NULL: nothing) and the rules (NULL: none) must
 * outlive the slot. */
CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, struct ot_view *view,
                   struct ot_distrust *distrust, const struct ot_token_rules *rules,
                   const struct ot_locking *locking);
void ot_slot_clear(struct ot_slot *slot);
/* The same in a forked child. */
void ot_slot_clear_inherited(struct ot_slot *slot);

/* As the rules have it; without any, every session is opened and sees all. */
CK_RV ot_slot_open(struct ot_slot *slot, bool is_read_write);
void ot_slot_close(struct ot_slot *slot, bool is_read_write);
bool ot_slot_shows_objects(const struct ot_slot *slot);
CK_STATE ot_slot_state(const struct ot_slot *slot, bool is_read_write);

#endif
