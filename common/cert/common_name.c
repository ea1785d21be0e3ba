#include "cert/common_name.h"

size_t ot_common_name(unsigned char **utf8, const X509_NAME *name)
{
    int i, last = -1, len = 0;

    *utf8 = NULL;
    while ((i = X509_NAME_get_index_by_NID(name, NID_commonName, last)) >= 0)
        last = i;
    if (last >= 0)
        len = ASN1_STRING_to_UTF8(
            utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
    return len > 0 ? (size_t)len : 0;
}
