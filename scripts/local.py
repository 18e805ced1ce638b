"""What demo.py, run.py and the black-box tests share: a server process, an https receiver, a small API client.

Only Python's standard library, 3.8 or later, and the openssl program for throwaway certificates.
"""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import queue
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("DGL_PROGRAM", os.path.join(ROOT, "build", "docgenlab"))


# How long anybody waits for what must come. An idle machine needs a hundredth of it; one that is busy with other things is
# no reason to fail.
PATIENCE_S = 120


class Fail(Exception):
    """One sentence for a person."""


def wait_until(ask, sentence, seconds=PATIENCE_S, pause=0.05):
    """Asks until the answer is true, and returns it. `sentence` says what did not come: a text, or a function that gives one."""
    until = time.monotonic() + seconds
    while not (found := ask()):
        if time.monotonic() >= until:
            raise Fail(f"{sentence() if callable(sentence) else sentence} (after {seconds} s)")
        time.sleep(pause)
    return found


def free_port():
    """A port that is free and stays so until it is taken: below those that the kernel hands to whoever asks for any, so that a
    server may leave it and come back to it while others are started and connections made."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as fh:
        end = int(fh.read().split()[0])
    for port in [random.randrange(end // 2, end) for _ in range(100)] if end > 4096 else []:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def refusing_socket():
    """A socket whose port refuses every connection as long as it is open: it is taken, and nobody listens."""
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def step(what, detail=""):
    print(f"  {what:<26} {detail}", flush=True)


def clean_environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("DOCGENLAB_")}
    env.update(extra or {})
    return env


# ---------------------------------------------------------------- certificates

def openssl(*args):
    try:
        subprocess.run(("openssl",) + args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise Fail("openssl is missing; install it with apt-get install openssl.")
    except subprocess.CalledProcessError as exc:
        raise Fail(f"openssl {args[0]} failed: {exc.stderr.decode(errors='replace').strip()[-200:]}")


def make_certificate(folder, names="DNS:localhost,IP:127.0.0.1", days="2"):
    """A throwaway CA and a server certificate signed by it: (ca file, certificate file, key file)."""
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)  # noqa: E731
    with open(path("names.cnf"), "w", encoding="ascii") as fh:
        fh.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path("ca.key"),
            "-out", path("ca.pem"), "-days", days, "-subj", "/CN=DocGenLab throwaway CA")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path("server.key"),
            "-out", path("server.csr"), "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial",
            "-out", path("server.pem"), "-days", days, "-extfile", path("names.cnf"))
    return path("ca.pem"), path("server.pem"), path("server.key")


# ---------------------------------------------------------------- receiver

class Hook:
    """One request as received."""

    def __init__(self, path, headers, body, client):
        self.path, self.headers, self.body, self.client = path, headers, body, client
        self.payload = json.loads(body)


class Receiver:
    """An http(s) server that keeps every POST. `answer` decides: a function of Hook giving (status, headers, body)."""

    def __init__(self, certificate=None, key=None, answer=None, host="127.0.0.1"):
        self.hooks = queue.Queue()
        self.kept = []
        self.answer = answer or (lambda hook: (200, {}, b"ok"))
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hook = Hook(self.path, self.headers, body, self.client_address[0])
                receiver.kept.append(hook)
                status, headers, answer = receiver.answer(hook)
                receiver.hooks.put(hook)  # whoever waits for it finds what `answer` noted
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # peers that go away are part of the tests

        self.server = Listener((host, 0), Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.port = self.server.server_address[1]
        self.host = host

    def url(self, path="/hook", host=None):
        return f"{self.scheme}://{host or self.host}:{self.port}{path}"

    def wait(self, event=None, timeout=PATIENCE_S):
        """The next hook (of that event)."""
        while True:
            try:
                hook = self.hooks.get(timeout=timeout)
            except queue.Empty:
                raise Fail(f"No webhook {event or ''} came within {timeout} s.")
            if event is None or hook.payload.get("event") == event:
                return hook

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def verify_signature(secret, hook):
    """Standard Webhooks v1, written from the specification; raises when no signature fits."""
    key = base64.b64decode(secret[len("whsec_"):])
    signed = b".".join((hook.headers["webhook-id"].encode(), hook.headers["webhook-timestamp"].encode(), hook.body))
    good = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(good, s) for s in hook.headers["webhook-signature"].split(" ")):
        raise Fail("The webhook's signature does not fit its body.")


# ---------------------------------------------------------------- server

class Server:
    """`docgenlab serve` on a free port; stops with SIGTERM at the end of the with block."""

    def __init__(self, data_dir, ca_file=None, allow_nets=None, options=None, listen="127.0.0.1:0", log=None):
        env = {"DOCGENLAB_LISTEN": listen, "DOCGENLAB_DATA_DIR": data_dir}
        if ca_file:
            env["DOCGENLAB_WEBHOOK_CA_FILE"] = ca_file
        if allow_nets:
            env["DOCGENLAB_WEBHOOK_ALLOW_NETS"] = allow_nets
        env.update({f"DOCGENLAB_{k}": str(v) for k, v in (options or {}).items()})
        self.env = clean_environment(env)
        self.data_dir, self.log_path = data_dir, log or os.path.join(data_dir, "server.log")
        self.process = None
        self.url = None

    @staticmethod
    def init(data_dir, organization="Test Organization", email="admin@test.example", password=None):
        command = [PROGRAM, "init", "--data", data_dir, "--org", organization, "--admin-email", email, "--json"]
        if password:
            os.makedirs(data_dir, exist_ok=True)
            path = os.path.join(data_dir, "password.txt")
            with open(path, "w", encoding="utf-8") as fh:
                fh.write(password)
            command += ["--admin-password-file", path]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
        if done.returncode != 0:
            raise Fail(done.stderr.decode(errors="replace").strip())
        first = json.loads(done.stdout)
        if password:
            first["admin_password"] = password
        return first

    def start(self, timeout=PATIENCE_S):
        os.makedirs(os.path.dirname(self.log_path), exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve"], stdout=subprocess.PIPE, stderr=log, env=self.env)
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().decode()
        timer.cancel()
        match = re.match(r"docgenlab listening on (\S+)", line)
        if not match:
            self.process.wait()
            raise Fail(f"The server did not start: {self.log_tail()}")
        self.url = match.group(1)
        return self

    def log_tail(self, lines=3):
        with open(self.log_path, "rb") as fh:
            return b"\n".join(fh.read().splitlines()[-lines:]).decode(errors="replace")

    def stop(self, timeout=PATIENCE_S):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Fail("The server did not stop within its time after SIGTERM.")
        if self.process:
            self.process.stdout.close()
        self.look_for_reports()
        return self.process.returncode if self.process else None

    def look_for_reports(self):
        """With DGL_SANITIZED set the program was built with sanitizers: what they say of it or of a worker is in its log."""
        if not os.environ.get("DGL_SANITIZED"):
            return
        with open(self.log_path, encoding="utf-8", errors="replace") as fh:
            found = re.findall(r"SUMMARY: .*|runtime error: .*|ERROR: \w+Sanitizer.*|WARNING: ThreadSanitizer.*", fh.read())
        if found:
            raise Fail(f"{self.log_path}: {found[0]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


# ---------------------------------------------------------------- client

class ApiError(Exception):
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers
        super().__init__(f"HTTP {status}: {body[:300]!r}")

    @property
    def json(self):
        return json.loads(self.body)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Calls of the public API. `raw` gives the answer whatever its status; `call` the JSON of a 2xx."""

    def __init__(self, url, api_key=None):
        self.url, self.api_key = url.rstrip("/"), api_key

    def raw(self, method, path, body=None, headers=None, timeout=PATIENCE_S):
        url = path if "://" in path else self.url + (path if path.startswith("/files") else "/api/v1" + path)
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=timeout)
        try:
            all_headers = {"X-API-Key": self.api_key} if self.api_key else {}
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
                all_headers["Content-Type"] = "application/json"
            all_headers.update(headers or {})
            connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, all_headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def call(self, method, path, body=None, headers=None, timeout=PATIENCE_S):
        answer = self.raw(method, path, body, headers, timeout)
        if answer.status // 100 != 2:
            raise ApiError(answer.status, answer.body, answer.headers)
        return answer.json if answer.body else None

    def upload(self, path, fields, method="POST"):
        """multipart/form-data; a field is text or (file name, bytes)."""
        boundary = uuid.uuid4().hex
        out = []
        for name, value in fields.items():
            out.append(f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"".encode())
            if isinstance(value, tuple):
                out.append(f"; filename=\"{value[0]}\"\r\nContent-Type: application/octet-stream\r\n\r\n".encode() + value[1])
            else:
                out.append(f"\r\n\r\n{value}".encode())
            out.append(b"\r\n")
        out.append(f"--{boundary}--\r\n".encode())
        return self.raw(method, path, b"".join(out), {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def upload_template(self, name, path, **fields):
        with open(path, "rb") as fh:
            answer = self.upload("/templates/", dict(fields, name=name, file=(os.path.basename(path), fh.read())))
        if answer.status != 201:
            raise ApiError(answer.status, answer.body, answer.headers)
        return answer.json

    def generate(self, template_id, data, output_format="pdf", headers=None, **fields):
        body = dict(fields, template_id=template_id, input_json=json.loads(data) if isinstance(data, (bytes, str)) else data,
                    output_format=output_format)
        return self.call("POST", "/documents/", body, headers)

    def wait_document(self, document_id, timeout=PATIENCE_S):
        def finished():
            document = self.call("GET", f"/documents/{document_id}")
            return document if document["status"] in ("ready", "failed") else None

        return wait_until(finished, f"Document {document_id} was not finished", timeout, 0.02)

    def download(self, url):
        answer = Client(self.url).raw("GET", url)  # without the key: a link needs none
        if answer.status != 200:
            raise ApiError(answer.status, answer.body, answer.headers)
        return answer.body
