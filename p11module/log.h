/* One line to the system's log, for the reason why a token is empty: a PKCS#11 host has
 * no other place where somebody would look for it. And one line to whoever runs a program
 * that administers, since PKCS#11 returns numbers only.
 *
 * A host that a filter of system calls could kill for it gets neither.
 *
 * Not syslog(3): that keeps a descriptor open, takes a lock that a fork can leave locked,
 * and writes to the host's terminal where the host has asked for LOG_PERROR. */
#ifndef OT_P11_LOG_H
#define OT_P11_LOG_H

/* About a token, which it names by its label. Opens, sends, closes; never waits. Without
 * a log daemon the line is lost. */
void ot_log_token(const char *label, const char *text);

/* "orgtrust: text" to the host's standard error. Neither waits nor lets the host be ended
 * by a pipe that nobody reads; what cannot be written is lost. */
void ot_log_tell(const char *text);

#endif
