#include "base/text.h"
#include "config/config_value_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void api_urls(void)
{
    static const char *const good[] = {
        "https://api.openai.com/v1", "https://a",
        "https://a_b.c-d:65535/x",   "http://127.0.0.1:1/v1",
        "http://127.255.0.1",        "http://[::1]:8080",
        "http://localhost",          "http://LOCALHOST/x",
        "https://[2001:db8::1]/v1",  "https://a/%20/b;c=d,e:@!$&'",
        "https://a/.../x",           "https://a/.well-known"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "https:///x",
                                      "https://?",
                                      "https://a?b",
                                      "https://a#b",
                                      "https://a/x?b",
                                      "http://10.0.0.1",
                                      "http://128.0.0.1",
                                      "http://127.1",
                                      "http://127.0.0.1.example",
                                      "http://localhost.example",
                                      "http://[::2]",
                                      "http://localhost@example",
                                      "https://a@b",
                                      "https://a:b@c",
                                      "https://a:",
                                      "https://a:0",
                                      "https://a:65536",
                                      "https://a:99999999999",
                                      "https://a:1x",
                                      "https://a b",
                                      "https://-a",
                                      "https://a-",
                                      "https://a..b",
                                      "https://.a",
                                      "https://a.",
                                      "https://[::1",
                                      "https://[::1]x",
                                      "https://[a]",
                                      "https://[]",
                                      "https://a/ ",
                                      "https://a/%2",
                                      "https://a/%zz",
                                      "https://a/\\",
                                      "https://a/../b",
                                      "https://a/./b",
                                      "https://a/..",
                                      "https://a/.",
                                      "https://a/\xc3\xa4",
                                      "https://\xc3\xa4",
                                      "https:/a",
                                      "https//a",
                                      " https://a",
                                      "http://[::ffff:127.0.0.1]"};
    const char *why;
    char *url, text[1100];
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_API, good[i], &why);
        if (url == NULL)
            fprintf(stderr, "\n  %s %s\n", good[i], why);
        CU_ASSERT_PTR_NOT_NULL(url);
        free(url);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_API, bad[i], &why);
        if (url != NULL)
            fprintf(stderr, "\n  accepted: %s\n", bad[i]);
        CU_ASSERT_PTR_NULL(url);
        CU_ASSERT_PTR_NOT_NULL(why);
        free(url);
    }
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://a/", 10);
    text[1025] = '\0';
    CU_ASSERT_PTR_NULL(ot_config_url(OT_CONFIG_URL_API, text, &why));
    text[1024] = '\0';
    url = ot_config_url(OT_CONFIG_URL_API, text, &why);
    CU_ASSERT_PTR_NOT_NULL(url);
    free(url);
}

static void proxy_urls(void)
{
    static const char *const good[] = {"http://proxy:3128", "https://proxy/",
                                       "socks5://10.0.0.1:1080", "socks5h://[fe80::1]"};
    static const char *const bad[] = {
        "ftp://proxy",       "proxy",      "http://proxy/x", "http://a@b",
        "http://proxy:port", "socks4://a", "http://"};
    const char *why;
    char *url;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_PROXY, good[i], &why);
        CU_ASSERT_PTR_NOT_NULL(url);
        free(url);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_PTR_NULL(ot_config_url(OT_CONFIG_URL_PROXY, bad[i], &why));
}

static void durations(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"0s", 0},          {"500ms", 500},
                {"5s", 5000},       {"15m", 900000},
                {"1h", 3600000},    {"7d", 604800000},
                {"2w", 1209600000}, {"007s", 7000},
                {"", -1},           {"5", -1},
                {"s", -1},          {"5 s", -1},
                {"+5s", -1},        {"5S", -1},
                {"1h30m", -1},      {"1.5h", -1},
                {"0x5s", -1},       {"5sec", -1},
                {" 5s", -1},        {"99999999999999999999s", -1}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ot_text_duration_ms(rows[i].text), rows[i].ms);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"api_urls", api_urls},
        {"proxy_urls", proxy_urls},
        {"durations", durations},
        {NULL, NULL},
    };

    return unit_main("config_value", cases, argc, argv);
}
