"""Strangers and tenants that mean harm, against the real program: races, forged forms, stolen sessions, planted scripts, altered
links, files that lie, requests that are no requests. What only one person may know or do stays so, and the server stays up.
"""
import concurrent.futures
import http.client
import http.server
import io
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.parse
import zipfile

import pytest
from conftest import House
from docx import docx_bytes
from fontkit import font
from local import PATIENCE_S, PROGRAM, Client, Receiver, clean_environment, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PASSWORD = "correct horse battery"
MARK = "\"'><xss-mark onload=alert(1)>"


def where(house):
    parts = urllib.parse.urlsplit(house.server.url)
    return parts.hostname, parts.port


def request(house, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(*where(house), timeout=PATIENCE_S)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(errors="replace"), answer.headers
    connection.close()
    return found


def talk(house, data, pieces=1, pause=None):
    """Everything the server says until it closes."""
    said = b""
    with socket.create_connection(where(house), timeout=PATIENCE_S) as s:
        try:
            size = max(1, (len(data) + pieces - 1) // pieces)
            for at in range(0, len(data), size):
                s.sendall(data[at:at + size])
                if pause:
                    pause.wait(0.001)
            while piece := s.recv(65536):
                said += piece
        except OSError:
            pass  # a server that closes before it has read everything may reset the connection
    return said


class Browser:
    """Cookies and forms of one person."""

    def __init__(self, house):
        self.house, self.cookies, self.csrf, self.address = house, {}, "", None

    def ask(self, method, path, form=None, **headers):
        all_headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(dict({"csrf": self.csrf}, **form))
            all_headers.update({"Content-Type": "application/x-www-form-urlencoded", "Origin": self.house.server.url})
        if self.address:  # as a trusted proxy tells it
            all_headers["X-Forwarded-For"] = self.address
        all_headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        status, text, got = request(self.house, method, path, body, {k: v for k, v in all_headers.items() if v is not None})
        for cookie in got.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        if found:
            self.csrf = found.group(1)
        return status, text, got

    def sign_in(self, email="admin@test.example", password=PASSWORD, **form):
        self.ask("GET", "/sign-in")
        return self.ask("POST", "/sign-in", dict({"email": email, "password": password}, **form))

    def signed_in(self, *who):
        for _ in range(10):
            status, text, headers = self.sign_in(*who)
            if status != 429:
                break
            threading.Event().wait(int(headers["Retry-After"]))  # ten a minute of one address
        assert status == 303, text
        self.ask("GET", "/templates")
        return self

    def is_in(self):
        return self.ask("GET", "/templates")[0] == 200


def cli(house, *args):
    done = subprocess.run([PROGRAM, *args, "--data", house.data_dir], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def make_user(house, email, role):
    cli(house, "users", "create", "--email", email, "--role", role, "--password-file", os.path.join(house.data_dir, "password.txt"),
        "--org", house.first["organization_id"])


@pytest.fixture(scope="module")
def place(tmp_path_factory, tls):
    """A server with two organizations; `other` is the key of the second."""
    made = House(tmp_path_factory.mktemp("attacks"), tls, start=False, WEBHOOK_ALLOW_HTTP="true", WEBHOOK_RETRY_SCHEDULE="3600",
                 TRUSTED_PROXIES="127.0.0.1/32")
    made.other = json.loads(cli(made, "orgs", "create", "--name", "Them", "--email", "them@test.example", "--json"))["api_key"]
    make_user(made, "viewer@test.example", "viewer")
    made.start()
    made.stranger = Client(made.server.url, made.other)
    yield made
    assert made.server.stop() == 0
    assert "request failed" not in made.log()  # nothing that anybody sent here was an error of ours


@pytest.fixture(scope="module")
def template(place, letter):
    return place.client.upload_template("Letter", letter)["id"]


def together(count, what):
    """`what(n)` for n below count, all begun at the same moment."""
    gate = threading.Barrier(count)

    def run(number):
        gate.wait()
        return what(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


# ---------------------------------------------------------------- requests without an end

def test_unfinished_requests_of_one_leave_room_for_another(place):
    """Twenty requests of 9 MiB, each left at its last byte, are more than one organization's share."""
    def body(id_, size):
        return json.dumps({"template_id": id_, "input_json": {"name": "x", "rest": "y" * size}, "output_format": "docx"}).encode()

    mine, theirs = (client.upload("/templates/", {"name": "Large", "file": ("t.docx", docx_bytes(["{{ name }}"]))}).json["id"]
                    for client in (place.client, place.stranger))
    large, left = body(mine, 9 << 20), []
    try:
        for _ in range(20):
            left.append(socket.create_connection(where(place), timeout=PATIENCE_S))
            left[-1].sendall(b"POST /api/v1/documents/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-API-Key: %s\r\nContent-Length: %d\r\n\r\n"
                             % (place.client.api_key.encode(), len(large)) + large[:-1])
        headers = {"Content-Type": "application/json"}
        assert place.stranger.raw("POST", "/documents/", body(theirs, 9 << 20), headers).status == 202
        assert place.client.raw("POST", "/documents/", body(mine, 10), headers).status == 202
        for s in left:
            s.sendall(large[-1:])
        answers = [s.recv(12) for s in left]
        assert set(answers) == {b"HTTP/1.1 202", b"HTTP/1.1 503"} and answers.count(b"HTTP/1.1 202") >= 8
    finally:
        for s in left:
            s.close()


# ---------------------------------------------------------------- races

def test_a_hundred_equal_requests_make_one_document(place, template):
    """Of each organization: the same key of another is another."""
    theirs = place.stranger.upload("/templates/", {"name": "Theirs", "file": ("t.docx", docx_bytes(["{{ name }}"]))}).json["id"]
    bodies = [(client, json.dumps({"template_id": id_, "input_json": {"name": "x"}, "output_format": "docx"}).encode())
              for client, id_ in ((place.client, template), (place.stranger, theirs))]
    headers = {"Content-Type": "application/json", "Idempotency-Key": "a-hundred"}

    def send(number):
        client, body = bodies[number % 2]
        return client.raw("POST", "/documents/", body, headers)

    answers = together(100, send)
    assert {a.status for a in answers} == {202}
    for mine, client, id_ in ((answers[::2], place.client, template), (answers[1::2], place.stranger, theirs)):
        assert len({a.json["id"] for a in mine}) == 1 and sum("Idempotency-Replayed" not in a.headers for a in mine) == 1
        assert len(client.call("GET", f"/documents/?template_id={id_}")["items"]) == 1
    # and one key under different bodies at the same time: one wins, the others are told
    answers = together(20, lambda n: place.client.raw("POST", "/documents/", {"template_id": template, "input_json": {"name": str(n)}, "output_format": "docx"},
                                                      {"Idempotency-Key": "many-bodies"}))
    assert sorted(a.status for a in answers) == [202] + [409] * 19


def test_a_rate_is_not_outrun_by_many_at_once(new_house):
    house = new_house(RATE_LIMIT_PER_MINUTE=20)
    begun = time.monotonic()
    answers = together(80, lambda n: house.client.raw("GET", "/templates/"))
    most = 20 + 1 + (time.monotonic() - begun) / 3  # one more each three seconds
    served = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status == 429]
    assert len(served) + len(refused) == 80 and 20 <= len(served) <= most < 80, (len(served), most)
    assert all(int(a.headers["Retry-After"]) >= 1 and a.json["code"] == "rate_limited" for a in refused)


def test_an_invitation_is_accepted_once_by_many_at_once(place):
    admin = Browser(place).signed_in()
    text = admin.ask("POST", "/settings/organization/users", {"email": "raced@test.example", "role": "viewer"})[1]
    token = re.search(r"/invitation\?token=([\w.-]+)", text).group(1)
    people = [Browser(place) for _ in range(8)]
    for person in people:
        assert person.ask("GET", "/invitation?token=" + token)[0] == 200
    statuses = together(8, lambda n: people[n].ask("POST", "/invitation", {"token": token, "password": f"password of number {n}"})[0])
    assert sorted(statuses) == [303] + [403] * 7
    winner = statuses.index(303)
    assert people[winner].is_in() and not any(p.is_in() for p in people[:winner] + people[winner + 1:])


# ---------------------------------------------------------------- sessions and forms

def test_cookies_are_kept_from_scripts_and_other_sites(place, new_house):
    browser = Browser(place)
    seen = [c for answer in (browser.ask("GET", "/sign-in"), browser.sign_in(), browser.ask("POST", "/environment", {"environment": "production"}))
            for c in answer[2].get_all("Set-Cookie") or []]
    assert {c.split("=")[0] for c in seen} >= {"dgl_seed", "dgl_session"}
    for cookie in seen:
        assert "; HttpOnly" in cookie and "; SameSite=Lax" in cookie and "; Path=/" in cookie and "Domain" not in cookie, cookie
    secure = new_house(PUBLIC_URL="https://documents.example.com", TRUSTED_PROXIES="127.0.0.1/32")
    for headers, expected in (({"Host": "documents.example.com"}, True), ({"X-Forwarded-Proto": "https"}, True), ({}, False)):
        cookie = request(secure, "GET", "/sign-in", headers=headers)[2]["Set-Cookie"]
        assert ("; Secure" in cookie) == expected, (headers, cookie)


def test_a_session_that_was_planted_is_not_taken_over(place):
    browser = Browser(place)
    browser.cookies["dgl_session"] = "A" * 43
    browser.sign_in()
    assert browser.cookies["dgl_session"] != "A" * 43 and browser.is_in()
    planted = Browser(place)
    planted.cookies["dgl_session"] = "A" * 43
    assert not planted.is_in()


def test_a_session_ends_with_signing_out(place):
    browser = Browser(place).signed_in()
    stolen = dict(browser.cookies)
    assert browser.ask("POST", "/sign-out", {})[0] == 303
    thief = Browser(place)
    thief.cookies = stolen
    assert not thief.is_in()


def pages(method):
    with open(os.path.join(ROOT, "src", "server", "ui", "ui.c"), encoding="utf-8") as fh:
        return re.findall(r'\{"%s", "(/[^"]*)", dgl_ui_' % method, fh.read())


def test_no_form_is_taken_from_elsewhere(place):
    """Every form: without a token, with somebody else's, from another site, from nowhere that can be named."""
    admin, viewer = Browser(place).signed_in(), Browser(place).signed_in("viewer@test.example")
    forms = pages("POST")
    assert len(forms) > 30
    for path in forms:
        path = re.sub(r"\{\w+\}", "01900000-0000-7000-8000-000000000000", path)
        for form, headers in (({"csrf": ""}, {}), ({"csrf": viewer.csrf}, {}), ({}, {"Origin": "https://evil.example"}), ({}, {"Origin": "null"}),
                              ({}, {"Origin": place.server.url + ".evil.example"}), ({}, {"Origin": None, "Sec_Fetch_Site": "cross-site"}),
                              ({}, {"Origin": None, "Sec_Fetch_Site": "same-site"})):
            status, text, _ = admin.ask("POST", path, form, **headers)
            assert status == 403 and "nothing was done" in text, (path, form, headers, status)
    assert admin.is_in()
    for path in pages("GET"):  # a form's data in an address does nothing
        assert "dgl_ui_post" not in path
    assert admin.ask("GET", "/sign-out?csrf=" + admin.csrf)[0] == 405


def test_signing_in_leads_to_our_own_pages(place):
    browser, password = Browser(place).signed_in(), {"email": "admin@test.example", "password": PASSWORD}

    def ours(answer):
        status, _, headers = answer
        assert status == 303 and "a=b" not in str(headers.get_all("Set-Cookie")), (to, status)
        assert urllib.parse.urljoin(place.server.url, headers["Location"]).startswith(place.server.url + "/"), (to, headers["Location"])

    for to in ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\r\nSet-Cookie: a=b", "javascript:alert(1)", "/\tevil",
               " //evil.example", "http:evil.example", "///evil.example", "%2f%2fevil.example", "data:text/html,x", "/\u0085//evil.example"):
        ours(browser.ask("GET", "/sign-in?next=" + urllib.parse.quote(to)))
        ours(browser.ask("POST", "/environment", {"environment": "production", "return_to": to}))
    ours(browser.ask("POST", "/sign-in", dict(password, next="//evil.example")))
    browser.ask("GET", "/templates")
    assert browser.ask("POST", "/sign-in", dict(password, next="/history"))[2]["Location"] == "/history"


def test_who_is_a_user_is_not_told(place):
    """Wrong password, no such user, disabled user, no address at all: one answer; and all are slowed alike."""
    make_user(place, "disabled@test.example", "viewer")
    cli(place, "users", "disable", "--email", "disabled@test.example", "--org", place.first["organization_id"])
    said = {}
    for number, (email, password) in enumerate((("viewer@test.example", "wrong password"), ("nobody@test.example", "wrong password"), ("no address", "x"),
                                                ("disabled@test.example", PASSWORD), ("viewer@test.example", "x" * 1000))):
        browser = Browser(place)
        browser.address = f"198.51.100.{number}"
        status, text, headers = browser.sign_in(email, password)
        text = text.replace(browser.csrf, "").replace(email, "")
        said[(email, password)] = status, re.search(r'role="alert">(.*?)</div>', text, re.S).group(1), sorted(headers.keys())
    assert len({str(v) for v in said.values()}) == 1 and next(iter(said.values()))[0] == 401, said
    counts = {}
    for email in ("viewer@test.example", "unheard@test.example"):
        for number in range(14):
            browser = Browser(place)
            browser.address = f"203.0.113.{number + 14 * len(counts)}"
            status, _, headers = browser.sign_in(email, "a guess too many")
            counts.setdefault(email, []).append(status)
            assert status == 401 or (status == 429 and int(headers["Retry-After"]) >= 1)
    assert all(429 in c and c[:4] == [401] * 4 for c in counts.values()), counts


def test_a_password_is_changed_by_its_owner(new_house):
    house = new_house()
    make_user(house, "ann@test.example", "viewer")
    ann, elsewhere = Browser(house).signed_in("ann@test.example"), Browser(house).signed_in("ann@test.example")
    before = dict(ann.cookies)
    status, text, _ = ann.ask("GET", "/settings/account")
    assert status == 200 and "ann@test.example" in text and "Viewer" in text and "Developer" not in text
    for form, says in (({"current_password": "wrong password", "password": "a new password"}, "not your present password"),
                       ({"current_password": PASSWORD, "password": "short"}, "10 to 256"), ({"current_password": PASSWORD, "password": PASSWORD}, "choose another"),
                       ({"password": "a new password"}, "not your present password")):
        status, text, _ = ann.ask("POST", "/settings/account/password", form)
        assert status == 422 and says in text and PASSWORD not in text and "a new password" not in text, (form, status)
    assert ann.ask("POST", "/settings/account/password", {"current_password": PASSWORD, "password": "a new password"})[0] == 303
    assert "The password was changed" in ann.ask("GET", "/settings/account")[1]
    assert ann.cookies["dgl_session"] != before["dgl_session"] and ann.is_in() and not elsewhere.is_in()
    thief = Browser(house)
    thief.cookies = before
    assert not thief.is_in()
    assert Browser(house).sign_in("ann@test.example", PASSWORD)[0] == 401
    ann = Browser(house).signed_in("ann@test.example", "a new password")
    # whoever finds a browser signed in does not find the password by trying, alone or many at once
    statuses = together(30, lambda n: ann.ask("POST", "/settings/account/password", {"current_password": f"guess number {n}", "password": "the thief's own"})[0])
    assert set(statuses) == {422, 429} and statuses.count(422) <= 10, statuses


# ---------------------------------------------------------------- what is shown

@pytest.fixture(scope="module")
def planted(place, tls):
    """Markup in every text that one tenant can store and another person's browser will show."""
    def answer(hook):
        return 500, {"X-Mark": MARK, "Content-Type": "text/html"}, f"<html>{MARK}</html>".encode()

    admin = Browser(place).signed_in()
    with Receiver(answer=answer) as receiver:
        assert admin.ask("POST", "/settings/organization/name", {"name": "Org " + MARK})[0] == 303
        assert admin.ask("POST", "/settings/organization/users", {"email": "marked@test.example", "name": MARK, "role": "viewer"})[0] == 200
        assert admin.ask("POST", "/settings/developer/keys", {"name": "Key " + MARK, "role": "viewer"})[0] == 200
        body = docx_bytes(["{{ a }} {{ raise_me.x.y }} {% if a == \"" + "<xss-mark>" + "\" %}x{% endif %}"])
        made = place.client.upload("/templates/", {"name": "T " + MARK, "description": "D " + MARK, "file": ("f" + MARK.replace('"', "") + ".docx", body)})
        assert made.status == 201, made.body
        place.client.call("POST", "/webhooks/endpoints/", {"url": receiver.url("/e?" + urllib.parse.quote("<xss-mark>")), "description": MARK})
        # the error of a document repeats data
        bad = place.client.upload("/templates/", {"name": "Bad", "file": ("t.docx", docx_bytes(["{{ a|date('%Y') }}", "{{ a|int + a }}"]))}).json
        ids = [place.client.generate(bad["id"], {"a": MARK}, "docx", webhook_url=receiver.url("/h?" + urllib.parse.quote(MARK)))["id"]]
        ids.append(place.client.generate(made.json["id"], {"a": MARK}, "docx", webhook_url=receiver.url("/<xss-mark>"))["id"])
        for id_ in ids:
            place.client.wait_document(id_)
        receiver.wait("document.generated")
        receiver.wait("document.generated")
        test = admin.ask("POST", "/settings/developer/webhook/test", {"webhook_url": receiver.url("/" + "<xss-mark>")})
    deliveries = place.client.call("GET", "/webhooks/deliveries/")["items"]
    return {"admin": admin, "template": made.json["id"], "bad": bad["id"], "documents": ids, "deliveries": [d["id"] for d in deliveries], "test": test,
            "endpoints": [e["id"] for e in place.client.call("GET", "/webhooks/endpoints/")["items"] if e.get("id")]}


def shown(planted):
    ids = {"/templates/{id}": [planted["template"], planted["bad"]], "/history/{id}": planted["documents"], "/deliveries/{id}": planted["deliveries"],
           "/settings/developer/endpoints/{id}": planted["endpoints"]}
    for path in pages("GET"):
        if path == "/assets/{name}":
            continue
        base = next((b for b in ids if path.startswith(b)), None)
        for id_ in ids[base] if base else [""]:
            yield path.replace("{id}", id_)
    for query in ("/templates?q=", "/templates?cursor=", "/history?status=", "/history?template_id=", "/history?day=", "/deliveries?status=", "/sign-in?next=",
                  "/deliveries?endpoint=", "/invitation?token=", "/nothing/", "/settings/organization?name=", f"/templates/{planted['template']}?mode="):
        yield query + urllib.parse.quote(MARK, safe="")


def test_planted_markup_is_text_on_every_page(place, planted):
    told = 0
    for path in shown(planted):
        status, text, headers = planted["admin"].ask("GET", path)
        if not (headers["Content-Type"] or "").startswith("text/html"):
            continue
        assert "<xss-mark" not in text and "onload=alert(1)>" not in text, (path, status)
        told += text.count("&lt;xss-mark")
    assert told > 10, told  # it was there, as text
    status, text, _ = planted["test"]
    assert status == 200 and "<xss-mark" not in text and "&lt;xss-mark" in text


def test_every_page_forbids_what_it_does_not_need(place, planted):
    """Also pages of errors, of people who are not signed in, and of the adapter below the pages."""
    answers = [(path, browser.ask("GET", path)) for browser in (planted["admin"], Browser(place)) for path in shown(planted)]
    stranger = Browser(place)
    answers += [("PUT", stranger.ask("PUT", "/templates")), ("body", stranger.ask("GET", "/templates", {"a": "b"})), ("nothing", stranger.ask("GET", "/no/such/page")),
                ("csrf", stranger.ask("POST", "/sign-in", {"email": "x"})), ("long", stranger.ask("POST", "/sign-in", {"email": "x" * 100000})),
                ("escape", stranger.ask("GET", "/templates/%zz")), ("type", stranger.ask("POST", "/sign-in", {}, Content_Type="text/plain"))]
    html = 0
    for path, (status, text, headers) in answers:
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "Server" not in headers and "X-Powered-By" not in headers, path
        if not (headers["Content-Type"] or "").startswith("text/html") and status != 303:
            continue
        html += 1
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'", path
        assert headers["Referrer-Policy"] == "same-origin" and headers["Cache-Control"] == "no-store", path
        assert not re.search(r"<script(?! src=)|<style| style=| on[a-z]+=", text.replace("onload=alert(1)&gt;", "")), path
    assert html > 60


def test_names_do_not_become_headers(place, planted):
    admin = planted["admin"]
    for name in ('a"; filename="evil.exe', "a;b\\", "..\\..\\x", "../../etc/passwd", "naïve ü 名.docx", "%0d%0aSet-Cookie: x=1", "a" * 100):
        made = place.client.upload("/templates/", {"name": name, "file": ("../../../tmp/x%22.docx", docx_bytes(["x"]))})
        assert made.status == 201, made.body
        for answer in (place.client.raw("GET", f"/templates/{made.json['id']}/file").headers, admin.ask("GET", f"/templates/{made.json['id']}/file")[2]):
            value = answer["Content-Disposition"]
            quoted = re.match(r'attachment; filename="([^"\\/]*)"(; filename\*=UTF-8\'\'[\w.~%-]*)?$', value)
            assert quoted and ".exe" not in value.split('"')[2], value
            assert answer["Set-Cookie"] is None


# ---------------------------------------------------------------- links and ids

@pytest.fixture(scope="module")
def ready(place, template):
    return place.client.wait_document(place.client.generate(template, {"name": "linked"}, "docx")["id"])


def test_a_link_opens_what_it_was_made_for(place, template, ready):
    link = ready["download_url"]
    path = link[len(place.server.url):]
    assert request(place, "GET", path)[0] == 200
    other = place.client.wait_document(place.client.generate(template, {"name": "other"}, "docx")["id"])["download_url"]
    expires, signature = re.search(r"expires=(\d+)&signature=([\w-]+)", path).groups()
    swapped = [path.replace(ready["id"], re.search(r"files/([0-9a-f-]+)", other).group(1)), path.replace(signature, re.search(r"signature=(.*)", other).group(1)),
               path.replace(".docx?", ".pdf?"), path.replace(".docx?", ".html?"), path.replace(expires, str(int(expires) + 1)), path.replace(expires, "9" * 30),
               path.replace(expires, "0" + expires), path.replace(expires, "-1"), path.replace(expires, "+" + expires), path.replace(expires, expires + ".0"),
               path.replace(signature, signature + "A"), path.replace(signature, signature[:-1]), path.replace(signature, ""), path.replace(signature, signature + "="),
               path.split("&")[0], path.split("?")[0], path.replace("signature=", "Signature="), path.replace(ready["id"], ready["id"].upper()) + "x",
               path.replace(ready["id"], ready["id"] + "/../" + ready["id"]), path.replace(ready["id"], "' OR 1=1 --"), path + "' OR '1'='1",
               path.replace(ready["id"], "%00" + ready["id"]), path.replace("/files/", "/files/..%2f"), path.replace("/files/", "/files/" + "a" * 3000)]
    for changed in swapped:
        changed = urllib.parse.quote(changed, safe="/?&=%+.-_~'")
        status, text, _ = request(place, "GET", changed)
        assert status in (400, 403, 404), (changed, status)
        assert "PK" not in text
    for at in range(len(signature)):  # any character of it
        altered = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1:]
        assert request(place, "HEAD", path.replace(signature, altered))[0] == 403, at
    # the first of two equal parameters counts, whatever the second says
    assert request(place, "GET", path.replace("signature=", "signature=x&signature="))[0] == 403


def test_ranges_of_a_link(place, ready):
    path, size = ready["download_url"][len(place.server.url):], ready["size_bytes"]
    whole = place.client.raw("GET", ready["download_url"]).body
    for value, status, length in (("bytes=0-0", 206, 1), (f"bytes={size - 1}-", 206, 1), ("bytes=-1", 206, 1), (f"bytes=0-{2 ** 62}", 206, size), (f"bytes=-{2 ** 62}", 206, size),
                                  (f"bytes={size}-", 416, None), (f"bytes={2 ** 62}-", 416, None), (f"bytes=0-{10 ** 19}", 200, size), ("bytes=" + "9" * 40 + "-", 200, size), ("bytes=5-1", 200, size), ("bytes=-0", 416, None), ("lines=1-2", 200, size),
                                  ("bytes=0-1,3-4", 200, size), ("bytes=" + ",".join(f"{n}-{n}" for n in range(500)), 200, size), ("bytes=a-b", 200, size),
                                  ("bytes=-9223372036854775808", 200, size), ("bytes=9223372036854775807-", 416, None), ("bytes=0-9223372036854775807", 206, size)):
        answer = place.client.raw("GET", place.server.url + path, headers={"Range": value})
        assert answer.status == status, (value, answer.status)
        if length is not None:
            assert len(answer.body) == length and answer.body in whole, value


def test_a_deleted_document_is_gone_by_every_way(place, template):
    made = place.client.wait_document(place.client.generate(template, {"name": "gone"}, "docx")["id"])
    etag = place.client.raw("HEAD", made["download_url"]).headers["ETag"]
    assert place.client.raw("DELETE", "/documents/" + made["id"]).status == 204
    for headers in ({}, {"Range": "bytes=0-3"}, {"If-None-Match": etag}, {"If-Range": etag, "Range": "bytes=0-0"}):
        for method in ("GET", "HEAD"):
            assert request(place, method, made["download_url"][len(place.server.url):], headers=headers)[0] == 410
    assert place.client.raw("GET", f"/documents/{made['id']}/download").status in (404, 410)


def test_not_yours_is_not_found(place, planted, template, ready):
    """Another's id is answered as one that never was: status, body and headers."""
    never = "01900000-0000-7000-8000-000000000000"
    with open(os.path.join(HERE, "tenants.txt"), encoding="utf-8") as fh:
        routes = [line.split()[:2] for line in fh if not line.startswith("#") and "/api/v1/" in line and "{id}" in line]
    ours = {"/templates/": template, "/documents/": ready["id"], "/deliveries/": planted["deliveries"][0], "/endpoints/": planted["endpoints"][0], "/events/": planted["deliveries"][0],
            "/fonts/": place.client.upload("/fonts/", {"file": ("font.ttf", font("Ours"))}).json["id"]}
    compared = 0
    for method, path in routes:
        mine = next((id_ for part, id_ in ours.items() if part in path), None)
        assert mine, f"{path}: this test needs an id of ours for it"
        body = {"timestamp": 1, "http_status": 200} if "/events/" in path else {"url": "https://hooks.example.com/x"} if method == "PUT" and "endpoints" in path else None
        if method == "POST" and path.endswith("preview"):
            body = {"input_json": {}}
        answers = []
        for id_ in (mine, never):
            answer = place.stranger.raw(method, path[len("/api/v1"):].replace("{id}", id_).replace("{version}", "1"), body)
            answers.append((answer.status, answer.body.decode().replace(id_, "ID"), sorted(k for k in answer.headers.keys())))
        assert answers[0] == answers[1], (method, path, answers)
        compared += answers[0][0] == 404
    assert compared > 15


@pytest.mark.parametrize("id_", ["'", "1;DROP%20TABLE%20users", "%27%20OR%201=1--", "%00", "..%2f..", "0" * 5000, "%ff%fe", "01900000-0000-7000-8000-00000000000%25", "-1",
                                 "%7B%7B7*7%7D%7D", "01900000-0000-7000-8000-000000000000/", "🦊".encode().hex()])
def test_ids_that_are_none(place, id_):
    for path in ("/documents/", "/templates/", "/webhooks/deliveries/", "/webhooks/endpoints/"):
        answer = place.client.raw("GET", path + id_)
        assert answer.status in (400, 404, 413), (path, answer.status)
        assert "sql" not in answer.body.decode().lower() and "49" not in answer.body.decode().replace(id_, "")
    for query in ("cursor", "template_id", "limit", "since", "status"):
        answer = place.client.raw("GET", f"/documents/?{query}={id_}")
        assert answer.status in (200, 400, 413, 422), (query, answer.status, answer.body)
        assert answer.status != 200 or answer.json["items"] == []


# ---------------------------------------------------------------- files that lie

def upload(place, data, name="Lie", file_name="t.docx"):
    return place.client.upload("/templates/", {"name": name, "file": (file_name, data)})


def members(**changes):
    """A small DOCX with members added or replaced: name -> bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx_bytes(["Dear {{ name }},"]))) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name in source.namelist():
            z.writestr(name, changes.pop(name, source.read(name)))
        for name, data in changes.items():
            z.writestr(name, data)
    return out.getvalue()


def twice(name, second):
    out = io.BytesIO(docx_bytes(["Dear {{ name }},"]))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as z:
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            z.writestr(name, second)
    return out.getvalue()


def many_members(count):
    """Whole, with a ZIP64 directory; written by hand, because zipfile takes seconds for it."""
    start = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, 0, 0, 0, 10, 0)
    files, directory = [], []
    for number in range(count):
        name = b"word/%05d" % number  # ten bytes
        files.append(b"PK\x03\x04" + start + name)
        directory.append(b"PK\x01\x02\x14\0" + start + struct.pack("<HHHII", 0, 0, 0, 0, number * 40) + name)
    files, directory = b"".join(files), b"".join(directory)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), len(files))
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(files) + len(directory), 1)
    return files + directory + end64 + locator + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), len(files), 0)


def flagged(data, offset_local, offset_central, value):
    """The two-byte field at these places of every local and central header, OR-ed with `value`."""
    data = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", offset_local), (b"PK\x01\x02", offset_central)):
        at = data.find(signature)
        while at >= 0:
            struct.pack_into("<H", data, at + offset, struct.unpack_from("<H", data, at + offset)[0] | value)
            at = data.find(signature, at + 4)
    return bytes(data)


def central_sizes(data, size):
    """The central directory says that every member is that large."""
    data = bytearray(data)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", data, at + 24, size)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def nested(depth):
    data = b"\0" * (8 << 20)
    for _ in range(depth):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("a.zip", data)
        data = out.getvalue()
    return data


RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
REFUSED = {
    "a hundred thousand members": lambda: many_members(100000),
    "encrypted": lambda: flagged(docx_bytes(["x"]), 6, 8, 1),
    "unknown compression": lambda: flagged(docx_bytes(["x"]), 8, 10, 0x40),
    "sizes that are not true": lambda: central_sizes(docx_bytes(["x"]), 0x7FFFFFFF),
    "its main part twice": lambda: twice("word/document.xml", b"<w:document xmlns:w='x'/>"),
    "cut in the middle": lambda: docx_bytes(["x" * 1000])[:600],
    "a directory that points outside": lambda: docx_bytes(["x"])[:-6] + b"\xff\xff\xff\x7f\0\0",
}
# These may be taken or refused, as long as nothing comes of it: a worker that lives, a document without what was reached for.
TAKEN_OR_NOT = {
    "a path out of the package": lambda: members(**{"../../../../tmp/docgenlab-attack": b"x", "/etc/docgenlab-attack": b"x", "word\\..\\..\\x": b"x", "C:\\x": b"x"}),
    "a name of 60,000 bytes": lambda: members(**{"word/" + "n" * 60000: b"x"}),
    "a name with a NUL and one that is not UTF-8": lambda: members(**{"word/a\udcff".encode("utf-8", "surrogateescape").decode("latin-1"): b"x"}),
    "a zip in a zip in a zip": lambda: members(**{"word/media/image1.png": nested(4)}),
    "relationships in a circle": lambda: members(**{"_rels/.rels": (RELS % f'<Relationship Id="rId1" Type="{OFFICE}officeDocument" Target="word/document.xml"/>').encode(),
                                                     "word/_rels/document.xml.rels": (RELS % (f'<Relationship Id="rId1" Type="{OFFICE}header" Target="document.xml"/>'
                                                                                              f'<Relationship Id="rId1" Type="{OFFICE}footer" Target="../word/document.xml"/>'
                                                                                              f'<Relationship Id="rId2" Type="{OFFICE}image" Target="../../../../etc/passwd"/>')).encode()}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_packages_that_lie_are_refused(place, what):
    answer = upload(place, REFUSED[what]())
    assert answer.status in (400, 413, 415, 422), (answer.status, answer.body[:300])
    assert answer.json["detail"] and "worker" not in answer.json["detail"], answer.body
    assert upload(place, docx_bytes(["fine"])).status == 201


@pytest.mark.parametrize("what", TAKEN_OR_NOT)
def test_packages_that_reach_outside_reach_nothing(place, what):
    answer = upload(place, TAKEN_OR_NOT[what]())
    assert answer.status in (201, 400, 413, 422), (answer.status, answer.body[:300])
    if answer.status == 201:
        for kind in ("docx", "pdf"):
            made = place.client.wait_document(place.client.generate(answer.json["id"], {"name": "x"}, kind)["id"])
            if made["status"] == "ready":
                body = place.client.raw("GET", f"/documents/{made['id']}/download").body
                assert b"root:" not in body
                if kind == "docx":
                    with zipfile.ZipFile(io.BytesIO(body)) as z:
                        assert all(b"root:x" not in z.read(name) for name in z.namelist())
    assert not os.path.exists("/tmp/docgenlab-attack") and not os.path.exists("/etc/docgenlab-attack")


def test_links_in_a_template_are_not_followed(place):
    """External pictures, templates, OLE, subdocuments: nobody is called, by neither engine."""
    called = []

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            called.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_OPTIONS = do_HEAD = do_PROPFIND = do_GET

        def log_message(self, *args):
            pass

    trap = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=trap.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{trap.server_address[1]}"
    kinds = ("image", "attachedTemplate", "oleObject", "subDocument", "frame", "hyperlink", "aFChunk", "header", "font", "video")
    rels = RELS % "".join(f'<Relationship Id="rId{n}" Type="{OFFICE}{kind}" Target="{url}/{kind}" TargetMode="External"/>' for n, kind in enumerate(kinds))
    drawing = ('<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><wp:extent cx="900000" cy="900000"/>'
               '<wp:docPr id="1" name="p"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
               '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
               '<a:blip r:link="rId0"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm>'
               '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
               f'<w:p><w:r><w:instrText>INCLUDEPICTURE "{url}/field"</w:instrText></w:r><w:fldSimple w:instr=\' INCLUDETEXT "{url}/text" \'/></w:p>')
    for more in ("", '<w:altChunk r:id="rId6"/>'):  # the second is LibreOffice's to lay out
        body = docx_bytes([], body_xml=drawing + more)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w") as z:
            for name in source.namelist():
                z.writestr(name, rels if name == "word/_rels/document.xml.rels" else source.read(name))
        answer = upload(place, out.getvalue())
        if answer.status != 201:
            assert answer.status == 422
            continue
        for kind in ("docx", "pdf"):
            place.client.wait_document(place.client.generate(answer.json["id"], {}, kind)["id"])
    trap.shutdown()
    trap.server_close()
    assert called == []


def test_pictures_are_not_fetched_from_inside(place):
    """Images in data, end to end: our own port, names and forms of inside addresses, other schemes. No connection, no difference to see."""
    port, held = where(place)[1], socket.create_server(("127.0.0.1", 0))
    held.settimeout(0.2)
    inside = held.getsockname()[1]
    template = upload(place, docx_bytes(["{{ img_logo }}"])).json["id"]
    said = set()
    for url in (f"https://127.0.0.1:{port}/healthz", f"https://localhost:{inside}/", f"https://[::1]:{inside}/", f"https://[::ffff:127.0.0.1]:{inside}/", f"https://0x7f.1:{inside}/",
                f"https://2130706433:{inside}/", f"https://0:{inside}/", f"https://127.1:{inside}/", f"https://[64:ff9b::7f00:1]:{inside}/", f"https://[2002:7f00:1::]:{inside}/",
                f"https://127.0.0.1:{inside}/", f"https://127.0.0.1:{inside + 1}/", "https://169.254.169.254/latest/meta-data/", f"http://127.0.0.1:{inside}/", "file:///etc/passwd",
                "gopher://127.0.0.1/", f"https://user@127.0.0.1:{inside}/", f"https://127.0.0.1:{inside}\\@example.com/", f"https://example.com@127.0.0.1:{inside}/"):
        made = place.client.wait_document(place.client.generate(template, {"img_logo": url}, "docx")["id"])
        assert made["status"] == "failed", url
        message = made["error_message"].replace(url, "URL")
        assert "refused" not in message and "root:" not in message, (url, message)
        if url.startswith((f"https://127.0.0.1:{inside}/", f"https://127.0.0.1:{inside + 1}/")):
            said.add(message)  # a port where somebody listens, one where nobody does
    assert len(said) == 1, said
    with pytest.raises(TimeoutError):
        held.accept()
    held.close()


# ---------------------------------------------------------------- forms and bodies that are none

def multipart(*parts, boundary="b", end=True):
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + head + b"\r\n\r\n" + data + b"\r\n" for head, data in parts)
    return body + (b"--" + boundary.encode() + b"--\r\n" if end else b"")


def field(name, value):
    return b'Content-Disposition: form-data; name="%s"' % name, value


FILE = b'Content-Disposition: form-data; name="file"; filename="t.docx"'


@pytest.mark.parametrize("parts, status", [
    ((field(b"name", b"A"), field(b"name", b"B"), (FILE, b"DOCX")), (400, 422)),
    ((field(b"name", b"A"), (FILE, b"DOCX"), (FILE, b"DOCX")), (400, 422)),
    (((b"Content-Disposition: form-data", b"x"), (FILE, b"DOCX")), (400, 422)),
    (((b"X-Nothing: here", b"x"), (FILE, b"DOCX")), (400, 422)),
    ((field(b"name\0x", b"A"), (FILE, b"DOCX")), (400, 422)),
    ((field(b"name", b"A\0B"), (FILE, b"DOCX")), (400, 422)),
    ((field(b"name", b"\xff\xfe"), (FILE, b"DOCX")), (400, 422)),
    ((field(b"name", b"A"), (FILE + b"\r\nContent-Transfer-Encoding: base64", b"DOCX")), (201, 400, 422)),
    ((field(b"name", b"A"), (FILE + b"\r\nContent-Type: multipart/mixed; boundary=c", b"--c\r\n\r\nDOCX\r\n--c--")), (400, 422)),
    ((field(b"name", b"A"), (b'Content-Disposition: form-data; name="file"; filename="../../../etc/passwd"', b"DOCX")), (201,)),
    ((field(b"name", b"A"), (b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%2e%2e%2fx.docx", b"DOCX")), (201, 400)),
    ((field(b"name", b"A"), (FILE + b"\r\nX: " + b"h" * 100000, b"DOCX")), (400, 413)),
    (tuple(field(b"f%d" % n, b"x") for n in range(200)), (400, 413, 422)),
    ((field(b"n" * 5000, b"x"), (FILE, b"DOCX")), (400, 413, 422)),
    ((field(b"name", b"n" * (2 << 20)), (FILE, b"DOCX")), (413,)),
], ids=lambda value: None)
def test_odd_forms(place, parts, status):
    body = multipart(*((head, data.replace(b"DOCX", docx_bytes(["x"]))) for head, data in parts))
    answer = place.client.raw("POST", "/templates/", body, {"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status in status, (answer.status, answer.body)
    assert place.client.raw("GET", "/templates/?limit=1").status == 200


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 71, 'multipart/form-data; boundary="a\\"b"',
                                  "multipart/form-data; boundary=a; boundary=b", "multipart/mixed; boundary=b", "text/plain", "application/json", "multipart/form-data;boundary=b\x7f"])
def test_forms_of_another_type(place, kind):
    answer = place.client.raw("POST", "/templates/", multipart(field(b"name", b"A"), (FILE, docx_bytes(["x"]))), {"Content-Type": kind})
    assert answer.status in (400, 415, 422), (kind, answer.status, answer.body)


@pytest.mark.parametrize("text, status", [
    ('{"a": ' * 70 + "1" + "}" * 70, 422), ("[" * 100000, None), ('{"a": "\\u0000"}', None), ('{"a": "\\ud800\\u0041"}', 400), ('{"\\ud800": 1}', 400), ('{"a": 1e400}', 422),
    ('{"a": -0.0}', 202), ('{"a": ' + "9" * 400 + "}", 422), ('{"a": 0.' + "1" * 5000 + "}", None), ('{"a": 01}', 400), ('{"a": NaN}', 400), ('{"a": Infinity}', 400), ("{'a': 1}", 400),
    ('{"a": 1,}', 400), ('{"a": 1} {"b": 2}', 400), ('{"a": "\x01"}', 400), ('{"a": 1, "\\u0061": 2}', 422), ("/* c */ {}", 400), ('{"__proto__": {"x": 1}, "constructor": 2}', 202),
    ('{"' + "k" * 300000 + '": 1}', 202), ("{" + ",".join(f'"k{n}":1' for n in range(50000)) + "}", 202)])
def test_odd_json(place, template, text, status):
    raw = b'{"template_id": "%s", "output_format": "docx", "input_json": ' % template.encode() + text.encode() + b"}"
    answer = place.client.raw("POST", "/documents/", raw, {"Content-Type": "application/json"})
    assert answer.status == status if status else answer.status in (202, 400, 413, 422), (text[:60], answer.status, answer.body[:200])
    if answer.status == 202:
        place.client.wait_document(answer.json["id"])


# ---------------------------------------------------------------- requests that are none

def head(line, *headers):
    return b"\r\n".join((line, b"Host: x") + headers) + b"\r\n\r\n"


CLOSE = b"Connection: close"


@pytest.mark.parametrize("line, statuses", [
    (b"GET http://evil.example/healthz HTTP/1.1", b"200 400 404"), (b"GET evil.example:80 HTTP/1.1", b"400 404"), (b"CONNECT evil.example:443 HTTP/1.1", b"400 404 405"),
    (b"OPTIONS * HTTP/1.1", b"200 204 400 404 405"), (b"TRACE / HTTP/1.1", b"400 405 501"), (b"BREW /api/v1/documents/ HTTP/1.1", b"405 501"), (b"get /healthz HTTP/1.1", b"400 405 501"),
    (b"GET /healthz HTTP/9.9", b"400 505"), (b"GET /healthz", b"400"), (b"GET  /healthz HTTP/1.1", b"400"), (b"GET /healthz\tHTTP/1.1", b"400"), (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", b"400 404"),
    (b"GET /healthz?a=%00 HTTP/1.1", b"400"), (b"GET /a\xff HTTP/1.1", b"400 404"), (b"GET /healthz#x HTTP/1.1", b"400 404"), (b"GET //healthz HTTP/1.1", b"400 404"), (b"DELETE /healthz HTTP/1.1", b"405"),
    (b"PUT / HTTP/1.1", b"405"), (b"X" * 3000 + b" / HTTP/1.1", b"400 405 414 431 501"), (b"GET /healthz?" + b"&".join(b"a=b" for _ in range(100)) + b" HTTP/1.1", b"400")])
def test_odd_request_lines(place, line, statuses):
    said = talk(place, head(line, CLOSE))
    assert said == b"" or said.split(b" ")[1] in statuses.split(), said[:200]
    assert said.count(b"HTTP/1.1 ") <= 1 and b"root:" not in said


@pytest.mark.parametrize("extra", [
    (b"Content-Length: 2", b"Transfer-Encoding: chunked"), (b"Content-Length : 2",), (b"Content-Length: 2\r\n 3",), (b"Content-Length: 2, 2",), (b"Content-Length: 0x2",), (b"Content-Length:\x0b2",),
    (b"Content-Length: 18446744073709551618",), (b"Content-Length: -2",), (b"Transfer-Encoding: gzip, chunked",), (b"Transfer-Encoding: chunked, chunked",), (b"Transfer-Encoding: identity",),
    (b"Transfer-Encoding : chunked",), (b"Transfer-Encoding: \"chunked\"",), (b"Host: y",), (b"X: a\x00b",), (b"X: a\rb",), (b"X\x80: b",), (b": b",), (b"X",)])
def test_odd_heads_end_the_connection(place, extra):
    inner = head(b"GET /smuggled HTTP/1.1", CLOSE)
    said = talk(place, head(b"POST /api/v1/documents/ HTTP/1.1", b"X-API-Key: " + place.client.api_key.encode(), b"Content-Type: application/json", *extra) + b"{}" + inner)
    assert said == b"" or said.split(b" ")[1] in (b"400", b"411", b"413", b"431", b"501"), said[:200]
    assert b"HTTP/1.1 2" not in said and b"/smuggled" not in said and '"/smuggled"' not in place.log(), said


def test_chunks_in_every_shape(place, template):
    body = json.dumps({"template_id": template, "input_json": {"name": "x"}, "output_format": "docx"}).encode()
    start = head(b"POST /api/v1/documents/ HTTP/1.1", b"X-API-Key: " + place.client.api_key.encode(), b"Content-Type: application/json", b"Transfer-Encoding: chunked", CLOSE)
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    by_one = b"".join(b"1\r\n%c\r\n" % c for c in body) + b"0\r\n\r\n"
    for chunks, status in ((whole, b"202"), (by_one, b"202"), (whole.replace(b"\r\n", b";ext=\"a;b\"\r\n", 1), b"202"), (whole.replace(b"0\r\n\r\n", b"0\r\nTrailer: x\r\nContent-Length: 3\r\n\r\n"), b"202"),
                           (b"0000000" + whole, b"202"), (b"fffffffffffffffff\r\n", b"400 413"), (b"-1\r\n", b"400"), (b"zz\r\n", b"400"), (b"10000000000000000\r\n", b"400 413")):
        said = talk(place, start + chunks)
        assert said.split(b" ")[1] in status.split(), (chunks[:40], said[:100])
    said = talk(place, start + whole, pieces=len(start + whole), pause=threading.Event())  # a byte at a time
    assert said.split(b" ")[1] == b"202", said[:100]


def test_a_page_looks_at_the_session_before_it_takes_a_body(place):
    """Whoever asks first is told at once; nothing of what is sent anyway is kept."""
    admin, viewer = (Browser(place).signed_in(email) for email in ("admin@test.example", "viewer@test.example"))
    form = (b"Content-Type: multipart/form-data; boundary=b", b"Content-Length: 20000000", b"Expect: 100-continue")

    def request_head(path, browser, headers, origin=place.server.url):
        cookie = "; ".join(f"{k}={v}" for k, v in browser.cookies.items()) if browser else "a=b"
        return b"\r\n".join((b"POST " + path + b" HTTP/1.1", b"Host: " + urllib.parse.urlsplit(place.server.url).netloc.encode(), *headers,
                             b"Cookie: " + cookie.encode(), b"Origin: " + origin.encode(), b"", b""))

    def first_word(path, browser, **more):
        with socket.create_connection(where(place), timeout=PATIENCE_S) as s:
            s.sendall(request_head(path, browser, form, **more))
            return s.recv(65536)

    for path in (b"/templates/new", b"/settings/fonts"):
        said = first_word(path, None)
        assert said.startswith(b"HTTP/1.1 303 ") and b"Location: /sign-in" in said, said[:200]
        assert first_word(path, viewer).startswith(b"HTTP/1.1 403 ")
        assert first_word(path, admin, origin="https://evil.example").startswith(b"HTTP/1.1 403 ")
        assert first_word(path, admin).startswith(b"HTTP/1.1 100 ")

    def received():
        page = place.client.raw("GET", place.server.url + "/metrics").body.decode()
        return int(re.search(r"^docgenlab_http_request_body_bytes_total (\d+)$", page, re.M).group(1))

    def kept_files():
        found, folder = [], f"/proc/{place.server.process.pid}/fd"
        for name in os.listdir(folder):
            try:
                found.append(os.readlink(os.path.join(folder, name)))
            except FileNotFoundError:
                pass  # closed meanwhile
        return [to for to in found if "/#" in to]

    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.docx"\r\n\r\n'
    for browser, files in ((None, 0), (admin, 1)):  # they do not ask, and have sent half
        already = received()
        with socket.create_connection(where(place), timeout=PATIENCE_S) as s:
            s.sendall(request_head(b"/templates/new", browser, form[:2]) + start + b"x" * 10000000)
            wait_until(lambda: received() - already >= 10000000, "the half of a body does not arrive")
            assert len(kept_files()) == files, browser
        wait_until(lambda: not kept_files(), "what was half sent stays")


def test_expecting_and_only_looking(place, template):
    key = b"X-API-Key: " + place.client.api_key.encode()
    for path, headers, first in ((b"documents/", (b"Content-Length: 999999999999",), b"413"), (b"templates/", (b"Content-Length: 5", b"Content-Type: text/plain"), b"415")):
        said = talk(place, head(b"POST /api/v1/" + path + b" HTTP/1.1", key, b"Expect: 100-continue", *headers))
        assert said.split(b" ")[1] == first and b"100 Continue" not in said, said[:100]
    said = talk(place, head(b"POST /api/v1/documents/ HTTP/1.1", b"Expect: 100-continue", b"Content-Length: 5"))
    assert said.split(b" ")[1] == b"401", said[:100]  # nobody's body is asked for
    for path in ("/healthz", "/templates", "/api/v1/templates/", "/api/v1/templates/" + template):
        headers = {"X-API-Key": place.client.api_key}
        got, looked = request(place, "GET", path, headers=headers), request(place, "HEAD", path, headers=headers)
        assert got[0] == looked[0] and looked[1] == "", path
