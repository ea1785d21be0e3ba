#include "base/hex.h"
#include "config/source.h"
#include "sync/sync_options.h"
#include "unit.h"
#include "view/cert_table.h"
#include "view/json_build.h"
#include "view/output.h"
#include "view/progress.h"
#include "view/record_json.h"
#include "view/sync_report.h"
#include "view/table.h"

#include <locale.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* An output into memory, as a terminal of that many columns or none. */
static struct ot_output memory_output(char **text, size_t *len, int columns)
{
    struct ot_output out = {.stream = open_memstream(text, len), .columns = columns};

    CU_ASSERT_PTR_NOT_NULL_FATAL(out.stream);
    return out;
}

static void width_is_in_columns(void)
{
    CU_ASSERT_EQUAL(ot_output_width("abc"), 3);
    CU_ASSERT_EQUAL(ot_output_width("Főtanúsítvány"), 13);
    CU_ASSERT_EQUAL(ot_output_width("日本"), 4);
    CU_ASSERT_EQUAL(ot_output_width("e\xcc\x81"), 1); /* a combining accent */
    CU_ASSERT_EQUAL(ot_output_width(""), 0);
}

static void text_is_cut_between_characters(void)
{
    CU_ASSERT_EQUAL(ot_output_fit("abc", 2), 2);
    CU_ASSERT_EQUAL(ot_output_fit("abc", 9), 3);
    CU_ASSERT_EQUAL(ot_output_fit("日本", 3), strlen("日"));
    CU_ASSERT_EQUAL(ot_output_fit("őő", 1), strlen("ő"));
    CU_ASSERT_EQUAL(ot_output_fit("abc", 0), 0);
}

static const char *const titles[] = {"ID", "NAME"};

static void add_row(struct ot_table *table, const char *id, const char *name)
{
    const struct ot_span row[] = {ot_span_str(id), ot_span_str(name)};

    CU_ASSERT_EQUAL(ot_table_add(table, row, NULL), OT_OK);
}

static struct ot_table *two_rows(size_t cut)
{
    struct ot_table *table = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_table_new(&table, titles, 2, cut, NULL), OT_OK);
    add_row(table, "日本", "a name that is rather long");
    add_row(table, "abcdef", "red \033[31m and \xe2\x80\xae");
    return table;
}

static void a_table_lines_up_and_escapes(void)
{
    char *text = NULL;
    size_t len = 0;
    struct ot_output out = memory_output(&text, &len, 0);
    struct ot_table *table = two_rows(1);

    ot_table_print(table, &out);
    fclose(out.stream);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ID      NAME\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "日本    a name that is rather long\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "abcdef  red \\x1"));
    CU_ASSERT_PTR_NULL(strchr(text, '\033'));
    CU_ASSERT_PTR_NULL(strstr(text, "\xe2\x80\xae"));
    CU_ASSERT_EQUAL(out.first_errno, 0);
    ot_table_free(table);
    free(text);
}

static void a_table_fits_the_terminal(void)
{
    char *text = NULL;
    size_t len = 0;
    struct ot_output out = memory_output(&text, &len, 20);
    struct ot_table *table = two_rows(1);
    int lines = 0;

    ot_table_print(table, &out);
    fclose(out.stream);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        CU_ASSERT(ot_output_width(line) <= 20);
        lines++;
    }
    CU_ASSERT_EQUAL(lines, 3);
    ot_table_free(table);
    free(text);
}

/* Whichever column it is. */
static void the_first_column_is_cut_where_it_is_to_be(void)
{
    char *text = NULL;
    size_t len = 0;
    struct ot_output out = memory_output(&text, &len, 36);
    struct ot_table *table = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_table_new(&table, titles, 2, 0, NULL), OT_OK);
    add_row(table, "a name of too many words", "a name that is rather long");
    ot_table_print(table, &out);
    fclose(out.stream);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ID        NAME\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a name …  a name that is rather long\n"));
    ot_table_free(table);
    free(text);
}

/* Its memory moves as it grows, it is written in parts, and the widest cell comes last.
 */
static void a_table_of_many_rows_is_whole(void)
{
    char *text = NULL, name[32];
    size_t len = 0, lines = 0;
    struct ot_output out = memory_output(&text, &len, 0);
    struct ot_table *table = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_table_new(&table, titles, 2, 1, NULL), OT_OK);
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "número %d", i);
        add_row(table, i < 4999 ? "short" : "a longer one", name);
    }
    ot_table_print(table, &out);
    fclose(out.stream);
    for (char *line = strtok(text, "\n"); line != NULL;
         line = strtok(NULL, "\n"), lines++)
        if (lines > 0) {
            snprintf(name, sizeof(name), "  número %zu", lines - 1);
            CU_ASSERT_STRING_EQUAL(line + strlen("a longer one"), name);
        }
    CU_ASSERT_EQUAL(lines, 5001);
    ot_table_free(table);
    free(text);
}

/* A name that is longer than what is written at once, and one that is escaped. */
static void a_long_name_has_a_whole_line(void)
{
    static char name[70001];
    const size_t name_len = sizeof(name) - 1;
    char *text = NULL, *line;
    size_t len = 0;
    struct ot_output out = memory_output(&text, &len, 0);
    struct ot_table *table = NULL;

    memset(name, 'x', name_len);
    CU_ASSERT_EQUAL_FATAL(ot_table_new(&table, titles, 2, 1, NULL), OT_OK);
    add_row(table, "1", "\t");
    add_row(table, "2", name);
    add_row(table, "", "");
    ot_table_print(table, &out);
    fclose(out.stream);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    line = text + strlen("ID  NAME\n");
    CU_ASSERT_EQUAL(strncmp(line, "1   \\x09\n2   ", 13), 0);
    line += 13;
    CU_ASSERT_EQUAL(strncmp(line, name, name_len), 0);
    CU_ASSERT_STRING_EQUAL(line + name_len, "\n    \n");
    ot_table_free(table);
    free(text);
}

static void print_certs(struct ot_cert_table *table, char **text, int columns)
{
    size_t len = 0;
    struct ot_output out = memory_output(text, &len, columns);

    CU_ASSERT_EQUAL(ot_cert_table_print(table, &out, 1000000000, NULL), OT_OK);
    fclose(out.stream);
}

/* Each with its own end, also where others of the same or another are between them. */
static void a_list_of_many_is_whole(void)
{
    enum { CERTS = 30000, ENDS = 700 };
    struct ot_cert_table table;
    char *text = NULL, id[32], label[32], expected[128], expiry[OT_TIME_MAX], *line;
    int n = 0;

    CU_ASSERT_EQUAL_FATAL(ot_cert_table_init(&table, CERTS, NULL), OT_OK);
    for (int i = 0; i < CERTS; i++) {
        snprintf(id, sizeof(id), "cert_%05d", i);
        snprintf(label, sizeof(label), "certificate %05d", i);
        const struct ot_cert_row row = {.id = ot_span_str(id),
                                        .label = ot_span_str(label),
                                        .state = "active",
                                        .expires_at = 1000000001 + 86399 * (i % ENDS),
                                        .is_shown = i % 3 != 0};
        CU_ASSERT_EQUAL(ot_cert_table_add(&table, &row, NULL), OT_OK);
    }
    print_certs(&table, &text, 0);
    (void)strtok(text, "\n"); /* the titles */
    for (int end = 0; end < ENDS; end++)
        for (int i = end; i < CERTS; i += ENDS) {
            if (i % 3 == 0)
                continue;
            ot_cert_expiry(expiry, 1000000001 + 86399 * end, 1000000000);
            snprintf(expected, sizeof(expected),
                     "certificate %05d  active  %-22s  cert_%05d", i, expiry, i);
            line = strtok(NULL, "\n");
            n += line != NULL && strcmp(line, expected) == 0;
        }
    CU_ASSERT_EQUAL(n, CERTS / 3 * 2);
    CU_ASSERT_PTR_NULL(strtok(NULL, "\n"));
    ot_cert_table_clear(&table);
    free(text);
}

static void an_end_is_a_day_and_how_far_away_it_is(void)
{
    const int64_t now = 1795953600; /* 2026-11-29 12:00 */
    char buf[OT_TIME_MAX];

    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, now + 12 * 86400, now),
                           "2026-12-11 in 12 days");
    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, now - 3 * 86400, now),
                           "2026-11-26 3 days ago");
    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, now + 3700, now), "2026-11-29 in 61 min");
    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, now + 3650 * INT64_C(86400), now),
                           "2036-11-26 in 10 years");
    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, now + 3650 * INT64_C(86400) - 1, now),
                           "2036-11-26 in 10 years");
    CU_ASSERT_STRING_EQUAL(ot_cert_expiry(buf, 253402300799, now),
                           "9999-12-31 in 7973 years");
}

/* As the C library has it, beyond the years of four digits, too. */
static void each_day_is_that_of_the_calendar(void)
{
    const int64_t last = 2932896 + 800; /* 9999-12-31 is the 2932896th since 1970 */
    unsigned wrong = 0;

    for (int64_t day = -800; day < last; day += day < 50000 ? 1 : 7) {
        char text[OT_TIME_MAX], expected[OT_TIME_MAX];
        const time_t at = day * 86400 + (day % 2 != 0 ? 86399 : 0);
        struct tm tm;

        CU_ASSERT_PTR_NOT_NULL_FATAL(gmtime_r(&at, &tm));
        strftime(expected, sizeof(expected), "%Y-%m-%d ", &tm);
        ot_cert_expiry(text, at, 0);
        wrong += strncmp(text, expected, strlen(expected)) != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void a_lost_line_is_reported(void)
{
    struct ot_output out = {.stream = fopen("/dev/full", "w")};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_PTR_NOT_NULL_FATAL(out.stream);
    ot_output_printf(&out, "lost\n");
    CU_ASSERT_EQUAL(ot_output_finish(&out, &err), OT_E_NO_SPACE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "output"));
    fclose(out.stream);
}

static void times_read_well(void)
{
    char buf[OT_TIME_MAX];

    CU_ASSERT_STRING_EQUAL(ot_output_time(buf, 0), "1970-01-01 00:00:00Z");
    CU_ASSERT_STRING_EQUAL(ot_output_time(buf, 253402300799), "9999-12-31 23:59:59Z");
    CU_ASSERT_STRING_EQUAL(ot_output_time(buf, INT64_MAX), "@9223372036854775807");
}

/* What a terminal of so many columns is sent for one look at a sync. */
static void draw_on_terminal(char *line, size_t size, unsigned short columns,
                             const char *phase, size_t done, size_t total)
{
    struct winsize window = {.ws_row = 24, .ws_col = columns};
    struct ot_progress progress;
    int terminal, program, saved = dup(STDERR_FILENO);
    ssize_t len;

    CU_ASSERT_EQUAL_FATAL(openpty(&terminal, &program, NULL, NULL, &window), 0);
    dup2(program, STDERR_FILENO);
    ot_progress_init(&progress, true);
    progress.source = "default";
    ot_progress_draw(&progress, phase, done, total);
    dup2(saved, STDERR_FILENO);
    len = read(terminal, line, size - 1);
    line[len > 0 ? len : 0] = '\0';
    close(terminal);
    close(program);
    close(saved);
}

static void the_bar_is_as_long_as_its_share(void)
{
    char line[256], *end;

    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    draw_on_terminal(line, sizeof(line), 80, "get", 50, 100);
    CU_ASSERT_STRING_EQUAL(line, "\rdefault: fetching [####################"
                                 "....................] 50/100\033[K");
    draw_on_terminal(line, sizeof(line), 80, "get", 100, 100);
    CU_ASSERT_PTR_NULL(strchr(line, '.'));
    draw_on_terminal(line, sizeof(line), 80, "list", 300, 0);
    CU_ASSERT_STRING_EQUAL(line, "\rdefault: listing 300\033[K");
    draw_on_terminal(line, sizeof(line), 10, "get", 3, 7);
    CU_ASSERT_STRING_EQUAL(line, "\r3/7\033[K");
    for (unsigned short columns = 1; columns < 120; columns++) {
        draw_on_terminal(line, sizeof(line), columns, "get", 12, 300);
        end = strstr(line, "\033[K");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        *end = '\0';
        CU_ASSERT(ot_output_width(line + 1) < columns);
    }
}

static void a_summary_says_what_changed(void)
{
    char name[] = "default";
    struct ot_source source = {.name = name};
    struct ot_sync_result result = {.fetched = true,
                                    .changed = true,
                                    .total = 300,
                                    .active = 217,
                                    .added = 3,
                                    .removed = 1,
                                    .http = {.requests = 6}};
    char line[256];

    ot_sync_report_line(line, sizeof(line), &source, &result);
    CU_ASSERT_STRING_EQUAL(line,
                           "default: 217 active of 300, 3 added, 1 removed; 6 requests");
    result = (struct ot_sync_result){
        .fetched = true, .total = 1, .active = 1, .http = {.requests = 1}};
    ot_sync_report_line(line, sizeof(line), &source, &result);
    CU_ASSERT_STRING_EQUAL(line, "default: 1 active of 1, unchanged; 1 request");
    result.fetched = false;
    ot_sync_report_line(line, sizeof(line), &source, &result);
    CU_ASSERT_STRING_EQUAL(line, "default: 1 active of 1; nothing to do");
}

static void hexadecimal_comes_in_both_forms(void)
{
    const uint8_t bytes[] = {0x00, 0xab, 0x1f};
    char hex[3 * sizeof(bytes) + 1];

    ot_hex_text(hex, ot_span_of(bytes, sizeof(bytes)), 0);
    CU_ASSERT_STRING_EQUAL(hex, "00ab1f");
    ot_hex_text(hex, ot_span_of(bytes, sizeof(bytes)), ':');
    CU_ASSERT_STRING_EQUAL(hex, "00:AB:1F");
}

static void json_keeps_absent_and_empty_apart(void)
{
    cJSON *object = cJSON_CreateObject();
    bool failed = false;
    char *text;

    ot_json_put_span(object, "absent", ot_span_str(NULL), &failed);
    ot_json_put_span(object, "empty", ot_span_of("", 0), &failed);
    ot_json_put_span(object, "part", ot_span_of("abcdef", 3), &failed);
    ot_json_put_int(object, "time", 253402300799, &failed);
    text = cJSON_PrintUnformatted(object);
    CU_ASSERT(!failed);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"absent\":null,\"empty\":\"\",\"part\":\"abc\",\"time\":253402300799}");
    cJSON_free(text);
    cJSON_Delete(object);
    ot_json_put_bool(NULL, "key", true, &failed);
    CU_ASSERT(failed);
}

static const struct unit_case cases[] = {
    {"width_is_in_columns", width_is_in_columns},
    {"text_is_cut_between_characters", text_is_cut_between_characters},
    {"a_table_lines_up_and_escapes", a_table_lines_up_and_escapes},
    {"a_table_fits_the_terminal", a_table_fits_the_terminal},
    {"the_first_column_is_cut_where_it_is_to_be",
     the_first_column_is_cut_where_it_is_to_be},
    {"a_long_name_has_a_whole_line", a_long_name_has_a_whole_line},
    {"a_list_of_many_is_whole", a_list_of_many_is_whole},
    {"a_table_of_many_rows_is_whole", a_table_of_many_rows_is_whole},
    {"an_end_is_a_day_and_how_far_away_it_is", an_end_is_a_day_and_how_far_away_it_is},
    {"each_day_is_that_of_the_calendar", each_day_is_that_of_the_calendar},
    {"a_lost_line_is_reported", a_lost_line_is_reported},
    {"times_read_well", times_read_well},
    {"the_bar_is_as_long_as_its_share", the_bar_is_as_long_as_its_share},
    {"a_summary_says_what_changed", a_summary_says_what_changed},
    {"hexadecimal_comes_in_both_forms", hexadecimal_comes_in_both_forms},
    {"json_keeps_absent_and_empty_apart", json_keeps_absent_and_empty_apart},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    return unit_main("cli_output", cases, argc, argv);
}
