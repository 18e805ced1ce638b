"""A disk that fills up, fails or turns read-only, a machine without descriptors, memory or processes: told clearly, nothing
lost, resumed.

    python3 tests/torture/disk.py [NAME…]

A fault is real where that is possible (a small tmpfs filled to the last byte, the process's own descriptor limit) and
otherwise made by tests/torture/faults.c between the program and the system. In each case: documents are accepted, the fault
comes, accepting answers 503 with a sentence and /readyz says why; the fault goes, and without a restart the server is ready
again, everything it had accepted is ready, and nothing it had refused has become a document.
"""
import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
from docx import write_docx  # noqa: E402
from local import PATIENCE_S, PROGRAM, Client, Fail, Server, wait_until  # noqa: E402


class Case:
    def __init__(self, folder, shim):
        self.folder, self.data = folder, os.path.join(folder, "data")
        self.faults = os.path.join(folder, "faults")
        os.makedirs(self.faults)
        os.makedirs(self.data)
        self.shim, self.accepted, self.refused, self.unanswered = shim, [], [], 0
        self.options = {"RATE_LIMIT_PER_MINUTE": 0, "LOG_LEVEL": "info"}

    def prepare(self):
        key = Server.init(self.data)["api_key"]
        letter = os.path.join(self.folder, "letter.docx")
        write_docx(letter, ["Dear {{ name }},"])
        self.server = Server(self.data, options=self.options, log=os.path.join(self.folder, "server.log"))
        if self.shim:
            self.server.env.update(LD_PRELOAD=self.shim, DGL_FAULTS=self.faults)
        self.server.start()
        self.client = Client(self.server.url, key)
        self.template = self.client.upload_template("Letter", letter)["id"]

    def post(self, size=10):
        name = f"n{len(self.accepted)}-{len(self.refused)}"
        self.unanswered += 1
        answer = self.client.raw("POST", "/documents/", {"template_id": self.template, "output_format": "docx",
                                                          "input_json": {"name": name, "more": "x" * size}})
        self.unanswered -= 1
        if answer.status == 202:
            self.accepted.append(answer.json["id"])
        else:
            self.refused.append(name)
        return answer

    def readyz(self):
        return self.client.raw("GET", self.client.url + "/readyz")

    def expect_refusal(self, size=10, tries=400):
        """Posts until one is refused; its answer must be a 503 with a sentence, and /readyz must agree."""
        for _ in range(tries):
            answer = self.post(size)
            if answer.status != 202:
                break
        else:
            raise Fail(f"{tries} documents were accepted in spite of the fault")
        if answer.status != 503 or len(answer.json["detail"].split()) < 5:
            raise Fail(f"refused with {answer.status} {answer.body!r}")
        ready = self.readyz()
        if ready.status != 503 or len(ready.json["detail"].split()) < 5:
            raise Fail(f"/readyz says {ready.status} {ready.body!r} while documents are refused")
        print(f"    503: {answer.json['detail']}\n    /readyz: {ready.json['detail']}")

    def expect_recovery(self):
        wait_until(lambda: self.readyz().status == 200 and self.post().status == 202,
                   lambda: f"not ready after the fault had gone: {self.readyz().body!r}", pause=0.1)
        for document in self.accepted:
            found = self.client.wait_document(document)
            if found["status"] != "ready":
                raise Fail(f"{document} was accepted and is {found['status']}: {found['error_message']}")
            self.client.call("GET", f"/documents/{document}")

    def expect_balance(self):
        if self.server.stop() != 0:
            raise Fail(f"the server did not stop well: {self.server.log_tail()}")
        db = sqlite3.connect(os.path.join(self.data, "docgenlab.db"))
        rows = {row[0] for row in db.execute("SELECT id FROM documents")}
        names = {json.loads(row[0])["name"] for row in db.execute("SELECT json FROM inputs")}
        sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        db.close()
        extra = rows - set(self.accepted)  # at most those whose answer was lost
        if rows < set(self.accepted) or len(extra) > self.unanswered or names & set(self.refused) or sound != "ok":
            raise Fail(f"{len(rows)} rows for {len(self.accepted)} accepted, integrity {sound}, "
                       f"refused and there: {sorted(names & set(self.refused))[:3]}")

    def fault(self, what, number):
        os.symlink(str(number), os.path.join(self.faults, what))

    def mend(self):
        for name in os.listdir(self.faults):
            os.unlink(os.path.join(self.faults, name))


def mounted(case, size):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", case.data], check=True)


def full(case):
    mounted(case, "24m")
    case.prepare()
    for _ in range(5):
        case.post()
    ballast = os.path.join(case.data, "ballast")
    with open(ballast, "wb", buffering=0) as fh:
        try:
            while fh.write(b"x" * 65536):
                pass
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
    case.expect_refusal(size=20000)
    time.sleep(1)
    os.unlink(ballast)
    case.expect_recovery()


def injected(what, number):
    def run(case):
        case.prepare()
        for _ in range(5):
            case.post()
        case.fault(what, number)
        case.expect_refusal(tries=5)
        time.sleep(1)
        case.mend()
        case.expect_recovery()
    return run


def files_only(case):
    """Files cannot be made, the database can be written: accepting goes on, results wait."""
    case.prepare()
    case.fault("create", errno.ENOSPC)
    for _ in range(20):
        case.post()
    if case.refused:
        raise Fail("documents were refused although the database takes them")
    time.sleep(2)
    case.mend()
    case.expect_recovery()


def descriptors(case):
    case.prepare()
    for _ in range(3):
        case.post()
    for document in case.accepted:
        case.client.wait_document(document)
    pid = case.server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = max(int(fd) for fd in os.listdir(f"/proc/{pid}/fd")) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 1, before[1]))  # one connection, and no file besides
    for _ in range(6):
        try:
            case.post()
        except OSError:
            pass  # not even a connection
    time.sleep(12)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    case.expect_recovery()


def busy_workers(case):
    """Pids of the processes that render, by their name."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as fh:
                name, rest = fh.read().split("(", 1)[1].rsplit(")", 1)
            with open(f"/proc/{rest.split()[1]}/stat", encoding="ascii", errors="replace") as fh:
                parent = fh.read().rsplit(")", 1)[1].split()[1]
        except (OSError, IndexError):
            continue
        if name == "dgl-render" and int(parent) == case.server.process.pid:
            found.append(int(pid))
    return found


def fork(case):
    """No process can be forked and the workers die: documents are accepted and wait, /readyz says why."""
    case.prepare()
    case.fault("fork", errno.EAGAIN)
    for _ in range(2):
        for pid in busy_workers(case):
            os.kill(pid, signal.SIGKILL)
        ready = wait_until(lambda: said if b"none can be started" in (said := case.readyz()).body else None,
                           lambda: f"/readyz says {case.readyz().body!r} without a worker")
    for _ in range(20):
        case.post()
    with open(os.path.join(case.folder, "letter.docx"), "rb") as fh:
        upload = case.client.upload("/templates/", {"name": "Another", "file": ("letter.docx", fh.read())})
    print(f"    {ready.status}: {ready.json['detail']}\n    a template: {upload.status}: {upload.json['detail']}")
    if case.refused or ready.status != 503 or upload.status != 503 or len(upload.json["detail"].split()) < 5:
        raise Fail(f"{len(case.refused)} documents refused; /readyz {ready.status}; a template {upload.status}")
    time.sleep(1)
    case.mend()
    case.expect_recovery()


def worker_memory(case):
    """A worker's system gives it no more memory, at any moment: its document is tried again by another."""
    case.options["RENDER_WORKERS"] = 1
    case.prepare()
    starved = set()
    for size in range(6):
        case.post(1500000 * (size + 1))
        for pid in busy_workers(case):
            try:
                with open(f"/proc/{pid}/statm", encoding="ascii") as fh:
                    pages = int(fh.read().split()[0])
                resource.prlimit(pid, resource.RLIMIT_AS, ((pages << 12) + (size << 19), resource.RLIM_INFINITY))
                starved.add(pid)
            except OSError:
                pass  # it died just now
        case.client.wait_document(case.accepted[-1])
    alive = starved & set(busy_workers(case))
    print(f"    {len(starved)} workers were starved, {len(starved) - len(alive)} died of it")
    if len(starved) - len(alive) < 3:
        raise Fail("hardly a worker noticed")
    case.expect_recovery()


def server_memory(case):
    """The system gives the server itself no more memory: it ends, as by kill -9, and nothing accepted is lost."""
    case.prepare()
    for _ in range(5):
        case.post()
    pid = case.server.process.pid
    with open(f"/proc/{pid}/statm", encoding="ascii") as fh:
        pages = int(fh.read().split()[0])
    resource.prlimit(pid, resource.RLIMIT_AS, (pages << 12, resource.RLIM_INFINITY))
    for _ in range(200):
        try:
            case.post(100000)
        except OSError:
            break
    code = case.server.process.wait(PATIENCE_S)
    with open(case.server.log_path, encoding="utf-8") as fh:
        last = fh.read().strip().splitlines()[-1]
    print(f"    ended with {code}: {last[:120]}")
    if code != -signal.SIGABRT or "memory" not in last:
        raise Fail(f"ended with {code}: {last}")
    case.server.start()
    case.client.url = case.server.url
    case.expect_recovery()


def read_only(case):
    """Starting on a disk that is read-only says so and ends."""
    mounted(case, "8m")
    case.prepare()
    case.post()
    case.client.wait_document(case.accepted[0])
    case.server.stop()
    subprocess.run(["mount", "-o", "remount,ro", case.data], check=True)
    done = subprocess.run([PROGRAM, "serve"], env=case.server.env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=PATIENCE_S)
    last = done.stderr.decode().strip().splitlines()[-1:]
    print(f"    exit {done.returncode}: {' '.join(last)}")
    if done.returncode != 1 or "ead-only" not in " ".join(last):
        raise Fail(f"exit {done.returncode}: {done.stderr.decode()[-300:]}")
    subprocess.run(["mount", "-o", "remount,rw", case.data], check=True)
    case.server.start()
    case.client.url = case.server.url
    case.expect_recovery()


CASES = {"full": full, "sync-eio": injected("sync", errno.EIO), "write-eio": injected("write", errno.EIO),
         "write-erofs": injected("write", errno.EROFS), "files-only": files_only, "descriptors": descriptors,
         "fork": fork, "worker-memory": worker_memory, "server-memory": server_memory, "read-only": read_only}
REAL = ("full", "descriptors", "worker-memory", "server-memory", "read-only")  # without the shim


def main():
    wanted = sys.argv[1:] or list(CASES)
    folder = tempfile.mkdtemp(prefix="docgenlab-disk-")
    shim = os.path.join(folder, "faults.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, os.path.join(ROOT, "tests/torture/faults.c"), "-ldl"], check=True)
    passed = failed = 0
    for name in wanted:
        begun = time.monotonic()
        case = Case(os.path.join(folder, name), None if name in REAL else shim)
        print(f"{name}", flush=True)
        try:
            CASES[name](case)
            case.expect_balance()
            passed += 1
            print(f"    {len(case.accepted)} accepted and ready, {len(case.refused)} refused, {time.monotonic() - begun:.1f} s")
        except Exception as problem:
            failed += 1
            print(f"    FAILED: {type(problem).__name__}: {problem}")
            if getattr(case, "server", None):
                print("    " + case.server.log_tail(4)[-800:])
                if case.server.process.poll() is None:
                    case.server.kill()
        finally:
            subprocess.run(["umount", case.data], stderr=subprocess.DEVNULL)
    if not failed:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
