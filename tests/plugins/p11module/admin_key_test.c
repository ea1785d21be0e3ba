/* Where the key is in a host's memory while somebody is logged in, and that it is nowhere
 * afterwards. This program never holds it in one piece itself, but where it hands it to
 * the module. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin_world.h"
#include "child.h"
#include "unit.h"

#define KEY_LEN 40
#define MASK 0x80 /* no key has this bit, so what is masked is none */

/* The sanitizers' own tables, which are reserved rather than used. */
#define REGION_MAX ((uint64_t)1 << 30)

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static unsigned char masked[KEY_LEN];
static unsigned char window[1 << 20];
static uint64_t found_at;

static void make_key(void)
{
    size_t i;

    CU_ASSERT_EQUAL_FATAL(getrandom(masked, sizeof(masked), 0), sizeof(masked));
    for (i = 0; i < KEY_LEN; i++)
        masked[i] = (unsigned char)(('a' + masked[i] % 26) | MASK);
}

static CK_RV log_in(void)
{
    CK_UTF8CHAR pin[KEY_LEN];
    size_t i;
    CK_RV rv;

    for (i = 0; i < KEY_LEN; i++)
        pin[i] = masked[i] ^ MASK;
    rv = f->C_Login(session, CKU_USER, pin, KEY_LEN);
    explicit_bzero(pin, sizeof(pin));
    return rv;
}

static bool is_key(const unsigned char *at)
{
    size_t i;

    for (i = 0; i < KEY_LEN; i++)
        if ((at[i] | MASK) != masked[i] || (at[i] & MASK) != 0)
            return false;
    return true;
}

/* How often the key lies between two addresses. */
static unsigned count_in(int mem, uint64_t from, uint64_t to)
{
    const unsigned char *at, *end;
    unsigned count = 0;
    ssize_t n;

    while (from + KEY_LEN <= to) {
        memset(window, 0, sizeof(window)); /* which is read as well */
        n = pread(mem, window, to - from < sizeof(window) ? to - from : sizeof(window),
                  (off_t)from);
        if (n < KEY_LEN)
            break;
        end = window + n - KEY_LEN + 1;
        for (at = window; at < end; at++) {
            at = memchr(at, masked[0] ^ MASK, (size_t)(end - at));
            if (at == NULL)
                break;
            if (is_key(at)) {
                found_at = from + (uint64_t)(at - window);
                count++;
            }
        }
        from += (uint64_t)(n - KEY_LEN + 1);
    }
    memset(window, 0, sizeof(window));
    return count;
}

/* In all memory of this process that can be read. */
static unsigned count_all(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    unsigned count = 0;
    uint64_t from, to;
    char line[512], mode[5];

    CU_ASSERT_FATAL(maps != NULL && mem >= 0);
    while (fgets(line, sizeof(line), maps) != NULL)
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, mode) == 3 &&
            mode[0] == 'r' && to - from <= REGION_MAX)
            count += count_in(mem, from, to);
    fclose(maps);
    close(mem);
    return count;
}

/* What the kernel says of the memory at an address: " rd wr … dd …". */
static const char *flags_at(uint64_t address)
{
    static char flags[512];
    FILE *smaps = fopen("/proc/self/smaps", "re");
    uint64_t from, to;
    bool is_here = false;
    char line[512];

    flags[0] = '\0';
    CU_ASSERT_FATAL(smaps != NULL);
    while (fgets(line, sizeof(line), smaps) != NULL) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
            is_here = from <= address && address < to;
        else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            strcpy(flags, line + 8);
    }
    fclose(smaps);
    return flags;
}

/* A sanitizer's mlock does nothing. */
static bool can_lock(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = mlock(page, 4096) == 0 && strstr(flags_at((uintptr_t)page), " lo") != NULL;

    munmap(page, 4096);
    return can;
}

static void begin(void)
{
    f = admin_start();
    session = admin_session(true);
    make_key();
}

static void fault_55_the_key_lies_in_one_page_of_its_own(void)
{
    const char *flags;

    begin();
    CU_ASSERT_EQUAL(count_all(), 0);
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 1);
    flags = flags_at(found_at);
    CU_ASSERT_PTR_NOT_NULL(strstr(flags, " dd"));
    CU_ASSERT_PTR_NOT_NULL(strstr(flags, " wf"));
    CU_ASSERT(strstr(flags, " lo") != NULL || !can_lock());
    /* errands leave no copy behind */
    CU_ASSERT_EQUAL(
        f->C_DestroyObject(session, admin_find(session, CKO_CERTIFICATE, "Alpha")),
        CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 1);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 0);
    token_stop();
}

static void fault_55_the_key_goes_with_the_login(void)
{
    begin();
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 1);
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 0);
    session = admin_session(true);
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(ADMIN_SLOT), CKR_OK);
    CU_ASSERT_EQUAL(count_all(), 0);
    session = admin_session(true);
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    token_stop();
    CU_ASSERT_EQUAL(count_all(), 0);
}

static void fault_55_a_key_that_was_refused_is_not_kept(void)
{
    begin();
    admin_fail("auth");
    admin_catch_stderr();
    CU_ASSERT_EQUAL(log_in(), CKR_PIN_INCORRECT);
    (void)admin_caught();
    CU_ASSERT_EQUAL(count_all(), 0);
    admin_say(NULL);
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    CU_ASSERT_EQUAL(log_in(), CKR_USER_ALREADY_LOGGED_IN);
    CU_ASSERT_EQUAL(count_all(), 1);
    token_stop();
}

static void fault_55_a_forked_child_has_no_key(void)
{
    int status = -1;
    pid_t child;

    begin();
    CU_ASSERT_EQUAL(log_in(), CKR_OK);
    child = fork();
    if (child == 0)
        child_leave(count_all() == 0 && f->C_Initialize(NULL) == CKR_OK &&
                    count_all() == 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(count_all(), 1);
    token_stop();
}

static CK_RV cancelled_rv;

static void *log_in_once(void *arg)
{
    (void)arg;
    cancelled_rv = log_in();
    pthread_testcancel();
    return NULL;
}

/* A thread that is cancelled in a call ends behind it, and leaves no key. */
static void fault_55_a_cancelled_thread_leaves_no_key(void)
{
    pthread_t thread;
    void *result;

    begin();
    admin_fail("network"); /* which is logged: there are points of cancellation */
    admin_delay(300);
    admin_catch_stderr();
    cancelled_rv = CKR_OK;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, log_in_once, NULL), 0);
    while (access(unit_path("report"), R_OK) != 0)
        usleep(1000);
    CU_ASSERT_EQUAL(pthread_cancel(thread), 0);
    pthread_join(thread, &result);
    (void)admin_caught();
    CU_ASSERT_PTR_EQUAL(result, PTHREAD_CANCELED);
    CU_ASSERT_EQUAL(cancelled_rv, CKR_DEVICE_ERROR);
    CU_ASSERT_EQUAL(count_all(), 0);
    token_stop();
}

static const struct unit_case cases[] = {
    {"fault_55_the_key_lies_in_one_page_of_its_own",
     fault_55_the_key_lies_in_one_page_of_its_own},
    {"fault_55_the_key_goes_with_the_login", fault_55_the_key_goes_with_the_login},
    {"fault_55_a_key_that_was_refused_is_not_kept",
     fault_55_a_key_that_was_refused_is_not_kept},
    {"fault_55_a_forked_child_has_no_key", fault_55_a_forked_child_has_no_key},
    {"fault_55_a_cancelled_thread_leaves_no_key",
     fault_55_a_cancelled_thread_leaves_no_key},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin key", cases, argc, argv);
}
