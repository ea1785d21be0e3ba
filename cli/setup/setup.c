#include "setup/setup.h"

#include "api/api.h"
#include "api/api_cert.h"
#include "commands/commands.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/doctor.h"
#include "http/http.h"
#include "http/http_request.h"
#include "install/install.h"
#include "setup/answers_internal.h"
#include "setup/vouching_internal.h"

/* Somebody waits, and a script tries again by itself. */
#define RETRIES 2

static enum ot_status find_foreseen(struct ot_config **config,
                                    const struct ot_source **source,
                                    const struct ot_answers *answers,
                                    struct ot_error *err)
{
    enum ot_status status = ot_settings_foresee(config, &answers->settings, err);

    return status == OT_OK ? ot_config_find(*config, NULL, source, err) : status;
}

/* The key that is given, or the one that is there already; a relay needs none. */
static enum ot_status ask_api(const struct ot_cli *cli, const struct ot_source *source,
                              const struct ot_key *given, struct ot_error *err)
{
    struct ot_http_tuning tuning = ot_http_default_tuning;
    struct ot_key key = {.secret = NULL};
    struct ot_api_page page;
    struct ot_api *api = NULL;
    enum ot_status status = OT_OK;

    tuning.retries = RETRIES;
    if (given->secret == NULL)
        status = ot_key_load(&key, source, err);
    if (status == OT_OK)
        status =
            ot_api_new(&api, source, given->secret != NULL ? given : &key, &tuning, err);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), cli->stop);
        status = ot_api_list(api, NULL, 1, &page, err);
        if (status == OT_OK)
            ot_api_page_clear(&page);
    }
    if (status == OT_E_AUTH && given->secret == NULL && key.secret == NULL)
        status =
            ot_error_set(err, OT_E_AUTH,
                         "%s wants an admin key, and none was given: --key-file, "
                         "--key-fd, or a terminal to ask on; only a relay needs none",
                         source->base_url);
    ot_api_free(api);
    ot_key_clear(&key);
    return status;
}

/* With the certificates that will be in its ca_file. */
static enum ot_status prove_key(const struct ot_cli *cli,
                                const struct ot_answers *answers, struct ot_error *err)
{
    const struct ot_source *foreseen = NULL;
    struct ot_config *config = NULL;
    struct ot_vouching vouching;
    enum ot_status status = ot_vouching_open(&vouching, answers, err);

    if (status == OT_OK)
        status = find_foreseen(&config, &foreseen, answers, err);
    if (status == OT_OK) {
        struct ot_source source = *foreseen; /* owns nothing */

        if (vouching.fd >= 0)
            source.ca_file = vouching.path;
        status = ask_api(cli, &source, &answers->key, err);
    }
    ot_config_free(config);
    ot_vouching_close(&vouching);
    return status;
}

static enum ot_status find_authority(const struct ot_cli *cli, struct ot_answers *answers,
                                     struct ot_error *err)
{
    const struct ot_source *source = NULL;
    struct ot_config *config = NULL;
    enum ot_status status = find_foreseen(&config, &source, answers, err);

    if (status == OT_OK)
        status = ot_vouching_find(answers, &cli->options, source, err);
    ot_config_free(config);
    return status;
}

static struct ot_options bare_options(const struct ot_options *given)
{
    return (struct ot_options){
        .key_fd = -1, .report_fd = -1, .yes = given->yes, .json = given->json};
}

/* Another command, as if it had been called with no option but these. A failure that it
 * has printed itself is no sentence here. */
static enum ot_status call_command(struct ot_cli *cli, ot_command_run *command,
                                   const char *source, struct ot_error *err)
{
    const struct ot_options given = cli->options;
    enum ot_status status;

    cli->options = bare_options(&given);
    cli->options.source = source;
    status = command(cli, err);
    cli->options = given;
    return status;
}

/* What goes on without: a stack that is refused does not keep the others from proof. */
static enum ot_status call_and_go_on(struct ot_cli *cli, ot_command_run *command)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = call_command(cli, command, NULL, &err);

    if (status != OT_OK && err.message[0] != '\0')
        ot_output_say("%s", err.message);
    return status;
}

static enum ot_status install_and_prove(struct ot_cli *cli, struct ot_error *err)
{
    enum ot_status status = call_command(cli, ot_cmd_sync, "default", err), installed,
                   proved;

    if (status != OT_OK)
        return status;
    installed = call_and_go_on(cli, ot_cmd_install);
    if (installed == OT_E_INTERRUPTED || *cli->stop != 0)
        return installed;
    proved = call_command(cli, ot_cmd_doctor, NULL, err);
    return installed != OT_OK ? installed : proved;
}

static enum ot_status undo_setup(struct ot_cli *cli, struct ot_error *err)
{
    enum ot_status status;

    if (cli->options.argument_count > 0)
        return ot_error_set(err, OT_E_USAGE, "--undo takes no URL");
    /* First what reads the configuration. */
    status = call_command(cli, ot_cmd_uninstall, NULL, err);
    return status == OT_OK ? call_command(cli, ot_settings_uninstall, NULL, err) : status;
}

static enum ot_status write_settings(struct ot_cli *cli, const struct ot_answers *answers,
                                     struct ot_error *err)
{
    const struct ot_options given = cli->options;
    enum ot_status status;

    cli->options = bare_options(&given);
    status = ot_settings_install(cli, &answers->settings, err);
    cli->options = given;
    return status;
}

enum ot_status ot_cmd_setup(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_answers answers;
    enum ot_status status;

    if (cli->options.undo)
        return undo_setup(cli, err);
    status = ot_answers_begin(&answers, &cli->options, err);
    if (status == OT_OK)
        status = find_authority(cli, &answers, err);
    if (status == OT_OK)
        status = ot_answers_complete(&answers, &cli->options, err);
    if (status == OT_OK)
        status = prove_key(cli, &answers, err);
    if (status == OT_OK)
        status = write_settings(cli, &answers, err);
    ot_answers_clear(&answers);
    return status == OT_OK ? install_and_prove(cli, err) : status;
}
