"""Subdocuments: other templates of the same organization, by name."""
from docx import docx_bytes, text_lines


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
