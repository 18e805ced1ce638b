"""Fixtures of the browser tests: the real program, a real receiver over TLS, Debian's Chromium.

Every page opened through these fixtures is watched: an error on its console, an uncaught exception or a refusal by the
Content-Security-Policy fails the test at its end.
"""
import os
import re
import sys
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
for folder in ("scripts", "tests/blackbox"):
    sys.path.insert(0, os.path.join(ROOT, folder))
import local  # noqa: E402
from docx import write_docx  # noqa: E402

local.PROGRAM = os.environ.get("DOCGENLAB_BIN", local.PROGRAM)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
EMAIL, PASSWORD = "admin@test.example", "correct horse battery"
EXAMPLES = os.path.join(ROOT, "examples")
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

expect.set_options(timeout=local.PATIENCE_S * 1000)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A skipped test is a test that says nothing: it fails the run."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    return local.make_certificate(str(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="session")
def new_server(tmp_path_factory, tls):
    """new_server(init=False) is a server before its first organization."""
    made = []

    def make(init=True, **options):
        data_dir = os.path.join(str(tmp_path_factory.mktemp("house")), "data")
        os.makedirs(data_dir)
        first = local.Server.init(data_dir, email=EMAIL, password=PASSWORD) if init else {}
        options.setdefault("RATE_LIMIT_PER_MINUTE", 0)
        options.setdefault("WEBHOOK_RETRY_SCHEDULE", "3600")
        server = local.Server(data_dir, ca_file=tls[0], allow_nets="127.0.0.0/8", options=options).start()
        server.api_key = first.get("api_key")
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def server(new_server):
    return new_server()


@pytest.fixture(scope="session")
def client(server):
    return local.Client(server.url, server.api_key)


@pytest.fixture
def receiver(tls):
    with local.Receiver(tls[1], tls[2]) as made:
        yield made


class Watch:
    """What went wrong on the pages of one test. `allow` names statuses that a test brings about on purpose."""

    def __init__(self):
        self.problems = []
        self.allowed = []

    def allow(self, *statuses):
        self.allowed += [f"status of {status}" for status in statuses]

    def on_console(self, message):
        if message.type == "error" and not any(text in message.text for text in self.allowed):
            self.problems.append(message.text)

    def follow(self, page):
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))


@pytest.fixture
def watch():
    made = Watch()
    yield made
    assert made.problems == []


@pytest.fixture
def open_page(browser, server, watch):
    """open_page(viewport=PHONE, …) is a fresh browser window, not signed in; its pages are relative to the server."""
    contexts = []

    def make(viewport=DESKTOP, base_url=None, **options):
        options.setdefault("color_scheme", "light")
        context = browser.new_context(viewport=viewport, base_url=base_url or server.url, **options)
        context.set_default_timeout(local.PATIENCE_S * 1000)
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        return page

    yield make
    for context in contexts:
        context.close()


def sign_in(page, email=EMAIL, password=PASSWORD):
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/templates")
    return page


def shown_secret(page):
    """The signing secret in plain text, once the page shows it so."""
    place = page.locator("#secret-value")
    expect(place).to_contain_text(re.compile("whsec_[A-Za-z0-9+/=]{20,}"))
    return place.inner_text()


def reveal_secret(page):
    page.get_by_role("button", name="Reveal").click()
    return shown_secret(page)


def new_session(browser, server):
    """The administrator's session, for open_page(storage_state=…)."""
    context = browser.new_context(base_url=server.url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def session(browser, server):
    """Shared by the windows of all tests: passwords are slow to check by design."""
    return new_session(browser, server)


@pytest.fixture
def signed_in(open_page, session):
    """signed_in(viewport=…) is a window of the administrator, at the list of templates."""
    def make(**options):
        page = open_page(storage_state=session, **options)
        page.goto("/templates")
        return page

    return make


@pytest.fixture
def admin(signed_in):
    return signed_in()


def write_letter(folders, name, paragraphs):
    path = str(folders.mktemp("letter") / f"{name}.docx")
    write_docx(path, paragraphs)
    return path


@pytest.fixture(scope="session")
def letter(tmp_path_factory):
    """A small template: a greeting and a loop."""
    return write_letter(tmp_path_factory, "letter",
                        ["Dear {{ name }},", "{% for item in items %}", "- {{ item }}", "{% endfor %}", "Thank you."])


@pytest.fixture(scope="session")
def doubtful_letter(tmp_path_factory):
    """Paragraph 2 calls a function that there is not."""
    return write_letter(tmp_path_factory, "doubtful letter", ["Dear {{ name }},", "{{ fullname(name) }}"])


@pytest.fixture(scope="session")
def broken_letter(tmp_path_factory):
    """Paragraph 2 opens a loop that is never closed."""
    return write_letter(tmp_path_factory, "broken letter", ["Dear {{ name }},", "Your things: {% for item in items %}{{ item }}"])


@pytest.fixture(scope="session")
def template(client, letter):
    return client.upload_template("Letter", letter)


def document_id(page):
    return re.search(r"/history/([0-9a-f-]{36})", urlsplit(page.url).path).group(1)
