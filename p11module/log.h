/* One line to the system's log, for the reason why a token is empty: a PKCS#11 host has
 * no other place where somebody would look for it.
 *
 * A host that a filter of system calls could kill for it gets none.
 *
 * Not syslog(3): that keeps a descriptor open, takes a lock that a fork can leave locked,
 * and writes to the host's terminal where the host has asked for LOG_PERROR. */
#ifndef OT_P11_LOG_H
#define OT_P11_LOG_H

/* About a token, which it names by its label. Opens, sends, closes; never waits. Without
 * a log daemon the line is lost. */
void ot_log_token(const char *label, const char *text);

#endif
