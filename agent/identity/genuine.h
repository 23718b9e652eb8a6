/* genuine.h - what a good path proves about a device.
 *
 * A vendor's CA speaks for its own devices only: the vendor (O) in the device's
 * certificate must be the one in every CA of its path, whether or not those CAs
 * carry name constraints. */

#ifndef IDENTITY_GENUINE_H
#define IDENTITY_GENUINE_H

#include "identity/path.h"
#include "identity/proof.h"
#include "identity/reason.h"

struct genuine_question {
    const char *model, *serial; /* whom we want; NULL: any */
    enum proof min_level;
    bool anchor_is_program; /* the anchor is a root above several vendors: its
                               own O does not count, and a CA below it must be
                               held to the vendor by name constraints */
};

/* TRUST_OK and the level reached; or TRUST_NAMEPLATE, TRUST_VENDOR,
 * TRUST_MODEL, TRUST_SERIAL, TRUST_LEVEL, and the level that is proved all the
 * same (PROOF_NONE when not even the vendor is). */
enum trust_reason genuine_check(const struct path *path,
    const struct genuine_question *question, enum proof *level);

#endif
