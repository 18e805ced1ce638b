"""Fonts that organizations upload: checked, used before the machine's, seen by nobody else; and `render --fonts`."""
import io
import json
import os
import re
import struct
import subprocess
import zipfile

import pytest
from fontkit import VARY, build, document, font, font_path, inside, pdf_fonts, tables_of
from local import PROGRAM, Client, clean_environment
from test_tenants import cli


def upload(client, data, name="acme.ttf"):
    return client.upload("/fonts/", {"file": (name, data)})


def make(client, template, data=None):
    done = client.wait_document(client.generate(template["id"], data or {})["id"])
    assert done["status"] == "ready", done
    return client.raw("GET", f"/documents/{done['id']}/download").body, done["warnings"]


@pytest.fixture
def acme(new_house, tmp_path):
    house = new_house()
    path = document(tmp_path / "t.docx", [("Acme Sans", "", "Acme"), ("ACME sans", "<w:b/>", "bold"), ("Vary", "", "AB"),
                                          ("Vary", "<w:b/>", "AB"), ("Liberation Sans", "", "installed")])
    return house, house.client.upload_template("Fonts", path)


def test_documents_are_set_in_the_organizations_fonts(acme, tmp_path):
    house, template = acme
    data, warnings = make(house.client, template)
    assert pdf_fonts(data, tmp_path) == {"LiberationSans", "LiberationSans-Bold"}
    assert any("Acme Sans" in w and "Liberation Sans" in w and "upload" in w for w in warnings), warnings
    made = upload(house.client, font())
    assert made.status == 201, made.body
    assert made.json["faces"][0]["family"] == "Acme Sans" and made.json["file_name"] == "acme.ttf"
    assert house.client.call("GET", f"/fonts/{made.json['id']}") == made.json
    with open(VARY, "rb") as fh:
        varies = upload(house.client, fh.read(), "vary.ttf").json
    assert [f["style"] for f in varies["faces"]] == ["Thin", "Regular", "Black"]
    data, warnings = make(house.client, template)
    assert pdf_fonts(data, tmp_path) == {"AcmeSans", "Vary", "Vary-Bold", "LiberationSans"}
    assert warnings == []
    preview = house.client.raw("POST", f"/templates/{template['id']}/preview", {"input_json": {}})
    assert "AcmeSans" in pdf_fonts(preview.body, tmp_path)
    assert house.client.raw("DELETE", f"/fonts/{made.json['id']}").status == 204
    data, warnings = make(house.client, template)
    assert "AcmeSans" not in pdf_fonts(data, tmp_path) and "Vary" in pdf_fonts(data, tmp_path)


def test_the_newer_of_two_takes_the_place(acme, tmp_path):
    house, template = acme
    first = upload(house.client, font()).json
    second = upload(house.client, font(source=font_path("Carlito")), "new.ttf").json
    bold = upload(house.client, font(style="Bold", weight=700), "bold.ttf").json
    assert [f["id"] for f in house.client.call("GET", "/fonts/")["items"]] == [bold["id"], second["id"]]
    assert house.client.raw("GET", f"/fonts/{first['id']}").status == 404
    files = [name for _, _, names in os.walk(os.path.join(house.data_dir, "files")) for name in names if name.endswith(".font")]
    assert len(files) == 2
    data, warnings = make(house.client, template)
    assert {"AcmeSans", "AcmeSans-Bold"} <= pdf_fonts(data, tmp_path)


def test_uploads_go_before_the_machines_fonts(acme, tmp_path):
    house, template = acme
    upload(house.client, font("Liberation Sans", source=font_path("DejaVu Sans Mono")))
    data, _ = make(house.client, template)
    text = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout.decode()
    word = next(line for line in text.splitlines() if ">installed<" in line)
    width = float(word.split('xMax="')[1].split('"')[0]) - float(word.split('xMin="')[1].split('"')[0])
    assert width == pytest.approx(len("installed") * 10 * 0.602, rel=0.01)  # of a typewriter at 10 points


def test_nobody_elses(acme, tmp_path):
    house, template = acme
    other = json.loads(cli(house.data_dir, "orgs", "create", "--name", "Others", "--email", "o@others.example", "--json"))
    theirs = Client(house.server.url, other["api_key"])
    with open(tmp_path / "t.docx", "rb") as fh:
        their_template = theirs.upload("/templates/", {"name": "Fonts", "file": ("t.docx", fh.read())}).json
    made = upload(house.client, font()).json
    for _ in range(3):  # the same workers serve both in turn
        assert "AcmeSans" in pdf_fonts(make(house.client, template)[0], tmp_path)
        assert "AcmeSans" not in pdf_fonts(make(theirs, their_template)[0], tmp_path)
    assert theirs.call("GET", "/fonts/")["items"] == []
    assert theirs.raw("GET", f"/fonts/{made['id']}").status == 404
    assert theirs.raw("DELETE", f"/fonts/{made['id']}").status == 404


CHUNK = '<w:altChunk r:id="rId9"/>'  # an inserted document: LibreOffice's


def office_fonts(client, template, folder, output_format="pdf"):
    done = client.wait_document(client.generate(template["id"], {"name": "Ada"}, output_format)["id"])
    assert (done["status"], done["engine"]) == ("ready", "libreoffice"), done
    return pdf_fonts(client.raw("GET", f"/documents/{done['id']}/download?format=pdf").body, folder), done


def test_libreoffice_uses_them_for_their_organization_alone(new_house, tmp_path):
    house = new_house()
    other = json.loads(cli(house.data_dir, "orgs", "create", "--name", "Others", "--email", "o@others.example", "--json"))
    theirs = Client(house.server.url, other["api_key"])
    path = document(tmp_path / "t.docx", [("Acme Sans", "", "Hello {{ name }}"), ("Acme Sans", "<w:b/>", "bold"),
                                          ("Liberation Serif", "", "uploaded and installed")], more=CHUNK)
    template, their_template = (c.upload_template("Fonts", path) for c in (house.client, theirs))
    assert "Acme Sans" not in office_fonts(house.client, template, tmp_path)[0]
    for data in (font(), font(style="Bold", weight=700), font("Liberation Serif", source=font_path("DejaVu Sans Mono"))):
        assert upload(house.client, data).status == 201
    for output_format in ("both", "pdf"):
        names, done = office_fonts(house.client, template, tmp_path, output_format)
        assert {"Acme Sans", "Acme Sansb", "Liberation Serif (own)"} == names, names
        # One process makes the PDFs of all, or its follower: neither knows the fonts of the document before.
        names, _ = office_fonts(theirs, their_template, tmp_path)
        assert "LiberationSerif" in names and not {n for n in names if "Acme" in n or "own" in n}, names
        if output_format == "both":  # the DOCX is the filled template, without fonts
            body = house.client.raw("GET", f"/documents/{done['id']}/download?format=docx").body
            with zipfile.ZipFile(io.BytesIO(body)) as package:
                assert not [name for name in package.namelist() if "font" in name.lower()]


def test_libreoffice_forgets_the_fonts_inside_a_document(new_house, tmp_path):
    house = new_house()
    lines = [("Acme Sans", "", "Hello {{ name }}")]
    own = house.client.upload_template("Own", inside(tmp_path / "own.docx", lines, [("Acme Sans", "embedRegular", font())], more=CHUNK))
    plain = house.client.upload_template("Plain", document(tmp_path / "plain.docx", lines, more=CHUNK))
    for _ in range(2):
        assert office_fonts(house.client, own, tmp_path)[0] == {"Acme Sans"}
        assert "Acme Sans" not in office_fonts(house.client, plain, tmp_path)[0]


def test_equal_input_equal_bytes(acme):
    house, template = acme
    upload(house.client, font())
    made = [house.client.wait_document(house.client.generate(template["id"], {})["id"]) for _ in range(4)]
    assert len({m["size_bytes"] for m in made}) == 1


def test_refusals(house):
    def refused(data, status, code, part, name="x.ttf"):
        answer = upload(house.client, data, name)
        assert (answer.status, answer.json["code"]) == (status, code), answer.body
        assert part in answer.json["detail"], answer.body

    good = font()
    refused(b"wOF2" + good[4:], 415, "font_format", "web font")
    refused(b"%PDF-1.7", 415, "font_format", ".ttf")
    refused(good[:5000], 422, "font_damaged", "damaged")
    refused(font(fs_type=2), 422, "font_not_embeddable", "does not allow")
    refused(good + b"\0" * (20 << 20), 413, "font_too_large", "20 MiB")
    tables = tables_of(good)
    pictures = {tag: table for tag, table in tables.items() if tag not in (b"glyf", b"loca")}
    refused(build(good, {**pictures, b"CBDT": b"\0" * 8}), 415, "font_format", "only pictures")
    head = bytearray(tables[b"head"])
    head[18:20] = struct.pack(">H", 0)
    refused(build(good, {**tables, b"head": bytes(head)}), 422, "font_damaged", "head")
    for fields, field in (({}, "file"), ({"file": "text"}, "file"), ({"file": ("a.ttf", good), "name": "x"}, "name")):
        answer = house.client.upload("/fonts/", fields or {"none": "x"})
        assert answer.status == 422, answer.body
    assert house.client.call("GET", "/fonts/")["items"] == []


def test_a_font_survives_restart_and_backup(acme, tmp_path):
    house, template = acme
    made = upload(house.client, font()).json
    stray = None
    for folder, _, names in os.walk(os.path.join(house.data_dir, "files")):
        for name in names:
            if name.endswith(".font"):
                stray = os.path.join(folder, "00000000-0000-7000-8000-000000000000.font")
    with open(stray, "wb") as fh:
        fh.write(b"left over")
    backup = str(tmp_path / "backup")
    cli(house.data_dir, "backup", backup, "--with-key")
    house.restart()
    assert not os.path.exists(stray)
    assert "AcmeSans" in pdf_fonts(make(house.client, template)[0], tmp_path)
    restored = str(tmp_path / "restored")
    cli(restored, "restore", backup)
    listed = json.loads(cli(restored, "fonts", "list", "--json"))
    assert [(f["id"], f["fonts"]) for f in listed] == [(made["id"], "Acme Sans Regular")]
    cli(restored, "fonts", "delete", made["id"])
    assert json.loads(cli(restored, "fonts", "list", "--json")) == []


def test_fonts_inside_a_document(tmp_path):
    lines = [("Acme Sans", "", "Acme"), ("Acme Sans", "<w:b/>", "bold"), ("Table Name", "", "named by the table")]
    fonts = [("Acme Sans", "embedRegular", font()), ("Table Name", "embedRegular", font(family="Other Name"))]
    (tmp_path / "d.json").write_text("{}")

    def render(path):
        done = subprocess.run([PROGRAM, "render", path, str(tmp_path / "d.json"), "-o", str(tmp_path / "o.pdf"), "--now", "2024-01-01T00:00:00Z"],
                              stderr=subprocess.PIPE, text=True, env=clean_environment())
        assert done.returncode == 0, done.stderr
        return pdf_fonts((tmp_path / "o.pdf").read_bytes(), tmp_path), done.stderr

    assert render(inside(tmp_path / "t.docx", lines, fonts)) == ({"AcmeSans", "OtherName"}, "")
    faces, told = render(inside(tmp_path / "t.docx", lines, fonts + [("Acme Sans", "embedBold", font(family="Acme Bold", weight=700))]))
    assert faces == {"AcmeSans", "AcmeBold-Bold", "OtherName"} and told == ""
    unused = "an embedded font is not used"
    for data in (font(fs_type=2), b"no font" * 10, b"OTTO", b""):
        faces, told = render(inside(tmp_path / "t.docx", lines, [("Acme Sans", "embedRegular", data), fonts[1]]))
        assert "AcmeSans" not in faces and "OtherName" in faces and unused in told, told
    faces, told = render(inside(tmp_path / "t.docx", lines, fonts, mixed=False))
    assert faces == {"LiberationSans", "LiberationSans-Bold"} and unused in told
    zeros = "{00000000-0000-0000-0000-000000000000}"
    assert render(inside(tmp_path / "t.docx", lines, fonts, key=zeros, mixed=False))[1] == ""


def undated(pdf):
    """Without what follows from the second it was made in."""
    return re.sub(rb"D:\d{14}Z|\d{4}-\d\d-\d\dT[\d:]{8}Z|/ID\[[^]]*\]", b"", pdf)


def test_fonts_inside_a_document_stay_there(new_house, tmp_path):
    house = new_house()
    lines = [("Acme Sans", "", "Acme {{ n }}")]
    own = house.client.upload_template("Own", inside(tmp_path / "own.docx", lines, [("Acme Sans", "embedRegular", font())]))
    plain = house.client.upload_template("Plain", document(tmp_path / "plain.docx", lines))
    forbidden = house.client.upload_template(
        "Forbidden", inside(tmp_path / "no.docx", lines, [("Acme Sans", "embedRegular", font(fs_type=2))]))
    for n in range(6):  # whichever worker has seen which
        assert pdf_fonts(make(house.client, own, {"n": n})[0], tmp_path) == {"AcmeSans"}
        for template, warnings in ((plain, 1), (forbidden, 2)):
            data, told = make(house.client, template, {"n": n})
            assert pdf_fonts(data, tmp_path) == {"LiberationSans"} and len(told) == warnings, told
    assert upload(house.client, font(source=font_path("Carlito"))).status == 201
    first, second = (undated(make(house.client, own, {"n": 1})[0]) for _ in range(2))
    assert first == second


def test_on_the_command_line(tmp_path):
    folder = tmp_path / "fonts"
    folder.mkdir()
    (folder / "acme.ttf").write_bytes(font())
    (folder / "broken.otf").write_bytes(b"OTTO")
    (folder / "notes.txt").write_text("no font")
    path = document(tmp_path / "t.docx", [("Acme Sans", "", "Hello {{ name }}")])
    (tmp_path / "d.json").write_text('{"name": "Ada"}')

    def render(*flags):
        return subprocess.run([PROGRAM, "render", path, str(tmp_path / "d.json"), "-o", str(tmp_path / "o.pdf"), *flags],
                              stderr=subprocess.PIPE, text=True, env=clean_environment())

    done = render("--fonts", str(folder), "--now", "2024-01-01T00:00:00Z")
    assert done.returncode == 0 and "broken.otf is left out" in done.stderr and "Acme Sans" not in done.stderr, done.stderr
    first = (tmp_path / "o.pdf").read_bytes()
    assert pdf_fonts(first, tmp_path) == {"AcmeSans"}
    render("--fonts", str(folder), "--now", "2024-01-01T00:00:00Z")
    assert (tmp_path / "o.pdf").read_bytes() == first
    assert render("--fonts", str(tmp_path)).returncode == 1
    check = subprocess.run([PROGRAM, "fonts", "check", VARY], stdout=subprocess.PIPE, text=True, env=clean_environment())
    assert check.returncode == 0 and "Vary, Black (weight 900), also known as Vary Black" in check.stdout
    assert subprocess.run([PROGRAM, "fonts", "check", path], stderr=subprocess.DEVNULL, env=clean_environment()).returncode == 1
