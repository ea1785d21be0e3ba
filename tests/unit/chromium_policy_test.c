/* The text of the browsers' policy: JSON whatever the certificates are called and limited
 * to, since Chromium passes over a file that it cannot read, and a list with an item that
 * it does not understand. */
#include "export/chromium_policy.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "export/anchors.h"
#include "rewraps.h"
#include "unit.h"

#define MANY 300

/* The policy of one list of anchors, parsed; its text goes through "keep" once, too. */
static cJSON *policy_of(const struct ot_anchors *trusted,
                        const struct ot_anchors *distrusted)
{
    struct ot_chromium_policy policy = {.items = {NULL}}, kept = {.items = {NULL}};
    char *text, *again;
    cJSON *root;

    CU_ASSERT_EQUAL_FATAL(ot_chromium_policy_trust(&policy, trusted, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_chromium_policy_distrust(&policy, distrusted, NULL), OT_OK);
    text = ot_chromium_policy_text(&policy);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT(ot_chromium_policy_is_ours(text));
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++)
        CU_ASSERT_EQUAL_FATAL(
            ot_chromium_policy_keep(&kept, (enum ot_chromium_list)list, text, NULL),
            OT_OK);
    again = ot_chromium_policy_text(&kept);
    CU_ASSERT_STRING_EQUAL_FATAL(again, text);
    root = cJSON_ParseWithOpts(text, NULL, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    free(again);
    free(text);
    ot_chromium_policy_clear(&policy);
    ot_chromium_policy_clear(&kept);
    return root;
}

static const cJSON *list_of(const cJSON *root, enum ot_chromium_list list)
{
    return cJSON_GetObjectItemCaseSensitive(root, ot_chromium_lists[list]);
}

/* An item is this certificate, to the byte. */
static void holds(const cJSON *item, struct ot_span der)
{
    char *text = malloc(der.len / 3 * 4 + 8);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    EVP_EncodeBlock((unsigned char *)text, der.data, (int)der.len);
    CU_ASSERT_FATAL(cJSON_IsString(item));
    CU_ASSERT_STRING_EQUAL(item->valuestring, text);
    free(text);
}

/* In which list one authority is, as trusted and as distrusted; its constraints as text
 * that the caller frees. */
static char *constraints_of(struct ot_span der, enum ot_chromium_list expected)
{
    struct ot_anchor item = {.der = der};
    const struct ot_anchors one = {.items = &item, .count = 1};
    cJSON *root = policy_of(&one, &one);
    char *text = NULL;

    holds(cJSON_GetArrayItem(list_of(root, OT_CHROMIUM_DISTRUSTED), 0), der);
    if (expected == OT_CHROMIUM_TRUSTED) {
        CU_ASSERT_PTR_NULL(list_of(root, OT_CHROMIUM_CONSTRAINED));
        holds(cJSON_GetArrayItem(list_of(root, OT_CHROMIUM_TRUSTED), 0), der);
    } else {
        const cJSON *of = cJSON_GetArrayItem(list_of(root, OT_CHROMIUM_CONSTRAINED), 0);

        CU_ASSERT_PTR_NULL(list_of(root, OT_CHROMIUM_TRUSTED));
        holds(cJSON_GetObjectItemCaseSensitive(of, "certificate"), der);
        text =
            cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(of, "constraints"));
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    }
    cJSON_Delete(root);
    return text;
}

static void constraints_are(const char *own, const char *expected)
{
    struct ot_span der = rewraps_finish(rewraps_authority(own));
    char *text = constraints_of(der, expected != NULL ? OT_CHROMIUM_CONSTRAINED
                                                      : OT_CHROMIUM_TRUSTED);

    if (expected != NULL)
        CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    rewraps_drop(der);
}

static void odd_subjects_stay_der(void)
{
    static const char *const names[] = {
        "\"",         "\\",  "\"],\n  \"HomepageLocation\": [\"", "\n  ]", "</script>",
        "\x7f\t%s%n", "ü\"ß"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct ot_span der = rewraps_finish(certs_new(names[i], (long)i + 1));

        CU_ASSERT_PTR_NULL(constraints_of(der, OT_CHROMIUM_TRUSTED));
        rewraps_drop(der);
    }
}

static void names_become_constraints(void)
{
    constraints_are("permitted;DNS:corp.example",
                    "{\"permitted_dns_names\":[\"corp.example\"]}");
    constraints_are("permitted;DNS:a.example,permitted;IP:10.0.0.0/255.0.0.0,"
                    "permitted;DNS:b_c.example,permitted;IP:fd00::/ff00::",
                    "{\"permitted_dns_names\":[\"a.example\",\"b_c.example\"],"
                    "\"permitted_cidrs\":[\"10.0.0.0/8\",\"fd00::/8\"]}");
    constraints_are("permitted;email:corp.example,excluded;DNS:no.example", NULL);
}

/* The certificate itself says them, and Chromium holds it to that. */
static void names_without_a_word_leave_the_list_whole(void)
{
    constraints_are("permitted;DNS:corp.example,permitted;DNS:\"quote\\\"", NULL);
    constraints_are("permitted;DNS:back\\\\slash.example", NULL);
    constraints_are("permitted;DNS:*.example", NULL);
    constraints_are("permitted;DNS:white space.example", NULL);
    constraints_are("permitted;DNS:a.example,permitted;IP:10.0.0.0/255.0.255.0", NULL);
}

static void many_names(void)
{
    char own[MANY * 40] = "", *at = own, *text;
    size_t count = 0;
    struct ot_span der;

    for (int i = 0; i < MANY; i++)
        at += sprintf(at, "%spermitted;DNS:n%d.corp.example", i > 0 ? "," : "", i);
    der = rewraps_finish(rewraps_authority(own));
    text = constraints_of(der, OT_CHROMIUM_CONSTRAINED);
    for (at = text; (at = strstr(at, ".corp.example\"")) != NULL; at++)
        count++;
    CU_ASSERT_EQUAL(count, MANY);
    free(text);
    rewraps_drop(der);
}

static void many_certificates_keep_their_order(void)
{
    struct ot_anchor items[MANY];
    const struct ot_anchors all = {.items = items, .count = MANY}, none = {.items = NULL};
    char name[32];
    cJSON *root;

    for (long i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "\"%ld\\", i);
        items[i] = (struct ot_anchor){.der = rewraps_finish(certs_new(name, i + 1))};
    }
    root = policy_of(&all, &none);
    CU_ASSERT_PTR_NULL(list_of(root, OT_CHROMIUM_DISTRUSTED));
    CU_ASSERT_EQUAL(cJSON_GetArraySize(list_of(root, OT_CHROMIUM_TRUSTED)), MANY);
    for (int i = 0; i < MANY; i++) {
        holds(cJSON_GetArrayItem(list_of(root, OT_CHROMIUM_TRUSTED), i), items[i].der);
        rewraps_drop(items[i].der);
    }
    cJSON_Delete(root);
}

static void nothing_is_a_policy_too(void)
{
    const struct ot_anchors none = {.items = NULL};
    cJSON *root = policy_of(&none, &none);

    CU_ASSERT_EQUAL(cJSON_GetArraySize(root), 1);
    CU_ASSERT_EQUAL(
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, OT_CHROMIUM_MERGE)),
        OT_CHROMIUM_LISTS);
    CU_ASSERT_FALSE(ot_chromium_policy_is_ours("{}\n"));
    cJSON_Delete(root);
}

static const struct unit_case cases[] = {
    {"odd_subjects_stay_der", odd_subjects_stay_der},
    {"names_become_constraints", names_become_constraints},
    {"names_without_a_word_leave_the_list_whole",
     names_without_a_word_leave_the_list_whole},
    {"many_names", many_names},
    {"many_certificates_keep_their_order", many_certificates_keep_their_order},
    {"nothing_is_a_policy_too", nothing_is_a_policy_too},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("chromium_policy", cases, argc, argv);
}
