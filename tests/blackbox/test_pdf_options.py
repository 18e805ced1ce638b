"""What a request may want of its PDF: passwords, rights, PDF/A. Checked with qpdf and poppler."""
import glob
import os
import re
import subprocess

import pytest
from docx import docx_bytes, write_docx, paragraph
from local import PROGRAM, clean_environment

OPEN, OWNER = "Straße 7 öffnen", "nobody guesses 4711"


@pytest.fixture(scope="module")
def template(house):
    return house.client.upload("/templates/", {"name": "Pay slip", "file": ("t.docx", docx_bytes(["Pay of {{ name }}"]))}).json["id"]


def ask(house, template, pdf, **more):
    return house.client.raw("POST", "/documents/", {"template_id": template, "input_json": {"name": "Ada"}, "pdf": pdf, **more})


def make(house, template, pdf, **more):
    answer = ask(house, template, pdf, **more)
    assert answer.status == 202, answer.body
    document = house.client.wait_document(answer.json["id"])
    assert document["status"] == "ready", document["error_message"]
    return document, house.client.raw("GET", f"/documents/{document['id']}/download?format=pdf").body


def qpdf(pdf, password, *args):
    run = subprocess.run(["qpdf", f"--password={password}", *args, "-"], input=pdf, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run.returncode, run.stdout.decode()


def on_disk(pdf, tmp_path):
    path = str(tmp_path / "out.pdf")
    with open(path, "wb") as fh:
        fh.write(pdf)
    return path


def text_of(path, *password):
    run = subprocess.run(["pdftotext", *password, path, "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run.stdout.decode() if run.returncode == 0 else None


def rights(path, password):
    out = subprocess.run(["qpdf", f"--password={password}", "--show-encryption", path], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert "R = 6" in out and "AESv3" in out
    return {m[0]: m[1] for m in re.findall(r"^(.*): (allowed|not allowed)$", out, re.M)}


def test_a_document_opens_with_its_password_only(house, template, tmp_path):
    document, pdf = make(house, template, {"open_password": OPEN, "owner_password": OWNER, "allow": ["print", "forms"]})
    path = on_disk(pdf, tmp_path)
    assert b"Ada" not in pdf and text_of(path) is None and text_of(path, "-upw", "wrong") is None
    assert "Pay of Ada" in text_of(path, "-upw", OPEN) and "Pay of Ada" in text_of(path, "-opw", OWNER)
    allowed = rights(path, OPEN)
    assert allowed["print high resolution"] == "allowed" and allowed["extract for accessibility"] == "allowed"
    assert allowed["modify forms"] == "allowed"
    for right in ("extract for any purpose", "modify annotations", "modify document assembly", "modify other"):
        assert allowed[right] == "not allowed", right
    assert subprocess.run(["qpdf", f"--password={OWNER}", "--check", path], stdout=subprocess.DEVNULL).returncode == 0
    assert document["engine"] == "native"


def test_the_open_password_alone_gives_every_right(house, template, tmp_path):
    _, pdf = make(house, template, {"open_password": OPEN}, output_format="both")
    assert set(rights(on_disk(pdf, tmp_path), OPEN).values()) == {"allowed"}


def test_an_owner_password_alone_opens_for_everyone(house, template, tmp_path):
    _, pdf = make(house, template, {"owner_password": OWNER, "allow": []})
    path = on_disk(pdf, tmp_path)
    assert "Pay of Ada" in text_of(path) and rights(path, "")["print high resolution"] == "not allowed"


def test_libreoffice_keeps_the_password_too(house, tmp_path):
    body = paragraph("Hello {{ name }}") + '<w:altChunk r:id="rId9"/>'
    upload = house.client.upload("/templates/", {"name": "Declined", "file": ("t.docx", docx_bytes([], body_xml=body))})
    document, pdf = make(house, upload.json["id"], {"open_password": OPEN})
    assert document["engine"] == "libreoffice"
    path = on_disk(pdf, tmp_path)
    assert text_of(path) is None and "Hello Ada" in text_of(path, "-upw", OPEN)


def test_for_archives(house, template):
    _, pdf = make(house, template, {"standard": "PDF/A-2b"})
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf and b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf


def test_passwords_are_kept_nowhere(new_house, tmp_path):
    house = new_house()
    template = house.client.upload("/templates/", {"name": "Slip", "file": ("t.docx", docx_bytes(["{{ name }}"]))}).json["id"]
    make(house, template, {"open_password": OPEN, "owner_password": OWNER})
    house.server.stop()
    for path in glob.glob(os.path.join(house.data_dir, "**"), recursive=True) + [house.server.log_path]:
        if os.path.isfile(path):
            with open(path, "rb") as fh:
                content = fh.read()
            assert OPEN.encode() not in content and OWNER.encode() not in content, path


@pytest.mark.parametrize("pdf, field, words", [
    ({"standard": "PDF/X"}, "pdf.standard", "PDF/A-2b"),
    ({"standard": "PDF/A-2b", "open_password": "x"}, "pdf", "archives"),
    ({"open_password": ""}, "pdf.open_password", "1 to 127 bytes"),
    ({"open_password": "x" * 128}, "pdf.open_password", "1 to 127 bytes"),
    ({"open_password": "tab\tulator"}, "pdf.open_password", "control characters"),
    ({"open_password": 7}, "pdf.open_password", "string"),
    ({"owner_password": "a", "open_password": "a"}, "pdf.owner_password", "choose another"),
    ({"open_password": "a", "allow": ["print"]}, "pdf.owner_password", "name one"),
    ({"owner_password": "a", "allow": ["print", "fly"]}, "pdf.allow", "item 2"),
    ({"owner_password": "a", "allow": "print"}, "pdf.allow", "list"),
    ({"password": "a"}, "pdf.password", "pdf.password"),
    ("secret", "pdf", "object"),
])
def test_wrong_options_are_told(house, template, pdf, field, words):
    answer = ask(house, template, pdf)
    assert answer.status == 422, answer.body
    assert answer.json["errors"][0]["field"] == field and words in answer.json["errors"][0]["message"], answer.body


def test_options_need_a_pdf(house, template):
    answer = ask(house, template, {"open_password": OPEN}, output_format="docx")
    assert answer.status == 422 and answer.json["errors"][0]["field"] == "pdf"


def test_the_command_line(tmp_path):
    docx, data, out = (str(tmp_path / name) for name in ("t.docx", "d.json", "out.pdf"))
    write_docx(docx, ["Hello {{ name }}"])
    for name, content in (("d.json", '{"name": "Ada"}'), ("open", OPEN + "\n"), ("owner", OWNER), ("empty", "\n")):
        (tmp_path / name).write_text(content, encoding="utf-8")

    def render(*args):
        run = subprocess.run([PROGRAM, "render", docx, data, "-o", out, *args], stderr=subprocess.PIPE, env=clean_environment())
        return run.returncode, run.stderr.decode()

    passwords = ("--open-password-file", str(tmp_path / "open"), "--owner-password-file", str(tmp_path / "owner"))
    assert render(*passwords, "--allow", "print,copy")[0] == 0
    assert text_of(out) is None and "Hello Ada" in text_of(out, "-upw", OPEN)
    assert rights(out, OPEN)["modify forms"] == "not allowed"
    assert render(*passwords, "--allow", "none")[0] == 0
    assert rights(out, OPEN)["print high resolution"] == "not allowed"
    code, message = render(*passwords, "--allow", "print,fly")
    assert code == 2 and "--allow fly is not known; it takes print, copy, annotate, forms and edit" in message
    assert "1 to 127 bytes" in render("--open-password-file", str(tmp_path / "empty"))[1]
    assert "no password" in render(*passwords, "--pdf-a")[1]
    run = subprocess.run([PROGRAM, "render", docx, data, "-o", str(tmp_path / "x.docx"), *passwords], stderr=subprocess.PIPE, env=clean_environment())
    assert run.returncode == 2 and b"ends in .pdf" in run.stderr
