#include "commands/log_local_internal.h"

#include <stdlib.h>
#include <string.h>

#include "commands/source_use.h"
#include "config/source.h"
#include "memory/memory.h"
#include "memory/news.h"
#include "view/cli.h"
#include "view/json_build.h"

static bool is_asked_for(const struct ot_cli *cli, const struct ot_news *news,
                         int64_t since)
{
    return news->at >= since && (cli->options.cert == NULL ||
                                 ot_span_equal(news->id, ot_span_str(cli->options.cert)));
}

static enum ot_status print_local_news(struct ot_cli *cli, const struct ot_source *source,
                                       const struct ot_news *news, struct ot_error *err)
{
    char when[OT_TIME_MAX];
    char *line = cli->out.columns > 0 ? ot_news_words(source->name, news)
                                      : ot_news_line(source->name, news);

    if (line == NULL)
        return ot_error_nomem(err);
    ot_output_printf(&cli->out, "%s  %s\n", ot_output_time(when, news->at), line);
    free(line);
    return OT_OK;
}

static enum ot_status add_local_news(cJSON *array, const struct ot_source *source,
                                     const struct ot_news *news, struct ot_error *err)
{
    cJSON *item = ot_news_json(source->name, news);

    if (item != NULL && cJSON_AddItemToArray(array, item))
        return OT_OK;
    cJSON_Delete(item);
    return ot_error_nomem(err);
}

/* array NULL: as text. */
static enum ot_status show_memory(struct ot_cli *cli, const struct ot_source *source,
                                  const struct ot_memory *memory, int64_t since,
                                  cJSON *array, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = memory->news_count; status == OT_OK && i > 0; i--) {
        const struct ot_news *news = &memory->news[i - 1];

        if (!is_asked_for(cli, news, since))
            continue;
        status = array != NULL ? add_local_news(array, source, news, err)
                               : print_local_news(cli, source, news, err);
    }
    return status;
}

static enum ot_status show_source(struct ot_cli *cli, const struct ot_source *source,
                                  int64_t since, cJSON *list, struct ot_error *err)
{
    struct ot_memory memory;
    enum ot_status status = ot_memory_read(&memory, source, err);
    cJSON *object, *array = NULL;
    bool failed = false;

    if (status != OT_OK) {
        ot_error_prefix(err, "source '%s'", source->name);
        return status;
    }
    if (list != NULL) {
        object = ot_json_append_object(list, &failed);
        ot_json_put_string(object, "source", source->name, &failed);
        ot_json_put_time(object, "remembers_since", memory.began_at, &failed);
        array = ot_json_put_array(object, "news", &failed);
    } else if (!memory.is_there) {
        ot_output_say("source '%s': nothing is remembered yet; the first sync begins it",
                      source->name);
    }
    status = failed ? ot_error_nomem(err)
                    : show_memory(cli, source, &memory, since, array, err);
    ot_memory_clear(&memory);
    return status;
}

enum ot_status ot_log_local(struct ot_cli *cli, int64_t since, struct ot_error *err)
{
    struct ot_config *config = NULL;
    const struct ot_source **sources = NULL;
    cJSON *root = NULL, *list = NULL;
    enum ot_status status = ot_config_load(&config, err);
    bool failed = false;
    size_t count = 0;

    if (status == OT_OK)
        status = ot_command_sources(&cli->options, config, &sources, &count, err);
    if (status == OT_OK && cli->options.json) {
        root = cJSON_CreateObject();
        list = ot_json_put_array(root, "sources", &failed);
        status = failed ? ot_error_nomem(err) : OT_OK;
    }
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = show_source(cli, sources[i], since, list, err);
    if (status == OT_OK && root != NULL)
        status = ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    free(sources);
    ot_config_free(config);
    return status;
}
