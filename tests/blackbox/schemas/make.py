"""Writes schemas/v<N>: a small data folder of the current schema as text, kept for ever once the version is released.

    python3 tests/blackbox/schemas/make.py

database.sql, secret.key, the files, and expected.json: what the API said. tests/blackbox/test_schemas.py migrates every such
folder to the newest schema and asks the API again. Made when a migration is about to be added, before it is.
"""
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]
from docx import write_docx  # noqa: E402
from local import Client, Receiver, Server, make_certificate  # noqa: E402


def dump(path):
    database = sqlite3.connect(path)
    lines = [line for line in database.iterdump() if "sqlite_sequence" not in line]
    lines += ["DELETE FROM sqlite_sequence;"]
    lines += [f"INSERT INTO sqlite_sequence VALUES('{name}',{seq});" for name, seq in database.execute("SELECT * FROM sqlite_sequence")]
    for pragma in ("user_version", "application_id"):
        lines.append(f"PRAGMA {pragma} = {database.execute(f'PRAGMA {pragma}').fetchone()[0]};")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return version, "\n".join(lines) + "\n"


def fill(folder):
    """Some of everything. What the API says of it, and the key it says it to."""
    data = os.path.join(folder, "data")
    first = Server.init(data, password="correct horse battery")
    authority, certificate, key = make_certificate(os.path.join(folder, "tls"))
    letter = os.path.join(folder, "letter.docx")
    write_docx(letter, ["Dear {{ name }}, {{ 100 / divisor }}"])
    refusals = []

    def answer(hook):
        refusals.append(hook)
        return (500, {}, b"no") if len(refusals) == 1 else (200, {}, b"")

    with Receiver(certificate, key, answer=answer) as receiver, \
            Server(data, ca_file=authority, allow_nets="127.0.0.0/8", options={"WEBHOOK_RETRY_SCHEDULE": "1,1"}) as server:
        client = Client(server.url, first["api_key"])
        template = client.upload_template("Letter", letter)["id"]
        client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
        for divisor in (1, 0):
            made = client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                       "input_json": {"name": "Ada", "divisor": divisor}},
                               headers={"Prefer": "wait=20", "X-Idempotency-Key": f"key-{divisor}"})["id"]
            while receiver.wait().payload["job_id"] != made:
                pass
        gone = client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                   "input_json": {"name": "Gone", "divisor": 1}}, headers={"Prefer": "wait=20"})["id"]
        receiver.wait()
        while any(item["status"] == "pending" for item in client.call("GET", "/webhooks/deliveries/")["items"]):
            time.sleep(0.1)
        client.call("DELETE", f"/documents/{gone}")
        expected = {"api_key": first["api_key"], "secret": client.call("GET", "/webhooks/secret")["secret"], "gone": gone,
                    "documents": client.call("GET", "/documents/")["items"], "templates": client.call("GET", "/templates/"),
                    "deliveries": client.call("GET", "/webhooks/deliveries/")["items"]}
    return data, expected


def main():
    folder = tempfile.mkdtemp(prefix="docgenlab-schema-")
    data, expected = fill(folder)
    version, sql = dump(os.path.join(data, "docgenlab.db"))
    to = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"v{version}")
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(os.path.join(data, "files"), os.path.join(to, "files"))
    shutil.copy(os.path.join(data, "secret.key"), to)
    with open(os.path.join(to, "database.sql"), "w", encoding="utf-8") as fh:
        fh.write(sql)
    with open(os.path.join(to, "expected.json"), "w", encoding="utf-8") as fh:
        json.dump(expected, fh, indent=1)
    shutil.rmtree(folder)
    print(to)


if __name__ == "__main__":
    main()
