#include "allocations.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own, under the names that are not replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

/* 0: let everything pass; n: the n-th allocation from now fails. */
static _Thread_local unsigned countdown;

/* A call to free may be a tail call, and then seems to come from elsewhere: so what is
 * alive is known by address. */
static _Thread_local bool counting;
static void *alive[4096];
static size_t alive_count;

void allocations_fail(unsigned n)
{
    countdown = n;
}

bool allocations_end(void)
{
    bool reached = countdown == 0;

    countdown = 0;
    return reached;
}

void allocations_count(void)
{
    alive_count = 0;
    counting = true;
}

size_t allocations_alive(void)
{
    return alive_count;
}

size_t allocations_stop(void)
{
    counting = false;
    return alive_count;
}

/* Not dladdr: that also looks through all symbols of the library, at every allocation. */
static bool is_ours(void *caller)
{
    struct dl_find_object found;

    return _dl_find_object(caller, &found) == 0 &&
           (strstr(found.dlfo_link_map->l_name, "/" ALLOCATIONS_OF) != NULL ||
            strstr(found.dlfo_link_map->l_name, "/libc.so") != NULL);
}

static bool fails(void *caller)
{
    if (countdown == 0 || !is_ours(caller))
        return false;
    return --countdown == 0;
}

static void forget(const void *memory)
{
    size_t i;

    for (i = 0; counting && memory != NULL && i < alive_count; i++)
        if (alive[i] == memory) {
            alive[i] = alive[--alive_count];
            return;
        }
}

static void *note(void *memory, void *caller)
{
    if (counting && memory != NULL && is_ours(caller) &&
        alive_count < sizeof(alive) / sizeof(alive[0]))
        alive[alive_count++] = memory;
    return memory;
}

#define INTERPOSED __attribute__((visibility("default")))

INTERPOSED void *malloc(size_t size)
{
    void *caller = __builtin_return_address(0);

    return fails(caller) ? NULL : note(__libc_malloc(size), caller);
}

INTERPOSED void *calloc(size_t number, size_t size)
{
    void *caller = __builtin_return_address(0);

    return fails(caller) ? NULL : note(__libc_calloc(number, size), caller);
}

INTERPOSED void *realloc(void *old, size_t size)
{
    void *caller = __builtin_return_address(0);

    if (fails(caller))
        return NULL;
    forget(old);
    return note(__libc_realloc(old, size), caller);
}

INTERPOSED void free(void *memory)
{
    forget(memory);
    __libc_free(memory);
}
