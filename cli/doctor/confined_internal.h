/* Services that are held in: those that have a root of their own, of which a part of the
 * machine is hidden, or that a profile confines. Each file finds one kind of them, by the
 * configuration that it has; none is started. */
#ifndef OT_CLI_DOCTOR_CONFINED_INTERNAL_H
#define OT_CLI_DOCTOR_CONFINED_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct ot_doctor;
struct ot_exports;

#define OT_CONFINED_PART "confined"

struct ot_confined {
    struct ot_doctor *doctor;
    bool system_holds;                /* the store was compared, in this run */
    const struct ot_exports *exports; /* NULL: none */
};

/* Add a finding for each service that they find. */
void ot_confined_look_at_units(const struct ot_confined *confined);
void ot_confined_look_at_postfix(const struct ot_confined *confined);
void ot_confined_look_at_haproxy(const struct ot_confined *confined);
void ot_confined_look_at_apparmor(const struct ot_confined *confined);

/* A daemon that enters its root once it has read a file of authorities, and what takes a
 * change to it. */
struct ot_confined_daemon {
    const char *name, *root;
    const char *setting,
        *where;         /* what stands before and behind a file that it is told */
    const char *reload; /* a command; on_change is to have it */
};

/* Adds the finding of a file, or "@system-ca", that such a daemon reads; NULL: none. */
void ot_confined_add_file(const struct ot_confined *confined,
                          const struct ot_confined_daemon *daemon, const char *file);

/* Whether orgtrust keeps in step what is there. */
bool ot_confined_is_kept(const struct ot_confined *confined, const char *path);

/* Whether what is at path is in dir, or is that. */
bool ot_confined_covers(const char *dir, const char *path);

/* Calls seen for each line of a text file, without blanks at both ends; one that ends in
 * a backslash goes on in the next. A file that cannot be read has none. */
typedef void ot_confined_seen(void *arg, char *line);
void ot_confined_read_lines(const char *path, ot_confined_seen *seen, void *arg);

#endif
