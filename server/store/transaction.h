/* The kinds of transactions. */
#ifndef OT_SERVER_STORE_TRANSACTION_H
#define OT_SERVER_STORE_TRANSACTION_H

enum ot_transaction {
    /* Each question is answered as of one moment. In SQLite it is one for all of them; in
     * PostgreSQL, where a transaction's beginning and end would cost as much as the
     * question, it is not, and whoever asks twice sees to what that means. */
    OT_READING,
    OT_WRITING,    /* one writer after the other */
    OT_WRITING_NOW /* OT_E_BUSY (no message) rather than wait for another writer */
};

#endif
