"""A real mail server in this process, which keeps what it is given."""
import email
import email.policy
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from local import free_port, wait_until


def text_of(letter):
    return " ".join(letter[2].get_content().split())


class Mailbox:
    """A mail server on a free port, with STARTTLS and a login when asked for."""

    def __init__(self, certificate=None, key=None, refuse=(), port=None):
        self.letters, self.logins, self.encrypted, self.refuse = [], [], [], list(refuse)
        self.port = port or free_port()
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
        if self.refuse:
            return self.refuse.pop(0)
        self.encrypted.append(session.ssl is not None)
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"

    def wait(self, count=1):
        wait_until(lambda: len(self.letters) >= count, lambda: f"{len(self.letters)} letters came, not {count}")
        return self.letters

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()
