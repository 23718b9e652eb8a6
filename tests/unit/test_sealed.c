/* A sealed file opens for who sealed it, for what it was sealed, unchanged. */

#include <fcntl.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "identity/sealed.h"

static char folder[64], secret[100], path[100], other_secret[100];
static struct sealer *ours;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/test_sealed.XXXXXX");
    if (mkdtemp(folder) == NULL || psa_crypto_init() != PSA_SUCCESS)
        return 1;
    (void)snprintf(secret, sizeof(secret), "%s/secret", folder);
    (void)snprintf(other_secret, sizeof(other_secret), "%s/other", folder);
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    return sealer_new(secret, &ours) != ERR_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sealer_free(ours);
    (void)unlink(secret);
    (void)unlink(other_secret);
    (void)unlink(path);
    return rmdir(folder);
}

static struct sealed labelled(unsigned char label)
{
    struct sealed file = {.path = path};

    memset(file.label, label, sizeof(file.label));
    return file;
}

static enum err try(const struct sealer *sealer, unsigned char label)
{
    struct sealed file = labelled(label);
    unsigned char *bytes = NULL;
    size_t len;
    enum err e = sealer_read(sealer, &file, &bytes, &len);

    if (e == ERR_OK)
        assert_memory_equal(bytes, "some bytes", len);
    else
        assert_null(bytes);
    free(bytes);
    return e;
}

static void what_was_sealed_opens_also_after_a_restart(void **state)
{
    struct sealed file = labelled(1);
    struct sealer *again;
    struct stat st;

    (void)state;
    assert_int_equal(try(ours, 1), ERR_NOT_FOUND);
    assert_int_equal(sealer_write(ours, &file, "some bytes", 10), ERR_OK);
    assert_int_equal(try(ours, 1), ERR_OK);
    assert_int_equal(sealer_new(secret, &again), ERR_OK);
    assert_int_equal(try(again, 1), ERR_OK);
    sealer_free(again);
    assert_int_equal(stat(secret, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 32);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(sealer_write(ours, &file, "", 0), ERR_OK);
    assert_int_equal(try(ours, 1), ERR_OK);
}

static void no_changed_byte_and_no_cut_opens(void **state)
{
    struct sealed file = labelled(1);
    unsigned char bytes[200];
    ssize_t len;
    int fd;

    (void)state;
    assert_int_equal(sealer_write(ours, &file, "some bytes", 10), ERR_OK);
    fd = open(path, O_RDWR);
    len = read(fd, bytes, sizeof(bytes));
    assert_in_range(len, 60, 150);
    for (off_t i = 0; i < len; i++) {
        unsigned char wrong = bytes[i] ^ 0x40;
        enum err e;

        assert_int_equal(pwrite(fd, &wrong, 1, i), 1);
        e = try(ours, 1);
        assert_true(e == ERR_DENIED || e == ERR_CONFLICT);
        assert_int_equal(pwrite(fd, &bytes[i], 1, i), 1);
    }
    assert_int_equal(try(ours, 1), ERR_OK); /* the twin */
    for (off_t cut = 0; cut < len; cut++) {
        assert_int_equal(pwrite(fd, bytes, (size_t)len, 0), len);
        assert_int_equal(ftruncate(fd, cut), 0);
        assert_int_equal(try(ours, 1), ERR_DENIED);
    }
    assert_int_equal(ftruncate(fd, SEALED_MOST + 1000), 0);
    assert_int_equal(try(ours, 1), ERR_DENIED);
    close(fd);
}

static void it_opens_for_nothing_else_and_for_nobody_else(void **state)
{
    struct sealed file = labelled(1);
    struct sealer *other;
    unsigned char label = 2;
    int fd;

    (void)state;
    assert_int_equal(sealer_write(ours, &file, "some bytes", 10), ERR_OK);
    assert_int_equal(try(ours, 2), ERR_CONFLICT);
    assert_int_equal(sealer_new(other_secret, &other), ERR_OK);
    assert_int_equal(try(other, 1), ERR_DENIED);
    sealer_free(other);
    /* ... nor when the label in it is made to say so. */
    fd = open(path, O_RDWR);
    for (off_t i = 19; i < 19 + SEALED_LABEL; i++)
        assert_int_equal(pwrite(fd, &label, 1, i), 1);
    close(fd);
    assert_int_equal(try(ours, 2), ERR_DENIED);
}

static void the_same_bytes_never_look_the_same(void **state)
{
    struct sealed file = labelled(1);
    unsigned char seen[2][200];
    ssize_t len[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd;

        assert_int_equal(sealer_write(ours, &file, "some bytes", 10), ERR_OK);
        fd = open(path, O_RDONLY);
        len[i] = read(fd, seen[i], sizeof(seen[i]));
        close(fd);
    }
    assert_int_equal(len[0], len[1]);
    assert_memory_not_equal(seen[0] + 51, seen[1] + 51, (size_t)len[0] - 51);
}

static void a_secret_that_is_none_is_made_anew(void **state)
{
    struct sealed file = labelled(1);
    struct sealer *again;

    (void)state;
    for (off_t size = 0; size <= 64; size += 16) {
        assert_int_equal(sealer_write(ours, &file, "some bytes", 10), ERR_OK);
        assert_int_equal(truncate(secret, size), 0);
        assert_int_equal(sealer_new(secret, &again), ERR_OK);
        if (size != 32)
            assert_int_equal(try(again, 1), ERR_DENIED);
        sealer_free(ours);
        ours = again;
    }
}

static void what_cannot_be_is_said(void **state)
{
    struct sealed file = labelled(1), nowhere = labelled(1);
    struct sealer *none = NULL;
    char *big = calloc(1, SEALED_MOST + 1);

    (void)state;
    nowhere.path = "/nowhere/file";
    assert_non_null(big);
    assert_int_equal(
        sealer_write(ours, &file, big, SEALED_MOST + 1), ERR_TOO_BIG);
    assert_int_equal(sealer_write(ours, &file, big, SEALED_MOST), ERR_OK);
    assert_int_not_equal(sealer_write(ours, &nowhere, big, 1), ERR_OK);
    assert_int_not_equal(sealer_new(folder, &none), ERR_OK);
    assert_int_not_equal(sealer_new("/nowhere/secret", &none), ERR_OK);
    assert_null(none);
    sealer_free(NULL);
    free(big);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_sealed_opens_also_after_a_restart),
        TEST(no_changed_byte_and_no_cut_opens),
        TEST(it_opens_for_nothing_else_and_for_nobody_else),
        TEST(the_same_bytes_never_look_the_same),
        TEST(a_secret_that_is_none_is_made_anew),
        TEST(what_cannot_be_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
