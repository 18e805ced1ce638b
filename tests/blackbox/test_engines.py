"""Who makes a PDF, and what a document says about it: the native engine, LibreOffice for what that declines, the command line."""
import json
import os
import subprocess

import pytest
from docx import docx_bytes, paragraph, write_docx
from local import PROGRAM, clean_environment

CHUNK = '<w:altChunk r:id="rId9"/>'  # an inserted document: the native engine declines it
NOW = "2024-01-15T23:30:00Z"


def make(house, lines, data=None, output_format="pdf", **more):
    answer = house.client.upload("/templates/", {"name": "Engines", "file": ("t.docx", docx_bytes(lines, **more))})
    assert answer.status == 201, answer.body
    document = house.client.wait_document(house.client.generate(answer.json["id"], data or {}, output_format)["id"])
    assert document["status"] == "ready", document["error_message"]
    return document


def text_of(pdf):
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, stdout=subprocess.PIPE, check=True).stdout.decode()


def render(*args, data="{}", env=None):
    return subprocess.run([PROGRAM, "render", *args], input=data.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=clean_environment(env))


@pytest.fixture
def declined(tmp_path):
    path = str(tmp_path / "declined.docx")
    write_docx(path, [], body_xml=paragraph("Hello {{ name }}") + CHUNK + paragraph("end"))
    return path


def test_a_pdf_is_made_by_the_native_engine(house, invoice_path, invoice_data):
    template = house.client.upload_template("Invoice", invoice_path)
    document = house.client.wait_document(house.client.generate(template["id"], invoice_data, "both")["id"])
    assert (document["status"], document["engine"], document["pages"]) == ("ready", "native", 1)
    assert all("is used instead" in w for w in document["warnings"]), document["warnings"]
    pdf = house.client.raw("GET", f"/documents/{document['id']}/download?format=pdf").body
    assert "Studio" in text_of(pdf)
    assert house.client.raw("GET", f"/documents/{document['id']}/download?format=docx").body.startswith(b"PK")


def test_what_is_declined_goes_to_libreoffice(house):
    document = make(house, [], {"name": "Ada"}, body_xml=paragraph("Hello {{ name }}") + CHUNK)
    assert (document["engine"], document["pages"]) == ("libreoffice", 1)
    assert len(document["warnings"]) == 1
    assert "inserted documents" in document["warnings"][0] and "body, paragraph" in document["warnings"][0]
    assert "LibreOffice made the PDF" in document["warnings"][0]


def test_without_libreoffice_what_is_declined_is_told(new_house):
    house = new_house(OFFICE_PROGRAM="/nonexistent/program")
    document = make(house, [], {"name": "Ada"}, body_xml=paragraph("Hello {{ name }}") + CHUNK)
    assert (document["engine"], document["pages"]) == ("native", 1)
    assert document["warnings"][0].startswith("an inserted document is left out (body")
    assert "Hello Ada" in text_of(house.client.raw("GET", f"/documents/{document['id']}/download").body)


def test_the_command_line_chooses_and_explains(declined, tmp_path):
    out = str(tmp_path / "out.pdf")
    native = render(declined, "-", "-o", out, "--engine", "native", "--explain", data='{"name": "Ada"}')
    assert native.returncode == 0, native.stderr
    assert native.stdout.decode().splitlines()[-1] == "PDF by engine native."
    rows = [line.split() for line in native.stdout.decode().splitlines()]
    assert ["supported", "2", "paragraphs"] in rows, rows
    assert [row[:2] for row in rows if "(altChunk," in row] == [["declined", "1"]]
    assert b"an inserted document is left out" in native.stderr
    auto = render(declined, "-", "-o", out, "--explain", data='{"name": "Ada"}')
    assert auto.stdout.decode().splitlines()[-1] == "PDF by engine libreoffice."
    assert b"LibreOffice made the PDF" in auto.stderr
    missing = {"DOCGENLAB_OFFICE_PROGRAM": "/nonexistent/program"}
    assert render(declined, "-", "-o", out, env=missing).returncode == 0
    refused = render(declined, "-", "-o", out, "--engine", "libreoffice", env=missing)
    assert refused.returncode == 1 and b"ask for engine native" in refused.stderr
    assert render(declined, "-", "-o", str(tmp_path / "out.docx"), "--explain").returncode == 2


def test_pdf_for_archives(invoice_path, invoice_data, tmp_path):
    out = str(tmp_path / "out.pdf")
    assert render(invoice_path, "-", "-o", out, "--pdf-a", data=invoice_data.decode()).returncode == 0
    with open(out, "rb") as fh:
        assert b"/GTS_PDFA1" in fh.read()
    refused = render(invoice_path, "-", "-o", out, "--pdf-a", "--engine", "libreoffice", data=invoice_data.decode())
    assert refused.returncode == 1 and b"PDF/A is made by the native engine only" in refused.stderr


def test_data_and_template_come_through_pipes(declined, tmp_path):
    out = str(tmp_path / "out.pdf")
    command = f'"{PROGRAM}" render <(cat "{declined}") <(echo \'{{"name": "Grace"}}\') -o "{out}" --engine native'
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, env=clean_environment())
    assert done.returncode == 0, done.stderr
    with open(out, "rb") as fh:
        assert "Hello Grace" in text_of(fh.read())


def test_the_time_and_its_zone_reach_the_page(tmp_path):
    template, outs = str(tmp_path / "date.docx"), [str(tmp_path / f"{i}.pdf") for i in range(3)]
    field = '<w:p><w:fldSimple w:instr=" DATE \\@ &quot;d MMMM yyyy HH:mm&quot; "><w:r><w:t>old</w:t></w:r></w:fldSimple></w:p>'
    write_docx(template, [], body_xml=field)
    for out, zone in zip(outs, ("Pacific/Kiritimati", "Pacific/Kiritimati", "America/New_York")):
        done = render(template, "-", "-o", out, "--now", NOW, "--time-zone", zone)
        assert done.returncode == 0, done.stderr
    pdfs = []
    for out in outs:
        with open(out, "rb") as fh:
            pdfs.append(fh.read())
    assert "16 January 2024 13:30" in text_of(pdfs[0])
    assert "15 January 2024 18:30" in text_of(pdfs[2])
    assert pdfs[0] == pdfs[1]
    assert b"(D:20240115233000Z)" in pdfs[0]


def test_a_hostile_document_does_not_hold_a_worker(house):
    """Tables in tables to the depth where Word gives up, and a thousand columns: an error or a PDF, and the next is made."""
    deep = "<w:tbl><w:tr><w:tc>" * 200 + paragraph("x") + "<w:p/></w:tc></w:tr></w:tbl>" * 200 + "<w:p/>"
    answer = house.client.upload("/templates/", {"name": "Deep", "file": ("t.docx", docx_bytes([], body_xml=deep))})
    if answer.status == 201:
        found = house.client.wait_document(house.client.generate(answer.json["id"], {}, "pdf")["id"])
        assert found["status"] == "ready" or len(found["error_message"].split()) > 3, found
    assert make(house, ["fine"])["engine"] == "native"


def test_data_may_be_any_json_object(tmp_path, declined):
    out = str(tmp_path / "out.pdf")
    done = render(declined, "-", "-o", out, "--engine", "native", data=json.dumps([1]))
    assert done.returncode == 1 and b"must be an object" in done.stderr and not os.path.exists(out)
