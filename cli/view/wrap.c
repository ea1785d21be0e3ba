#include "view/wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void wrap_words(struct ot_output *out, int at, int indent, char *text)
{
    const char *word;
    bool is_first = true; /* of its line */

    while ((word = strsep(&text, " ")) != NULL) {
        int width = ot_output_width(word);

        if (!is_first && at + 1 + width > out->columns) {
            ot_output_printf(out, "\n%*s", indent, "");
            at = indent;
            is_first = true;
        }
        ot_output_printf(out, is_first ? "%s" : " %s", word);
        at += width + (is_first ? 0 : 1);
        is_first = false;
    }
}

void ot_wrap_text(struct ot_output *out, int at, int indent, const char *text)
{
    size_t len = strlen(text), size = 8 * len + 1; /* as ot_output_text */
    char *escaped;

    if (out->columns == 0) {
        ot_output_text(out, text, len);
        return;
    }
    escaped = malloc(size);
    if (escaped == NULL) {
        out->first_errno = out->first_errno ? out->first_errno : ENOMEM;
        return;
    }
    ot_text_escape(escaped, size, text, len);
    wrap_words(out, at, indent, escaped);
    free(escaped);
}
