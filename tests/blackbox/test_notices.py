"""An endpoint that fails for days: notices the day before and at the moment, in the log always, by e-mail to a real mail
server when one is set. Days pass by moving the endpoint's record back in the database while the server is stopped."""
import email
import email.policy
import os
import socket
import sqlite3
import ssl
import time

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from local import Receiver

HOUR_US = 3600 * 1000000


class Mailbox:
    """A mail server on a free port, with STARTTLS and a login when asked for."""

    def __init__(self, certificate=None, key=None, refuse_first=0):
        self.letters, self.logins, self.encrypted, self.refuse = [], [], [], refuse_first
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = {}
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": self.authenticate}
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"it's secret", handled=True)

    async def handle_DATA(self, server, session, envelope):
        if self.refuse > 0:
            self.refuse -= 1
            return "550 not wanted here"
        self.encrypted.append(session.ssl is not None)
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"

    def wait(self, count=1, seconds=20):
        until = time.monotonic() + seconds
        while len(self.letters) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(self.letters) >= count, f"{len(self.letters)} letters came, not {count}"
        return self.letters

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


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
    until = time.monotonic() + 20
    while time.monotonic() < until:
        items = house.client.call("GET", f"/webhooks/deliveries?document_id={job['id']}")["items"]
        if items and items[0]["attempts"]:
            return items[0]
        time.sleep(0.05)
    raise AssertionError("the attempt was not recorded")


def text_of(letter):
    return " ".join(letter[2].get_content().split())


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
        log = house.log()
        assert "has failed for four days on end" in log and "it failed for five days on end" in log and "secret" not in log
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
        assert house.log().count("it answered 410 Gone") == 2 and len(mailbox.letters) == 1


def test_a_refused_letter_is_in_the_log(new_house, tls, letter):
    with Mailbox(refuse_first=1) as mailbox, Receiver(tls[1], tls[2], answer=lambda hook: (410, {}, b"")) as receiver:
        house = new_house(SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="docgenlab@server.example")
        template = house.client.upload_template("Letter", letter)
        house.webhook(receiver.url())
        fail_once(house, receiver, template)
        until = time.monotonic() + 20
        while "e-mail not sent" not in house.log() and time.monotonic() < until:
            time.sleep(0.05)
        assert "e-mail not sent" in house.log() and "status 550" in house.log() and not mailbox.letters


@pytest.mark.parametrize("options, says", [
    ({"SMTP_URL": "smtp://127.0.0.1:25"}, "MAIL_FROM must be given with SMTP_URL"),
    ({"SMTP_URL": "http://127.0.0.1:25", "MAIL_FROM": "a@b.example"}, "SMTP_URL must begin with smtp:// or smtps://"),
    ({"SMTP_URL": "smtp://127.0.0.1:25", "MAIL_FROM": "a@b.example\nBcc: c@d.example"}, "MAIL_FROM"),
    ({"SMTP_URL": "smtp://127.0.0.1:25", "MAIL_FROM": "nobody"}, 'MAIL_FROM "nobody" is not an address'),
    ({"DNS_SERVERS": "one"}, "dns_servers"),
])
def test_wrong_settings(new_house, options, says):
    house = new_house(start=False, **options)
    with pytest.raises(Exception, match="did not start"):
        house.start()
    assert says in house.log()
