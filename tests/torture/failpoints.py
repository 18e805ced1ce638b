"""Dies at every write point of a job's, a delivery's and a letter's life, one after the other, and balances the books each time.

    build/venv/bin/python tests/torture/failpoints.py [--all] [--only NAME[:COUNT]] [--jobs 4]

Needs a program built with -Dfailpoints=true (DGL_PROGRAM). The names are found in the sources (base/failpoint.h); one traced
run of the golden jobs tells how often each is passed. Then, for every name and count, a fresh data folder: start, golden
jobs, death at that place, start again, the same jobs asked for once more, and the checks of torture.py. By default the first
two passages and the last one of each name; --all takes every passage.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from torture import PATIENCE_S, ROOT, Client, Fail, Load, Receiver, Server, Torture, wait_until, write_docx  # noqa: E402
from fontkit import VARY  # noqa: E402
from mailbox_server import Mailbox  # noqa: E402

PASSWORD = "correct horse battery"
GOLDEN = [("golden-good", 1, 5), ("golden-bad", 0, 1), ("golden-erased", 1, 2)]


def names():
    found = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "src")):
        for name in files:
            if name.endswith(".c"):
                with open(os.path.join(folder, name), encoding="utf-8") as fh:
                    found.update(re.findall(r'DGL_FAILPOINT\("([^"]+)"\)', fh.read()))
    return sorted(name for name in found if not name.startswith("ops."))  # those: operations.py


class Run(Torture):
    """One life of the golden jobs, ended at one place, and the life after it."""

    def __init__(self, folder, base, mailbox, point=None, trace=None):
        super().__init__(folder, 1)
        self.mailbox, self.guest = mailbox, f"guest-{(point or 'golden').replace(':', '-')}@test.example"
        shutil.copytree(base, self.data_dir)
        with open(os.path.join(base, "first.json"), encoding="utf-8") as fh:
            self.key = json.load(fh)["api_key"]
        self.server = Server(self.data_dir, allow_nets="127.0.0.0/8",
                             options={"RATE_LIMIT_PER_MINUTE": 0, "WEBHOOK_ALLOW_HTTP": "true", "LOG_LEVEL": "warn",
                                      "WEBHOOK_RETRY_SCHEDULE": ",".join(["1"] * 12), "RENDER_WORKERS": 1,
                                      "SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}", "MAIL_FROM": "docgenlab@server.example"})
        self.point, self.trace, self.template, self.refused = point, trace, None, set()

    def refuse_some(self, hook):
        """The first attempt of the failed document's event."""
        if hook.payload["status"] == "failed" and hook.headers["DocGenLab-Attempt"] == "1":
            return 500, {}, b"no"
        return 200, {}, b""

    def golden(self, receiver):
        load = Load(self, 1, 1)
        try:
            status, answer, _ = load.send("PUT", "/webhooks/settings", json.dumps({"webhook_url": receiver.url()}))
            if status != 200:
                raise Fail(f"PUT settings answered {status}: {answer!r}")
            if not self.template:
                letter = os.path.join(os.path.dirname(self.data_dir), "letter.docx")
                write_docx(letter, ["Dear {{ name }}, {{ 100 / divisor }}", "{% for item in items %}", "- {{ item }}", "{% endfor %}"])
                self.template = Client(self.server.url, self.key).upload_template("Letter", letter)["id"]
            for key, divisor, lines in GOLDEN:
                body = json.dumps({"template_id": self.template, "output_format": "docx",
                                   "input_json": {"name": key, "divisor": divisor, "items": [key] * lines}}).encode()
                before = self.books.keys.get(key, (None, None, None))[2]
                self.books.keys[key] = (body, divisor == 0, before)
                self.books.unanswered += 1
                status, answer, _ = load.send("POST", "/documents/", body, {"X-Idempotency-Key": key})
                if status != 202:
                    raise Fail(f"{key} answered {status}: {answer!r}")
                self.books.unanswered -= 1
                document = json.loads(answer)["id"]
                if before not in (None, document):
                    raise Fail(f"{key} answered {before} and later {document}")
                self.books.keys[key] = (body, divisor == 0, document)
                self.books.accepted[document] = divisor == 0
            self.wait_until_told(load, receiver)
            document = self.books.keys["golden-erased"][2]
            self.books.maybe_erased.add(document)
            status, _, _ = load.send("DELETE", f"/documents/{document}")
            if status in (204, 404):
                self.books.erased.add(document)
            self.invite()
            self.fonts()
            wait_until(lambda: load.send("GET", "/templates/")[0] == 200 and not self.versions_left(),
                       lambda: f"{self.versions_left()} versions of a deleted template are left", pause=0.01)
        finally:
            load.connection.close()

    def fonts(self):
        """One takes the place of another, and is deleted: whenever it dies, rows and files are of a kind at the end."""
        client = Client(self.server.url, self.key)
        with open(VARY, "rb") as fh:
            font = fh.read()
        made = [client.upload("/fonts/", {"file": (name, font)}) for name in ("first.ttf", "second.ttf")]
        if [answer.status for answer in made] != [201, 201]:
            raise Fail(f"fonts were refused: {made[0].body!r} {made[1].body!r}")
        if client.raw("DELETE", f"/fonts/{made[1].json['id']}").status != 204:
            raise Fail("a font could not be deleted")

    def versions_left(self):
        return self.count("SELECT count(*) FROM template_versions v JOIN templates t ON t.seq = v.template WHERE t.deleted_at_us > 0")

    def check_templates(self):
        """Of the template that lay deleted in the base, nothing is left; the golden one has its file."""
        top = os.path.join(self.data_dir, "files")
        files = [name for at, _, names in os.walk(top) for name in names if "template" in os.path.relpath(at, top).split(os.sep)]
        rows = self.count("SELECT count(*) FROM template_versions")
        if len(files) != rows or self.versions_left():
            self.problems.append(f"{rows} versions of templates and {len(files)} files of them are left")

    def check_fonts(self):
        files = [name for _, _, names in os.walk(os.path.join(self.data_dir, "files")) for name in names if name.endswith(".font")]
        rows = self.count("SELECT count(*) FROM fonts")
        if files or rows:
            self.problems.append(f"{rows} fonts and {len(files)} files of fonts are left")

    def letters(self):
        return sum(self.guest in recipients for _, recipients, _ in list(self.mailbox.letters))

    def invite(self):
        """By the page, as an admin does. A letter that is on its way comes without being asked for again."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

        def send(page, action, **fields):
            token = re.search(r'name="csrf" value="([^"]+)"', browser.open(self.server.url + page, timeout=PATIENCE_S).read().decode()).group(1)
            body = urllib.parse.urlencode(dict(fields, csrf=token)).encode()
            return browser.open(urllib.request.Request(self.server.url + action, body, {"Origin": self.server.url}), timeout=PATIENCE_S).read().decode()

        send("/sign-in", "/sign-in", email="admin@test.example", password=PASSWORD)
        place = "/settings/organization"
        page = browser.open(self.server.url + place, timeout=PATIENCE_S).read().decode()
        if not self.count("SELECT count(*) FROM letters") and not self.letters():
            user = re.search(r'action="(/settings/organization/users/[^"/]+/link)"', page)  # there already, the letter is not
            send(place, user.group(1)) if user else send(place, place + "/users", email=self.guest, name="", role="viewer")
        wait_until(lambda: self.letters() and not self.count("SELECT count(*) FROM letters"),
                   lambda: f"{self.letters()} letters came and {self.count('SELECT count(*) FROM letters')} wait", pause=0.01)

    def wait_until_told(self, load, receiver):
        def told():
            status, answer, _ = load.send("GET", "/webhooks/deliveries/?status=pending")
            reached = {hook.payload["job_id"] for hook in list(receiver.kept)}
            return status == 200 and not json.loads(answer)["items"] and set(self.books.accepted) - self.books.maybe_erased <= reached

        wait_until(told, "the golden jobs were not told of", pause=0.01)

    def live(self, receiver, **environment):
        """Start, jobs, stop. Whether it died."""
        self.server.env = {k: v for k, v in self.server.env.items() if not k.startswith("DGL_FAILPOINT")}
        self.server.env.update(environment)
        try:
            self.server.start()
            self.golden(receiver)
        except Exception as problem:  # whatever a dying server looks like from outside
            try:
                self.server.process.wait(PATIENCE_S if environment else 0.1)
            except Exception:
                self.server.stop()
                self.problems.append(f"the server lives and the jobs failed: {problem}")
                return False
        code = self.server.stop()
        if code not in (0, -9):
            self.problems.append(f"the server ended with {code}: {self.server.log_tail()}")
        return code == -9

    def whole(self):
        """Problems found, and whether the point was reached."""
        with Receiver(answer=self.refuse_some) as receiver:
            environment = {"DGL_FAILPOINT": self.point} if self.point else {}
            if self.trace:
                environment["DGL_FAILPOINT_TRACE"] = self.trace
            died = self.live(receiver, **environment)
            if self.live(receiver):
                self.problems.append("died without a reason")
            self.balance(receiver)
            self.check_fonts()
            self.check_templates()
        return self.problems, died


def one(folder, base, mailbox, point):
    place = os.path.join(folder, point.replace(":", "-"))
    os.makedirs(place)
    try:
        problems, died = Run(place, base, mailbox, point).whole()
    except Exception as problem:
        problems, died = [f"{type(problem).__name__}: {problem}"], True
    if not problems:
        shutil.rmtree(place)
    return point, problems, died


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--all", action="store_true")
    options.add_argument("--only")
    options.add_argument("--jobs", type=int, default=4)
    chosen = options.parse_args()
    folder = tempfile.mkdtemp(prefix="docgenlab-failpoints-")
    with Mailbox() as mailbox:
        return sweep(folder, chosen, mailbox)


def leave_deleted_template(data, key, place):
    """Two versions of a template that was deleted long ago: the keeper removes them in every life."""
    letter = os.path.join(place, "old.docx")
    with Server(data) as server:
        client = Client(server.url, key)
        for text in ("Dear {{ name }}", "Hello {{ name }}"):
            write_docx(letter, [text])
            with open(letter, "rb") as fh:
                file = (os.path.basename(letter), fh.read())
            if text.startswith("Dear"):
                template = client.upload("/templates/", {"name": "Old", "file": file}).json["id"]
            else:
                client.upload(f"/templates/{template}", {"file": file}, method="PUT")
        client.raw("DELETE", f"/templates/{template}")
    with sqlite3.connect(os.path.join(data, "docgenlab.db")) as db:
        if db.execute("UPDATE templates SET deleted_at_us = 1 WHERE deleted_at_us > 0 AND version = 2").rowcount != 1:
            raise Fail("there is no deleted template of two versions")
    db.close()


def sweep(folder, chosen, mailbox):
    begun = time.monotonic()
    base = os.path.join(folder, "base")
    first = Server.init(base, password=PASSWORD)
    with open(os.path.join(base, "first.json"), "w", encoding="utf-8") as fh:
        json.dump(first, fh)
    leave_deleted_template(base, first["api_key"], folder)
    trace = os.path.join(folder, "trace")
    problems, _ = Run(os.path.join(folder, "golden"), base, mailbox, trace=trace).whole()
    if problems or not os.path.exists(trace):
        print("\n".join(problems) or "the program was built without -Dfailpoints=true")
        print("0 passed, 1 failed")
        return 1
    counts = {}
    with open(trace, encoding="ascii") as fh:
        for name in fh.read().split():
            counts[name] = counts.get(name, 0) + 1
    points = []
    for name in names():
        passed = counts.get(name, 0)
        if passed == 0:
            print(f"{name:<28} is not passed by the golden jobs")
        wanted = range(1, passed + 1) if chosen.all else sorted({1, 2, max(passed - 1, 1), passed} & set(range(1, passed + 1)))
        points += [f"{name}:{count}" for count in wanted]
    if chosen.only:
        points = [p for p in points if p == chosen.only or p.split(":")[0] == chosen.only]
    failed = reached = 0
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        for point, problems, died in pool.map(lambda p: one(folder, base, mailbox, p), points):
            reached += died
            failed += bool(problems)
            print(f"{point:<28} {'died' if died else 'not reached'}{'' if not problems else ': ' + problems[0]}", flush=True)
            for problem in problems[1:6]:
                print(f"{'':<28} {problem}")
    unpassed = [name for name in names() if name not in counts and not chosen.only]
    print(f"{len(names())} places, {sum(counts.values())} passages by the golden jobs, {len(points)} deaths tried, {reached} died, "
          f"{time.monotonic() - begun:.0f} s")
    failed += len(unpassed)
    print(f"{len(points) - failed} passed, {failed} failed")
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
