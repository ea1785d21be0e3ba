/* Little-endian numbers in a file that may lie at any address. */
#ifndef OT_BASE_BYTES_H
#define OT_BASE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t ot_get_u32(const uint8_t *bytes)
{
    uint32_t v;

    memcpy(&v, bytes, sizeof(v));
    return le32toh(v);
}

static inline uint64_t ot_get_u64(const uint8_t *bytes)
{
    uint64_t v;

    memcpy(&v, bytes, sizeof(v));
    return le64toh(v);
}

static inline void ot_put_u32(uint8_t *bytes, uint32_t v)
{
    v = htole32(v);
    memcpy(bytes, &v, sizeof(v));
}

static inline void ot_put_u64(uint8_t *bytes, uint64_t v)
{
    v = htole64(v);
    memcpy(bytes, &v, sizeof(v));
}

#endif
