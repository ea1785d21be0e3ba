/* The kinds of transactions. */
#ifndef OT_SERVER_STORE_TRANSACTION_H
#define OT_SERVER_STORE_TRANSACTION_H

enum ot_transaction {
    OT_READING,    /* all its questions are answered as of one moment */
    OT_WRITING,    /* one writer after the other */
    OT_WRITING_NOW /* OT_E_BUSY (no message) rather than wait for another writer */
};

#endif
