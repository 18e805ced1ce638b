"""What every attempt carries, and what the log keeps of it."""
import json
import re
import time
import urllib.parse

import pytest
from conftest import House
from local import Receiver, verify_signature
from test_endpoints import copies
from test_guide import wait_for_status


@pytest.fixture(scope="module")
def twice(tmp_path_factory, tls, letter):
    """A delivery that was refused once and then taken: (house, its two hooks, its row)."""
    with Receiver(tls[1], tls[2], answer=lambda hook: (503, {"X-Reason": "busy"}, b"come back") if hook.headers["DocGenLab-Attempt"] == "1"
                  else (200, {}, b"thanks")) as receiver:
        # development: answers of 127.0.0.1 are kept
        house = House(tmp_path_factory.mktemp("twice"), tls, WEBHOOK_RETRY_SCHEDULE="1,1", WEBHOOK_ALLOW_HTTP="true")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url("/in?x=1"))
        job = house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
        hooks = [receiver.wait("document.generated") for _ in range(2)]
        row = wait_for_status(house, job["id"], "succeeded")
        yield house, hooks, house.client.call("GET", f"/webhooks/deliveries/{row['id']}")
        assert house.server.stop() == 0


def test_headers_of_every_attempt(twice):
    house, hooks, row = twice
    secret = house.client.call("GET", "/webhooks/secret")["secret"]
    traces = []
    for number, hook in enumerate(hooks, 1):
        headers = hook.headers
        assert headers["Content-Type"] == "application/json"
        assert re.fullmatch(r"DocGenLab-Webhooks/\d+\.\d+\.\d+", headers["User-Agent"])
        assert headers["webhook-id"] == row["id"] and headers["DocGenLab-Attempt"] == str(number)
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        assert int(headers["Content-Length"]) == len(hook.body) and "Authorization" not in headers and "Expect" not in headers
        verify_signature(secret, hook)
        traces.append(re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", headers["traceparent"]).groups())  # W3C Trace Context
    assert traces[0][0] == traces[1][0] and traces[0][1] != traces[1][1]


def test_every_attempt_has_a_fresh_link(twice):
    _, hooks, _ = twice
    ends = [int(urllib.parse.parse_qs(urllib.parse.urlsplit(hook.payload["download_url"]).query)["expires"][0]) for hook in hooks]
    assert ends[1] > ends[0] and all(end - int(hook.headers["webhook-timestamp"]) == 86400 for end, hook in zip(ends, hooks))


def test_what_the_log_keeps(twice):
    house, hooks, row = twice
    first, second = row["attempts"]
    assert (first["number"], first["outcome"], first["http_status"], second["http_status"]) == (1, "answered", 503, 200)
    assert "503" in first["message"] and "x-reason: busy" in first["answer_headers"].lower()
    assert first["answer_body"] == "come back" and second["answer_body"] == "thanks"
    assert re.fullmatch(r"TLSv1\.[23] \S+", first["tls"]) and first["address"] is None  # not a public one
    for attempt in (first, second):
        phases = [attempt[phase] for phase in ("dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "total_ms")]
        assert phases == sorted(phases) and phases[-1] > 0
    assert first["started_at"] <= first["next_attempt_at"] <= second["started_at"] and second["next_attempt_at"] is None
    assert json.dumps(row["payload"], separators=(",", ":"), ensure_ascii=False).encode() == hooks[-1].body


def test_dropped_is_said(new_house, tls, letter):
    """In the delivery log and in the operator's, without the URL's query."""
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"no")) as receiver:
        house = new_house(WEBHOOK_RETRY_SCHEDULE="1")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url("/in?token=abc123"))
        job = house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
        row = wait_for_status(house, job["id"], "dropped")
        assert row["reason"].startswith("2 attempts failed; the last: ")
        line = next(line for line in house.log().splitlines() if "webhook dropped" in line)
        assert row["id"] in line and "token=abc123" not in house.log()


def test_a_range_has_a_bound(new_house, tls, letter):
    """10,000 deliveries; with one more nothing is sent and the answer says what to do."""
    with Receiver(tls[1], tls[2]) as receiver:
        house = new_house()
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
        wait_for_status(house, job["id"], "succeeded")
        house.server.stop()
        copies(house, 10000, {"created_at_us": "created_at_us + {n}"})
        house.start()
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
        answer = house.client.raw("POST", "/webhooks/redeliver", {"since": since, "status": "succeeded"})
        assert answer.status == 409 and answer.json["code"] == "too_many_deliveries" and "shorter time range" in answer.json["detail"]
        assert house.client.call("GET", "/webhooks/deliveries/?status=pending")["items"] == [] and len(receiver.kept) == 1
