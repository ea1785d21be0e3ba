#include "store/opening.h"

#include "base/error.h"
#include "store/cert.h"
#include "store/db.h"
#include "store/driver.h"
#include "store/key.h"

/* The columns: four, then those of the key and of the certificate. */
#define KEY_COLUMN 4
#define CERT_COLUMN (KEY_COLUMN + OT_KEY_COLUMNS)

struct opening_sight {
    ot_opening_seen *seen;
    void *arg;
};

static void see_opening_row(void *arg, const struct ot_row *row)
{
    const struct opening_sight *sight = arg;
    const struct ot_key_row key = ot_key_row_of(row, KEY_COLUMN);
    const struct ot_cert_row cert = ot_cert_row_of(row, CERT_COLUMN);
    const struct ot_opening opening = {
        .revision = ot_row_bytes(row, 0, OT_REVISION_LEN),
        .access = ot_row_bytes(row, 1, OT_REVISION_LEN),
        .next_end = ot_row_int(row, 2),
        .has_project = ot_row_int(row, 3) != 0,
        .key = key.id != NULL ? &key : NULL,
        .cert = cert.id != NULL ? &cert : NULL,
    };

    sight->seen(sight->arg, &opening);
}

enum ot_status ot_db_opening(struct ot_db *db, const struct ot_question *question,
                             ot_opening_seen *seen, void *arg, struct ot_error *err)
{
    struct opening_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(question->key_id),
                                      ot_value_text(question->scope),
                                      ot_value_text(question->cert_id)};
    const struct ot_query query = {
        OT_SQL_OPENING, "begin a request", values, 3, see_opening_row, &sight};
    enum ot_status status = ot_db_ask_one(db, &query, err);

    if (status == OT_E_NOT_FOUND)
        return ot_error_set(err, OT_E_CORRUPT,
                            "the database is damaged: its table meta is empty; restore "
                            "it from a copy");
    return status;
}
