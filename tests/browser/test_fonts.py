"""Settings → Fonts: uploading, the line set in each, deleting; what those see who may not change them."""
import os
import sys

import pytest
from conftest import PHONE
from playwright.sync_api import expect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "blackbox"))
from fontkit import VARY, font  # noqa: E402


def upload(page, path):
    page.goto("/settings/fonts")
    page.locator("#file").set_input_files(str(path))
    page.get_by_role("button", name="Upload font").click()


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_a_font_is_uploaded_shown_and_deleted(signed_in, tmp_path, viewport):
    page = signed_in(**({"viewport": viewport} if viewport else {}))
    path = tmp_path / "acme.ttf"
    path.write_bytes(font("Acme <b>& Sons"))
    upload(page, path)
    expect(page.get_by_role("status").first).to_contain_text("“Acme <b>& Sons Regular” was uploaded")
    row = page.locator(".font").filter(has_text="acme.ttf")
    expect(row.get_by_role("heading")).to_have_text("Acme <b>& Sons Regular")
    box = row.locator("svg path").bounding_box()
    assert box["width"] > 200 and 10 < box["height"] < 60, box
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row.locator("summary", has_text="Delete").click()
    row.get_by_role("button", name="Delete font").click()
    expect(page.get_by_role("status").first).to_contain_text("The font was deleted.")
    expect(page.locator(".font").filter(has_text="acme.ttf")).to_have_count(0)


def test_what_is_wrong_is_said(signed_in, tmp_path, watch):
    watch.allow(415)
    page = signed_in()
    path = tmp_path / "web.ttf"
    path.write_bytes(b"wOFF" + bytes(100))
    upload(page, path)
    expect(page.get_by_role("alert")).to_contain_text("this is a web font (WOFF)")
    upload(page, VARY)
    expect(page.locator(".font").filter(has_text="vary.ttf")).to_contain_text("Thin, Regular, Black")
