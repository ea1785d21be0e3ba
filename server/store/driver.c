#include "store/driver.h"

#include "base/error.h"

enum ot_status ot_db_ask(struct ot_db *db, const struct ot_query *query, int64_t *rows,
                         struct ot_error *err)
{
    enum ot_status status = db->driver->run(db, query, rows, err);

    /* Nothing that is written here can be there already. */
    if (status == OT_E_REFUSED)
        return ot_error_set(err, OT_E_INTERNAL, "cannot %s: it is there already",
                            query->what);
    return status;
}

enum ot_status ot_db_ask_one(struct ot_db *db, const struct ot_query *query,
                             struct ot_error *err)
{
    int64_t rows = 0;
    enum ot_status status = db->driver->run(db, query, &rows, err);

    return status == OT_OK && rows == 0 ? OT_E_NOT_FOUND : status;
}

int64_t ot_row_int(const struct ot_row *row, int column)
{
    return row->db->driver->row_int(row, column);
}

const char *ot_row_text(const struct ot_row *row, int column)
{
    return row->db->driver->row_text(row, column);
}

const unsigned char *ot_row_bytes(const struct ot_row *row, int column, size_t len)
{
    return row->db->driver->row_bytes(row, column, len);
}
