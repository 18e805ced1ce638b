"""The whole server under ThreadSanitizer or AddressSanitizer with some of everything going on, then stopped.

    python3 tests/torture/sanitized.py thread|address PROGRAM [--seconds 12]

Clients make documents of both formats, good and bad, some waiting for the answer and some leaving in the midst; receivers answer, refuse
and hang; others list, page, preview, redeliver, rotate secrets, wait at the feed, sign in, look at pages, back up and change passwords and
users. Then the server is stopped while that goes on. Any report of the sanitizer (leaks at the end among them) fails.

Reports go to standard error, and so into the server's log: a worker may not open a file. That a worker's report is seen is tried first, with
one that was taken over (tests/hostile/hostile.c) and reads beyond its memory.
"""
import argparse
import http.client
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]

PASSWORD = "correct horse battery staple"
PROGRAM = None
REPORT = re.compile(r"SUMMARY: .*|runtime error: .*|ERROR: \w+Sanitizer.*|WARNING: ThreadSanitizer.*|Sanitizer.* CHECK failed.*")
# A connection's descriptor is accepted by a thread of ours and closed inside libmicrohttpd, unseen; its number comes again elsewhere.
# So are those that come from workers with a message: the number was closed by another thread, and the kernel handed it out again.
SUPPRESSIONS = "race:accept_all\nrace:dgl_message_receive\n"


def refusing(hook):
    if b"slow" in hook.body:
        time.sleep(0.3)
    return random.choice(((200, {}, b"ok"), (503, {"Retry-After": "1"}, b"later"), (500, {}, b"no"), (302, {"Location": "http://127.0.0.1:1/"}, b"")))


class Load:
    def __init__(self, server, clients, receiver, session):
        self.server, self.clients, self.receiver, self.session = server, clients, receiver, session
        self.stop, self.counts, self.lock = threading.Event(), {}, threading.Lock()
        self.said, self.folder = [], os.path.dirname(server.data_dir)  # `said`: by the commands that ran beside the server

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
        for path in ("/", "/templates", f"/templates/{template}", "/history", "/deliveries", "/settings/developer", "/settings/organization", "/settings/account"):
            client.raw("GET", self.server.url + path, headers={"Cookie": self.session})
        self.count("pages")

    def feed(self, rng, client, template):
        """As `docgenlab listen` does: take events as they come, and tell what came of them."""
        answer = client.raw("GET", f"/webhooks/events?name=l{rng.randrange(3)}&limit=5")
        self.count(f"feed {answer.status}")
        found = answer.json["items"] if answer.status == 200 else []
        for event in found:
            client.raw("POST", f"/webhooks/events/{event['id']}/result", {"timestamp": int(time.time()), "http_status": 200, "body": "x"})
        if answer.status == 200 and answer.json.get("cursor"):
            client.raw("GET", "/webhooks/events?wait=1&cursor=" + urllib.parse.quote(answer.json["cursor"]))

    def manage(self, rng, client, template):
        """What an operator does beside a running server, and what people change on the pages."""
        name = f"user{rng.randrange(4)}@test.example"
        commands = (("backup", os.path.join(self.folder, f"backup-{rng.randrange(1 << 40)}"), "--data", self.server.data_dir),
                    ("users", "create", "--email", name, "--role", "viewer", "--password-file", os.path.join(self.server.data_dir, "password.txt"), "--data", self.server.data_dir),
                    ("users", rng.choice(("disable", "enable", "delete")), "--email", name, "--data", self.server.data_dir),
                    ("orgs", "limit", "--rate-limit", "0", "--data", self.server.data_dir))
        done = subprocess.run([PROGRAM, *rng.choice(commands)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with self.lock:
            self.said.append(done.stderr.decode(errors="replace"))
        self.count("managed")

    def run(self, seed):
        rng = random.Random(seed)
        acts = (self.make, self.make, self.make, self.look, self.change, self.leave, self.pages, self.feed, self.manage)
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
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)
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


def reports(text):
    return REPORT.findall(text)


def alarm(program, folder):
    """Problems of the alarm itself: what a worker does wrong must be seen in the log."""
    from docx import write_docx
    from local import Client, Server
    data = os.path.join(folder, "alarm")
    key = Server.init(data)["api_key"]
    template = os.path.join(folder, "alarm.docx")
    write_docx(template, ["{{ name }}"])
    import local
    kept, local.PROGRAM = local.PROGRAM, program
    try:
        server = Server(data, options={"RATE_LIMIT_PER_MINUTE": 0, "RENDER_MEMORY_BYTES": 2 << 30})
        server.start(timeout=300)
        client = Client(server.url, key)
        id_ = client.upload_template("Alarm", template)["id"]
        for probe in ("overflow", "overrun"):
            client.wait_document(client.generate(id_, {"name": "x", "probe": probe}, "docx")["id"], timeout=300)
        server.stop(timeout=300)
    finally:
        local.PROGRAM = kept
    with open(server.log_path, encoding="utf-8", errors="replace") as fh:
        text = fh.read()
    return [f"a worker's {word} is not in the log {server.log_path}" for word in ("heap-buffer-overflow", "signed integer overflow") if word not in text]


def main():
    global PROGRAM
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("kind", choices=("thread", "address"))
    options.add_argument("program")
    options.add_argument("--seconds", type=float, default=12)
    chosen = options.parse_args()
    os.environ["DGL_PROGRAM"] = PROGRAM = os.path.abspath(chosen.program)
    from docx import write_docx
    from local import Client, Receiver, Server

    folder = tempfile.mkdtemp(prefix="docgenlab-sanitized-")
    with open(os.path.join(folder, "suppressions"), "w", encoding="ascii") as fh:
        fh.write(SUPPRESSIONS)
    os.environ["TSAN_OPTIONS"] = f"halt_on_error=0 exitcode=0 second_deadlock_stack=1 ignore_noninstrumented_modules=1 suppressions={folder}/suppressions"
    os.environ["ASAN_OPTIONS"] = "detect_leaks=1 abort_on_error=0 exitcode=99 allocator_may_return_null=1"
    os.environ["UBSAN_OPTIONS"] = "print_stacktrace=1 halt_on_error=0"
    problems = []
    hostile = os.path.join(os.path.dirname(PROGRAM), "..", "..", "tests", "hostile", "docgenlab-hostile")
    if chosen.kind == "address":
        problems += alarm(hostile, folder) if os.path.exists(hostile) else [f"{hostile} is not built"]
    data = os.path.join(folder, "data")
    first = Server.init(data, password=PASSWORD)
    server = Server(data, allow_nets="127.0.0.0/8", options={"RATE_LIMIT_PER_MINUTE": 0, "WEBHOOK_ALLOW_HTTP": "true", "RENDER_MEMORY_BYTES": 2 << 30,
                                                             "WEBHOOK_RETRY_SCHEDULE": "1,1,1"})
    with Receiver(answer=refusing) as receiver:
        server.start(timeout=300)
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
        status = server.stop(timeout=300)  # in the midst of it
        load.stop.set()
        for thread in threads:
            thread.join(70)
    print("   ", ", ".join(f"{what}: {count}" for what, count in sorted(load.counts.items())))
    if status != 0:
        problems.append(f"the server ended with status {status}")
    if not any(what.startswith("made 2") for what in load.counts):
        problems.append("no document was accepted")
    with open(server.log_path, encoding="utf-8", errors="replace") as fh:
        problems += reports(fh.read())
    problems += reports("\n".join(load.said))
    for problem in sorted(set(problems)):
        print(f"FAILED ({problems.count(problem)} times): {problem}")
    if not problems:
        shutil.rmtree(folder)
    else:
        print(f"The reports are in {server.log_path}.")
    print(f"{0 if problems else 1} passed, {len(set(problems))} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
