/* What the device takes for a record: the members of the document and no
 * others.  The cloud is tried with the same texts in test_cloudd_record. */

#include "identity/record.h"
#include "person.h"
#include "record_forms.h"

static void a_record_has_the_members_of_the_document_and_no_others(void **state)
{
    static struct person people[3];
    const char *const keys[] = {people[0].text, people[1].text, people[2].text};
    const struct person *const signers[] = {&people[0], NULL};
    char text[FORM_SIZE];

    (void)state;
    for (int i = 0; i < 3; i++)
        person_make(&people[i]);
    for (size_t i = 0; i < RECORD_FORMS; i++) {
        struct json *envelope;
        struct record *r = NULL;
        const char *why = NULL;

        record_form_fill(record_forms[i].text, keys, text);
        envelope = person_envelope(text, signers);
        if ((record_read(envelope, &why, &r) == ERR_OK) != record_forms[i].fits)
            fail_msg("%s: %s", why != NULL ? why : "taken", text);
        record_free(r);
        json_free(envelope);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_record_has_the_members_of_the_document_and_no_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
