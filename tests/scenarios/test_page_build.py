#!/usr/bin/env python3
"""The page is put together once with the network, and then without.

Its curve library comes from npm.  The real build script runs with an npm that
hands over what was fetched before, or fails as it does where no registry is.
"""
import os
import shutil

from kit import TOP, expect, folder, main, read, run, scenario, write

BUILD = os.path.join(TOP, "cloud-mock/page/build")
FETCHED = os.path.join(TOP, "build/dependencies/page/node_modules")


class Place:
    """A folder for modules and page, and a hand-made npm that notes its calls."""

    def __init__(self, tmp, body):
        self.out, self.modules = tmp + "/page", tmp + "/modules"
        self.calls, self.npm = tmp + "/calls", tmp + "/npm"
        write(self.npm, f'#!/bin/sh\necho "$@" >>{self.calls}\n{body}\n')
        os.chmod(self.npm, 0o755)

    def build(self, status=0):
        return run(BUILD, self.out, self.modules, "esbuild", self.npm,
                   status=status)


def with_library(tmp):
    return Place(tmp, f'cp -a {FETCHED} "$2/"')


@scenario
def the_page_holds_every_file_and_the_library_inside_one():
    with folder() as tmp:
        place = with_library(tmp)
        place.build()
        source = os.path.join(TOP, "cloud-mock/page")
        wanted = {name for name in os.listdir(source)
                  if name.endswith((".html", ".css", ".js", ".svg"))}
        expect(set(os.listdir(place.out)) == wanted, os.listdir(place.out))
        bundle = read(place.out + "/spake2plus.js")
        expect("@noble" not in bundle and "export{" in bundle, "it is bundled")
        expect("MIT" in bundle, "the library's licence is kept")


@scenario
def the_second_build_needs_no_network():
    with folder() as tmp:
        place = with_library(tmp)
        place.build()
        write(place.npm, "#!/bin/sh\nexit 1\n")
        shutil.rmtree(place.out)
        place.build()
        expect(os.path.exists(place.out + "/index.html"), "it is there again")
        # Twin: another lock file is another library, and is asked for.
        write(place.modules + "/fetched.json", "{}")
        place.build(status=69)


@scenario
def a_registry_that_is_not_reached_is_named_with_what_to_do():
    with folder() as tmp:
        place = Place(tmp, "echo 'npm error code ENOTFOUND' >&2; exit 1")
        said = place.build(status=69).stderr
        for words in ("ENOTFOUND", "Is the npm registry reachable?",
                      "-DNAMEPLATE_MOCK=OFF"):
            expect(words in said, said)
        expect(not os.path.exists(place.out), "no half page is left")


@scenario
def npm_runs_no_scripts_and_follows_the_lock_file():
    with folder() as tmp:
        place = with_library(tmp)
        place.build()
        words = read(place.calls).split()
        expect("ci" in words and "--ignore-scripts" in words, words)
        lock = read(os.path.join(TOP, "cloud-mock/page/package-lock.json"))
        expect('"resolved"' not in lock and '"integrity"' in lock,
               "hashes, and no addresses")


if __name__ == "__main__":
    main()
