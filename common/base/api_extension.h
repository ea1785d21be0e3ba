/* What orgtrust-server says beyond the API, where its clients can hear it. */
#ifndef OT_BASE_API_EXTENSION_H
#define OT_BASE_API_EXTENSION_H

/* A header of every answer to a key that has an end: when that is, in Unix seconds. */
#define OT_KEY_EXPIRES_HEADER "Orgtrust-Key-Expires"

/* A member of the body of an activation: when orgtrust-server is to deactivate what it
 * activates, in Unix seconds. Its answer says the same, by which a client knows that it
 * will: a server that does not know the member passes over it. In a list the certificates
 * have it whose activation has an end, and no other. */
#define OT_DEACTIVATE_AT "orgtrust_deactivate_at"

/* A header of every answer to a key: the API takes reports of hosts (docs/server.md). */
#define OT_REPORTS_HEADER "Orgtrust-Reports"
#define OT_REPORTS_TAKEN "yes"

/* A header of every answer to a key: the contents of several certificates may be asked
 * for at once, by a parameter with their ids and commas between them. The answer is a
 * list of what each would have been by itself; of the ids it leaves out nothing is said.
 */
#define OT_CONTENTS_HEADER "Orgtrust-Contents"
#define OT_CONTENTS_GIVEN "yes"
#define OT_CONTENTS_PATH "/orgtrust/contents"
#define OT_CONTENTS_PARAMETER "ids"
#define OT_CONTENTS_MAX 100

/* A header of every answer to a key: a list may be asked for with the parameter, whose
 * value is the 32 digits of an ETag as below. As long as they are those of now the answer
 * is held, up to OT_WAIT_S seconds. */
#define OT_WAITS_HEADER "Orgtrust-Waits"
#define OT_WAITS_TAKEN "yes"
#define OT_WAIT_PARAMETER "wait"
#define OT_WAIT_S 60

/* A header of a request for a list, whose value are such digits: what was there before
 * that moment is no answer. A relay goes by it, which else may answer with what is a
 * minute old; the server has only what is. */
#define OT_MOMENT_HEADER "Orgtrust-Moment"

/* The ETag of a page of certificates is this, 32 hexadecimal digits, '-', 16 more, and a
 * quotation mark. The 32 are the same on all pages of all lists of a server as long as no
 * certificate and no activation changes: who has whole lists with these, and is told that
 * the first page is unchanged, has what there is. */
#define OT_MOMENT_TAG_START "\"orgtrust-list-"
#define OT_MOMENT_TAG_DIGITS 32
#define OT_MOMENT_TAG_PAGE_DIGITS 16
/* Of such a tag with its NUL. */
#define OT_MOMENT_TAG_MAX                                                                \
    (sizeof(OT_MOMENT_TAG_START) + OT_MOMENT_TAG_DIGITS + OT_MOMENT_TAG_PAGE_DIGITS + 2)
/* Of its moment's digits with their NUL. */
#define OT_MOMENT_MAX (OT_MOMENT_TAG_DIGITS + 1)

#endif
