/* What went wrong: a status to act on, a sentence for the person who has to act.
 *
 * A function that can fail returns an ot_status and describes the failure in the error
 * object that its caller passed (NULL: the caller does not want to know). The sentence
 * names what failed, on what, why, and what to do. Only the outermost layer prints it or
 * maps the status: the command to an exit status, the provider to a reason code, the
 * PKCS#11 module to a CK_RV. Nothing here allocates, so it also works out of memory.
 *
 * An error object belongs to one thread at a time. */
#ifndef OT_BASE_ERROR_H
#define OT_BASE_ERROR_H

/* A sentence, a path and a message of the API: fits a terminal screen, and a struct on
 * the stack of a host's small thread. */
#define OT_ERROR_MAX 768

enum ot_status {
    OT_OK = 0,
    OT_E_NOMEM,       /* out of memory */
    OT_E_INTERNAL,    /* a library we rely on refused something it never should */
    OT_E_USAGE,       /* the caller's arguments: command line, URI, search */
    OT_E_CONFIG,      /* configuration: unknown key, bad value, unreadable file */
    OT_E_NO_SNAPSHOT, /* nothing has been cached for this source yet */
    OT_E_EXPIRED,     /* the snapshot is older than max_stale */
    OT_E_CORRUPT,     /* the snapshot is damaged, truncated or of another version */
    OT_E_UNSAFE,      /* a file's owner, mode or type does not allow trusting it */
    OT_E_IO,          /* reading or writing a file failed */
    OT_E_NO_SPACE,    /* disk full or quota reached */
    OT_E_NETWORK,     /* name, connection, TLS, timeout, truncated answer */
    OT_E_PROTOCOL,    /* the answer is not what the API describes */
    OT_E_AUTH,        /* 401: the API does not know the key */
    OT_E_NOT_FOUND,   /* 404, or no such certificate */
    OT_E_REFUSED,     /* the API refused a request: 400, 409, other 4xx */
    OT_E_RATE,        /* 429, or told to wait longer than we do */
    OT_E_SERVER,      /* 5xx after all retries */
    OT_E_EMPTY,       /* the list became empty or less than half: not confirmed */
    OT_E_BUSY,        /* another process holds the lock for too long */
    OT_E_INTERRUPTED, /* asked to stop */
    OT_E_FORBIDDEN,   /* 403: the key may not do this */
    OT_E_LIMIT,       /* the organization holds as many certificates as it may */
    OT_E_BROKEN,      /* what was tried does not do what it should */
    OT_E_SCOPE,       /* the snapshot is of another scope than the configuration's */
    OT_E_NEEDED,      /* what is asked about is needed: something would be refused */
    OT_STATUS_COUNT
};

struct ot_error {
    enum ot_status status;
    char
        message[OT_ERROR_MAX]; /* always terminated; valid UTF-8, no control characters */
    int errnum; /* what the system said, 0: the sentence is not about that */
};

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define OT_ERROR_INIT {OT_OK, "", 0}
/* clang-format on */

/* Sets status and sentence and returns the status, so that `return ot_error_set(…)` is
 * the usual way out. Control characters, invalid UTF-8 and bidi controls in the result
 * are escaped, so that text from the network can be passed with %s. */
enum ot_status ot_error_set(struct ot_error *err, enum ot_status status, const char *fmt,
                            ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the sentence that is there; the status stays. */
void ot_error_prefix(struct ot_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As ot_error_set, with ": " and the system's words for errnum behind the sentence.
 * ENOMEM, ENOSPC and EDQUOT override status by OT_E_NOMEM and OT_E_NO_SPACE. */
enum ot_status ot_error_errno(struct ot_error *err, enum ot_status status, int errnum,
                              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

enum ot_status ot_error_nomem(struct ot_error *err);
void ot_error_clear(struct ot_error *err);

/* A short stable word for a status, for machine-readable output: "network", "auth". */
const char *ot_status_word(enum ot_status status);
enum ot_status ot_status_from_word(const char *word); /* unknown: OT_E_INTERNAL */

#endif
