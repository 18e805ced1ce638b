#!/usr/bin/env python3
"""Pictures of the pages, from a server with some life in it, in Debian's Chromium.

    build/venv/bin/python scripts/screens.py            those of README and docs/, anew
    build/venv/bin/python scripts/screens.py FOLDER     every page, at desktop and phone width, light and dark, to look at

The server, its receiver and its data folder are made for it and go with it.
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import local  # noqa: E402
from palette import read_png, write_png  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

IMAGES = os.path.join(local.ROOT, "docs", "images")
EXAMPLES = os.path.join(local.ROOT, "examples")
GUIDE = os.path.join(EXAMPLES, "templates")
EMAIL, PASSWORD = "ann@example.com", "correct horse battery"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def example(*parts):
    with open(os.path.join(EXAMPLES, *parts), encoding="utf-8") as fh:
        return fh.read()


def fill(client, receiver):
    """Templates with versions, documents of each kind, deliveries that came and one that did not. Returns names for addresses."""
    client.call("PUT", "/webhooks/settings", {"webhook_url": receiver.url("/webhooks/docgenlab")})
    made = {}
    for title, name in (("Order", "order"), ("Report", "report"), ("Letter", "letter")):
        made[name] = client.upload_template(title, os.path.join(GUIDE, name + ".docx"))["id"]
    made["invoice"] = client.upload_template("Invoice", os.path.join(EXAMPLES, "invoice.docx"))["id"]
    with open(os.path.join(EXAMPLES, "invoice.docx"), "rb") as fh:
        client.upload(f"/templates/{made['invoice']}", {"file": ("invoice.docx", fh.read())}, method="PUT")
    asked = [client.generate(made["order"], example("templates", "order.json"), "both"),
             client.generate(made["order"], {"items": [{"name": "Hose", "qty": "two", "price": 3}]}, "pdf"),
             client.generate(made["report"], example("templates", "report.json"), "pdf"),
             client.generate(made["invoice"], example("invoice.json"), "both")]
    for document in asked:
        client.wait_document(document["id"])
        receiver.wait(timeout=60)
    made["failed"], made["document"] = asked[1]["id"], asked[3]["id"]
    receiver.answer = lambda hook: (503, {}, b"down for maintenance")
    last = client.generate(made["order"], example("templates", "order.json"), "pdf")
    client.wait_document(last["id"])
    receiver.wait(timeout=60)
    made["delivery"] = client.call("GET", "/webhooks/deliveries/")["items"][0]["id"]
    return made


def sign_in(page):
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/templates")


def show_problems(page):
    """The page that a template with mistakes is answered with."""
    page.goto("/templates/new")
    page.get_by_label("Name").fill("Order")
    page.locator("input[type=file]").set_input_files(os.path.join(GUIDE, "broken.docx"))
    page.get_by_role("button", name="Upload to").click()
    page.get_by_text("uper").first.wait_for()


def pages(made):
    """(name, address) of every page."""
    template = f"/templates/{made['invoice']}"
    return [("templates", "/templates"), ("new", "/templates/new"), ("form", template), ("json", template + "?mode=json"),
            ("versions", template + "/versions"), ("tokens", template + "/tokens"), ("history", "/history"),
            ("nothing-found", "/history?status=queued"), ("document", f"/history/{made['document']}"), ("failed", f"/history/{made['failed']}"),
            ("deliveries", "/deliveries"), ("delivery", f"/deliveries/{made['delivery']}"), ("developer", "/settings/developer"),
            ("organization", "/settings/organization"), ("fonts", "/settings/fonts"), ("account", "/settings/account"), ("missing", "/no-such-page")]


def look(browser, url, made, folder):
    for scheme in ("light", "dark"):
        for viewport in (DESKTOP, PHONE):
            context = browser.new_context(viewport=viewport, base_url=url, color_scheme=scheme)
            page, kind = context.new_page(), f"{viewport['width']}-{scheme}"
            page.goto("/sign-in")
            page.screenshot(path=os.path.join(folder, f"sign-in-{kind}.png"))
            sign_in(page)
            for name, address in pages(made):
                page.goto(address)
                page.screenshot(path=os.path.join(folder, f"{name}-{kind}.png"), full_page=True)
            show_problems(page)
            page.screenshot(path=os.path.join(folder, f"problems-{kind}.png"), full_page=True)
            context.close()


def keep(page, *name, target=None):
    path = os.path.join(IMAGES, *name)
    png = (target or page).screenshot()
    with open(path, "wb") as fh:
        fh.write(write_png(*read_png(png)))
    print(f"{os.path.relpath(path, local.ROOT)}: {os.path.getsize(path):,} bytes")


def document(browser, url, made):
    context = browser.new_context(viewport=DESKTOP, base_url=url, color_scheme="light")
    page = context.new_page()
    sign_in(page)
    for name, address in pages(made):
        if name in ("form", "developer", "deliveries"):
            page.goto(address)
            keep(page, name + ".png")
    page.set_viewport_size({"width": 900, "height": 720})
    page.goto(f"/templates/{made['letter']}")
    keep(page, "guide", "form.png")
    show_problems(page)
    keep(page, "guide", "problems.png")
    context.close()


def main(folder=None):
    with tempfile.TemporaryDirectory() as house, local.Receiver() as receiver:
        data = os.path.join(house, "data")
        first = local.Server.init(data, "Miller Ltd", EMAIL, PASSWORD)
        options = {"WEBHOOK_ALLOW_HTTP": "true", "RATE_LIMIT_PER_MINUTE": 0}
        with local.Server(data, allow_nets="127.0.0.0/8", options=options) as server, sync_playwright() as playwright:
            made = fill(local.Client(server.url, first["api_key"]), receiver)
            browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            if folder:
                os.makedirs(folder, exist_ok=True)
                look(browser, server.url, made, folder)
            else:
                document(browser, server.url, made)
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
