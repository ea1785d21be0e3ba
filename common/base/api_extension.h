/* What orgtrust-server says beyond the API, where its clients can hear it. */
#ifndef OT_BASE_API_EXTENSION_H
#define OT_BASE_API_EXTENSION_H

/* A header of every answer to a key that has an end: when that is, in Unix seconds. */
#define OT_KEY_EXPIRES_HEADER "Orgtrust-Key-Expires"

#endif
