/* libcurl's functions under their own names, each of which loads it first: so whoever
 * calls them includes <curl/curl.h>, as ever, and what is called and is not here ends
 * the link. With what libcurl brings, thirty libraries for LDAP, Kerberos, SSH and more,
 * it takes the dynamic linker two thirds of the time of a command that only reads a
 * snapshot. */
#include "http/curl_on_demand_internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The check of an option's type is for those who call. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define FUNCTIONS(X)                                                                     \
    X(easy_cleanup)                                                                      \
    X(easy_getinfo)                                                                      \
    X(easy_header)                                                                       \
    X(easy_init)                                                                         \
    X(easy_perform)                                                                      \
    X(easy_setopt)                                                                       \
    X(easy_strerror)                                                                     \
    X(free)                                                                              \
    X(getdate)                                                                           \
    X(global_init_mem)                                                                   \
    X(multi_add_handle)                                                                  \
    X(multi_cleanup)                                                                     \
    X(multi_info_read)                                                                   \
    X(multi_init)                                                                        \
    X(multi_perform)                                                                     \
    X(multi_poll)                                                                        \
    X(multi_remove_handle)                                                               \
    X(multi_setopt)                                                                      \
    X(multi_strerror)                                                                    \
    X(url)                                                                               \
    X(url_cleanup)                                                                       \
    X(url_get)                                                                           \
    X(url_set)                                                                           \
    X(version)

#define AS_MEMBER(name) __typeof__(curl_##name) *(name);
#define AS_SYMBOL(name) {"curl_" #name, offsetof(struct functions, name)},

struct functions {
    FUNCTIONS(AS_MEMBER)
};

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {FUNCTIONS(AS_SYMBOL)};
#define SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static pthread_once_t loaded_once = PTHREAD_ONCE_INIT;
static struct functions curl;
static bool has_curl; /* all of them */
static char why_not[OT_ERROR_MAX / 2];

/* It stays until the process ends, as if it had been linked. */
static void load_libcurl(void)
{
    void *library = dlopen(ORGTRUST_LIBCURL, RTLD_LAZY | RTLD_LOCAL);
    void *found = library;

    for (size_t i = 0; found != NULL && i < SYMBOLS; i++) {
        found = dlsym(library, symbols[i].name);
        memcpy((char *)&curl + symbols[i].offset, &found, sizeof(found));
    }
    has_curl = found != NULL;
    if (!has_curl)
        snprintf(why_not, sizeof(why_not), "%s", dlerror());
}

static bool is_loaded(void)
{
    pthread_once(&loaded_once, load_libcurl);
    return has_curl;
}

enum ot_status ot_curl_load(struct ot_error *err)
{
    if (is_loaded())
        return OT_OK;
    return ot_error_set(err, OT_E_INTERNAL,
                        "libcurl cannot be loaded: %s; install the package libcurl4 "
                        "(libcurl4t64 since Debian 13)",
                        why_not);
}

/* What may be called before ot_curl_load, and so without libcurl. */

CURLcode curl_global_init_mem(long flags, curl_malloc_callback allocate,
                              curl_free_callback release, curl_realloc_callback grow,
                              curl_strdup_callback duplicate, curl_calloc_callback zeros)
{
    if (!is_loaded())
        return CURLE_FAILED_INIT;
    return curl.global_init_mem(flags, allocate, release, grow, duplicate, zeros);
}

time_t curl_getdate(const char *text, const time_t *unused)
{
    return is_loaded() ? curl.getdate(text, unused) : -1;
}

const char *curl_easy_strerror(CURLcode code)
{
    return is_loaded() ? curl.easy_strerror(code) : why_not;
}

const char *curl_multi_strerror(CURLMcode code)
{
    return is_loaded() ? curl.multi_strerror(code) : why_not;
}

char *curl_version(void)
{
    return is_loaded() ? curl.version() : why_not;
}

/* Each of the others needs what one of these makes. */

CURL *curl_easy_init(void)
{
    return is_loaded() ? curl.easy_init() : NULL;
}

CURLM *curl_multi_init(void)
{
    return is_loaded() ? curl.multi_init() : NULL;
}

CURLU *curl_url(void)
{
    return is_loaded() ? curl.url() : NULL;
}

void curl_free(void *memory)
{
    if (memory != NULL)
        curl.free(memory);
}

void curl_easy_cleanup(CURL *easy)
{
    if (easy != NULL)
        curl.easy_cleanup(easy);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    return multi != NULL ? curl.multi_cleanup(multi) : CURLM_BAD_HANDLE;
}

void curl_url_cleanup(CURLU *url)
{
    if (url != NULL)
        curl.url_cleanup(url);
}

/* The one argument behind an option is of the type that the option's number tells. */
CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
    CURLcode code;
    va_list argument;

    va_start(argument, option);
    if (option < CURLOPTTYPE_OBJECTPOINT) {
        long number = va_arg(argument, long);

        code = curl.easy_setopt(easy, option, number);
    } else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB) {
        curl_off_t size = va_arg(argument, curl_off_t);

        code = curl.easy_setopt(easy, option, size);
    } else {
        void *pointer = va_arg(argument, void *);

        code = curl.easy_setopt(easy, option, pointer);
    }
    va_end(argument);
    return code;
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
    CURLMcode code;
    va_list argument;

    va_start(argument, option);
    if ((int)option < CURLOPTTYPE_OBJECTPOINT) {
        long number = va_arg(argument, long);

        code = curl.multi_setopt(multi, option, number);
    } else {
        void *pointer = va_arg(argument, void *);

        code = curl.multi_setopt(multi, option, pointer);
    }
    va_end(argument);
    return code;
}

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
    CURLcode code;
    va_list argument;

    va_start(argument, info);
    code = curl.easy_getinfo(easy, info, va_arg(argument, void *));
    va_end(argument);
    return code;
}

CURLcode curl_easy_perform(CURL *easy)
{
    return curl.easy_perform(easy);
}

CURLHcode curl_easy_header(CURL *easy, const char *name, size_t index, unsigned origin,
                           int request, struct curl_header **header)
{
    return curl.easy_header(easy, name, index, origin, request, header);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    return curl.multi_remove_handle(multi, easy);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    return curl.multi_perform(multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *more, unsigned count,
                          int timeout_ms, int *ready)
{
    return curl.multi_poll(multi, more, count, timeout_ms, ready);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    return curl.multi_info_read(multi, left);
}

CURLUcode curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned flags)
{
    return curl.url_set(url, part, text, flags);
}

/* Since 8.1 it promises not to change the URL. */
#if CURL_AT_LEAST_VERSION(8, 1, 0)
typedef const CURLU read_url;
#else
typedef CURLU read_url;
#endif

CURLUcode curl_url_get(read_url *url, CURLUPart part, char **text, unsigned flags)
{
    return curl.url_get(url, part, text, flags);
}
