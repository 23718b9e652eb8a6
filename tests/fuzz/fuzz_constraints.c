/* Any bytes as the value of nameConstraints, against certificates that are
 * always the same: a name that is refused alone is not accepted in company, and
 * whoever is held to a vendor cannot speak for another one. */

#include <stdint.h>
#include <stdlib.h>

#include "identity/constraints.h"
#include "identity/distinguished_name.h"
#include "mint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
bool __wrap_dn_value(
    struct dn name, const char *oid, const unsigned char **value, size_t *len);

/* Everybody is Acme. */
bool __wrap_dn_value(
    struct dn name, const char *oid, const unsigned char **value, size_t *len)
{
    (void)name;
    (void)oid;
    *value = (const unsigned char *)"Acme";
    *len = 4;
    return true;
}
#endif

static const char *const alone[] = {"dns:x.a.test", "dns:*.a.test",
    "ip:0a010203", "ip:20010db8000000000000000000000001", "dir:Other/X",
    "mail:a@b.test", "uri:x:", "other:"};
#define ALONE (sizeof(alone) / sizeof(alone[0]))

static mbedtls_x509_crt single[ALONE], company, bare, globex;

static void make(mbedtls_x509_crt *crt, const char *vendor, const char *words)
{
    struct party p = party_new(&(struct subject){.organization = vendor});
    struct bytes san = mint_names(words);
    struct bytes der = mint(&p,
        &(struct mint_plan){
            .names =
                *words == '\0' ? (struct span){NULL, 0}
                     : bytes_span(&san)
    });

    mbedtls_x509_crt_init(crt);
    mint_add(crt, &der);
    bytes_free(&san);
    bytes_free(&der);
    party_free(&p);
}

static void set_up(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    for (size_t i = 0; i < ALONE; i++)
        make(&single[i], "Acme", alone[i]);
    make(&company, "Acme",
        "dns:x.a.test dns:*.a.test ip:0a010203 "
        "ip:20010db8000000000000000000000001 dir:Other/X mail:a@b.test uri:x: "
        "other:");
    make(&bare, "Acme", "");
    make(&globex, "Globex", "");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum err all;

    set_up();
    all = constraints_check(bytes, len, &company);
    if (all != ERR_OK && all != ERR_DENIED && all != ERR_INVALID &&
        all != ERR_TOO_BIG)
        abort();
    for (size_t i = 0; i < ALONE; i++) {
        enum err e = constraints_check(bytes, len, &single[i]);

        if (all == ERR_OK && e != ERR_OK)
            abort();
    }
    if (all == ERR_OK && constraints_check(bytes, len, &bare) != ERR_OK)
        abort();
    if (constraints_hold_to(bytes, len, "Acme") &&
        constraints_check(bytes, len, &globex) == ERR_OK)
        abort();
    return 0;
}
