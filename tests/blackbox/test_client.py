"""What an unusual but lawful client meets: queries, ids, preferences, conditions; and that OpenAPI tells the truth of it."""
import concurrent.futures
import http.client
import json
import re
import subprocess
import urllib.parse

import pytest
from docx import docx_bytes
from local import PATIENCE_S, PROGRAM, Client, clean_environment, wait_until


@pytest.fixture(scope="module")
def api(house):
    return Client(house.server.url).raw("GET", house.server.url + "/openapi.json").json


def document(house, template, **more):
    body = dict({"template_id": template["id"], "input_json": {"name": "Ann", "items": []}, "output_format": "docx"}, **more)
    return house.client.wait_document(house.client.call("POST", "/documents/", body)["id"])


# ---------------------------------------------------------------- queries

def paths_with_ids(api, template, made):
    """Every call of /api/v1 as (method, path, names of its query)."""
    for path, methods in api["paths"].items():
        if not path.startswith("/api/v1/") or path.endswith("openapi.json"):
            continue
        for method, operation in methods.items():
            names = {p["name"] for ref in operation["parameters"] if "$ref" in ref
                     for p in [api["components"]["parameters"][ref["$ref"].split("/")[-1]]] if p["in"] == "query"}
            full = path[len("/api/v1"):].replace("{version}", "1")
            yield method.upper(), full.replace("{id}", made["id"] if "/documents/" in full else template["id"]), names


def test_a_query_that_is_not_known_is_refused_by_every_call(house, api, template):
    made = document(house, template)
    for method, path, names in paths_with_ids(api, template, made):
        answer = house.client.raw(method, path + "?dry_run=true", b"" if method in ("POST", "PUT") else None)
        assert (answer.status, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "unknown_field", "dry_run"), (method, path)
        assert all(name in answer.json["detail"] for name in names), (path, answer.json)
    assert house.client.raw("GET", f"/documents/{made['id']}").status == 200  # DELETE …?dry_run=true did nothing


def test_a_parameter_is_given_once(house):
    answer = house.client.raw("GET", "/documents/?limit=1&limit=2")
    assert (answer.status, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "duplicate_field", "limit")


@pytest.mark.parametrize("query, field, shown", [
    ("limit=201", "limit", "201"), ("limit=", "limit", ""), ("limit=1.5", "limit", "1.5"), ("template_id=abc", "template_id", "abc"),
    ("since=2026-01-01T00:00:00+02:00", "since", "%2B"), ("since=2026-02-30T00:00:00Z", "since", "2026-02-30"), ("status=Ready", "status", "Ready"),
    ("is_uat=1", "is_uat", "1"), ("source=API", "source", "API")])
def test_a_wrong_parameter_is_named_with_its_value(house, query, field, shown):
    answer = house.client.raw("GET", "/documents/?" + query)
    assert answer.status == 422 and answer.json["errors"][0]["field"] == field
    assert field in answer.json["detail"] and shown in answer.json["detail"], answer.json


def test_times_are_taken_with_an_offset(house, template):
    made = document(house, template)
    at = made["created_at"]
    for since in (at, at.replace("Z", "+00:00"), at.replace("Z", ".000Z"), at.lower()):
        page = house.client.call("GET", f"/documents/?template_id={template['id']}&since={urllib.parse.quote(since)}")
        assert made["id"] in [d["id"] for d in page["items"]], since


def test_short_lists_have_pages_too(new_house):
    house = new_house()
    made = [house.client.call("POST", "/webhooks/endpoints/", {"url": f"https://a.example/{i}"})["id"] for i in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = house.client.call("GET", "/webhooks/endpoints/?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["items"]) <= 2
        seen += [e["id"] for e in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made
    assert house.client.call("GET", "/webhooks/endpoints/?limit=5")["next_cursor"] is None
    for path in ("/webhooks/endpoints/", "/fonts/"):
        answer = house.client.raw("GET", path + "?cursor=nonsense")
        assert (answer.status, answer.json["code"]) == (422, "invalid_cursor")
    assert house.client.call("GET", "/fonts/?limit=1") == {"items": [], "next_cursor": None}


# ---------------------------------------------------------------- ids, preferences

def test_ids_are_taken_in_capitals(house, template):
    big = template["id"].upper()
    assert house.client.call("GET", f"/templates/{big}")["id"] == template["id"]
    made = house.client.call("POST", "/documents/", {"template_id": big, "input_json": {"name": "x", "items": []}, "output_format": "docx"})
    assert made["template_id"] == template["id"]
    assert house.client.wait_document(made["id"].upper())["id"] == made["id"]
    page = house.client.call("GET", f"/documents/?template_id={big}&limit=1")
    assert [d["id"] for d in page["items"]] == [made["id"]]


@pytest.mark.parametrize("prefer", ["wait=30", "WAIT = 30", 'wait="30"', "wait=30; foo=bar", "respond-async, wait=9999", "return=minimal;x=\"a\", wait=30"])
def test_every_way_to_prefer_waiting(house, template, prefer):
    for _ in range(10):
        answer = house.client.raw("POST", "/documents/", {"template_id": template["id"], "input_json": {"name": "x", "items": []}, "output_format": "docx"},
                                  {"Prefer": prefer})
        if answer.status != 202:
            break
        house.client.wait_document(answer.json["id"])  # 30 s were not enough for a machine that is so busy
    assert answer.status == 200 and answer.json["status"] == "ready"


@pytest.mark.parametrize("prefer", ["wait=-1", "wait", "wait=", "waiting=30", "wait=soon", "wait=0", ", ,"])
def test_preferences_that_cannot_be_understood_are_passed_over(house, template, prefer):
    answer = house.client.raw("POST", "/documents/", {"template_id": template["id"], "input_json": {"name": "x", "items": []}, "output_format": "docx"},
                              {"Prefer": prefer})
    assert answer.status == 202


def send_lines(house, body, *lines):
    """POST /documents/ with header lines as they are; the answer's status and JSON."""
    connection = http.client.HTTPConnection(house.server.url.split("//")[1], timeout=PATIENCE_S)
    connection.putrequest("POST", "/api/v1/documents/")
    for name, value in (("X-API-Key", house.first["api_key"]), ("Content-Type", "application/json"), ("Content-Length", str(len(body))), *lines):
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said


def test_headers_over_several_lines_are_one(house, template):
    body = json.dumps({"template_id": template["id"], "input_json": {"name": "x", "items": []}, "output_format": "docx"}).encode()
    for _ in range(10):
        status, said = send_lines(house, body, ("Prefer", "respond-async"), ("Prefer", "wait=30"))
        if status != 202:
            break
        house.client.wait_document(said["id"])  # 30 s were not enough for a machine that is so busy
    assert (status, said["status"]) == (200, "ready")
    for name in ("X-Idempotency-Key", "Idempotency-Key"):  # which of them would it be?
        status, said = send_lines(house, body, (name, "one"), (name, "two"))
        assert (status, said["code"]) == (422, "invalid_idempotency_key"), said


def test_a_byte_order_mark_is_called_by_its_name(house):
    for mark in (b"\xef\xbb\xbf{}", "{}".encode("utf-16")):
        answer = house.client.raw("POST", "/documents/", mark, {"Content-Type": "application/json"})
        assert answer.status == 400 and "byte order mark" in answer.json["detail"], answer.json


@pytest.mark.parametrize("text, shown", [(b'{"": 1}', "empty name"), (b'{"a\\u0000": 1}', "NUL")])
def test_names_of_fields_that_are_none(house, text, shown):
    answer = house.client.raw("POST", "/documents/", text, {"Content-Type": "application/json"})
    assert answer.status == 422 and answer.json["errors"][0]["field"] and shown in answer.json["detail"], answer.json


# ---------------------------------------------------------------- waiting

def test_who_waits_for_events_must_still_be_allowed_to(new_house, letter):
    """A key that is revoked meanwhile gets none of them."""
    house = new_house()
    template = house.client.upload_template("Letter", letter)
    cli = [PROGRAM, "keys", "--data", house.data_dir]
    made = json.loads(subprocess.run(cli + ["create", "--name", "leaver", "--role", "org_admin", "--json"], stdout=subprocess.PIPE, check=True,
                                     env=clean_environment()).stdout)
    leaver = Client(house.server.url, made["api_key"])
    cursor = leaver.call("GET", "/webhooks/events?name=leaver")["cursor"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(leaver.raw, "GET", f"/webhooks/events?cursor={cursor}&wait=60")
        metrics = house.server.url + "/metrics"
        wait_until(lambda: b"docgenlab_http_requests_in_flight 2" in house.client.raw("GET", metrics).body or waiting.done(), "The poll did not begin.")
        subprocess.run(cli + ["revoke", made["id"]], check=True, env=clean_environment())
        wait_until(lambda: leaver.raw("GET", "/templates/").status == 401, "The key was not revoked.")
        document(house, template)
        answer = waiting.result()
    assert (answer.status, answer.json["code"]) == (401, "unauthorized"), answer.body


# ---------------------------------------------------------------- conditions

def test_a_download_that_goes_on_is_of_the_same_file(house, template):
    url = document(house, template)["download_url"]
    whole = house.client.raw("GET", url)
    tag, date = whole.headers["ETag"], whole.headers["Last-Modified"]
    for headers in ({"If-Match": tag}, {"If-Match": f'"x", {tag}'}, {"If-Match": "*"}, {"If-Unmodified-Since": date}):
        assert house.client.raw("GET", url, headers=dict(headers, Range="bytes=0-3")).status == 206, headers
    for headers in ({"If-Match": '"x"'}, {"If-Match": "W/" + tag}, {"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}):
        answer = house.client.raw("GET", url, headers=headers)
        assert (answer.status, answer.json["code"]) == (412, "precondition_failed"), headers
    same = house.client.raw("GET", url, headers={"If-None-Match": tag})
    assert same.status == 304 and same.body == b""
    assert same.headers.get("Content-Length") in (None, str(len(whole.body)))  # RFC 9110 §8.6: nothing else


def test_links_are_refused_in_json(house, template):
    url = document(house, template)["download_url"]
    for method, path, status in (("POST", url, 405), ("OPTIONS", url, 405), ("GET", url[:-4] + "AAAA", 403), ("GET", house.server.url + "/files/a/b", 404)):
        answer = house.client.raw(method, path)
        assert answer.status == status and answer.headers["Content-Type"] == "application/json", (method, path, answer.body[:100])
        assert answer.json["detail"] and answer.json["code"]


def test_a_range_of_deliveries_begins_in_the_past(house):
    answer = house.client.raw("POST", "/webhooks/redeliver", {"since": "2999-01-01T00:00:00Z"})
    assert answer.status == 422 and answer.json["errors"][0]["field"] == "since" and "future" in answer.json["detail"]


# ---------------------------------------------------------------- what OpenAPI says

def fits(api, schema, value, place):
    """JSON Schema, as far as the document uses it; complaints as text."""
    if "$ref" in schema:
        name = schema["$ref"].split("/")[-1]
        return fits(api, api["components"]["schemas"][name], value, place)
    if "oneOf" in schema:
        found = [fits(api, one, value, place) for one in schema["oneOf"]]
        return [] if [] in found else found[0]
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = kinds[type(value)]
    if kind not in allowed and not (kind == "integer" and "number" in allowed):
        return [f"{place} is {kind}, not {allowed}"]
    said = [f"{place} is {value!r}, not one of {schema['enum']}"] if value is not None and "enum" in schema and value not in schema["enum"] else []
    if kind == "string" and schema.get("format") == "uuid" and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        said.append(f"{place} is {value!r}, no id")
    if kind == "string" and schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
        said.append(f"{place} is {value!r}, no time")
    if kind == "array":
        for i, item in enumerate(value):
            said += fits(api, schema["items"], item, f"{place}[{i}]")
    if kind == "object" and "properties" in schema:
        said += [f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            said += fits(api, schema["properties"][name], item, f"{place}.{name}") if name in schema["properties"] else [f"{place}.{name} is not told of"]
    return said


class Told(Client):
    """A client that holds every answer to the OpenAPI document."""

    def __init__(self, house, api):
        super().__init__(house.server.url, house.first["api_key"])
        self.api, self.seen = api, set()

    def operation(self, method, path):
        path = "/api/v1" + path.split("?")[0]
        for pattern, methods in self.api["paths"].items():
            if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                return pattern, methods[method.lower()]
        raise AssertionError(f"{method} {path} is not told of")

    def raw(self, method, path, body=None, headers=None, timeout=None):
        answer = super().raw(method, path, body, headers)
        pattern, operation = self.operation(method, path)
        told = operation["responses"].get(str(answer.status)) or operation["responses"].get(f"{answer.status // 100}XX")
        assert told, f"{method} {path} answers {answer.status}, which is not told of: {answer.body[:200]}"
        if "$ref" in told:
            told = self.api["components"]["responses"][told["$ref"].split("/")[-1]]
        if answer.status != 204:
            kind = answer.headers["Content-Type"].split(";")[0]
            assert kind in told["content"], f"{method} {path} answers {kind}; told of are {list(told['content'])}"
            schema = told["content"][kind].get("schema")
            assert not schema or fits(self.api, schema, answer.json, "answer") == [], (method, path, fits(self.api, schema, answer.json, "answer"))
        if answer.status < 300:
            self.seen.add((method, pattern))
        return answer


def test_answers_are_as_openapi_says(new_house, receiver):
    house = new_house()
    told = Told(house, house.client.raw("GET", house.server.url + "/openapi.json").json)
    failing = told.upload("/templates/", {"name": "F", "file": ("f.docx", docx_bytes(["{{ 1 / n }}"]))}).json
    made = told.upload("/templates/", {"name": "T", "file": ("t.docx", docx_bytes(["{{ name }}{% for i in items %}{{ i.price }}{% endfor %}"]))}).json
    template = f"/templates/{made['id']}"
    told.upload(template, {"description": "d"}, "PUT")
    told.upload("/templates/", {"name": "T", "file": ("t.docx", docx_bytes(["{{ name|uper }}"]))})
    for path in ("", "/versions", "/versions?limit=1", "/file", "/sample.xlsx"):
        told.raw("GET", template + path)
    told.raw("POST", template + "/versions/1/rollback")
    for word in ("pdf", "docx"):
        told.raw("POST", template + "/preview", {"input_json": {"name": "x"}, "output_format": word})
    told.raw("GET", "/templates/"), told.raw("GET", "/templates/?limit=1")
    # webhooks
    told.raw("GET", "/webhooks/settings"), told.raw("PUT", "/webhooks/settings", {"webhook_url": receiver.url()})
    told.raw("GET", "/webhooks/settings"), told.raw("POST", "/webhooks/test", {}), told.raw("POST", "/webhooks/test", {"webhook_url": "https://no.invalid/"})
    told.raw("GET", "/webhooks/secret"), told.raw("POST", "/webhooks/secret/rotate"), told.raw("POST", "/webhooks/secret/derive", {"url": "https://o.example/"})
    told.raw("GET", "/webhooks/public-key"), told.raw("POST", "/webhooks/public-key/rotate"), told.raw("GET", "/webhooks/public-key")
    told.raw("DELETE", "/webhooks/public-key"), told.raw("GET", "/webhooks/source-ips")
    endpoint = told.raw("POST", "/webhooks/endpoints/", {"url": receiver.url("/more"), "own_secret": True, "schedule": [60], "headers": {"X-A": "b"}}).json
    plain = told.raw("POST", "/webhooks/endpoints/", {"url": receiver.url("/plain")}).json
    place = f"/webhooks/endpoints/{endpoint['id']}"
    told.raw("PUT", place, endpoint), told.raw("PUT", f"/webhooks/endpoints/{plain['id']}", plain)
    for path in ("", "/health", "/secret"):
        told.raw("GET", place + path)
    told.raw("POST", place + "/secret/rotate"), told.raw("POST", place + "/disable"), told.raw("POST", place + "/enable"), told.raw("GET", "/webhooks/endpoints/")
    feed = told.raw("GET", "/webhooks/events?name=here").json
    # documents
    for body in ({"output_format": "both", "webhook_url": receiver.url("/own")}, {"output_format": "pdf"}, {"output_format": "docx"}):
        asked = told.raw("POST", "/documents/?wait=30", dict(body, template_id=made["id"], input_json={"name": "x", "items": [{"price": 1}]})).json
        document = told.wait_document(asked["id"])
        told.raw("GET", f"/documents/{document['id']}/download")
    told.wait_document(told.raw("POST", "/documents/", {"template_id": failing["id"], "input_json": {"n": 0}}).json["id"])
    told.raw("GET", "/documents/"), told.raw("GET", "/documents/?status=failed&limit=1")
    receiver.wait("document.generated")
    event = told.raw("GET", f"/webhooks/events?cursor={feed['cursor']}&wait=60").json["events"][0]
    told.raw("POST", f"/webhooks/events/{event['id']}/result", {"timestamp": event["timestamp"], "http_status": 200})
    for delivery in told.raw("GET", "/webhooks/deliveries/").json["items"]:
        told.raw("GET", f"/webhooks/deliveries/{delivery['id']}")
    told.raw("POST", f"/webhooks/deliveries/{delivery['id']}/redeliver")
    for dry in (True, False):
        told.raw("POST", "/webhooks/redeliver", {"since": document["created_at"], "status": "succeeded", "dry_run": dry})
    # refusals, and the end of everything
    told.raw("GET", "/templates/none"), told.raw("POST", "/documents/", {}), told.raw("PUT", "/webhooks/settings", {"webhook_url": "http://x/"})
    told.raw("GET", "/fonts/"), told.raw("DELETE", place), told.raw("DELETE", "/webhooks/settings"), told.raw("DELETE", f"/documents/{document['id']}")
    told.raw("DELETE", template)
    known = {(m.upper(), p) for p, methods in told.api["paths"].items() for m in methods if p.startswith("/api/v1/") and not p.endswith("openapi.json")}
    left = {("POST", "/api/v1/fonts/"), ("GET", "/api/v1/fonts/{id}"), ("DELETE", "/api/v1/fonts/{id}")}  # test_fonts.py
    assert known - told.seen == left
