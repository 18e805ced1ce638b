# pip install flask
import base64, hashlib, hmac, json, os, shutil, threading, time, urllib.request
from flask import Flask, request

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
app = Flask(__name__)
seen = set()  # keep these in your database: the same webhook-id may come twice


def is_genuine(body):
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isascii() or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest())
    given = request.headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(expected, signature) for signature in given)


def fetch_document(payload):
    with urllib.request.urlopen(payload["download_url"], timeout=60) as answer:
        with open(f"document_{payload['job_id']}.pdf", "wb") as file:
            shutil.copyfileobj(answer, file)


@app.post("/webhooks/docgenlab")
def docgenlab():
    body = request.get_data()
    if not is_genuine(body):
        return "", 401
    payload = json.loads(body)
    message_id = request.headers["webhook-id"]
    if payload["event"] == "document.generated" and message_id not in seen:
        seen.add(message_id)
        if payload["status"] == "completed":
            threading.Thread(target=fetch_document, args=[payload]).start()
        else:
            app.logger.error("Document failed: %s", payload["metadata"]["error_message"])
    return "", 200


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "3000")))
