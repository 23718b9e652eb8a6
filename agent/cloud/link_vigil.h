/* link_vigil.h - a link's vigil (vigil.h) and rhythm, as the pump asks. */

#ifndef CLOUD_LINK_VIGIL_H
#define CLOUD_LINK_VIGIL_H

#include "cloud/link_inside.h"
#include "cloud/link_pump.h"

/* On the loop, before the thread: begin with what is remembered. */
void link_vigil_prepare(struct link *link);

/* On the thread: put the vigil's questions into the pump. */
void link_vigil_join(struct link *link, struct link_pump *pump);

#define LINK_VIGIL_WORDS 160

/* On the thread, after the pump: how it ended, in words; NULL: not by us. */
const char *link_vigil_words(
    const struct link *link, char words[LINK_VIGIL_WORDS]);

/* On the thread, after the pump: note whether silence killed it. */
void link_vigil_conclude(struct link *link, enum link_pump_end end);

/* On the loop: hand over what was learnt; with `is_over` the thread has ended.
 */
void link_vigil_remember(struct link *link, bool is_over);

#endif
