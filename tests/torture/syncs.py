"""Proves the order of syncs from the system's own record of calls (strace).

    python3 tests/torture/syncs.py

For every 202: the pages of the log that hold its row are written, then the log is synced, and only when that sync has
returned does the answer go out. For every file: its bytes are synced, it is renamed and its folder synced, all before a page
that names it is written to the log.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import stat
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
import local  # noqa: E402
from docx import write_docx  # noqa: E402

DOCUMENTS = 60
CALL = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+)(?: .*)? <(\d+\.\d+)>$")
CALLS = "pwrite64,fdatasync,fsync,renameat,renameat2,sendto,sendmsg,writev,write"


class Call:
    def __init__(self, match):
        self.begun = float(match.group(1))
        self.name, self.arguments, self.result = match.group(2), match.group(3), int(match.group(4))
        self.ended = self.begun + float(match.group(5))
        path = re.match(r"\d+<([^>]*)>", self.arguments)
        self.path = path.group(1) if path else ""


def read_calls(folder):
    calls = []
    for path in glob.glob(os.path.join(folder, "trace.*")):
        with open(path, encoding="utf-8", errors="replace") as fh:
            calls += [Call(m) for m in map(CALL.match, fh) if m]
    return sorted(calls, key=lambda call: call.begun)


def first(calls, test, after=0.0):
    return next((call for call in calls if call.begun >= after and call.result >= 0 and test(call)), None)


def check_answer(document, logs, syncs, sends):
    sent = first(sends, lambda call: "202 Accepted" in call.arguments and document in call.arguments)
    if not sent:
        return f"the 202 of {document} was not seen"
    written = first(logs, lambda call: document in call.arguments)
    if not written or written.begun > sent.begun:
        return f"{document} was answered before its row was written"
    synced = first(syncs, lambda call: call.path.endswith("docgenlab.db-wal"), written.ended)
    if not synced or synced.ended > sent.begun:
        return f"{document} was answered before the sync that covers it had returned"
    return None


def check_file(document, logs, syncs, renames):
    name = document + ".docx"
    renamed = first(renames, lambda call: name in call.arguments)
    if not renamed:
        return f"the file {name} was not seen"
    shard, temporary = re.findall(r"<([^>]*)>", renamed.arguments)[1], re.findall(r'"([^"]*)"', renamed.arguments)[0]
    bytes_synced = first(syncs, lambda call: call.path.endswith((f"/{name}", f"/{temporary}")))
    folder_synced = first(syncs, lambda call: call.path == shard, renamed.ended)
    named = first(logs, lambda call: f"/document/{name}" in call.arguments)
    if not (bytes_synced and folder_synced and named):
        return f"{name}: " + ", ".join(word for word, found in (("bytes", bytes_synced), ("folder", folder_synced),
                                                                ("row", named)) if not found) + " not seen"
    if max(bytes_synced.ended, folder_synced.ended) > named.begun:
        return f"{name} was named by a row before it and its folder were synced"
    parents = {os.path.dirname(shard), os.path.dirname(os.path.dirname(shard))}
    for parent in parents:
        synced = first(syncs, lambda call: call.path == parent)
        if not synced or synced.ended > named.begun:
            return f"{name} was named by a row before the folder {parent} was synced"
    return None


def main():
    folder = tempfile.mkdtemp(prefix="docgenlab-syncs-")
    data = os.path.join(folder, "data")
    key = local.Server.init(data)["api_key"]
    letter = os.path.join(folder, "letter.docx")
    write_docx(letter, ["Dear {{ name }},"])
    wrapper = os.path.join(folder, "traced")
    with open(wrapper, "w", encoding="ascii") as fh:
        fh.write(f"#!/bin/sh\nexec strace -D -f -ff -ttt -T -y -s 6000 -e trace={CALLS} -o {folder}/trace {local.PROGRAM} \"$@\"\n")
    os.chmod(wrapper, stat.S_IRWXU)
    local.PROGRAM = wrapper
    with local.Server(data, options={"RATE_LIMIT_PER_MINUTE": 0, "LOG_LEVEL": "warn"}) as server:
        client = local.Client(server.url, key)
        template = client.upload_template("Letter", letter)["id"]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            documents = list(pool.map(lambda n: client.generate(template, {"name": f"n{n}"}, "docx")["id"], range(DOCUMENTS)))
        for document in documents:
            client.wait_document(document)
    calls = read_calls(folder)
    logs = [call for call in calls if call.name == "pwrite64" and call.path.endswith("docgenlab.db-wal")]
    syncs = [call for call in calls if call.name in ("fsync", "fdatasync")]
    sends = [call for call in calls if call.name in ("sendto", "sendmsg", "writev", "write") and "HTTP/1.1 202" in call.arguments]
    renames = [call for call in calls if call.name.startswith("renameat")]
    problems = []
    for document in documents:
        problems += [p for p in (check_answer(document, logs, syncs, sends), check_file(document, logs, syncs, renames)) if p]
    print(f"{len(calls)} calls read: {len(logs)} pages of the log, {len(syncs)} syncs, {len(sends)} answers, {len(renames)} renames")
    for problem in problems[:20]:
        print("FAILED:", problem)
    print(f"{2 * len(documents) - len(problems)} passed, {len(problems)} failed")
    if not problems:
        shutil.rmtree(folder)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
