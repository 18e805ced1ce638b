"""A webhook receiver for production.

It checks the signature, puts the event on disk, answers 200 at once and does the work in the background. An event that
comes twice (retries, a repeat after a crash) is worked on once; one that was taken is never lost, even when this
program stops in the middle.

    WEBHOOK_SECRET   whsec_… from Settings → Developer; several separated by commas while a secret is being rotated
    PORT             3000
    HOST             127.0.0.1
    OUTPUT_DIR       .            document_<job id>.pdf goes there
    TLS_CERT_FILE, TLS_KEY_FILE   serve https; most people leave that to a proxy in front
"""
import base64
import binascii
import hashlib
import hmac
import json
import logging
import os
import pathlib
import queue
import re
import sys
import threading
import time

import requests
from flask import Flask, request

OUTPUT_DIR = pathlib.Path(os.environ.get("OUTPUT_DIR", "."))
INBOX = OUTPUT_DIR / ".webhooks" / "inbox"  # taken, not done yet
DONE = OUTPUT_DIR / ".webhooks" / "done"
TOLERANCE_S = 300
NAME = re.compile(r"^[A-Za-z0-9_-]{1,100}$")  # ids become file names

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 20
work = queue.Queue()
log = logging.getLogger("receiver")


def secrets():
    keys = []
    for text in os.environ.get("WEBHOOK_SECRET", "").split(","):
        try:
            key = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = b""
        if not text.strip().startswith("whsec_") or not key:
            sys.exit("WEBHOOK_SECRET is missing or is not a whsec_… secret")
        keys.append(key)
    return keys


def signature_is_good(keys, headers, body):
    """Standard Webhooks 1.0.0: any v1 signature of the list, under any of our secrets."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not NAME.match(message_id) or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    good = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    for entry in headers.get("webhook-signature", "").split(" "):
        version, _, signature = entry.partition(",")
        if version == "v1" and any(hmac.compare_digest(signature.encode(), g.encode()) for g in good):
            return True
    return False


def write_durably(path, data):
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


@app.post("/webhooks/docgenlab")
def take():
    body = request.get_data()  # the exact bytes: the signature covers them
    if not signature_is_good(app.config["KEYS"], request.headers, body):
        return {"error": "bad signature"}, 401
    name = request.headers["webhook-id"] + ".json"
    if not (INBOX / name).exists() and not (DONE / name).exists():
        write_durably(INBOX / name, body)
        work.put(name)
    return "", 200


def save_document(payload):
    job_id = payload["job_id"]
    if not NAME.match(job_id):
        raise ValueError(f"strange job id {job_id!r}")
    with requests.get(payload["download_url"], timeout=60) as answer:
        if 400 <= answer.status_code < 500:  # expired or deleted: trying again will not help
            log.warning("document %s cannot be downloaded: %d", job_id, answer.status_code)
            return
        answer.raise_for_status()
        kind = "docx" if "wordprocessingml" in answer.headers.get("Content-Type", "") else "pdf"
        path = OUTPUT_DIR / f"document_{job_id}.{kind}"
        write_durably(path, answer.content)
    log.info("saved %s (%d bytes)", path, path.stat().st_size)


def handle(payload):
    if payload.get("event") != "document.generated":
        log.info("nothing to do for %s", payload.get("event"))
    elif payload.get("status") == "completed" and payload.get("download_url"):
        save_document(payload)
    elif payload.get("status") == "completed":
        log.info("document %s was deleted meanwhile", payload["job_id"])
    else:
        log.warning("document %s failed: %s", payload["job_id"], payload["metadata"]["error_message"])


def run_worker():
    while True:
        name = work.get()
        try:
            handle(json.loads((INBOX / name).read_bytes()))
            os.replace(INBOX / name, DONE / name)
        except requests.RequestException as problem:
            log.warning("%s: %s; trying again in 30 s", name, problem)
            threading.Timer(30, work.put, [name]).start()
        except Exception:
            log.exception("%s stays in %s", name, INBOX)


def main():
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    app.config["KEYS"] = secrets()
    INBOX.mkdir(parents=True, exist_ok=True)
    DONE.mkdir(parents=True, exist_ok=True)
    for path in sorted(INBOX.glob("*.json")):  # taken before the last stop
        work.put(path.name)
    threading.Thread(target=run_worker, daemon=True).start()
    tls = (os.environ.get("TLS_CERT_FILE"), os.environ.get("TLS_KEY_FILE"))
    app.run(host=os.environ.get("HOST", "127.0.0.1"), port=int(os.environ.get("PORT", "3000")), threaded=True,
            ssl_context=tls if all(tls) else None)


if __name__ == "__main__":
    main()
