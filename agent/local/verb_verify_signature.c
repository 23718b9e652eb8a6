/* verb_verify_signature.c - a detached signature over a file. */

#include <stdio.h>
#include <sysexits.h>

#include "identity/signature_file.h"
#include "local/answer.h"
#include "local/speak.h"
#include "local/verbs.h"

#define EXIT_INVALID 1

static int print(
    const struct options *o, const struct signature_options *asked, bool valid)
{
    struct answer a;
    int status;

    if (!o->json) {
        (void)puts(valid ? "valid" : "invalid");
        return speak_end(o);
    }
    a = answer_ok();
    answer_bool(&a, "valid", valid);
    answer_text(&a, "algorithm", signature_algorithm_name(asked->algorithm));
    status = a.e == ERR_OK ? speak_json(o, a.object) : speak_no_memory(o);
    json_free(a.object);
    return status;
}

int verb_verify_signature(const struct options *o, const char *signature,
    const char *key, const char *algorithm)
{
    struct signature_options asked = {
        .key = key, .signature = signature, .file = o->words[0]};
    bool valid = false;
    int status;
    enum err e;

    if (key == NULL || algorithm == NULL)
        return speak_fail(o, EX_USAGE, "usage",
            "verify: --signature wants --key PUBLIC.pem and --alg A");
    if (!signature_algorithm_parse(algorithm, &asked.algorithm))
        return speak_fail(o, EX_USAGE, "usage",
            "verify: --alg '%s' is not one of es256, es256-der, es384, "
            "es384-der, ps256, rs256",
            algorithm);
    e = signature_check_file(&asked, &valid);
    if (e != ERR_OK)
        return speak_fail(o, e == ERR_NO_MEMORY ? EX_OSERR : EX_DATAERR,
            "unreadable", "verify: an input is not usable (%s); see above",
            err_name(e));
    status = print(o, &asked, valid);
    return status != EX_OK || valid ? status : EXIT_INVALID;
}
