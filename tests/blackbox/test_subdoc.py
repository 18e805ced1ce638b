"""Subdocuments: other templates of the same organization, by name."""
import subprocess

import pytest
from docx import docx_bytes, text_lines
from local import PROGRAM, ApiError, clean_environment


def make(house, template, data):
    return house.client.wait_document(house.client.generate(template["id"], data, "docx")["id"])


def test_another_template_of_the_organization_by_name(house, tmp_path):
    path = tmp_path / "t.docx"
    for name, lines in (("Süb terms/1", ["Terms for {{ name }}", "| {% for x in xs %}{{ x }} | {{ loop.index }}{% endfor %} |"]),
                        ("Main", ["Dear {{ name }}", "{{p subdoc(which) }}", "Bye"])):
        path.write_bytes(docx_bytes(lines))
        main = house.client.upload_template(name, str(path))
    document = make(house, main, {"name": "Ann", "xs": ["a", "b"], "which": "Süb terms/1"})
    assert document["status"] == "ready", document
    package = house.client.raw("GET", f"/documents/{document['id']}/download?format=docx").body
    assert text_lines(package) == ["Dear Ann", "Terms for Ann", "| a | 1 |", "| b | 2 |", "Bye"]
    document = make(house, main, {"name": "Ann", "which": "Nowhere"})
    assert document["status"] == "failed"
    assert "Nowhere" in document["error_message"] and "paragraph 2" in document["error_message"], document


def test_names_are_looked_up_when_a_template_is_uploaded(house, tmp_path):
    path = tmp_path / "t.docx"
    path.write_bytes(docx_bytes(["Terms for {{ name }}"]))
    house.client.upload_template("Terms of sale", str(path))
    for name, hint in (("Terms of sales", 'did you mean "Terms of sale"?'), ("Something else", "upload it first")):
        path.write_bytes(docx_bytes(["Dear {{ name }}", '{{p subdoc("%s") }}' % name]))
        with pytest.raises(ApiError) as refused:
            house.client.upload_template("Offer", str(path))
        assert refused.value.status == 422
        problem, = refused.value.json["errors"]
        assert (problem["code"], problem["paragraph"]) == ("template_not_found", 2) and hint in problem["message"], problem
    path.write_bytes(docx_bytes(["Dear {{ name }}", '{{p subdoc("Terms of sale") }}']))
    main = house.client.upload_template("Offer", str(path))
    package = house.client.raw("GET", f"/documents/{make(house, main, {'name': 'Ann'})['id']}/download?format=docx").body
    assert text_lines(package) == ["Dear Ann", "Terms for Ann"]


def test_lint_looks_beside_the_template(tmp_path):
    for name, text in (("Terms", "T"), ("good", '{{p subdoc("Terms") }}'), ("bad", '{{p subdoc("Temrs") }}')):
        (tmp_path / f"{name}.docx").write_bytes(docx_bytes([text]))
    assert subprocess.run([PROGRAM, "lint", tmp_path / "good.docx"], capture_output=True, env=clean_environment()).returncode == 0
    done = subprocess.run([PROGRAM, "lint", tmp_path / "bad.docx"], capture_output=True, text=True, env=clean_environment())
    assert done.returncode == 1
    assert "there is no template 'Temrs.docx' beside this one; did you mean 'Terms'?" in done.stdout, done.stdout
