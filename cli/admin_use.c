#include "admin_use.h"

#include <string.h>
#include <unistd.h>

/* From the descriptor that a parent has left open for us, else as every sync does. */
static enum ot_status load_key(struct ot_admin_use *use, int fd, struct ot_error *err)
{
    enum ot_status status;

    if (fd < 0)
        return ot_key_load(&use->key, use->source, err);
    status = ot_key_read_fd(&use->key, fd, err);
    if (fd > STDERR_FILENO)
        close(fd); /* nobody after us has any use for it */
    return status;
}

enum ot_status ot_admin_use_begin(struct ot_admin_use *use, const struct ot_cli *cli,
                                  struct ot_error *err)
{
    enum ot_status status;

    memset(use, 0, sizeof(*use));
    status = ot_config_load(&use->config, err);
    if (status == OT_OK)
        status = ot_config_find(use->config, cli->options.source, &use->source, err);
    if (status == OT_OK)
        status = load_key(use, cli->options.key_fd, err);
    if (status != OT_OK)
        return status;
    use->options.key = &use->key;
    use->options.stop = cli->stop;
    status =
        ot_admin_open(&use->admin, use->source, cli->options.project, &use->options, err);
    if (status == OT_OK)
        status = ot_admin_list(use->admin, err);
    return status;
}

void ot_admin_use_end(struct ot_admin_use *use)
{
    ot_admin_close(use->admin);
    ot_key_clear(&use->key);
    ot_config_free(use->config);
    memset(use, 0, sizeof(*use));
}
