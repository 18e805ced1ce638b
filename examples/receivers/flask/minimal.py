# The smallest receiver: takes the webhook, saves the document. Good for a first try; see receiver.py for production.
import os

import requests
from flask import Flask, request

app = Flask(__name__)


@app.post("/webhooks/docgenlab")
def docgenlab_webhook():
    payload = request.get_json()
    if payload.get("status") == "completed":
        document = requests.get(payload["download_url"], timeout=30)
        document.raise_for_status()
        with open(f"document_{payload['job_id']}.pdf", "wb") as file:
            file.write(document.content)
    return "", 200


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "3000")))
