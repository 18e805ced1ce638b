"""Workers that were taken over: build/<…>/docgenlab-hostile tries what an attacker would (tests/hostile/hostile.c).

For each probe: what it tried was not possible, or its worker was stopped and the document failed with a reason; the same server, never
restarted, then makes an honest document for somebody else, and the file it reached for is as it was.
"""
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
os.environ["DGL_PROGRAM"] = os.environ.get("DGL_HOSTILE_PROGRAM", os.path.join(ROOT, "build", "release", "tests", "hostile", "docgenlab-hostile"))
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]
from docx import paragraph, text_lines, write_docx  # noqa: E402
from local import Client, Server  # noqa: E402

REFUSED = ("inet", "local-socket", "read-file", "write-file", "change-file", "move-file", "make-file", "server-memory", "fork-bomb",
           "server-signal", "server-limits", "shared-memory", "many-descriptors", "executable-memory")
STOPPED = ("trace", "read-server", "run-shell", "ring", "memory-bomb", "spin", "hang", "garbage", "flood", "fetch-inside")
OFFICE_REFUSED = ("inet", "local-socket", "write-file", "change-file", "move-file", "make-file", "server-memory", "fork-bomb", "server-signal",
                  "server-limits", "shared-memory")
LANDLOCK = ("read-file", "write-file", "make-file", "move-file", "server-memory")  # without it the files of the user are open
LEFT_BEHIND = ("/tmp/docgenlab-hostile", "/tmp/docgenlab-hostile-dir", "/tmp/docgenlab-hostile-link", "/tmp/docgenlab-moved", "/tmp/docgenlab-link")


def has_landlock():
    try:
        with open("/sys/kernel/security/lsm", encoding="ascii") as fh:
            return "landlock" in fh.read()
    except OSError:
        return os.uname().release.split(".")[:2] >= ["5", "13"]


class Trial:
    def __init__(self, folder):
        self.passed, self.problems = 0, []
        self.data = os.path.join(folder, "data")
        key = Server.init(self.data)["api_key"]
        self.target = os.path.join(folder, "precious")
        with open(self.target, "wb") as fh:
            fh.write(os.urandom(1000))
        os.chmod(self.target, 0o600)
        self.state = self.look()
        self.server = Server(self.data, options={"RATE_LIMIT_PER_MINUTE": 0, "RENDER_TIMEOUT_MS": 2000, "RENDER_MEMORY_BYTES": 256 << 20})
        self.server.env["HOSTILE_PATH"] = self.target
        self.server.start()
        self.client = Client(self.server.url, key)
        letter = os.path.join(folder, "letter.docx")
        write_docx(letter, ["Dear {{ name }},"])
        self.template = self.client.upload_template("Letter", letter)["id"]

    def look(self):
        st = os.stat(self.target)
        with open(self.target, "rb") as fh:
            return hashlib.sha256(fh.read()).hexdigest(), st.st_mode, st.st_uid, st.st_mtime_ns

    def expect(self, good, sentence):
        if good:
            self.passed += 1
        else:
            self.problems.append(sentence)

    def run(self, probe):
        made = self.client.generate(self.template, {"name": "x", "probe": probe, "path": self.target}, "docx")
        return self.client.wait_document(made["id"])

    def all_is_well(self, probe):
        made = self.client.wait_document(self.client.generate(self.template, {"name": probe}, "docx")["id"])
        text = text_lines(self.client.raw("GET", f"/documents/{made['id']}/download").body) if made["status"] == "ready" else made
        self.expect(text == [f"Dear {probe},"], f"after {probe} an honest document is {text}")
        self.expect(self.server.process.poll() is None, f"after {probe} the server is gone")
        self.expect(self.look() == self.state, f"after {probe} the precious file is another one")
        self.expect(not [p for p in LEFT_BEHIND if os.path.lexists(p)], f"{probe} made a file outside")

    def native(self):
        for probe in REFUSED + ("descriptors",):
            document = self.run(probe)
            said = str(document["error_message"])
            self.expect(document["status"] == "failed" and f"probe {probe}: refused" in said, f"{probe}: {document['status']}, {said}")
            if probe == "descriptors":  # its socket, and files that cannot be changed: nothing else of the server's
                held = re.findall(r"\d+:(\w+)(?::(\d))?", said.split("refused; ")[-1])
                self.expect(held and all(kind == "socket" or sealed == "1" for kind, sealed in held) and
                            sum(kind == "socket" for kind, _ in held) == 1, f"the worker holds {said}")
            self.all_is_well(probe)
        for probe in STOPPED:
            document = self.run(probe)
            self.expect(document["status"] == "failed" and "possible" not in str(document["error_message"]) and document["error_message"],
                        f"{probe}: {document['status']}, {document['error_message']}")
            self.all_is_well(probe)

    def office(self):
        """Whatever came before, LibreOffice's process tries all of its probes when it starts, and then works."""
        self.expect(self.server.stop() == 0, "the server did not stop well")
        self.server.env["DOCGENLAB_RENDER_TIMEOUT_MS"] = "60000"  # the short one was for probes that hang
        self.client.url = self.server.start().url
        path = os.path.join(os.path.dirname(self.data), "declined.docx")
        write_docx(path, [], body_xml=paragraph("Hello") + '<w:altChunk r:id="rId9"/>')  # the native engine declines it
        template = self.client.upload_template("Declined", path)["id"]
        made = self.client.wait_document(self.client.generate(template, {"name": "x"}, "pdf")["id"])
        self.expect((made["status"], made["engine"]) == ("ready", "libreoffice"), f"LibreOffice's document is {made}")
        said = {}
        for folder, _, files in os.walk(os.path.join(self.data, "scratch")):
            for name in files:
                if name == "probes":
                    with open(os.path.join(folder, name), encoding="utf-8") as fh:
                        said.update(re.findall(r"probe ([\w-]+): (\w+)", fh.read()))
        for probe in OFFICE_REFUSED + ("read-file",):
            if has_landlock() or probe not in LANDLOCK:
                self.expect(said.get(probe) == "refused", f"LibreOffice's process, {probe}: {said.get(probe)}")
        self.all_is_well("office")


def main():
    folder = tempfile.mkdtemp(prefix="docgenlab-hostile-")
    trial = Trial(folder)
    begun = time.monotonic()
    try:
        for name, run in (("native", trial.native), ("office", trial.office)):
            run()
            print(f"{name} ({time.monotonic() - begun:.0f} s)", flush=True)
    except BaseException:
        trial.server.kill()
        raise
    trial.expect(trial.server.stop() == 0, "the server did not stop well")
    for problem in trial.problems:
        print("FAILED:", problem)
    if not trial.problems:
        shutil.rmtree(folder)
    print(f"{trial.passed} passed, {len(trial.problems)} failed")
    return 1 if trial.problems else 0


if __name__ == "__main__":
    sys.exit(main())
