/* thread.c */

#include <sys/prctl.h>

#include "ports/port.h"

void port_name_thread(const char *name)
{
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
}
