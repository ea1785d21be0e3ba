#include "fetch/file.h"
