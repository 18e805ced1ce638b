"""Single Generate: Form Mode made from the template's tokens, JSON Mode, and going between them."""
import json
import os
import re
import sys
import zipfile

import pytest
from conftest import DESKTOP, PHONE, ROOT, sign_in
from local import wait_until
from playwright.sync_api import expect

ORDER = ["Order {{ number }} for {{ customer.name }}, due {{ due|date('%d %B %Y') }}",
         "{% for line in lines %}", "{{ line.quantity + 0 }} x {{ line.article }}", "{% endfor %}",
         "{% for t in tags %}", "#{{ t }}", "{% endfor %}",
         "{% if express %}", "EXPRESS", "{% endif %}", "{{ notes }}"]


@pytest.fixture(scope="module")
def order(client, tmp_path_factory):
    sys.path.insert(0, os.path.join(ROOT, "tests", "blackbox"))
    from docx import write_docx
    path = str(tmp_path_factory.mktemp("order") / "order.docx")
    write_docx(path, ORDER)
    return client.upload_template("Order", path)


def text_of(page):
    """The text of the Word file of the document on the page."""
    expect(page.locator(".badge", has_text="Ready")).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("link", name="Download Word").click()
    document = zipfile.ZipFile(file.value.path()).read("word/document.xml").decode()
    return [re.sub("<[^>]+>", "", p) for p in re.findall(r"<w:p[ >].*?</w:p>", document, re.S)]


def fill_order(page):
    page.get_by_label("Number").fill("A-7")
    page.get_by_label("Name").fill("Ann & Söhne")
    page.get_by_label("Due").fill("2026-03-09")
    page.get_by_role("group", name="Lines 1").get_by_label("Article").fill("Chair")
    page.get_by_role("group", name="Lines 1").get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to Lines").click()
    page.get_by_role("group", name="Lines 2").get_by_label("Article").fill("Table <round>")
    page.get_by_role("group", name="Lines 2").get_by_label("Quantity").fill("1.5")
    page.get_by_role("button", name="Add to Lines").click()  # stays empty: no line of the document
    expect(page.get_by_role("group", name="Lines 3")).to_be_visible()  # what is typed while the part is fetched would be gone
    page.get_by_role("textbox", name="Tags").fill("new")
    page.get_by_label("Notes").fill("Ring twice")
    page.get_by_role("radiogroup", name="Express").get_by_role("radio", name="Yes").check()
    page.get_by_role("radio", name="Word").check()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_document_from_the_form(signed_in, order, viewport):
    page = signed_in(viewport=viewport)
    page.goto(f"/templates/{order['id']}")
    expect(page.get_by_role("link", name="Single Generate")).to_have_attribute("aria-current", "page")
    expect(page.get_by_label("Due")).to_have_attribute("type", "date")
    expect(page.get_by_label("Quantity")).to_have_attribute("type", "number")
    fill_order(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Generate").click()
    assert text_of(page) == ["Order A-7 for Ann &amp; Söhne, due 09 March 2026", "2 x Chair", "1.5 x Table &lt;round&gt;", "#new",
                             "EXPRESS", "Ring twice"]


def test_without_javascript(open_page, order, client):
    page = sign_in(open_page(java_script_enabled=False))
    page.goto(f"/templates/{order['id']}")
    fill_order(page)
    page.get_by_role("button", name="Remove Lines 1").click()
    expect(page.get_by_role("group", name="Lines 1").get_by_label("Article")).to_have_value("Table <round>")
    page.get_by_role("button", name="JSON Mode").click()
    data = json.loads(page.get_by_label("Data").input_value())
    assert data["lines"][0] == {"article": "Table <round>", "quantity": 1.5}
    assert data["express"] is True and data["customer"] == {"name": "Ann & Söhne"}
    page.get_by_role("button", name="Form Mode").click()
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url(re.compile("/history/"))
    client.wait_document(page.url.rsplit("/", 1)[1])
    page.reload()  # nothing does it by itself here
    assert "1.5 x Table &lt;round&gt;" in text_of(page)


def test_the_focus_goes_where_one_goes_on(admin, order):
    admin.goto(f"/templates/{order['id']}")
    admin.get_by_role("button", name="Add to Lines").click()
    second = admin.get_by_role("group", name="Lines 2").locator("input:not([type=hidden])").first
    expect(second).to_be_focused()
    admin.get_by_role("button", name="JSON Mode").click()
    expect(admin.get_by_role("button", name="JSON Mode")).to_be_focused()
    admin.get_by_role("button", name="Form Mode").press("Enter")
    expect(admin.get_by_role("button", name="Form Mode")).to_be_focused()


def test_nothing_is_typed_into_a_part_that_is_being_replaced(admin, order):
    admin.goto(f"/templates/{order['id']}")
    admin.get_by_label("Number").fill("A-")
    held = []
    admin.route("**/generate", lambda route: held.append(route))  # a slow line: the answer comes when the request is let go on
    admin.get_by_role("button", name="Add to Lines").click()
    expect(admin.locator("[data-live=data]")).to_have_attribute("inert", "")
    admin.keyboard.type("lost")
    assert admin.get_by_label("Number").input_value() == "A-"
    wait_until(lambda: held or admin.wait_for_timeout(10), "the form was not sent")
    held[0].continue_()
    expect(admin.get_by_role("group", name="Lines 2")).to_be_visible()
    admin.get_by_label("Number").press("End")
    admin.keyboard.type("7")
    assert admin.get_by_label("Number").input_value() == "A-7"


def test_enter_generates(admin, order):
    admin.goto(f"/templates/{order['id']}")
    admin.get_by_label("Due").fill("2026-03-09")
    admin.get_by_label("Number").fill("B")
    admin.get_by_label("Number").press("Enter")
    expect(admin).to_have_url(re.compile("/history/"))


def test_what_the_form_cannot_show_is_kept(admin, order):
    admin.goto(f"/templates/{order['id']}?mode=json")
    data = {"number": "C", "extra": {"a": [1]}, "due": "2026-03-09", "notes": ["not", "text"], "lines": [{"article": "X", "sku": 9}]}
    admin.get_by_label("Data").fill(json.dumps(data))
    admin.get_by_role("button", name="Form Mode").click()
    expect(admin.get_by_text("Set in JSON Mode.")).to_be_visible()
    admin.get_by_label("Article").fill("Y")
    admin.get_by_role("button", name="JSON Mode").click()
    kept = json.loads(admin.get_by_label("Data").input_value())
    assert (kept["extra"], kept["notes"], kept["lines"]) == ({"a": [1]}, ["not", "text"], [{"article": "Y", "sku": 9}])


def test_text_that_is_no_json_stays_in_json_mode(admin, order, watch):
    watch.allow(400)
    admin.goto(f"/templates/{order['id']}?mode=json")
    admin.get_by_label("Data").fill('{"number":')
    admin.get_by_role("button", name="Form Mode").click()
    expect(admin.get_by_label("Data")).to_have_value('{"number":')
    expect(admin.locator("#input-error")).to_be_visible()


def test_a_number_that_is_none(open_page, order, watch):
    """The browser holds number fields to numbers; the server does too."""
    watch.allow(422)
    page = sign_in(open_page())
    page.goto(f"/templates/{order['id']}")
    page.evaluate("document.querySelector('[name=\"/lines/0/quantity\"]').type = 'text'")
    page.get_by_label("Quantity").fill("a dozen")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("This must be a number")).to_be_visible()


def test_many_rows(client, admin, order):
    """A form of 600 fields is sent and read as a whole."""
    rows = [{"article": f"Thing {i}", "quantity": i} for i in range(300)]
    admin.goto(f"/templates/{order['id']}?mode=json")
    admin.get_by_label("Data").fill(json.dumps({"number": "D", "due": "2026-03-09", "lines": rows}))
    admin.get_by_role("button", name="Form Mode").click()
    expect(admin.get_by_label("Lines 300").get_by_label("Article")).to_have_value("Thing 299")
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    assert "299 x Thing 299" in text_of(admin)


def test_a_failed_document_is_edited_and_tried_again(admin, order):
    admin.goto(f"/templates/{order['id']}?mode=json")
    admin.get_by_label("Data").fill(json.dumps({"number": "D-1", "due": "soon", "lines": [{"article": "Hose", "quantity": 2}], "extra": 1}))
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    expect(admin.get_by_text("The document could not be made")).to_be_visible()
    admin.get_by_role("link", name="Edit and try again").click()
    expect(admin.get_by_label("Number")).to_have_value("D-1")
    admin.get_by_label("Due").fill("")  # an empty date prints nothing
    admin.get_by_role("radio", name="Word").check()
    admin.get_by_role("button", name="Generate").click()
    assert text_of(admin)[:2] == ["Order D-1 for , due ", "2 x Hose"]
    assert admin.get_by_role("link", name="Edit and make another").is_visible()
