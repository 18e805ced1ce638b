"""Bad input gets a clear 4xx that names the field, and the server stays up."""
import errno
import io
import json
import os
import socket
import zipfile

import pytest
from docx import docx_bytes
from local import PATIENCE_S


def post(house, raw, content_type="application/json"):
    return house.client.raw("POST", "/documents/", raw, {"Content-Type": content_type})


def check(answer, status, *words):
    assert answer.status == status, (answer.status, answer.body)
    assert set(answer.json) <= {"detail", "code", "errors"} and answer.json["detail"]
    for word in words:
        assert word in json.dumps(answer.json), answer.json


def test_wrong_json_bodies(house, template):
    good = {"template_id": template["id"], "input_json": {}, "output_format": "docx"}
    text = json.dumps(good)
    cases = [
        (b"", 400, ()), (b"{", 400, ()), (b"[]", 422, ()), (b"null", 422, ()), (b'"x"', 422, ()),
        (json.dumps(dict(good, colour=1)).encode(), 422, ("colour",)),
        (json.dumps(dict(good, template_id=7)).encode(), 422, ("template_id",)),
        (json.dumps(dict(good, template_id="no-id")).encode(), 422, ("template_id",)),
        (json.dumps(dict(good, output_format="odt")).encode(), 422, ("output_format", "odt")),
        (json.dumps(dict(good, input_json=[1])).encode(), 422, ("input_json",)),
        (json.dumps(dict(good, input_json="{}")).encode(), 422, ("input_json",)),
        (json.dumps(dict(good, template_version=99)).encode(), 422, ("template_version",)),
        (json.dumps(dict(good, template_version=0)).encode(), 422, ("template_version",)),
        (json.dumps(dict(good, template_version=-1)).encode(), 422, ("template_version",)),
        (json.dumps({"input_json": {}}).encode(), 422, ("template_id",)),
        (text.replace('"input_json": {}', '"input_json": {"a": {"b": 1, "b": 2}}').encode(), 422, ("input_json.a.b",)),
        (text.replace('"input_json": {}', '"input_json": {"n": [1, 123456789012345678901234567890]}').encode(), 422, ("input_json.n[1]",)),
        (text.replace('"input_json": {}', '"input_json": {"n": 1e999}').encode(), 422, ("input_json.n",)),
        (text.replace('"input_json": {}', '"input_json": ' + '{"a":' * 200 + "1" + "}" * 200).encode(), 422, ()),
        (text.replace("{}", '{"s": "\\ud800"}').encode(), 400, ()),
        (text.encode().replace(b"{}", b'{"s": "\xff"}'), 400, ()),
        (text.encode("utf-16"), 400, ()),
    ]
    for raw, status, words in cases:
        answer = post(house, raw)
        assert answer.status == status, (raw[:200], answer.status, answer.body)
        check(answer, status, *words)
    assert post(house, text.encode()).status == 202


def test_wrong_types_and_methods(house):
    check(post(house, b"a=1", "application/x-www-form-urlencoded"), 415)
    answer = house.client.raw("PATCH", "/documents/")
    check(answer, 405)
    assert "POST" in answer.headers["Allow"]
    check(house.client.raw("GET", "/nothing"), 404)
    check(house.client.raw("GET", "/documents/not-an-id"), 404)
    check(house.client.raw("GET", "/documents/?colour=red"), 422, "colour")


def test_unknown_template(house):
    check(post(house, json.dumps({"template_id": "0190b2a0-0000-7000-8000-000000000000", "input_json": {},
                                  "output_format": "docx"}).encode()), 404)


def test_oversize_body(house, template):
    raw = json.dumps({"template_id": template["id"], "input_json": {"x": "a" * (12 << 20)}, "output_format": "docx"}).encode()
    check(post(house, raw), 413)


def upload(house, data, **fields):
    return house.client.upload("/templates/", dict({"name": "T", "file": ("t.docx", data)}, **fields))


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def with_document(xml):
    source = zipfile.ZipFile(io.BytesIO(docx_bytes(["x"])))
    files = {n: source.read(n) for n in source.namelist()}
    files["word/document.xml"] = xml
    return zip_of(files)


def test_uploads_that_are_no_docx(house):
    for data in (b"", b"hello", b"%PDF-1.7", b"PK\x03\x04garbage", zip_of({"a.txt": "x"}), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
                 docx_bytes(["x"])[:-40], zip_of({"[Content_Types].xml": "<Types/>"})):
        answer = upload(house, data)
        assert answer.status in (400, 422), (data[:20], answer.status, answer.body)
        assert "errors" not in answer.json or answer.json["errors"]
    assert upload(house, docx_bytes(["fine"])).status == 201


def test_bombs(house):
    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", "<Types/>")
        with z.open("word/document.xml", "w") as fh:
            for _ in range(300):
                fh.write(b"\0" * (1 << 20))
    answer = upload(house, big.getvalue())
    assert answer.status in (400, 413, 422), answer.body
    laughs = '<!DOCTYPE x [<!ENTITY a "' + "ha" * 100 + '"><!ENTITY b "' + "&a;" * 1000 + '">]>'
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    answer = upload(house, with_document(f'<?xml version="1.0"?>{laughs}<w:document xmlns:w="{w}"><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>'))
    assert answer.status in (400, 422), answer.body
    deep = f'<w:document xmlns:w="{w}"><w:body>' + "<w:p>" * 5000 + "</w:p>" * 5000 + "</w:body></w:document>"
    answer = upload(house, with_document(deep))
    assert answer.status in (400, 413, 422), answer.body
    assert house.client.raw("GET", "/templates/").status == 200


def test_template_problems_come_all_at_once(house):
    answer = upload(house, docx_bytes(["{{ a|uper }}", "fine", "{{ b|sorrt }}", "{% if x %}", "open"]))
    assert answer.status == 422
    messages = json.dumps(answer.json)
    for word in ("uper", "sorrt", "paragraph 1", "paragraph 3", "paragraph 4"):
        assert word in messages, answer.json


def test_missing_and_wrong_form_fields(house):
    check(house.client.upload("/templates/", {"file": ("t.docx", docx_bytes(["x"]))}), 422, "name")
    check(house.client.upload("/templates/", {"name": "T"}), 422, "file")
    check(upload(house, docx_bytes(["x"]), is_uat="perhaps"), 422, "is_uat")
    check(upload(house, docx_bytes(["x"]), colour="red"), 422, "colour")
    check(upload(house, docx_bytes(["x"]), name=" "), 422, "name")
    check(upload(house, docx_bytes(["x"]), name="n" * 300), 422, "name")
    html = house.client.upload("/templates/", {"name": "H", "html_content": "<p>x</p>"})
    check(html, 422, "html_templates_unavailable")


def test_truncated_multipart(house):
    raw = (b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nT\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; "
           b"filename=\"t.docx\"\r\n\r\nPK\x03\x04")
    answer = house.client.raw("POST", "/templates/", raw, {"Content-Type": "multipart/form-data; boundary=b"})
    check(answer, 400)
    check(house.client.raw("POST", "/templates/", raw, {"Content-Type": "multipart/form-data"}), 400)


def test_a_good_template_is_answered_with_its_warnings(house):
    done = upload(house, docx_bytes(["Dear {{ name }},", "{{ fullname(name) }}"]))
    assert done.status == 201 and len(done.json["warnings"]) == 1, done.body
    for word in ("fullname", "body", "paragraph 2"):
        assert word in done.json["warnings"][0], done.json["warnings"]
    path = f"/templates/{done.json['id']}"
    assert "warnings" not in house.client.raw("GET", path).json
    changed = house.client.upload(path, {"file": ("t.docx", docx_bytes(["Dear {{ name }},"]))}, method="PUT")
    assert changed.status == 200 and changed.json["warnings"] == [], changed.body


def test_oversize_upload(new_house):
    house = new_house(MAX_UPLOAD_BYTES=20000)
    answer = upload(house, os.urandom(100000))
    check(answer, 413)


def raw_exchange(house, data):
    """What came back; a server that answers and closes before it has read everything may also reset the connection."""
    host, port = house.server.url.split("//")[1].split(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as s:
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                got += piece
        except OSError as e:
            if e.errno not in (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN):
                raise
    return got


@pytest.mark.parametrize("head", [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 4\r\nContent-Length: 5\r\n",
    b"Content-Length: 4\r\nContent-Length: 4\r\n",
    b"Host: other\r\n",
    b"X: a\n\0b\n",
])
def test_smuggling_forms_are_refused(house, head):
    answer = raw_exchange(house, b"POST /api/v1/documents/ HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1 ") == 1, answer[:300]
    assert b"Connection: close" in answer


def test_hostile_paths(house):
    for path in (b"/../../etc/passwd", b"/files/../secret.key", b"/files/%2e%2e%2fsecret.key?expires=1&signature=x",
                 b"/assets/..%2f..%2fetc/passwd", b"/api/v1/templates/%00", b"/" + b"a" * 60000):
        answer = raw_exchange(house, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer == b"" or answer.split(b" ")[1][:1] == b"4" or answer.split(b" ")[1] in (b"303", b"302"), (path, answer[:200])
        assert b"root:" not in answer


def test_guarded_urls(new_house, letter, tls):
    """What the guard refuses plainly is a 422 that names the field and not the inside address."""
    house = new_house()
    house.server.env.pop("DOCGENLAB_WEBHOOK_ALLOW_NETS")
    house.restart()
    for url in ("https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://0x7f000001/",
                "https://2130706433/", "https://127.1/", "https://user:pw@example.com/", "https://[::ffff:10.0.0.1]/", "ftp://example.com/",
                "https://", "https:///path", "//example.com", "https://example.com/" + "a" * 2100, "https://exa mple.com/", "https://[fe80::1]/"):
        answer = house.client.raw("PUT", "/webhooks/settings", {"webhook_url": url})
        check(answer, 422, "webhook_url")


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "a\x1b[2J", "a\x7f", "invoice\u202excod.exe", "\u2066x"])
def test_names_that_lie_are_refused(house, invoice_path, name):
    with open(invoice_path, "rb") as fh:
        answer = house.client.upload("/templates/", {"name": name, "file": ("t.docx", fh.read())})
    assert (answer.status, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "invalid_text", "name")


@pytest.mark.parametrize("name", ["   ", "\ufeff", "\u200b\u00a0\u3000"])
def test_names_that_cannot_be_seen_are_missing(house, invoice_path, name):
    with open(invoice_path, "rb") as fh:
        answer = house.client.upload("/templates/", {"name": name, "file": ("t.docx", fh.read())})
    assert (answer.status, answer.json["code"]) == (422, "missing_field")
