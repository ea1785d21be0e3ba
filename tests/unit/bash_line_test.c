#include "complete/bash_line.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define BREAKS " \t\n\"'@><=;|&(:"

/* The line's words, `|` between them, and what takes the place of the last one to make it
 * `becomes`; NULL: it is the file of a redirection. */
static void check(const char *text, const char *breaks, const char *words,
                  const char *becomes, const char *replacement)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_bash_line line;
    char joined[256] = "", *written = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&written, &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL_FATAL(ot_bash_line_init(&line, text, breaks, &err), OT_OK);
    for (size_t i = 0; i < line.count; i++) {
        strcat(joined, i > 0 ? "|" : "");
        strcat(joined, line.words[i]);
    }
    CU_ASSERT_STRING_EQUAL(joined, words);
    CU_ASSERT_EQUAL(line.is_redirection, becomes == NULL);
    if (becomes != NULL)
        ot_bash_line_quote(&line, becomes, out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(written, replacement);
    free(written);
    ot_bash_line_clear(&line);
}

static void words_lose_their_quotes(void)
{
    check("", BREAKS, "", "a", "a");
    check("o", BREAKS, "o", "o", "o");
    check("o ", BREAKS, "o|", "a b", "a\\ b");
    check("o \t x  y", BREAKS, "o|x|y", "yz", "yz");
    check("o '' a\\ b \"c \\\" \\d\" 'e \\' f", BREAKS, "o||a b|c \" \\d|e \\|f", "f",
          "f");
    check("o a\\", BREAKS, "o|a", "a:", "a\\:");
}

static void only_what_readline_takes_is_replaced(void)
{
    check("o a:b", BREAKS, "o|a:b", "a:b c", "b\\ c");
    check("o a:b", " ", "o|a:b", "a:b c", "a\\:b\\ c");
    check("o a\\:b", BREAKS, "o|a:b", "a:b c", "a\\:b\\ c");
    check("o 'a:b'", BREAKS, "o|a:b", "a:bc", "a\\:bc");
    check("o x:'a b'c", BREAKS, "o|x:a bc", "x:a bcd", "a\\ bcd");
    check("o x:'a:", BREAKS, "o|x:a:", "x:a: b", "a: b");
    check("o --a=b", BREAKS, "o|--a=b", "--a=bc", "bc");
}

static void quotes_that_are_open_stay_so(void)
{
    check("o 'a", BREAKS, "o|a", "a\"$b", "a\"$b");
    check("o 'a", BREAKS, "o|a", "a'b", "a'\\''b");
    check("o \"a", BREAKS, "o|a", "a\"$`\\b'", "a\\\"\\$\\`\\\\b'");
    check("o \"a", BREAKS, "o|a", "a!b", "a\"\\!\"b");
    /* readline closes none that it takes for closed. */
    check("o 'a", BREAKS, "o|a", "a'", "a'\\'''");
    check("o \"a", BREAKS, "o|a", "a\"", "a\\\"\"");
    check("o \"a", BREAKS, "o|a", "a!", "a\"\\!\"\"");
}

static void redirections_are_no_arguments(void)
{
    check("o >", BREAKS, "o|", NULL, "");
    check("o a >b", BREAKS, "o|a|b", NULL, "");
    check("o a> 'b c", BREAKS, "o|a|b c", NULL, "");
    check("o >b c", BREAKS, "o|c", "c", "c");
    check("o 2>&1 &>>b <c d", BREAKS, "o|d", "d", "d");
    check("o >b>c d", BREAKS, "o|d", "d", "d");
    check("o 2b>c", BREAKS, "o|2b|c", NULL, "");
}

static const struct unit_case cases[] = {
    {"words_lose_their_quotes", words_lose_their_quotes},
    {"only_what_readline_takes_is_replaced", only_what_readline_takes_is_replaced},
    {"quotes_that_are_open_stay_so", quotes_that_are_open_stay_so},
    {"redirections_are_no_arguments", redirections_are_no_arguments},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("bash_line", cases, argc, argv);
}
