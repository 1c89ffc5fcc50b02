"""Stands before Prism and the emulator: what the description knows goes through Prism, all else straight to the emulator.

    front.py DESCRIPTION PRISM EMULATOR VIOLATIONS

Prints its port. Each read in a batch is sent through Prism as well, as a request of its own, since Prism looks at the envelope only. What Prism refuses is
appended to the file VIOLATIONS.
"""

import http.client
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import yaml

PRISM_ERROR = b"stoplight.io/prism/errors"
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}


def described_paths(description):
    with open(description, encoding="utf-8") as text:
        paths = yaml.load(text, yaml.CSafeLoader)["paths"]
    return [(re.compile(re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(path))), set(verbs)) for path, verbs in paths.items()]


def ask(address, method, path, headers, body):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(method, urlsplit(address).path + path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.getheaders(), answer.read()


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def is_described(self, method, path):
        bare = path.split("?")[0]
        return any(known.fullmatch(bare) and method.lower() in verbs for known, verbs in self.server.described)

    def checked(self, method, path, headers, body):
        status, answer_headers, answer = ask(self.server.prism, method, path, headers, body)
        if PRISM_ERROR in answer:
            with open(self.server.violations, "a", encoding="utf-8") as file:
                print(method, path, (body or b"").decode(), answer.decode(), file=file)
        return status, answer_headers, answer

    def check_parts(self, body):
        """Whether all parts are described, so that the description may judge the batch."""
        described = [part for part in json.loads(body)["requests"] if self.is_described(part["method"], part["url"])]
        for part in described:
            if part["method"] == "GET":
                headers = {"Authorization": self.headers["Authorization"], **part.get("headers", {})}
                self.checked("GET", part["url"], headers, None)
        return len(described) == len(json.loads(body)["requests"])

    def serve(self):
        method, body = self.command, self.rfile.read(int(self.headers.get("content-length", 0))) or None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        # Prism reads no compressed answers.
        headers["accept-encoding"] = "identity"
        path = self.path.removeprefix("/v1.0")
        is_described = path != self.path and self.is_described(method, path)
        if is_described and (path != "/$batch" or self.check_parts(body)):
            status, answer_headers, answer = self.checked(method, path, headers, body)
        else:
            status, answer_headers, answer = ask(self.server.emulator, method, self.path, headers, body)
        self.send_response(status)
        for name, value in answer_headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass


def main():
    description, prism, emulator, violations = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.described, server.prism, server.emulator = described_paths(description), prism, emulator
    server.violations = violations
    print(server.server_port, flush=True)
    server.serve_forever()


main()
