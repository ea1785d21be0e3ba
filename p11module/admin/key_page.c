#include "key_page_internal.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* The smallest page there is: more than any key takes. */
#define PAGE_LEN ((size_t)4096)

struct ot_key_page {
    atomic_uint refs;
    size_t len;
    unsigned char key[];
};

/* Locked as far as the user's limits go: a machine without swap needs no lock, and one
 * with swap is not made safer by refusing to work. What a kernel knows is required: an
 * old one, or one that emulates another, must not make the key part of a dump. */
static bool protect_pages(void *memory)
{
    (void)mlock(memory, PAGE_LEN);
    return madvise(memory, PAGE_LEN, MADV_DONTDUMP) == 0 &&
           madvise(memory, PAGE_LEN, MADV_WIPEONFORK) == 0;
}

struct ot_key_page *ot_key_page_new(struct ot_span key)
{
    struct ot_key_page *page;

    if (key.len > PAGE_LEN - sizeof(*page))
        return NULL;
    page =
        mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    if (!protect_pages(page)) {
        (void)munmap(page, PAGE_LEN);
        return NULL;
    }
    atomic_init(&page->refs, 1);
    page->len = key.len;
    memcpy(page->key, key.data, key.len);
    return page;
}

struct ot_key_page *ot_key_page_ref(struct ot_key_page *page)
{
    atomic_fetch_add(&page->refs, 1);
    return page;
}

void ot_key_page_abandon(struct ot_key_page *page)
{
    if (page == NULL)
        return;
    explicit_bzero(page, PAGE_LEN);
    (void)munmap(page, PAGE_LEN); /* and with it the lock */
}

void ot_key_page_unref(struct ot_key_page *page)
{
    if (page != NULL && atomic_fetch_sub(&page->refs, 1) == 1)
        ot_key_page_abandon(page);
}

struct ot_span ot_key_page_key(const struct ot_key_page *page)
{
    return ot_span_of(page->key, page->len);
}
