/* Every limit, in one place, each with the reason for its value. */
#ifndef OT_BASE_LIMITS_H
#define OT_BASE_LIMITS_H

/* A SHA-256, by which people know a certificate. */
#define OT_SHA256_LEN 32

/* A source's name is part of file names, URIs, and, behind "orgtrust ", of a token's
 * label (32 bytes, PKCS#11 3.2 §3.2). */
#define OT_SOURCE_NAME_MAX 23

/* Sources are slots and configuration sections; nobody reads more than this. */
#define OT_SOURCES_MAX 64

/* Certificate and project ids; longer is a protocol error. */
#define OT_ID_MAX 128

/* How often a host that has nothing new reports that it is there, and how long a report
 * may take: it is the last thing that follows a sync. */
#define OT_HOST_REPORT_S (24 * 3600)
#define OT_HOST_REPORT_MS 5000

/* Scopes that a host reports of one API: a source has one or two. */
#define OT_HOST_SCOPES_MAX 16

/* What a host is called in its reports: as long as the kernel lets it be called. */
#define OT_HOST_NAME_MAX 64

/* A certificate's name. The API publishes no limit; longer is a protocol error. */
#define OT_NAME_MAX 4096

/* What `names` of a source may list. Each becomes a part of every certificate that is
 * handed out, so that this many are 20 KB of it. */
#define OT_NAME_LIMITS_MAX 256

/* Its label: such a name, of which every byte may be escaped by six, and a number that
 * makes it unique. */
#define OT_LABEL_MAX (6 * OT_NAME_MAX + 32)

/* Slots of a hash table that are looked at for one key. Tables are half empty, so that of
 * a million certificates none is further than a hundred slots from where it belongs. */
#define OT_PROBES_MAX 1024u

/* Records that are looked at where an index is to lead to one, or to one certificate
 * under several ids: more ids than anybody gives one. */
#define OT_SAME_MAX 64u

/* One certificate in DER. Post-quantum keys and signatures (SLH-DSA: 50 KB) fit. */
#define OT_CERT_DER_MAX (64u * 1024)

/* The same in PEM inside JSON: base64 is 4/3, line ends and words around it on top. */
#define OT_CERT_PEM_MAX (128u * 1024)

/* What is told of the certificates behind the first of an entry: half a dozen of them. */
#define OT_OTHERS_MAX 512

/* Certificates in one organization: four times the largest that was measured. */
#define OT_CERTS_MAX 400000u

/* Pages of one listing: twice OT_CERTS_MAX at 100 a page. */
#define OT_PAGES_MAX 10000u

/* Decoded bytes of one list page: 100 items with names of OT_NAME_MAX, escaped. */
#define OT_PAGE_BYTES_MAX (4u * 1024 * 1024)

/* Decoded bytes of all pages of a listing, which are held in memory: OT_CERTS_MAX at
 * 640 bytes an item, twice what one has. */
#define OT_LISTING_BYTES_MAX (256u * 1024 * 1024)

/* Decoded bytes of one answer that carries a certificate: four times OT_CERT_PEM_MAX, as
 * a text is also given back escaped. */
#define OT_CONTENT_BYTES_MAX (512u * 1024)

/* Of all certificates: what a sync fetches as PEM, and what it writes into a snapshot as
 * DER, is held in memory. 100,000 certificates of RSA 4096 have 250 MB of PEM. */
#define OT_CONTENTS_BYTES_MAX (512u * 1024 * 1024)

/* The lines of one answer outside its body: header, trailers and every 1xx before it. Ten
 * times what the API and the proxies in front of it send. */
#define OT_HEAD_BYTES_MAX (64u * 1024)

/* What arrives for an answer, before any decoding, against its largest decoded size: it
 * leaves room for a body in chunks of a byte or two each. */
#define OT_WIRE_FACTOR 4

/* A file of certificates to upload: fifty times the CAs that Mozilla ships. */
#define OT_BUNDLE_BYTES_MAX (16u * 1024 * 1024)

/* Nesting of the API's answers is 4; deeper is not the API. */
#define OT_JSON_DEPTH_MAX 16

/* A snapshot file: cdb positions are 32 bit. */
#define OT_SNAPSHOT_BYTES_MAX 0xfff00000u

/* A configuration, key or state file is a page of text; more is a mistake. */
#define OT_CONFIG_BYTES_MAX (1024u * 1024)
#define OT_KEY_BYTES_MAX 4096
#define OT_STATE_BYTES_MAX 16384

/* What a sync writes down of the listing: two cursors for each page of OT_CERTS_MAX. */
#define OT_EARLIER_BYTES_MAX (1024u * 1024)

/* What somebody typed is sent to an API as a key only when it can be one. Those of
 * orgtrust-server have 82 characters and the hosted API's more than 40; another API's,
 * whose first letters nobody knows, are taken for keys from 128 bits in hexadecimal on,
 * since PINs of cards and passwords of databases are not that long. */
#define OT_KEY_LEN_MIN 20
#define OT_KEY_OTHER_LEN_MIN 32

/* Requests in flight: an HTTP/2 server commonly allows 100 streams. Over HTTP/1.1 as many
 * connections as curl --parallel opens, but beyond the first few only one for so many of
 * the requests that wait: each costs a relay, or the API, one of its own. */
#define OT_REQUESTS_IN_FLIGHT 100
#define OT_CONNECTIONS_MAX 50
#define OT_CONNECTIONS_FIRST 12
#define OT_REQUESTS_PER_CONNECTION 2

/* As the official clients: two retries, 0.5 s doubled up to 8 s. A server that asks for a
 * longer wait than RETRY_AFTER_MAX is believed, and the sync rescheduled instead. */
#define OT_RETRIES_MAX 2
#define OT_RETRY_FIRST_MS 500
#define OT_RETRY_LONGEST_MS 8000
#define OT_RETRY_AFTER_MAX_MS 60000

/* A transfer slower than this for that long is a slow-loris. */
#define OT_LOW_SPEED_BYTES 64
#define OT_LOW_SPEED_SECONDS 15

/* A whole sync, whatever happens: 100,000 certificates over a slow line fit. */
#define OT_SYNC_DEADLINE_MS (30 * 60 * 1000)

/* How long a plugin waits for the first snapshot of all (design: bounded, 10 s). */
#define OT_FIRST_SYNC_WAIT_MS 10000

/* A plugin does not start another sync sooner than this after its last one, whatever came
 * of it; and, where it waited in vain for a long one, does not wait again so soon. */
#define OT_SPAWN_PAUSE_MS 5000
#define OT_WAIT_PAUSE_MS 60000

/* How often a reader looks again when the file is replaced while it opens it. */
#define OT_RELOADS_MAX 8

/* How long a command waits for another process's sync before it gives up. */
#define OT_LOCK_WAIT_MS (5 * 60 * 1000)

/* How long a plugin waits for a command that somebody has asked for: it may have to wait
 * for another one's lock first, and then has its own work to do. */
#define OT_ERRAND_WAIT_MS (OT_LOCK_WAIT_MS + 60 * 1000)

/* Back-off after failed syncs: doubled from the first to the longest. */
#define OT_BACKOFF_FIRST_S 30
#define OT_BACKOFF_LONGEST_S 3600

/* The longest that a server's Retry-After keeps a machine from asking again on its own: a
 * wrong header must not stop it for good. */
#define OT_RETRY_AFTER_SCHEDULE_MAX_S (24 * 3600)

/* A snapshot whose time lies further ahead than this comes from another clock: stale. */
#define OT_CLOCK_SKEW_S 60

/* Servers that are looked at before a certificate is removed: each costs a connection to
 * somebody else. Names are looked up and then hands shaken, each with one time for all:
 * together they stay below the 10 s that a removal may be held up. */
#define OT_IMPACT_SERVERS_MAX 100
#define OT_IMPACT_NAMES_MS 2000
#define OT_IMPACT_HANDSHAKES_MS 5000

/* Certificates that are named before they are removed; people read no longer list. */
#define OT_IMPACT_LOSSES_MAX 50

/* What a server may show of certificates: a chain of three with post-quantum keys and
 * signatures fits. And the certificates that are looked at for one chain, by the names in
 * it: more than any organization gives one authority. */
#define OT_IMPACT_CHAIN_BYTES_MAX (256 * 1024)
#define OT_IMPACT_ANCHORS_MAX 256

/* What a machine remembers of a source: so many things that became of its certificates,
 * and each certificate in a line, four times what OT_CERTS_MAX of them take. */
#define OT_NEWS_KEPT_MAX 1000u
#define OT_MEMORY_BYTES_MAX (256u * 1024 * 1024)

/* Who begins to listen is told of a change that is not older. */
#define OT_NEWS_FRESH_S 3600

/* What is to be told to notify_url is tried again after a second, doubled up to a minute,
 * for a quarter of an hour in one process, which is the refresh_interval by itself: the
 * next sync begins another. After a day it is given up: whoever was not reachable for so
 * long asks the machine. */
#define OT_NOTIFY_RETRY_FIRST_S 1
#define OT_NOTIFY_RETRY_LONGEST_S 60
#define OT_NOTIFY_PROCESS_MS (15 * 60 * 1000)
#define OT_NOTIFY_GIVE_UP_S (24 * 3600)

/* What a receiver may answer, which nobody reads, and how long it may take. */
#define OT_NOTIFY_ANSWER_BYTES_MAX (64u * 1024)
#define OT_NOTIFY_ANSWER_MS 30000

/* A secret of fewer characters is guessed. */
#define OT_NOTIFY_SECRET_LEN_MIN 20

/* Changes are told one by one up to so many at a time, a screenful or two; of more their
 * number alone. */
#define OT_NEWS_NAMED_MAX 50u

/* `orgtrust status` names what expires within this. */
#define OT_EXPIRES_SOON_S (30 * 24 * 3600)

#endif
