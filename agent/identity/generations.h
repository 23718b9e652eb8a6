/* generations.h - operational identities on the disk (docs/enrolment.md).
 *
 *     FOLDER/current             which generation is in use; replaced at once
 *     FOLDER/g7/certificate.pem  leaf first
 *     FOLDER/g7/key.pem          unless keys live in a token
 *     FOLDER/g7/token            then: which key was made there for it
 *
 * A generation is complete on the disk before `current` names it, and the one
 * before stays until the next one: after a power cut at any instant `current`
 * names a whole generation, or none, and then there is the factory's.  A
 * generation whose key is in a token keeps its folder until that key is
 * destroyed, so that none is forgotten there. */

#ifndef IDENTITY_GENERATIONS_H
#define IDENTITY_GENERATIONS_H

#include "core/err.h"
#include "identity/generation.h"

struct generations;

#define GENERATIONS_URI 1024

/* Open FOLDER, which is made when missing, and remove what is of no use.
 * `key_home` is "file", or a key's URI (pkcs11:..., tpm2:...) of which each
 * generation's own is made.  The reason is logged; ERR_IO, ERR_TOO_BIG. */
enum err generations_open(const char *folder, const char *key_home,
    struct generations **out) MUST_CHECK;

/* The same to read only, beside an agent that runs: nothing is made or removed.
 * ERR_NOT_FOUND: no generation was in use yet; ERR_INVALID: `current` is
 * damaged; ERR_DENIED, ERR_IO. */
enum err generations_look(const char *folder, const char *key_home,
    struct generations **out) MUST_CHECK;
void generations_close(struct generations *g); /* NULL is fine */

/* 0: there is none. */
unsigned generations_current(const struct generations *g);
unsigned generations_previous(const struct generations *g);

/* The id of the certificate that the current one replaced; "" for none. */
const char *generations_old_id(const struct generations *g);

/* A new one, empty.  ERR_IO. */
enum err generations_begin(struct generations *g, unsigned *number) MUST_CHECK;

/* Where its key is: a URI for key_open and keystore_new.  ERR_TOO_BIG. */
enum err generations_key(const struct generations *g, unsigned number,
    char uri[GENERATIONS_URI]) MUST_CHECK;

enum err generations_put(
    struct generations *g, unsigned number, struct span pem) MUST_CHECK;

/* From now on, also after a power cut, it is the current one; `old_id` is told
 * by generations_old_id.  On an error the one before stays. */
enum err generations_commit(
    struct generations *g, unsigned number, const char *old_id) MUST_CHECK;

/* Remove one that is neither current nor the one before.  One that has a key in
 * a token is spent from then on. */
void generations_drop(struct generations *g, unsigned number);

/* The oldest that has a key in a token and is neither current nor the one
 * before; 0: none.  Not to be asked while one is made or tried. */
unsigned generations_spent(const struct generations *g);

/* Its key is destroyed, or is none of ours: remove it. */
void generations_forget(struct generations *g, unsigned number);

/* The file that says that a key was made for it in a token, and what it says
 * (no PIN).  It is written when the token was seen to have no such key, and
 * before there is one (request.h): so only a key of ours is ever destroyed.
 * An empty path: keys are files.  ERR_TOO_BIG, ERR_INVALID. */
struct generations_mark {
    char path[4200];
    char text[GENERATIONS_URI];
};
enum err generations_mark(const struct generations *g, unsigned number,
    struct generations_mark *out) MUST_CHECK;

/* As generation_read; the caller frees. */
enum err generations_load(const struct generations *g, unsigned number,
    char why[KEY_WHY], struct generation **out) MUST_CHECK;

#endif
