/* What the drivers share: two sides that do the same work, measured in turn.
 *
 * Each batch is one line on standard output, which tests/bench/measure.py reads:
 *
 *   SIDE CPU-NANOSECONDS WALL-NANOSECONDS OPERATIONS
 *
 * The work of a batch, and nothing else, happens inside bench_section(), by whose name
 * callgrind is told what to count. */
#ifndef OT_TESTS_BENCH_H
#define OT_TESTS_BENCH_H

#include <openssl/x509.h>

struct bench_side {
    const char *name;
    void (*prepare)(void *arg); /* before each batch, not measured; may be NULL */
    void (*work)(void *arg);
    void (*clean)(void *arg); /* after each batch, not measured; may be NULL */
    void *arg;
    unsigned long operations; /* in one batch */
};

/* Ends the program with a message unless ok. */
void bench_must(int ok, const char *what, const char *on);

/* Measures the sides in turn, `rounds` times; only: one side's name, or "all". One batch
 * of each before that is not measured. */
void bench_run(const struct bench_side *sides, unsigned count, unsigned rounds,
               const char *only);

/* One batch's work. Of its own name in the binary, which is what callgrind looks for. */
void bench_section(const struct bench_side *side);

/* A whole number of at least 1 from the command line. */
unsigned bench_number(const char *text);

/* DIRECTORY/NAME, which the caller frees. */
char *bench_path(const char *directory, const char *name);

/* The certificate of a file PEM; the caller frees it. */
X509 *bench_read_cert(const char *path);

/* The first certificates of a bundle, at most max; returns how many. */
unsigned bench_read_certs(const char *path, X509 **certs, unsigned max);

#endif
