/* choice.h - what was chosen for a batch, kept beside its CA in profile.json:
 * the EKU of its devices. */

#ifndef CERTS_CHOICE_H
#define CERTS_CHOICE_H

#include "certs/home.h"
#include "identity/profile.h"

/* Write the record into the stage that becomes the batch's folder. */
enum err choice_stage(const char *stage, enum eku eku) MUST_CHECK;

/* The record of the batch in `folder`; a batch from before there were records
 * is EKU_CLIENT.  Failures are said. */
enum err choice_read(const char *folder, enum eku *eku) MUST_CHECK;

/* What was chosen for a certificate of this factory; EKU_CLIENT, the profile's
 * word, when it is of no batch that is here.  Failures are said. */
enum err choice_of(const struct home *home, const struct view *certificate,
    enum profile_role role, enum eku *eku) MUST_CHECK;

#endif
