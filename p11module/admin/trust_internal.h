/* Trust objects as an application writes them, above all NSS's certutil: what is said of
 * single purposes becomes whether the certificate is active, since an organization trusts
 * it or does not. */
#ifndef OT_P11_TRUST_INTERNAL_H
#define OT_P11_TRUST_INTERNAL_H

#include "admin_internal.h"
#include "cryptoki_3.h"
#include "object.h"

struct ot_given;

/* What a class of objects is here; OT_OBJECT_PROFILE: none of the two of trust. */
enum ot_object_kind ot_trust_kind(CK_OBJECT_CLASS object_class);

/* The value of a purpose for which a certificate is an anchor. */
CK_ULONG ot_trust_anchor(enum ot_object_kind kind);

/* C_CreateObject of one. The certificate that it is about must be there: it is made
 * active, or inactive where the object trusts it for nothing. */
CK_RV ot_trust_create(const struct ot_authorization *authorization,
                      enum ot_object_kind kind, const struct ot_given *given,
                      CK_OBJECT_HANDLE *object);

/* Deactivates the certificate of a trust object, under whichever ids it is active: the
 * object is that of them all. */
CK_RV ot_trust_withdraw(const struct ot_authorization *authorization,
                        enum ot_admin_call call, const char *id);

#endif
