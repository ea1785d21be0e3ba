/* The authorities that the machine trusts without orgtrust, among anchors. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

#include "export/anchors.h"
#include "machine/machine_trust.h"
#include "machine/pem_blocks.h"

static enum ot_status add_machine_block(void *arg, const char *name, const uint8_t *der,
                                        size_t len, struct ot_error *err)
{
    return strcmp(name, PEM_STRING_X509) == 0 ? ot_anchors_add_der(arg, der, len, err)
                                              : OT_OK;
}

enum ot_status ot_anchors_add_machine(struct ot_anchors *anchors, struct ot_error *err)
{
    const char *bundle = anchors->with_machine ? ot_machine_bundle() : NULL;
    struct ot_machine_trust trust = {0};
    enum ot_status status = OT_OK;
    BIO *bio;

    if (bundle == NULL)
        return OT_OK;
    status = ot_machine_trust_load(&trust, bundle, err);
    if (status != OT_OK)
        return status;
    bio = trust.pem != NULL ? BIO_new_mem_buf(trust.pem, (int)trust.len)
                            : BIO_new_file(bundle, "re");
    status = bio != NULL
                 ? ot_pem_blocks(bio, add_machine_block, anchors, err)
                 : ot_error_errno(err, OT_E_CONFIG, errno, "cannot read %s", bundle);
    BIO_free(bio);
    ot_machine_trust_clear(&trust);
    return status;
}
