#include "fetch/pem.h"
