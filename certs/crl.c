/* crl.c - written back to front, see der.h. */

#include "certs/crl.h"

#include <stdlib.h>
#include <string.h>

#include "identity/oid.h"

#define FIXED_SIZE 1000 /* names, dates, extensions */
#define ENTRY_SIZE 70   /* 20 octets of serial, date, reason: 56 */

static const struct {
    enum crl_reason reason;
    const char *name;
} reasons[] = {
    {CRL_UNSPECIFIED,            "unspecified"         },
    {CRL_KEY_COMPROMISE,         "keyCompromise"       },
    {CRL_CA_COMPROMISE,          "cACompromise"        },
    {CRL_AFFILIATION_CHANGED,    "affiliationChanged"  },
    {CRL_SUPERSEDED,             "superseded"          },
    {CRL_CESSATION_OF_OPERATION, "cessationOfOperation"},
    {CRL_PRIVILEGE_WITHDRAWN,    "privilegeWithdrawn"  },
};
#define REASON_COUNT (sizeof(reasons) / sizeof(reasons[0]))

const char *crl_reason_name(enum crl_reason reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return NULL;
}

bool crl_reason_parse(const char *name, enum crl_reason *reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            *reason = reasons[i].reason;
            return true;
        }
    }
    return false;
}

static void put_entry(struct der *d, const struct crl_entry *entry)
{
    size_t mark = der_mark(d);

    /* RFC 5280 5.3.1: unspecified is said by saying nothing. */
    if (entry->reason != CRL_UNSPECIFIED) {
        der_put_enumerated(d, (unsigned char)entry->reason);
        extension_wrap(d, OID_REASON_CODE, false, mark);
        der_wrap(d, DER_SEQUENCE, mark);
    }
    der_put_time(d, entry->date);
    der_put_integer(d, (struct span){entry->serial, entry->serial_len});
    der_wrap(d, DER_SEQUENCE, mark);
}

static void put_extensions(
    struct der *d, const struct crl_plan *plan, const struct authority *issuer)
{
    size_t mark = der_mark(d);

    der_put_number(d, plan->number);
    extension_wrap(d, OID_CRL_NUMBER, false, mark);
    extension_authority_key_id(d, view_subject_key_id(&issuer->view));
    der_wrap(d, DER_SEQUENCE, mark);
    der_wrap(d, DER_CONTEXT_CONSTRUCTED(0), mark);
}

static void put_tbs(
    struct der *d, const struct crl_plan *plan, const struct authority *issuer)
{
    size_t mark = der_mark(d), list;

    put_extensions(d, plan, issuer);
    list = der_mark(d);
    for (size_t i = plan->count; i > 0; i--)
        put_entry(d, &plan->entries[i - 1]);
    if (plan->count > 0) /* an empty list is left out (5.1.2.6) */
        der_wrap(d, DER_SEQUENCE, list);
    der_put_time(d, plan->to);
    der_put_time(d, plan->from);
    der_put(d, issuer->view.subject.whole);
    certificate_put_algorithm(d, issuer->key);
    der_put_number(d, 1); /* v2 */
    der_wrap(d, DER_SEQUENCE, mark);
}

enum err crl_make(const struct crl_plan *plan, const struct authority *issuer,
    struct bytes *der)
{
    size_t size = FIXED_SIZE + plan->count * ENTRY_SIZE;
    unsigned char *buffer = malloc(size);
    struct span tbs;
    struct der d;
    enum err e;

    if (buffer == NULL)
        return ERR_NO_MEMORY;
    der_start(&d, buffer, size);
    put_tbs(&d, plan, issuer);
    e = der_done(&d, &tbs);
    if (e == ERR_OK)
        e = certificate_seal(tbs, issuer->key, der);
    free(buffer);
    return e;
}
