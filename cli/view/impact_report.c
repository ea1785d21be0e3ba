#include "view/impact_report.h"

#include <string.h>

#define UNTRIED_SHOWN 3 /* a line is enough */

static const struct {
    const char *word, *line;
} outcomes[OT_IMPACT_OUTCOME_COUNT] = {
    [OT_IMPACT_REFUSED] = {"refused", "would be refused"},
    [OT_IMPACT_TRUSTED] = {"trusted", "stays trusted"},
    [OT_IMPACT_UNTRUSTED] = {"untrusted", "not trusted now"},
    [OT_IMPACT_NOT_TLS] = {"not-tls", "no TLS at once"},
    [OT_IMPACT_FAILED] = {"failed", "no handshake"},
    [OT_IMPACT_SILENT] = {"silent", "no answer"},
    [OT_IMPACT_UNREACHABLE] = {"unreachable", "not reached"},
};

static const char *const origins[] = {
    [OT_IMPACT_ASKED] = "option",
    [OT_IMPACT_CONFIGURED] = "configuration",
    [OT_IMPACT_CONNECTED] = "connection",
};

static void print_server(struct ot_output *out, const struct ot_impact_server *server)
{
    char where[OT_ENDPOINT_TEXT_MAX];

    ot_output_printf(out, "%-17s %s", outcomes[server->outcome].line,
                     ot_endpoint_text(where, &server->endpoint));
    if (server->common_name != NULL) {
        ot_output_printf(out, " '");
        ot_output_text(out, server->common_name, strlen(server->common_name));
        ot_output_printf(out, "'");
    }
    if (server->why[0] != '\0')
        ot_output_printf(out, ": %s", server->why);
    ot_output_printf(out, "\n");
}

static void print_untried(struct ot_output *out, const struct ot_impact *impact)
{
    char where[OT_ENDPOINT_TEXT_MAX];

    for (size_t i = 0; i < impact->untried_count && i < UNTRIED_SHOWN; i++)
        ot_output_printf(out, "%s%s", i == 0 ? "not tried         " : ", ",
                         ot_endpoint_text(where, &impact->untried[i]));
    if (impact->untried_count > 0)
        ot_output_printf(out, "%s: no ports of TLS; --probe tries one\n",
                         impact->untried_count > UNTRIED_SHOWN ? ", …" : "");
}

void ot_impact_report_print(struct ot_output *out, const struct ot_impact *impact)
{
    for (size_t i = 0; i < impact->count; i++)
        print_server(out, &impact->servers[i]);
    print_untried(out, impact);
    if (impact->left_out > 0)
        ot_output_printf(out, "not tried         %zu more: %d are the most\n",
                         impact->left_out, OT_IMPACT_SERVERS_MAX);
}

static void put_server(cJSON *object, const struct ot_impact_server *server, bool *failed)
{
    char where[OT_ENDPOINT_TEXT_MAX];

    ot_json_put_string(object, "server", ot_endpoint_text(where, &server->endpoint),
                       failed);
    ot_json_put_string(object, "from", origins[server->origin], failed);
    ot_json_put_string(object, "outcome", outcomes[server->outcome].word, failed);
    ot_json_put_string(object, "common_name", server->common_name, failed);
    ot_json_put_string(object, "why", server->why[0] != '\0' ? server->why : NULL,
                       failed);
}

static void append_text(cJSON *array, const char *text, bool *failed)
{
    cJSON *item = cJSON_CreateString(text);

    if (item == NULL || !cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        *failed = true;
    }
}

void ot_impact_report_json(cJSON *object, const struct ot_impact *impact, bool *failed)
{
    cJSON *servers, *untried;
    char where[OT_ENDPOINT_TEXT_MAX];

    ot_json_put_int(object, "refused", (int64_t)impact->refused, failed);
    servers = ot_json_put_array(object, "servers", failed);
    for (size_t i = 0; i < impact->count; i++)
        put_server(ot_json_append_object(servers, failed), &impact->servers[i], failed);
    untried = ot_json_put_array(object, "untried", failed);
    for (size_t i = 0; i < impact->untried_count; i++)
        append_text(untried, ot_endpoint_text(where, &impact->untried[i]), failed);
    ot_json_put_int(object, "left_out", (int64_t)impact->left_out, failed);
}
