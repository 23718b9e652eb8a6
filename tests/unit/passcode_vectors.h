/* passcode_vectors.h - pass codes with the right check digit; the page's tests
 * read this file too. */

#ifndef TESTS_PASSCODE_VECTORS_H
#define TESTS_PASSCODE_VECTORS_H

/* As a factory may draw them. */
#define PASSCODE_RIGHT                                                         \
    {                                                                          \
        "2718281828", "3141592652", "0001239876", "9040302010", "6180339880",  \
            "1414213566", "5772156645", "6606934834"                           \
    }

/* As it never draws them. */
#define PASSCODE_TRIVIAL                                                       \
    {                                                                          \
        "1111111110", "1231231232", "1212121211", "1122331126", "1234567894",  \
            "9876543215", "1357913575", "0246802466", "1234123413",            \
            "1470369254", "2718381728", "1234543216", "9234560712",            \
            "9777773102", "8765430191", "3344553330"                           \
    }

/* Near misses of the rule: a run of four, three steps, a period of five. */
#define PASSCODE_NEARLY                                                        \
    {                                                                          \
        "1234975314", "5555107344", "1350213502", "2718281735", "1122334400"   \
    }

#endif
