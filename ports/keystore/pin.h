/* pin.h - a token's PIN, offered once.
 *
 * Tokens count wrong PINs and lock for good after a few.  So a PIN that was
 * refused is remembered and not offered again; another one (the file that holds
 * it was corrected) is. */

#ifndef PORTS_KEYSTORE_PIN_H
#define PORTS_KEYSTORE_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct pin;

/* From `value`, or from the file `source` ("/path" or "file:/path", RFC 7512
 * section 2.4) at each reading; both are copied, both may be NULL: the empty
 * PIN.  NULL: out of memory. */
struct pin *pin_new(const char *value, const char *source);
void pin_free(struct pin *pin); /* wipes; NULL is fine */

bool pin_is_given(const struct pin *pin);

/* Lent until pin_forget.  ERR_DENIED: it was refused before, or others can read
 * its file; ERR_NOT_FOUND and more as secret_read.  `why` is set. */
enum err pin_read(struct pin *pin, char *why, const unsigned char **bytes,
    size_t *len) MUST_CHECK;
void pin_forget(struct pin *pin);

/* The token said no to what was read last, not yet forgotten. */
void pin_refuse(struct pin *pin);

#endif
