"""What must not be found where others look: passwords, keys, signing secrets and links of a real run, in logs, metrics, database,
answers that refuse, the memory of the workers, and in a core dump that somebody forces.
"""
import os
import re
import resource
import signal

import pytest
from conftest import House
from docx import paragraph, write_docx
from local import Client, Receiver
from test_attacks import Browser

MAIL = "smtp://mailer:a-password-for-mail@127.0.0.1:9"


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as fh:
            found = [int(word) for word in fh.read().split()]
    except OSError:
        return []
    return found + [deeper for child in found for deeper in children(child)]


def memory_holds(pid, values):
    """Which of the values stand in the process's own memory. None: not even we may look."""
    found = set()
    try:
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                words = line.split()
                begin, end = (int(part, 16) for part in words[0].split("-"))
                if "w" not in words[1] or words[-1] in ("[vvar]", "[vsyscall]"):
                    continue
                if end - begin >= 1 << 40:  # AddressSanitizer's shadow: it tells of memory and holds none
                    continue
                at = begin
                while at < end:  # pieces that overlap by more than a value
                    try:
                        memory.seek(at)
                        data = memory.read(min(end - at, 8 << 20))
                    except (OSError, ValueError, OverflowError):
                        break
                    found |= {value for value in values if value in data}
                    if len(data) <= 4096 or at + len(data) >= end:
                        break
                    at += len(data) - 4096
    except PermissionError:
        return None
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory, tls):
    """A house with some of everything secret in it, used and refused."""
    folder = tmp_path_factory.mktemp("secrets")
    unlimited = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (unlimited[1], unlimited[1]))  # as in a shell with `ulimit -c unlimited`
    house = House(folder, tls, start=False, SMTP_URL=MAIL, MAIL_FROM="server@test.example", RENDER_WORKERS=1)
    house.start()
    resource.setrlimit(resource.RLIMIT_CORE, unlimited)
    client, answers = house.client, []
    browser = Browser(house).signed_in()
    secrets = {"key": house.first["api_key"], "password": "correct horse battery", "mail": "a-password-for-mail", "session": browser.cookies["dgl_session"],
               "csrf": browser.csrf, "signing": client.call("GET", "/webhooks/secret")["secret"]}
    with open(os.path.join(house.data_dir, "secret.key"), encoding="ascii") as fh:
        secrets["master"] = re.findall(r"\b[0-9a-f]{64}\b", fh.read())[-1]
    page = browser.ask("POST", "/settings/developer/keys", {"name": "another", "role": "generator"})[1]
    secrets["second key"] = re.search(r"dgl_[0-9a-f]{32}", page).group(0)
    page = browser.ask("POST", "/settings/organization/users", {"email": "new@test.example", "role": "viewer"})[1]
    secrets["invitation"] = re.search(r"invitation\?token=[\w-]+\.[\w.-]*\.([\w-]{43})", page).group(1)
    client.call("POST", "/webhooks/public-key/rotate", {})
    path = os.path.join(str(folder), "t.docx")
    write_docx(path, ["Dear {{ name }},"])
    template = client.upload_template("Letter", path)["id"]
    write_docx(path, [], body_xml=paragraph("Hello {{ name }}") + '<w:altChunk r:id="rId9"/>')  # LibreOffice's
    declined = client.upload_template("Declined", path)["id"]
    with Receiver(tls[1], tls[2]) as receiver:
        for id_, kind in ((template, "docx"), (template, "pdf"), (declined, "pdf")):
            made = client.wait_document(client.generate(id_, {"name": "x"}, kind, webhook_url=receiver.url())["id"])
            assert made["status"] == "ready", made
            receiver.wait("document.generated")
    secrets["link"] = re.search(r"signature=([\w-]+)", made["download_url"]).group(1)
    client.download(made["download_url"])
    # refusals, which must not repeat what they were given
    answers.append(Client(house.server.url, secrets["key"][:-1] + "g").raw("GET", "/templates/").body)
    wrong_link = made["download_url"].replace(secrets["link"], secrets["link"][:-2] + "AA")
    answers.append(Client(house.server.url).raw("GET", wrong_link).body)
    for body in ({"url": "https://user:a-password-for-mail@hooks.example.com/"}, {"secret": secrets["signing"]}):
        answers.append(client.raw("POST", "/webhooks/endpoints/", body).body)
    answers.append(browser.ask("POST", "/settings/account/password", {"current_password": "guess " + secrets["password"], "password": secrets["password"]})[1].encode())
    answers.append(browser.sign_in("admin@test.example", "not the " + secrets["password"])[1].encode())
    answers.append(client.raw("GET", "/nothing?key=" + secrets["key"]).body)
    yield house, secrets, answers
    house.server.stop()


def where_found(secrets, text, but=()):
    """Names of what is in the text, as it is, and the master key also as its bytes."""
    forms = {name: [value.encode()] for name, value in secrets.items()}
    forms["master"].append(bytes.fromhex(secrets["master"]))
    forms["signing"].append(secrets["signing"][len("whsec_"):].encode())
    return sorted(name for name, values in forms.items() if name not in but and any(value in text for value in values))


def test_not_in_logs_metrics_database_or_refusals(run):
    house, secrets, answers = run
    house.client.raw("GET", house.server.url + "/metrics")
    shown = {"log": house.log().encode(), "metrics": house.client.raw("GET", house.server.url + "/metrics").body, "refusals": b"".join(answers)}
    for name in ("docgenlab.db", "docgenlab.db-wal"):
        with open(os.path.join(house.data_dir, name), "rb") as fh:
            shown[name] = fh.read()
    assert len(shown["log"]) > 5000 and len(shown["refusals"]) > 1000
    for place, text in shown.items():
        assert where_found(secrets, text, ("csrf",) if place == "refusals" else ()) == [], place  # a page's form holds its own token


def test_not_in_the_memory_of_workers(run):
    """They get the server's memory when they are forked, and all they ever read is strangers' bytes."""
    house, secrets, _ = run
    values = {value.encode(): name for name, value in secrets.items()}
    values[bytes.fromhex(secrets["master"])] = "master"
    if os.environ.get("DGL_SANITIZED"):
        del values[secrets["mail"].encode()]  # AddressSanitizer copies the environment, where it was given
    pids, looked = children(house.server.process.pid), 0
    assert len(pids) >= 3  # the supervisor, ours and LibreOffice's
    for pid in pids:
        found = memory_holds(pid, values)
        if found is not None:
            looked += 1
            assert sorted(values[value] for value in found) == [], pid
    if os.geteuid() == 0:
        assert looked == len(pids)
        assert memory_holds(house.server.process.pid, {secrets["mail"].encode()})  # whoever holds it is found by looking like this


def test_a_forced_core_dump_is_not_made(run, tmp_path):
    """Last: it ends the server. The control shows that a program without our care leaves one here, where the system makes any."""
    house, _, _ = run
    before = set(os.listdir("."))
    for pid in children(house.server.process.pid) + [house.server.process.pid]:
        try:
            with open(f"/proc/{pid}/limits", encoding="ascii") as fh:
                assert re.search(r"Max core file size +0 +0 ", fh.read()), pid
        except FileNotFoundError:
            continue
    pid = house.server.process.pid
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    house.server.process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGABRT and not os.WCOREDUMP(status)
    assert not [n for n in [*set(os.listdir(".")) - before, *os.listdir(house.data_dir)] if "core" in n]
