/* passcode.c */

#include "identity/passcode.h"

#include <mbedtls/platform_util.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/port.h"

#define CODES        1000000000U  /* of nine digits */
#define FAIR         (4U * CODES) /* below: each code equally often */
#define DISTINCT_MIN 4
#define RUN_MAX      4
#define PERIOD_MAX   4

char passcode_check_digit(const char *digits)
{
    /* A totally anti-symmetric quasigroup with zeros on its diagonal. */
    static const unsigned char table[10][10] = {
        {0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
        {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
        {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
        {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
        {6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
        {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
        {5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
        {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
        {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
        {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
    };
    unsigned char interim = 0;

    for (; *digits != '\0'; digits++)
        interim = table[interim][*digits - '0'];
    return (char)('0' + interim);
}

static bool has_few_digits(const char *d)
{
    unsigned seen = 0, count = 0;

    for (int i = 0; i < PASSCODE_RANDOM; i++)
        seen |= 1U << (d[i] - '0');
    for (; seen != 0; seen &= seen - 1)
        count++;
    return count < DISTINCT_MIN;
}

/* 55555, 23456, 65432 */
static bool has_run(const char *d)
{
    int length = 1, before = 2;

    for (int i = 1; i < PASSCODE_RANDOM; i++) {
        int step = d[i] - d[i - 1];

        if (abs(step) > 1)
            length = 1;
        else
            length = step == before ? length + 1 : 2;
        before = step;
        if (length > RUN_MAX)
            return true;
    }
    return false;
}

static int step_of(const char *d, int i)
{
    return (d[i + 1] - d[i] + 10) % 10;
}

static bool has_one_step(const char *d)
{
    for (int i = 1; i + 1 < PASSCODE_RANDOM; i++)
        if (step_of(d, i) != step_of(d, 0))
            return false;
    return true;
}

static bool has_period(const char *d)
{
    for (size_t p = 1; p <= PERIOD_MAX; p++)
        if (memcmp(d, d + p, PASSCODE_RANDOM - p) == 0)
            return true;
    return false;
}

static bool is_palindrome(const char *d)
{
    for (int i = 0; i < PASSCODE_RANDOM / 2; i++)
        if (d[i] != d[PASSCODE_RANDOM - 1 - i])
            return false;
    return true;
}

bool passcode_is_trivial(const char digits[PASSCODE_RANDOM])
{
    return has_few_digits(digits) || has_run(digits) || has_one_step(digits) ||
        has_period(digits) || is_palindrome(digits);
}

enum err passcode_make(char code[PASSCODE_SIZE])
{
    uint32_t number;

    do {
        enum err e = port_random(&number, sizeof(number));

        if (e != ERR_OK)
            return e;
        (void)snprintf(code, PASSCODE_SIZE, "%09u", number % CODES);
    } while (number >= FAIR || passcode_is_trivial(code));
    mbedtls_platform_zeroize(&number, sizeof(number));
    code[PASSCODE_RANDOM] = passcode_check_digit(code);
    code[PASSCODE_DIGITS] = '\0';
    return ERR_OK;
}

bool passcode_is_valid(const char *code)
{
    return strlen(code) == PASSCODE_DIGITS &&
        strspn(code, "0123456789") == PASSCODE_DIGITS &&
        passcode_check_digit(code) == '0';
}

void passcode_show(
    const char code[PASSCODE_SIZE], char shown[PASSCODE_SHOWN_SIZE])
{
    (void)snprintf(shown, PASSCODE_SHOWN_SIZE, "%.3s %.3s %.3s %.1s", code,
        code + 3, code + 6, code + 9);
}
