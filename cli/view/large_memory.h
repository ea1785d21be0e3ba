/* Memory for as many things as a large organization has certificates. */
#ifndef OT_CLI_VIEW_LARGE_MEMORY_H
#define OT_CLI_VIEW_LARGE_MEMORY_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define OT_HUGE_PAGE ((size_t)2 * 1024 * 1024)

/* As malloc, and given back by free. What is large is asked for in huge pages: to be
 * given 512 small ones takes ten times as long. Where there are none, it is small ones.
 */
static inline void *ot_large_malloc(size_t size)
{
    void *memory;

    if (size < OT_HUGE_PAGE / 2)
        return malloc(size);
    size = (size + OT_HUGE_PAGE - 1) / OT_HUGE_PAGE * OT_HUGE_PAGE;
    memory = aligned_alloc(OT_HUGE_PAGE, size);
    if (memory != NULL)
        (void)madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}
/* The same, as calloc. */
static inline void *ot_large_calloc(size_t count, size_t size)
{
    void *memory = ot_large_malloc(count * size);

    return memory != NULL ? memset(memory, 0, count * size) : NULL;
}

#endif
