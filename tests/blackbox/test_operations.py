"""What an operator does: back up and restore while the server works, migrate, manage accounts, rotate the master key."""
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import threading
import time

import pytest
from docx import text_lines, write_docx
from local import PATIENCE_S, PROGRAM, ROOT, Client, Fail, Server, clean_environment, make_certificate, verify_signature, wait_until


def run(*arguments, expect=0, env=None, stdin=None):
    done = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin,
                          env=clean_environment(env), timeout=PATIENCE_S)
    assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout.decode() if expect == 0 else done.stderr.decode()


def run_json(*arguments, **more):
    return json.loads(run(*arguments, "--json", **more))


@pytest.fixture
def password(tmp_path):
    path = tmp_path / "password"
    path.write_text("a long new password\n")
    return str(path)


def documents_of(client):
    found, cursor = {}, None
    while True:
        page = client.call("GET", "/documents/?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        for item in page["items"]:
            found[item["id"]] = item["status"]
        cursor = page.get("next_cursor")
        if not cursor:
            return found


class Load(threading.Thread):
    """Generates documents and erases some until told to stop."""

    def __init__(self, house, template):
        super().__init__(daemon=True)
        self.house, self.template, self.stopping, self.made, self.erased, self.problem = house, template, False, [], set(), None

    def run(self):
        client = Client(self.house.server.url, self.house.first["api_key"])
        try:
            while not self.stopping:
                body = {"template_id": self.template, "output_format": "docx",
                        "input_json": {"name": f"N{len(self.made)}", "items": ["x"] * (len(self.made) % 50)}}
                self.made.append(client.call("POST", "/documents/", body)["id"])
                if len(self.made) % 7 == 0:
                    victim = self.made[len(self.made) // 2]
                    if victim not in self.erased and client.raw("DELETE", f"/documents/{victim}").status == 204:
                        self.erased.add(victim)
        except Exception as problem:
            self.problem = problem


def settle(client, ids):
    waiting = list(ids)

    def finished():
        waiting[:] = [i for i in waiting if client.raw("GET", f"/documents/{i}").json.get("status") in ("queued", "rendering")]
        return not waiting

    wait_until(finished, lambda: f"{len(waiting)} documents were not finished")


def sums(folder):
    with open(os.path.join(folder, "SHA256SUMS"), encoding="ascii") as fh:
        return dict(reversed(line.rstrip("\n").split("  ", 1)) for line in fh)


def test_backup_under_load_restores_every_document(new_house, letter, receiver, tmp_path):
    house = new_house()
    template = house.client.upload_template("Letter", letter)["id"]
    house.webhook(receiver.url())
    loads = [Load(house, template) for _ in range(3)]
    for load in loads:
        load.start()
    backups = []
    while len(backups) < 3:
        until = len(loads[0].made) + 20
        while len(loads[0].made) < until and not loads[0].problem:
            time.sleep(0.01)
        known = [set(load.made) for load in loads]
        backup = str(tmp_path / f"backup{len(backups)}")
        result = run_json("backup", backup, "--data", house.server.data_dir, "--with-key")
        assert result["damaged_files"] == 0
        backups.append((backup, known, result))
    for load in loads:
        load.stopping = True
    for load in loads:
        load.join(PATIENCE_S)
        assert not load.problem, load.problem
    erased = set().union(*(load.erased for load in loads))
    everything = set().union(*(set(load.made) for load in loads))
    settle(house.client, everything - erased)
    truth = {}
    for document in everything - erased:
        assert house.client.raw("GET", f"/documents/{document}").json["status"] == "ready"
        truth[document] = hashlib.sha256(house.client.raw("GET", f"/documents/{document}/download").body).hexdigest()
    house.server.stop()

    for number, (backup, known, result) in enumerate(backups):
        # The list is what sha256sum -c takes, and names every file but the description and itself.
        listed = sums(backup)
        there = {os.path.relpath(os.path.join(at, name), backup) for at, _, names in os.walk(backup) for name in names}
        assert there == set(listed) | {"SHA256SUMS", "backup.json"}
        subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=backup, check=True)
        data = str(tmp_path / f"restored{number}")
        restored = run_json("restore", backup, "--data", data)
        assert restored["files"] == result["files"] == len([name for name in listed if name.startswith("files/")])
        with Server(data, allow_nets="127.0.0.0/8", ca_file=house.server.env["DOCGENLAB_WEBHOOK_CA_FILE"],
                    options={"RATE_LIMIT_PER_MINUTE": 0}) as server:
            client = Client(server.url, house.first["api_key"])
            alive = documents_of(client)
            # Everything that was accepted before the backup began is in it, but for what was erased before its end.
            for before in known:
                assert before - erased <= set(alive), "an accepted document is not in the backup"
            settle(client, alive)
            for document, status in documents_of(client).items():
                assert status == "ready"
                body = client.raw("GET", f"/documents/{document}/download")
                assert body.status == 200
                if document in truth:
                    assert hashlib.sha256(body.body).hexdigest() == truth[document]
            # The secrets open: the receiver's signature is made with what was sealed in the backup.
            one = client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                      "input_json": {"name": "after", "items": []}})["id"]
            secret = client.call("GET", "/webhooks/secret")["secret"]
            while True:
                hook = receiver.wait()
                if hook.payload["job_id"] == one:
                    break
            verify_signature(secret, hook)


def test_backup_refuses_what_it_cannot_do_whole(new_house, tmp_path):
    house = new_house(start=False)
    data, busy = house.server.data_dir, tmp_path / "busy"
    busy.mkdir()
    (busy / "mine").write_text("x")
    assert "is not empty" in run("backup", str(busy), "--data", data, expect=1)
    assert (busy / "mine").read_text() == "x"
    assert "does not exist" in run("backup", str(tmp_path / "b"), "--data", str(tmp_path / "nowhere"), expect=1)
    assert not (tmp_path / "b").exists() and not (tmp_path / "b.partial").exists()
    assert run_json("backup", str(tmp_path / "unused"), "--data", data)["files"] == 0  # no server ran on it yet
    # A folder in the way of the unfinished one is somebody's: it stays.
    partial = tmp_path / "c.partial"
    partial.mkdir()
    (partial / "mine").write_text("x")
    os.makedirs(os.path.join(data, "files"), exist_ok=True)
    assert "in the way" in run("backup", str(tmp_path / "c"), "--data", data, expect=1)
    assert (partial / "mine").read_text() == "x"
    assert "missing" in run("backup", "--data", data, expect=2)


def test_restore_checks_before_it_is_done(new_house, letter, tmp_path):
    house = new_house()
    template = house.client.upload_template("Letter", letter)["id"]
    one = house.client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                    "input_json": {"name": "A", "items": []}})["id"]
    settle(house.client, [one])
    data, backup, target = house.server.data_dir, str(tmp_path / "backup"), str(tmp_path / "target")
    told = run("backup", backup, "--data", data)  # without the key
    assert "1 organization, 1 template, 1 document, 2 files" in told
    assert not os.path.exists(os.path.join(backup, "secret.key"))

    assert "no master key" in run("restore", backup, "--data", target, expect=1)
    other = tmp_path / "other.key"
    other.write_text("00" * 32 + "\n")
    other.chmod(0o600)
    assert "not the master key" in run("restore", backup, "--data", target, "--key", str(other), expect=1)
    assert os.listdir(target) == []  # as empty as before

    key = os.path.join(data, "secret.key")
    damaged = str(tmp_path / "damaged")
    shutil.copytree(backup, damaged)
    name = next(name for name in sums(damaged) if "/document/" in name)
    with open(os.path.join(damaged, name), "r+b") as fh:
        fh.write(b"!")
    assert name in run("restore", damaged, "--data", target, "--key", key, expect=1)
    assert os.listdir(target) == []
    with open(os.path.join(damaged, "SHA256SUMS"), "a", encoding="ascii") as fh:
        fh.write("0" * 64 + "  ../../etc/passwd\n")
    assert "was changed" in run("restore", damaged, "--data", target, "--key", key, expect=1)
    os.remove(os.path.join(damaged, "backup.json"))
    assert "no finished backup" in run("restore", damaged, "--data", target, "--key", key, expect=1)

    assert "not empty" in run("restore", backup, "--data", data, "--key", key, expect=1)  # and a server runs on it
    assert house.client.raw("GET", f"/documents/{one}/download").status == 200
    # An unfinished restore is no data folder, and is begun again.
    open(os.path.join(target, ".docgenlab-restore-in-progress"), "w").close()
    with open(os.path.join(target, "docgenlab.db"), "w") as fh:
        fh.write("half")
    with pytest.raises(Fail, match="was not finished"):
        Server(target).start()
    assert run_json("restore", backup, "--data", target, "--key", key)["files"] == 2
    with Server(target) as server:
        assert Client(server.url, house.first["api_key"]).raw("GET", f"/documents/{one}/download").body == \
            house.client.raw("GET", f"/documents/{one}/download").body


def test_backup_tells_of_damage_and_keeps_the_rest(new_house, letter, tmp_path):
    house = new_house()
    template = house.client.upload_template("Letter", letter)["id"]
    ids = [house.client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                     "input_json": {"name": "A", "items": []}})["id"] for _ in range(3)]
    settle(house.client, ids)
    files = os.path.join(house.server.data_dir, "files")
    lost = next(os.path.join(at, name) for at, _, names in os.walk(files) for name in names if name.startswith(ids[1]))
    os.remove(lost)
    backup = str(tmp_path / "backup")
    told = run("backup", backup, "--data", house.server.data_dir, "--with-key", expect=1)
    assert "1 file that was damaged already" in told and ids[1] in told
    assert run_json("restore", backup, "--data", str(tmp_path / "restored"))["files"] == 3


def template_files(house):
    top = os.path.join(house.server.data_dir, "files")
    return [name for at, _, names in os.walk(top) for name in names if "template" in os.path.relpath(at, top).split(os.sep)]


def ask(house, sql):
    database = sqlite3.connect(os.path.join(house.server.data_dir, "docgenlab.db"))
    try:
        with database:
            return database.execute(sql).fetchone()
    finally:
        database.close()


def test_files_of_deleted_templates_go(new_house, letter, tmp_path):
    """A day later, when no document waits for them; the history and a backup stay whole."""
    house = new_house()
    kept, gone, young = (house.client.upload_template(name, letter)["id"] for name in ("Kept", "Gone", "Young"))
    with open(letter, "rb") as fh:
        assert house.client.upload(f"/templates/{gone}", {"file": ("letter.docx", fh.read())}, method="PUT").status == 200
    house.client.call("POST", f"/templates/{gone}/versions/1/rollback")
    made = house.client.generate(gone, {"name": "A", "items": []}, "docx")["id"]
    settle(house.client, [made])
    for template in (gone, young):
        assert house.client.raw("DELETE", f"/templates/{template}").status == 204
    assert len(template_files(house)) == 4
    house.server.stop()
    ask(house, f"UPDATE templates SET deleted_at_us = deleted_at_us - 90000000000 WHERE id = '{gone}'")
    house.start()
    wait_until(lambda: len(template_files(house)) == 2, lambda: f"files: {template_files(house)}")
    assert ask(house, f"SELECT count(*), sum(t.id = '{gone}') FROM template_versions v JOIN templates t ON t.seq = v.template") == (2, 0)
    document = house.client.call("GET", f"/documents/{made}")
    assert document["template_id"] == gone and house.client.raw("GET", f"/documents/{made}/download").status == 200
    assert documents_of(house.client) == {made: "ready"}
    settle(house.client, [house.client.generate(kept, {"name": "B", "items": []}, "docx")["id"]])
    assert house.client.raw("POST", "/documents/", {"template_id": gone, "output_format": "docx", "input_json": {}}).status == 404
    backup = str(tmp_path / "backup")
    run("backup", backup, "--data", house.server.data_dir, "--with-key")
    assert run_json("restore", backup, "--data", str(tmp_path / "restored"))["files"] == 4


# ---------------------------------------------------------------- accounts

def test_accounts_from_the_command_line(new_house, tmp_path, password):
    house = new_house()
    data = ["--data", house.server.data_dir]
    assert [row["name"] for row in run_json("orgs", "list", *data)] == ["Test Organization"]
    made = run_json("orgs", "create", *data, "--name", "Second", "--email", "second@test.example")
    assert re.fullmatch(r"dgl_[0-9a-f]{32}", made["api_key"]) and len(made["admin_password"]) >= 12
    assert Client(house.server.url, made["api_key"]).raw("GET", "/templates/").status == 200
    assert "give the id" in run("users", "list", *data, expect=1)  # which of the two
    second = data + ["--org", made["organization_id"]]
    run("orgs", "rename", *second, "--name", "Zweite Ä")
    run("orgs", "limit", *second, "--rate-limit", "2", "--max-jobs", "3")
    row = next(row for row in run_json("orgs", "list", *data) if row["id"] == made["organization_id"])
    assert (row["name"], row["rate_limit"], row["max_jobs"]) == ("Zweite Ä", 2, 3)
    assert "must be a number" in run("orgs", "limit", *second, "--rate-limit", "many", expect=2)
    assert "Zweite Ä" in run("orgs", "list", *data)

    assert (row["time_zone"], row["locale"]) == ("UTC", "en-US")
    assert "Say --time-zone or --locale" in run("orgs", "region", *second, expect=2)

    new = run_json("users", "create", *second, "--email", "New@Test.Example", "--name", "N", "--role", "viewer",
                   "--password-file", password)["id"]
    run("users", "role", *second, "--email", "NEW@test.example", "--role", "template_editor")
    run("users", "rename", *second, "--email", "new@test.example", "--name", "Nora")
    run("users", "disable", *second, "--email", "new@test.example")
    user = next(row for row in run_json("users", "list", *second) if row["id"] == new)
    assert (user["name"], user["role"], user["disabled"]) == ("Nora", "template_editor", True)
    run("users", "enable", *second, "--email", "new@test.example")
    run("users", "password", *second, "--email", "new@test.example", "--password-file", password)
    assert "last Org Admin" in run("users", "role", *second, "--email", "second@test.example", "--role", "viewer", expect=1)
    assert "last Org Admin" in run("users", "delete", *second, "--email", "second@test.example", expect=1)
    assert "No user" in run("users", "disable", *second, "--email", "admin@test.example", expect=1)  # another organization's
    run("users", "delete", *second, "--email", "new@test.example")
    assert len(run_json("users", "list", *second)) == 1

    key = run_json("keys", "create", *second, "--name", "CI", "--role", "viewer", "--expires", "2099-01-31")
    row = next(row for row in run_json("keys", "list", *second) if row["id"] == key["id"])
    assert row["expires_at"].startswith("2099-01-31") and row["last_used_at"] is None
    run("keys", "revoke", *second, key["id"])
    assert all(row["id"] != key["id"] for row in run_json("keys", "list", *second))


def test_the_next_document_is_of_the_time_zone_and_locale(new_house, tmp_path):
    """Set beside the running server, in the document after; what is refused changes nothing."""
    house = new_house()
    data = ["--data", house.server.data_dir]
    source = tmp_path / "region.docx"
    write_docx(source, ['{{ "2026-01-15T23:30:00Z"|date("%d %B %Y %H:%M") }}', "{{ 1234.5|currency }}"])
    template = house.client.upload_template("Region", str(source))["id"]

    def lines():
        made = house.client.generate(template, {}, "docx")
        return text_lines(house.client.download(house.client.wait_document(made["id"])["download_url"]))

    assert lines() == ["15 January 2026 23:30", "$1,234.50"]
    run("orgs", "region", *data, "--time-zone", "Europe/Berlin", "--locale", "de_DE")
    assert lines() == ["16 Januar 2026 00:30", "1.234,50\u00a0€"]
    refused = run("orgs", "region", *data, "--time-zone", "America/New_York", "--locale", "klingon", expect=2)
    assert 'The locale "klingon" is not known; use a language and a country' in refused
    assert 'time zone "Berlin" is not known; use an IANA name' in run("orgs", "region", *data, "--time-zone", "Berlin", expect=2)
    row = run_json("orgs", "list", *data)[0]
    assert (row["time_zone"], row["locale"]) == ("Europe/Berlin", "de-DE")
    run("orgs", "region", *data, "--time-zone", "america/new_york")
    assert lines() == ["15 Januar 2026 18:30", "1.234,50\u00a0€"]


@pytest.mark.parametrize("arguments, message", [
    (["orgs"], "Say list, create, rename, limit, region, disable or enable."),
    (["orgs", "remove"], "orgs remove is not known"),
    (["orgs", "create", "--name", "X"], "--email is missing"),
    (["users", "create", "--email", "a@b.c"], "--password-file is missing"),
    (["users", "role", "--email", "a@b.c"], "--role is missing"),
    (["keys", "revoke"], "The id of the key is missing"),
    (["keys", "list", "extra"], "one too many"),
    (["keys", "revoke", "x", "--role", "viewer"], "keys revoke takes no --role."),
    (["orgs", "list", "--org", "x"], "orgs list takes no --org."),
    (["users", "list", "--email", "a@b.c"], "users list takes no --email."),
    (["keys", "create", "--colour", "red"], "colour"),
    (["backup"], "folder for the backup is missing"),
    (["restore"], "folder of the backup is missing"),
    (["migrate", "now"], "one too many"),
    (["serve", "--retries", "3"], "--retries is not a known option."),
    (["serve", "--lisen", "x"], "did you mean --listen?"),
    (["init", "--listen", "x"], "The flag --listen is one of `docgenlab serve`; init does not read it."),
    (["help", "serv"], "The command serv is not known."),
    (["version", "1"], "takes no arguments"),
    (["fonts"], "Say list, delete or check."),
    (["render", "t.docx", "d.json", "-o", "o.pdf", "--locale", "klingon"], 'The locale "klingon" is not known'),
    (["render", "t.docx", "d.json", "-o", "o.pdf", "--time-zone", "Berlin"], 'The time zone "Berlin" is not known'),
    (["render", "t.docx", "d.json", "-o", "o.pdf", "--engine", "chromium"], 'The engine "chromium" is not known'),
])
def test_wrong_usage_is_status_2(arguments, message):
    assert message in run(*arguments, expect=2)


COMMANDS = ("serve", "init", "render", "lint", "reference", "listen", "orgs", "users", "keys", "fonts", "backup", "restore", "migrate", "version")


def test_every_command_has_help_of_what_it_reads():
    assert re.findall(r"^  ([a-z]+) ", run("--help"), re.M) == list(COMMANDS)
    for command in COMMANDS:
        told = run(command, "--help")
        assert told.startswith(f"Usage: docgenlab {command}") and told == run("help", command)
        assert ("--smtp-url" in told) == (command == "serve")
        assert ("--data-dir" in told) == (command in ("serve", "init", "orgs", "users", "keys", "fonts", "backup", "restore", "migrate"))
        assert command == "version" or "\nExample: docgenlab " + command in told


@pytest.mark.parametrize("flag, value, message", [
    ("listen", "nowhere", 'LISTEN: "nowhere" is no address'), ("public-url", "ftp://x", "PUBLIC_URL must begin with https://, or with http://"),
    ("log-format", "xml", 'LOG_FORMAT is "xml"'), ("role", "api", 'ROLE is "api"'),
    ("webhook-allow-nets", "x", 'WEBHOOK_ALLOW_NETS: "x" is not a network'), ("fetch-allow-nets", "10.0.0.1/8", 'FETCH_ALLOW_NETS: "10.0.0.1/8" has address bits'),
    ("webhook-source-ips", "203.0.113.7, office", 'WEBHOOK_SOURCE_IPS: "office" is not a network'),
    ("webhook-bind-address", "x", 'WEBHOOK_BIND_ADDRESS: "x" is not an IPv4'), ("dns-servers", "x", 'DNS_SERVERS: "x" is not a list'),
    ("trusted-proxies", "x", 'TRUSTED_PROXIES: "x" is no address'), ("webhook-ca-file", "/nowhere", "WEBHOOK_CA_FILE: /nowhere cannot be read")])
def test_an_options_value_that_cannot_be_is_wrong_usage(tmp_path, flag, value, message):
    assert message in run("serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", f"--{flag}", value, expect=2)


def test_values_of_accounts_that_cannot_be_are_wrong_usage(new_house):
    data = ["--data", new_house().server.data_dir]
    for arguments in (["keys", "create", "--name", "x" * 101], ["keys", "create", "--name", "x", "--role", "boss"],
                      ["keys", "create", "--name", "x", "--expires", "tomorrow"], ["orgs", "create", "--name", "B", "--email", "none"],
                      ["orgs", "limit"], ["orgs", "rename", "--name", " "]):
        run(*arguments, *data, expect=2)


def test_an_output_that_cannot_be_written_is_named(tmp_path):
    source, data = tmp_path / "t.docx", tmp_path / "d.json"
    write_docx(source, ["x"])
    data.write_text("{}")
    said = run("render", str(source), str(data), "-o", "/nowhere/out.docx", expect=1)
    assert "cannot write /nowhere/out.docx: No such file or directory" in said


def test_a_switch_needs_no_value(tmp_path):
    server = ["serve", "--webhook-allow-http", "--data", str(tmp_path / "none"), "--log-level", "loud"]
    assert 'LOG_LEVEL is "loud" but must be debug' in run(*server, expect=2)  # all three flags were read


def test_the_manual_and_the_completion_follow_the_help(tmp_path):
    manual = subprocess.run(["python3", os.path.join(ROOT, "scripts", "manual.py"), PROGRAM], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert re.findall(r"^\.SS (\S+)", manual, re.M) == list(COMMANDS)
    for flag in re.findall(r"^  (--\S+)", run("serve", "--help"), re.M) + ["--annotate OUT.docx", "--time-zone NAME"]:
        assert "\n.B " + flag.replace("-", "\\-") in manual
    script = """source deploy/completion/docgenlab
        for line in "docgenlab re" "docgenlab keys r" "docgenlab orgs d" "docgenlab render --ex" "docgenlab users create --role v" "docgenlab serve --tls"; do
            COMP_WORDS=($line) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _docgenlab
            echo "${COMPREPLY[*]}"
        done"""
    shell = subprocess.run(["bash", "-c", script], cwd=ROOT, stdout=subprocess.PIPE, check=True,
                           env=dict(os.environ, PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"]))
    assert shell.stdout.decode().splitlines() == ["render reference restore", "revoke rotate-master retire-master", "disable", "--explain", "viewer",
                                                  "--tls-cert-file --tls-key-file"]


# ---------------------------------------------------------------- master key

def test_master_key_rotates_under_a_running_server(new_house, letter, receiver):
    house = new_house(DOWNLOAD_URL_TTL_S=3600)
    template = house.client.upload_template("Letter", letter)["id"]
    house.webhook(receiver.url())

    def hook_of(name):
        made = house.client.call("POST", "/documents/", {"template_id": template, "output_format": "docx",
                                                         "input_json": {"name": name, "items": []}})["id"]
        while True:
            hook = receiver.wait()
            if hook.payload["job_id"] == made:
                return hook

    before = hook_of("before")
    data = ["--data", house.server.data_dir]
    key_file = os.path.join(house.server.data_dir, "secret.key")
    rotated = run_json("keys", "rotate-master", *data)
    assert rotated["key_id"] == 2 and rotated["sealed_anew"] >= 1
    with open(key_file, encoding="ascii") as fh:
        lines = fh.read().splitlines()
    assert len(lines) == 2 and lines[0].split()[0] != lines[1].split()[0]
    assert os.stat(key_file).st_mode & 0o777 == 0o600

    database = sqlite3.connect(os.path.join(house.server.data_dir, "docgenlab.db"))
    ids = {row[0][0] for row in database.execute("SELECT sealed FROM secrets")}
    database.close()
    assert ids == {2}
    after = hook_of("after")
    old, new = before.payload["download_url"], after.payload["download_url"]
    assert house.client.raw("GET", old).status == 200, "a link signed before lives on"
    assert house.client.raw("GET", new).status == 200
    # The old key stays as long as its links may live, also over a restart.
    assert "live until" in run("keys", "retire-master", *data, expect=1)
    house.restart()
    assert Client(house.server.url).raw("GET", house.server.url + old[old.index("/files/"):]).status == 200

    # Two hours ago instead of now: nothing signed with the old key can be alive.
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
    with open(key_file, "w", encoding="ascii") as fh:
        fh.write(lines[0] + "\n" + lines[1].split()[0] + " " + stamp + "\n")
    retired = run_json("keys", "retire-master", *data, env={"DOCGENLAB_DOWNLOAD_URL_TTL_S": "3600"})
    assert retired == {"key_id": 2, "sealed_anew": 0, "retired": 1}
    with open(key_file, encoding="ascii") as fh:
        assert fh.read().startswith("retired ")
    house.restart()
    again = hook_of("again")
    assert Client(house.server.url).raw("GET", house.server.url + old[old.index("/files/"):]).status == 403
    assert Client(house.server.url).raw("GET", again.payload["download_url"]).status == 200


# ---------------------------------------------------------------- https

def test_https_is_served_and_a_renewed_certificate_taken(new_house, tmp_path):
    shown = lambda: ssl.get_server_certificate(("127.0.0.1", port))  # noqa: E731
    _, cert, key = make_certificate(str(tmp_path / "first"))
    _, renewed_cert, renewed_key = make_certificate(str(tmp_path / "renewed"))
    house = new_house(start=False, TLS_CERT_FILE=cert, TLS_KEY_FILE=key)
    house.server.start()
    assert house.server.url.startswith("https://")
    port = int(house.server.url.rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=str(tmp_path / "first" / "ca.pem"))
    open_one = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    open_one.request("GET", "/healthz")
    assert open_one.getresponse().read()
    first = shown()

    def reload(expected):
        house.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: expected in house.log(), f"{expected!r} is not in the log", pause=0.02)

    shutil.copy(renewed_key, key)  # half of the renewal: the pair does not fit
    reload("is not the key of TLS_CERT_FILE")
    assert shown() == first
    shutil.copy(renewed_cert, cert)
    reload("certificate read anew")
    assert shown() != first
    open_one.request("GET", "/healthz")  # the connection from before goes on
    assert open_one.getresponse().status == 200
    assert house.server.stop() == 0


def test_a_certificate_that_does_not_serve_is_told_at_the_start(new_house, tmp_path):
    _, certificate, key = make_certificate(str(tmp_path / "one"))
    _, _, other = make_certificate(str(tmp_path / "other"))
    locked, text = str(tmp_path / "locked.pem"), str(tmp_path / "text.pem")
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked], check=True)
    with open(text, "w", encoding="ascii") as fh:
        fh.write("not PEM\n")
    data = new_house(start=False).server.data_dir
    for cert_file, key_file, message in ((certificate, other, f"TLS_KEY_FILE {other} is not the key of TLS_CERT_FILE"),
                                         (text, key, f"TLS_CERT_FILE {text} is no certificate chain in PEM form"),
                                         (certificate, text, f"TLS_KEY_FILE {text} is no private key in PEM form"),
                                         (certificate, locked, f"TLS_KEY_FILE {locked} is locked with a password; store the key without one"),
                                         ("/none.pem", key, "TLS_CERT_FILE: there is no file /none.pem"),
                                         (certificate, "", "TLS_CERT_FILE and TLS_KEY_FILE go together")):
        said = run("serve", "--data", data, "--listen", "127.0.0.1:0", f"--tls-cert-file={cert_file}", f"--tls-key-file={key_file}", expect=1)
        assert message in said and said.count("\n") == 1


# ---------------------------------------------------------------- schema

def newer_backup(tmp_path, version):
    """A good backup, whose description says that a newer program made it."""
    data, backup = str(tmp_path / "made"), str(tmp_path / "newer")
    Server.init(data)
    run("backup", backup, "--data", data, "--with-key")
    path = os.path.join(backup, "backup.json")
    with open(path, encoding="utf-8") as fh:
        description = json.load(fh)
    description["schema_version"] = version
    with open(path, "w", encoding="utf-8") as fh:
        json.dump(description, fh)
    return backup


def test_an_older_program_refuses_a_newer_schema(new_house, tmp_path):
    house = new_house(start=False)
    path = os.path.join(house.server.data_dir, "docgenlab.db")
    database = sqlite3.connect(path)
    version = database.execute("PRAGMA user_version").fetchone()[0]
    database.execute(f"PRAGMA user_version = {version + 1}")
    database.commit()
    database.close()
    for command in (["migrate"], ["keys", "list"], ["backup", str(tmp_path / "b")]):
        assert f"schema version {version + 1}" in run(*command, "--data", house.server.data_dir, expect=1)
    assert os.listdir(tmp_path) == ["house"]
    assert f"schema version {version + 1}" in run("restore", newer_backup(tmp_path, version + 1), "--data", str(tmp_path / "new"), expect=1)
    assert not os.path.exists(tmp_path / "new" / "docgenlab.db")
    with pytest.raises(Fail, match=f"schema version {version + 1}.*newer program"):
        house.server.start()


def test_migrate_says_what_it_did(new_house):
    house = new_house()
    data = house.server.data_dir
    now = run_json("migrate", "--data", data)
    assert now["from_version"] == now["to_version"] and now["copy"] is None
    assert "nothing is to be done" in run("migrate", "--data", data, "--check")
