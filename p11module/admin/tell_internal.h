/* One line to whoever runs a program that administers, since PKCS#11 returns numbers
 * only. */
#ifndef OT_P11_TELL_INTERNAL_H
#define OT_P11_TELL_INTERNAL_H

/* "orgtrust: text" to the host's standard error. Neither waits nor lets the host be ended
 * by a pipe that nobody reads; what cannot be written is lost, as is all that a host
 * under a filter of system calls could be killed for. */
void ot_tell(const char *text);

#endif
