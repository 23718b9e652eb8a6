#!/usr/bin/env python3
"""A firmware engineer at the shell: status, identity, report, emit, watch.

The real `nameplate` talks over a real socket to the real server of the agent;
what lies below it (session, shadow, telemetry) the test plays, so that every
answer can be had. The whole agent is met in other scenarios.
"""
import base64
import hashlib
import ipaddress
import json
import os
import random
import select
import socket
import subprocess
import time

from kit import FACTORY, Factory, expect, folder, main, run, scenario, write
from stage import NAMEPLATE, Stage


def same(found, expected):
    expect(found == expected, f"found    {found!r}\nexpected {expected!r}")


def holds(text, *words):
    for word in words:
        expect(word in text, f"no {word!r} in {text!r}")


def failure(done, code, *words):
    """Words on stderr in one line; with --json an object on stdout."""
    expect(done.stderr.startswith("nameplate: "), done.stderr)
    holds(done.stderr, *words)
    if done.stdout:
        said = json.loads(done.stdout)
        same((said["ok"], said["code"]), (False, code))
        holds(said["error"], *words)
    else:
        expect(code is None, "no object on stdout")


@scenario
def status_says_online_and_exits_0():
    with folder() as tmp, Stage(tmp) as s:
        out = s.run("status").stdout
        holds(out, "acme:thermo-1:S1 is online since 2026-09-21 ", "3 waiting")
        expect("\x1b" not in out, "colour without a terminal")
        said = json.loads(s.run("status", "--json").stdout)
        same((said["ok"], said["online"], said["queued"]), (True, True, 3))


@scenario
def status_says_why_it_is_offline_and_exits_75():
    with folder() as tmp, Stage(tmp) as s:
        s.say("offline dns broker.example has no address: check the resolver")
        out = s.run("status", status=75).stdout
        holds(out, "acme:thermo-1:S1 is offline since", "dns: broker.example has"
              " no address: check the resolver", "try in 12 s", "2 dropped")
        said = json.loads(s.run("status", "--json", status=75).stdout)
        same((said["online"], said["why"], said["next_try_s"]),
             (False, "dns", 12))


@scenario
def without_an_agent_every_verb_says_so_and_exits_69():
    with folder() as tmp:
        path = os.path.join(tmp, "none.sock")
        for verb in (["status"], ["identity"], ["watch"], ["report", "a=1"],
                     ["emit", "x", "1"], ["emit", "x", "-"]):
            done = run(NAMEPLATE, *verb, "-s", path, status=69)
            failure(done, None, f"no agent at {path}", "nameplate run")
            failure(run(NAMEPLATE, *verb, "-s", path, "--json", status=69),
                    "unavailable", f"no agent at {path}")


@scenario
def identity_shows_the_nameplate():
    with folder() as tmp, Stage(tmp) as s:
        out = s.run("identity").stdout
        holds(out, "vendor       Acme\n", "model        Thermo-1\n",
              "serial       S1\n", "thing        acme:thermo-1:S1\n",
              "valid        2023-11-14 to for ever\n",
              "hit          2001:22::1\n", "above        O=Acme, CN=Acme batch 1\n"
              "  key        beef\n")
        said = json.loads(s.run("identity", "--json").stdout)
        same((said["vendor"], said["not_after"]), ("Acme", 253402300799))


def hit_of(certificate):
    """The Host Identity Tag, made from what OpenSSL says the key is."""
    key = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey").stdout
    der = base64.b64decode("".join(key.splitlines()[1:-1]))
    digest = hashlib.sha384(
        bytes.fromhex("F0EFF02FBFF43D0FE7930C3C6E6174EA0001") + der[-64:]).digest()
    return str(ipaddress.IPv6Address(bytes.fromhex("20010022") + digest[18:30]))


@scenario
def identity_is_read_from_the_certificate_without_an_agent():
    with folder() as tmp:
        device = Factory(tmp).device("S:42")
        config = write(os.path.join(tmp, "agent.ini"), f"""
[cloud]
endpoint = localhost
trust = t.pem
[identity]
certificate = {os.path.relpath(device, tmp)}/device.crt
key = file:{device}/device.key
""")
        said = json.loads(run(NAMEPLATE, "identity", "-c", config,
                              "--json").stdout)
        same((said["vendor"], said["model"], said["serial"], said["thing"]),
             ("Acme", "Thermo-1", "S:42", "acme:thermo-1:S_3a42"))
        expect(len(said["fingerprint"]) == 64, said)
        same(said["hit"], hit_of(f"{device}/device.crt"))
        shown = json.loads(run(FACTORY, "show", f"{device}/device.crt",
                               "--json").stdout)["certificates"]
        same([(c["fingerprint"], c["certificate_id"]) for c in said["chain"]],
             [(c["keySha256"], c["sha256"]) for c in shown[1:]])
        same([c["subject"] for c in said["chain"]],
             ["O=Acme, OU=Thermo-1, CN=Thermo-1 batch B1",
              "O=Acme, CN=Acme Device CA G1"])
        holds(run(NAMEPLATE, "identity", f"--config={config}").stdout,
              "serial       S:42\n", "to for ever\n", "lives        in the file")
        same((said["key_kind"], said["key_exportable"]), ("file", True))


@scenario
def a_configuration_that_is_wrong_names_file_line_and_what_was_expected():
    with folder() as tmp:
        config = write(os.path.join(tmp, "agent.ini"),
                       "[cloud]\nendpont = localhost\nkeep_alive_s = soon\n"
                       "[identity]\nserial = S1\n")
        done = run(NAMEPLATE, "identity", "-c", config, "--json", status=78)
        holds(done.stderr,
              f"nameplate: {config}:2: unknown key 'endpont' in [cloud]; did you"
              " mean 'endpoint'?\n",
              f"nameplate: {config}:3: keep_alive_s = 'soon' in [cloud]:"
              " expected a whole number from 5 to 1200\n",
              f"nameplate: {config}:5: 'serial' cannot be configured: vendor,"
              " model, serial and thing name come from the factory certificate")
        same(json.loads(done.stdout)["code"], "config")
        run(NAMEPLATE, "run", "-c", config, status=78)
        done = run(NAMEPLATE, "identity", "-c", tmp + "/none.ini", status=66)
        holds(done.stderr, "none.ini: cannot be opened: No such file")
        write(config, "[cloud]\nendpoint = a\ntrust = t\n[identity]\n"
              "certificate = none.pem\nkey = file:k\n")
        run(NAMEPLATE, "identity", "-c", config, status=66)
        write(os.path.join(tmp, "none.pem"), "rubbish")
        run(NAMEPLATE, "identity", "-c", config, status=65)


@scenario
def report_gives_values_their_types():
    with folder() as tmp, Stage(tmp) as s:
        out = s.run("report", "temp=21.5", "led.on=true", "name=a b", "n=-5",
                    'list=[1,2]', "zip=007", "gone=null", "q=a=b").stdout
        same(out, "stored\n")
        same(s.letters(1), [
            'reported {"temp":21.5,"led":{"on":true},"name":"a b","n":-5,'
            '"list":[1,2],"zip":"007","gone":null,"q":"a=b"}'])
        out = s.run("report", "--json", "a=1").stdout
        same(json.loads(out), {"ok": True, "stored": True})


@scenario
def a_bad_report_is_refused_before_anything_is_sent():
    with folder() as tmp, Stage(tmp) as s:
        for words, said in [(["temp"], "expected KEY=VALUE"),
                            (["a=1", "a=2"], "this key is set already"),
                            (["a={"], "begins like JSON and is none"),
                            (["a=12345678901234567890"], "more digits")]:
            failure(s.run("report", *words, status=65), None, said)
            failure(s.run("report", "--json", *words, status=65), "invalid",
                    said)
        s.run("report", "last=1")
        same(s.letters(1), ['reported {"last":1}'])


@scenario
def what_the_agent_refuses_decides_the_exit_status():
    with folder() as tmp, Stage(tmp) as s:
        for number, code, status in [(2, "invalid", 65), (3, "too_large", 65),
                                     (7, "busy", 75), (10, "io", 74)]:
            s.say(f"refuse {number}")
            done = s.run("report", "a=1", "--json", status=status)
            failure(done, code, "report: the agent refused: ")
        s.say("refuse 0")
        s.say("disk bad")
        failure(s.run("emit", "x", "1", status=74), None,
                "the disk refused the message; it is not stored")


@scenario
def emit_takes_json_text_or_assignments():
    with folder() as tmp, Stage(tmp) as s:
        s.run("emit", "door", '{"open":true}')
        s.run("emit", "door", "open=true", "by.name=anna")
        s.run("emit", "door", "closed")
        s.run("emit", "power", "-3.5")
        s.run("emit", "--", "power", "null")
        same(s.letters(5), ['door {"open":true}',
                            'door {"open":true,"by":{"name":"anna"}}',
                            'door "closed"', "power -3.5", "power null"])
        failure(s.run("emit", "door", "{open", status=65), None, "emit: ")
        failure(s.run("emit", "door", "open", "yes", status=65), None,
                "expected KEY=VALUE")


@scenario
def lines_of_standard_input_are_streamed_in_order():
    count = 20000
    with folder() as tmp, Stage(tmp) as s:
        lines = "".join(f'{{"n":{n},"pad":"{"x" * 40}"}}\n' for n in range(count))
        out = s.run("emit", "x", "-", text=lines).stdout
        same(out, f"{count} stored\n")
        found = s.letters(count)
        for n, letter in enumerate(found):
            expect(letter.startswith(f'x {{"n":{n},'), f"at {n}: {letter}")
        out = s.run("report", "-", "--json", text="a=1\n\nb.c=x y\n").stdout
        same(json.loads(out), {"ok": True, "stored": 2, "failed": 0})
        same(s.letters(2), ['reported {"a":1}', 'reported {"b":{"c":"x y"}}'])


@scenario
def a_bad_line_is_told_by_its_number_and_the_others_go_on():
    with folder() as tmp, Stage(tmp) as s:
        long = '"' + "x" * 70000 + '"'
        done = s.run("emit", "x", "-", status=65,
                     text=f'1\n\n{{"a":}}\n2\n{long}\nhello\n3')
        same(s.letters(3), ["x 1", "x 2", "x 3"])
        same(done.stdout, "3 stored, 3 failed\n")
        holds(done.stderr, "nameplate: emit: line 3: expected JSON: not JSON"
              " from here on, at byte 5\n", "line 5: more than 64 KB",
              "line 6: expected JSON")
        s.say("refuse 2")
        done = s.run("emit", "x", "-", "--json", status=65, text="1\n2\n")
        same(json.loads(done.stdout), {"ok": False, "stored": 0, "failed": 2})
        holds(done.stderr, 'line 1: "stream" wants', 'line 2: "stream" wants')


@scenario
def an_agent_that_dies_under_a_stream_is_told_with_what_is_open():
    with folder() as tmp, Stage(tmp) as s:
        process = s.start("emit", "x", "-", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write("1\n2\n")
        process.stdin.flush()
        s.letters(2)
        s.say("disk stuck")
        process.stdin.write("3\n")
        process.stdin.flush()
        s.letters(1)
        s.kill()
        _, words = process.communicate(timeout=20)
        same(process.returncode, 69)
        holds(words, "the agent hung up; 2 lines are stored, 1 up to line 3 may"
              " not be: send those again")


class Watch:
    """A running `nameplate watch`, line by line."""

    def __init__(self, stage, *arguments):
        self.process = stage.start("watch", *arguments, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0)
        self.bytes = b""

    def line(self, seconds=20):
        fd = self.process.stdout.fileno()
        end = time.monotonic() + seconds
        while b"\n" not in self.bytes:
            ready = select.select([fd], [], [], max(0, end - time.monotonic()))
            expect(ready[0], f"no line within {seconds} s: {self.bytes}")
            more = os.read(fd, 65536)
            expect(more, "watch ended")
            self.bytes += more
        line, self.bytes = self.bytes.split(b"\n", 1)
        return line.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
        self.process.stderr.close()


def watched(stage, version, text, watch):
    """Say it until the watch, which may still be starting, hears it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        stage.say(f"desire {version} {text}")
        try:
            return watch.line(0.2)
        except Exception:
            continue
    return watch.line(0)


@scenario
def watch_prints_one_line_for_each_change():
    with folder() as tmp, Stage(tmp) as s, Watch(s) as watch:
        same(watched(s, 1, '{"led":{"on":true}}', watch), "led.on = true")
        s.say('desire 2 {"led":{"on":true,"mode":"slow"},"t":21.5}')
        same([watch.line(), watch.line()], ["led.mode = slow", "t = 21.5"])
        s.say('desire 3 {"t":"21.5"}')
        same(watch.line(), 't = "21.5"')
        s.say('desire 4 {"a\\nb = 1":"x\\ny = 2"}')
        same(watch.line(), 'a\\x0ab\\x20\\=\\x201 = "x\\ny = 2"')


@scenario
def what_watch_prints_report_takes_back():
    with folder() as tmp, Stage(tmp) as s, Watch(s) as watch:
        wanted = {"a.b": {"c d": "21"}, "t": 5, "x": "", "l": [1, "2"]}
        first = watched(s, 1, json.dumps(wanted), watch)
        words = [line.replace(" = ", "=", 1)
                 for line in [first] + [watch.line() for _ in range(3)]]
        s.run("report", *words)
        letter = s.letters(1)[0]
        same(json.loads(letter[len("reported "):]), wanted)


@scenario
def watch_with_json_prints_every_event_whole():
    with folder() as tmp, Stage(tmp) as s, Watch(s, "--json") as watch:
        same(json.loads(watch.line()), {"ev": "online", "online": True})
        s.say('desire 7 {"led":true}')
        same(json.loads(watch.line()),
             {"ev": "desired", "state": {"led": True}, "version": 7})
        s.say("offline tcp nobody answers")
        same(json.loads(watch.line()), {"ev": "online", "online": False})


@scenario
def watch_goes_on_when_the_agent_comes_back():
    with folder() as tmp:
        first, second = Stage(tmp), Stage(tmp)
        with first, Watch(first) as watch:
            same(watched(first, 1, '{"a":1}', watch), "a = 1")
            first.kill()
            with second:
                same(watched(second, 2, '{"a":1,"b":2}', watch), "b = 2")


@scenario
def watch_ends_when_nobody_reads_it():
    with folder() as tmp, Stage(tmp) as s:
        process = s.start("watch", stdout=subprocess.PIPE)
        time.sleep(0.3)
        process.stdout.close()
        process.wait(timeout=10)


@scenario
def a_mistake_at_the_command_line_suggests_the_near_word():
    for words, said in [
            (["stauts"], "unknown verb 'stauts'; did you mean 'status'?"),
            (["frobnicate"], "unknown verb 'frobnicate'; see"),
            ([], "a verb is missing"),
            (["status", "--jsom"], "'--jsom'; did you mean '--json'?"),
            (["status", "-x"], "unknown option '-x'; see"),
            (["status", "-c", "x"], "unknown option '-c'; see"),
            (["status", "x"], "'x' is one argument too many"),
            (["report"], "an argument is missing; usage: nameplate report"),
            (["emit", "x"], "an argument is missing; usage: nameplate emit"),
            (["status", "-s"], "option '--socket' wants a value"),
            (["status", "--socket="], "option '--socket' wants a value")]:
        failure(run(NAMEPLATE, *words, status=64), None, said)


@scenario
def every_verb_has_help_with_an_example():
    listed = run(NAMEPLATE, "--help").stdout
    for verb in ("run", "status", "identity", "report", "emit", "watch"):
        holds(listed, f"  {verb} ")
        out = run(NAMEPLATE, verb, "--help").stdout
        holds(out, f"nameplate {verb}", f"Example: nameplate {verb}")
    holds(run(NAMEPLATE, "--version").stdout, "nameplate 0.")


@scenario
def the_socket_is_found_by_option_then_environment():
    with folder() as tmp, Stage(tmp) as s:
        run(NAMEPLATE, "status", "-s" + s.path,
            env=dict(os.environ, NAMEPLATE_SOCKET="/none"))
        failure(s.run("status", "-s", "/none", status=69), None, "at /none")
        failure(s.run("status", "-s", "x" * 200, status=64), None, "107 bytes")


@scenario
def colour_is_for_a_terminal():
    import pty
    with folder() as tmp, Stage(tmp) as s:
        for no_colour, coloured in (("", True), ("1", False)):
            parent, child = pty.openpty()
            done = subprocess.Popen(
                [NAMEPLATE, "status"], stdout=child, stderr=child,
                env=dict(s.environment, TERM="xterm", NO_COLOR=no_colour))
            os.close(child)
            out = b""
            try:
                while b"link" not in out:
                    out += os.read(parent, 4096)
            except OSError:
                pass
            same(done.wait(timeout=10), 0)
            os.close(parent)
            expect((b"\x1b[32monline" in out) == coloured, out)


@scenario
def what_is_no_agent_is_recognised():
    with folder() as tmp:
        path = os.path.join(tmp, "x.sock")
        for words, status in [(b"SSH-2.0-OpenSSH\n", 76), (b"[1]\n", 76),
                              (b'{"ev":"hello","protocol":2}\n', 76),
                              (b"x" * 70000 + b"\n", 76), (b"", 69),
                              (b'{"ok":false,"code":"denied","error":"no"}\n',
                               77)]:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen()
                process = subprocess.Popen(
                    [NAMEPLATE, "status", "-s", path], text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                other, _ = listener.accept()
                try:
                    other.sendall(words)
                except BrokenPipeError:
                    pass
                other.close()
                _, said = process.communicate(timeout=20)
                expect(process.returncode == status, f"{words[:30]}: exit"
                       f" {process.returncode}, expected {status}: {said}")
                expect(said.startswith("nameplate: "), said)
            os.unlink(path)


@scenario
def an_agent_that_is_silent_is_not_waited_for_for_ever():
    with folder() as tmp:
        path = os.path.join(tmp, "x.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            failure(run(NAMEPLATE, "status", "-s", path, status=75), None,
                    "does not answer")


@scenario
def garbage_from_many_applications_harms_nobody():
    random.seed(7)
    with folder() as tmp, Stage(tmp) as s:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            peers = []
            for _ in range(20):
                peer = socket.socket(socket.AF_UNIX)
                peer.connect(s.path)
                peer.setblocking(False)
                peers.append(peer)
            for peer in peers:
                kind = random.randrange(4)
                garbage = random.randbytes(random.randrange(1, 200000))
                if kind == 1:
                    garbage = garbage.replace(b"\n", b" ")
                if kind == 2:
                    garbage = b'{"op":"status"}\n' * 5000
                if kind == 3:
                    garbage = b'{"op":"watch"}\n{"op":' * 500
                try:
                    peer.send(garbage)
                except (BlockingIOError, BrokenPipeError, ConnectionError):
                    pass
                if random.randrange(2):
                    peer.shutdown(socket.SHUT_WR)
            for peer in peers:
                peer.close()
            s.run("status")
        s.run("report", "alive=true")
        same(s.letters(1), ['reported {"alive":true}'])


if __name__ == "__main__":
    main()
