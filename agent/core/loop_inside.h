/* loop_inside.h - for the files that are the loop together. */

#ifndef CORE_LOOP_INSIDE_H
#define CORE_LOOP_INSIDE_H

#include <uv.h>

#include "core/loop.h"

uv_loop_t *loop_uv(struct loop *loop); /* lent */

#endif
