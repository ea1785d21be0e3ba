/* Installing and taking it back, on files of a scratch directory: killed at every step,
 * on a full disk, with somebody else at work. The program is linked so that the calls of
 * our code that change files pass through here. */
#include "install/transaction_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "files.h"
#include "install/markers_internal.h"
#include "starve.h"
#include "strike.h"
#include "unit.h"

WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len), -1)
WRAP(int, renameat, (int from, const char *old, int to, const char *name),
     (from, old, to, name), -1)
WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), -1)
WRAP(ssize_t, getrandom, (void *to, size_t len, unsigned flags), (to, len, flags), -1)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), -1)
WRAP(int, symlinkat, (const char *target, int dir, const char *name), (target, dir, name),
     -1)
WRAP_FSYNC
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), -1)
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1)

/* The machine: a settings file behind a link, and where a file and a link come into
 * being.
 */
static const char SETTINGS[] = "theirs = 1\nno end of line";
static const char OWN[] = "module: x\n";

static struct ot_install_env env;
static int finished; /* how often finish() was called */

static enum ot_status put_text(struct ot_edit *edit, const char *text,
                               struct ot_error *err)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return ot_error_nomem(err);
    ot_file_state_set(&edit->after, copy, strlen(copy));
    return OT_OK;
}

static enum ot_status plan_edits(struct ot_stack_plan *to,
                                 const struct ot_install_env *unused,
                                 struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    struct ot_edit *edit;
    enum ot_status status = ot_stack_plan_edit(to, unit_path("m/etc/link"), &edit, err);
    bool found;

    (void)unused;
    if (status == OT_OK)
        status = ot_markers_strip(&theirs, edit->path, &edit->before, &found, err);
    if (status == OT_OK && !found)
        status = ot_markers_append(&edit->after, &theirs, "ours = 2\n", err);
    ot_file_state_clear(&theirs);
    if (status == OT_OK)
        status = ot_stack_plan_edit(to, unit_path("m/new/deep/own"), &edit, err);
    if (status == OT_OK)
        status = put_text(edit, OWN, err);
    if (status == OT_OK)
        status = ot_stack_plan_edit_here(to, unit_path("m/new/wants/unit"), &edit, err);
    if (status == OT_OK)
        status = put_text(edit, "/unit", err);
    if (status == OT_OK)
        edit->after.kind = OT_FILE_LINK;
    return status;
}

static enum ot_status finish(struct ot_stack_plan *made,
                             const struct ot_install_env *unused, bool is_installed,
                             struct ot_error *err)
{
    (void)made;
    (void)unused;
    (void)is_installed;
    (void)err;
    finished++;
    return OT_OK;
}

static const struct ot_stack stack = {.name = "test",
                                      .plan = plan_edits,
                                      .strip = ot_markers_strip,
                                      .has_markers = true,
                                      .finish = finish};

static enum ot_status carry_out(bool install, size_t *changes, struct ot_error *err)
{
    struct ot_manifest_dir dir;
    struct ot_stack_plan made;
    enum ot_status status = ot_manifest_dir_open(&dir, env.state_dir, install, err);

    if (status != OT_OK)
        return status;
    if (install)
        ot_install_plan(&made, &stack, &env);
    else
        ot_uninstall_plan(&made, &stack, &env);
    *changes = ot_stack_plan_changes(&made);
    if (made.kind != OT_PLAN_READY) {
        status = made.why.status;
        if (err != NULL)
            *err = made.why;
    } else if (*changes > 0 || made.is_unfinished) {
        status = install ? ot_install_apply(&made, &stack, &env, err)
                         : ot_uninstall_apply(&made, &stack, &env, err);
    }
    ot_stack_plan_clear(&made);
    ot_manifest_dir_close(&dir);
    return status;
}

static void must(bool install, size_t expected_changes)
{
    struct ot_error err = OT_ERROR_INIT;
    size_t changes = 0;

    CU_ASSERT_EQUAL(carry_out(install, &changes, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_EQUAL(changes, expected_changes);
}

/* The tree as text: path, kind, mode, content, time. */
static FILE *listing;

static int list_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    struct ot_file_state state = {.kind = OT_FILE_ABSENT};

    (void)ftw;
    if (kind != FTW_D)
        CU_ASSERT_EQUAL(ot_file_state_read(&state, path, 1 << 20, NULL), OT_OK);
    fprintf(listing, "%s %o %u [%.*s]", path, st->st_mode, st->st_uid, (int)state.len,
            state.data == NULL ? "" : state.data);
    if (kind == FTW_F)
        fprintf(listing, " %lld.%09ld", (long long)st->st_mtim.tv_sec,
                st->st_mtim.tv_nsec);
    fprintf(listing, "\n");
    ot_file_state_clear(&state);
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted; the caller frees it. */
static char *list_tree(void)
{
    char *text = NULL, *sorted = NULL, *lines[256], *rest;
    size_t len, count = 0;

    listing = open_memstream(&text, &len);
    nftw(unit_path("m"), list_entry, 16, FTW_PHYS);
    fclose(listing);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < 256;
         line = strtok_r(NULL, "\n", &rest))
        lines[count++] = line;
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    listing = open_memstream(&sorted, &len);
    for (size_t i = 0; i < count; i++)
        fprintf(listing, "%s\n", lines[i]);
    fclose(listing);
    free(text);
    return sorted;
}

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void set_up(void)
{
    static char state[4096];

    nftw(unit_path("m"), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    mkdir(unit_path("m"), 0755);
    mkdir(unit_path("m/etc"), 0755);
    mkdir(unit_path("m/var"), 0755);
    mkdir(unit_path("m/var/lib"), 0755);
    file_put(unit_path("m/etc/settings"), SETTINGS, strlen(SETTINGS), 0640);
    CU_ASSERT_EQUAL_FATAL(symlink("settings", unit_path("m/etc/link")), 0);
    snprintf(state, sizeof(state), "%s", unit_path("m/var/lib/orgtrust/install"));
    env = (struct ot_install_env){.state_dir = state};
    finished = 0;
}

static void check_installed(void)
{
    struct ot_file_state state;

    CU_ASSERT_EQUAL(ot_file_state_read(&state, unit_path("m/etc/settings"), 4096, NULL),
                    OT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(state.data, "\nours = 2\n"));
    CU_ASSERT_EQUAL(strncmp(state.data, SETTINGS, strlen(SETTINGS)), 0);
    ot_file_state_clear(&state);
    CU_ASSERT_EQUAL(ot_file_state_read(&state, unit_path("m/etc/link"), 4096, NULL),
                    OT_OK);
    CU_ASSERT_EQUAL(state.kind, OT_FILE_LINK);
    ot_file_state_clear(&state);
    CU_ASSERT_EQUAL(ot_file_state_read(&state, unit_path("m/new/deep/own"), 4096, NULL),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(state.data, OWN);
    ot_file_state_clear(&state);
    CU_ASSERT_EQUAL(ot_file_state_read(&state, unit_path("m/new/wants/unit"), 4096, NULL),
                    OT_OK);
    CU_ASSERT_EQUAL(state.kind, OT_FILE_LINK);
    ot_file_state_clear(&state);
}

static void check_tree(const char *expected)
{
    char *now = list_tree();

    CU_ASSERT_STRING_EQUAL(now, expected);
    if (strcmp(now, expected) != 0)
        fprintf(stderr, "expected\n%s\nfound\n%s\n", expected, now);
    free(now);
}

static void everything_comes_and_goes(void)
{
    struct stat st;
    char *before, *installed;

    set_up();
    before = list_tree();
    must(true, 3);
    check_installed();
    CU_ASSERT_EQUAL(lstat(unit_path("m/etc/settings"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
    CU_ASSERT_EQUAL(finished, 1);
    installed = list_tree();
    must(true, 0); /* again: nothing, not even a time */
    check_tree(installed);
    CU_ASSERT_EQUAL(finished, 1);
    must(false, 3);
    check_tree(before);
    must(false, 0);
    check_tree(before);
    free(before);
    free(installed);
}

/* Runs it in a child that is killed at the given call; true if it lived to the end. */
static bool survives(bool install, size_t at)
{
    pid_t pid = fork();

    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        size_t changes;

        strike_arm(STRIKE_FILES, at, 0, true);
        child_leave(carry_out(install, &changes, NULL) == OT_OK);
    }
    return strike_survives(pid);
}

static void finish_either_way(const char *before, bool install)
{
    struct ot_error err = OT_ERROR_INIT;
    size_t changes;

    CU_ASSERT_EQUAL(carry_out(install, &changes, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    if (install) {
        check_installed();
        must(true, 0);
        CU_ASSERT_EQUAL(carry_out(false, &changes, &err), OT_OK);
    }
    check_tree(before);
}

/* Dies at every call, first of an installation, then of its being taken back; then both
 * ways on. */
static void fault_45_killed_anywhere_it_is_completed(void)
{
    size_t steps[2] = {0, 0};

    for (int half = 0; half < 2; half++)
        for (size_t at = 0;; at++) {
            bool lived = false;

            for (int next = 0; next < 2; next++) {
                char *before;
                size_t changes;

                set_up();
                before = list_tree();
                if (half == 1)
                    CU_ASSERT_EQUAL(carry_out(true, &changes, NULL), OT_OK);
                lived = survives(half == 0, at);
                finish_either_way(before, next == 0);
                free(before);
            }
            if (lived)
                break;
            steps[half]++;
        }
    CU_ASSERT(steps[0] > 40);
    CU_ASSERT(steps[1] > 15);
}

/* Each call fails, once and from then on; what was done can be taken back. */
static void fault_38_a_full_disk_can_be_taken_back(void)
{
    for (size_t at = 0;; at++) {
        struct ot_error err = OT_ERROR_INIT;
        size_t changes, count;
        enum ot_status status;
        char *before;

        set_up();
        before = list_tree();
        strike_arm(STRIKE_FILES, at, ENOSPC, false);
        status = carry_out(true, &changes, &err);
        count = strike_disarm();
        if (status != OT_OK) {
            CU_ASSERT_EQUAL(status, OT_E_NO_SPACE);
            CU_ASSERT_NOT_EQUAL(err.message[0], '\0');
        }
        finish_either_way(before, at % 2 == 0);
        free(before);
        if (count <= at)
            break;
    }
}

/* Each allocation fails, and all after it. */
static void fault_51_memory_ends_anywhere(void)
{
    for (int half = 0; half < 2; half++) {
        unsigned n = 1;

        for (bool starved = true; starved; n++) {
            struct ot_error err = OT_ERROR_INIT;
            enum ot_status status;
            size_t changes;
            char *before;

            set_up();
            before = list_tree();
            if (half == 1)
                must(true, 3);
            starve_after(n);
            status = carry_out(half == 0, &changes, &err);
            starved = starve_end();
            CU_ASSERT(status == OT_OK || status == OT_E_NOMEM);
            CU_ASSERT_EQUAL(status, err.status);
            finish_either_way(before, n % 2 == 0);
            free(before);
        }
        CU_ASSERT(n > 30);
    }
}

/* Whoever may not read the file may read nothing of it on the way either. */
static int check_mode(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    if (kind != FTW_F ||
        strncmp(path, unit_path("m/etc"), strlen(unit_path("m/etc"))) != 0)
        return 0;
    CU_ASSERT_EQUAL(st->st_mode & 077, 0);
    return 0;
}

/* Stopped at every call: what is there then was there for a moment. */
static void fault_72_a_private_file_is_private_on_the_way(void)
{
    for (int half = 0; half < 2; half++)
        for (size_t at = 0; at < 200; at++) {
            size_t changes;
            bool lived;

            set_up();
            CU_ASSERT_EQUAL(chmod(unit_path("m/etc/settings"), 0600), 0);
            if (half == 1)
                CU_ASSERT_EQUAL(carry_out(true, &changes, NULL), OT_OK);
            lived = survives(half == 0, at);
            nftw(unit_path("m"), check_mode, 16, FTW_PHYS);
            if (lived)
                break;
        }
}

static void append(const char *path, const char *text)
{
    FILE *out = fopen(path, "a");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void check_content(const char *path, const char *expected)
{
    struct ot_file_state state;

    CU_ASSERT_EQUAL(ot_file_state_read(&state, path, 4096, NULL), OT_OK);
    CU_ASSERT_EQUAL(state.kind, OT_FILE_REGULAR);
    CU_ASSERT_STRING_EQUAL(state.data == NULL ? "" : state.data, expected);
    ot_file_state_clear(&state);
}

/* What others wrote meanwhile stays, and what they put beside ours. */
static void others_keep_what_is_theirs(void)
{
    struct stat st;

    set_up();
    must(true, 3);
    append(unit_path("m/etc/settings"), "theirs = 3\n");
    CU_ASSERT_EQUAL(chmod(unit_path("m/etc/settings"), 0600), 0);
    file_put_text(unit_path("m/new/deep/theirs"), "");
    must(true, 0); /* ours is in place */
    must(false, 3);
    check_content(unit_path("m/etc/settings"),
                  "theirs = 1\nno end of line\ntheirs = 3\n");
    CU_ASSERT_EQUAL(stat(unit_path("m/etc/settings"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(access(unit_path("m/new/deep/theirs"), F_OK), 0);
    CU_ASSERT_NOT_EQUAL(access(unit_path("m/new/deep/own"), F_OK), 0);
    CU_ASSERT_NOT_EQUAL(access(unit_path("m/new/wants"), F_OK), 0);
}

static void a_file_that_somebody_wrote_anew_is_the_new_before(void)
{
    set_up();
    must(true, 3);
    file_put_text(unit_path("m/etc/settings"), "theirs = 4\n");
    must(true, 1);
    must(false, 3);
    check_content(unit_path("m/etc/settings"), "theirs = 4\n");
}

static void what_is_gone_stays_so(void)
{
    set_up();
    must(true, 3);
    unlink(unit_path("m/etc/settings"));
    unlink(unit_path("m/new/deep/own"));
    must(false, 1);
    CU_ASSERT_NOT_EQUAL(access(unit_path("m/etc/settings"), F_OK), 0);
}

/* A file that is all ours has no lines that could be told from theirs. */
static void an_edited_file_of_ours_is_refused_and_nothing_is_done(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_stack whole = stack;
    struct ot_stack_plan made;
    size_t changes;

    set_up();
    must(true, 3);
    file_put_text(unit_path("m/new/deep/own"), "module: y\n");
    whole.strip = NULL;
    ot_uninstall_plan(&made, &whole, &env);
    CU_ASSERT_EQUAL(made.kind, OT_PLAN_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(made.why.message, "was edited since"));
    CU_ASSERT_EQUAL(ot_stack_plan_changes(&made), 0);
    ot_stack_plan_clear(&made);
    unlink(unit_path("m/new/deep/own"));
    CU_ASSERT_EQUAL(carry_out(false, &changes, &err), OT_OK);
}

static void a_change_between_plan_and_work_is_noticed(void)
{
    struct ot_manifest_dir dir;
    struct ot_stack_plan made;
    struct ot_error err = OT_ERROR_INIT;

    set_up();
    CU_ASSERT_EQUAL(ot_manifest_dir_open(&dir, env.state_dir, true, NULL), OT_OK);
    ot_install_plan(&made, &stack, &env);
    append(unit_path("m/etc/settings"), "x");
    CU_ASSERT_EQUAL(ot_install_apply(&made, &stack, &env, &err), OT_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "changed meanwhile"));
    ot_stack_plan_clear(&made);
    ot_manifest_dir_close(&dir);
    check_content(unit_path("m/etc/settings"), "theirs = 1\nno end of linex");
}

static void one_at_a_time(void)
{
    struct ot_manifest_dir dir, other;

    set_up();
    CU_ASSERT_EQUAL(ot_manifest_dir_open(&dir, env.state_dir, true, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_manifest_dir_open(&other, env.state_dir, true, NULL), OT_E_BUSY);
    ot_manifest_dir_close(&dir);
    CU_ASSERT_NOT_EQUAL(access(unit_path("m/var/lib/orgtrust"), F_OK), 0);
    CU_ASSERT_EQUAL(ot_manifest_dir_open(&other, env.state_dir, false, NULL), OT_OK);
    CU_ASSERT_EQUAL(other.fd, -1);
    ot_manifest_dir_close(&other);
}

#define STATE_FILE(name) unit_path("m/var/lib/orgtrust/install/" name)

/* Whoever looks into the state directory sees what was there before as it was. */
static void what_was_before_lies_there_as_it_was(void)
{
    struct stat before, image;

    set_up();
    CU_ASSERT_EQUAL(stat(unit_path("m/etc/settings"), &before), 0);
    must(true, 3);
    check_content(STATE_FILE("test.1"), SETTINGS);
    CU_ASSERT_EQUAL(stat(STATE_FILE("test.1"), &image), 0);
    CU_ASSERT_EQUAL(image.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(image.st_mtim.tv_sec, before.st_mtim.tv_sec);
    CU_ASSERT_EQUAL(image.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    CU_ASSERT_NOT_EQUAL(access(STATE_FILE("test.2"), F_OK), 0);
}

/* It is kept as a link. What an interrupted run left in its place gives way. */
static void a_link_that_was_there_stays(void)
{
    char *before, target[16];

    set_up();
    mkdir(unit_path("m/new"), 0755);
    mkdir(unit_path("m/new/wants"), 0755);
    CU_ASSERT_EQUAL(symlink("/unit", unit_path("m/new/wants/unit")), 0);
    before = list_tree();
    mkdir(unit_path("m/var/lib/orgtrust"), 0755);
    mkdir(unit_path("m/var/lib/orgtrust/install"), 0700);
    file_put_text(STATE_FILE("test.1"), "left behind");
    must(true, 2);
    CU_ASSERT_EQUAL(readlink(STATE_FILE("test.2"), target, sizeof(target)), 5);
    must(false, 2);
    check_tree(before);
    free(before);
}

static void an_image_that_is_no_longer_wanted_goes(void)
{
    set_up();
    must(true, 3);
    file_put_text(unit_path("m/etc/settings"), "theirs = 4\n");
    must(true, 1);
    CU_ASSERT_NOT_EQUAL(access(STATE_FILE("test.1"), F_OK), 0);
    check_content(STATE_FILE("test.2"), "theirs = 4\n");
    must(false, 3);
}

static void parents_that_were_made_for_it_go(void)
{
    static char state[4096];
    char *before;

    set_up();
    snprintf(state, sizeof(state), "%s", unit_path("m/home/.local/orgtrust/install"));
    env.state_dir = state;
    mkdir(unit_path("m/home"), 0755);
    before = list_tree();
    must(true, 3);
    CU_ASSERT_EQUAL(access(unit_path("m/home/.local/orgtrust/install/test.1"), F_OK), 0);
    must(false, 3);
    check_tree(before);
    free(before);
}

/* The index as version 1 wrote it after an installation, with the files inside. */
static void put_version_1(const struct stat *settings)
{
    struct ot_file_state state;
    char ours[3][OT_DIGEST_HEX_LEN + 1], text[4096];
    const char *const paths[] = {unit_path("m/etc/settings"), unit_path("m/new/deep/own"),
                                 unit_path("m/new/wants/unit")};

    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ot_file_state_read(&state, paths[i], 4096, NULL), OT_OK);
        CU_ASSERT_EQUAL(ot_file_state_digest(ours[i], &state, NULL), OT_OK);
        ot_file_state_clear(&state);
    }
    snprintf(text, sizeof(text),
             "{\"version\": 1, \"finished\": true, \"files\": ["
             "{\"path\": \"%s\", \"before\": \"file\", \"size\": 25, \"base64\": "
             "\"dGhlaXJzID0gMQpubyBlbmQgb2YgbGluZQ==\", \"mtime\": %lld, \"mtime_ns\": "
             "%ld, \"ours\": [\"%s\"], \"dirs\": []},"
             "{\"path\": \"%s\", \"before\": \"absent\", \"size\": 0, \"base64\": \"\", "
             "\"mtime\": 0, \"mtime_ns\": 0, \"ours\": [\"%s\"], \"dirs\": "
             "[\"%s\", \"%s\"]},"
             "{\"path\": \"%s\", \"before\": \"absent\", \"size\": 0, \"base64\": \"\", "
             "\"mtime\": 0, \"mtime_ns\": 0, \"ours\": [\"%s\"], \"dirs\": [\"%s\"]}]}",
             paths[0], (long long)settings->st_mtim.tv_sec, settings->st_mtim.tv_nsec,
             ours[0], paths[1], ours[1], unit_path("m/new"), unit_path("m/new/deep"),
             paths[2], ours[2], unit_path("m/new/wants"));
    file_put_text(STATE_FILE("test.json"), text);
    unlink(STATE_FILE("test.1"));
}

/* Read, and with the next change written as it is written now. */
static void what_version_1_wrote_is_taken_back(void)
{
    struct stat settings;
    char *before;

    for (int next = 0; next < 2; next++) {
        set_up();
        before = list_tree();
        CU_ASSERT_EQUAL(stat(unit_path("m/etc/settings"), &settings), 0);
        must(true, 3);
        put_version_1(&settings);
        must(true, 0);
        if (next == 1) {
            unlink(unit_path("m/new/deep/own"));
            must(true, 1);
            check_content(STATE_FILE("test.1"), SETTINGS);
        }
        must(false, 3);
        check_tree(before);
        free(before);
    }
}

/* Without the manifest, by the markers alone; the rest cannot be known to be ours. */
static void lost_manifests_are_made_up_for(void)
{
    set_up();
    must(true, 3);
    unlink(unit_path("m/var/lib/orgtrust/install/test.json"));
    must(true, 0);
    must(false, 1);
    check_content(unit_path("m/etc/settings"), SETTINGS);
}

static void damaged_manifests_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"version\": 3, \"finished\": true, \"files\": []}",
        "{\"version\": 2, \"finished\": true, \"files\": [{\"path\": \"/x\", \"image\": "
        "9, "
        "\"ours\": [], \"dirs\": []}]}",
        "{\"version\": 2, \"finished\": true, \"files\": [{\"path\": \"/x\", \"image\": "
        "-1, "
        "\"ours\": [], \"dirs\": []}]}",
        "{\"version\": 1, \"finished\": true, \"files\": [{\"path\": \"/x\"}]}",
        "{\"version\": 1, \"finished\": true, \"files\": [{\"path\": \"/x\", \"before\": "
        "\"file\", \"base64\": \"QQ==\", \"size\": 9, \"mtime\": 0, \"mtime_ns\": 0, "
        "\"ours\": [], \"dirs\": []}]}",
        "{\"version\": 1, \"finished\": true, \"files\": [{\"path\": \"/x\", \"before\": "
        "\"socket\", \"base64\": \"\", \"size\": 0, \"mtime\": 0, \"mtime_ns\": 0, "
        "\"ours\": [], \"dirs\": []}]}",
        "{\"version\": 1, \"finished\": true, \"files\": [{\"path\": \"/x\", \"before\": "
        "\"absent\", \"base64\": \"\", \"size\": 0, \"mtime\": 0, \"mtime_ns\": 0, "
        "\"ours\": [\"short\"], \"dirs\": []}]}",
    };
    struct ot_error err = OT_ERROR_INIT;
    size_t changes;
    char *before;

    set_up();
    must(true, 3);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        file_put_text(unit_path("m/var/lib/orgtrust/install/test.json"), texts[i]);
        before = list_tree();
        CU_ASSERT_EQUAL(carry_out(false, &changes, &err), OT_E_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "is damaged"));
        CU_ASSERT_EQUAL(carry_out(true, &changes, &err), OT_E_CORRUPT);
        check_tree(before);
        free(before);
    }
    CU_ASSERT_EQUAL(chmod(unit_path("m/var/lib/orgtrust/install/test.json"), 0666), 0);
    CU_ASSERT_EQUAL(carry_out(false, &changes, &err), OT_E_UNSAFE);
}

static void refuse_edit(const char *path, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_stack_plan made = {.edits = NULL};
    struct ot_edit *edit;

    CU_ASSERT_EQUAL(ot_stack_plan_edit(&made, path, &edit, &err), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    ot_stack_plan_clear(&made);
}

/* What a rename would turn into something else. */
static void what_is_no_plain_file_is_left_alone(void)
{
    set_up();
    CU_ASSERT_EQUAL(symlink("nowhere", unit_path("m/dangling")), 0);
    refuse_edit(unit_path("m/dangling"), "points nowhere");
    refuse_edit(unit_path("m/etc"), "not a regular file");
    CU_ASSERT_EQUAL(mkfifo(unit_path("m/fifo"), 0600), 0);
    refuse_edit(unit_path("m/fifo"), "not a regular file");
    CU_ASSERT_EQUAL(link(unit_path("m/etc/settings"), unit_path("m/other")), 0);
    refuse_edit(unit_path("m/etc/link"), "other names");
    file_put_text(unit_path("m/large"), "");
    CU_ASSERT_EQUAL(truncate(unit_path("m/large"), OT_EDITED_BYTES_MAX + 1), 0);
    refuse_edit(unit_path("m/large"), "more than");
}

static const struct unit_case cases[] = {
    {"everything_comes_and_goes", everything_comes_and_goes},
    {"fault_45_killed_anywhere_it_is_completed",
     fault_45_killed_anywhere_it_is_completed},
    {"fault_38_a_full_disk_can_be_taken_back", fault_38_a_full_disk_can_be_taken_back},
    {"fault_51_memory_ends_anywhere", fault_51_memory_ends_anywhere},
    {"fault_72_a_private_file_is_private_on_the_way",
     fault_72_a_private_file_is_private_on_the_way},
    {"others_keep_what_is_theirs", others_keep_what_is_theirs},
    {"a_file_that_somebody_wrote_anew_is_the_new_before",
     a_file_that_somebody_wrote_anew_is_the_new_before},
    {"what_is_gone_stays_so", what_is_gone_stays_so},
    {"an_edited_file_of_ours_is_refused_and_nothing_is_done",
     an_edited_file_of_ours_is_refused_and_nothing_is_done},
    {"a_change_between_plan_and_work_is_noticed",
     a_change_between_plan_and_work_is_noticed},
    {"one_at_a_time", one_at_a_time},
    {"what_was_before_lies_there_as_it_was", what_was_before_lies_there_as_it_was},
    {"a_link_that_was_there_stays", a_link_that_was_there_stays},
    {"an_image_that_is_no_longer_wanted_goes", an_image_that_is_no_longer_wanted_goes},
    {"parents_that_were_made_for_it_go", parents_that_were_made_for_it_go},
    {"what_version_1_wrote_is_taken_back", what_version_1_wrote_is_taken_back},
    {"lost_manifests_are_made_up_for", lost_manifests_are_made_up_for},
    {"damaged_manifests_are_refused", damaged_manifests_are_refused},
    {"what_is_no_plain_file_is_left_alone", what_is_no_plain_file_is_left_alone},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    umask(022);
    return unit_main("install_transaction", cases, argc, argv);
}
