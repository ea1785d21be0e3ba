/* A TLS server in a child process: what the clients' drivers shake hands with. */
#ifndef OT_TESTS_BENCH_TLS_PEER_H
#define OT_TESTS_BENCH_TLS_PEER_H

/* Starts it with DIRECTORY/leaf.pem and leaf.key; it ends with this process. Returns the
 * port of 127.0.0.1 on which it listens. */
unsigned short tls_peer_start(const char *directory);

#endif
