/* options.h - the lines plugin_opt_... of mosquitto.conf.
 *
 *     database PATH           where registry, shadows and presence are kept
 *     log_file PATH           the file of `log_dest file PATH`
 *     socket PATH             the listener of the privileged client
 *     authority PATH          CAs whose devices may register: a file, or a
 *                             folder; may stand several times
 *     strict yes|no           AWS's limits (default yes)
 *     rates yes|no            AWS's rates (default: as strict)
 *     sni any|required        refuse a TLS handshake that does not name the
 *                             server (default: any, required when strict)
 *     jitp_drop_first yes|no  drop the connection that registers a device
 *                             (default: as strict)
 *     registration jitp|jitr  a device that registers itself is ACTIVE, or
 *                             PENDING_ACTIVATION until somebody says so (jitp)
 *     operational PATH        the folder of the operational CA, which cloudd
 *                             made; without it nobody enrols
 *     operational_life_s N    how long its certificates are good (30 days)
 *     claim_authority PATH    CAs of claim certificates: a file, or a folder;
 *                             may stand several times
 *     claims_take_over yes|no a claim may have a certificate for a thing that
 *                             has a factory certificate (no) */

#ifndef CLOUD_MOCK_OPTIONS_H
#define CLOUD_MOCK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct mosquitto_opt;

struct options {
    const char *database;
    const char *log_file;
    const char *socket;
    const char **authorities; /* freed by options_free, the texts are lent */
    size_t authority_count;
    bool strict;
    bool drop_first;
    bool rates;
    bool sni_required;
    bool pending;
    const char **claims; /* freed by options_free, the texts are lent */
    size_t claim_count;
    bool claims_take_over;
    const char *operational; /* NULL: none */
    int64_t operational_life_s;
};

/* ERR_INVALID: every fault was said in the log. */
enum err options_read(const struct mosquitto_opt *given, size_t count,
    struct options *out) MUST_CHECK;
void options_free(struct options *options);

#endif
