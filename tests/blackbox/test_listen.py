"""docgenlab listen and the feed behind it: exact bytes, the local answer in the log, nothing lost over restarts."""
import json
import signal
import subprocess
import time

import pytest
from local import PROGRAM, ApiError, Receiver, clean_environment, verify_signature
from test_receivers import free_port


class Listen:
    """The program's own listener, its output line by line in a file."""

    def __init__(self, house, target, log, *flags):
        self.log = str(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [PROGRAM, "listen", "--api-key", house.first["api_key"], "--server",
                 house.server.url, "--forward-to", target, "--name", "test", *flags],
                stdout=out, stderr=subprocess.STDOUT, env=clean_environment())
        self.wait_for("listening as")

    def text(self):
        with open(self.log, encoding="utf-8") as fh:
            return fh.read()

    def wait_for(self, words, timeout=20):
        until = time.monotonic() + timeout
        while words not in self.text():
            assert time.monotonic() < until and self.process.poll() is None, self.text()
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(10) == 0


@pytest.fixture
def own_house(new_house):
    return new_house(listen=f"127.0.0.1:{free_port()}")


def wait_for_delivery(house, delivery_id, status):
    until = time.monotonic() + 20
    while True:
        row = house.client.call("GET", f"/webhooks/deliveries/{delivery_id}")
        if row["status"] == status:
            return row
        assert time.monotonic() < until, row
        time.sleep(0.05)


def test_listen(own_house, letter, tmp_path):
    house = own_house
    template = house.client.upload_template("Letter", letter)
    data = {"name": "Ada", "items": []}
    with Receiver() as local:
        listen = Listen(house, local.url("/webhooks/docgenlab"), tmp_path / "log")
        document = house.client.generate(template["id"], data)
        hook = local.wait()
        secret = house.client.call("GET", "/webhooks/secret")["secret"]
        assert json.loads(hook.body)["job_id"] == document["id"]
        assert hook.headers["User-Agent"].startswith("DocGenLab-Webhooks/")
        assert hook.headers["DocGenLab-Attempt"] == "1"
        verify_signature(secret, hook)
        row = wait_for_delivery(house, hook.headers["webhook-id"], "succeeded")
        assert row["attempts"][0]["http_status"] == 200
        assert json.dumps(row["payload"], separators=(",", ":"), ensure_ascii=False).encode() == hook.body
        listen.wait_for(f"document.generated  {hook.headers['webhook-id']}  200")

        # The server restarts beneath it.
        house.server.stop()
        listen.wait_for("trying again in")
        house.start()
        second = house.client.generate(template["id"], data)
        hook = local.wait()
        assert json.loads(hook.body)["job_id"] == second["id"]
        wait_for_delivery(house, hook.headers["webhook-id"], "succeeded")

        # It restarts itself: what came meanwhile was kept.
        listen.stop()
        third = house.client.generate(template["id"], data)
        house.client.wait_document(third["id"])
        listen = Listen(house, local.url("/"), tmp_path / "log2", "--print-json")
        hook = local.wait()
        assert json.loads(hook.body)["job_id"] == third["id"]
        listen.wait_for(hook.body.decode())
        listen.stop()


def test_nothing_listens_locally(own_house, letter, tmp_path):
    house = own_house
    template = house.client.upload_template("Letter", letter)
    listen = Listen(house, f"http://127.0.0.1:{free_port()}/", tmp_path / "log")
    house.client.generate(template["id"], {"name": "Ada", "items": []})
    listen.wait_for("no answer: 127.0.0.1 refused the connection")
    rows = house.client.call("GET", "/webhooks/deliveries/")["items"]
    row = wait_for_delivery(house, rows[0]["id"], "dropped")
    assert row["reason"].startswith("the local program did not answer")
    listen.stop()


def test_wrong_key(house, tmp_path):
    run = subprocess.run([PROGRAM, "listen", "--api-key", "dgl_" + "0" * 32, "--server",
                          house.server.url, "--forward-to", "http://127.0.0.1:1/"],
                         capture_output=True, text=True, timeout=30, env=clean_environment())
    assert run.returncode == 1
    assert "the server answered 401" in run.stderr and run.stderr.count("\n") == 1


def test_the_feed_by_hand(own_house, letter):
    house = own_house
    call = house.client.call
    template = house.client.upload_template("Letter", letter)
    start = call("GET", "/webhooks/events?name=hand")
    assert start["events"] == []
    began = time.monotonic()
    assert call("GET", f"/webhooks/events?cursor={start['cursor']}&wait=1")["events"] == []
    assert time.monotonic() - began >= 1
    house.client.generate(template["id"], {"name": "Ada", "items": []})
    got = call("GET", f"/webhooks/events?cursor={start['cursor']}&wait=20")
    (event,) = got["events"]
    assert event["headers"]["webhook-id"] == event["id"] and got["cursor"] == event["cursor"]
    assert json.loads(event["body"])["event"] == "document.generated"
    again = call("GET", f"/webhooks/events?cursor={start['cursor']}")["events"]
    assert [e["id"] for e in again] == [event["id"]]
    report = {"timestamp": event["timestamp"], "http_status": 503, "body": "busy"}
    call("POST", f"/webhooks/events/{event['id']}/result", report)
    row = call("GET", f"/webhooks/deliveries/{event['id']}")
    assert row["status"] == "dropped" and row["attempts"][0]["answer_body"] == "busy"
    assert call("GET", f"/webhooks/events?cursor={start['cursor']}")["events"] == []
    # A range again.
    since = row["created_at"]
    assert call("POST", "/webhooks/redeliver", {"since": since, "dry_run": True}) == {"count": 1,
                                                                                            "dry_run": True}
    assert call("POST", "/webhooks/redeliver", {"since": since})["count"] == 1
    again = call("GET", f"/webhooks/events?cursor={start['cursor']}&wait=20")["events"]
    assert [(e["id"], e["attempt"]) for e in again] == [(event["id"], 2)]
    for bad, field in (("/webhooks/events?cursor=x", "cursor"), ("/webhooks/events?wait=61", "wait"),
                       ("/webhooks/events?limit=0", "limit"), ("/webhooks/events?name=a%20b", "name")):
        with pytest.raises(ApiError) as refused:
            call("GET", bad)
        assert refused.value.status == 422
        assert refused.value.json["errors"][0]["field"] == field
    with pytest.raises(ApiError) as refused:
        call("POST", "/webhooks/redeliver", {"since": "2001-01-01T00:00:00Z"})
    assert refused.value.json["errors"][0]["field"] == "since"
