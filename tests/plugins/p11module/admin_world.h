/* A token for administration, with sync_probe in the place of the orgtrust command: what
 * the command was given is told, what it answers is set. */
#ifndef OT_TESTS_P11_ADMIN_WORLD_H
#define OT_TESTS_P11_ADMIN_WORLD_H

#include "token.h"

/* The sources are `default` and `next`, whose snapshot can be put in place of the first
 * one's. The slot of `default`: */
#define ADMIN_SLOT 1

#define ADMIN_KEY "sk-admin-0123456789-abcdefghijklmnopqrstuvwxyz"

/* How commands with a key begin. */
#define ADMIN_UPLOAD "orgtrust upload --source default --key-fd=4 --report-fd=5 "
#define ADMIN_ACTIVATE                                                                   \
    "orgtrust activate --source default --key-fd=4 --report-fd=5 --by-id -- "
#define ADMIN_DEACTIVATE                                                                 \
    "orgtrust deactivate --source default --key-fd=4 --report-fd=5 --yes --by-id -- "
#define ADMIN_RENAME                                                                     \
    "orgtrust rename --source default --key-fd=4 --report-fd=5 --by-id -- "
#define ADMIN_DELETE                                                                     \
    "orgtrust delete --source default --key-fd=4 --report-fd=5 --yes --by-id -- "

/* Three certificates: cert_a "Alpha", an active CA; cert_b "Beta", an inactive one;
 * cert_c "Gamma", active, no CA. The module is initialised; there is no session. */
const struct ot_functions *admin_start(void);

CK_SESSION_HANDLE admin_session(bool is_read_write);
/* The same, after a login that succeeds; nothing of it is left to be told below. */
CK_SESSION_HANDLE admin_login(bool is_read_write, CK_USER_TYPE user);

/* C_Login with a copy of the key that is gone afterwards. */
CK_RV admin_try(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);

/* What commands report from now on. NULL: "status ok". */
void admin_say(const char *report);
/* The same for a failure with this status and a sentence. */
void admin_fail(const char *status);
/* How long they take. */
void admin_delay(unsigned ms);
/* The next one puts the snapshot of `next` in place of the default source's. */
void admin_replace(void);

/* The command that ran last, its arguments joined by blanks, "" for none; then forgets
 * it. And what it was given as input and as key: "46 bytes, sum 17: how it begins". */
const char *admin_command(void);
const char *admin_given(int fd);
bool admin_environment_has(const char *text);

/* From the first call on what is written to standard error is kept, and told by the
 * second, which puts it back. */
void admin_catch_stderr(void);
const char *admin_caught(void);

/* The module that trusts, beside the one that administers: it is initialised, with a
 * session; f is what it has for functions. What token.h has is about it until
 * admin_trust_stop finalises it. */
CK_SESSION_HANDLE admin_trust_start(const struct ot_functions **f);
void admin_trust_stop(void);

/* The first object that has these; 0: none. */
CK_OBJECT_HANDLE admin_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                            const char *label);

/* A certificate in DER, signed anew each time; in a static buffer. */
struct token_value admin_der(X509 *x509);

#endif
