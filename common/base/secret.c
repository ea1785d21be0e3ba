#include "base/secret.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "base/hex.h"

/* Nothing that short is a key, and striking it out would leave no text readable. */
#define SECRET_LEN_MIN 8

/* Sources are synced one after the other; more than this are not open at once. */
#define SECRETS_MAX 64

struct secret {
    const char *text;
    size_t len;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct secret secrets[SECRETS_MAX];
static size_t count;
/* What each byte can be the beginning of. Nearly every byte of an answer is none, and all
 * that an API sends is looked through. */
#define STARTS_SECRET 1u /* a spelling of any of them */
#define STARTS_ESCAPE 2u
static unsigned char starts[UCHAR_MAX + 1];

static int to_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* How a character can be written by its number. */
static const struct {
    const char *before;
    size_t digits;
    const char *after;
} escapes[] = {{"%", 2, ""},   {"\\u", 4, ""},  {"\\x", 2, ""},
               {"%25", 2, ""}, {"&#x", 2, ";"}, {"\\\\u", 4, ""}};
#define ESCAPES (sizeof(escapes) / sizeof(escapes[0]))

/* How long an escape is that begins with `before` and ends with `after`, has so many
 * hexadecimal digits and means c; 0: there is none. */
static size_t match_escape(const char *text, size_t len, const char *before,
                           size_t digits, const char *after, int c)
{
    size_t start = strlen(before), end = start + digits, whole = end + strlen(after);
    int value = 0;

    if (whole > len || memcmp(text, before, start) != 0 ||
        memcmp(text + end, after, whole - end) != 0)
        return 0;
    for (size_t i = start; i < end; i++) {
        int digit = ot_hex_value(text[i]);

        if (digit < 0 || value > 0xff)
            return 0;
        value = value * 16 + digit;
    }
    return to_lower(value) == c ? whole : 0;
}

/* How many bytes of text spell the character c, which is not a capital; 0: none do. */
static size_t match_char(const char *text, size_t len, int c)
{
    size_t n = 0;

    if (len == 0)
        return 0;
    if (to_lower((unsigned char)text[0]) == c)
        return 1;
    if ((starts[(unsigned char)text[0]] & STARTS_ESCAPE) == 0)
        return 0;
    for (size_t i = 0; n == 0 && i < ESCAPES; i++)
        n = match_escape(text, len, escapes[i].before, escapes[i].digits,
                         escapes[i].after, c);
    return n;
}

/* How many bytes of text spell the secret, from its beginning; 0: they do not. */
static size_t match_secret(const char *text, size_t len, const struct secret *secret)
{
    size_t at = 0;

    for (size_t i = 0; i < secret->len; i++) {
        size_t n =
            match_char(text + at, len - at, to_lower((unsigned char)secret->text[i]));

        if (n == 0)
            return 0;
        at += n;
    }
    return at;
}

static void find_starts(void)
{
    memset(starts, 0, sizeof(starts));
    for (size_t i = 0; i < count; i++) {
        int first = to_lower((unsigned char)secrets[i].text[0]);

        starts[first] |= STARTS_SECRET;
        if (first >= 'a' && first <= 'z')
            starts[first - ('a' - 'A')] |= STARTS_SECRET;
    }
    for (size_t i = 0; count > 0 && i < ESCAPES; i++)
        starts[(unsigned char)escapes[i].before[0]] |= STARTS_SECRET | STARTS_ESCAPE;
}

void ot_secret_add(const char *secret, size_t len)
{
    if (secret == NULL || len < SECRET_LEN_MIN)
        return;
    pthread_mutex_lock(&mutex);
    if (count < SECRETS_MAX)
        secrets[count++] = (struct secret){secret, len};
    find_starts();
    pthread_mutex_unlock(&mutex);
}

void ot_secret_remove(const char *secret)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = count; i-- > 0;)
        if (secrets[i].text == secret)
            secrets[i] = secrets[--count];
    find_starts();
    pthread_mutex_unlock(&mutex);
}

/* The length of the spelling of any of them that begins here; 0: none does. */
static size_t match_any(const char *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; n == 0 && i < count; i++)
        n = match_secret(text, len, &secrets[i]);
    return n;
}

/* The first place of any of them at or behind `from`; its length, 0: there is none. */
static size_t find_secret(const char *text, size_t len, size_t from, size_t *place)
{
    for (size_t at = from; at < len; at++) {
        bool can = (starts[(unsigned char)text[at]] & STARTS_SECRET) != 0;
        size_t n = can ? match_any(text + at, len - at) : 0;

        if (n > 0) {
            *place = at;
            return n;
        }
    }
    return 0;
}

void ot_secret_redact(char *text, size_t len)
{
    size_t place = 0, n;

    if (text == NULL)
        return;
    pthread_mutex_lock(&mutex);
    while ((n = find_secret(text, len, place, &place)) > 0) {
        memset(text + place, '*', n);
        place += n;
    }
    pthread_mutex_unlock(&mutex);
}

bool ot_secret_stands_in(const void *data, size_t len)
{
    size_t place;
    bool found;

    pthread_mutex_lock(&mutex);
    found = find_secret(data, len, 0, &place) > 0;
    pthread_mutex_unlock(&mutex);
    return found;
}
