"""Further endpoints by API: events, own secret, headers, schedule, rate, state; what each wrong setting is answered; v1a."""
import base64
import concurrent.futures
import json
import os
import sqlite3
import subprocess
import time
import uuid

import pytest
from local import Fail, Receiver, verify_signature, wait_until


@pytest.fixture(scope="module")
def own(tmp_path_factory, tls, letter):
    from conftest import House
    house = House(tmp_path_factory.mktemp("endpoints"), tls, WEBHOOK_ALLOW_HTTP="true", WEBHOOK_RETRY_SCHEDULE="60")
    house.template = house.client.upload_template("Letter", letter)["id"]
    yield house
    assert house.server.stop() == 0


def generate(house):
    return house.client.wait_document(house.client.generate(house.template, {"name": "A", "items": []}, "docx")["id"])


def test_an_endpoint_with_everything(own):
    """It adds to the organization's URL, is signed with its own secret and carries its own headers."""
    with Receiver() as first, Receiver() as second:
        own.webhook(first.url())
        made = own.client.call("POST", "/webhooks/endpoints/", {
            "url": second.url(), "description": "Archive", "events": ["document.generated"], "schedule": [5, 10], "rate_per_s": 7,
            "headers": {"X-Token": "abc"}, "own_secret": True})
        assert made["kind"] == "endpoint" and made["schedule"] == [5, 10] and made["rate_per_s"] == 7 and made["own_secret"] and made["enabled"]
        assert made["headers"] == {"X-Token": "abc"} and made["events"] == ["document.generated"] and made["state_reason"] is None
        path = f"/webhooks/endpoints/{made['id']}"
        assert own.client.call("GET", path) == made
        kinds = [e["kind"] for e in own.client.call("GET", "/webhooks/endpoints/")["items"]]
        assert sorted(kinds) == ["endpoint", "organization"]
        secrets = own.client.call("GET", "/webhooks/secret")["secret"], own.client.call("GET", path + "/secret")["secret"]
        assert secrets[0] != secrets[1] and secrets[1].endswith(made["secret_hint"][-4:])
        generate(own)
        hooks = first.wait("document.generated"), second.wait("document.generated")
        for secret, hook in zip(secrets, hooks):
            verify_signature(secret, hook)
        with pytest.raises(Fail):
            verify_signature(secrets[0], hooks[1])
        assert hooks[1].headers["X-Token"] == "abc" and "X-Token" not in hooks[0].headers
        assert hooks[0].headers["webhook-id"] != hooks[1].headers["webhook-id"]
        rotated = own.client.call("POST", path + "/secret/rotate", {"overlap_s": 60})["secret"]
        generate(own)
        hook = second.wait("document.generated")
        verify_signature(rotated, hook)
        verify_signature(secrets[1], hook)
        health = wait_until(lambda: (found := own.client.call("GET", path + "/health"))["attempts"] == 2 and found, "the attempts are not counted")
        assert health["succeeded"] == 2 and health["failing_since"] is None
        # What was shown can be sent back; a change replaces all.
        again = own.client.call("PUT", path, dict(own.client.call("GET", path), description="New"))
        assert again["description"] == "New" and again["headers"] == {"X-Token": "abc"} and again["schedule"] == [5, 10]
        plain = own.client.call("PUT", path, {"url": second.url()})
        assert plain["schedule"] is None and plain["rate_per_s"] is None and plain["headers"] == {} and plain["events"] == []
        assert own.client.call("POST", path + "/disable")["state_reason"] == "disabled by an administrator"
        generate(own)
        first.wait("document.generated")
        assert own.client.call("POST", path + "/enable")["enabled"] is True
        generate(own)
        second.wait("document.generated")
        assert len(second.kept) == 3
        assert own.client.raw("DELETE", path).status == 204 and own.client.raw("GET", path).status == 404


def test_a_filter_keeps_other_events_away(own):
    with Receiver() as receiver, Receiver() as organization:
        own.webhook(organization.url())
        made = own.client.call("POST", "/webhooks/endpoints/", {"url": receiver.url(), "events": ["bulk.completed"]})
        generate(own)
        organization.wait("document.generated")
        assert not own.client.call("GET", f"/webhooks/deliveries?endpoint_id={made['id']}")["items"] and not receiver.kept
        own.client.raw("DELETE", f"/webhooks/endpoints/{made['id']}")


@pytest.mark.parametrize("change, field, remedy", [
    ({"url": None}, "url", "url"),
    ({"url": "ftp://example.com/"}, "url", "https://"),
    ({"url": "https://192.168.1.1/"}, "url", "public internet"),
    ({"url": "https://user:pw@example.com/"}, "url", "user name or password"),
    ({"events": ["document.exploded"]}, "events", "document.generated"),
    ({"events": [1]}, "events", "list of names"),
    ({"events": ["document.generated,bulk.completed"]}, "events", "document.generated"),
    ({"schedule": ["soon"]}, "schedule", "whole seconds"),
    ({"schedule": [-1]}, "schedule", "schedule"),
    ({"schedule": [60] * 33}, "schedule", "32"),
    ({"rate_per_s": -1}, "rate_per_s", "1 to 10000"),
    ({"rate_per_s": 10001}, "rate_per_s", "1 to 10000"),
    ({"headers": {"X-A": 1}}, "headers", "must be a text"),
    ({"headers": {"webhook-id": "x"}}, "headers", "webhook-id"),
    ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers", "X-A"),
    ({"headers": {"Content-Length": "0"}}, "headers", "Content-Length"),
    ({"headers": {f"X-{n}": "a" for n in range(21)}}, "headers", "20"),
    ({"description": "d" * 501}, "description", "500"),
    ({"surprise": 1}, "surprise", "surprise"),
], ids=lambda p: json.dumps(p)[:40] if isinstance(p, dict) else None)
def test_wrong_settings_name_field_and_remedy(own, change, field, remedy):
    answer = own.client.raw("POST", "/webhooks/endpoints/", {"url": "https://hooks.example.com/", **change})
    assert answer.status == 422, answer.body
    assert answer.json["errors"][0]["field"].startswith(field) and remedy in answer.json["errors"][0]["message"], answer.body


def test_the_organizations_url_has_its_own_place(own):
    own.webhook("https://hooks.example.com/")
    made = next(e for e in own.client.call("GET", "/webhooks/endpoints/")["items"] if e["kind"] == "organization")
    answer = own.client.raw("PUT", f"/webhooks/endpoints/{made['id']}", {"url": "https://other.example.com/"})
    assert answer.status == 409 and "settings" in answer.json["detail"]


def test_public_key_signatures(own, tmp_path):
    """v1a besides v1 while the organization has a key pair; two of them while it rotates; none after it was deleted."""
    assert own.client.call("GET", "/webhooks/public-key")["public_key"] is None
    first = own.client.call("POST", "/webhooks/public-key/rotate")["public_key"]
    assert first.startswith("whpk_") and own.client.call("GET", "/webhooks/public-key")["public_key"] == first
    second = own.client.call("POST", "/webhooks/public-key/rotate", {"overlap_s": 3600})["public_key"]

    def signatures(hook):
        return [base64.b64decode(s[4:]) for s in hook.headers["webhook-signature"].split(" ") if s.startswith("v1a,")]

    def fits(key, hook):
        signed = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode() + hook.body
        # SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) is this head and the 32 bytes.
        (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key[5:]))
        (tmp_path / "signed").write_bytes(signed)
        for signature in signatures(hook):
            (tmp_path / "signature").write_bytes(signature)
            command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "signed", "-sigfile", "signature"]
            if subprocess.run(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return True
        return False

    with Receiver() as receiver:
        own.webhook(receiver.url())
        generate(own)
        hook = receiver.wait("document.generated")
        verify_signature(own.client.call("GET", "/webhooks/secret")["secret"], hook)
        assert len(signatures(hook)) == 2 and fits(first, hook) and fits(second, hook)
        assert own.client.raw("DELETE", "/webhooks/public-key").status == 204
        generate(own)
        assert not signatures(receiver.wait("document.generated"))


def test_a_derived_secret_without_an_organization_url(own):
    """A URL given with a request is signed with the secret of its origin, also where nothing else is set."""
    own.client.raw("DELETE", "/webhooks/settings")
    with Receiver() as receiver:
        job = own.client.generate(own.template, {"name": "A", "items": []}, "docx", webhook_url=receiver.url("/once"))
        hook = receiver.wait("document.generated")
        assert hook.payload["job_id"] == job["id"]
        verify_signature(own.client.call("POST", "/webhooks/secret/derive", {"url": receiver.url("/other")})["secret"], hook)
        with pytest.raises(Fail):
            verify_signature(own.client.call("GET", "/webhooks/secret")["secret"], hook)


def test_rotation_has_bounds(own):
    """24 hours of overlap unless said, 7 days at most, ten keys at most; sealed in the database."""
    answer = own.client.raw("POST", "/webhooks/secret/rotate", {"overlap_s": 7 * 86400 + 1})
    assert answer.status == 422 and answer.json["errors"][0]["field"] == "overlap_s" and "604800" in answer.json["detail"].replace(",", "")
    seen = [own.client.call("GET", "/webhooks/secret")["secret"]]
    status = 200
    while status == 200 and len(seen) < 15:
        answer = own.client.raw("POST", "/webhooks/secret/rotate", {})
        status = answer.status
        if status == 200:
            seen.append(answer.json["secret"])
    assert status in (409, 422) and len(seen) <= 10, (status, len(seen))
    with Receiver() as receiver:
        own.webhook(receiver.url())
        generate(own)
        hook = receiver.wait("document.generated")
        for secret in seen:
            verify_signature(secret, hook)
    with open(os.path.join(own.data_dir, "docgenlab.db"), "rb") as fh:
        data = fh.read()
    for secret in seen:
        assert secret.encode() not in data and base64.b64decode(secret[6:]) not in data


def test_a_range_is_counted_and_sent_again(own):
    """Dry run first; then all of the range, each under its old webhook-id; bounds are 14 days and the status."""
    with Receiver(answer=lambda hook: (410 if hook.path == "/once" else 200, {}, b"")) as receiver:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
        ids = []
        for _ in range(5):
            job = own.client.generate(own.template, {"name": "A", "items": []}, "docx", webhook_url=receiver.url("/once"))
            ids.append(receiver.wait("document.generated").headers["webhook-id"])
            own.client.wait_document(job["id"])
        wait_until(lambda: own.client.call("POST", "/webhooks/redeliver", {"since": since, "dry_run": True})["count"] >= 5, "five are not dropped")
        assert own.client.call("POST", "/webhooks/redeliver", {"since": since, "dry_run": True}) == {"count": 5, "dry_run": True}
        before = len(receiver.kept)
        assert own.client.call("POST", "/webhooks/redeliver", {"since": since})["count"] == 5
        again = {receiver.wait("document.generated").headers["webhook-id"] for _ in range(5)}
        assert again == set(ids) and len(receiver.kept) == before + 5
    old = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 15 * 86400))
    for body, field in (({"since": old}, "since"), ({"since": since, "status": "pending"}, "status"), ({"since": since, "until": since}, "until"), ({}, "since")):
        answer = own.client.raw("POST", "/webhooks/redeliver", body)
        assert answer.status == 422 and answer.json["errors"][0]["field"] == field, answer.body


def test_a_range_of_one_endpoint(own):
    """endpoint_id narrows it; one that is unknown, or another organization's, is 404."""
    with Receiver() as receiver:
        own.client.raw("DELETE", "/webhooks/settings")
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))
        made = [own.client.call("POST", "/webhooks/endpoints/", {"url": receiver.url(path)})["id"] for path in ("/one", "/two")]
        for _ in range(2):
            generate(own)
        for _ in range(4):
            receiver.wait("document.generated")
        body = {"since": since, "status": "succeeded", "dry_run": True}
        wait_until(lambda: [own.client.call("POST", "/webhooks/redeliver", {**body, "endpoint_id": id_})["count"] for id_ in made] == [2, 2], "not two of each")
        assert own.client.call("POST", "/webhooks/redeliver", body)["count"] >= 4  # others' of the same second, too
        assert own.client.call("POST", "/webhooks/redeliver", {**body, "endpoint_id": made[0], "dry_run": False})["count"] == 2
        assert {receiver.wait("document.generated").path for _ in range(2)} == {"/one"}
        assert own.client.raw("POST", "/webhooks/redeliver", {**body, "endpoint_id": "0" * 36}).status == 404
        for id_ in made:
            own.client.call("DELETE", f"/webhooks/endpoints/{id_}")


def test_tests_are_throttled(own):
    """Ten a minute of one organization, then 429 with the time to wait."""
    with Receiver() as receiver:
        begun, answers = time.monotonic(), []
        while not answers or answers[-1].status == 200:
            answers.append(own.client.raw("POST", "/webhooks/test", {"webhook_url": receiver.url()}))
            assert len(answers) <= 11 + 10 * ((time.monotonic() - begun) // 60), "no end of tests"
        assert len(answers) >= 11 and answers[-1].status == 429, [a.status for a in answers]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60 and answers[-1].json["code"] == "rate_limited"
        assert len(receiver.kept) == len(answers) - 1


def copies(house, count, changes):
    """Copies of the oldest delivery, while the server is stopped: that many rows more, changed by SQL; {n} is 1, 2, …"""
    with sqlite3.connect(os.path.join(house.data_dir, "docgenlab.db")) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(deliveries)") if row[1] not in ("seq", "id", *changes)]
        db.executemany(
            f"INSERT INTO deliveries (id, {', '.join(columns + list(changes))}) SELECT ?, {', '.join(columns + [c.format(n='?2') for c in changes.values()])}"
            " FROM deliveries WHERE seq = (SELECT min(seq) FROM deliveries)", [(str(uuid.uuid4()), n) for n in range(1, count + 1)])
    db.close()


def test_a_range_keeps_its_pace(new_house, letter):
    """100 a second: each of 300 has its time, 10 ms after the one before it, and none comes earlier."""
    with Receiver() as receiver:
        house = new_house(WEBHOOK_ALLOW_HTTP="true")
        house.template = house.client.upload_template("Letter", letter)["id"]
        house.webhook(receiver.url())
        generate(house)
        receiver.wait("document.generated")
        wait_until(lambda: house.client.call("GET", "/webhooks/deliveries/")["items"][0]["status"] == "succeeded", "the delivery is not done")
        house.server.stop()
        copies(house, 299, {"created_at_us": "created_at_us + {n}"})
        house.start()
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
        arrived = {}
        receiver.answer = lambda hook: arrived.setdefault(hook.headers["webhook-id"], time.monotonic()) and (200, {}, b"")
        before = time.monotonic()
        assert house.client.call("POST", "/webhooks/redeliver", {"since": since, "status": "succeeded"})["count"] == 300
        for _ in range(300):
            receiver.wait("document.generated")
        times = sorted(arrived.values())
        for place, at in enumerate(times):  # a tenth of a second for a clock of the day that is put right meanwhile
            assert at >= before + place * 0.01 - 0.1, f"delivery {place} came {at - before:.3f} s after the order"


def test_an_endpoint_has_its_rate(own):
    """Never more than its rate a second, a tenth of a second's worth at once."""
    arrived = []
    with Receiver(answer=lambda hook: arrived.append(time.monotonic()) or (200, {}, b"")) as receiver:
        own.client.raw("DELETE", "/webhooks/settings")
        made = own.client.call("POST", "/webhooks/endpoints/", {"url": receiver.url(), "rate_per_s": 5})
        begun = time.monotonic()
        for _ in range(11):
            own.client.generate(own.template, {"name": "A", "items": []}, "docx")
        for _ in range(11):
            receiver.wait("document.generated")
        own.client.call("DELETE", f"/webhooks/endpoints/{made['id']}")
    # Counted from before the first, since a busy machine may be late with any of them; never early with one.
    assert all(at - begun >= place / 5 - 0.1 for place, at in enumerate(sorted(arrived))), [at - begun for at in arrived]


def test_pruning_goes_on_beside_deliveries(new_house, letter):
    """5,000 old deliveries with their attempts go in small batches; what is sent meanwhile arrives, what is young stays."""
    with Receiver() as receiver:
        house = new_house(WEBHOOK_ALLOW_HTTP="true", DELIVERY_LOG_DAYS=30)
        house.template = house.client.upload_template("Letter", letter)["id"]
        house.webhook(receiver.url())
        generate(house)
        receiver.wait("document.generated")
        house.server.stop()
        copies(house, 5000, {"created_at_us": "created_at_us + {n}", "status": "1"})
        with sqlite3.connect(os.path.join(house.data_dir, "docgenlab.db")) as db:
            db.execute("UPDATE deliveries SET created_at_us = created_at_us - 31 * 86400000000, status = 1")
        db.close()
        house.start()
        db = sqlite3.connect(f"file:{house.data_dir}/docgenlab.db?mode=ro", uri=True)
        left = lambda: db.execute("SELECT count(*) FROM deliveries WHERE created_at_us < ?", ((time.time() - 86400) * 1e6,)).fetchone()[0]  # noqa: E731
        seen, sent, send = set(), [], lambda: (generate(house), receiver.wait("document.generated"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send)

            def gone():
                nonlocal sending
                seen.add(now := left())
                if now and sending.done():
                    sent.append(sending.result())
                    sending = pool.submit(send)
                return now == 0

            wait_until(gone, lambda: f"{min(seen)} old deliveries are left", pause=0.01)
            sending.result()
        assert len(seen) > 5 and sent, (len(seen), sent)
        assert db.execute("SELECT count(*) FROM deliveries").fetchone()[0] > len(sent)
        db.close()
