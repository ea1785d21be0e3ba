#include "http/http_memory_internal.h"

#include <curl/curl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "http/curl_on_demand_internal.h"

static atomic_ulong failures;

unsigned long ot_http_memory_failures(void)
{
    return atomic_load(&failures);
}

static void *note_failure(void *memory)
{
    if (memory == NULL)
        atomic_fetch_add(&failures, 1);
    return memory;
}

static void *allocate_bytes(size_t size)
{
    return note_failure(malloc(size > 0 ? size : 1));
}

static void *allocate_zeros(size_t count, size_t size)
{
    return note_failure(calloc(count, size));
}

static char *duplicate_text(const char *text)
{
    return note_failure(strdup(text));
}

static void wipe_and_free(void *memory)
{
    if (memory == NULL)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Not realloc, which may leave a copy behind. */
static void *reallocate_bytes(void *memory, size_t size)
{
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved;

    if (memory != NULL && size > 0 && size <= before && before <= 2 * size)
        return memory;
    moved = allocate_bytes(size);
    if (moved == NULL || memory == NULL)
        return moved;
    memcpy(moved, memory, before < size ? before : size);
    wipe_and_free(memory);
    return moved;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_result;

static void init_curl(void)
{
    curl_result = curl_global_init_mem(CURL_GLOBAL_DEFAULT, allocate_bytes, wipe_and_free,
                                       reallocate_bytes, duplicate_text, allocate_zeros);
}

enum ot_status ot_http_memory_init(struct ot_error *err)
{
    enum ot_status status = ot_curl_load(err);

    if (status != OT_OK)
        return status;
    pthread_once(&curl_once, init_curl);
    if (curl_result == CURLE_OK)
        return OT_OK;
    return ot_error_set(err, OT_E_INTERNAL, "libcurl cannot start: %s",
                        curl_easy_strerror(curl_result));
}
