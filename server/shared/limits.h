/* The server's limits, each with the reason for its value. */
#ifndef OT_SERVER_SHARED_LIMITS_H
#define OT_SERVER_SHARED_LIMITS_H

/* A request's body: OT_CERT_PEM_MAX with every line end escaped, a name, and room. */
#define OT_BODY_MAX (1024u * 1024)

/* A body that is too large is still read up to here, so that its sender gets to see the
 * 413; beyond it the connection is closed. */
#define OT_BODY_DISCARD_MAX (8u * 1024 * 1024)

/* What a request line and its headers may take: a key, two ids, a cursor, a few entity
 * tags and what proxies add. The transport's own buffer is larger, so that the refusal
 * can be said in the API's shape. */
#define OT_HEADERS_MAX (16u * 1024)
#define OT_CONNECTION_MEMORY (32u * 1024)

/* A list of 100 items with names of OT_NAME_CHARS_MAX, escaped; a certificate in PEM. */
#define OT_REPLY_MAX (4u * 1024 * 1024)

/* The contents of several certificates in one answer: no more are begun behind this. A
 * hundred with keys of RSA, 2048 bits, fit; and with one more certificate it is no longer
 * than what clients receive at once. */
#define OT_CONTENTS_LEN (192u * 1024)

/* What a person sees of several certificates in one answer: no more are begun behind
 * this. One that is active in ten thousand projects takes about as much. */
#define OT_INSPECTED_LEN (1024u * 1024)

/* The details of events of the audit log in one answer: no more are begun behind this.
 * That of a certificate that was deleted has all of its content. */
#define OT_EVENTS_LEN (2u * 1024 * 1024)

/* Answers that are kept for whoever asks the same next: the pages and certificates that a
 * fleet fetches one host after the other. How many, how long each is at most, and all of
 * them together. A page of 100 has 20 to 35 KiB: all pages of 100,000 certificates. */
#define OT_ANSWERS_MAX 2048u
#define OT_ANSWER_MAX (128u * 1024)
#define OT_ANSWERS_LEN (32u * 1024 * 1024)

/* Rows of keys, certificates and projects that are kept for the beginning of requests: a
 * fleet's whole organization, in 2 MiB. */
#define OT_OPENINGS_MAX 4096u

/* The API's own figures. */
#define OT_PAGE_LIMIT_DEFAULT 20
#define OT_PAGE_LIMIT_MAX 100
#define OT_TOGGLE_MAX 10
#define OT_CERTIFICATES_DEFAULT 50

/* When an activation may end at the latest: the last second of the year 9999, behind
 * which nobody writes a date in the same form. */
#define OT_DEACTIVATE_AT_MAX 253402300799

/* After the end of activations could not be carried out (a full disk): when that is tried
 * again where no request asks for it, so that the log is not all of it. */
#define OT_ENDS_RETRY_S 60

/* A certificate's name, in characters. The API publishes no limit; a label that a person
 * reads is shorter than this. */
#define OT_NAME_CHARS_MAX 255

/* An API key's name is a column of `key list`. */
#define OT_APIKEY_NAME_MAX 64

/* What the API allows for the life of a key that is made through it: a year. */
#define OT_APIKEY_LIFETIME_MAX_S 31536000

/* Hosts of one key: twice what sits behind a relay, whose hosts all report by its key.
 * All that one key may have kept is 80 MB. */
#define OT_HOSTS_OF_KEY_MAX 20000

/* Of one report: its body, stacks, and the words about a stack. */
#define OT_REPORT_BODY_MAX 8192
#define OT_REPORT_STACKS_MAX 24
#define OT_REPORT_WORD_MAX 24

/* A host that has not been seen for so long is none any more. One whose key is gone goes
 * sooner, for a host that is there reports once a day. */
#define OT_HOST_UNSEEN_S (30 * 24 * 3600)
#define OT_HOST_OF_NO_KEY_S (2 * 24 * 3600)

/* Path segments of the longest route. */
#define OT_SEGMENTS_MAX 8

/* Parameters of one query: the audit log's filters take an array of ids each. */
#define OT_PARAMETERS_MAX 128

/* How many scopes the refusal to delete names before it only counts. */
#define OT_SCOPES_NAMED 10

/* Idle connections are closed after this; a request in flight has as long between two
 * packets. */
#define OT_IDLE_TIMEOUT_S 60

/* In all, whatever comes now and then: a head of 16 KiB and a body of 1 MiB over 35 KB/s,
 * of the usual 4 KB over 140 bytes a second; a page of 50 KB read at 1 KB/s. */
#define OT_HEAD_TIMEOUT_S 20
#define OT_BODY_TIMEOUT_S 30
#define OT_REPLY_TIMEOUT_S 60

/* Ten thousand hosts sit behind a relay; this many connections come without one. */
#define OT_CONNECTIONS_LIMIT 4096

/* One address's share of them unless --connections-per-address says other: an eighth, so
 * that a NAT or a relay has ten whole syncs at once (OT_CONNECTIONS_MAX each). */
#define OT_ADDRESS_SHARE 8

/* Requests that are held until something changes, besides these: the hosts of a whole
 * fleet without a relay; of one address half of them, for a fleet behind a NAT. A held
 * one takes some 20 KB of memory and a descriptor. */
#define OT_WAITS_MAX 10240
#define OT_WAITS_ADDRESS_SHARE 2

/* Wrong keys of one address that are answered one by one in this time, before it is told
 * to wait: a fleet behind a NAT whose key was revoked shows in the log, and is not all of
 * it. */
#define OT_WRONG_KEYS_MAX 20
#define OT_WRONG_KEYS_WINDOW_S 60

/* Workers: one a processor, but some more than one on small machines, since a commit may
 * wait for the disk; and no more than SQLite readers that still gain from it. Where the
 * database is another process they wait for that, and share a question (openings.h): the
 * more of them wait, the less one costs. */
#define OT_WORKERS_MIN 4
#define OT_WORKERS_SHARED_MIN 12
#define OT_WORKERS_MAX 32

/* The library's threads of one TLS certificate, and those of former ones whose
 * connections have not ended: beyond it a further one has to wait, a minute or two. */
#define OT_SERVICES_MAX 4

/* How long a request waits for others that write, of whichever process. */
#define OT_DB_BUSY_MS 5000

/* Of a database server: how long connecting to it may take; how long one of its
 * statements, and the silence of a server that is gone; after it could not be reached,
 * when that is tried again, and when clients are told to. */
#define OT_DB_CONNECT_S 5
#define OT_DB_STATEMENT_MS 15000
#define OT_DB_AWAY_STEP_MS 250
#define OT_DB_AWAY_RETRY_S 2

/* How long the log says no more of what may come with every request. */
#define OT_LOG_PAUSE_US 1000000

/* A transaction that the database gave back is done again, so often in all and after a
 * pause that grows from this; so is one that a broken connection has ended. */
#define OT_DB_TRIES 5
#define OT_DB_TRY_STEP_MS 10

/* Where the connection broke while it confirmed: how long, and how often, one waits to
 * ask whether it has happened. A standby takes over in less. */
#define OT_DB_DOUBT_MS 5000
#define OT_DB_DOUBT_STEP_MS 250

/* Once asked to stop: how long replies may take to be read, how long the rest of a
 * request may take to arrive (of those that broke off, it never does), and how long a
 * connection may be there before its request begins. */
#define OT_DRAIN_REPLIES_MS 10000
#define OT_DRAIN_REQUESTS_MS 2000
#define OT_DRAIN_HEADS_MS 1000

/* `last used` of a key is written this often at most: it must not make writes of reads.
 */
#define OT_APIKEY_TOUCH_S 60

#endif
