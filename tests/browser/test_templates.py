"""Templates and history: upload, refusal, generating, downloading, versions, deleting."""
import io
import json
import os
import re
import zipfile

import pytest
from conftest import DESKTOP, EXAMPLES, PHONE, document_id, sign_in
from playwright.sync_api import expect


def upload(page, path, name=None):
    page.goto("/templates/new")
    page.get_by_label("Choose a Word document").set_input_files(path)
    if name:
        page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name=re.compile("Upload to")).click()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_template_to_document(signed_in, viewport):
    page = signed_in(viewport=viewport)
    upload(page, os.path.join(EXAMPLES, "invoice.docx"), "Invoice <i>2025</i>")
    expect(page.get_by_role("heading", name="Invoice <i>2025</i>", level=1)).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("was uploaded")
    page.reload()
    expect(page.get_by_text("was uploaded")).to_have_count(0)
    page.get_by_role("button", name="JSON Mode").click()
    json.loads(page.get_by_label("Data").input_value())  # the example is valid JSON
    with open(os.path.join(EXAMPLES, "invoice.json"), encoding="utf-8") as fh:
        page.get_by_label("Data").fill(fh.read())
    page.get_by_role("radio", name="Both").check()
    page.get_by_role("button", name="Generate").click()
    expect(page).to_have_url(re.compile("/history/[0-9a-f-]{36}$"))
    expect(page.locator(".badge", has_text="Ready")).to_be_visible()
    expect(page.get_by_text("send no webhook")).to_be_visible()
    with page.expect_download() as pdf:
        page.get_by_role("link", name="Download PDF").click()
    with open(pdf.value.path(), "rb") as fh:
        assert fh.read(5) == b"%PDF-"
    assert pdf.value.suggested_filename.endswith(".pdf")
    with page.expect_download() as docx:
        page.get_by_role("link", name="Download Word").click()
    with open(docx.value.path(), "rb") as fh:
        assert "word/document.xml" in zipfile.ZipFile(io.BytesIO(fh.read())).namelist()
    page.goto("/history")
    row = page.get_by_role("row" if viewport is DESKTOP else "row").filter(has_text="Invoice <i>2025</i>").first
    expect(row).to_contain_text("Ready")
    expect(row).to_contain_text("Web page")


def test_the_example_data_generates(admin, client):
    template = client.upload_template("Sampled", os.path.join(EXAMPLES, "invoice.docx"))
    admin.goto(f"/templates/{template['id']}?mode=json")
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    expect(admin.locator(".badge", has_text="Ready")).to_be_visible()


def test_a_broken_template_is_refused_with_its_place(admin, broken_letter, watch):
    watch.allow(422)
    upload(admin, broken_letter, "Broken")
    expect(admin.get_by_text("The template was not saved.")).to_be_visible()
    problem = admin.locator(".problems li").first
    expect(problem).to_contain_text("paragraph 2")
    expect(problem).to_contain_text("for item in items")
    expect(admin.get_by_label("Name", exact=True)).to_have_value("Broken")
    assert admin.evaluate("location.pathname") == "/templates/new"


def test_a_file_that_is_no_word_document(admin, tmp_path, watch):
    watch.allow(400, 415, 422)
    path = tmp_path / "notes.docx"
    path.write_bytes(b"just some text")
    upload(admin, str(path))
    expect(admin.get_by_role("alert")).to_contain_text("The template was not saved.")


def test_data_that_is_no_json_is_kept(admin, template, watch):
    watch.allow(400, 422)
    admin.goto(f"/templates/{template['id']}?mode=json")
    admin.get_by_label("Data").fill('{"name": "Ann",')
    admin.get_by_role("button", name="Generate").click()
    expect(admin.get_by_label("Data")).to_have_value('{"name": "Ann",')
    expect(admin.get_by_label("Data")).to_have_attribute("aria-invalid", "true")
    expect(admin.locator("#input-error")).to_be_visible()


def test_a_failed_document_says_why(admin, client, tmp_path_factory, watch):
    from docx import write_docx
    path = str(tmp_path_factory.mktemp("failing") / "failing.docx")
    write_docx(path, ["Hello", "{{ customer.address.city }}"])
    template = client.upload_template("Failing", path)
    admin.goto(f"/templates/{template['id']}?mode=json")
    admin.get_by_label("Data").fill("{}")
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    expect(admin.locator(".badge", has_text="Failed")).to_be_visible()
    expect(admin.get_by_role("heading", name="The document could not be made")).to_be_visible()


def test_an_upload_says_what_to_look_at(signed_in, doubtful_letter):
    page = signed_in()
    upload(page, doubtful_letter)
    expect(page.get_by_text("was uploaded and is ready to use. One thing to look at: there is no function or macro named 'fullname'")).to_be_visible()
    expect(page.get_by_text("(Body, paragraph 2).")).to_be_visible()


def test_versions_come_and_go_back(admin, client, letter):
    template = client.upload_template("Versioned", letter)
    admin.goto(f"/templates/{template['id']}/versions")
    admin.get_by_label("Choose a new version").set_input_files(letter)
    admin.get_by_role("button", name="Upload new version").click()
    expect(admin.get_by_text("Version 2 is now in use.")).to_be_visible()
    admin.get_by_role("button", name="Use again").click()
    expect(admin.get_by_text("Version 1 is in use again, as version 3.")).to_be_visible()
    with admin.expect_download() as file:
        admin.get_by_role("link", name="Download template").click()
    assert file.value.suggested_filename.endswith(".docx")


def test_deleting_a_template_asks_first(admin, client, letter):
    template = client.upload_template("Short-lived", letter)
    admin.goto(f"/templates/{template['id']}")
    admin.locator("summary", has_text="Delete").click()
    admin.get_by_role("button", name="Delete template").click()
    expect(admin.get_by_text("The template was deleted.")).to_be_visible()
    expect(admin.get_by_role("link", name="Short-lived")).to_have_count(0)


def test_history_filters_and_deletes(admin, client, template):
    made = client.generate(template["id"], {"name": "Ann", "items": []}, output_format="docx")
    client.wait_document(made["id"])
    admin.goto("/history")
    admin.get_by_label("Made by").select_option("api")
    admin.get_by_label("Status").select_option("ready")
    admin.get_by_role("button", name="Filter").click()
    expect(admin).to_have_url(re.compile("source=api"))
    expect(admin.get_by_role("row").filter(has_text=made["id"][-8:])).to_be_visible()
    today = made["created_at"][:10]
    admin.goto(f"/history?from={today}&to={today}")
    expect(admin.get_by_label("From")).to_have_value(today)
    expect(admin.get_by_role("row").filter(has_text=made["id"][-8:])).to_be_visible()
    expect(admin.get_by_text("From (UTC)")).to_be_visible()
    admin.goto("/history?to=2020-01-31")
    expect(admin.get_by_text("No document matches")).to_be_visible()
    admin.goto("/history")
    admin.get_by_label("Status").select_option("failed")
    admin.get_by_label("Template").select_option(template["id"])
    admin.get_by_role("button", name="Filter").click()
    expect(admin.get_by_text("No document matches")).to_be_visible()
    admin.goto(f"/history/{made['id']}")
    assert document_id(admin) == made["id"]
    admin.locator("summary", has_text="Delete").click()
    admin.get_by_role("button", name="Delete document").click()
    expect(admin.get_by_text("The document was deleted.")).to_be_visible()
    assert client.raw("GET", f"/documents/{made['id']}").status == 404


def test_unfinished_rows_finish_by_themselves(admin, client, template):
    admin.goto("/history")
    made = client.generate(template["id"], {"name": "Ben", "items": []})
    admin.reload()
    row = admin.get_by_role("row").filter(has_text=made["id"][-8:])
    expect(row).to_contain_text("Ready")


def test_uat_is_a_world_of_its_own(open_page, letter):
    admin = sign_in(open_page())  # the environment is the session's
    admin.get_by_role("button", name="UAT").click()
    upload(admin, letter, "Only in UAT")
    expect(admin.get_by_role("heading", name="Only in UAT", level=1)).to_be_visible()
    admin.goto("/templates")
    expect(admin.get_by_role("link", name="Only in UAT", exact=True)).to_be_visible()
    admin.get_by_role("button", name="Production").click()
    expect(admin.get_by_role("link", name="Only in UAT", exact=True)).to_have_count(0)
