"""The whole server under ThreadSanitizer or AddressSanitizer with some of everything going on, then stopped.

    python3 tests/torture/sanitized.py thread|address PROGRAM [--seconds 12]

Clients make documents of both formats from several organizations, good and bad, some waiting for the answer and some leaving in the
midst; receivers answer, refuse and hang; others list, page, preview, redeliver, rotate secrets, sign in and look at pages. Then the server
is stopped while that goes on. Any report of the sanitizer (leaks at the end among them) fails.
"""
import argparse
import glob
import http.client
import os
import random
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]

PASSWORD = "correct horse battery staple"
# Threads that are not ours to correct: none of these libraries is built with the sanitizer, so it cannot see their locks.
SUPPRESSIONS = "called_from_lib:libgnutls\ncalled_from_lib:libfontconfig\ncalled_from_lib:libcrypto\ncalled_from_lib:libssl\ncalled_from_lib:libmicrohttpd\ncalled_from_lib:libcurl\ncalled_from_lib:libcares\ncalled_from_lib:libsqlite3\n"
# A connection's descriptor is accepted by a thread of ours and closed inside libmicrohttpd, unseen; its number comes again elsewhere.
# So are those that come from workers with a message: the number was closed by another thread, and the kernel handed it out again.
SUPPRESSIONS += "race:accept_all\nrace:dgl_message_receive\n"


def refusing(hook):
    if b"slow" in hook.body:
        time.sleep(0.3)
    return random.choice(((200, {}, b"ok"), (503, {"Retry-After": "1"}, b"later"), (500, {}, b"no"), (302, {"Location": "http://127.0.0.1:1/"}, b"")))


class Load:
    def __init__(self, server, clients, receiver, session):
        self.server, self.clients, self.receiver, self.session = server, clients, receiver, session
        self.stop, self.counts, self.lock = threading.Event(), {}, threading.Lock()

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def make(self, rng, client, template):
        body = {"template_id": template, "input_json": {"name": "x" * rng.choice((1, 50, 60000))}, "output_format": rng.choice(("pdf", "docx", "both")),
                "webhook_url": self.receiver.url(rng.choice(("/a", "/slow", "/b")))}
        headers = rng.choice(({}, {"Prefer": "wait=5"}, {"Idempotency-Key": str(rng.randrange(50))}))
        answer = client.raw("POST", "/documents/", body, headers)
        self.count(f"made {answer.status}")
        if answer.status in (200, 202) and rng.random() < 0.2:
            client.raw(rng.choice(("GET", "DELETE")), "/documents/" + answer.json["id"])

    def look(self, rng, client, template):
        path = rng.choice(("/documents/?limit=5", "/templates/", f"/templates/{template}", f"/templates/{template}/versions/", "/webhooks/deliveries/?limit=5",
                           "/webhooks/", "/openapi.json", "/webhooks/source-ips/"))
        self.count(f"look {client.raw('GET', path).status // 100}xx")
        for path in ("/healthz", "/readyz", "/metrics"):
            client.raw("GET", self.server.url + path)

    def change(self, rng, client, template):
        deliveries = client.raw("GET", "/webhooks/deliveries/?limit=3")
        for item in deliveries.json.get("items", []) if deliveries.status == 200 else []:
            client.raw("POST", f"/webhooks/deliveries/{item['id']}/redeliver/")
        client.raw("POST", "/webhooks/secret/rotate/", {})
        client.raw("POST", f"/templates/{template}/preview/", {"input_json": {"name": "p"}})
        self.count("change")

    def leave(self, rng, client, template):
        parts = urllib.parse.urlsplit(self.server.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as s:
            body = b'{"template_id":"%s","input_json":{"name":"left"}}' % template.encode()
            s.sendall(b"POST /api/v1/documents/ HTTP/1.1\r\nHost: x\r\nPrefer: wait=9\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n"
                      % (client.api_key.encode(), len(body)) + body[:rng.randrange(len(body) + 1)])
        self.count("left")

    def pages(self, rng, client, template):
        for path in ("/", "/templates", f"/templates/{template}", "/documents", "/deliveries", "/developer", "/webhook"):
            client.raw("GET", self.server.url + path, headers={"Cookie": self.session})
        self.count("pages")

    def run(self, seed):
        rng = random.Random(seed)
        acts = (self.make, self.make, self.make, self.look, self.change, self.leave, self.pages)
        while not self.stop.is_set():
            client, template = rng.choice(self.clients)
            try:
                rng.choice(acts)(rng, client, template)
            except (OSError, http.client.HTTPException, KeyError, ValueError):
                self.count("cut off")
                if self.stop.is_set():
                    return


def sign_in(url, email):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    page, cookies = answer.read().decode(), answer.headers.get_all("Set-Cookie") or []
    token = re.search(r'name="csrf[^"]*" value="([^"]+)"', page)
    form = {"email": email, "password": PASSWORD}
    if token:
        form[re.search(r'name="(csrf[^"]*)"', page).group(1)] = token.group(1)
    cookie = "; ".join(c.split(";")[0] for c in cookies)
    connection.request("POST", "/sign-in", urllib.parse.urlencode(form), {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie,
                                                                         "Origin": url, "Sec-Fetch-Site": "same-origin"})
    answer = connection.getresponse()
    answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    return answer.status, "; ".join(c.split(";")[0] for c in cookies)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("kind", choices=("thread", "address"))
    options.add_argument("program")
    options.add_argument("--seconds", type=float, default=12)
    chosen = options.parse_args()
    os.environ["DGL_PROGRAM"] = os.path.abspath(chosen.program)
    from docx import write_docx
    from local import Client, Receiver, Server

    folder = tempfile.mkdtemp(prefix="docgenlab-sanitized-")
    with open(os.path.join(folder, "suppressions"), "w", encoding="ascii") as fh:
        fh.write(SUPPRESSIONS)
    reports = os.path.join(folder, "report")
    os.environ["TSAN_OPTIONS"] = f"log_path={reports} halt_on_error=0 exitcode=0 second_deadlock_stack=1 suppressions={folder}/suppressions"
    os.environ["ASAN_OPTIONS"] = f"log_path={reports} detect_leaks=1 abort_on_error=0 exitcode=99 allocator_may_return_null=1"
    os.environ["UBSAN_OPTIONS"] = f"log_path={reports} print_stacktrace=1 halt_on_error=0"
    data = os.path.join(folder, "data")
    first = Server.init(data, password=PASSWORD)
    server = Server(data, allow_nets="127.0.0.0/8", options={"RATE_LIMIT_PER_MINUTE": 0, "WEBHOOK_ALLOW_HTTP": "true", "RENDER_MEMORY_BYTES": 2 << 30,
                                                             "WEBHOOK_RETRY_SCHEDULE": "1,1,1"})
    problems = []
    with Receiver(answer=refusing) as receiver:
        server.start(timeout=180)
        client = Client(server.url, first["api_key"])
        clients = []
        for name, lines in (("Letter", ["Dear {{ name }},", "{% for i in range(30) %}", "{{ i }}", "{% endfor %}"]), ("Wrong", ["{{ name.a.b.c }}"])):
            path = os.path.join(folder, "t.docx")
            write_docx(path, lines)
            clients.append((client, client.upload_template(name, path)["id"]))
        status, session = sign_in(server.url, "admin@test.example")
        if not session:
            problems.append(f"signing in answers {status} and gives no session")
        load = Load(server, clients, receiver, session)
        threads = [threading.Thread(target=load.run, args=(seed,), daemon=True) for seed in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(chosen.seconds)
        stopper = threading.Timer(1, load.stop.set)
        stopper.start()
        status = server.stop(timeout=120)  # in the midst of it
        load.stop.set()
        for thread in threads:
            thread.join(70)
    print("   ", ", ".join(f"{what}: {count}" for what, count in sorted(load.counts.items())))
    if status != 0:
        problems.append(f"the server ended with status {status}")
    if not any(what.startswith("made 2") for what in load.counts):
        problems.append("no document was accepted")
    for path in sorted(glob.glob(reports + ".*")):
        with open(path, encoding="utf-8", errors="replace") as fh:
            text = fh.read()
        found = re.findall(r"SUMMARY: .*|runtime error: .*", text)
        problems += found or ([f"{path} is not empty"] if text.strip() else [])
    for problem in sorted(set(problems)):
        print(f"FAILED ({problems.count(problem)} times): {problem}")
    if not problems:
        shutil.rmtree(folder)
    else:
        print(f"The reports are in {folder}.")
    print(f"{0 if problems else 1} passed, {len(set(problems))} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
