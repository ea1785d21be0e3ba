/* The command that an admin wants to be run after a change. */
#ifndef OT_EXPORT_ON_CHANGE_INTERNAL_H
#define OT_EXPORT_ON_CHANGE_INTERNAL_H

struct ot_export;
struct ot_exports;

/* How long it is waited for further changes before the command is run; and how long it
 * may take, while `orgtrust watch` shows its service manager no sign of life. */
#define OT_ON_CHANGE_QUIET_MS 1000
#define OT_ON_CHANGE_TIMEOUT_MS 60000

/* Runs the command, /bin/sh -c, when what its sources trust or any of their exports is
 * not what it was after the last run that succeeded. One at a time over all processes:
 * who finds another at it leaves, and that one runs once more if something has changed
 * since it began. One that failed is tried again after the next sync. Sets outcome and
 * why. */
void ot_on_change_run(struct ot_exports *exports, struct ot_export *item,
                      const volatile int *stop);

#endif
