/* Any bytes as a PEM file, or as one certificate in DER that stands below a
 * genuine one: nothing crashes, and a file whose every rule is kept was not
 * made by chance.
 *
 * The first byte chooses PEM or DER, and the role a certificate is held
 * against. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/pem.h"
#include "identity/profile_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct work {
    size_t findings;
    size_t certificates;
};

static enum err choose(void *context, const struct view *certificate,
    enum profile_role role, enum eku *eku)
{
    struct work *work = context;
    char text[VIEW_TEXT_SIZE];

    view_text(&certificate->subject, "2.5.4.3", text);
    *eku = (enum eku)((unsigned)role % 3);
    work->certificates++;
    return strlen(text) < VIEW_TEXT_SIZE ? ERR_OK : ERR_INVALID;
}

static void tell(void *context, const struct profile_finding *finding)
{
    struct work *work = context;

    if (finding->rule == NULL || finding->rule->id == NULL ||
        profile_role_name(finding->role) == NULL || finding->number == 0)
        abort();
    work->findings++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct work work = {0, 0};
    struct profile_walk walk = {
        .choose = choose, .tell = tell, .context = &work};
    struct bytes text;
    size_t count = 0;
    enum err e;

    if (len == 0)
        return 0;
    walk.role = (enum profile_role)((1U << (bytes[0] & 7)) & 0x0f);
    e = (bytes[0] & 0x80) != 0
        ? bytes_copy((struct span){bytes + 1, len - 1}, &text)
        : pem_write(PEM_CERTIFICATE, (struct span){bytes + 1, len - 1}, &text);
    if (e != ERR_OK)
        return 0;
    e = profile_chain(&walk, (const char *)text.at, &count);
#ifdef PLANT_A_FAULT /* test_profile proves that it would be found */
    work.certificates++;
#endif
    /* Each certificate is asked about once; what cannot be read is told. */
    if (work.certificates > count ||
        (work.certificates < count && work.findings == 0) ||
        (e == ERR_NOT_FOUND && count > 0))
        abort();
    bytes_free(&text);
    return 0;
}
