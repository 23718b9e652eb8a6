/* claim.h - what makes a device claimable: a pass code for its label, and a
 * verifier for the device, which never learns the code.
 *
 *   devices/<thing>/claim-verifier  goes to the device, beside its key
 *   devices/<thing>/label.json      has the code, until the label is printed */

#ifndef CERTS_CLAIM_H
#define CERTS_CLAIM_H

#include "certs/disk.h"
#include "identity/claim_verifier.h"
#include "identity/passcode.h"

#define CLAIM_LABEL_FILE "label.json"

struct claim {
    char code[PASSCODE_SIZE];
    struct claim_verifier verifier;
};

/* Draw a code and stretch it: a tenth of a second.  Failures are said; the
 * caller wipes. */
enum err claim_make(const char *thing, struct claim *out) MUST_CHECK;
void claim_wipe(struct claim *claim);

/* Put both files, 0600, into a staging folder. */
enum err claim_stage(const struct claim *claim, const char *stage) MUST_CHECK;

/* The code on the label of the device with this folder.  ERR_NOT_FOUND (not
 * said): it was forgotten, or issued without one. */
enum err claim_read_code(
    const char *device, char code[PASSCODE_SIZE]) MUST_CHECK;

/* From now on the code stands on the label alone. */
enum err claim_forget_code(const char *device) MUST_CHECK;

#endif
