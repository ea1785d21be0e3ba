#include "fetch/api_parse.h"
