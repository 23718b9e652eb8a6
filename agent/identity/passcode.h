/* passcode.h - the code on a label: nine random digits and a check digit.
 *
 * Uniform over 996,770,308 codes, 29.89 bits: of the 10^9 those are left out
 * that people try first (passcode_is_trivial).  The check digit is Damm's: it
 * finds every single wrong digit and every swap of neighbours, before a try is
 * used up.  The page has the same in cloud-mock/page/passcode.js. */

#ifndef IDENTITY_PASSCODE_H
#define IDENTITY_PASSCODE_H

#include <stdbool.h>

#include "core/err.h"

#define PASSCODE_RANDOM     9 /* digits */
#define PASSCODE_DIGITS     10
#define PASSCODE_SIZE       (PASSCODE_DIGITS + 1)
#define PASSCODE_SHOWN_SIZE (PASSCODE_SIZE + 3)

/* Draw one.  ERR_IO: no randomness. */
enum err passcode_make(char code[PASSCODE_SIZE]) MUST_CHECK;

/* The digit to put behind these digits; '0' when the last of them is already
 * right.  H. M. Damm, Total anti-symmetrische Quasigruppen, 2004. */
char passcode_check_digit(const char *digits);

/* Nine digits are trivial that have fewer than four different digits, five
 * neighbours that are equal or count up or down by one, the same step
 * everywhere (modulo 10), a period of at most four, or read the same
 * backwards. */
bool passcode_is_trivial(const char digits[PASSCODE_RANDOM]);

/* Ten digits, the last of them right. */
bool passcode_is_valid(const char *code);

/* "123 456 789 4", as it is printed and read out. */
void passcode_show(
    const char code[PASSCODE_SIZE], char shown[PASSCODE_SHOWN_SIZE]);

#endif
