#!/usr/bin/env python3
"""A device leaves the factory with a label that one phone can read.

The real `factory` draws it; zbar, which had no part in that, reads it back from
dots, from vectors and from a terminal.  The pass code is checked against what
the device was given, computed here anew, and hunted where it must not be.
"""
import contextlib
import hashlib
import hmac
import json
import os
import pty
import re
import stat
import struct
import subprocess
import xml.etree.ElementTree as xml
import zlib

from kit import BIN, FACTORY, Factory, expect, folder, main, read, run, scenario, \
    write

PAGE = "https://meet.example/"
ORDER = ("--model", "Thermo-1", "--serial", "S1")
DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
        "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"]
P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


@contextlib.contextmanager
def one_device(vendor="Acme", model="Thermo-1", serial="S1"):
    with folder() as tmp:
        factory = Factory(tmp, vendor, model)
        factory.device(serial)
        yield tmp, factory


def label(factory, *arguments, order=ORDER, page=PAGE, **options):
    return factory.run("label", *order, "--url", page, *arguments, **options)


def facts(factory, **options):
    return json.loads(label(factory, "--json", **options).stdout)


def scan(path):
    """What a reader of QR codes sees, and nothing else is there."""
    said = run("zbarimg", "--quiet", "--nodbus", "--raw", path, status=None)
    return said.stdout.strip()


def rasterise(svg, path):
    run("rsvg-convert", "--zoom", "4", svg, "-o", path)
    return path


def photograph(text, path):
    """A terminal's half blocks as a PGM, with the colours that were set."""
    rows = []
    for line in text.split("\n"):
        if not line.startswith("\x1b[38;5;16;48;5;231m"):
            continue
        expect(line.endswith("\x1b[0m"), "the colours end with the line")
        cells = re.sub(r"\x1b\[[\d;]*m", "", line)
        rows.append([c in "\u2580\u2588" for c in cells])
        rows.append([c in "\u2584\u2588" for c in cells])
    side = 6
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (len(rows[0]) * side, len(rows) * side))
        for row in rows:
            f.write(b"".join((b"\0" if dark else b"\xff") * side
                             for dark in row) * side)
    return path


@scenario
def the_label_is_read_back_from_dots_vectors_and_terminal():
    for vendor, model, serial, page in (
            ("A", "M", "1", "https://a.b/"),
            ("Acme", "Thermo-1", "4711", PAGE),
            ("B\u00fcro&Co", "<Lock>", "S-1/a", PAGE + "x?y=1"),
            # The longest thing name, behind the longest page.
            ("v" * 40, "m" * 40, "s" * 46, "https://" + "p" * 191 + "/")):
        with one_device(vendor, model, serial) as (tmp, factory):
            order = ("--model", model, "--serial", serial)
            said = facts(factory, order=order, page=page)
            link = f"{page}#t={said['thing']}&h={said['hit']}&c={said['code']}"
            expect(said["link"] == link, said)
            expect(len(serial) < 46 or len(said["thing"]) == 128, said)
            label(factory, "--out", tmp + "/a.png", order=order, page=page)
            label(factory, "--out", tmp + "/a.svg", order=order, page=page)
            text = label(factory, order=order, page=page).stdout
            expect(link in text.split("\n"), text)
            for picture in (tmp + "/a.png", rasterise(tmp + "/a.svg", tmp + "/b.png"),
                            photograph(text, tmp + "/c.pgm")):
                expect(scan(picture) == link, f"{picture}: {scan(picture)}")


@scenario
def twin_a_damaged_code_is_not_read():
    with one_device() as (tmp, factory):
        text = label(factory).stdout
        expect(scan(photograph(text, tmp + "/a.pgm")) != "", "it is read")
        spoilt = text.replace("\u2588", " ")
        expect(scan(photograph(spoilt, tmp + "/a.pgm")) == "", "and now it is not")


@scenario
def the_words_on_the_label_are_the_nameplate_and_the_code_in_groups():
    with one_device("B\u00fcro&Co", "<Lock>", "S-1/a") as (tmp, factory):
        order = ("--model", "<Lock>", "--serial", "S-1/a")
        code = facts(factory, order=order)["code"]
        shown = f"{code[:3]} {code[3:6]} {code[6:9]} {code[9]}"
        label(factory, "--out", tmp + "/a.svg", order=order)
        words = [t.text for t in xml.parse(tmp + "/a.svg").iter(
            "{http://www.w3.org/2000/svg}text")]
        expect(words == ["B\u00fcro&Co <Lock>", "S/N S-1/a", shown, PAGE], words)
        text = label(factory, order=order).stdout
        expect("B\u00fcro&Co <Lock>, serial number S-1/a\n" in text and
               f"code  {shown}\n" in text, text)


def pixels(path):
    """The rows of a grey PNG (RFC 2083), dark is True."""
    with open(path, "rb") as f:
        data = f.read()
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    expect((depth, colour) == (8, 0), "eight bits of grey")
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    raw, rows = zlib.decompress(packed), []
    above = bytes(width)
    for y in range(height):
        line = bytearray(raw[y * (width + 1):(y + 1) * (width + 1)])
        method, line = line[0], line[1:]
        for x in range(width):
            left, up = line[x - 1] if x else 0, above[x]
            corner = above[x - 1] if x else 0
            near = min((left, up, corner),
                       key=lambda v, to=left + up - corner: abs(to - v))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, near)[method]) % 256
        rows.append([v == 0 for v in line])
        above = line
    return rows


@scenario
def the_digits_in_the_dots_are_the_code_each_digit_with_its_own_shape():
    with folder() as tmp:
        factory = Factory(tmp)
        shapes = {}
        for n in range(4):
            factory.device(f"S{n}")
            order = ("--model", "Thermo-1", "--serial", f"S{n}")
            said = facts(factory, order=order)
            label(factory, "--out", f"{tmp}/{n}.png", order=order)
            rows = pixels(f"{tmp}/{n}.png")
            below, width = rows[len(rows[0]):], len(rows[0])
            dot = (width - 64) // 78
            left = (width - 78 * dot) // 2
            code = said["code"]
            shown = f"{code[:3]} {code[3:6]} {code[6:9]} {code[9]}"
            for at, c in enumerate(shown):
                cell = tuple(tuple(below[y * dot][left + at * 6 * dot + x * dot]
                                   for x in range(5)) for y in range(7))
                expect(shapes.setdefault(c, cell) == cell, f"{c} is drawn otherwise")
        expect(not any(map(any, shapes.pop(" "))), "gaps are empty")
        expect(len(set(shapes.values())) == len(shapes) >= 8, "no two are alike")
        # What a person sees in a 1 and a 7, from the top.
        expect(shapes.get("1", ((0, 0, 1, 0, 0),))[0] == (0, 0, 1, 0, 0), "1")
        expect(shapes.get("7", ((1,) * 5,))[0] == (1,) * 5, "7")


@scenario
def the_hit_on_the_label_is_the_tag_of_the_devices_key():
    with one_device() as (_, factory):
        device = factory.folder + "/devices/acme:thermo-1:S1"
        spki = subprocess.run(
            ["openssl", "ec", "-in", device + "/device.key", "-pubout", "-outform",
             "DER"], capture_output=True, check=True).stdout
        context = bytes.fromhex("f0eff02fbff43d0fe7930c3c6e6174ea")
        digest = hashlib.sha384(context + b"\0\1" + spki[-64:]).digest()
        hit = "20010022" + digest[18:30].hex()
        expect(facts(factory)["hit"] == hit, facts(factory))


def stretched(code, thing, salt, iterations):
    """(w0, w1) of RFC 9383 as docs/claim-crypto.md says, from Python's library."""
    framed = b"".join(len(part).to_bytes(8, "little") + part
                      for part in (code.encode(), b"user", thing.encode()))
    key = hashlib.pbkdf2_hmac("sha256", framed, salt, iterations)
    secret, block, wide = hmac.digest(b"\0" * 32, key, "sha256"), b"", b""
    for n in range(1, 4):
        block = hmac.digest(secret, block + b"nameplate pass code" + bytes([n]),
                            "sha256")
        wide += block
    return [int.from_bytes(wide[at:at + 40], "big") % P256 for at in (0, 40)]


def verifier(path):
    return dict(re.findall(r"^(\w+) (\w+)$", read(path), re.M))


@scenario
def the_device_keeps_the_verifier_of_exactly_this_code():
    with one_device() as (_, factory):
        device = factory.folder + "/devices/acme:thermo-1:S1"
        code, kept = facts(factory)["code"], verifier(device + "/claim-verifier")
        expect(kept["iterations"] == "200000" and len(kept["salt"]) == 32, kept)
        w0, _ = stretched(code, "acme:thermo-1:S1", bytes.fromhex(kept["salt"]),
                          200000)
        expect(f"{w0:064x}" == kept["w0"], "w0, computed by Python")
        words = [v.encode().hex() for v in (code, "user", "acme:thermo-1:S1")]
        said = subprocess.run(
            [os.path.join(BIN, "stage_spake2plus")], capture_output=True, text=True,
            input=f"record {' '.join(words)} {kept['salt']} 200000\n", check=True)
        expect(said.stdout.split() == [kept["w0"], kept["L"]], said.stdout)
        expect(code not in read(device + "/claim-verifier"), "not the code itself")


@scenario
def codes_salts_and_verifiers_differ_and_codes_have_their_check_digit():
    with folder() as tmp:
        factory = Factory(tmp)
        path = write(tmp + "/list.csv",
                     "".join(f"Thermo-1,S{n}\n" for n in range(12)))
        factory.run("batch", path)
        seen = set()
        for n in range(12):
            device = f"{factory.folder}/devices/acme:thermo-1:S{n}"
            code = json.loads(read(device + "/label.json"))["code"]
            interim = 0
            for digit in code:
                interim = int(DAMM[interim][int(digit)])
            expect(re.fullmatch(r"\d{10}", code) and interim == 0, code)
            kept = verifier(device + "/claim-verifier")
            seen |= {code, kept["salt"], kept["w0"], kept["L"]}
        expect(len(seen) == 48, f"all differ: {len(seen)}")


@scenario
def the_code_stands_in_one_file_and_in_no_output():
    with folder() as tmp:
        factory = Factory(tmp)
        path = write(tmp + "/list.csv", "Thermo-1,S2\n")
        said = [factory.run(*words) for words in (
            ("issue", *ORDER), ("batch", path), ("show", *ORDER), ("crl",),
            ("deliver", *ORDER, "--out", tmp + "/out"))]
        code = facts(factory)["code"]
        for done in said:
            expect(code not in done.stdout + done.stderr, done)
        holders = [os.path.join(where, name) for where, _, names in os.walk(tmp)
                   for name in names if code in read(os.path.join(where, name))]
        expect(holders == [factory.folder + "/devices/acme:thermo-1:S1/label.json"],
               holders)
        for name in (holders[0], tmp + "/out/claim-verifier"):
            expect(stat.S_IMODE(os.stat(name).st_mode) == 0o600, name)
        label(factory, "--out", tmp + "/a.svg")
        expect(stat.S_IMODE(os.stat(tmp + "/a.svg").st_mode) == 0o600, "the label")


@scenario
def a_forgotten_code_is_on_the_label_only():
    with one_device() as (tmp, factory):
        record = factory.folder + "/devices/acme:thermo-1:S1/label.json"
        link = facts(factory)["link"]
        for out, status in ((tmp + "/no/where.svg", 66), (factory.folder, 73)):
            label(factory, "--out", out, "--forget", status=status)
            expect(os.path.exists(record), "a label that failed forgets nothing")
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [FACTORY, "label", "--folder", factory.folder, *ORDER, "--url", PAGE,
                 "--forget"], stdout=full, stderr=subprocess.PIPE, text=True,
                check=False)
        expect(done.returncode == 74 and "the code is kept" in done.stderr, done)
        expect(os.path.exists(record), "kept")
        label(factory, "--out", tmp + "/a.png", "--forget")
        expect(scan(tmp + "/a.png") == link, "the label")
        expect(not os.path.exists(record), "the factory has forgotten")
        said = label(factory, status=66).stderr
        expect("--forget" in said and "only the label" in said, said)


@scenario
def what_cannot_be_a_label_is_told_with_what_to_do():
    with one_device() as (tmp, factory):
        for page, words in (
                ("http://meet.example/", "https://"), ("meet.example", "https://"),
                ("https://", "no host"), ("https:///x", "no host"),
                ("http://localhost.evil/", "https://"), ("", "https://"),
                (PAGE + "#x", "before '#'"), (PAGE + " ", "before '#'"),
                (PAGE + "\u00e4", "before '#'"), (PAGE + "x" * 180, "200")):
            said = label(factory, page=page, status=65).stderr
            expect(words in said and "https://meet.example/" in said, said)
        for page in ("http://localhost:8080/", "http://127.0.0.1/",
                     "http://[::1]:1/", "https://a"):
            facts(factory, page=page)
        said = label(factory, "--format", "gif", status=65).stderr
        expect("terminal, svg or png" in said, said)
        said = label(factory, order=("--model", "Thermo-1", "--serial", "S2"),
                     status=66).stderr
        expect("issue it first" in said, said)
        write(tmp + "/a.svg", "mine")
        said = label(factory, "--out", tmp + "/a.svg", status=73).stderr
        expect("another --out" in said and read(tmp + "/a.svg") == "mine", said)
        record = factory.folder + "/devices/acme:thermo-1:S1/label.json"
        for text in ("", "{}", '{"code":"1234567890"}', '{"code":1}', "[" * 600):
            write(record, text)
            said = label(factory, status=None)
            expect(said.returncode == 65 and "backup" in said.stderr, said)


@scenario
def a_picture_goes_to_a_pipe_and_dots_do_not_go_to_a_terminal():
    with one_device() as (tmp, factory):
        command = [FACTORY, "label", "--folder", factory.folder, *ORDER, "--url", PAGE,
                   "--format", "png"]
        done = subprocess.run(command, capture_output=True, check=True)
        with open(tmp + "/a.png", "wb") as f:
            f.write(done.stdout)
        expect(scan(tmp + "/a.png") == facts(factory)["link"], "through a pipe")
        ours, theirs = pty.openpty()
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE,
                              text=True, check=False)
        os.close(theirs)
        os.close(ours)
        expect(done.returncode == 65 and "--out FILE" in done.stderr, done)


if __name__ == "__main__":
    main()
