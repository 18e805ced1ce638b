"""The promises of the webhook guide, one by one. Each test's first line is the promise."""
import json
import re
import time

import pytest
import requests
from docx import text_lines
from local import Client, Fail, Receiver, refusing_socket, verify_signature, wait_until

TEST_PAYLOAD = b'{"event":"webhook.test","message":"This is a test webhook from DocGenLab"}'


def test_payload_key_for_key(house, receiver, template):
    """When a document generated through the API completes, one POST with these keys, in this order, with these types."""
    house.webhook(receiver.url())
    job = house.client.generate(template["id"], {"name": "Ann", "items": ["a"]}, "docx")
    hook = receiver.wait("document.generated")
    assert hook.headers["Content-Type"] == "application/json"
    pairs = json.loads(hook.body, object_pairs_hook=list)
    assert [k for k, _ in pairs] == ["event", "job_id", "status", "download_url", "metadata"]
    payload = hook.payload
    assert payload["event"] == "document.generated" and payload["job_id"] == job["id"] and payload["status"] == "completed"
    assert payload["download_url"].startswith(house.server.url + "/files/")
    assert [k for k, _ in dict(pairs)["metadata"]] == ["template_id", "created_at", "error_message"]
    assert payload["metadata"]["template_id"] == template["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", payload["metadata"]["created_at"])
    assert payload["metadata"]["created_at"] == job["created_at"]
    assert payload["metadata"]["error_message"] is None
    time.sleep(0.3)
    assert len([h for h in receiver.kept if h.payload.get("job_id") == job["id"]]) == 1


def test_both_formats_add_one_key(house, receiver, template):
    """When both formats were asked for, download_url is the PDF and one further key download_urls is added."""
    house.webhook(receiver.url())
    house.client.generate(template["id"], {"name": "Ann", "items": []}, "both")
    payload = receiver.wait("document.generated").payload
    assert list(payload) == ["event", "job_id", "status", "download_url", "metadata", "download_urls"]
    assert list(payload["download_urls"]) == ["pdf", "docx"]
    assert payload["download_url"] == payload["download_urls"]["pdf"]
    assert house.client.download(payload["download_urls"]["pdf"]).startswith(b"%PDF-")
    assert text_lines(house.client.download(payload["download_urls"]["docx"]))[0] == "Dear Ann,"


def test_failed_document(house, receiver, template):
    """On failed, download_url is null and metadata.error_message a sentence a person can act on."""
    house.webhook(receiver.url())
    house.client.generate(template["id"], {"name": {"a": 1}, "items": 5}, "docx")
    payload = receiver.wait("document.generated").payload
    assert payload["status"] == "failed" and payload["download_url"] is None
    assert "paragraph 2" in payload["metadata"]["error_message"] and "items" in payload["metadata"]["error_message"]


def test_test_webhook_byte_for_byte(house, receiver):
    """The test payload is exactly this, sent to the URL given, also before saving, signed like any other."""
    house.client.raw("DELETE", "/webhooks/settings")
    result = house.client.call("POST", "/webhooks/test", {"webhook_url": receiver.url("/not-saved")})
    hook = receiver.wait("webhook.test")
    assert hook.body == TEST_PAYLOAD and hook.path == "/not-saved"
    assert result["ok"] is True and result["http_status"] == 200
    assert hook.headers["webhook-signature"].startswith("v1,")
    assert hook.headers["User-Agent"].startswith("DocGenLab-Webhooks/")


def test_test_webhook_is_not_retried(new_house, tls):
    house = new_house(WEBHOOK_RETRY_SCHEDULE="1,1,1")
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"KeyError: 'status'")) as receiver:
        result = house.client.call("POST", "/webhooks/test", {"webhook_url": receiver.url()})
        assert result["ok"] is False and result["http_status"] == 500
        assert "status" in result["advice"]  # the guide's own handler reads payload['status'] at once
        time.sleep(2.5)
        assert len(receiver.kept) == 1


def refused(house):
    """The answer when a call is one too many for its minute."""
    answer = house.client.raw("GET", "/templates/")
    assert answer.status in (200, 429), answer.body
    return answer if answer.status == 429 else None


def test_download_needs_no_key_and_no_rate(new_house, receiver, letter):
    """download_url needs no authentication and bypasses API rate limits; HEAD and Range too."""
    house = new_house(RATE_LIMIT_PER_MINUTE=8)
    template = house.client.upload_template("Letter", letter)
    house.webhook(receiver.url())
    house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
    url = receiver.wait("document.generated").payload["download_url"]
    limited = wait_until(lambda: refused(house), "the rate limit is not kept", pause=0)
    assert limited.json == {"detail": "Rate limit exceeded. Try again later.", "code": "rate_limited"}
    assert int(limited.headers["Retry-After"]) >= 1
    anonymous = Client(house.server.url)
    whole = anonymous.raw("GET", url)
    assert whole.status == 200 and whole.body[:2] == b"PK"
    head = anonymous.raw("HEAD", url)
    assert head.status == 200 and int(head.headers["Content-Length"]) == len(whole.body) and head.body == b""
    part = anonymous.raw("GET", url, headers={"Range": "bytes=2-5"})
    assert part.status == 206 and part.body == whole.body[2:6]
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(whole.body)}"
    same = anonymous.raw("GET", url, headers={"If-None-Match": whole.headers["ETag"]})
    assert same.status == 304


def test_link_is_valid_for_24_hours(house, receiver, template):
    """download_url is valid for 24 hours from the attempt, by default."""
    house.webhook(receiver.url())
    house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
    hook = receiver.wait("document.generated")
    expires = int(re.search(r"expires=(\d+)", hook.payload["download_url"]).group(1))
    assert abs(expires - int(hook.headers["webhook-timestamp"]) - 86400) <= 1


def test_link_ends_with_its_second(new_house, receiver, letter):
    """An expired or altered link gets 403 with a clear sentence; a fresh one is minted for every attempt."""
    house = new_house(DOWNLOAD_URL_TTL_S=2)
    template = house.client.upload_template("Letter", letter)
    house.webhook(receiver.url())
    job = house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
    url = receiver.wait("document.generated").payload["download_url"]
    expires = int(re.search(r"expires=(\d+)", url).group(1))
    anonymous = Client(house.server.url)
    altered = anonymous.raw("GET", url.replace(f"expires={expires}", f"expires={expires + 1000}"))
    assert altered.status == 403 and "detail" in altered.json
    late = None
    while not late:
        asked, answer, answered = time.time(), anonymous.raw("GET", url), time.time()
        if answered < expires:
            assert answer.status == 200, answer.body
        elif asked > expires + 1:
            late = answer
        time.sleep(0.1)
    assert late.status == 403 and "expired" in late.json["detail"]

    def fresh():
        again = house.client.call("GET", f"/documents/{job['id']}")["download_url"]
        return anonymous.raw("GET", again).status == 200  # or it took this machine two seconds to get there

    wait_until(fresh, "a fresh link does not open")


def test_http_is_refused_by_default(house, template):
    """HTTPS only: an http URL is refused, naming the field."""
    for call, body in ((("PUT", "/webhooks/settings"), {"webhook_url": "http://example.com/hook"}),
                       (("POST", "/webhooks/test"), {"webhook_url": "http://example.com/hook"}),
                       (("POST", "/documents/"), {"template_id": template["id"], "input_json": {}, "output_format": "docx",
                                                  "webhook_url": "http://example.com/hook"})):
        answer = house.client.raw(*call, body)
        assert answer.status == 422, answer.body
        assert answer.json["errors"][0]["field"] == "webhook_url" and "https" in answer.json["detail"].lower()


def test_retries_then_dropped(new_house, tls, letter):
    """After a failure three more attempts by the schedule, then dropped; the document stays available; one call sends again."""
    house = new_house(WEBHOOK_RETRY_SCHEDULE="1,1,1")
    template = house.client.upload_template("Letter", letter)
    failing = [True]
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"no") if failing[0] else (204, {}, b"")) as receiver:
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "Ann", "items": []}, "docx")
        hooks = [receiver.wait("document.generated") for _ in range(4)]
        assert len({h.headers["webhook-id"] for h in hooks}) == 1
        assert [h.headers["DocGenLab-Attempt"] for h in hooks] == ["1", "2", "3", "4"]
        delivery = wait_for_status(house, job["id"], "dropped")
        assert delivery["attempts"] == 4
        time.sleep(1.5)
        assert len(receiver.kept) == 4
        assert house.client.call("GET", f"/documents/{job['id']}")["status"] == "ready"
        assert house.client.raw("GET", f"/documents/{job['id']}/download?format=docx").status == 200
        failing[0] = False
        house.client.call("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
        again = receiver.wait("document.generated")
        assert again.headers["webhook-id"] == hooks[0].headers["webhook-id"]
        wait_for_status(house, job["id"], "succeeded")
        attempts = house.client.call("GET", f"/webhooks/deliveries/{delivery['id']}")["attempts"]
        assert len(attempts) == 5


def wait_for_status(house, document, status):
    items = []

    def became():
        items[:] = house.client.call("GET", f"/webhooks/deliveries/?document_id={document}")["items"]
        return items[0] if items and items[0]["status"] == status else None

    return wait_until(became, lambda: f"The delivery of {document} did not become {status}: {items}")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(new_house, tls, letter, status):
    house = new_house()
    template = house.client.upload_template("Letter", letter)
    with Receiver(tls[1], tls[2], answer=lambda hook: (status, {}, b"")) as receiver:
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        receiver.wait("document.generated")
        assert wait_for_status(house, job["id"], "succeeded")["attempts"] == 1


def test_redirects_are_not_followed(new_house, tls, letter):
    house = new_house(WEBHOOK_RETRY_SCHEDULE="1")
    template = house.client.upload_template("Letter", letter)
    with Receiver(tls[1], tls[2]) as other:
        with Receiver(tls[1], tls[2], answer=lambda hook: (307, {"Location": other.url()}, b"")) as receiver:
            house.webhook(receiver.url())
            job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
            wait_for_status(house, job["id"], "dropped")
            assert len(receiver.kept) == 2 and not other.kept


def test_per_request_url_overrides(house, receiver, tls, template):
    """webhook_url in the request overrides the organization's for that job; a receiver cannot replay it to another."""
    house.webhook(receiver.url("/organization"))
    secret = house.client.call("GET", "/webhooks/secret")["secret"]
    with Receiver(tls[1], tls[2]) as own:
        job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx", webhook_url=own.url("/job"))
        hook = own.wait("document.generated")
        assert hook.path == "/job" and hook.payload["job_id"] == job["id"]
        with pytest.raises(Fail):
            verify_signature(secret, hook)
        derived = house.client.call("POST", "/webhooks/secret/derive", {"url": own.url("/job")})["secret"]
        verify_signature(derived, hook)
    assert not [h for h in receiver.kept if h.payload.get("job_id") == job["id"]]


def test_no_url_sends_nothing(new_house, letter):
    """Neither URL: nothing is sent."""
    house = new_house()
    template = house.client.upload_template("Letter", letter)
    job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
    assert house.client.wait_document(job["id"])["status"] == "ready"
    assert house.client.call("GET", "/webhooks/deliveries/")["items"] == []


def test_source_address_can_be_pinned(new_house, tls, letter):
    """Sources can be allow-listed: the addresses are a setting, shown by the API, and WEBHOOK_BIND_ADDRESS pins them."""
    house = new_house(WEBHOOK_BIND_ADDRESS="127.0.0.9", WEBHOOK_SOURCE_IPS="127.0.0.9")
    template = house.client.upload_template("Letter", letter)
    allowed = house.client.call("GET", "/webhooks/source-ips")["source_ips"]
    assert allowed == ["127.0.0.9"]
    checks = lambda hook: (200, {}, b"") if hook.client in allowed else (403, {}, b"")  # noqa: E731
    with Receiver(tls[1], tls[2], answer=checks) as receiver:
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        assert receiver.wait("document.generated").client == "127.0.0.9"
        wait_for_status(house, job["id"], "succeeded")


def test_deleted_document(house, receiver, template):
    """After a document was deleted its links answer 410 and a redelivery carries null."""
    house.webhook(receiver.url())
    job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
    hook = receiver.wait("document.generated")
    delivery = wait_for_status(house, job["id"], "succeeded")
    admin = house.client.raw("DELETE", f"/documents/{job['id']}")
    assert admin.status in (200, 204)
    assert Client(house.server.url).raw("GET", hook.payload["download_url"]).status == 410
    assert house.client.raw("GET", f"/documents/{job['id']}").status == 404
    house.client.call("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
    again = receiver.wait("document.generated")
    assert again.payload["job_id"] == job["id"] and again.payload["download_url"] is None


def test_documents_of_the_pages_send_nothing(house, receiver, template):
    """Documents generated in the web UI send nothing."""
    house.webhook(receiver.url("/silent"))
    browser, base = requests.Session(), house.server.url

    def send(page, action, **fields):
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get(base + page).text).group(1)
        return browser.post(base + action, data=dict(fields, csrf=token), headers={"Origin": base})

    assert send("/sign-in", "/sign-in", email=house.first["admin_email"], password=house.first["admin_password"]).status_code == 200
    made = send(f"/templates/{template['id']}", f"/templates/{template['id']}/generate",
                **{"mode": "form", "/name": "Ann", "/items/0": "a", "output_format": "docx"})
    document = house.client.wait_document(made.url.rsplit("/", 1)[1])
    assert (document["status"], document["source"]) == ("ready", "ui")
    by_api = house.client.generate(template["id"], {"name": "Ben", "items": []}, "docx")
    assert receiver.wait("document.generated").payload["job_id"] == by_api["id"]  # later made, first to arrive
    assert house.client.call("GET", f"/webhooks/deliveries/?document_id={document['id']}")["items"] == []
    house.client.call("DELETE", "/webhooks/settings")


def test_gone_disables_the_endpoint(new_house, tls, letter):
    """410 disables the endpoint; the settings say why, and saving a URL enables it again."""
    house = new_house()
    template = house.client.upload_template("Letter", letter)
    with Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        wait_for_status(house, job["id"], "dropped")
        settings = house.client.call("GET", "/webhooks/settings")
        assert settings["enabled"] is False and "410" in settings["disabled_reason"]
        house.webhook(receiver.url("/again"))
        assert house.client.call("GET", "/webhooks/settings")["enabled"] is True


def test_retry_after_is_honoured(new_house, tls, letter):
    """Retry-After on 503: the longer of schedule and hint."""
    house = new_house(WEBHOOK_RETRY_SCHEDULE="1,1")
    template = house.client.upload_template("Letter", letter)
    with Receiver(tls[1], tls[2], answer=lambda hook: (503, {"Retry-After": "3"}, b"")) as receiver:
        house.webhook(receiver.url())
        house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        first = receiver.wait("document.generated")
        second = receiver.wait("document.generated")
        assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 3


def test_survives_a_restart(new_house, tls, letter):
    """A delivery waiting for its next attempt survives a stop and a kill; the id stays."""
    house = new_house(WEBHOOK_RETRY_SCHEDULE=",".join(["2"] * 30))
    template = house.client.upload_template("Letter", letter)
    down = [True]
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"") if down[0] else (200, {}, b"")) as receiver:
        house.webhook(receiver.url())
        job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
        first = receiver.wait("document.generated")
        house.restart()
        second = receiver.wait("document.generated")
        house.server.kill()
        down[0] = False
        house.start()
        third = receiver.wait("document.generated")
        assert len({h.headers["webhook-id"] for h in (first, second, third)}) == 1
        wait_for_status(house, job["id"], "succeeded")


def test_dead_receivers_are_typed(new_house, tls, letter):
    """Refused connections, TLS that cannot be trusted and silence are told apart in the log."""
    house = new_house(WEBHOOK_RETRY_SCHEDULE="1", WEBHOOK_TIMEOUT_MS=2000)
    template = house.client.upload_template("Letter", letter)
    with refusing_socket() as closed, refusing_socket() as silent:
        silent.listen(8)
        for socket, outcome in ((closed, "connect"), (silent, "timeout")):
            url = f"https://127.0.0.1:{socket.getsockname()[1]}/"
            job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx", webhook_url=url)
            delivery = wait_for_status(house, job["id"], "dropped")
            attempts = house.client.call("GET", f"/webhooks/deliveries/{delivery['id']}")["attempts"]
            assert {a["outcome"] for a in attempts} == {outcome}


def test_documents_of_uat_templates_send_too(house, receiver, letter):
    house.webhook(receiver.url())
    template = house.client.upload_template("Letter UAT", letter, is_uat="true")
    assert template["is_uat"] is True
    house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
    assert receiver.wait("document.generated").payload["metadata"]["template_id"] == template["id"]
