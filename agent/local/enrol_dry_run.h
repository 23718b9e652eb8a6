/* enrol_dry_run.h - `enrol --dry-run`: an enrolment without the agent, of which
 * nothing is kept (docs/enrolment.md). */

#ifndef LOCAL_ENROL_DRY_RUN_H
#define LOCAL_ENROL_DRY_RUN_H

#include "local/findings.h"

/* As the configuration at `path` says; each step is a finding.  Blocks. */
void enrol_dry_run(struct findings *findings, const char *path);

#endif
