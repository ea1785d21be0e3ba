#include "commands/admin_use_internal.h"
#include "http/key.h"

#include <string.h>
#include <unistd.h>

enum ot_status ot_admin_use_key(struct ot_key *key, const struct ot_source *source,
                                int fd, struct ot_error *err)
{
    enum ot_status status;

    if (fd < 0)
        return ot_key_load(key, source, err);
    status = ot_key_read_fd(key, fd, err);
    if (fd > STDERR_FILENO)
        close(fd); /* nobody after us has any use for it */
    return status;
}

enum ot_status ot_admin_use_source(struct ot_admin_use *use, const struct ot_cli *cli,
                                   struct ot_error *err)
{
    enum ot_status status;

    memset(use, 0, sizeof(*use));
    status = ot_config_load(&use->config, err);
    if (status == OT_OK)
        status = ot_config_find(use->config, cli->options.source, &use->source, err);
    if (status == OT_OK)
        status = ot_admin_use_key(&use->key, use->source, cli->options.key_fd, err);
    use->options.key = &use->key;
    use->options.stop = cli->stop;
    return status;
}

enum ot_status ot_admin_use_list(struct ot_admin_use *use, const struct ot_cli *cli,
                                 struct ot_error *err)
{
    enum ot_status status =
        ot_admin_open(&use->admin, use->source, cli->options.project, &use->options, err);

    return status == OT_OK ? ot_admin_list(use->admin, err) : status;
}

enum ot_status ot_admin_use_begin(struct ot_admin_use *use, const struct ot_cli *cli,
                                  struct ot_error *err)
{
    enum ot_status status = ot_admin_use_source(use, cli, err);

    return status == OT_OK ? ot_admin_use_list(use, cli, err) : status;
}

void ot_admin_use_end(struct ot_admin_use *use)
{
    ot_admin_close(use->admin);
    ot_key_clear(&use->key);
    ot_config_free(use->config);
    memset(use, 0, sizeof(*use));
}
