#include "http/http_memory_internal.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong failures;

unsigned long ot_http_memory_failures(void)
{
    return atomic_load(&failures);
}

static void *noted(void *memory)
{
    if (memory == NULL)
        atomic_fetch_add(&failures, 1);
    return memory;
}

static void *allocate(size_t size)
{
    return noted(malloc(size > 0 ? size : 1));
}

static void *allocate_zeros(size_t count, size_t size)
{
    return noted(calloc(count, size));
}

static char *duplicate(const char *text)
{
    return noted(strdup(text));
}

static void wipe_and_free(void *memory)
{
    if (memory == NULL)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Not realloc, which may leave a copy behind. */
static void *reallocate(void *memory, size_t size)
{
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved;

    if (memory != NULL && size > 0 && size <= before && before <= 2 * size)
        return memory;
    moved = allocate(size);
    if (moved == NULL || memory == NULL)
        return moved;
    memcpy(moved, memory, before < size ? before : size);
    wipe_and_free(memory);
    return moved;
}

CURLcode ot_http_memory_init(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, allocate, wipe_and_free, reallocate,
                                duplicate, allocate_zeros);
}
