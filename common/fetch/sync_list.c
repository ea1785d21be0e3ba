#include "fetch/sync_list.h"
