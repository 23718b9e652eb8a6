/* pipeline.h - a request for each line of standard input, many on their way
 * at a time, and every answer looked at. */

#ifndef LOCAL_PIPELINE_H
#define LOCAL_PIPELINE_H

#include "core/err.h"
#include "core/json.h"
#include "local/assign.h"
#include "local/options.h"

/* Make the request of a line (a text; without its newline), to be freed by
 * the caller.  ERR_INVALID: `fault` says what is wrong with the line. */
typedef enum err pipeline_make(const struct options *o, const char *line,
    struct json **request, char fault[ASSIGN_FAULT]);

/* Until standard input ends and all is answered.  A bad line is told by its
 * number, and the others go on.  An exit status: that of the last failure. */
int pipeline_run(const struct options *o, pipeline_make *make);

#endif
