#include "cert/curve_internal.h"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_once_t kept_once = PTHREAD_ONCE_INIT;

/* NULL: there was no memory, and it is made when it is needed. */
static struct {
    int nid;
    EC_GROUP *curve;
} kept[] = {{NID_X9_62_prime256v1, NULL}, {NID_secp384r1, NULL}, {NID_secp521r1, NULL}};
#define KEPT (sizeof(kept) / sizeof(kept[0]))

static void make_kept(void)
{
    for (size_t i = 0; i < KEPT; i++)
        kept[i].curve = EC_GROUP_new_by_curve_name(kept[i].nid);
}

static const EC_GROUP *kept_curve(int nid)
{
    pthread_once(&kept_once, make_kept);
    for (size_t i = 0; i < KEPT; i++)
        if (kept[i].nid == nid)
            return kept[i].curve;
    return NULL;
}

static int nid_of(struct ot_span oid)
{
    const unsigned char *at = oid.data;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &at, (long)oid.len);
    int nid = object != NULL ? OBJ_obj2nid(object) : NID_undef;

    ASN1_OBJECT_free(object);
    return nid;
}

static bool is_on_curve(const EC_GROUP *curve, struct ot_span bits)
{
    EC_POINT *point = EC_POINT_new(curve);
    bool good = point != NULL &&
                EC_POINT_oct2point(curve, point, bits.data, bits.len, NULL) == 1 &&
                EC_POINT_is_at_infinity(curve, point) == 0;

    EC_POINT_free(point);
    return good;
}

enum ot_curve_verdict ot_curve_check(struct ot_span oid, struct ot_span point)
{
    int nid = nid_of(oid);
    EC_GROUP *made = NULL;
    const EC_GROUP *curve = nid != NID_undef ? kept_curve(nid) : NULL;
    enum ot_curve_verdict verdict = OT_CURVE_UNKNOWN;

    if (curve == NULL && nid != NID_undef)
        curve = made = EC_GROUP_new_by_curve_name(nid);
    if (curve != NULL)
        verdict = is_on_curve(curve, point) ? OT_CURVE_POINT : OT_CURVE_NO_POINT;
    EC_GROUP_free(made);
    return verdict;
}
