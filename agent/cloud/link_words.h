/* link_words.h - what people read about a link's end. */

#ifndef CLOUD_LINK_WORDS_H
#define CLOUD_LINK_WORDS_H

/* What a fatal alert says about us (RFC 8446 section 6.2), NULL when it is not
 * about our certificate or what we offer; static. */
const char *link_alert_words(int alert);

#endif
