"""What retention costs the requests beside it: a million old documents, deliveries and attempts are erased while documents are accepted.

    python3 bench/prune.py [--rows 1000000] [--seconds 20]

The same paced load (8 connections, about 400 documents a second) twice on the same folder: with retention off, then with all of
it due at once. The second run counts what was erased meanwhile, and the longest answer of each says whether anybody was held up.
"""
import argparse
import http.client
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "blackbox")]
from docx import write_docx  # noqa: E402
from fair import percentile  # noqa: E402
from local import Client, Server  # noqa: E402

CONNECTIONS, PAUSE_S = 8, 0.018
LONG_AGO = int((time.time() - 100 * 86400) * 1e6)
OLD = f"{LONG_AGO} + n"


def age(data, rows):
    """Old rows, copied from the one document, delivery and attempt that are there."""
    db = sqlite3.connect(os.path.join(data, "docgenlab.db"))
    numbers = f"WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {rows})"
    for table, changes in (("documents", {"seq": "seq + n", "id": "'old-' || n", "created_at_us": OLD, "finished_at_us": OLD, "docx_uri": "NULL"}),
                           ("inputs", {"document": "document + n"}),
                           ("deliveries", {"seq": "seq + n", "id": "'old-' || n", "document": "document + n", "created_at_us": OLD}),
                           ("attempts", {"key": "key + n * 65536"})):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(changes.get(column, column) for column in columns)
        db.execute(f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM (SELECT * FROM {table} LIMIT 1), t")
    for table in ("documents", "deliveries"):  # those copied from, too: rows grow old in the order they were made
        db.execute(f"UPDATE {table} SET created_at_us = {LONG_AGO} WHERE id NOT LIKE 'old-%'")
    db.execute("UPDATE documents SET finished_at_us = created_at_us")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def old_rows(data):
    db = sqlite3.connect(f"file:{data}/docgenlab.db?mode=ro", uri=True)
    try:
        return [db.execute(sql).fetchone()[0] for sql in ("SELECT count(*) FROM documents WHERE id LIKE 'old-%' AND erased_at_us = 0",
                                                          "SELECT count(*) FROM deliveries WHERE id LIKE 'old-%'")]
    finally:
        db.close()


def load(client, template, seconds):
    """Milliseconds of each answer, and how many there were."""
    where, found, until = urllib.parse.urlsplit(client.url), [], time.monotonic() + seconds
    body = json.dumps({"template_id": template, "input_json": {"name": "x"}, "output_format": "docx"})

    def one():
        connection = http.client.HTTPConnection(where.hostname, where.port)
        while time.monotonic() < until:
            begun = time.monotonic()
            connection.request("POST", "/api/v1/documents/", body, {"X-API-Key": client.api_key, "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise SystemExit(f"answered {answer.status}")
            found.append(1000 * (time.monotonic() - begun))
            time.sleep(PAUSE_S)

    threads = [threading.Thread(target=one) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def measure(row, rows=1000000, seconds=20):
    folder = tempfile.mkdtemp(prefix="docgenlab-prune-")
    data = os.path.join(folder, "data")
    key = Server.init(data)["api_key"]
    letter = os.path.join(folder, "letter.docx")
    write_docx(letter, ["Dear {{ name }},"])
    options = {"RATE_LIMIT_PER_MINUTE": 0, "LOG_LEVEL": "warn", "WEBHOOK_ALLOW_HTTP": "true", "WEBHOOK_RETRY_SCHEDULE": "1",
               "DOCUMENT_RETENTION_DAYS": 0, "DELIVERY_LOG_DAYS": 0}
    with Server(data, allow_nets="127.0.0.0/8", options=options) as server:
        client = Client(server.url, key)
        template = client.upload_template("Letter", letter)["id"]
        client.wait_document(client.generate(template, {"name": "x"}, "docx", webhook_url="http://127.0.0.1:9/")["id"])
        while client.call("GET", "/webhooks/deliveries/")["items"][0]["status"] == "pending":
            time.sleep(0.1)
    age(data, rows)
    for name, more in (("retention off", {}), ("retention at work", {"DOCUMENT_RETENTION_DAYS": 30, "DELIVERY_LOG_DAYS": 90})):
        with Server(data, allow_nets="127.0.0.0/8", options=dict(options, **more)) as server:
            client = Client(server.url, key)
            before, begun = old_rows(data), time.monotonic()
            found = load(client, template, seconds)
            after, took = old_rows(data), time.monotonic() - begun
            for what, value in (("p50", percentile(found, 50)), ("p99", percentile(found, 99)), ("longest", max(found))):
                row(f"accepting, {name}, {what} of {len(found):,}", value)
            for what, there, left in zip(("documents", "deliveries"), before, after):
                row(f"{what} erased, {name}", (there - left) / took, unit="/s", higher=True)
            server.stop()
    shutil.rmtree(folder)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=1000000)
    options.add_argument("--seconds", type=int, default=20)
    chosen = options.parse_args()

    def row(what, ours, peer="", peer_name="", unit="ms", higher=False):
        print(f"  {what:<52} {ours:>10,.1f} {unit}", flush=True)

    measure(row, chosen.rows, chosen.seconds)


if __name__ == "__main__":
    main()
