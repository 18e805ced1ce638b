"""Settings → Organization: users, invitations, roles, and what each role sees and may do."""
import datetime
import re

import pytest
from conftest import EMAIL, new_session, sign_in
from playwright.sync_api import expect

import local

NEW_PASSWORD = "a short sentence is easy"


@pytest.fixture(scope="module")
def own(new_server):
    """A server whose users these tests may change."""
    return new_server()


@pytest.fixture(scope="module")
def own_session(browser, own):
    return new_session(browser, own)


@pytest.fixture
def own_admin(open_page, own, own_session):
    """own_admin(…) is a window of its administrator: one sign-in for all tests, of the ten that an address has a minute."""
    return lambda **options: open_page(base_url=own.url, storage_state=own_session, **options)


def invite(page, email, role, name=""):
    page.goto("/settings/organization")
    page.locator("summary", has_text="Invite User").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Name (optional)").fill(name)
    page.locator("#invite-role").select_option(label=role)
    page.get_by_role("button", name="Make invitation").click()
    return page.locator("#invitation-link").inner_text()


def accept(page, link):
    page.goto(link)
    page.get_by_label("Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url("**/templates")


def change(page, email):
    page.goto("/settings/organization")
    row = page.get_by_role("row").filter(has_text=email)
    row.locator("summary", has_text="Change").click()
    return row


def test_invited_used_once_and_signed_in(own_admin, open_page, own, watch):
    watch.allow(403)
    admin = own_admin()
    link = invite(admin, "Ann@Test.Example", "Template Editor", "Ann Lee")
    assert link.startswith(f"{own.url}/invitation?token=")
    row = admin.get_by_role("row").filter(has_text="ann@test.example")
    expect(row).to_contain_text("Invited")
    expect(row).to_contain_text("Ann Lee")
    admin.reload()
    expect(admin.locator("#invitation-link")).to_have_count(0)

    ann = open_page(base_url=own.url)
    ann.goto(link[:-1] + ("A" if link[-1] != "A" else "B"))
    expect(ann.get_by_text("used already or is not complete")).to_be_visible()
    accept(ann, link)
    ann.goto("/templates/new")
    expect(ann.get_by_role("heading", name="Upload template")).to_be_visible()
    ann.goto(link)
    expect(ann.get_by_text("used already or is not complete")).to_be_visible()
    ann.goto("/settings/organization")
    expect(ann.get_by_text("This needs the role Org Admin")).to_be_visible()
    admin.reload()
    expect(row).not_to_contain_text("Invited")


def test_a_taken_address_is_refused_and_kept(own_admin, watch):
    watch.allow(409)
    admin = own_admin()
    admin.goto("/settings/organization")
    admin.locator("summary", has_text="Invite User").click()
    admin.get_by_label("E-mail").fill(EMAIL)
    admin.get_by_role("button", name="Make invitation").click()
    expect(admin.get_by_role("alert")).to_be_visible()
    expect(admin.get_by_label("E-mail")).to_have_value(EMAIL)


def test_roles_on_the_pages(own_admin, open_page, own, letter, watch):
    """Viewer sees, Generator generates, Template Editor changes templates, Org Admin does all."""
    watch.allow(403)
    client = local.Client(own.url, own.api_key)
    template = client.upload_template("For roles", letter)
    admin, person = own_admin(), open_page(base_url=own.url)
    accept(person, invite(admin, "role@test.example", "Viewer"))
    page = f"/templates/{template['id']}"

    person.goto(page)
    expect(person).to_have_url(re.compile("/tokens$"))
    expect(person.get_by_role("link", name="Single Generate")).to_have_count(0)
    expect(person.get_by_role("link", name="Upload template")).to_have_count(0)
    expect(person.get_by_role("link", name="Developer")).to_have_count(0)
    person.goto("/history")
    expect(person.get_by_role("heading", level=1)).to_have_text("History")
    person.goto("/templates/new")
    expect(person.get_by_text("This needs the role Template Editor; yours is Viewer")).to_be_visible()

    row = change(admin, "role@test.example")
    row.get_by_label("Role", exact=True).select_option(label="Generator")
    row.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("role@test.example now has the role Generator.")).to_be_visible()
    person.goto(page + "?mode=json")
    person.get_by_label("Data").fill('{"name": "Ann", "items": []}')
    person.get_by_role("radio", name="Word").check()
    person.get_by_role("button", name="Generate").click()
    expect(person.locator(".badge", has_text="Ready")).to_be_visible()
    person.goto(page + "/versions")
    expect(person.get_by_role("button", name="Upload new version")).to_have_count(0)
    expect(person.locator("summary", has_text="Delete")).to_have_count(0)


def test_disabled_enabled_removed(own_admin, open_page, own, watch):
    watch.allow(401, 403, 409)
    admin, person = own_admin(), open_page(base_url=own.url)
    accept(person, invite(admin, "leaver@test.example", "Viewer"))
    change(admin, "leaver@test.example").get_by_role("button", name="Disable").click()
    expect(admin.get_by_text("leaver@test.example can no longer sign in.")).to_be_visible()
    person.goto("/templates")
    expect(person).to_have_url(re.compile("/sign-in"))
    change(admin, "leaver@test.example").get_by_role("button", name="Let sign in again").click()
    row = change(admin, "leaver@test.example")
    row.get_by_role("button", name="Make a link").click()
    accept(person, admin.locator("#invitation-link").inner_text())
    change(admin, "leaver@test.example").get_by_role("button", name="Remove user").click()
    expect(admin.get_by_text("leaver@test.example was removed.")).to_be_visible()
    person.goto("/templates")
    expect(person).to_have_url(re.compile("/sign-in"))


def test_time_zone_and_locale(own_admin, watch):
    watch.allow(422)
    admin = own_admin()
    admin.goto("/settings/organization")
    zone, locale = admin.get_by_label("Time zone"), admin.get_by_label("Locale")
    examples, save = admin.locator("#region-examples"), admin.get_by_role("button", name="Save time zone and locale")
    expect(zone).to_have_value("UTC")
    expect(locale).to_have_value("en-US")
    expect(examples).to_contain_text("$1,234.50")
    zone.fill("Asia/Tokyo")
    locale.fill("german")
    save.click()
    expect(admin.get_by_role("alert")).to_contain_text('The locale "german" is not known')
    expect(locale).to_have_attribute("aria-invalid", "true")
    expect(zone).to_have_value("Asia/Tokyo")  # kept in the form, not yet in force
    expect(examples).to_contain_text("$1,234.50")
    locale.fill("de_DE")
    save.click()
    expect(admin.get_by_text("The time zone and the locale were saved.")).to_be_visible()
    expect(locale).to_have_value("de-DE")
    expect(examples).to_contain_text("1.234,50")
    expect(examples).to_contain_text("Asia/Tokyo")


def test_days_of_the_history_are_of_the_time_zone(own_admin, own, letter):
    def day():
        """In Kiritimati, 14 hours before UTC; Pago Pago, 11 hours behind it, never has the same."""
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=14)).date().isoformat()

    client, first = local.Client(own.url, own.api_key), day()
    template = client.upload_template("Dated", letter)
    made = client.wait_document(client.generate(template["id"], {"name": "Ann"}, "docx")["id"])
    admin = own_admin()
    last = day()
    row = admin.get_by_role("row").filter(has_text=made["id"][-8:])
    for zone, rows in (("Pacific/Kiritimati", 1), ("Pacific/Pago_Pago", 0)):
        admin.goto("/settings/organization")
        admin.get_by_label("Time zone").fill(zone)
        admin.get_by_role("button", name="Save time zone and locale").click()
        expect(admin.get_by_text("were saved.")).to_be_visible()
        admin.goto(f"/history?from={first}&to={last}")
        expect(admin.get_by_label(f"From ({zone})")).to_have_value(first)
        expect(row).to_have_count(rows)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_times_are_of_the_time_zone(own_admin, own, letter, script):
    """Not of the browser's: the filters, the documents and everybody in the organization have one."""
    client = local.Client(own.url, own.api_key)
    client.upload_template("Timed", letter)
    admin = own_admin(java_script_enabled=script, locale="en-US", timezone_id="America/New_York")
    admin.goto("/settings/organization")
    admin.get_by_label("Time zone").fill("Asia/Kathmandu")
    admin.get_by_role("button", name="Save time zone and locale").click()
    admin.goto("/templates")
    changed = admin.locator("time").first
    if script:
        expect(changed).to_have_attribute("title", re.compile(r"GMT\+5:45$"))
    else:
        expect(changed).to_have_text(re.compile(r"^20..-..-.. ..:.. GMT\+5:45$"))


def test_nobody_removes_themselves(own_admin):
    admin = own_admin()
    admin.goto("/settings/organization")
    me = admin.get_by_role("row").filter(has_text=EMAIL)
    expect(me).to_contain_text("You")
    expect(me.locator("summary")).to_have_count(0)


def test_renaming(own_admin):
    admin = own_admin()
    admin.goto("/settings/organization")
    admin.get_by_label("Organization", exact=True).fill("Harbour <b>& Sons")
    admin.get_by_role("button", name="Save name").click()
    expect(admin.get_by_text("The name was saved.")).to_be_visible()
    expect(admin.get_by_label("Organization", exact=True)).to_have_value("Harbour <b>& Sons")


def test_changing_ones_own_password(open_page, new_server, watch):
    watch.allow(422, 401)
    own = new_server()  # ten sign-ins a minute of one address, and the tests before had theirs
    admin, person, elsewhere = sign_in(open_page(base_url=own.url)), open_page(base_url=own.url), open_page(base_url=own.url)
    accept(person, invite(admin, "changes@test.example", "Viewer"))
    sign_in(elsewhere, "changes@test.example", NEW_PASSWORD)
    person.locator("summary[aria-label='Your account']").click()
    person.get_by_role("link", name="Account and password").click()
    expect(person.get_by_role("heading", level=1)).to_have_text("Account")
    expect(person.get_by_role("link", name="Developer")).to_have_count(0)

    def change(present, new):
        person.get_by_label("Present password").fill(present)
        person.get_by_label("New password").fill(new)
        person.get_by_role("button", name="Change password").click()

    change("not the one in force", "another short sentence")
    expect(person.get_by_role("alert")).to_contain_text("This is not your present password")
    expect(person.get_by_label("Present password")).to_have_attribute("aria-invalid", "true")
    expect(person.get_by_label("Present password")).to_have_value("")
    change(NEW_PASSWORD, "another short sentence")
    expect(person.get_by_text("The password was changed.")).to_be_visible()
    person.reload()
    expect(person.get_by_role("heading", level=1)).to_have_text("Account")
    elsewhere.goto("/templates")
    expect(elsewhere).to_have_url(re.compile("/sign-in"))
    sign_in(elsewhere, "changes@test.example", "another short sentence")
