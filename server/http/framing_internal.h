/* Whether a request's head is one that all its readers read alike (RFC 9112 §2.2, §5,
 * §6). What one takes for a header and another does not, or for a longer one, lets a
 * stranger's request pass as another's: it is answered with 400, and the connection is
 * given up.
 *
 * The library is lenient. From 1.0 on it can be told to refuse all of this by itself,
 * with a page of its own, and is (ot_framing_flags). Before, it hands out names and
 * values as strings into the one buffer that the head came in: what it cut off, joined or
 * passed over shows in where they lie. Three forms do not show: NULs at the end of a line
 * that are as many, with what it makes of lone LFs there, as what it makes of CR and LF;
 * a line of a colon alone, at which it ends the head, where the NULs are as many again;
 * and a line before the request's that begins with a NUL, which it passes over. Nor do
 * the lines between chunks, which it ends at a lone LF, too: a connection on which chunks
 * came has no second request, so that nothing can be hidden behind them. */
#ifndef OT_SERVER_HTTP_FRAMING_INTERNAL_H
#define OT_SERVER_HTTP_FRAMING_INTERNAL_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct ot_reply;

/* What a head says about what follows it. The strings are the library's. */
struct ot_framing {
    const char *length, *encoding, *expect; /* NULL: absent */
    bool is_last; /* where it ends is not certain enough for another one behind it */
};

/* Where the library keeps the parts of the request line. */
struct ot_request_line {
    const char *method, *version;
    uintptr_t target, target_end;
};

/* Flags for the daemon's start. */
unsigned ot_framing_flags(void);

/* false: reply says 400 or 431, and that the connection is of no more use. */
bool ot_framing_check(struct ot_framing *out, struct MHD_Connection *connection,
                      const struct ot_request_line *line, struct ot_reply *reply);

/* The same for what follows a chunked body. */
bool ot_framing_check_trailers(struct MHD_Connection *connection, struct ot_reply *reply);

#endif
