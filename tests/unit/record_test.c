#include "snapshot/record.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "unit.h"

static const uint8_t digests[OT_DIGESTS_LEN] = {1, 2, 3};

static struct ot_record sample(void)
{
    struct ot_record record = {.flags = OT_RECORD_ACTIVE | OT_RECORD_CA,
                               .created_at = 1,
                               .valid_at = -2208988800,
                               .expires_at = 253402300799,
                               .ends_at = 4102358399};
    int i;

    for (i = 0; i < OT_FIELD_COUNT; i++)
        record.field[i] = ot_span_str("field");
    record.field[OT_FIELD_NOTE] = ot_span_str(NULL);
    record.field[OT_FIELD_NAME] = ot_span_str("");
    record.field[OT_FIELD_DIGESTS] = ot_span_of(digests, sizeof(digests));
    record.field[OT_FIELD_ORIGINAL_DIGESTS] = ot_span_of(digests, sizeof(digests));
    return record;
}

static void what_is_encoded_is_decoded(void)
{
    struct ot_record in = sample(), out;
    size_t len = ot_record_encoded_len(&in), i;
    uint8_t *bytes = malloc(len + 7);

    ot_record_encode(&in, bytes);
    CU_ASSERT_EQUAL_FATAL(ot_record_decode(&out, bytes, len + 7, NULL), OT_OK);
    CU_ASSERT_EQUAL(out.flags, in.flags);
    CU_ASSERT_EQUAL(out.created_at, in.created_at);
    CU_ASSERT_EQUAL(out.valid_at, in.valid_at);
    CU_ASSERT_EQUAL(out.expires_at, in.expires_at);
    CU_ASSERT_EQUAL(out.ends_at, in.ends_at);
    for (i = 0; i < OT_FIELD_COUNT; i++)
        CU_ASSERT_TRUE(ot_span_equal(in.field[i], out.field[i]));
    CU_ASSERT_PTR_NULL(out.field[OT_FIELD_NOTE].data);
    CU_ASSERT_PTR_NOT_NULL(out.field[OT_FIELD_NAME].data);
    free(bytes);
}

static void fault_42_every_flipped_bit_of_a_record_is_noticed(void)
{
    struct ot_record in = sample(), out;
    size_t len = ot_record_encoded_len(&in), i;
    uint8_t *bytes = malloc(len);
    struct ot_error err;
    unsigned accepted = 0;

    ot_record_encode(&in, bytes);
    for (i = 0; i < 8 * len; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        accepted += ot_record_decode(&out, bytes, len, &err) != OT_E_CORRUPT;
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CU_ASSERT_EQUAL(accepted, 0);
    for (i = 0; i < len; i++)
        accepted += ot_record_decode(&out, bytes, i, &err) != OT_E_CORRUPT;
    CU_ASSERT_EQUAL(accepted, 0);
    free(bytes);
}

/* Whoever says that they are verified may be wrong: then nothing outside them is read. */
static void what_is_taken_for_verified_stays_within_its_bytes(void)
{
    struct ot_record in = sample(), out;
    size_t len = ot_record_encoded_len(&in);
    uint8_t *bytes = malloc(len);

    ot_record_encode(&in, bytes);
    bytes[len - 1] ^= 1;
    CU_ASSERT_EQUAL(ot_record_decode(&out, bytes, len, NULL), OT_E_CORRUPT);
    CU_ASSERT_EQUAL(ot_record_decode_verified(&out, bytes, len, NULL), OT_OK);
    for (size_t i = 0; i < 8 * len; i++) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        if (ot_record_decode_verified(&out, bytes, len, NULL) == OT_OK)
            for (size_t j = 0; j < OT_FIELD_COUNT; j++)
                CU_ASSERT_TRUE(out.field[j].data == NULL ||
                               (out.field[j].data >= bytes &&
                                out.field[j].data + out.field[j].len <= bytes + len));
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t i = 0; i < len; i++)
        CU_ASSERT_EQUAL(ot_record_decode_verified(&out, bytes, i, NULL), OT_E_CORRUPT);
    free(bytes);
}

static void a_certificate_lacks_nothing_but_a_quarantined_one_may(void)
{
    static const enum ot_field needed[] = {OT_FIELD_LABEL,
                                           OT_FIELD_DER,
                                           OT_FIELD_SUBJECT,
                                           OT_FIELD_ISSUER,
                                           OT_FIELD_SUBJECT_CANON,
                                           OT_FIELD_ISSUER_CANON,
                                           OT_FIELD_SERIAL_MAGNITUDE,
                                           OT_FIELD_SERIAL,
                                           OT_FIELD_SPKI,
                                           OT_FIELD_KEY_ID,
                                           OT_FIELD_DIGESTS,
                                           OT_FIELD_ORIGINAL_DIGESTS};
    struct ot_record in, out;
    uint8_t bytes[2048];
    size_t i;

    for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        in = sample();
        in.field[needed[i]] = ot_span_str(NULL);
        ot_record_encode(&in, bytes);
        CU_ASSERT_EQUAL(ot_record_decode(&out, bytes, sizeof(bytes), NULL), OT_E_CORRUPT);
        in.flags |= OT_RECORD_QUARANTINED;
        ot_record_encode(&in, bytes);
        CU_ASSERT_EQUAL(ot_record_decode(&out, bytes, sizeof(bytes), NULL),
                        needed[i] == OT_FIELD_LABEL ? OT_E_CORRUPT : OT_OK);
    }
}

/* Checksums are not secret: whoever can write a snapshot can make them. What reads a
 * field relies on its length all the same. */
static void fault_74_no_field_is_longer_than_it_can_be(void)
{
    static const struct {
        enum ot_field field;
        size_t most;
    } rows[] = {{OT_FIELD_ID, OT_ID_MAX},
                {OT_FIELD_NAME, OT_NAME_MAX},
                {OT_FIELD_LABEL, OT_LABEL_MAX},
                {OT_FIELD_NOTE, OT_CERT_DER_MAX},
                {OT_FIELD_DER, OT_CERT_DER_MAX},
                {OT_FIELD_SUBJECT, OT_CERT_DER_MAX},
                {OT_FIELD_KEY_ID, OT_CERT_DER_MAX},
                {OT_FIELD_SPKI_SHA1, 20},
                {OT_FIELD_ORIGINAL, OT_CERT_DER_MAX}};
    char *text = calloc(1, OT_CERT_DER_MAX + 1);
    struct ot_record in, out;
    size_t i, more, len;
    uint8_t *bytes;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (more = 0; more <= 1; more++) {
            in = sample();
            in.field[rows[i].field] = ot_span_of(text, rows[i].most + more);
            len = ot_record_encoded_len(&in);
            bytes = malloc(len);
            ot_record_encode(&in, bytes);
            CU_ASSERT_EQUAL(ot_record_decode(&out, bytes, len, NULL),
                            more == 0 ? OT_OK : OT_E_CORRUPT);
            free(bytes);
        }
    }
    free(text);
}

static void validity_includes_both_ends(void)
{
    struct ot_record record = {.valid_at = 10, .expires_at = 20};

    CU_ASSERT_FALSE(ot_record_is_valid_at(&record, 9));
    CU_ASSERT_TRUE(ot_record_is_valid_at(&record, 10));
    CU_ASSERT_TRUE(ot_record_is_valid_at(&record, 20));
    CU_ASSERT_FALSE(ot_record_is_valid_at(&record, 21));
}

static void check_alias(const char *name, void *digest)
{
    CU_ASSERT_EQUAL(ot_digest_by_name(name, strlen(name)), *(enum ot_digest *)digest);
}

/* OpenSSL itself says which names a digest has and how long it is. */
static void digests_have_openssls_names_and_lengths(void)
{
    size_t total = 0;
    EVP_MD *md;
    int i;

    for (i = 0; i < OT_DIGEST_COUNT; i++) {
        const struct ot_digest_info *info = ot_digest_info((enum ot_digest)i);
        enum ot_digest digest = (enum ot_digest)i;

        CU_ASSERT_EQUAL(info->offset, total);
        total += info->len;
        CU_ASSERT_EQUAL((int)ot_digest_by_name(info->name, strlen(info->name)), i);
        md = EVP_MD_fetch(NULL, info->name, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(md);
        CU_ASSERT_EQUAL(EVP_MD_get_size(md), (int)info->len);
        EVP_MD_names_do_all(md, check_alias, &digest);
        EVP_MD_free(md);
    }
    CU_ASSERT_EQUAL(total, OT_DIGESTS_LEN);
    CU_ASSERT_EQUAL(ot_digest_by_name("sha256", 6), OT_DIGEST_SHA2_256);
    CU_ASSERT_EQUAL(ot_digest_by_name("SHA", 3), OT_DIGEST_COUNT);
    CU_ASSERT_EQUAL(ot_digest_by_name("", 0), OT_DIGEST_COUNT);
}

static const struct unit_case cases[] = {
    {"what_is_encoded_is_decoded", what_is_encoded_is_decoded},
    {"what_is_taken_for_verified_stays_within_its_bytes",
     what_is_taken_for_verified_stays_within_its_bytes},
    {"fault_42_every_flipped_bit_of_a_record_is_noticed",
     fault_42_every_flipped_bit_of_a_record_is_noticed},
    {"a_certificate_lacks_nothing_but_a_quarantined_one_may",
     a_certificate_lacks_nothing_but_a_quarantined_one_may},
    {"fault_74_no_field_is_longer_than_it_can_be",
     fault_74_no_field_is_longer_than_it_can_be},
    {"validity_includes_both_ends", validity_includes_both_ends},
    {"digests_have_openssls_names_and_lengths", digests_have_openssls_names_and_lengths},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("record", cases, argc, argv);
}
