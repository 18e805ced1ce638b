"""A client as one writes it for the hosted service, with requests and the contract alone: it must work here unchanged.

It knows the header X-API-Key, the paths, the words of a status, {"detail": …} for errors, and plain arrays; nothing of
what this server adds.
"""
import io
import os
import re
import time
import uuid
import zipfile

import pytest
import requests

TOKEN_TYPES = {"text", "date", "number", "boolean", "list", "image"}


class HostedClient:
    def __init__(self, base_url, api_key):
        self.base = base_url.rstrip("/") + "/api/v1"
        self.session = requests.Session()
        self.session.headers["X-API-Key"] = api_key

    def _json(self, answer, status):
        if answer.status_code >= 400:
            raise RuntimeError(answer.json()["detail"])
        assert answer.status_code == status
        return answer.json()

    def upload_template(self, path, name, is_uat=False):
        with open(path, "rb") as fh:
            return self._json(self.session.post(f"{self.base}/templates/", data={"name": name, "is_uat": str(is_uat).lower()},
                                                files={"file": (os.path.basename(path), fh)}), 201)

    def templates(self, **params):
        return self._json(self.session.get(f"{self.base}/templates/", params=params), 200)

    def template(self, template_id):
        return self._json(self.session.get(f"{self.base}/templates/{template_id}"), 200)

    def versions(self, template_id):
        return self._json(self.session.get(f"{self.base}/templates/{template_id}/versions"), 200)

    def generate(self, template_id, data, output_format="pdf", idempotency_key=None, **more):
        headers = {"X-Idempotency-Key": idempotency_key} if idempotency_key else {}
        body = dict(template_id=template_id, input_json=data, output_format=output_format, **more)
        return self._json(self.session.post(f"{self.base}/documents/", json=body, headers=headers), 202)

    def wait(self, document_id, timeout=120):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            document = self._json(self.session.get(f"{self.base}/documents/{document_id}"), 200)
            if document["status"] in ("ready", "failed"):
                return document
            assert document["status"] in ("queued", "rendering")
            time.sleep(0.05)
        raise AssertionError("not finished")

    def download(self, document_id, **params):
        answer = self.session.get(f"{self.base}/documents/{document_id}/download", params=params)
        answer.raise_for_status()
        return answer.content


@pytest.fixture(scope="module")
def hosted(house):
    return HostedClient(house.server.url, house.first["api_key"])


@pytest.fixture(scope="module")
def invoice(hosted, invoice_path):
    return hosted.upload_template(invoice_path, "Hosted invoice")


def test_templates(hosted, invoice, invoice_path):
    trial = hosted.upload_template(invoice_path, "Hosted trial", is_uat=True)
    everything = hosted.templates()
    assert isinstance(everything, list)
    assert {invoice["id"], trial["id"]} <= {t["id"] for t in everything}
    assert invoice["id"] not in [t["id"] for t in hosted.templates(is_uat="true")]
    assert trial["id"] not in [t["id"] for t in hosted.templates(is_uat="false")]
    versions = hosted.versions(invoice["id"])
    assert [v["version"] for v in versions] == [1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", versions[0]["created_at"])


def test_tokens_have_the_six_types(hosted, invoice):
    def types(tokens):
        for token in tokens:
            assert isinstance(token["name"], str)
            yield token["type"]
            yield from types(token.get("children", []))
    tokens = hosted.template(invoice["id"])["tokens"]
    assert set(types(tokens)) <= TOKEN_TYPES
    by_name = {t["name"]: t for t in tokens}
    assert by_name["items"]["type"] == "list"
    assert {c["name"] for c in by_name["items"]["children"]} >= {"description", "quantity", "unit_price"}
    assert by_name["issue_date"]["type"] == "date"
    assert {c["name"] for c in by_name["customer"]["children"]} >= {"name", "address"}


def test_a_document(hosted, invoice, invoice_data):
    import json
    accepted = hosted.generate(invoice["id"], json.loads(invoice_data), "both")
    assert {"id", "template_id", "status", "created_at"} <= set(accepted)
    assert (accepted["template_id"], accepted["status"]) == (invoice["id"], "queued")
    uuid.UUID(accepted["id"])
    document = hosted.wait(accepted["id"])
    assert document["status"] == "ready" and document["error_message"] is None
    assert document["output_pdf_path"] and document["output_docx_path"]
    assert hosted.download(accepted["id"]).startswith(b"%PDF-")
    assert hosted.download(accepted["id"], format="pdf").startswith(b"%PDF-")
    assert "word/document.xml" in zipfile.ZipFile(io.BytesIO(hosted.download(accepted["id"], format="docx"))).namelist()


def test_only_what_was_asked_for_has_a_path(hosted, template):
    document = hosted.wait(hosted.generate(template["id"], {"name": "Ann", "items": []}, "docx")["id"])
    assert document["output_docx_path"] and document["output_pdf_path"] is None


def test_a_failed_document_has_a_message(hosted, invoice):
    document = hosted.wait(hosted.generate(invoice["id"], {}, "docx")["id"])
    assert document["status"] == "failed"
    assert isinstance(document["error_message"], str) and document["error_message"]
    assert document["output_pdf_path"] is None and document["output_docx_path"] is None


def test_an_idempotent_retry(hosted, template):
    key = str(uuid.uuid4())
    first = hosted.generate(template["id"], {"name": "Once"}, "docx", idempotency_key=key)
    assert hosted.generate(template["id"], {"name": "Once"}, "docx", idempotency_key=key) == first
    with pytest.raises(RuntimeError):
        hosted.generate(template["id"], {"name": "Twice"}, "docx", idempotency_key=key)


def test_errors_are_a_detail(house, hosted, template):
    def refused(status, answer):
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("application/json")
        assert isinstance(answer.json()["detail"], str) and answer.json()["detail"]
    base, session = hosted.base, hosted.session
    refused(401, requests.get(f"{base}/templates/"))
    refused(401, requests.get(f"{base}/templates/", headers={"X-API-Key": "dgl_" + "0" * 32}))
    refused(404, session.get(f"{base}/documents/{uuid.uuid4()}"))
    refused(404, session.post(f"{base}/documents/", json={"template_id": str(uuid.uuid4()), "input_json": {}, "output_format": "pdf"}))
    refused(422, session.post(f"{base}/documents/", json={"template_id": template["id"], "output_format": "pdf"}))
    refused(422, session.post(f"{base}/documents/", json={"template_id": template["id"], "input_json": {}, "output_format": "odt"}))
    refused(422, session.post(f"{base}/templates/", data={"name": "Page", "html_content": "<p>{{ a }}</p>"}))


def test_the_rate_limit(new_house):
    house = new_house(RATE_LIMIT_PER_MINUTE=10)
    client = HostedClient(house.server.url, house.first["api_key"])
    statuses, begun = [], time.monotonic()
    while 429 not in statuses and time.monotonic() < begun + 120:
        answer = client.session.get(f"{client.base}/templates/")
        statuses.append(answer.status_code)
    assert statuses.count(200) >= 10 and statuses[-1] == 429
    assert answer.json()["detail"] == "Rate limit exceeded. Try again later."
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_webhook_and_its_file(hosted, receiver, template, tmp_path, tls):
    """What the guide's handler does: read JSON, look at status, fetch download_url, save document_{job_id}.pdf."""
    accepted = hosted.generate(template["id"], {"name": "Ann", "items": ["a"]}, webhook_url=receiver.url("/hook"))
    payload = receiver.wait("document.generated").payload
    assert payload["job_id"] == accepted["id"]
    if payload["status"] == "completed":
        answer = requests.get(payload["download_url"], timeout=120)
        answer.raise_for_status()
        (tmp_path / f"document_{payload['job_id']}.pdf").write_bytes(answer.content)
    assert (tmp_path / f"document_{accepted['id']}.pdf").read_bytes().startswith(b"%PDF-")


def test_the_sample_sheet(hosted, invoice):
    answer = hosted.session.get(f"{hosted.base}/templates/{invoice['id']}/sample.xlsx")
    assert answer.status_code == 200
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    headers = re.findall(r"<t>(.*?)</t>", book.read("xl/worksheets/sheet1.xml").decode())
    assert {"invoice_number", "issue_date", "customer.name"} <= set(headers)
    assert 'name="items"' in book.read("xl/workbook.xml").decode()
