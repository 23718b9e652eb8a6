/* stage_signature ALG KEY SIGNATURE FILE: one judgement for a scenario.  Exit
 * status 0 genuine, 1 not, 64 usage, 65 unreadable; "genuine" or the error's
 * name on stdout. */

#include <stdio.h>
#include <sysexits.h>

#include "identity/signature_file.h"

int main(int argc, char **argv)
{
    struct signature_options o;
    bool valid;
    enum err e;

    if (argc != 5 || !signature_algorithm_parse(argv[1], &o.algorithm))
        return EX_USAGE;
    o.key = argv[2];
    o.signature = argv[3];
    o.file = argv[4];
    e = signature_check_file(&o, &valid);
    if (e != ERR_OK) {
        (void)puts(err_name(e));
        return EX_DATAERR;
    }
    (void)puts(valid ? "genuine" : "not genuine");
    return valid ? EX_OK : 1;
}
