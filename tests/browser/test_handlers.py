"""The handlers shown on the Developer page, run as they are: genuine webhooks are taken once, others refused."""
import datetime
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from conftest import ROOT
from local import PATIENCE_S, free_port, wait_until
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HANDLERS = os.path.join(ROOT, "src", "server", "ui", "handlers")
NODE_MODULES = os.environ.get("NODE_PATH", os.path.join(ROOT, "build", "node", "node_modules"))


class Files:
    """Counts what is downloaded from it."""

    def __init__(self):
        self.fetched = []
        files = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                files.fetched.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"%PDF-1.7 of " + self.path.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"


@pytest.fixture
def files():
    made = Files()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["flask", "express"])
def handler(request, tmp_path):
    """(url, folder) of a running handler."""
    port = free_port()
    if request.param == "flask":
        script = tmp_path / "receiver.py"  # not flask.py, which would hide the module
        shutil.copy(os.path.join(HANDLERS, "flask.py"), script)
        command = [sys.executable, "-m", "flask", "--app", str(script), "run", "--port", str(port)]
    else:
        script = tmp_path / "express.mjs"
        shutil.copy(os.path.join(HANDLERS, "express.mjs"), script)
        os.symlink(NODE_MODULES, tmp_path / "node_modules")
        command = ["node", str(script)]
    env = dict(os.environ, WEBHOOK_SECRET=SECRET, PORT=str(port), PYTHONDONTWRITEBYTECODE="1")
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}/webhooks/docgenlab"
    wait_until(lambda: answers(url) or process.poll() is not None, "the handler does not listen")
    if process.poll() is not None:
        raise AssertionError(process.stderr.read().decode())
    yield url, tmp_path
    process.terminate()
    process.wait()
    process.stderr.close()


def answers(url):
    try:
        post(url, b"{}", {})
    except OSError:
        return False
    return True


def post(url, body, headers):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def signed(body, message_id="msg_1", age_s=0, secret=SECRET):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_s)
    signature = Webhook(secret).sign(message_id, when, body.decode())
    return {"webhook-id": message_id, "webhook-timestamp": str(int(when.timestamp())), "webhook-signature": signature}


def document(files, status="completed"):
    done = status == "completed"
    return json.dumps({"event": "document.generated", "job_id": "job-1", "status": status,
                       "download_url": files.url("job-1") if done else None,
                       "metadata": {"template_id": "t", "created_at": "2024-01-15T10:30:00Z",
                                    "error_message": None if done else "It went wrong."}}).encode()


def test_a_document_is_fetched_once(handler, files):
    url, folder = handler
    body = document(files)
    assert post(url, body, signed(body)) == 200
    saved = folder / "document_job-1.pdf"
    wait_until(lambda: saved.exists() and saved.read_bytes() == b"%PDF-1.7 of /job-1", "the document was not saved")
    assert post(url, body, signed(body)) == 200  # the same webhook-id again
    other = document(files).replace(b"job-1", b"job-2")
    assert post(url, other, signed(other, "msg_2")) == 200
    wait_until(lambda: (folder / "document_job-2.pdf").exists(), "the second document was not saved")
    assert sorted(files.fetched) == ["/job-1", "/job-2"]


def test_the_test_payload_and_failures_are_answered_200(handler, files):
    url, _ = handler
    test = b'{"event":"webhook.test","message":"This is a test webhook from DocGenLab"}'
    assert post(url, test, signed(test)) == 200
    failed = document(files, "failed")
    assert post(url, failed, signed(failed, "msg_3")) == 200
    assert files.fetched == []


def test_what_is_not_genuine_is_refused(handler, files):
    url, _ = handler
    body = document(files)
    good = signed(body)
    assert post(url, body.replace(b"job-1", b"job-9"), good) == 401
    assert post(url, body, signed(body, age_s=301)) == 401
    assert post(url, body, signed(body, secret="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")) == 401
    assert post(url, body, {}) == 401
    assert post(url, body, {**good, "webhook-signature": "v1,"}) == 401
    assert post(url, body, {**good, "webhook-timestamp": "soon"}) == 401
    assert post(url, body, {**good, "webhook-signature": "v1,AAAA " + good["webhook-signature"]}) == 200
    wait_until(lambda: files.fetched == ["/job-1"], "the document was not fetched")
