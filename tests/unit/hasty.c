/* hasty.c - the agent that tries again within a tenth of a second: for tests
 * that end its connections a thousand times. */

#include "cloud/retry.h"

#define WIDEST_MS 100

uint64_t __wrap_retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random);

uint64_t __wrap_retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random)
{
    (void)retry;
    (void)verdict;
    return random % WIDEST_MS;
}
