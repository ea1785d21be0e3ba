#include "commands/follow_report_internal.h"

#include "host/host_report.h"
#include "view/output.h"

static void report_by_source(const struct ot_cli *cli, const struct ot_config *config,
                             const struct ot_source *source)
{
    struct ot_host_stack stacks[OT_HOST_STACKS_MAX];
    const struct ot_host_facts facts = {.version = ORGTRUST_VERSION,
                                        .stacks = stacks,
                                        .stack_count =
                                            cli->survey(stacks, OT_HOST_STACKS_MAX),
                                        .stop = cli->stop};
    struct ot_error err = OT_ERROR_INIT;

    if (ot_host_report_send(config, source, &facts, &err) != OT_OK &&
        err.status != OT_E_INTERRUPTED)
        ot_output_log(OT_PRIORITY_WARNING, "%s; it is sent again after a later sync",
                      err.message);
}

void ot_follow_report(const struct ot_cli *cli, const struct ot_config *config)
{
    for (size_t i = 0; i < ot_config_count(config) && *cli->stop == 0; i++)
        if (ot_host_report_is_due(config, ot_config_at(config, i)))
            report_by_source(cli, config, ot_config_at(config, i));
}
