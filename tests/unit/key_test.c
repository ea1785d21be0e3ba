#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/source.h"
#include "http/key.h"

#define SECRET "sk-admin-0123456789abcdefghijklmnopqrstuvwxyz"

static struct ot_source source_with(const char *file)
{
    struct ot_source source = {0};

    source.name = (char *)"default";
    source.origin = (char *)"test.conf:1";
    source.admin_key_file = (char *)file;
    return source;
}

static const char *key_file(const char *text, size_t len, mode_t mode)
{
    const char *path = unit_path("key");
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, len), (ssize_t)len);
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static void loads(const char *text, const char *expected)
{
    const char *path = key_file(text, strlen(text), 0600);
    struct ot_source source = source_with(path);
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key;

    CU_ASSERT_EQUAL(ot_key_load(&key, &source, &err), OT_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key.secret);
    CU_ASSERT_STRING_EQUAL(key.secret, expected);
    CU_ASSERT_EQUAL(key.len, strlen(expected));
    CU_ASSERT_STRING_EQUAL(key.origin, path);
    ot_key_clear(&key);
    CU_ASSERT_PTR_NULL(key.secret);
    CU_ASSERT_EQUAL(key.len, 0);
}

/* Loading must fail like this, and say nothing of the key. */
static void fails(const char *path, enum ot_status expected, const char *why)
{
    struct ot_source source = source_with(path);
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key;
    enum ot_status status = ot_key_load(&key, &source, &err);

    if (status != expected || strstr(err.message, why) == NULL)
        fprintf(stderr, "\n    status %d, \"%s\", not \"%s\"\n", (int)status, err.message,
                why);
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_EQUAL(err.status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    CU_ASSERT_PTR_NULL(strstr(err.message, "sk-admin"));
    CU_ASSERT_PTR_NULL(key.secret);
}

static void reads_a_file(void)
{
    char longest[OT_KEY_BYTES_MAX + 3];

    loads(SECRET, SECRET);
    loads(SECRET "\n", SECRET);
    loads(SECRET "\r\n", SECRET);
    loads(SECRET "\n\n", SECRET);
    loads("\n \t" SECRET " \t\r\n", SECRET);
    memset(longest, 'k', OT_KEY_BYTES_MAX);
    longest[OT_KEY_BYTES_MAX] = '\0';
    loads(longest, longest);
    strcat(longest, "\r\n");
    {
        char expected[OT_KEY_BYTES_MAX + 1];

        memset(expected, 'k', OT_KEY_BYTES_MAX);
        expected[OT_KEY_BYTES_MAX] = '\0';
        loads(longest, expected);
    }
}

static void refuses_what_is_no_key(void)
{
    static const char *const bad[] = {
        SECRET "\x7f",     "\xc3\xa9" SECRET,  SECRET "\x01\n",
        SECRET "\xe2\x80", SECRET "\r" SECRET,
    };
    static const struct {
        const char *text, *why;
    } wrapped[] = {
        {"sk admin", "a blank (byte 3)"},
        {SECRET "\nother\n", "more than one line"},
        {"\"" SECRET "\"\n", "quotation marks"},
        {SECRET "'", "quotation marks"},
        {"\xef\xbb\xbf" SECRET, "byte order mark"},
        {"OPENAI_ADMIN_KEY=" SECRET, "name of a variable"},
        {"export X=" SECRET, "name of a variable"},
    };
    char huge[OT_KEY_BYTES_MAX + 2];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        fails(key_file(bad[i], strlen(bad[i]), 0600), OT_E_CONFIG, "visible ASCII");
    for (size_t i = 0; i < sizeof(wrapped) / sizeof(wrapped[0]); i++)
        fails(key_file(wrapped[i].text, strlen(wrapped[i].text), 0600), OT_E_CONFIG,
              wrapped[i].why);
    fails(key_file(SECRET "\0x", sizeof(SECRET) + 1, 0600), OT_E_CONFIG, "visible ASCII");
    fails(key_file("", 0, 0600), OT_E_CONFIG, "empty");
    fails(key_file("\n", 1, 0600), OT_E_CONFIG, "empty");
    fails(key_file(" \n\t", 3, 0600), OT_E_CONFIG, "empty");
    memset(huge, 'k', sizeof(huge));
    fails(key_file(huge, OT_KEY_BYTES_MAX + 1, 0600), OT_E_CONFIG, "longer than");
}

static void refuses_a_file_that_others_can_read(void)
{
    static const mode_t modes[] = {0640, 0604, 0644, 0610, 0601, 0777};
    const char *path;

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        fails(key_file(SECRET, strlen(SECRET), modes[i]), OT_E_UNSAFE, "chmod");
    path = key_file(SECRET, strlen(SECRET), 0600);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(path, 12345, 0), 0);
        fails(path, OT_E_UNSAFE, path);
    }
}

static void refuses_what_is_no_file(void)
{
    fails(unit_path("absent"), OT_E_CONFIG, "does not exist");
    fails(unit_path("absent"), OT_E_CONFIG, "test.conf:1");
    CU_ASSERT_EQUAL(mkfifo(unit_path("fifo"), 0600), 0);
    fails(unit_path("fifo"), OT_E_UNSAFE, "fifo");
    CU_ASSERT_EQUAL(mkdir(unit_path("directory"), 0700), 0);
    fails(unit_path("directory"), OT_E_UNSAFE, "directory");
    fails("/dev/null", OT_E_UNSAFE, "/dev/null");
}

static void takes_the_environment_without_a_file(void)
{
    struct ot_source source = source_with(NULL);
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key;

    setenv("OPENAI_ADMIN_KEY", SECRET, 1);
    CU_ASSERT_EQUAL(ot_key_load(&key, &source, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(key.secret, SECRET);
    CU_ASSERT_STRING_EQUAL(key.origin, "OPENAI_ADMIN_KEY");
    ot_key_clear(&key);
    loads("from-the-file", "from-the-file");
    setenv("OPENAI_ADMIN_KEY", SECRET "\r\nX-Injected: 1", 1);
    fails(NULL, OT_E_CONFIG, "OPENAI_ADMIN_KEY holds no admin key");
    setenv("OPENAI_ADMIN_KEY", "", 1);
    CU_ASSERT_EQUAL(ot_key_load(&key, &source, &err), OT_OK);
    CU_ASSERT_PTR_NULL(key.secret);
    unsetenv("OPENAI_ADMIN_KEY");
    CU_ASSERT_EQUAL(ot_key_load(&key, &source, &err), OT_OK);
    CU_ASSERT_PTR_NULL(key.secret);
    CU_ASSERT_STRING_EQUAL(key.origin, "OPENAI_ADMIN_KEY");
    ot_key_clear(&key);
}

static void *write_slowly(void *arg)
{
    int fd = *(int *)arg;

    for (const char *p = SECRET "\n"; *p != '\0'; p++)
        if (write(fd, p, 1) != 1)
            break;
    close(fd);
    return NULL;
}

static void reads_a_descriptor_to_its_end(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_key key;
    pthread_t writer;
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_slowly, &ends[1]), 0);
    CU_ASSERT_EQUAL(ot_key_read_fd(&key, ends[0], &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(key.secret, SECRET);
    CU_ASSERT_PTR_NOT_NULL(strstr(key.origin, "descriptor"));
    ot_key_clear(&key);
    pthread_join(writer, NULL);
    CU_ASSERT_EQUAL(ot_key_read_fd(&key, ends[0], &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(key.secret);
    close(ends[0]);
    CU_ASSERT_EQUAL(ot_key_read_fd(&key, -1, &err), OT_E_IO);
    CU_ASSERT_PTR_NULL(key.secret);
}

/* What a key of this text is told at this address; NULL: it may go there. */
static void goes(const char *text, const char *url, enum ot_url_origin origin,
                 const char *why)
{
    struct ot_source source = source_with(NULL);
    struct ot_key key = {.secret = (char *)text, .len = strlen(text), .origin = "test"};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;

    source.base_url = (char *)url;
    source.base_url_origin = origin;
    status = ot_key_check_host(&key, &source, &err);
    CU_ASSERT_EQUAL(status, why != NULL ? OT_E_CONFIG : OT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why != NULL ? why : ""));
    CU_ASSERT_PTR_NULL(strstr(err.message, text));
}

static void goes_only_where_it_belongs(void)
{
    static const char hosted[] = "https://api.openai.com/v1";
    struct ot_key none = {.secret = NULL};
    struct ot_source source = source_with(NULL);

    for (int origin = OT_URL_CONFIGURED; origin <= OT_URL_DEFAULT; origin++) {
        goes("orgtrust-admin-1", hosted, (enum ot_url_origin)origin, "base_url = https");
        goes(SECRET, hosted, (enum ot_url_origin)origin, NULL);
        goes("other-1", hosted, (enum ot_url_origin)origin, NULL);
    }
    goes(SECRET, "https://mtls.api.openai.com:8443/v1", OT_URL_ENVIRONMENT, NULL);
    goes("orgtrust-admin-1", "https://mtls.api.openai.com/v1", OT_URL_CONFIGURED,
         "is not sent");
    goes("orgtrust-admin-1", "https://ca.example:8443/v1", OT_URL_CONFIGURED, NULL);
    goes("orgtrust-admin-1", "https://ca.example:8443/v1", OT_URL_ENVIRONMENT, NULL);
    goes(SECRET, "https://ca.example:8443/v1", OT_URL_CONFIGURED, NULL);
    goes("other-1", "https://ca.example/v1", OT_URL_ENVIRONMENT, NULL);
    goes(SECRET, "https://ca.example:8443/v1", OT_URL_ENVIRONMENT,
         "not sent to ca.example, which only OPENAI_BASE_URL names");
    goes(SECRET, "http://[::1]:8443/v1", OT_URL_ENVIRONMENT, "not sent to [::1],");
    goes(SECRET, "https://api.openai.com.evil.example/v1", OT_URL_ENVIRONMENT,
         "not sent");
    goes(SECRET, "https://evilapi.openai.com/v1", OT_URL_ENVIRONMENT, "not sent");
    goes(SECRET, "https://evil.example/api.openai.com", OT_URL_ENVIRONMENT, "not sent");
    source.base_url = (char *)"https://ca.example/v1";
    CU_ASSERT_EQUAL(ot_key_check_host(&none, &source, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_key_check_host(NULL, &source, NULL), OT_OK);
}

static const struct unit_case cases[] = {
    {"reads a file", reads_a_file},
    {"refuses what is no key", refuses_what_is_no_key},
    {"fault_41_refuses_a_file_that_others_can_read", refuses_a_file_that_others_can_read},
    {"fault_40_refuses_what_is_no_file", refuses_what_is_no_file},
    {"takes the environment without a file", takes_the_environment_without_a_file},
    {"reads a descriptor to its end", reads_a_descriptor_to_its_end},
    {"goes only where it belongs", goes_only_where_it_belongs},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("key", cases, argc, argv);
}
