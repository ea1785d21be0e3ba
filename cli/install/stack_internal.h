/* The stacks: what on this machine can be made to ask orgtrust, one file each. */
#ifndef OT_CLI_INSTALL_STACK_INTERNAL_H
#define OT_CLI_INSTALL_STACK_INTERNAL_H

#include "install/env.h"
#include "install/plan_internal.h"

struct ot_stack {
    const char *name;
    const char *summary;  /* "OpenSSL's configuration" */
    bool is_only_by_name; /* not installed with all that are here */

    /* Adds to an empty plan what has to change. OT_E_NOT_FOUND: this machine or user does
     * not have the stack; else what is in the way. Changes nothing. */
    enum ot_status (*plan)(struct ot_stack_plan *plan, const struct ot_install_env *env,
                           struct ot_error *err);

    /* *to becomes what is in a file now without what this stack put into it; *found says
     * whether there was anything. NULL: its files are its own, nobody else edits them. */
    enum ot_status (*strip)(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err);
    /* Whether what strip finds can only come from an installation of ours. */
    bool has_markers;

    /* Installing, after the first file is changed and before the others, which rely on
     * it. NULL: nothing. */
    enum ot_status (*between)(struct ot_stack_plan *plan, struct ot_error *err);

    /* After the files are changed, or changed back; may add notes. It may be called again
     * for what was done already. NULL: nothing. */
    enum ot_status (*finish)(struct ot_stack_plan *plan, const struct ot_install_env *env,
                             bool is_installed, struct ot_error *err);
};

extern const struct ot_stack ot_stack_openssl, ot_stack_p11_kit, ot_stack_nss,
    ot_stack_firefox, ot_stack_firefox_policy, ot_stack_java, ot_stack_system,
    ot_stack_containers, ot_stack_chromium, ot_stack_selinux, ot_stack_systemd;

/* What orgtrust setup writes; none of ot_stacks, for it goes only where setup is undone.
 */
extern const struct ot_stack ot_stack_configuration;

extern const struct ot_stack *const ot_stacks[]; /* up to a NULL */

const struct ot_stack *ot_stack_find(const char *name); /* NULL: there is none */

/* Has a running service of systemd look at the configuration, since something that it
 * keeps has changed. */
void ot_stack_tell_service(const struct ot_install_env *env);

/* OT_E_IO when a file that this build installs is not there. */
enum ot_status ot_install_need(const char *path, struct ot_error *err);

/* What p11-kit, NSS and Firefox are told to load. */
#define OT_PKCS11_MODULE ORGTRUST_PKCS11_DIR "/orgtrust-pkcs11.so"
/* And NSS besides, where a source distrusts. */
#define OT_PKCS11_DISTRUST_MODULE ORGTRUST_PKCS11_DIR "/orgtrust-distrust-pkcs11.so"

#endif
