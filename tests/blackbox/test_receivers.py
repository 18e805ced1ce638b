"""The example receivers, run for real, and independent verifiers of our signatures."""
import json
import os
import shutil
import ssl
import subprocess
import sys
import time

import pytest
import standardwebhooks
from local import PATIENCE_S, ROOT, clean_environment, free_port, listens, wait_until
from test_guide import wait_for_status

RECEIVERS = os.path.join(ROOT, "examples", "receivers")
NODE_MODULES = os.path.join(ROOT, "build", "node", "node_modules")


def wait_for_port(port, process):
    wait_until(lambda: listens(port) or process.poll() is not None, "The receiver did not listen")
    assert process.poll() is None, "the receiver ended before it listened"


def wait_for_file(path):
    wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 0, lambda: f"{path} was not saved: {os.listdir(os.path.dirname(path))}")


def command_of(name, tmp_path):
    """How each is started, with its packages where the tests have them."""
    kind, file = name.split("/")
    if kind == "flask":
        return [sys.executable, os.path.join(RECEIVERS, "flask", file)], {}
    if kind == "express":
        folder = shutil.copytree(os.path.join(RECEIVERS, "express"), str(tmp_path / "express"))
        os.symlink(NODE_MODULES, os.path.join(folder, "node_modules"))
        return ["node", os.path.join(folder, file)], {}
    folder = shutil.copytree(os.path.join(RECEIVERS, "c"), str(tmp_path / "c"))
    subprocess.run(["make", "-s", "-C", folder], check=True)
    return [os.path.join(folder, file)], {}


@pytest.fixture
def run_receiver(tmp_path, tls):
    running = []

    def run(name, secret):
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        out = work if name in MINIMAL else tmp_path / "saved"  # which they make themselves
        port = free_port()
        command, more = command_of(name, tmp_path)
        env = clean_environment(dict(more, PORT=str(port), OUTPUT_DIR=str(out), WEBHOOK_SECRET=secret, TLS_CERT_FILE=tls[1], TLS_KEY_FILE=tls[2],
                                     REQUESTS_CA_BUNDLE=tls[0], NODE_EXTRA_CA_CERTS=tls[0]))
        with open(work / "log.txt", "ab") as log:
            running.append(subprocess.Popen(command, env=env, cwd=str(work), stdout=log, stderr=log))
        wait_for_port(port, running[-1])
        return port, str(out)

    yield run
    for process in running:
        process.terminate()
        process.wait(PATIENCE_S)


WHOLE = ["flask/receiver.py", "express/receiver.mjs", "c/receiver"]
MINIMAL = ["flask/minimal.py", "express/minimal.mjs"]


@pytest.mark.parametrize("name", WHOLE)
def test_receiver_saves_the_document(house, template, run_receiver, name):
    """It answers 200 at once, verifies, downloads the file and saves document_{job_id}.pdf; the test button turns green."""
    house.webhook("https://127.0.0.1:9/")  # the secret belongs to the organization's URL
    secret = house.client.call("GET", "/webhooks/secret")["secret"]
    port, out = run_receiver(name, secret)
    url = f"https://127.0.0.1:{port}/webhooks/docgenlab"
    save_and_check(house, template, url, out)


@pytest.mark.parametrize("name", MINIMAL)
def test_minimal_handler_works_for_documents(new_house, letter, run_receiver, name):
    """A handler that does only what the guide's does: read JSON, test status, fetch download_url, save document_{job_id}.pdf."""
    house = new_house(WEBHOOK_ALLOW_HTTP="true")
    port, out = run_receiver(name, "")
    save_and_check(house, house.client.upload_template("Letter", letter), f"http://127.0.0.1:{port}/webhooks/docgenlab", out)


def save_and_check(house, template, url, out):
    house.webhook(url)
    tested = house.client.call("POST", "/webhooks/test", {"webhook_url": url})
    assert tested["ok"] is True, tested
    job = house.client.generate(template["id"], {"name": "Ann", "items": ["a"]}, "pdf")
    wait_for_status(house, job["id"], "succeeded")
    path = os.path.join(out, f"document_{job['id']}.pdf")
    wait_for_file(path)
    with open(path, "rb") as fh:
        assert fh.read(5) == b"%PDF-"


@pytest.mark.parametrize("name", WHOLE)
def test_receiver_refuses_forgeries_and_repeats(house, template, run_receiver, tls, receiver, name):
    """A changed byte, an old timestamp and a missing header are refused; the same webhook-id twice is worked on once."""
    house.webhook(receiver.url())
    secret = house.client.call("GET", "/webhooks/secret")["secret"]
    house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
    hook = receiver.wait("document.generated")
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "Content-Type")
    good = {n: hook.headers[n] for n in names}
    port, out = run_receiver(name, secret)

    def post(headers, body):
        import http.client
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=ssl.create_default_context(cafile=tls[0]), timeout=PATIENCE_S)
        connection.request("POST", "/webhooks/docgenlab", body, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    assert post(good, hook.body.replace(b"completed", b"completeD")) in (400, 401, 403)
    assert post(dict(good, **{"webhook-timestamp": str(int(good["webhook-timestamp"]) - 400)}), hook.body) in (400, 401, 403)
    assert post({k: v for k, v in good.items() if k != "webhook-signature"}, hook.body) in (400, 401, 403)
    assert post(dict(good, **{"webhook-signature": "v1,"}), hook.body) in (400, 401, 403)
    assert post(dict(good, **{"webhook-signature": "v2,AAAA v1,bad " + good["webhook-signature"]}), hook.body) == 200
    saved = os.path.join(out, f"document_{hook.payload['job_id']}.docx")
    wait_for_file(saved)
    os.remove(saved)
    assert post(good, hook.body) == 200
    time.sleep(1)
    assert not os.path.exists(saved)


def test_independent_verifiers_accept(house, template, receiver):
    """standardwebhooks for Python and for Node, and svix for Node accept what we sign, and refuse it changed."""
    house.webhook(receiver.url())
    secret = house.client.call("GET", "/webhooks/secret")["secret"]
    house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
    hook = receiver.wait("document.generated")
    headers = {n: hook.headers[n] for n in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    assert standardwebhooks.Webhook(secret).verify(hook.body, headers)["job_id"] == hook.payload["job_id"]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(hook.body + b" ", headers)
    lines = [json.dumps({"library": library, "secret": secret, "headers": headers, "body": body})
             for library in ("standardwebhooks", "svix") for body in (hook.body.decode(), hook.body.decode() + " ")]
    folder = os.path.join(ROOT, "build", "node")
    shutil.copy(os.path.join(ROOT, "tests", "node", "verify.mjs"), folder)
    done = subprocess.run(["node", os.path.join(folder, "verify.mjs")], input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
    answers = done.stdout.decode().splitlines()
    assert [a.split(":")[0] for a in answers] == ["ok", "refused", "ok", "refused"], answers
