"""Who may call what, and whose: every route times every kind of caller, against the table in tenants.txt.

The routes come from the program itself (/openapi.json) and from the table of pages; a route without a row fails, a row without
a route too. The columns are: nobody, a key or user of each role, and an administrator of another organization who
knows all our ids. `DGL_LEARN=1` prints the table as the program answers now, for a careful reading of the difference.
"""
import hashlib
import http.client
import json
import os
import re
import sqlite3
import subprocess
import time
import urllib.parse

import pytest
from conftest import House
from docx import write_docx
from fontkit import font
from local import PATIENCE_S, PROGRAM, Client, clean_environment

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROLES = ["viewer", "generator", "template_editor", "org_admin"]
COLUMNS = ["nobody"] + ROLES + ["stranger"]
BODIES = {
    ("PUT", "/api/v1/webhooks/settings"): {"webhook_url": "https://hooks.example.com/x"},
    ("POST", "/api/v1/webhooks/secret/derive"): {"url": "https://hooks.example.com/x"},
    ("POST", "/api/v1/webhooks/test"): {"webhook_url": "https://127.0.0.1:9/closed"},
    ("POST", "/api/v1/webhooks/endpoints/"): {"url": "https://hooks.example.com/y"},
    ("PUT", "/api/v1/webhooks/endpoints/{id}"): {"url": "https://hooks.example.com/z"},
    ("POST", "/api/v1/webhooks/redeliver"): {"since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60)), "dry_run": True},
    ("POST", "/api/v1/webhooks/events/{id}/result"): {"timestamp": int(time.time()), "http_status": 200, "body": "x"},
    ("POST", "/api/v1/templates/{id}/preview"): {"input_json": {"name": "x"}, "output_format": "docx"},
}


def table():
    rows = {}
    with open(os.path.join(HERE, "tenants.txt"), encoding="utf-8") as fh:
        for line in fh:
            words = line.split()
            if words and not line.startswith("#"):
                rows[(words[0], words[1])] = words[2:]
    return rows


def cli(data, *args):
    done = subprocess.run([PROGRAM, *args, "--data", data], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                          env=clean_environment())
    return done.stdout.decode().strip()


class Tenants:
    def __init__(self, folder, tls):
        self.house = House(folder, tls, start=False, WEBHOOK_ALLOW_HTTP="true")
        data, self.ours = self.house.data_dir, self.house.first["organization_id"]
        self.theirs, stranger_key = self.second_organization(data)
        self.password = os.path.join(str(folder), "password")
        with open(self.password, "w", encoding="ascii") as fh:
            fh.write("correct horse battery")
        self.keys = {role: cli(data, "keys", "create", "--name", role, "--role", role, "--org", self.ours) for role in ROLES}
        self.keys.update(nobody=None, stranger=stranger_key)
        for role in ROLES:
            cli(data, "users", "create", "--email", f"{role}@us.example", "--role", role, "--password-file", self.password,
                "--org", self.ours)
        cli(data, "users", "create", "--email", "stranger@them.example", "--role", "org_admin", "--password-file",
            self.password, "--org", self.theirs)
        self.house.start()
        self.admin = Client(self.house.server.url, self.keys["org_admin"])
        self.letter = os.path.join(str(folder), "letter.docx")
        write_docx(self.letter, ["Dear {{ name }},"])
        self.template = self.admin.upload_template("Shared", self.letter)["id"]
        self.font = self.upload_font("Shared")
        self.document = self.admin.generate(self.template, {"name": "x"}, "docx", webhook_url="http://127.0.0.1:9/closed")["id"]
        self.admin.wait_document(self.document)
        self.delivery = self.admin.call("GET", "/webhooks/deliveries/")["items"][0]["id"]
        self.cookies = {}

    def upload_font(self, family):
        return self.admin.upload("/fonts/", {"file": ("font.ttf", font(family))}).json["id"]

    @staticmethod
    def second_organization(data):
        """There is one organization per set-up so far; the second is put into the database."""
        org, key = "01900000-0000-7000-8000-00000000000b", "dgl_" + "ab" * 16
        db = sqlite3.connect(os.path.join(data, "docgenlab.db"))
        for name, changes in (("organizations", {"id": org, "name": "Them"}),
                              ("api_keys", {"id": "01900000-0000-7000-8000-00000000000c", "name": "theirs",
                                            "prefix": "dgl_abab", "hash": hashlib.sha256(key.encode()).digest()})):
            cursor = db.execute(f"SELECT * FROM {name} LIMIT 1")
            row = dict(zip([c[0] for c in cursor.description], cursor.fetchone()))
            row.update(changes)
            row.pop("seq")
            if "org" in row:
                row["org"] = db.execute("SELECT seq FROM organizations WHERE id = ?", (org,)).fetchone()[0]
            db.execute(f"INSERT INTO {name} ({','.join(row)}) VALUES ({','.join('?' * len(row))})", list(row.values()))
        db.commit()
        db.close()
        return org, key

    def fresh(self, method, path):
        """Ids for the path; what a call may destroy is made anew for it."""
        ids = {"version": "1", "name": f"{self.document}.docx"}
        if "/templates/{id}" in path:
            destroys = method in ("DELETE", "PUT") or path.endswith(("delete", "rollback", "versions"))
            ids["id"] = self.admin.upload_template("Fresh", self.letter)["id"] if destroys else self.template
        elif "/fonts/{id}" in path:
            ids["id"] = self.upload_font("Fresh") if method == "DELETE" or path.endswith("delete") else self.font
        elif "/deliveries/{id}" in path or "/events/{id}" in path:
            ids["id"] = self.delivery
        elif "/webhooks/endpoints/{id}" in path:
            ids["id"] = self.admin.call("POST", "/webhooks/endpoints/", {"url": "https://hooks.example.com/x"})["id"]
        elif "/keys/{id}" in path:
            made = cli(self.house.data_dir, "keys", "create", "--name", "fresh", "--role", "viewer", "--org", self.ours)
            listed = cli(self.house.data_dir, "keys", "list", "--org", self.ours)
            ids["id"] = next(line.split()[0] for line in listed.splitlines() if made[:8] in line)
        elif "{id}" in path:
            destroys = method == "DELETE" or path.endswith("delete")
            ids["id"] = self.admin.generate(self.template, {"name": "x"}, "docx")["id"] if destroys else self.document
            self.admin.wait_document(ids["id"])
        return re.sub(r"\{(\w+)\}", lambda m: ids[m.group(1)], path)

    def request(self, method, path, body=None, headers=None):
        where = urllib.parse.urlsplit(self.house.server.url)
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=PATIENCE_S)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers
        connection.close()
        return found

    def call_api(self, who, method, pattern):
        path = self.fresh(method, pattern)
        client = Client(self.house.server.url, self.keys[who])
        if pattern in ("/api/v1/templates/", "/api/v1/templates/{id}") and method in ("POST", "PUT"):
            with open(self.letter, "rb") as fh:
                return client.upload(path[len("/api/v1"):], {"name": "By " + who, "file": ("letter.docx", fh.read())}, method).status
        if (method, pattern) == ("POST", "/api/v1/fonts/"):
            return client.upload("/fonts/", {"file": ("font.ttf", font("By " + who))}).status
        body = BODIES.get((method, pattern), {} if method in ("POST", "PUT") and ("secret/rotate" in pattern or "key/rotate" in pattern) else None)
        if (method, pattern) == ("POST", "/api/v1/documents/"):
            body = {"template_id": self.template, "input_json": {"name": "x"}, "output_format": "docx"}
        return client.raw(method, self.house.server.url + path, body).status

    def sign_in(self, who):
        if who == "nobody":
            return {}
        if who not in self.cookies:
            for _ in range(10):
                _, page, headers = self.request("GET", "/sign-in")
                seed = headers["Set-Cookie"].split(";")[0]
                form = {"email": f"{who}@{'them' if who == 'stranger' else 'us'}.example", "password": "correct horse battery",
                        "csrf": re.search(rb'name="csrf" value="([^"]+)"', page).group(1).decode()}
                status, _, headers = self.request("POST", "/sign-in", urllib.parse.urlencode(form), {
                    "Cookie": seed, "Origin": self.house.server.url, "Content-Type": "application/x-www-form-urlencoded"})
                if status != 429:
                    break
                time.sleep(int(headers["Retry-After"]))  # ten a minute of one address
            assert status == 303, (who, status)
            session = next(c.split(";")[0] for c in headers.get_all("Set-Cookie") if "session" in c)
            _, page, _ = self.request("GET", "/templates", headers={"Cookie": session})
            self.cookies[who] = session, re.search(rb'name="csrf" value="([^"]+)"', page).group(1).decode()
        return self.cookies[who]

    def call_page(self, who, method, pattern):
        path = self.fresh(method, pattern)
        session = {} if (method, pattern) == ("POST", "/sign-in") else self.sign_in(who)  # failures there are throttled
        if pattern == "/sign-out":
            self.cookies.pop(who, None)
        headers = {"Cookie": session[0]} if session else {}
        if method == "GET":
            return self.request("GET", path, headers=headers)[0]
        headers.update({"Origin": self.house.server.url, "Content-Type": "application/x-www-form-urlencoded"})
        return self.request("POST", path, urllib.parse.urlencode({"csrf": session[1] if session else "x"}), headers)[0]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory, tls):
    made = Tenants(tmp_path_factory.mktemp("tenants"), tls)
    yield made
    made.house.server.stop()


def api_routes(tenants):
    document = json.loads(tenants.request("GET", "/openapi.json")[1])
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def page_routes():
    with open(os.path.join(ROOT, "src", "server", "ui", "ui.c"), encoding="utf-8") as fh:
        found = re.findall(r'\{"(GET|POST)", "(/[^"]*)", dgl_ui_', fh.read())
    return sorted(found, key=lambda route: route[1] == "/sign-out")  # it ends the sessions


def check(tenants, routes, call):
    rows, wrong = table(), []
    for method, path in routes:
        found = [str(call(who, method, path)) for who in reversed(COLUMNS)][::-1]
        if os.environ.get("DGL_LEARN"):
            print(f"{method:<7}{path:<62}" + "".join(f"{word:<6}" for word in found))
        elif (method, path) not in rows:
            wrong.append(f"{method} {path} has no row in tenants.txt; it answers {' '.join(found)}")
        elif rows[(method, path)] != found:
            wrong.append(f"{method} {path} must answer {' '.join(rows[(method, path)])} and answers {' '.join(found)}")
    assert not wrong, "\n".join(wrong)


def test_every_api_route(tenants):
    routes = api_routes(tenants)
    check(tenants, routes, tenants.call_api)


def test_every_page(tenants):
    check(tenants, page_routes(), tenants.call_page)


def test_every_row_is_a_route(tenants):
    routes = set(api_routes(tenants)) | set(page_routes())
    assert not set(table()) - routes


def test_strangers_learn_and_change_nothing(tenants):
    """After all those calls with our ids the other organization has seen nothing of ours and ours is whole."""
    stranger = Client(tenants.house.server.url, tenants.keys["stranger"])
    for path in ("/templates/", "/documents/", "/webhooks/deliveries/"):
        body = stranger.raw("GET", path).body.decode()
        for ours in (tenants.template, tenants.document, tenants.delivery):
            assert ours not in body
    assert tenants.admin.call("GET", f"/documents/{tenants.document}")["status"] == "ready"
    assert tenants.admin.call("GET", f"/templates/{tenants.template}")["id"] == tenants.template


def test_secrets_stay_secret(tenants):
    """Not in the log at its most talkative, not readable in the database, not in metrics; no process leaves a core dump."""
    secret = tenants.admin.call("GET", "/webhooks/secret")["secret"]
    secrets = [key for key in tenants.keys.values() if key] + ["correct horse battery", secret, secret[len("whsec_"):]]
    for who in ROLES:
        if tenants.sign_in(who):
            session, csrf = tenants.sign_in(who)
            secrets += [session.split("=", 1)[1], csrf]
    link = tenants.admin.call("GET", f"/documents/{tenants.document}")["download_url"]
    tenants.admin.download(link)
    secrets.append(re.search(r"signature=([\w-]+)", link).group(1))
    Client(tenants.house.server.url, "dgl_" + "0123" * 8).raw("GET", "/templates/")
    secrets.append("dgl_" + "0123" * 8)
    tenants.request("GET", "/metrics")
    shown = {"log": tenants.house.log().encode(), "metrics": tenants.request("GET", "/metrics")[1]}
    for name in ("docgenlab.db", "docgenlab.db-wal"):
        with open(os.path.join(tenants.house.data_dir, name), "rb") as fh:
            shown[name] = fh.read()
    assert len(shown["log"]) > 10000
    for place, text in shown.items():
        for value in secrets:
            assert value.encode() not in text, (place, value[:9] + "…")
    pids = [tenants.house.server.process.pid]
    for pid in pids:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as fh:
            pids += map(int, fh.read().split())
        with open(f"/proc/{pid}/limits", encoding="ascii") as fh:
            assert re.search(r"Max core file size +0 +0 ", fh.read())
    assert len(pids) >= 3


def test_subdocuments_are_those_of_the_own_organization(tenants, tmp_path):
    path, clients = str(tmp_path / "t.docx"), [Client(tenants.house.server.url, tenants.keys[who]) for who in ("org_admin", "stranger")]
    for client, text in zip(clients, ("ours", "theirs")):
        write_docx(path, [text])
        client.upload_template("Only " + text, path)
    write_docx(path, ["{{p subdoc(name) }}"])
    main = clients[0].upload_template("Main", path)
    for name, status in (("Only ours", "ready"), ("Only theirs", "failed")):
        answer = clients[0].call("POST", "/documents/", {"template_id": main["id"], "input_json": {"name": name}, "output_format": "docx"})
        assert clients[0].wait_document(answer["id"])["status"] == status
