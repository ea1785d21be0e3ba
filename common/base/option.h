/* One option of a command line, as its parser, its help and its completion have it. */
#ifndef OT_BASE_OPTION_H
#define OT_BASE_OPTION_H

struct ot_option_info {
    const char *name;     /* without the dashes */
    const char *argument; /* what it stands for in a usage line; NULL: takes none */
    const char *help;
};

#endif
