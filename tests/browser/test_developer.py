"""Settings → Developer: keys, webhook, secret, handlers, deliveries."""
import json
import re
import subprocess

import pytest
from conftest import DESKTOP, PHONE, reveal_secret, shown_secret, sign_in
from local import Client, Receiver, verify_signature
from playwright.sync_api import expect

TEST_PAYLOAD = b'{"event":"webhook.test","message":"This is a test webhook from DocGenLab"}'


def create_key(page, name, role="Generator", expires=None):
    page.goto("/settings/developer")
    page.locator("summary", has_text="Create API key").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Role", exact=True).select_option(label=role)
    if expires:
        page.get_by_label("Expires").fill(expires)
    page.get_by_role("button", name="Create key").click()
    return page.locator("#new-key").inner_text()


def save_webhook(page, url):
    page.goto("/settings/developer")
    page.get_by_label("Webhook URL").fill(url)
    page.get_by_role("button", name="Save Webhook URL").click()
    expect(page.get_by_text("The webhook URL was saved.")).to_be_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_key_is_shown_once_works_and_is_revoked(signed_in, server, viewport):
    page = signed_in(viewport=viewport)
    name = f"Billing <b>{viewport['width']}</b>"
    key = create_key(page, name)
    assert re.fullmatch(r"dgl_[0-9a-f]{32}", key)
    assert key in page.locator("#curl").inner_text()
    client = Client(server.url, key)
    assert client.raw("GET", "/templates/").status == 200
    page.reload()  # asks nothing, sends nothing again
    expect(page.locator("#new-key")).to_have_count(0)
    assert key not in page.content()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_have_count(1)
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text("The key was revoked.")).to_be_visible()
    assert client.raw("GET", "/templates/").status == 401


def test_copying_a_key(signed_in):
    page = signed_in(permissions=["clipboard-read", "clipboard-write"])
    key = create_key(page, "Copied")
    page.locator(".note-good").get_by_role("button", name="Copy").click()
    expect(page.locator(".toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == key


def test_an_expiry_in_the_past_is_refused(admin, watch):
    watch.allow(422)
    admin.goto("/settings/developer")
    admin.locator("summary", has_text="Create API key").click()
    admin.evaluate("document.querySelector('.create-key form').noValidate = true")
    admin.get_by_label("Name", exact=True).fill("Too late")
    admin.get_by_label("Expires").fill("2020-01-01")
    admin.get_by_role("button", name="Create key").click()
    expect(admin.locator(".create-key").get_by_role("alert")).to_be_visible()
    expect(admin.get_by_label("Name", exact=True)).to_have_value("Too late")


def test_an_expiring_key_says_when(admin):
    create_key(admin, "For a while", expires="2099-12-31")
    expect(admin.get_by_role("row").filter(has_text="For a while")).to_contain_text("2099")  # the last day on which it is good


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_test_webhook_sends_to_the_field_unsaved(signed_in, receiver, viewport):
    page = signed_in(viewport=viewport)
    page.goto("/settings/developer")
    page.get_by_label("Webhook URL").fill(receiver.url("/unsaved"))
    page.get_by_role("button", name="Test Webhook").click()
    result = page.get_by_role("group", name="Result of the test")
    expect(result).to_contain_text("200")
    expect(result).to_contain_text("TLSv1")
    expect(result).to_contain_text("private network")  # what a private address answers is not shown
    expect(result).to_contain_text(receiver.url("/unsaved"))
    hook = receiver.wait("webhook.test")
    assert hook.body == TEST_PAYLOAD and hook.path == "/unsaved"
    page.reload()
    expect(page.get_by_label("Webhook URL")).not_to_have_value(receiver.url("/unsaved"))


def test_a_handler_like_the_guides_is_explained(admin, tls):
    def naive(hook):
        return (200, {}, b"ok") if "status" in hook.payload else (500, {}, b"KeyError: 'status' <b>")

    with Receiver(tls[1], tls[2], answer=naive) as receiver:
        admin.goto("/settings/developer")
        expect(admin.get_by_text("answers 500 to the test")).to_be_visible()
        admin.get_by_label("Webhook URL").fill(receiver.url())
        admin.get_by_role("button", name="Test Webhook").click()
        result = admin.get_by_role("group", name="Result of the test")
        expect(result).to_contain_text("500")
        expect(result).to_contain_text("What to do")


def test_in_development_the_answer_is_shown(new_server, open_page, tls):
    server = new_server(WEBHOOK_ALLOW_HTTP="true")
    page = sign_in(open_page(base_url=server.url))
    page.goto("/settings/developer")
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"KeyError: 'status' <b>")) as receiver:
        page.get_by_label("Webhook URL").fill(receiver.url())
        page.get_by_role("button", name="Test Webhook").click()
        expect(page.get_by_role("group", name="Result of the test")).to_contain_text("KeyError: 'status' <b>")


def test_an_address_nobody_listens_at(admin, receiver):
    url = receiver.url()
    receiver.server.server_close()
    admin.goto("/settings/developer")
    admin.get_by_label("Webhook URL").fill(url)
    admin.get_by_role("button", name="Test Webhook").click()
    result = admin.get_by_role("group", name="Result of the test")
    expect(result).to_contain_text("No connection")
    expect(result).to_contain_text("What to do")


def test_plain_http_is_refused_beside_the_field(admin, watch):
    watch.allow(422)
    admin.goto("/settings/developer")
    for button in ("Save Webhook URL", "Test Webhook"):
        admin.get_by_label("Webhook URL").fill("http://hooks.example.com/x")
        admin.get_by_role("button", name=button).click()
        if button == "Save Webhook URL":
            expect(admin.locator(".field-error")).to_contain_text("https")
            expect(admin.get_by_label("Webhook URL")).to_have_value("http://hooks.example.com/x")
        else:
            expect(admin.locator("#webhook-result")).to_contain_text("https")


def test_everything_works_without_script(signed_in, receiver):
    page = signed_in(java_script_enabled=False)
    key = create_key(page, "Without script")
    assert re.fullmatch(r"dgl_[0-9a-f]{32}", key)
    page.get_by_label("Webhook URL").fill(receiver.url("/plain"))
    page.get_by_role("button", name="Test Webhook").click()
    expect(page.get_by_role("group", name="Result of the test")).to_contain_text("200")
    expect(page.get_by_label("Webhook URL")).to_have_value(receiver.url("/plain"))
    page.locator("#secret").get_by_role("button").first.click()
    expect(page.locator("#secret-value")).to_contain_text("whsec_")


def test_saved_webhook_signs_with_the_shown_secret(admin, client, template, receiver):
    save_webhook(admin, receiver.url("/saved"))
    expect(admin.get_by_text("Saved and in use.")).to_be_visible()
    secret = reveal_secret(admin)
    made = client.generate(template["id"], {"name": "Ann", "items": ["a"]}, output_format="docx")
    hook = receiver.wait("document.generated")
    assert hook.payload["job_id"] == made["id"] and hook.path == "/saved"
    verify_signature(secret, hook)
    admin.reload()
    delivery = admin.locator(f"#delivery-{hook.headers['webhook-id']}")
    expect(delivery).to_contain_text("Delivered")
    delivery.locator("summary").click()
    expect(delivery).to_contain_text("document.generated")
    expect(delivery).to_contain_text("200")
    assert "signature=" not in delivery.inner_text()  # links are masked
    delivery.get_by_role("button", name="Send again").click()
    again = receiver.wait("document.generated")
    assert again.headers["webhook-id"] == hook.headers["webhook-id"]
    expect(admin.get_by_text("It is being sent again.")).to_be_visible()
    admin.goto(f"/history/{made['id']}")
    expect(admin.locator(f"#delivery-{hook.headers['webhook-id']}")).to_be_visible()


def test_documents_of_the_pages_are_silent(admin, client, template, receiver):
    save_webhook(admin, receiver.url("/silent"))
    admin.goto(f"/templates/{template['id']}")
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    expect(admin.locator(".badge", has_text="Ready")).to_be_visible()
    made = client.generate(template["id"], {"name": "Ann", "items": []}, output_format="docx")
    assert receiver.wait("document.generated").payload["job_id"] == made["id"]  # the page's would have come first
    assert len(receiver.kept) == 1


def test_rotating_shows_the_new_secret(admin, receiver):
    save_webhook(admin, receiver.url())
    old = reveal_secret(admin)
    admin.locator("summary", has_text="Rotate").click()
    admin.get_by_role("button", name="Make a new secret").click()
    expect(admin.get_by_text("another 24 hours")).to_be_visible()
    new = shown_secret(admin)
    assert new != old
    admin.reload()
    assert new not in admin.content()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_key_pair_is_made_rotated_and_switched_off(signed_in, client, template, receiver, script):
    page = signed_in(java_script_enabled=script)
    save_webhook(page, receiver.url("/pair"))
    expect(page.get_by_text("No key pair: webhooks carry the secret’s signature only.")).to_be_visible()

    def signatures():
        client.generate(template["id"], {"name": "Ann", "items": []}, output_format="docx")
        return [s.split(",")[0] for s in receiver.wait("document.generated").headers["webhook-signature"].split(" ")]

    page.get_by_role("button", name="Make a key pair").click()
    key = page.locator("#public-key-value").inner_text()
    assert key.startswith("whpk_") and key == client.call("GET", "/webhooks/public-key")["public_key"]
    assert signatures().count("v1a") == 1
    card = page.locator("#public-key")
    card.locator("summary", has_text="Rotate").click()
    card.get_by_role("button", name="Make a new key pair").click()
    expect(page.get_by_text("The old key pair signs beside it for another 24 hours.")).to_be_visible()
    assert page.locator("#public-key-value").inner_text() != key and signatures().count("v1a") == 2
    card.locator("summary", has_text="Switch off").click()
    card.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("No key pair: webhooks carry the secret’s signature only.")).to_be_visible()
    assert "v1a" not in signatures()


def test_removing_the_url(admin, receiver):
    save_webhook(admin, receiver.url())
    admin.get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("The webhook URL was removed.")).to_be_visible()
    expect(admin.get_by_label("Webhook URL")).to_have_value("")
    expect(admin.get_by_text("nothing is sent")).to_be_visible()


def test_dead_links_are_announced(admin, receiver):
    admin.goto("/settings/developer")
    title = admin.get_by_text("Download links will not work for your receiver")
    expect(title).to_have_count(0)
    save_webhook(admin, "https://hooks.example.com/docgenlab")
    expect(title).to_be_visible()
    save_webhook(admin, receiver.url())
    expect(title).to_have_count(0)


def test_the_curl_line_works_when_pasted(admin, server, template):
    key = create_key(admin, "Pasted")
    command = admin.locator("#curl").inner_text()
    assert key in command
    done = subprocess.run(["sh", "-c", command.replace("curl ", "curl -sS ", 1)], capture_output=True, timeout=120)
    answer = json.loads(done.stdout)
    assert answer["status"] == "queued", done.stderr
    assert Client(server.url, key).wait_document(answer["id"])["status"] == "ready"


def test_handlers_are_shown_one_at_a_time(admin):
    admin.goto("/settings/developer")
    handlers = admin.locator("#handlers")
    for code in ("#minimal-0", "#handler-0"):
        expect(handlers.locator(code)).to_contain_text("from flask import")
    expect(handlers.locator("#minimal-1")).to_be_hidden()
    handlers.get_by_role("radio", name="Express").check()
    for code in ("#minimal-1", "#handler-1"):
        expect(handlers.locator(code)).to_contain_text("import express from")
    expect(handlers.locator("#handler-0")).to_be_hidden()


def test_source_addresses_are_shown(new_server, open_page):
    server = new_server(WEBHOOK_SOURCE_IPS="203.0.113.10,203.0.113.11")
    page = sign_in(open_page(base_url=server.url))
    page.goto("/settings/developer")
    expect(page.locator("#source-ips")).to_have_text("203.0.113.10, 203.0.113.11")
