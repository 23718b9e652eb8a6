#!/usr/bin/env python3
"""The power fails while the factory works: nothing half-made is left.

strace kills the real `factory` before one system call that changes or reads
something, one run for each, then the same command is given again.  The calls are
drawn by lot (see sample); those around a rename are always among them.  The
same harness finds the careless issuer that writes one file after the other, and
the audit of the flushes finds a trace without them.
"""
import os
import re
import shutil
import subprocess

from kit import FACTORY, TOP, Factory, expect, folder, main, read, run, scenario, write
from sample import pick

# What changes the disk, or decides what is changed.
CALLS = ("openat", "mkdir", "write", "fsync", "rename", "unlink", "unlinkat",
         "rmdir", "flock", "exit_group")
# LeakSanitizer cannot work below strace.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")


def strace(command, log, *options):
    return subprocess.run(
        ["strace", "-f", "-o", log, *options, *command], env=ENVIRONMENT,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False)


def calls_of(command, log, where):
    """(name, ordinal) of each call of ours, from the first that names `where`:
    before that the loader works."""
    done = strace(command, log, "-y", "-e", "trace=" + ",".join(CALLS))
    expect(done.returncode == 0, f"a run that nobody disturbs: {done}")
    counts, found, ours = {}, [], False
    for line in read(log).split("\n"):
        call = re.match(r"\d+ +(\w+)\(", line)
        if not call or call.group(1) not in CALLS:
            continue
        name = call.group(1)
        counts[name] = counts.get(name, 0) + 1
        ours = ours or where in line
        if ours:
            found.append((name, counts[name]))
    return found


def stages(top):
    return [os.path.join(where, name) for where, folders, files in os.walk(top)
            for name in folders + files if name.startswith(".new-")]


def belongs(key, certificate):
    """Is this the key in the certificate?"""
    ours = run("openssl", "pkey", "-in", key, "-pubout", status=None).stdout
    theirs = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey",
                 status=None).stdout
    return ours and ours == theirs


DRAWN = 12  # of the calls of a command


def drawn_from(calls, count):
    """So many, and those around each rename and at the end: there it is decided
    what is left."""
    decisive = {i + step for i, (name, _) in enumerate(calls)
                if name == "rename" for step in (0, 1)} | {len(calls) - 1}
    taken = set(pick(range(len(calls)), count)) | decisive
    return [calls[i] for i in sorted(taken) if i < len(calls)]


class Attempt:
    """One command, disturbed in every way: `make(tmp)` gives a folder to work
    in, `command(folder)` the words, `state(folder)` None (nothing), True (all)
    or what is half-made."""

    def __init__(self, make, command, state):
        self.make, self.command, self.state = make, command, state

    def disturb(self, injection, again=(0, 73), drawn=DRAWN):
        """The faults that are found, and how often nothing or all was left;
        `drawn` calls are taken, and what is decided in the others."""
        faults, nothing, everything = [], 0, 0
        with folder() as tmp:
            template = os.path.join(tmp, "template")
            os.mkdir(template)
            self.make(template)
            work = os.path.join(tmp, "work")
            shutil.copytree(template, work)
            calls = calls_of(self.command(work), tmp + "/log", work)
            expect(len(calls) >= 3, f"system calls were seen: {calls}")
            calls = [c for c in calls if injection(*c) is not None]
            for name, ordinal in drawn_from(calls, drawn):
                at = f"{name} #{ordinal}"
                option = injection(name, ordinal)
                shutil.rmtree(work)
                shutil.copytree(template, work)
                done = strace(self.command(work), tmp + "/log", "-e", option)
                left = self.state(work)
                if left not in (None, True):
                    faults.append(f"{at}: left {left}")
                    continue
                if left is None and done.returncode == 0:
                    faults.append(f"{at}: it says done, and nothing is there")
                if "signal" not in option and done.returncode != 0 and \
                        not done.stderr.startswith("factory: "):
                    faults.append(f"{at}: no reason: {done}")
                if "signal" not in option and left is None and stages(work):
                    faults.append(f"{at}: a failure left {stages(work)}")
                nothing += left is None
                everything += left is True
                second = run(*self.command(work), status=None)
                if second.returncode not in again:
                    faults.append(f"{at}: again: {second.stderr}")
                if self.state(work) is not True:
                    faults.append(f"{at}: again: left {self.state(work)}")
                if second.returncode == 0 and stages(work):
                    faults.append(f"{at}: again: {stages(work)}")
        return faults, nothing, everything


def kill(name, ordinal):
    return f"inject={name}:signal=KILL:when={ordinal}"


ERRORS = {"openat": "EACCES", "mkdir": "ENOSPC", "write": "ENOSPC",
          "fsync": "EIO", "rename": "EIO"}


def fail(name, ordinal):
    error = ERRORS.get(name)
    return error and f"inject={name}:error={error}:when={ordinal}"


def a_factory(where):
    factory = Factory(where)
    factory.server()


def words(*arguments):
    return lambda work: [FACTORY, *arguments, "--folder",
                         os.path.join(work, "factory")]


def pair_state(path, name, *more):
    """Of a folder that must hold a key and its certificate (and `more`), or not
    be there."""
    def state(work):
        where = os.path.join(work, "factory", path)
        if not os.path.exists(where):
            return None
        if sorted(os.listdir(where)) != sorted([name + ".crt", name + ".key", *more]):
            return f"{path}: {os.listdir(where)}"
        base = os.path.join(where, name)
        return belongs(base + ".key", base + ".crt") or "a key of another"
    return state


def check_attempt(attempt, injection, again=(0, 73), both=True):
    faults, nothing, everything = attempt.disturb(injection, again)
    expect(not faults, "\n".join(faults))
    expect(nothing > 0 and (everything > 0 or not both),
           f"both sides were seen: {nothing} times nothing, {everything} all")


ISSUE = Attempt(a_factory, words("issue", "--model", "Thermo-1", "--serial", "S1"),
                pair_state("devices/acme:thermo-1:S1", "device", "claim-verifier",
                           "label.json"))
MODEL = Attempt(a_factory, words("model", "--model", "Lock", "--batch", "B1"),
                pair_state("models/acme:lock/B1", "ca", "profile.json"))
SERVER = Attempt(a_factory, words("server", "--name", "localhost", "--as", "two"),
                 pair_state("server/two", "server"))


@scenario
def a_killed_issue_leaves_nothing_or_everything_and_can_be_repeated():
    check_attempt(ISSUE, kill)


@scenario
def an_issue_that_the_disk_fails_leaves_nothing_or_everything():
    check_attempt(ISSUE, fail, both=False)


@scenario
def twin_a_careless_issuer_is_caught_by_the_same_harness():
    with folder() as source:
        a_factory(source)
        device = os.path.join(source, "factory", "devices", "acme:thermo-1:S1")
        run(*words("issue", "--model", "Thermo-1", "--serial", "S1")(source))

        # One process, because strace counts the calls of each by itself.
        def careless(work):
            where = f"{work}/factory/devices/acme:thermo-1:S1"
            return ["python3", "-I", "-S", "-c", f"""
import os
os.mkdir("{where}")
for name in ("device.key", "device.crt", "claim-verifier", "label.json"):
    text = open("{device}/" + name).read()
    with open("{where}/" + name, "w") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
"""]

        def empty(where):
            os.makedirs(where + "/factory/devices")
        faults, _, _ = Attempt(empty, careless, ISSUE.state).disturb(
            kill, drawn=1000)
        expect(any("left devices/acme:thermo-1:S1: ['device.key']" in f
                   for f in faults), f"half-made was seen: {faults}")
        expect(any("again: " in f or "a key of another" in f for f in faults),
               f"and that it cannot be repeated: {faults}")


@scenario
def a_killed_model_or_server_leaves_nothing_or_everything():
    check_attempt(MODEL, kill)
    check_attempt(SERVER, kill)


@scenario
def a_killed_init_is_begun_again():
    def state(work):
        top = os.path.join(work, "factory")
        if not os.path.exists(top + "/vendor.crt"):
            return None
        for name in ("root", "vendor"):
            base = os.path.join(top, name)
            if not belongs(base + ".key", base + ".crt"):
                return f"{name}'s key is of another"
        good = run("openssl", "verify", "-x509_strict", "-CAfile", top + "/root.crt",
                   top + "/vendor.crt", status=None)
        return good.returncode == 0 or good.stderr
    init = Attempt(lambda where: None, words("init", "--vendor", "Acme"), state)
    check_attempt(init, kill)
    check_attempt(init, fail)


@scenario
def a_killed_revocation_or_list_is_whole_or_not_there():
    def with_device(where):
        a_factory(where)
        run(*words("issue", "--model", "Thermo-1", "--serial", "S1")(where))
        run(*words("crl")(where))

    def revoked(work):
        where = os.path.join(work, "factory/revoked")
        names = os.listdir(where) if os.path.exists(where) else []
        if not names:
            return None
        text = read(os.path.join(where, names[0]))
        return bool(re.fullmatch(r'\{"issuer":"\w{40}","revokedAt":\d+,'
                                 r'"reason":"superseded"\}', text)) or text
    check_attempt(Attempt(with_device, words(
        "revoke", "--model", "Thermo-1", "--serial", "S1", "--reason",
        "superseded"), revoked), kill)

    def before(where):
        with_device(where)
        run(*words("revoke", "--model", "Thermo-1", "--serial", "S1")(where))

    def listed(work):
        text = read(work + "/factory/revoked.crl")
        if text.count("-----BEGIN") != 3 or text.count("-----END") != 3:
            return text
        leaf = work + "/factory/devices/acme:thermo-1:S1/device.crt"
        said = run("openssl", "verify", "-crl_check_all", "-CRLfile",
                   work + "/factory/revoked.crl", "-CAfile",
                   work + "/factory/root.crt", "-untrusted", leaf, leaf,
                   status=None)
        return None if said.returncode == 0 else \
            "certificate revoked" in said.stderr or said.stderr
    check_attempt(Attempt(before, words("crl"), listed), kill)


@scenario
def a_killed_delivery_loses_no_secret_and_can_be_repeated():
    def with_device(where):
        a_factory(where)
        run(*words("issue", "--model", "Thermo-1", "--serial", "S1")(where))

    def delivered(work):
        kept = work + "/factory/devices/acme:thermo-1:S1/device"
        out = work + "/out/device"
        if os.path.exists(kept + ".key"):
            return None if belongs(kept + ".key", kept + ".crt") else "damaged"
        verifiers = [name for name in (os.path.dirname(kept), work + "/out")
                     if "iterations" in text_at(name + "/claim-verifier")]
        if not verifiers:
            return "the verifier is lost"
        if os.path.dirname(kept) in verifiers:
            return None
        return belongs(out + ".key", out + ".crt") or "the key is lost"

    def text_at(path):
        return read(path) if os.path.exists(path) else ""

    def command(work):
        return [*words("deliver", "--model", "Thermo-1", "--serial", "S1")(work),
                "--out", work + "/out"]
    # 66: it was delivered, and only the end of the program was missing.
    attempt = Attempt(with_device, command, delivered)
    check_attempt(attempt, kill, again=(0, 66))
    check_attempt(attempt, fail, again=(0, 66), both=False)


@scenario
def what_a_killed_one_left_is_swept_by_the_next():
    with folder() as tmp:
        factory = Factory(tmp)
        stage = os.path.join(factory.folder, ".new-0123456789abcdef")
        os.mkdir(stage)
        write(stage + "/device.key", "half a key")
        write(os.path.join(factory.folder, ".new-file"), "half a file")
        factory.device("S1")
        expect(stages(factory.folder) == [], stages(factory.folder))


def unflushed(log, folder_path, names):
    """Why the things written there could be lost by a power cut, or None: each
    file and the stage are flushed before the rename, the parent after it."""
    lines = read(log).split("\n")
    renames = [i for i, line in enumerate(lines)
               if "rename(" in line and f'{folder_path}"' in line]
    if not renames:
        return "no rename"
    at = renames[0]
    stage = re.search(r'rename\("([^"]+)"', lines[at]).group(1)
    flushed = [re.search(r"fsync\(\d+<([^>]*)>", line).group(1) if
               re.search(r"fsync\(\d+<", line) else "" for line in lines]
    for path in [f"{stage}/{name}" for name in names] + [stage]:
        if path not in flushed[:at]:
            return f"{path} is not flushed before it is renamed"
    if os.path.dirname(folder_path) not in flushed[at:]:
        return "its name is not flushed"
    return None


@scenario
def key_certificate_and_name_are_on_disk_before_issue_says_so():
    with folder() as tmp:
        work, log = os.path.realpath(tmp), tmp + "/log"
        a_factory(work)
        done = strace(words("issue", "--model", "Thermo-1", "--serial", "S1")(work),
                      log, "-y", "-e", "trace=fsync,rename,write")
        expect(done.returncode == 0, done)
        device = work + "/factory/devices/acme:thermo-1:S1"
        names = ["device.key", "device.crt", "claim-verifier", "label.json"]
        expect(unflushed(log, device, names) is None,
               unflushed(log, device, names))
        expect("1</" not in read(log).split("rename(")[0], "said afterwards")
        # Twins: the same trace without one of its flushes.
        trace = read(log).split("\n")
        for i, line in enumerate(trace):
            if "fsync(" in line and "/.new-" in line:
                write(log, "\n".join(trace[:i] + trace[i + 1:]))
                expect(unflushed(log, device, names), f"blind to {line}")
        write(log, "\n".join(l for l in trace
                             if not re.search(r"fsync\(\d+<.*/devices>", l)))
        expect(unflushed(log, device, names), "blind to the name")


@scenario
def a_second_factory_waits_for_the_first_and_says_so_when_it_takes_too_long():
    with folder() as tmp:
        factory = Factory(tmp)
        holder = subprocess.Popen(["flock", factory.folder, "sleep", "100"])
        try:
            command = [FACTORY, "issue", "--folder", factory.folder, "--model",
                       "Thermo-1", "--serial", "S1"]
            done = run("strace", "-f", "-o", "/dev/null", "-e",
                       "inject=nanosleep,clock_nanosleep:retval=0", *command,
                       status=75, env=ENVIRONMENT)
            expect("another factory is at work" in done.stderr, done)
        finally:
            holder.terminate()
            holder.wait(timeout=10)


FAILING_MALLOC = r"""
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
static long done, at = -1;
static int fails(void)
{
    if (at < 0)
        at = atol(getenv("FAIL_AT"));
    errno = ENOMEM;
    return ++done == at;
}
void *malloc(size_t size)
{
    return fails() ? 0 : __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
    return fails() ? 0 : __libc_calloc(count, size);
}
void *realloc(void *old, size_t size)
{
    return fails() ? 0 : __libc_realloc(old, size);
}
__attribute__((destructor)) static void tell(void)
{
    if (at == 0)
        fprintf(stderr, "%ld", done);
}
"""


def without_memory(words_of, state, make):
    """Fail each allocation once; gives how many failed the command.  The
    release build runs: AddressSanitizer has an allocator of its own.  Of the
    pass code's many, each after its slow stretching, every twentieth is tried;
    tests/unit/test_p256.c fails more of them."""
    failed = 0
    with folder() as tmp:
        library, work = tmp + "/malloc.so", tmp + "/work"
        run("cc", "-shared", "-fPIC", "-o", library, write(
            tmp + "/malloc.c", FAILING_MALLOC))

        def attempt(n):
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(make, work)
            return run(RELEASE, *words_of(work)[1:], status=None, env=dict(
                os.environ, LD_PRELOAD=library, FAIL_AT=str(n)))
        count = int(attempt(0).stderr)
        following = 1
        for n in range(1, count + 1):
            if n < following:
                continue
            done, left = attempt(n), state(work)
            following = n + (20 if "pass code" in done.stderr else 1)
            at = f"allocation {n} of {count}"
            expect(left in (None, True), f"{at}: {left}")
            if done.returncode == 0:
                expect(left, f"{at}: it says done, and nothing is there")
                continue
            failed += 1
            expect(done.returncode > 0, f"{at}: it crashed: {done}")
            expect(done.stderr.startswith("factory: "), f"{at}: no reason: {done}")
            expect(not stages(work), f"{at}: {stages(work)}")
    return failed


RELEASE = os.path.join(TOP, "build/release/bin/factory")


@scenario
def a_lack_of_memory_fails_the_command_and_nothing_else():
    with folder() as make:
        a_factory(make)
        failed = without_memory(ISSUE.command, ISSUE.state, make)
        expect(failed > 50, f"only {failed} allocations matter")


if __name__ == "__main__":
    main()
