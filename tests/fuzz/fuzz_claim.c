/* Any bytes as what a claim reads: nothing crashes, a claim-verifier that is
 * taken is the only text of its numbers, and no share gives a key to who does
 * not know the code.
 *
 * The first byte chooses: the factory's file, the share that a device gets, or
 * the share and the confirmation that a prover gets. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/claim_verifier.h"
#include "spake2plus_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct spake2plus_names names;

static unsigned char digit(char c)
{
    return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put(const char *hex, unsigned char *out)
{
    for (; *hex != '\0'; hex += 2)
        *out++ = (unsigned char)(digit(hex[0]) << 4 | digit(hex[1]));
}

static void check_file(struct span text)
{
    char again[CLAIM_VERIFIER_TEXT_SIZE];
    struct claim_verifier v;

    if (claim_verifier_parse(text, &v) != ERR_OK)
        return;
#ifdef PLANT_A_FAULT /* test_claim proves that it would be found */
    v.salt[0] ^= 1;
#endif
    claim_verifier_print(&v, again);
    if (strlen(again) != text.len || memcmp(again, text.at, text.len) != 0)
        abort();
}

static void check_device(struct span share)
{
    static const unsigned char guess[SPAKE2PLUS_CONFIRM];
    unsigned char key[SPAKE2PLUS_KEY];
    struct spake2plus_record record;
    struct spake2plus *run;

    put(RFC_W0, record.w0);
    put(RFC_L, record.l);
    if (spake2plus_start(&record, &names, share, &run) != ERR_OK)
        return;
    if (spake2plus_finish(run, (struct span){guess, sizeof(guess)}, key) !=
        ERR_DENIED)
        abort();
    spake2plus_free(run);
}

static void check_prover(struct span answer)
{
    size_t split = answer.len < P256_POINT ? answer.len : P256_POINT;
    const struct spake2plus_answer given = {
        {answer.at,         split             },
        {answer.at + split, answer.len - split}
    };
    unsigned char confirm[SPAKE2PLUS_CONFIRM], key[SPAKE2PLUS_KEY];
    struct spake2plus_secrets secrets;
    struct spake2plus_prover *run;

    put(RFC_W0, secrets.w0);
    put(RFC_W1, secrets.w1);
    if (spake2plus_prover_start(&secrets, &run) != ERR_OK)
        abort();
    if (spake2plus_prover_finish(run, &names, &given, confirm, key) == ERR_OK)
        abort();
    spake2plus_prover_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct span rest = {bytes + 1, len - 1};

    if (len == 0)
        return 0;
    switch (bytes[0] % 3) {
    case 0:
        check_file(rest);
        break;
    case 1:
        check_device(rest);
        break;
    default:
        check_prover(rest);
    }
    return 0;
}
