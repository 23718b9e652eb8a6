/* proof.h - how much is proved about a peer: one scale, used everywhere. */

#ifndef IDENTITY_PROOF_H
#define IDENTITY_PROOF_H

#include <stdbool.h>

/* Each says more than the one before. */
enum proof {
    PROOF_NONE,
    PROOF_ENCRYPTED, /* nobody else listens; the name is one a CA vouches for */
    PROOF_PINNED,    /* ... and the key is one that was chosen beforehand */
    PROOF_VENDOR,    /* made by this vendor */
    PROOF_MODEL,     /* ... and of this model */
    PROOF_DEVICE,    /* ... and the very one with this serial number */
    PROOF_OWNER      /* ... and it is its owner who speaks */
};

/* "vendor+model", "exact device"; static. */
const char *proof_name(enum proof proof);

/* The same names, with '-' for a space if one likes. */
bool proof_parse(const char *name, enum proof *out);

#endif
