/* cr-evidence.c: ...
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-evidence.h"
