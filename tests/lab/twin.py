"""The agent without its verification: the lab must find it out.

    binary = twin.build()

The tree's own sources go to build/lab-twin, one line more in the judge, and
only `nameplate` is built, from the dependencies that are there already.
"""
import os
import subprocess

from kit import TOP, expect, run

PLACE = os.path.join(TOP, "build", "lab-twin")
JUDGE = "agent/identity/trust.c"
VERDICT = "    *out = v;\n}\n"
KIND = "    v = (struct trust_verdict){.reason = TRUST_OK};\n"


def build():
    """The path of the twin's binary; takes a while only when sources changed."""
    names = run("git", "-C", TOP, "ls-files", "-co", "--exclude-standard",
                "agent", "certs", "ports", "CMakeLists.txt", ".clang-tidy",
                "tests/tests.cmake").stdout.split("\n")
    for name in filter(None, names):
        _copy(name)
    os.makedirs(PLACE + "/build", exist_ok=True)
    if not os.path.islink(PLACE + "/build/dependencies"):
        os.symlink(TOP + "/build/dependencies", PLACE + "/build/dependencies")
    _run("cmake", "-S", PLACE, "-B", PLACE + "/build/twin",
         "-DCMAKE_BUILD_TYPE=Debug", "-DNAMEPLATE_MOCK=OFF")
    _run("cmake", "--build", PLACE + "/build/twin", "--target", "nameplate",
         "-j", str(os.cpu_count()))
    return PLACE + "/build/twin/bin/nameplate"


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    expect(done.returncode == 0,
           f"the twin does not build:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _copy(name):
    """With its mode; not where the copy is the same, so that make can rest."""
    source, target = os.path.join(TOP, name), os.path.join(PLACE, name)
    if not os.path.exists(source):
        return
    with open(source, "rb") as f:
        data = f.read()
    if name == JUDGE:
        text = data.decode()
        expect(text.count(VERDICT) == 1,
               f"{JUDGE} has changed: where does it give its verdict now?")
        data = text.replace(VERDICT, KIND + VERDICT).encode()
    if os.path.exists(target):
        with open(target, "rb") as f:
            if f.read() == data:
                return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as f:
        f.write(data)
    os.chmod(target, os.stat(source).st_mode)
