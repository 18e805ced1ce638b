"""Clients that mean harm: ambiguous requests (directly, through nginx and through Caddy), slow ones, half-open ones, ten thousand idle ones.

    python3 tests/torture/attackers.py [--idle 10000]

nginx and Caddy run with the configurations under deploy/ as they ship, with the places to change changed, and are spoken to in
HTTP/1.1 and HTTP/2. A request is smuggled when one connection's bytes make the server see a request that the proxy did not; its path
/smuggled must never reach the log. Whom the server takes for the client is asked of the log too.
"""
import argparse
import json
import os
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from local import PATIENCE_S, Client, Fail, Server, free_port, listens, make_certificate, wait_until  # noqa: E402

INNER = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/documents/ HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"0\r\n\r\n" + INNER
AMBIGUOUS = {
    "length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "two equal lengths": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + INNER,
    "a list of lengths": POST + b"Content-Length: 0, %d\r\n\r\n" % len(INNER) + INNER,
    "a signed length": POST + b"Content-Length: +0\r\n\r\n" + INNER,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + INNER,
    "a hexadecimal length": POST + b"Content-Length: 0x0\r\n\r\n" + INNER,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "a list of codings": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKED,
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "a folded header": POST + b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "a tab in the coding": POST + b"Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "a vertical tab in the coding": POST + b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "a chunk of no size": POST + b"Transfer-Encoding: chunked\r\n\r\n\r\n" + INNER,
    "a negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + INNER,
    "an endless chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + INNER,
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed": POST + b"X: y\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "a bare carriage return": POST + b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "a head that ends in a bare line feed": POST + b"X: y\r\n\n" + INNER,
    "a chunk's line that ends in a line feed": POST + b"Transfer-Encoding: chunked\r\n\r\n0\n\r\n" + INNER,
    "a chunk's size with an extension over two lines": POST + b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n" + INNER,
    "a chunk's size with a prefix": POST + b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + INNER,
    "several blanks in the request line": b"POST  /api/v1/documents/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "a NUL in a header": POST + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
}

# Requests in HTTP/2 that end early, or go on, when a proxy writes them down as HTTP/1.1: (pseudo headers besides the usual, headers, data).
HTTP2 = {
    "a length of none": ({}, {"content-length": "0"}, INNER),
    "a coding": ({}, {"transfer-encoding": "chunked"}, CHUNKED),
    "a length and a coding": ({}, {"content-length": "5", "transfer-encoding": "chunked"}, CHUNKED),
    "a line in a header": ({}, {"x": "y\r\ntransfer-encoding: chunked"}, CHUNKED),
    "a line feed in a header": ({}, {"x": "y\ncontent-length: 0"}, INNER),
    "a line in a name": ({}, {"x: y\r\ncontent-length: 0\r\nz": "1"}, INNER),
    "a request in the path": ({":path": "/ HTTP/1.1\r\nhost: x\r\n\r\nGET /smuggled HTTP/1.1\r\nx: y"}, {}, b""),
    "a request in the method": ({":method": "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\nGET"}, {}, b""),
    "a line in the host": ({":authority": "documents.example.com\r\ntransfer-encoding: chunked"}, {}, CHUNKED),
    "a header of the connection": ({}, {"connection": "content-length", "content-length": str(len(INNER))}, INNER),
}


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def talk_http2(port, pseudo, headers, data, wait=0.5):
    """One request as frames, headers as plain literals (RFC 7541 §6.2.2). True when the proxy spoke HTTP/2 at all."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    fields = {":method": "POST", ":scheme": "https", ":authority": "documents.example.com", ":path": "/api/v1/documents/"}
    block = b"".join(b"\0" + bytes((len(name),)) + name + bytes((len(value),)) + value
                     for name, value in ((n.encode(), v.encode()) for n, v in {**fields, **pseudo, **headers}.items()))
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S), server_hostname="documents.example.com") as connection:
        connection.settimeout(wait)
        if connection.selected_alpn_protocol() != "h2":
            return False
        try:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 4 if data else 5, 1, block) +
                               (frame(0, 1, 1, data) if data else b""))
            seen = b""
            while b"\0\0\0\1" not in seen[12:] and len(seen) < 65536:  # until a frame of our stream comes
                more = connection.recv(4096)
                if not more:
                    break
                seen += more
        except OSError:
            pass
    return True


def talk(where, data, tls=False, wait=20.0, source=None):
    """Everything the other side says until it closes or is quiet for a while."""
    connection = socket.create_connection(where, timeout=PATIENCE_S, source_address=source and (source, 0))
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection, server_hostname="documents.example.com")
    said = b""
    connection.settimeout(wait)
    try:
        connection.sendall(data)
        while True:
            more = connection.recv(65536)
            if not more:
                return said, True
            said += more
    except (socket.timeout, TimeoutError):
        return said, False
    except OSError:
        return said, True
    finally:
        connection.close()


class Attack:
    def __init__(self, folder):
        self.folder, self.passed, self.problems = folder, 0, []
        self.data = os.path.join(folder, "data")
        self.key = Server.init(self.data)["api_key"]
        self.server = Server(self.data, options={"RATE_LIMIT_PER_MINUTE": 0, "LOG_LEVEL": "debug",
                                                 "TRUSTED_PROXIES": "127.0.0.1/32"})
        self.server.start()
        parts = urllib.parse.urlsplit(self.server.url)
        self.where = (parts.hostname, parts.port)

    def expect(self, good, sentence):
        if good:
            self.passed += 1
        else:
            self.problems.append(sentence)

    def log(self):
        with open(self.server.log_path, encoding="utf-8", errors="replace") as fh:
            return fh.read()

    def ambiguous(self):
        for name, data in AMBIGUOUS.items():
            said, closed = talk(self.where, data)
            status = int(said.split(b" ")[1]) if said.startswith(b"HTTP/1.") else 0
            answers = len(re.findall(rb"HTTP/1\.1 \d\d\d", said))
            # libmicrohttpd writes the head of its own 400 page twice.
            # Odd chunks may pass: the connection ends behind them, so nothing can hide there.
            good = (0, 400, 411, 413, 431, 501) + ((401,) if "chunk's" in name else ())
            refused = status in good and closed and answers <= (2 if b"<html>" in said else 1)
            self.expect(refused, f"{name}: {answers} answers, the first {status}, {'closed' if closed else 'left open'}")
        self.expect('"/smuggled"' not in self.log(), "a hidden request was taken for one")

    def logged(self, text, after=0):
        """Whether it comes to stand there: the line is written when the answer has gone out."""
        try:
            return wait_until(lambda: text in self.log()[after:], f"{text} is not in the log")
        except Fail:
            return False

    def client_of(self, source, head):
        """The client's address that the log has for a request from `source` with these headers."""
        path = f"/asked-{time.monotonic_ns()}"
        talk(self.where, f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n".encode(), source=source)
        self.logged(f'"{path}"')
        line = next((line for line in self.log().splitlines() if f'"{path}"' in line), "{}")
        return json.loads(line).get("client")

    def forwarded(self):
        """Behind 127.0.0.1, the one trusted proxy, and from 127.0.0.78, a stranger."""
        for source, head, client in (
                ("127.0.0.1", "X-Forwarded-For: 203.0.113.5\r\n", "203.0.113.5"),
                ("127.0.0.1", "X-Forwarded-For: 9.9.9.9, 203.0.113.5\r\n", "203.0.113.5"),
                ("127.0.0.1", "X-Forwarded-For: 9.9.9.9, 203.0.113.5, 127.0.0.1\r\n", "203.0.113.5"),
                ("127.0.0.1", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7"),
                ("127.0.0.1", "X-Forwarded-For: 9.9.9.9, unknown\r\n", "127.0.0.1"),
                ("127.0.0.1", "Forwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nClient-IP: 9.9.9.9\r\n", "127.0.0.1"),
                ("127.0.0.78", "X-Forwarded-For: 9.9.9.9\r\n", "127.0.0.78"),
                ("127.0.0.78", "X-Forwarded-For: 127.0.0.1\r\n", "127.0.0.78")):
            taken = self.client_of(source, head)
            self.expect(taken == client, f"from {source} with {head!r} the client is {taken}")
        for line in (b"PROXY TCP4 9.9.9.9 127.0.0.1 1 2\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes((9, 9, 9, 9, 127, 0, 0, 1, 0, 1, 0, 2))):
            said, closed = talk(self.where, line + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.expect(closed and b" 200 " not in said, f"a line of the PROXY protocol is passed over: {said[:80]!r}")

    def site(self, path, changes):
        """A proxy's configuration as it ships, with the places to change changed."""
        with open(os.path.join(ROOT, "deploy", *path), encoding="utf-8") as fh:
            text = fh.read()
        for old, new in changes:
            if old not in text:
                raise Fail(f"deploy/{'/'.join(path)} does not have {old}")
            text = text.replace(old, new)
        return text

    def through_nginx(self):
        _, certificate, key = make_certificate(os.path.join(self.folder, "tls"), names="DNS:documents.example.com")
        port = free_port()
        site = self.site(("nginx", "docgenlab.conf"),
                         (("127.0.0.1:8080;", f"127.0.0.1:{self.where[1]};"), ("443 ssl", f"127.0.0.1:{port} ssl"),
                          ("/etc/nginx/tls/documents.crt", certificate), ("/etc/nginx/tls/documents.key", key)))
        conf = os.path.join(self.folder, "nginx.conf")
        temp = "".join(f"{kind}_temp_path {self.folder}/nginx-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(conf, "w", encoding="utf-8") as fh:
            fh.write(f"daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log; user root;\n"
                     f"events {{ worker_connections 512; }}\nhttp {{ access_log off; {temp}\n{site}\n}}\n")
        self.through("nginx", port, ["nginx", "-c", conf, "-p", self.folder])

    def through_caddy(self):
        _, certificate, key = make_certificate(os.path.join(self.folder, "tls"), names="DNS:documents.example.com")
        port = free_port()
        site = self.site(("caddy", "Caddyfile"),
                         (("127.0.0.1:8080 {", f"127.0.0.1:{self.where[1]} {{"),
                          ("documents.example.com {", f"https://documents.example.com:{port} {{\n\ttls {certificate} {key}"),
                          ("{\n\tservers {", "{\n\tadmin off\n\tauto_https off\n\tservers {")))
        conf = os.path.join(self.folder, "Caddyfile")
        with open(conf, "w", encoding="utf-8") as fh:
            fh.write(site)
        self.through("Caddy", port, ["caddy", "run", "--adapter", "caddyfile", "--config", conf],
                     {"HOME": self.folder, "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder})

    def through(self, name, port, command, environment=None):
        before, seen = len(self.log()), self.log().count('"/smuggled"')
        proxy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env=dict(os.environ, **(environment or {})))
        try:
            wait_until(lambda: listens(port), f"{name} does not listen")
            good = (f"GET /api/v1/templates/ HTTP/1.1\r\nHost: documents.example.com\r\nX-API-Key: {self.key}\r\n"
                    "X-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nConnection: close\r\n\r\n").encode()
            said, _ = talk(("127.0.0.1", port), good, tls=True, source="127.0.0.77")
            self.expect(self.logged('"127.0.0.77"', before), f"through {name} the client's own address is not in the log")
            self.expect(re.match(rb"HTTP/1\.1 200", said), f"{name} in front answers {said[:200]!r}")
            for attack, data in AMBIGUOUS.items():
                data = data.replace(b"Host: x", b"Host: documents.example.com", 1)
                for _ in range(2):  # a second time on a connection the proxy keeps to us
                    talk(("127.0.0.1", port), data, tls=True, wait=0.3)
                said, _ = talk(("127.0.0.1", port), good, tls=True)
                self.expect(said.startswith(b"HTTP/1.1 200") and b"smuggled" not in said,
                            f"{attack} through {name}: the next client got {said[:80]!r}")
            talk_http2(port, {":method": "GET", ":path": f"/by-frames-{name}"}, {}, b"")  # a good one, so that the bad ones say something
            self.expect(self.logged(f'"/by-frames-{name}"'), f"a request in HTTP/2 does not reach the server through {name}")
            passed_on = self.log().count('"/smuggled"')
            for attack, (pseudo, headers, data) in HTTP2.items():
                self.expect(talk_http2(port, pseudo, headers, data), f"{name} does not speak HTTP/2")
                said, _ = talk(("127.0.0.1", port), good, tls=True)
                self.expect(said.startswith(b"HTTP/1.1 200"), f"{attack} in HTTP/2 through {name}: the next client got {said[:80]!r}")
            self.expect(self.log().count('"/smuggled"') == passed_on, f"HTTP/2 through {name}: a hidden request reached the server")
            before = len(self.log())
            version = subprocess.run(["curl", "-sk", "--http2", "--interface", "127.0.0.79", "--resolve", f"documents.example.com:{port}:127.0.0.1",
                                      "-H", f"X-API-Key: {self.key}", "-H", "X-Forwarded-For: 9.9.9.9", "-o", "/dev/null", "-w", "%{http_version} %{http_code}",
                                      f"https://documents.example.com:{port}/api/v1/templates/"], stdout=subprocess.PIPE).stdout
            self.expect(version == b"2 200", f"{name} answers HTTP/2 with {version!r}")
            self.expect(self.logged('"127.0.0.79"', before), f"through {name} in HTTP/2 the client's own address is not in the log")
            log = self.log()
            self.expect('"9.9.9.9"' not in log, f"through {name} a client's own X-Forwarded-For was believed")
            # Requests a proxy saw and passed on are whole; a pipelined /smuggled after a complete request is an honest request.
            print(f"    requests for /smuggled that {name} passed on as requests of their own:", log.count('"/smuggled"') - seen)
        finally:
            proxy.terminate()
            proxy.wait()

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as fh:
            return int(re.search(r"VmRSS:\s+(\d+) kB", fh.read()).group(1)) / 1024

    def idle(self, count):
        """Half of them have sent a request and rest, half are in the middle of a head."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + 500, max(count + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
        before, held = self.memory(), []
        for number in range(count):
            connection = socket.create_connection(self.where, timeout=PATIENCE_S)
            held.append(connection)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" if number % 2 else b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            if number % 2:
                connection.recv(4096)
        begun = time.monotonic()
        answer = Client(self.server.url, self.key).raw("GET", "/templates/")
        took, after = time.monotonic() - begun, self.memory()
        print(f"    {count} connections: {before:.0f} → {after:.0f} MiB resident, another request {1000 * took:.0f} ms")
        self.expect(answer.status == 200, f"with {count} connections open another request answers {answer.status}")
        self.expect(after < 200, f"{count} idle connections: {after:.0f} MiB resident")
        return held

    def slow(self, held):
        """One byte every second: a body is cut off after half a minute, a head (--patient) after one and a half."""
        slow = []
        for head in (b"GET / HTTP/1.1\r\nX-A: ",) * self.patient + (POST + b"Content-Length: 100\r\nX-API-Key: " + self.key.encode() + b"\r\n\r\n{",):
            for _ in range(20):
                connection = socket.create_connection(self.where, timeout=PATIENCE_S)
                connection.sendall(head)
                connection.setblocking(False)
                slow.append(connection)
        limit = 300  # of which an idle machine needs half a minute, or one and a half for heads
        until, open_ = time.monotonic() + limit, set(slow)
        while open_ and time.monotonic() < until:
            for connection in list(open_):
                try:
                    if not connection.recv(4096):
                        open_.discard(connection)
                    continue
                except BlockingIOError:
                    pass
                except OSError:
                    open_.discard(connection)
                    continue
                try:
                    connection.send(b"a")
                except OSError:
                    open_.discard(connection)
            time.sleep(1)
        self.expect(not open_, f"{len(open_)} of {len(slow)} slow connections are still open after {limit} s")
        for connection in slow + held:
            connection.close()

    def pipelined(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        said, _ = talk(self.where, one * 999 + last)
        self.expect(said.count(b"HTTP/1.1 200") == 1000, f"{said.count(b'HTTP/1.1 200')} of 1,000 pipelined requests were answered")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--idle", type=int, default=10000)
    options.add_argument("--patient", action="store_true")
    chosen = options.parse_args()
    folder = tempfile.mkdtemp(prefix="docgenlab-attackers-")
    os.chmod(folder, 0o755)
    attack = Attack(folder)
    attack.patient = chosen.patient
    begun = time.monotonic()
    for name, run in (("ambiguous", attack.ambiguous), ("forwarded", attack.forwarded), ("nginx", attack.through_nginx), ("Caddy", attack.through_caddy), ("pipelined", attack.pipelined),
                      ("idle and slow", lambda: attack.slow(attack.idle(chosen.idle)))):
        print(f"{name} ({time.monotonic() - begun:.0f} s)", flush=True)
        run()
    attack.expect(attack.server.stop() == 0, "the server did not stop well")
    for problem in attack.problems:
        print("FAILED:", problem)
    if not attack.problems:
        shutil.rmtree(folder)
    print(f"{attack.passed} passed, {len(attack.problems)} failed")
    return 1 if attack.problems else 0


if __name__ == "__main__":
    sys.exit(main())
