"""Fixtures of the black-box tests: the real program, real receivers over real TLS, one server for most tests."""
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local import Client, Receiver, Server, make_certificate  # noqa: E402

EXAMPLES = os.path.join(ROOT, "examples")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A skipped test is a test that says nothing: it fails the run."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """(ca file, certificate, key) of a throwaway CA for localhost and 127.0.0.1."""
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


class House:
    """A server with its first organization."""

    def __init__(self, folder, tls, listen="127.0.0.1:0", start=True, **options):
        self.data_dir = os.path.join(str(folder), "data")
        self.first = Server.init(self.data_dir, password="correct horse battery")
        options.setdefault("RATE_LIMIT_PER_MINUTE", 0)
        options.setdefault("LOG_LEVEL", "debug")
        self.server = Server(self.data_dir, ca_file=tls[0], allow_nets="127.0.0.0/8", options=options, listen=listen)
        if start:
            self.start()

    def start(self):
        self.server.start()
        self.client = Client(self.server.url, self.first["api_key"])
        return self

    def restart(self, **options):
        self.server.stop()
        self.server.env.update({f"DOCGENLAB_{k}": str(v) for k, v in options.items()})
        return self.start()

    def log(self):
        with open(self.server.log_path, encoding="utf-8", errors="replace") as fh:
            return fh.read()

    def webhook(self, url):
        return self.client.call("PUT", "/webhooks/settings", {"webhook_url": url})


@pytest.fixture(scope="session")
def house(tmp_path_factory, tls):
    made = House(tmp_path_factory.mktemp("house"), tls)
    yield made
    assert made.server.stop() == 0


@pytest.fixture
def new_house(tmp_path, tls):
    """Makes servers with options of their own: new_house(WEBHOOK_RETRY_SCHEDULE="1,1,1")."""
    made = []

    def make(folder="house", **options):
        made.append(House(tmp_path / folder, tls, **options))
        return made[-1]

    yield make
    for house in made:
        if house.server.process and house.server.process.poll() is None:
            house.server.stop()


@pytest.fixture
def receiver(tls):
    with Receiver(tls[1], tls[2]) as made:
        yield made


@pytest.fixture(scope="session")
def letter(tmp_path_factory):
    """A small template file: one greeting, one loop."""
    from docx import write_docx
    path = str(tmp_path_factory.mktemp("letter") / "letter.docx")
    write_docx(path, ["Dear {{ name }},", "{% for item in items %}", "- {{ item }}", "{% endfor %}", "Thank you."])
    return path


@pytest.fixture(scope="session")
def template(house, letter):
    return house.client.upload_template("Letter", letter)


@pytest.fixture(scope="session")
def invoice_path():
    return os.path.join(EXAMPLES, "invoice.docx")


@pytest.fixture(scope="session")
def invoice_data():
    with open(os.path.join(EXAMPLES, "invoice.json"), "rb") as fh:
        return fh.read()
