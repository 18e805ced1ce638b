"""Coming in: first run, sign-in, sign-out, where one is sent without a session."""
import re
import urllib.error
import urllib.request

import pytest
from conftest import DESKTOP, EMAIL, PASSWORD, PHONE, sign_in
from playwright.sync_api import expect


def test_first_run_makes_an_organization(new_server, open_page):
    server = new_server(init=False)
    page = open_page(base_url=server.url)
    page.goto("/")
    expect(page).to_have_url(re.compile("/setup$"))
    page.get_by_label("Organization").fill("Ångström & Söhne <b>")
    page.get_by_label("Your e-mail").fill("first@test.example")
    page.get_by_label("Password").fill("a short sentence")
    page.get_by_role("button", name="Create organization").click()
    expect(page.get_by_role("heading", name="Templates", exact=True)).to_be_visible()
    expect(page.get_by_text("No templates in Production yet")).to_be_visible()
    page.goto("/settings/developer")
    expect(page.get_by_text("No API key yet")).to_be_visible()
    page.goto("/setup")
    expect(page).to_have_url(re.compile("/templates$"))


def test_a_short_password_is_refused_with_the_rest_kept(new_server, open_page, watch):
    watch.allow(422)
    page = open_page(base_url=new_server(init=False).url)
    page.goto("/setup")
    page.get_by_label("Organization").fill("Fieldworks")
    page.get_by_label("Your e-mail").fill("not-an-address@")
    page.get_by_label("Password").fill("a short sentence")
    page.evaluate("document.querySelector('form').noValidate = true")
    page.get_by_role("button", name="Create organization").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Organization")).to_have_value("Fieldworks")
    expect(page.get_by_label("Password")).to_have_value("")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_sign_in_leads_to_the_page_asked_for(open_page, viewport):
    page = open_page(viewport=viewport)
    page.goto("/settings/developer")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page).to_have_url(re.compile("/settings/developer$"))
    expect(page.get_by_role("heading", name="Developer", level=1)).to_be_visible()


def test_a_wrong_password_says_so(open_page, watch):
    watch.allow(401)
    page = open_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(EMAIL)


def test_sign_out_ends_the_session(open_page):
    page = sign_in(open_page())
    cookies = page.context.cookies()
    session = next(c for c in cookies if c["name"] == "dgl_session")
    assert session["httpOnly"] and session["sameSite"] == "Lax"
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.context.add_cookies([session])
    page.goto("/templates")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_sign_in_leads_nowhere_else(open_page):
    page = open_page()
    page.goto("/sign-in?next=//evil.example/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/templates$"))


def test_the_environment_switch_keeps_the_page(open_page):
    admin = sign_in(open_page())  # the environment is the session's
    admin.goto("/history")
    admin.get_by_role("button", name="UAT").click()
    expect(admin).to_have_url(re.compile("/history$"))
    expect(admin.get_by_role("button", name="UAT")).to_have_attribute("aria-pressed", "true")
    expect(admin.get_by_text("No documents in UAT yet")).to_be_visible()
    admin.get_by_role("button", name="Production").click()
    expect(admin.get_by_role("button", name="Production")).to_have_attribute("aria-pressed", "true")


def test_keyboard_alone_is_enough(open_page):
    page = open_page()
    page.goto("/sign-in")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/templates")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Your account").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Your account"


def test_the_focus_ring_is_seen(admin):
    for selector in ("nav a", ".environment button", "main a"):
        admin.locator(selector).first.focus()
        admin.keyboard.press("Shift+Tab")
        admin.keyboard.press("Tab")
        outline = admin.evaluate("getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "solid2px", selector


def test_appearance_is_chosen_and_kept(admin):
    def background():
        return admin.evaluate("getComputedStyle(document.body).backgroundColor")

    light = background()
    admin.get_by_label("Your account").click()
    admin.get_by_role("radio", name="Dark").check()
    dark = background()
    assert dark != light
    admin.reload()
    assert background() == dark


def test_a_page_that_is_not_there(open_page, watch):
    watch.allow(404)
    page = open_page()
    answer = page.goto("/no/such/page")
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    page.get_by_role("link", name="Go to the start").click()
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_pages_forbid_what_they_do_not_need(server):
    answer = urllib.request.urlopen(server.url + "/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    style = re.search(rb'href="(/assets/app\.[0-9a-f]{16}\.css)"', answer.read()).group(1).decode()
    asset = urllib.request.urlopen(server.url + style)
    assert "immutable" in asset.headers["Cache-Control"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(server.url + "/assets/app.0000000000000000.css")
