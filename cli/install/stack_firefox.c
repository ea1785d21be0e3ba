/* Firefox: for a user the module lists of the profiles; for the machine what does that at
 * the login of each user. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "install/firefox.h"
#include "install/nss_module_internal.h"
#include "install/stack_internal.h"
#include "install/tool.h"

#define SYSTEMD "/usr/lib/systemd/systemd"
#define WANTED_UNIT "/etc/systemd/user/default.target.wants/orgtrust-firefox.service"
#define AUTOSTART "/etc/xdg/autostart/orgtrust-firefox.desktop"

static enum ot_status look_below(const char *above, const char *name,
                                 ot_firefox_look *look, void *arg, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    struct dirent **entries;
    char *root, *dir;
    int count;

    if (asprintf(&root, "%s/%s", above, name) < 0)
        return ot_error_nomem(err);
    count = scandir(root, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (status == OT_OK && entries[i]->d_name[0] != '.') {
            if (asprintf(&dir, "%s/%s", root, entries[i]->d_name) < 0) {
                status = ot_error_nomem(err);
            } else {
                status = look(arg, dir, err);
                free(dir);
            }
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(root);
    return status;
}

enum ot_status ot_firefox_profiles_each(const struct ot_install_env *env,
                                        ot_firefox_look *look, void *arg,
                                        struct ot_error *err)
{
    enum ot_status status = look_below(env->home, ".mozilla/firefox", look, arg, err);

    return status == OT_OK
               ? look_below(env->config_home, "mozilla/firefox", look, arg, err)
               : status;
}

struct profiles_plan {
    struct ot_stack_plan *plan;
    bool found;
};

static enum ot_status plan_profile(void *arg, const char *dir, struct ot_error *err)
{
    struct profiles_plan *profiles = arg;

    return ot_nss_plan(profiles->plan, dir, &profiles->found, err);
}

static enum ot_status plan_user(struct ot_stack_plan *plan,
                                const struct ot_install_env *env, struct ot_error *err)
{
    struct profiles_plan profiles = {.plan = plan};
    enum ot_status status = ot_firefox_profiles_each(env, plan_profile, &profiles, err);

    /* A policy cannot give an order. In a profile that has the module already Firefox
     * leaves it as it is. */
    if (status == OT_OK && ot_firefox_policy_has_module())
        ot_stack_plan_note(plan, "the machine's policy has the module for every user; a "
                                 "profile's own list says that the user's word and "
                                 "Mozilla's go before it");
    else if (status == OT_OK && !profiles.found)
        status = ot_error_set(err, OT_E_NOT_FOUND,
                              "this user has no profile of Firefox; it makes one when "
                              "it first runs");
    return status;
}

/* What a session of each user starts: systemd's for that user, which no window manager
 * has to know of, and where there is no systemd the desktop. */
static enum ot_status plan_login(struct ot_stack_plan *plan, struct ot_error *err)
{
    const bool by_systemd = access(SYSTEMD, F_OK) == 0;
    const char *target = by_systemd ? OT_FIREFOX_UNIT : OT_FIREFOX_DESKTOP;
    enum ot_status status = ot_install_need(target, err);

    if (status != OT_OK)
        return status;
    return ot_stack_plan_link(plan, by_systemd ? WANTED_UNIT : AUTOSTART, target, err);
}

static enum ot_status plan_machine(struct ot_stack_plan *plan, struct ot_error *err)
{
    enum ot_status status;

    if (!ot_firefox_is_here())
        return ot_error_set(err, OT_E_NOT_FOUND, OT_FIREFOX_IS_ABSENT);
    status = plan_login(plan, err);
    if (status != OT_OK)
        return status;
    if (ot_stack_plan_changes(plan) > 0)
        ot_stack_plan_note(plan,
                           "each user's profiles get the module at that user's next "
                           "login; a first profile at the login after it was made");
    if (!ot_tool_exists("modutil"))
        ot_stack_plan_note(plan, OT_FIREFOX_WANTS_MODUTIL
                           ": install the package libnss3-tools");
    if (ot_firefox_policy_has_module())
        ot_stack_plan_note(plan, OT_FIREFOX_POLICY_MEANS);
    return OT_OK;
}

static enum ot_status plan_firefox(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    enum ot_status status = ot_install_need(OT_PKCS11_MODULE, err);

    if (status != OT_OK)
        return status;
    if (env->is_root)
        return plan_machine(plan, err);
    status = plan_user(plan, env, err);
    if (status == OT_OK && plan->count > 0)
        ot_stack_plan_note(plan, OT_FIREFOX_SEES_IT_LATER);
    return status;
}

/* What root takes back reaches no user's profile. */
static enum ot_status finish_firefox(struct ot_stack_plan *plan,
                                     const struct ot_install_env *env, bool is_installed,
                                     struct ot_error *err)
{
    (void)err;
    if (env->is_root && !is_installed && plan->count > 0)
        ot_stack_plan_note(plan, "profiles that have the module keep it until their user "
                                 "runs: orgtrust uninstall firefox");
    return OT_OK;
}

/* Versions before this one kept the policy by this name, too. */
static enum ot_status strip_firefox(struct ot_file_state *to, const char *path,
                                    const struct ot_file_state *now, bool *found,
                                    struct ot_error *err)
{
    size_t len = strlen(path);

    if (len > 5 && strcmp(path + len - 5, ".json") == 0)
        return ot_firefox_policy_strip(to, path, now, found, err);
    return ot_nss_strip(to, path, now, found, err);
}

const struct ot_stack ot_stack_firefox = {
    .name = "firefox",
    .summary = "Firefox: this user's profiles, or every user's at their logins",
    .plan = plan_firefox,
    .strip = strip_firefox,
    .finish = finish_firefox,
};
