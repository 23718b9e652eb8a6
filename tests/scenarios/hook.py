"""The receiver of a web hook: an HTTP server that keeps what is posted to it.

    with Receiver(b"secret") as hook:       # hook.url is for cloudd
        hook.alert("offline")               # waits, and judges the signature
"""
import hashlib
import hmac
import http.server
import json
import threading

from kit import expect, wait_until


class Receiver:
    """Refuses the first `refusals` posts."""

    def __init__(self, secret, refusals=0):
        self.secret = secret
        self.posts = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                refuse = len(receiver.posts) <= refusals
                self.send_response(503 if refuse else 204)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def judge(self, headers, body):
        """The body is of who has the secret."""
        mac = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        expect(headers.get("X-Nameplate-Signature") == "sha256=" + mac, headers)

    def alert(self, kind, seconds=20):
        """The first alert of this kind that came, with a good signature."""
        def look():
            for _, headers, body in list(self.posts):
                found, = json.loads(body)["alerts"]
                if found["kind"] == kind:
                    self.judge(headers, body)
                    return found
            return None
        return wait_until(look, seconds, f"the hook hears of {kind}")

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
