"""E-mail: an endpoint that fails for days (notices the day before and at the moment, in the log always), invitations; to a
real mail server, through an outbox that outlives both. Days pass by moving rows back in the database while the server is
stopped."""
import os
import re
import sqlite3
import time

import pytest
import requests
from local import Receiver, free_port, refusing_socket, wait_until
from mailbox_server import Mailbox, text_of

HOUR_US = 3600 * 1000000


def failing_for(house, hours):
    """As if its endpoint had failed for so long."""
    house.server.stop()
    with sqlite3.connect(os.path.join(house.data_dir, "docgenlab.db")) as db:
        changed = db.execute("UPDATE endpoints SET failing_since_us = ?", (int(time.time() * 1e6) - hours * HOUR_US,)).rowcount
    db.close()
    assert changed == 1
    house.start()


def fail_once(house, receiver, template):
    job = house.client.generate(template["id"], {"name": "A", "items": []}, "docx")
    receiver.wait("document.generated")

    def recorded():
        items = house.client.call("GET", f"/webhooks/deliveries?document_id={job['id']}")["items"]
        return items[0] if items and items[0]["attempts"] else None

    return wait_until(recorded, "the attempt was not recorded")


def test_notices_by_mail(new_house, tls, letter):
    """Failed for 96 hours: a notice, once. For 120: disabled, a notice. Saving the URL enables it again."""
    with Mailbox(tls[1], tls[2]) as mailbox, Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"")) as receiver:
        house = new_house(SMTP_URL=f"smtp://docgenlab:it's%20secret@localhost:{mailbox.port}", MAIL_FROM="docgenlab@server.example",
                          PUBLIC_URL="https://docs.example.com")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url("/hook?token=abc"))
        fail_once(house, receiver, template)
        failing_for(house, 97)
        fail_once(house, receiver, template)
        fail_once(house, receiver, template)  # said once
        sender, recipients, message = mailbox.wait()[0]
        assert sender == "docgenlab@server.example" and recipients == ["admin@test.example"]
        assert message["Subject"] == "DocGenLab: a webhook endpoint is failing and will be disabled in a day"
        assert message["From"] == "DocGenLab <docgenlab@server.example>" and message["To"] == "admin@test.example"
        assert message["Date"].datetime and message["Message-ID"] and message["Auto-Submitted"] == "auto-generated"
        text = text_of(mailbox.letters[0])
        assert "webhooks of Test Organization" in text and receiver.url("/hook") in text and "token" not in text
        assert "answered with status 500" in text and "https://docs.example.com/deliveries" in text
        assert house.client.call("GET", "/webhooks/settings")["enabled"] is True
        failing_for(house, 121)
        fail_once(house, receiver, template)
        assert mailbox.wait(2)[1][2]["Subject"] == "DocGenLab: a webhook endpoint was disabled"
        settings = house.client.call("GET", "/webhooks/settings")
        assert settings["enabled"] is False and settings["disabled_reason"].startswith("every attempt since 20")
        assert len(mailbox.letters) == 2 and all(mailbox.encrypted) and set(mailbox.logins) == {(b"docgenlab", b"it's secret")}
        wait_for_log(house, "has failed for four days on end")
        wait_for_log(house, "it failed for five days on end")
        assert "secret" not in house.log()
        house.webhook(receiver.url())
        assert house.client.call("GET", "/webhooks/settings")["enabled"] is True


def test_gone_is_told(new_house, tls, letter):
    """410 disables at once: that is told too. Without a mail server the log alone says it."""
    with Mailbox() as mailbox, Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house = new_house(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="docgenlab@server.example")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url())
        fail_once(house, receiver, template)
        assert "410 Gone" in text_of(mailbox.wait()[0])
        house.restart(SMTP_URL="")
        house.webhook(receiver.url())
        fail_once(house, receiver, template)
        wait_for_log(house, "it answered 410 Gone", 2)
        assert house.log().count("it answered 410 Gone") == 2 and len(mailbox.letters) == 1


def test_a_refused_letter_is_in_the_log(new_house, tls, letter):
    with Mailbox(refuse=["550 not wanted here"]) as mailbox, Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house = new_house(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="docgenlab@server.example")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url())
        fail_once(house, receiver, template)
        wait_for_log(house, "e-mail not sent")
        assert "status 550" in house.log() and not mailbox.letters


def move(house, sql, *values):
    """While the server is stopped."""
    with sqlite3.connect(os.path.join(house.data_dir, "docgenlab.db")) as db:
        changed = db.execute(sql, values).rowcount
    db.close()
    return changed


def wait_for_log(house, text, count=1):
    wait_until(lambda: house.log().count(text) >= count, lambda: f"{text!r} is {house.log().count(text)} times in the log, not {count}")


def gone(new_house, tls, letter, receiver, **options):
    """A house whose endpoint has just answered 410, so that one letter is due."""
    house = new_house(MAIL_FROM="docgenlab@server.example", **options)
    template = house.client.upload_template("Letter", letter)
    house.webhook(receiver.url())
    fail_once(house, receiver, template)
    return house


def test_letters_outlive_server_and_mail_server(new_house, tls, letter):
    """No mail server, kill -9, still none, a mail server that says not now: then it arrives, once."""
    port = free_port()
    with Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house = gone(new_house, tls, letter, receiver, SMTP_URL=f"smtp://127.0.0.1:{port}")
        wait_for_log(house, "e-mail put off")
        house.server.kill()
        assert move(house, "UPDATE letters SET due_at_us = 1") == 1
        house.start()
        wait_for_log(house, "e-mail put off", 2)
        house.server.kill()
        with Mailbox(port=port, refuse=["451 not now"]) as mailbox:
            move(house, "UPDATE letters SET due_at_us = 1")
            house.start()
            wait_for_log(house, "e-mail put off", 3)
            assert "status 451" in house.log() and not mailbox.letters
            house.server.stop()
            move(house, "UPDATE letters SET due_at_us = 1")
            house.start()
            assert "410 Gone" in text_of(mailbox.wait()[0])
            wait_for_log(house, "e-mail sent")
            house.restart()
            house.server.stop()
            assert len(mailbox.letters) == 1
            assert move(house, "DELETE FROM letters") == 0


def test_letters_get_too_old_or_of_no_use(new_house, tls, letter):
    """After three days the log says that a letter was not sent; one about what is no longer so goes without a word."""
    with refusing_socket() as nobody, Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house = gone(new_house, tls, letter, receiver, SMTP_URL=f"smtp://127.0.0.1:{nobody.getsockname()[1]}")
        wait_for_log(house, "e-mail put off")
        house.server.stop()
        move(house, "UPDATE letters SET due_at_us = 1, created_at_us = created_at_us - 3 * 86400000000")
        house.start()
        wait_for_log(house, "e-mail not sent")
        house.webhook(receiver.url("/other"))
        fail_once(house, receiver, house.client.call("GET", "/templates/")[0])
        wait_for_log(house, "e-mail put off", 2)
        house.webhook(receiver.url("/third"))
        house.server.stop()
        assert move(house, "UPDATE letters SET due_at_us = 1") == 1
        house.start()
        wait_for_log(house, "e-mail no longer of use")
        house.server.stop()
        assert move(house, "DELETE FROM letters") == 0


def test_invitations_by_mail(new_house, tls):
    """The link comes by e-mail and works; neither it nor its token is in the log or in the database."""
    with Mailbox() as mailbox:
        house = new_house(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="docgenlab@server.example")
        browser, base = requests.Session(), house.server.url

        def send(page, action, **fields):
            token = re.search(r'name="csrf" value="([^"]+)"', browser.get(base + page).text).group(1)
            return browser.post(base + action, data=dict(fields, csrf=token), headers={"Origin": base})

        send("/sign-in", "/sign-in", email=house.first["admin_email"], password=house.first["admin_password"])
        page = send("/settings/organization", "/settings/organization/users", email="ann@test.example", name="Ann", role="viewer")
        assert "on its way to ann@test.example" in page.text
        sender, recipients, message = mailbox.wait()[0]
        assert recipients == ["ann@test.example"] and message["Subject"] == "DocGenLab: an invitation"
        assert "admin@test.example invites you to the organization Test Organization" in text_of(mailbox.letters[0])
        link = re.search(r"http\S+/invitation\?token=\S+", message.get_content()).group(0)
        person = requests.Session()
        form = re.search(r'name="csrf" value="([^"]+)"', person.get(link).text).group(1)
        token = link.split("token=")[1]
        done = person.post(base + "/invitation", data={"csrf": form, "token": token, "password": "a short sentence is easy"}, headers={"Origin": base})
        assert done.status_code == 200 and done.url.endswith("/templates"), done.text
        assert "used already" in requests.get(link).text
        log = house.log()
        assert token not in log and token.rsplit(".", 1)[1] not in log
        house.server.stop()
        with open(os.path.join(house.data_dir, "docgenlab.db"), "rb") as fh:
            assert token.rsplit(".", 1)[1].encode() not in fh.read()


@pytest.mark.parametrize("options, says", [
    ({"SMTP_URL": "smtp://127.0.0.1:25"}, "MAIL_FROM must be given with SMTP_URL"),
    ({"SMTP_URL": "http://127.0.0.1:25", "MAIL_FROM": "a@b.example"}, "SMTP_URL must begin with smtp:// or smtps://"),
    ({"SMTP_URL": "smtp://127.0.0.1:25", "MAIL_FROM": "a@b.example\nBcc: c@d.example"}, "MAIL_FROM"),
    ({"SMTP_URL": "smtp://127.0.0.1:25", "MAIL_FROM": "nobody"}, 'MAIL_FROM "nobody" is not an address'),
    ({"DNS_SERVERS": "one"}, "DNS_SERVERS"),
])
def test_wrong_settings(new_house, options, says):
    house = new_house(start=False, **options)
    with pytest.raises(Exception, match="did not start"):
        house.start()
    assert says in house.log()
