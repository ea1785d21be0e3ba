#include "bench.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_must(int ok, const char *what, const char *on)
{
    if (ok)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, on);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

__attribute__((noinline, visibility("default"))) void
bench_section(const struct bench_side *side)
{
    side->work(side->arg);
    /* Keeps the call above from becoming a jump, which callgrind would not see return. */
    __asm__ volatile("" ::: "memory");
}

static void run_batch(const struct bench_side *side, int measured)
{
    int64_t cpu, wall;

    if (side->prepare != NULL)
        side->prepare(side->arg);
    wall = nanoseconds(CLOCK_MONOTONIC);
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    if (measured)
        bench_section(side);
    else
        side->work(side->arg);
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = nanoseconds(CLOCK_MONOTONIC) - wall;
    if (measured)
        printf("%s %lld %lld %lu\n", side->name, (long long)cpu, (long long)wall,
               side->operations);
    if (side->clean != NULL)
        side->clean(side->arg);
}

void bench_run(const struct bench_side *sides, unsigned count, unsigned rounds,
               const char *only)
{
    unsigned round, i;

    for (round = 0; round <= rounds; round++)
        for (i = 0; i < count; i++)
            if (strcmp(only, "all") == 0 || strcmp(only, sides[i].name) == 0)
                run_batch(&sides[i], round > 0);
}

unsigned bench_number(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    bench_must(*end == '\0' && number >= 1 && number <= 1000000, "no such number", text);
    return (unsigned)number;
}

char *bench_path(const char *directory, const char *name)
{
    char *path;

    bench_must(asprintf(&path, "%s/%s", directory, name) >= 0, "no memory", name);
    return path;
}

unsigned bench_read_certs(const char *path, X509 **certs, unsigned max)
{
    BIO *bio = BIO_new_file(path, "r");
    unsigned n = 0;

    bench_must(bio != NULL, "cannot read", path);
    while (n < max && (certs[n] = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        n++;
    ERR_clear_error();
    BIO_free(bio);
    bench_must(n > 0, "no certificate in", path);
    return n;
}

X509 *bench_read_cert(const char *path)
{
    X509 *cert;

    bench_read_certs(path, &cert, 1);
    return cert;
}
