#include "host/host_name_internal.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"

#define ID_LEN 16

/* Chosen at random once, and never to be changed: hosts are known by what it makes. */
static const uint8_t application[ID_LEN] = {0x6f, 0x0b, 0x5c, 0x52, 0x3a, 0x9e,
                                            0x4d, 0x17, 0x8c, 0x21, 0xe4, 0xd0,
                                            0x97, 0x5b, 0x1f, 0xa8};

/* "uninitialized", or nothing, where the machine has no id yet. */
static bool read_machine_id(uint8_t id[ID_LEN], const char *path)
{
    char text[2 * ID_LEN];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool good;

    if (fd < 0)
        return false;
    good = read(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
           ot_hex_read(id, ID_LEN, text);
    close(fd);
    OPENSSL_cleanse(text, sizeof(text));
    return good;
}

bool ot_host_name_make(char name[OT_HOST_NAME_MAX + 1], const char *path)
{
    uint8_t id[ID_LEN], md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool good = read_machine_id(id, path) &&
                HMAC(EVP_sha256(), id, ID_LEN, application, ID_LEN, md, &len) != NULL &&
                len >= ID_LEN;

    OPENSSL_cleanse(id, sizeof(id));
    if (!good)
        return false;
    /* As a random UUID is marked (RFC 9562 §5.4). */
    md[6] = (uint8_t)((md[6] & 0x0f) | 0x40);
    md[8] = (uint8_t)((md[8] & 0x3f) | 0x80);
    ot_hex_write(name, md, ID_LEN);
    return true;
}
