"""A local socket with the real server behind it, and a cloud that the test
plays: `with Stage(tmp) as s: s.say("offline dns no address"); s.letters()`."""
import os
import queue
import subprocess
import threading

from kit import BIN, expect, run

NAMEPLATE = os.path.join(BIN, "nameplate")


class Stage:
    def __init__(self, parent):
        self.path = os.path.join(parent, "s.sock")
        self.environment = dict(os.environ, NAMEPLATE_SOCKET=self.path,
                                TZ="UTC", NO_COLOR="1")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "stage_local"), self.path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self._said, self._letters = queue.Queue(), []
        threading.Thread(target=self._listen, args=(self.process.stdout,),
                         daemon=True).start()
        self._wait_for("ready")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()

    def _listen(self, stream):
        try:
            for line in stream:
                self._said.put(line.rstrip("\n"))
        except ValueError:
            pass  # closed

    def _wait_for(self, word):
        while True:
            try:
                line = self._said.get(timeout=20)
            except queue.Empty:
                expect(False, f"the stage never said {word}")
            if line == word:
                return
            self._letters.append(line)

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        self._wait_for("done")

    def letters(self, count, seconds=20):
        """The next `count` letters that the agent accepted."""
        while len(self._letters) < count:
            try:
                self._letters.append(self._said.get(timeout=seconds))
            except queue.Empty:
                expect(False, f"{len(self._letters)} letters, not {count}:"
                              f" {self._letters[:9]}")
        found, self._letters = self._letters[:count], self._letters[count:]
        return found

    def kill(self):
        self.process.kill()
        self.process.wait()

    def run(self, *arguments, status=0, text=None, **options):
        """Run the real `nameplate` against this stage."""
        command = [NAMEPLATE, *arguments]
        if text is None:
            return run(*command, status=status, env=self.environment, **options)
        done = subprocess.run(command, input=text, capture_output=True,
                              text=True, timeout=120, check=False,
                              env=self.environment)
        expect(done.returncode == status,
               f"{' '.join(command)}: exit {done.returncode}, expected {status}"
               f"\n{done.stdout[:2000]}{done.stderr[:2000]}")
        return done

    def start(self, *arguments, **options):
        return subprocess.Popen([NAMEPLATE, *arguments], env=self.environment,
                                text=True, **options)
