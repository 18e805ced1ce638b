"""Rounds of kill -9 under load, then the books are balanced.

    python3 tests/torture/torture.py [--rounds 200] [--seed N] [--data DIR]

A round: start, load with distinct documents from several clients (some with idempotency keys, some that must fail, some
erased at once), a receiver that refuses some webhooks, SIGKILL at a random moment, now and then while the server is still
starting. After the last round the server is started once more and left alone until it has nothing to do. Then:

  every 202 is ready or failed, as its data demands, exactly once          one key, one document, over all retries
  every event reached its endpoint, under one webhook-id                   every file is whole, named by a row, and none is left over
  the database is sound (integrity_check, foreign_key_check)               nothing of the killed servers still runs

Only Python's standard library. The seed is printed; a seed gives the same choices, not the same timing.
"""
import argparse
import hashlib
import http.client
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
from docx import write_docx  # noqa: E402
from local import PATIENCE_S, PROGRAM, Client, Fail, Receiver, Server, wait_until  # noqa: E402

CLIENTS = 3
PAUSE_S = 0.03  # at most, between two requests: an endpoint takes 100 webhooks a second, and they must drain
SETTLE_S = 300


class Books:
    """What the outside world was told, and what it asked for without hearing an answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted = {}  # id -> must fail
        self.keys = {}      # idempotency key -> (body, must fail, id or None)
        self.erased, self.maybe_erased = set(), set()
        self.unanswered = 0
        self.answers = {}

    def count(self, status):
        with self.lock:
            self.answers[status] = self.answers.get(status, 0) + 1


class Load(threading.Thread):
    """One client that posts until its server dies."""

    def __init__(self, torture, number, seed):
        super().__init__(daemon=True)
        self.torture, self.books, self.number = torture, torture.books, number
        self.random = random.Random(seed)
        self.stopping = False
        where = urllib.parse.urlsplit(torture.server.url)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=PATIENCE_S)

    def send(self, method, path, body=None, headers=None):
        self.connection.request(method, "/api/v1" + path, body,
                                dict(headers or {}, **{"X-API-Key": self.torture.key, "Content-Type": "application/json"}))
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers

    def choose(self):
        """(body, must fail, key): new, or one whose answer never came."""
        with self.books.lock:
            open_keys = [k for k, v in self.books.keys.items() if v[2] is None]
        if open_keys and self.random.random() < 0.4:
            key = self.random.choice(open_keys)
            return self.books.keys[key][0], self.books.keys[key][1], key
        fails = self.random.random() < 0.1
        text = f"{self.number}-{self.random.getrandbits(64):016x}"
        body = json.dumps({"template_id": self.torture.template, "output_format": "docx",
                           "input_json": {"name": text, "divisor": 0 if fails else 1,
                                          "items": [text] * self.random.randrange(8)}}).encode()
        key = None
        if self.random.random() < 0.5:
            key = "key-" + text
            with self.books.lock:
                self.books.keys[key] = (body, fails, None)
        return body, fails, key

    def generate(self):
        body, fails, key = self.choose()
        with self.books.lock:
            self.books.unanswered += 1
        status, answer, headers = self.send("POST", "/documents/", body, {"X-Idempotency-Key": key} if key else None)
        self.books.count(status)
        with self.books.lock:
            self.books.unanswered -= 1
            if status != 202:
                return None
            document = json.loads(answer)["id"]
            if key:
                before = self.books.keys[key][2]
                if before not in (None, document):
                    raise Fail(f"{key} answered {before} and later {document}.")
                self.books.keys[key] = (body, fails, document)
            self.books.accepted[document] = fails
        return document

    def run(self):
        try:
            while not self.stopping:
                document = self.generate()
                time.sleep(self.random.uniform(0, PAUSE_S))
                if document and self.random.random() < 0.03:
                    with self.books.lock:
                        self.books.maybe_erased.add(document)
                    status, _, _ = self.send("DELETE", f"/documents/{document}")
                    if status in (204, 404):
                        with self.books.lock:
                            self.books.erased.add(document)
                    elif status != 503:
                        self.torture.problems.append(f"DELETE of {document} answered {status}")
        except Fail as problem:
            self.torture.problems.append(str(problem))
        except (OSError, http.client.HTTPException):
            pass  # the server died under it
        finally:
            self.connection.close()


class Torture:
    def __init__(self, folder, seed):
        self.data_dir = os.path.join(folder, "data")
        self.seed, self.random = seed, random.Random(seed)
        self.books, self.problems = Books(), []
        self.start_s = []

    def refuse_some(self, hook):
        """The first attempt of one event in eight is refused."""
        unlucky = hashlib.sha256(hook.headers["webhook-id"].encode()).digest()[0] < 32
        if unlucky and hook.headers["DocGenLab-Attempt"] == "1":
            return 500, {}, b"no"
        return 200, {}, b""

    def prepare(self, receiver):
        self.key = Server.init(self.data_dir)["api_key"]
        self.server = Server(self.data_dir, allow_nets="127.0.0.0/8",
                             options={"RATE_LIMIT_PER_MINUTE": 0, "WEBHOOK_ALLOW_HTTP": "true", "LOG_LEVEL": "warn",
                                      "WEBHOOK_RETRY_SCHEDULE": ",".join(["1"] * 12)})
        template = os.path.join(os.path.dirname(self.data_dir), "letter.docx")
        write_docx(template, ["Dear {{ name }}, {{ 100 / divisor }}", "{% for item in items %}", "- {{ item }}", "{% endfor %}"])
        with self.server:
            client = Client(self.server.url, self.key)
            self.template = client.upload_template("Letter", template)["id"]
            client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})

    def round(self):
        if self.random.random() < 0.12:  # while it starts
            with open(self.server.log_path, "ab") as log:
                process = subprocess.Popen([PROGRAM, "serve"], stdout=subprocess.DEVNULL, stderr=log,
                                           env=self.server.env)
            time.sleep(self.random.uniform(0, 0.08))
            process.kill()
            process.wait()
            return
        begun = time.monotonic()
        self.server.start()
        self.start_s.append(time.monotonic() - begun)
        clients = [Load(self, n, self.random.getrandbits(64)) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(self.random.uniform(0, 0.3))
        self.server.kill()
        for client in clients:
            client.join()

    def count(self, sql, *args):
        with sqlite3.connect(f"file:{self.data_dir}/docgenlab.db?mode=ro", uri=True) as db:
            return db.execute(sql, args).fetchone()[0]

    def settle(self):
        """The server runs until it has nothing left to do."""
        until = time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            if not self.count("SELECT count(*) FROM documents WHERE status < 2") and \
                    not self.count("SELECT count(*) FROM deliveries WHERE status = 0"):
                return
            time.sleep(0.1)
        self.problems.append("not settled within %d s: %d documents and %d deliveries open" % (
            SETTLE_S, self.count("SELECT count(*) FROM documents WHERE status < 2"),
            self.count("SELECT count(*) FROM deliveries WHERE status = 0")))

    def retry_keys(self):
        """Every key without an answer is asked once more; then each must have one document."""
        load = Load(self, 99, 0)
        for key, (body, fails, document) in list(self.books.keys.items()):
            status, answer, headers = load.send("POST", "/documents/", body, {"X-Idempotency-Key": key})
            if status != 202:
                self.problems.append(f"{key} asked again answered {status}")
                continue
            again = json.loads(answer)["id"]
            if document and again != document:
                self.problems.append(f"{key} answered {document} and later {again}")
            if document and headers.get("Idempotency-Replayed") != "true":
                self.problems.append(f"{key} asked again was not replayed")
            self.books.accepted[again] = fails
        load.connection.close()

    def check_documents(self, rows):
        load = Load(self, 98, 0)
        for document, fails in self.books.accepted.items():
            status, answer, _ = load.send("GET", f"/documents/{document}")
            if document in self.books.erased:
                if status != 404:
                    self.problems.append(f"{document} was erased and answers {status}")
                continue
            if status == 404 and document in self.books.maybe_erased:
                continue
            word = json.loads(answer).get("status") if status == 200 else status
            if word != ("failed" if fails else "ready"):
                self.problems.append(f"{document} must be {'failed' if fails else 'ready'} and is {word}")
            if document not in rows:
                self.problems.append(f"{document} was accepted and has no row")
            if word == "ready" and not json.loads(answer)["output_docx_path"]:
                self.problems.append(f"{document} is ready and has no file")
        load.connection.close()

    def check_events(self, receiver, db):
        reached, ids = {}, {}
        for hook in list(receiver.kept):
            ids.setdefault(hook.payload["job_id"], set()).add(hook.headers["webhook-id"])
            if self.refuse_some(hook)[0] == 200:
                reached.setdefault(hook.payload["job_id"], 0)
                reached[hook.payload["job_id"]] += 1
        for document, status, erased, events in db.execute(
                "SELECT d.id, d.status, d.erased_at_us, (SELECT count(*) FROM deliveries w WHERE w.document = d.seq)"
                " FROM documents d"):
            if erased and not events:
                continue  # erased before it was done: there is nothing to tell
            if events != 1:
                self.problems.append(f"{document} has {events} deliveries")
            if len(ids.get(document, ())) != 1:
                self.problems.append(f"{document} came under {len(ids.get(document, ()))} webhook-ids")
            if document not in reached:
                self.problems.append(f"the event of {document} reached nobody")
        return sum(reached.values())

    def files(self):
        base = os.path.join(self.data_dir, "files")
        for folder, _, names in os.walk(base):
            for name in names:
                parts = os.path.relpath(os.path.join(folder, name), base).split(os.sep)
                yield "/".join(parts), os.path.join(folder, name)

    def check_files(self, db):
        named = {}
        for uri, sha256 in db.execute("SELECT pdf_uri, pdf_sha256 FROM documents UNION ALL SELECT docx_uri, docx_sha256"
                                      " FROM documents UNION ALL SELECT blob_uri, sha256 FROM template_versions"):
            if uri:
                org, kind, name = uri[len("blob:"):].split("/")
                named[f"{org}/{kind}/{name}"] = sha256
        found = set()
        for place, path in self.files():
            parts = place.split("/")
            short = "/".join((parts[0], parts[1], parts[-1])) if len(parts) == 4 else place
            found.add(short)
            if short not in named:
                self.problems.append(f"the file {place} is named by no row")
                continue
            with open(path, "rb") as fh:
                if hashlib.sha256(fh.read()).digest() != named[short]:
                    self.problems.append(f"the file {place} has other bytes than its row says")
        for missing in set(named) - found:
            self.problems.append(f"the file {missing} is missing")
        return len(found)

    def wait_for_sweep(self):
        """Left-over files are removed in the background after a start."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            before = len(self.problems)
            with sqlite3.connect(f"file:{self.data_dir}/docgenlab.db?mode=ro", uri=True) as db:
                self.check_files(db)
            clean = len(self.problems) == before
            del self.problems[before:]
            if clean:
                return
            time.sleep(0.2)

    def check_survivors(self):
        """No process of a killed server stays alive: they would hold its data folder open."""
        alive = []

        def gone():
            alive.clear()
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/environ", "rb") as fh:
                        if f"DOCGENLAB_DATA_DIR={self.data_dir}\0".encode() in fh.read():
                            alive.append(pid)
                except OSError:
                    pass
            return not alive

        try:
            wait_until(gone, lambda: f"processes {alive} of a killed server are alive", 20)
        except Fail as problem:
            self.problems.append(str(problem))

    def balance(self, receiver):
        self.server.start()
        self.settle()
        self.retry_keys()
        self.settle()
        self.server.stop()
        self.server.start()  # what was finished by the last life is swept by the next
        self.wait_for_sweep()
        db = sqlite3.connect(f"file:{self.data_dir}/docgenlab.db?mode=ro", uri=True)
        rows = {row[0] for row in db.execute("SELECT id FROM documents")}
        self.check_documents(rows)
        events = self.check_events(receiver, db)
        extra = len(rows) - len(self.books.accepted)
        if extra > self.books.unanswered:
            self.problems.append(f"{extra} documents nobody was told of, but only {self.books.unanswered} answers were lost")
        self.server.stop()
        files = self.check_files(db)
        for pragma in ("integrity_check", "foreign_key_check"):
            found = [row for row in db.execute("PRAGMA " + pragma) if row[0] != "ok"]
            if found:
                self.problems.append(f"{pragma}: {found[:3]}")
        db.close()
        self.check_survivors()
        return {"documents": len(rows), "webhooks": events, "files": files, "erased": len(self.books.erased),
                "keys": len(self.books.keys), "answers lost": self.books.unanswered}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", 200)))
    options.add_argument("--seed", type=int, default=int(os.environ.get("SEED", random.SystemRandom().getrandbits(32))))
    options.add_argument("--data", help="a folder to use and to leave behind")
    chosen = options.parse_args()
    folder = chosen.data or tempfile.mkdtemp(prefix="docgenlab-torture-")
    torture = Torture(folder, chosen.seed)
    print(f"seed {chosen.seed}, {chosen.rounds} rounds, data in {torture.data_dir}", flush=True)
    begun = time.monotonic()
    with Receiver(answer=torture.refuse_some) as receiver:
        torture.prepare(receiver)
        for number in range(chosen.rounds):
            torture.round()
            if number % 50 == 49:
                print(f"{number + 1} rounds, {len(torture.books.accepted)} documents accepted, "
                      f"{time.monotonic() - begun:.0f} s", flush=True)
        figures = torture.balance(receiver)
    print(", ".join(f"{value} {name}" for name, value in figures.items()))
    print("answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(torture.books.answers.items())))
    starts = sorted(torture.start_s)
    if starts:
        print(f"start: median {1000 * starts[len(starts) // 2]:.0f} ms, longest {1000 * starts[-1]:.0f} ms; "
              f"{time.monotonic() - begun:.0f} s in all")
    for problem in torture.problems[:20]:
        print("FAILED:", problem)
    print(f"{chosen.rounds} passed, {len(torture.problems)} failed")
    if not chosen.data and not torture.problems:
        shutil.rmtree(folder)
    return 1 if torture.problems else 0


if __name__ == "__main__":
    sys.exit(main())
