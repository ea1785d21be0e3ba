#include "doctor/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cache/distrust.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/report_internal.h"
#include "doctor/trial_internal.h"
#include "install/env.h"
#include "view/json_build.h"
#include "view/wrap.h"

static const struct ot_check *const checks[] = {
    &ot_check_source,   &ot_check_openssl,  &ot_check_p11_kit,  &ot_check_nss,
    &ot_check_firefox,  &ot_check_java,     &ot_check_system,   &ot_check_exports,
    &ot_check_chromium, &ot_check_systemd,  &ot_check_programs, &ot_check_confined,
    &ot_check_limits,   &ot_check_distrust,
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

static enum ot_status refuse_check(const char *name, struct ot_error *err)
{
    const char *words[CHECK_COUNT + 1] = {NULL};

    for (size_t i = 0; i < CHECK_COUNT; i++)
        words[i] = checks[i]->name;
    return ot_nearest_refuse(err, "check", name, words, "help doctor");
}

/* Bit i: checks[i] is wanted. */
static enum ot_status choose_checks(unsigned *wanted, const struct ot_options *options,
                                    struct ot_error *err)
{
    *wanted = options->argument_count == 0 ? (1u << CHECK_COUNT) - 1 : 0;
    for (int n = 0; n < options->argument_count; n++) {
        size_t i = 0;

        while (i < CHECK_COUNT && strcmp(checks[i]->name, options->arguments[n]) != 0)
            i++;
        if (i == CHECK_COUNT)
            return refuse_check(options->arguments[n], err);
        *wanted |= 1u << i;
    }
    return OT_OK;
}

static enum ot_status print_findings_json(struct ot_cli *cli,
                                          const struct ot_doctor *doctor, unsigned wanted,
                                          struct ot_error *err)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *verdict;
    bool failed = false;
    enum ot_status status;

    ot_json_put_string(root, "for", doctor->env.is_root ? "machine" : "user", &failed);
    list = ot_json_put_array(root, "checks", &failed);
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if ((wanted & (1u << i)) != 0)
            ot_doctor_json(list, doctor, checks[i], &failed);
    verdict = ot_doctor_verdict(&doctor->findings);
    ot_json_put_string(root, "verdict", verdict, &failed);
    status = failed || verdict == NULL ? ot_error_nomem(err)
                                       : ot_output_json(&cli->out, root, false, err);
    free(verdict);
    cJSON_Delete(root);
    return status;
}

static enum ot_status print_last_line(struct ot_cli *cli, const struct ot_doctor *doctor,
                                      struct ot_error *err)
{
    char *verdict = ot_doctor_verdict(&doctor->findings);

    if (verdict == NULL)
        return ot_error_nomem(err);
    ot_wrap_text(&cli->out, 0, 0, verdict);
    ot_output_printf(&cli->out, "\n");
    free(verdict);
    return OT_OK;
}

static enum ot_status run_check(struct ot_doctor *doctor, const struct ot_check *check,
                                struct ot_error *err)
{
    if (!check->needs_config || doctor->config != NULL)
        return check->run(doctor, err);
    ot_finding_add(&doctor->findings, check->name, OT_VERDICT_NOTE, NULL, NULL,
                   "not looked at: the configuration cannot be read");
    return OT_OK;
}

static enum ot_status run_checks(struct ot_cli *cli, struct ot_doctor *doctor,
                                 unsigned wanted, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < CHECK_COUNT; i++) {
        if ((wanted & (1u << i)) == 0)
            continue;
        status = run_check(doctor, checks[i], err);
        if (status == OT_OK && *cli->stop != 0)
            status = ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
        if (status == OT_OK && doctor->findings.is_short)
            status = ot_error_nomem(err);
        if (status == OT_OK && !cli->options.json)
            ot_doctor_print(&cli->out, doctor, checks[i]);
    }
    if (status == OT_OK && cli->options.json)
        status = print_findings_json(cli, doctor, wanted, err);
    else if (status == OT_OK)
        status = print_last_line(cli, doctor, err);
    for (size_t i = 0; status == OT_OK && i < doctor->findings.count; i++)
        if (doctor->findings.items[i].verdict == OT_VERDICT_FAILS)
            status = OT_E_BROKEN;
    return status;
}

enum ot_status ot_cmd_doctor(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_doctor doctor = {.config = NULL};
    unsigned wanted;
    enum ot_status status = choose_checks(&wanted, &cli->options, err);

    if (status != OT_OK)
        return status;
    status = ot_install_env_init(&doctor.env, err);
    /* What is wrong with the configuration is for the report. */
    if (status == OT_OK &&
        ot_config_load(&doctor.config, &doctor.config_error) == OT_E_NOMEM)
        status = ot_error_nomem(err);
    if (status == OT_OK && doctor.config != NULL)
        status = ot_distrust_new(&doctor.distrust, doctor.config, err);
    ot_distrust_look(doctor.distrust, 0);
    if (status == OT_OK)
        status = ot_bench_init(&doctor.bench, cli->stop, err);
    if (status == OT_OK)
        status = run_checks(cli, &doctor, wanted, err);
    ot_bench_clear(&doctor.bench);
    ot_findings_clear(&doctor.findings);
    ot_distrust_free(doctor.distrust);
    ot_config_free(doctor.config);
    ot_install_env_clear(&doctor.env);
    return status;
}

const char *ot_doctor_check_at(size_t i, const char **summary)
{
    if (i >= CHECK_COUNT)
        return NULL;
    *summary = checks[i]->summary;
    return checks[i]->name;
}
