#include "cert/fitness_verdict_internal.h"

#include <stdarg.h>
#include <stdio.h>

void ot_fitness_withhold(struct ot_fitness *out, uint32_t places, const char *fmt, ...)
{
    va_list args;

    if (out->reason[0] == '\0') {
        va_start(args, fmt);
        vsnprintf(out->reason, sizeof(out->reason), fmt, args);
        va_end(args);
    }
    out->withheld |= places;
}
