"""The receiver of a web hook: an HTTP server that keeps what is posted to it.

    with Receiver(b"secret") as hook:       # hook.url is for cloudd
        hook.alert("offline")               # waits, and judges the signature
    with Receiver(pair=leaf) as hook:       # https, with this certificate
        hook.secret = ...
"""
import hashlib
import hmac
import http.server
import json
import ssl
import threading

from kit import expect, wait_until


class Receiver:
    """Refuses the first `refusals` posts; `paths` answers these with what is
    there: (status, headers)."""

    def __init__(self, secret=None, refusals=0, pair=None, paths=()):
        self.secret = secret
        self.posts = []
        self.connections = 0
        receiver, paths = self, dict(paths)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), body))
                refuse = len(receiver.posts) <= refusals
                status, headers = paths.get(self.path, (
                    503 if refuse else 204, {}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def get_request(self):
                receiver.connections += 1
                return super().get_request()

            def handle_error(self, *_):
                pass  # who does not trust our certificate hangs up
        self.server = Server(("127.0.0.1", 0), Handler)
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.crt, pair.key)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)
        self.port = self.server.server_port
        self.url = f"http{'s' if pair else ''}://127.0.0.1:{self.port}/hook"

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
