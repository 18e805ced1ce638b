"""Kills backup, restore, migrate and the rotation of the master key at every place that makes something durable.

    DGL_PROGRAM=build/failpoints/src/cli/docgenlab python3 tests/torture/operations.py [--only ops.backup_file]

A build with -Dfailpoints=true dies at the n-th passing of a named place (base/failpoint.h). Each command runs once whole, which
tells how often each place is passed, and then dies at the first, second, last but one and last passing of each. After each death
the command is given again, and everything must be there: a backup is whole or not there, a restored folder equals its backup, every
secret opens, a migrated database has the newest schema and all its rows.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]
from docx import write_docx  # noqa: E402
from local import Client, Fail, PATIENCE_S, PROGRAM, Server, clean_environment  # noqa: E402
from test_schemas import KEEP, shape, unpack, version_of  # noqa: E402

DOCUMENTS = 6


def call(*arguments, point=None, trace=None):
    environment = {}
    if point:
        environment["DGL_FAILPOINT"] = point
    if trace:
        environment["DGL_FAILPOINT_TRACE"] = trace
    return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S,
                          env=clean_environment(environment))


def whole(*arguments):
    done = call(*arguments)
    if done.returncode:
        raise Fail(f"{arguments[0]} again: {done.stderr.strip()}")
    return done.stdout


def make_base(folder):
    """A data folder with documents and a webhook secret; the secret."""
    data = os.path.join(folder, "base")
    key = Server.init(data)["api_key"]
    letter = os.path.join(folder, "letter.docx")
    write_docx(letter, ["Dear {{ name }}"])
    with Server(data, allow_nets="127.0.0.0/8", options={"WEBHOOK_ALLOW_HTTP": "true"}) as server:
        client = Client(server.url, key)
        template = client.upload_template("Letter", letter)["id"]
        client.call("PUT", "/webhooks/settings", {"webhook_url": "http://127.0.0.1:9/"})
        for number in range(DOCUMENTS):
            client.wait_document(client.generate(template, {"name": str(number)}, "docx")["id"])
        secret = client.call("GET", "/webhooks/secret")["secret"]
    return data, key, secret


def secret_of(data, key):
    with Server(data) as server:
        return Client(server.url, key).call("GET", "/webhooks/secret")["secret"]


def check_sums(folder):
    done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        raise Fail(f"the backup is not whole: {done.stdout.strip()}")


class Backup:
    def __init__(self, house):
        self.house = house

    def prepare(self, place):
        return ["backup", os.path.join(place, "backup"), "--data", self.house["data"], "--with-key"]

    def judge(self, place, arguments):
        to = os.path.join(place, "backup")
        if not os.path.exists(to):
            whole(*arguments)
        check_sums(to)
        with open(os.path.join(to, "backup.json"), encoding="utf-8") as fh:
            if json.load(fh)["files"] != DOCUMENTS + 1:
                raise Fail("the backup has other files")
        left = set(os.listdir(place)) - {"backup"}
        if left:
            raise Fail(f"left over: {left}")


class Restore:
    def __init__(self, house):
        self.house = house

    def prepare(self, place):
        return ["restore", self.house["backup"], "--data", os.path.join(place, "data")]

    def judge(self, place, arguments):
        data = os.path.join(place, "data")
        if os.path.exists(os.path.join(data, ".docgenlab-restore-in-progress")):
            refused = call("keys", "list", "--data", data)
            if refused.returncode != 1 or "not finished" not in refused.stderr:
                raise Fail(f"an unfinished restore was taken for a whole one: {refused.stderr.strip()}")
        if not os.path.exists(os.path.join(data, "docgenlab.db")) or os.path.exists(os.path.join(data, ".docgenlab-restore-in-progress")):
            whole(*arguments)
        shutil.copy(os.path.join(self.house["backup"], "SHA256SUMS"), data)
        check_sums(data)


class Rotate:
    verb = "rotate-master"

    def __init__(self, house):
        self.house = house

    def prepare(self, place):
        data = os.path.join(place, "data")
        shutil.copytree(self.house["data"], data)
        return ["keys", self.verb, "--data", data, "--download-url-ttl-s", "1"]

    def judge(self, place, arguments):
        whole(*arguments)
        if secret_of(os.path.join(place, "data"), self.house["key"]) != self.house["secret"]:
            raise Fail("the webhook's secret is another")


class Retire(Rotate):
    verb = "retire-master"

    def prepare(self, place):
        arguments = super().prepare(place)
        path = os.path.join(place, "data", "secret.key")
        whole("keys", "rotate-master", *arguments[2:])
        with open(path, encoding="ascii") as fh:
            words = [line.split()[0] for line in fh]
        with open(path, "w", encoding="ascii") as fh:
            fh.write("".join(f"{word} 2020-01-01T00:00:00Z\n" for word in words))
        return arguments

    def judge(self, place, arguments):
        super().judge(place, arguments)
        with open(os.path.join(place, "data", "secret.key"), encoding="ascii") as fh:
            if not fh.read().startswith("retired"):
                raise Fail("the old key is still in the file")


class Migrate:
    def __init__(self, house):
        self.house = house

    def prepare(self, place):
        data = os.path.join(place, "data")
        os.makedirs(data)
        self.expected = unpack("v1", data)
        for day in range(1, 6):  # of migrations that failed
            open(os.path.join(data, f"docgenlab.db.v1-2020-01-0{day}T00:00:00Z.backup"), "wb").close()
        return ["migrate", "--data", data]

    def judge(self, place, arguments):
        data = os.path.join(place, "data")
        whole(*arguments)
        database = os.path.join(data, "docgenlab.db")
        if shape(database) != shape(os.path.join(self.house["data"], "docgenlab.db")):
            raise Fail("the schema is another")
        if not any(version_of(copy) == 1 for copy in glob.glob(database + ".v1-*.backup")):
            raise Fail("there is no copy of the database as it was")
        if glob.glob(database + ".v1-2020*.backup") or os.path.exists(database + ".copying"):
            raise Fail(f"copies that have had their time are still there: {sorted(os.listdir(data))}")
        with Server(data, options=KEEP) as server:
            there = Client(server.url, self.expected["api_key"]).call("GET", "/documents/")["items"]
            if [d["id"] for d in there] != [d["id"] for d in self.expected["documents"]]:
                raise Fail("documents are missing")


def points_of(trace, only):
    counts = {}
    with open(trace, encoding="ascii") as fh:
        for name in fh.read().split():
            if name.startswith("ops."):
                counts[name] = counts.get(name, 0) + 1
    for name, count in counts.items():
        if not only or name == only:
            yield from ((name, n) for n in sorted({1, 2, count - 1, count} & set(range(1, count + 1))))


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only")
    chosen = options.parse_args()
    folder, begun, passed, failed = tempfile.mkdtemp(prefix="docgenlab-operations-"), time.monotonic(), 0, 0
    data, key, secret = make_base(folder)
    house = {"data": data, "key": key, "secret": secret, "backup": os.path.join(folder, "the-backup")}
    whole("backup", house["backup"], "--data", data, "--with-key")
    for operation in (Backup(house), Restore(house), Rotate(house), Retire(house), Migrate(house)):
        name, trace = type(operation).__name__.lower(), os.path.join(folder, "trace-" + type(operation).__name__)
        place = os.path.join(folder, name)
        os.makedirs(place)
        done = call(*operation.prepare(place), trace=trace)
        deaths = list(points_of(trace, chosen.only)) if os.path.exists(trace) else []
        if done.returncode or not deaths and not chosen.only:
            print(f"{name}: {done.stderr.strip() or 'passes no place; was the program built with -Dfailpoints=true?'}")
            failed += 1
            continue
        for point, count in deaths:
            place = os.path.join(folder, f"{name}-{point}-{count}")
            os.makedirs(place)
            try:
                arguments = operation.prepare(place)
                died = call(*arguments, point=f"{point}:{count}").returncode == -9
                operation.judge(place, arguments)
                problem = None if died else "it did not die"
            except (Fail, OSError, KeyError, ValueError, subprocess.SubprocessError) as caught:
                problem = f"{type(caught).__name__}: {caught}"
            passed, failed = passed + (not problem), failed + bool(problem)
            print(f"{name:<8} {point}:{count:<3} {problem or 'well'}", flush=True)
    print(f"{time.monotonic() - begun:.0f} s")
    if not failed:
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
