#include "fetch/cert.h"
