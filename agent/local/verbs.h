/* verbs.h - the verbs that need no more than the local socket.  Each returns
 * an exit status of sysexits. */

#ifndef LOCAL_VERBS_H
#define LOCAL_VERBS_H

int verb_csr(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_identity(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_emit(int argc, char **argv);
int verb_enrol(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_owner(int argc, char **argv);
int verb_reset(int argc, char **argv);
int verb_watch(int argc, char **argv);

/* Parts of verbs, when the words were read. */
struct options;
int verb_identity_check(const struct options *o, const char *eku);
int verb_verify_signature(const struct options *o, const char *signature,
    const char *key, const char *algorithm);

#endif
