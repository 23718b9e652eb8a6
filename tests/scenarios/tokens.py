"""Real stores of keys in a folder: a SoftHSM token, a TPM's firmware (swtpm).

    token = SoftToken(folder)            # label "factory", PIN in token.pin
    token.generate("device")             # a pair that cannot leave
    token.uri("device")                  # pkcs11:... with pin-source
    with SoftTpm(folder) as tpm:
        tpm.generate(0x81010001)
        tpm.uri(0x81010001)

Programs that use the token want `token.environment`.
"""
import os
import re
import subprocess

from kit import read, run, somebody_listens, wait_until, write

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "zq-7719-pin"  # no other word of a log looks like it


class SoftToken:
    def __init__(self, folder, label="factory"):
        self.folder = os.path.join(folder, "hsm")
        self.away = self.folder + ".away"
        self.label = label
        os.mkdir(self.folder)
        self.environment = {"SOFTHSM2_CONF": write(
            os.path.join(folder, "softhsm2.conf"),
            f"directories.tokendir = {self.folder}\n"
            "objectstore.backend = file\nlog.level = ERROR\n")}
        self.pin = os.path.join(folder, "pin")
        self.set_pin(PIN)
        self.call("softhsm2-util", "--init-token", "--free", "--label", label,
                  "--so-pin", "12345678", "--pin", PIN)

    def call(self, *command, **options):
        return run(*command, env={**os.environ, **self.environment}, **options)

    def set_pin(self, text):
        """What the agent is told; the token's own stays."""
        descriptor = os.open(self.pin, os.O_CREAT | os.O_WRONLY | os.O_TRUNC,
                             0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as f:
            f.write(text + "\n")

    def tool(self, *arguments, **options):
        return self.call("pkcs11-tool", "--module", MODULE, "--token-label",
                         self.label, "--login", "--pin", PIN, *arguments,
                         **options)

    def generate(self, name, kind="EC:prime256v1"):
        self.tool("--keypairgen", "--key-type", kind, "--label", name)

    def load(self, name, key_file):
        """Put the key of a file in, as a factory would that makes keys outside."""
        self.call("softhsm2-util", "--import", key_file, "--token", self.label,
                  "--label", name, "--id", "01", "--pin", PIN)

    def delete(self, name):
        for kind in ("privkey", "pubkey"):
            self.tool("--delete-object", "--type", kind, "--label", name)

    def keys(self):
        """The names of the keys, of each half."""
        words = self.tool("-O").stdout
        return {kind: sorted(re.findall(kind + r" Key Object.*?\n(?:  .*\n)*?"
                                        r"  label: +(\S+)", words))
                for kind in ("Private", "Public")}

    def uri(self, name, secret=None):
        return (f"pkcs11:token={self.label};object={name}?module-path={MODULE}"
                f"&{secret or 'pin-source=' + self.pin}")

    def is_pin_count_low(self):
        """Was a wrong PIN offered since the last right one?"""
        return "user PIN count low" in self.call(
            "pkcs11-tool", "--module", MODULE, "-L").stdout

    def unplug(self):
        os.rename(self.folder, self.away)
        os.mkdir(self.folder)

    def plug_in(self):
        os.rmdir(self.folder)
        os.rename(self.away, self.folder)


class SoftTpm:
    def __init__(self, folder):
        self.state = os.path.join(folder, "tpm")
        self.socket = os.path.join(folder, "tpm.sock")
        self.said = os.path.join(folder, "swtpm.log")
        os.mkdir(self.state)
        self.tcti = f"swtpm:path={self.socket}"
        self.process = None

    def start(self):
        with open(self.said, "a", encoding="utf-8") as said:
            self.process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
                 "--server", f"type=unixio,path={self.socket}",
                 "--ctrl", f"type=unixio,path={self.socket}.ctrl",
                 "--flags", "not-need-init,startup-clear"],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        wait_until(lambda: somebody_listens(self.socket + ".ctrl"), 10,
                   f"swtpm listens: {read(self.said)}")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait()
        for path in (self.socket, self.socket + ".ctrl"):
            if os.path.exists(path):
                os.unlink(path)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def tool(self, *command):
        return run(*command, cwd=self.state,
                   env={**os.environ, "TPM2TOOLS_TCTI": self.tcti})

    def generate(self, handle):
        """As docs/keys.md says."""
        self.tool("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc256", "-c",
                  "primary.ctx")
        self.tool("tpm2_create", "-Q", "-C", "primary.ctx", "-G", "ecc256",
                  "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth"
                  "|noda|sign", "-u", "key.pub", "-r", "key.priv")
        self.tool("tpm2_flushcontext", "-t")
        self.tool("tpm2_load", "-Q", "-C", "primary.ctx", "-u", "key.pub", "-r",
                  "key.priv", "-c", "key.ctx")
        self.tool("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "key.ctx",
                  hex(handle))
        self.tool("tpm2_flushcontext", "-t")

    def uri(self, handle):
        return f"tpm2:handle={hex(handle)};tcti={self.tcti}"
