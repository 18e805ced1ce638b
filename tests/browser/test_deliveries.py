"""Deliveries: the log, one delivery, sending again; and endpoints under Settings → Developer."""
import datetime
import re

import pytest
from conftest import DESKTOP, PHONE, reveal_secret, shown_secret, sign_in
from local import Client, Receiver, verify_signature, wait_until
from playwright.sync_api import expect

DATA = {"name": "Ann", "items": ["a"]}


@pytest.fixture
def house(new_server, open_page, letter):
    """A server of its own, since these tests look at the whole log: (page, client, template id)."""
    server = new_server(WEBHOOK_ALLOW_HTTP="true")
    client = Client(server.url, server.api_key)
    template = client.upload_template("Letter", letter)["id"]

    def make(**options):
        return sign_in(open_page(base_url=server.url, **options)), client, template

    return make


def save_webhook(page, url):
    page.goto("/settings/developer")
    page.get_by_label("Webhook URL").fill(url)
    page.get_by_role("button", name="Save Webhook URL").click()
    expect(page.get_by_text("The webhook URL was saved.")).to_be_visible()


def add_endpoint(page, url, description, **fields):
    page.goto("/settings/developer")
    page.get_by_role("link", name="Add endpoint").click()
    page.get_by_label("Address").fill(url)
    page.get_by_label("Description").fill(description)
    for label, value in fields.items():
        page.get_by_label(label).fill(value)
    return page


def recorded(client, hook):
    """The receiver knows of an attempt before the log does: until the log has it."""
    wait_until(lambda: client.call("GET", f"/webhooks/deliveries/{hook.headers['webhook-id']}")["attempts"], "the attempt was not recorded", pause=0.01)


def generate(client, template, receiver, count=1):
    hooks = []
    for _ in range(count):
        client.generate(template, DATA, output_format="docx")
        hooks.append(receiver.wait("document.generated"))
    for hook in hooks:
        recorded(client, hook)
    return hooks


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_delivery_from_the_log_to_its_picture(house, tls, viewport):
    page, client, template = house(viewport=viewport)
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("heading", name="Nothing sent yet")).to_be_visible()
    with Receiver(tls[1], tls[2], answer=lambda hook: (200, {"X-Answer": "<b>yes"}, b"thank <b>you")) as receiver:
        save_webhook(page, receiver.url("/log"))
        hook, = generate(client, template, receiver)
        page.goto("/deliveries")
        expect(page.locator("table.log .badge", has_text="Delivered")).to_be_visible()
        expect(page.get_by_role("group", name="Webhook URL")).to_contain_text("100 %")
        page.locator("table.log").get_by_role("link", name="document.generated").click()
        expect(page).to_have_url(re.compile("/deliveries/" + re.escape(hook.headers["webhook-id"]) + "$"))
        expect(page.get_by_role("img", name="When each attempt was made")).to_be_visible()
        attempt = page.locator("ol.attempts > li")
        for phase in ("Connect", "TLS", "First byte", "Total"):
            expect(attempt).to_contain_text(phase)
        expect(attempt).to_contain_text("200")
        expect(attempt).to_contain_text("thank <b>you")
        expect(attempt).to_contain_text("<b>yes")
        headers = page.locator("#sent-headers").inner_text()
        for name in ("webhook-id", "webhook-timestamp", "DocGenLab-Attempt", "User-Agent", "Content-Type"):
            assert f"{name}: {hook.headers[name]}" in headers
        body = page.locator("#sent-body").inner_text()
        assert hook.payload["job_id"] in body and "signature=" not in body
        assert hook.headers["webhook-signature"] not in page.content()
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("It is being sent again.")).to_be_visible()
        assert receiver.wait("document.generated").headers["webhook-id"] == hook.headers["webhook-id"]
        expect(page.locator("ol.attempts > li")).to_have_count(2)  # the page follows


def test_filters_keep_what_they_say(house, tls):
    page, client, template = house()
    answers = [503, 200, 200]
    with Receiver(tls[1], tls[2], answer=lambda hook: (answers.pop(0), {}, b"")) as receiver:
        save_webhook(page, receiver.url())
        hooks = generate(client, template, receiver, 3)
        page.goto("/deliveries")
        rows = page.locator("table.log tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.filter(has_text="Delivered")).to_have_count(2)
        page.get_by_label("Status").and_(page.locator("#status")).select_option(label="Waiting")
        page.get_by_role("button", name="Filter").click()
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Trying again")
        page.get_by_role("link", name="Show all").click()
        page.get_by_label("Document id").fill(hooks[1].payload["job_id"])
        page.get_by_role("button", name="Filter").click()
        expect(rows).to_have_count(1)
        expect(rows.get_by_role("checkbox")).to_have_value(hooks[1].headers["webhook-id"])
        page.goto("/deliveries?since=2099-01-01T00:00")
        expect(page.get_by_role("heading", name="No delivery matches")).to_be_visible()
        page.goto("/deliveries?status=king&endpoint=%27&document=%27&since=yesterday")  # as good as no filter
        expect(rows).to_have_count(3)


def test_a_long_log_has_pages(house, tls):
    page, client, template = house()
    with Receiver(tls[1], tls[2]) as receiver:
        save_webhook(page, receiver.url())
        generate(client, template, receiver, 52)
    page.goto("/deliveries")
    expect(page.locator("table.log tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    expect(page.locator("table.log tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Newest").click()
    expect(page.locator("table.log tbody tr")).to_have_count(50)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_selection_is_sent_again(house, tls, script):
    page, client, template = house(java_script_enabled=script)
    with Receiver(tls[1], tls[2]) as receiver:
        save_webhook(page, receiver.url())
        hooks = generate(client, template, receiver, 3)
        page.goto("/deliveries")
        expect(page.locator("table.log .badge", has_text="Delivered")).to_have_count(3)
        page.get_by_role("button", name="Send selected again").click()
        expect(page.get_by_text("Nothing was selected.")).to_be_visible()
        wanted = {hook.headers["webhook-id"] for hook in hooks[:2]}
        for value in wanted:
            page.locator(f"input[value='{value}']").check()
        page.get_by_role("button", name="Send selected again").click()
        expect(page.get_by_text("2 deliveries are being sent again.")).to_be_visible()
        assert {receiver.wait().headers["webhook-id"] for _ in wanted} == wanted


def test_a_range_is_counted_before_it_is_sent(house, tls, watch):
    watch.allow(422)
    page, client, template = house()
    with Receiver(tls[1], tls[2]) as receiver:
        save_webhook(page, receiver.url())
        hooks = generate(client, template, receiver, 3)
        page.goto("/deliveries")
        expect(page.locator("table.log .badge", has_text="Delivered")).to_have_count(3)
        page.get_by_text("Send a time range again").click()
        page.get_by_role("button", name="Count first").click()  # dropped ones: there are none
        expect(page.get_by_text("No delivery matches, so there is nothing")).to_be_visible()
        page.get_by_label("Which were").select_option(label="Delivered")
        page.get_by_role("button", name="Count first").click()
        expect(page.get_by_text("3 deliveries would be sent again")).to_be_visible()
        assert len(receiver.kept) == 3  # counting sends nothing
        page.get_by_role("button", name="Send 3 again").click()
        expect(page.get_by_text("3 deliveries are being sent again")).to_be_visible()
        wanted = {hook.headers["webhook-id"] for hook in hooks}
        assert {receiver.wait().headers["webhook-id"] for _ in hooks} == wanted
        page.get_by_text("Send a time range again").click()
        page.get_by_label("Made from").fill("2001-01-01T00:00")
        page.get_by_role("button", name="Count first").click()
        expect(page.get_by_role("alert")).to_contain_text("14 days")
        expect(page.get_by_label("Made from")).to_have_value(re.compile("2001-01-01T00:00"))


def test_a_disabled_endpoint_says_why_and_is_enabled_again(house, tls):
    page, client, template = house()
    answers = [410]
    with Receiver(tls[1], tls[2], answer=lambda hook: (answers.pop() if answers else 200, {}, b"")) as receiver:
        save_webhook(page, receiver.url())
        first, = generate(client, template, receiver)
        page.goto(f"/deliveries/{first.headers['webhook-id']}")
        expect(page.locator("ol.attempts > li")).to_have_count(1)
        page.goto("/deliveries")
        card = page.get_by_role("group", name="Webhook URL")
        expect(card).to_contain_text("Disabled")
        expect(card).to_contain_text("410")
        card.get_by_role("button", name="Enable again").click()
        expect(page.get_by_text("The endpoint is enabled again.")).to_be_visible()
        expect(card).not_to_contain_text("Disabled")
        assert generate(client, template, receiver)[0].headers["webhook-id"] != first.headers["webhook-id"]


PAUSED = "waits: the endpoint has a pause"


def test_what_is_due_for_a_paused_endpoint_says_so(new_server, open_page, letter, tls):
    """Ten failures close its queue for 30 seconds; what is due then has no time of its own."""
    server = new_server(WEBHOOK_RETRY_SCHEDULE="1,1,3600,3600")
    client = Client(server.url, server.api_key)
    template = client.upload_template("Letter", letter)["id"]
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"")) as receiver:
        page = sign_in(open_page(base_url=server.url))
        save_webhook(page, receiver.url())
        for _ in range(12):
            client.generate(template, DATA, output_format="docx")
        page.goto("/deliveries")
        expect(page.get_by_text(PAUSED).first).to_be_visible()
        page.get_by_role("row").filter(has_text=PAUSED).first.get_by_role("link").click()
        expect(page.get_by_text("it has a pause of 30 seconds and is then sent a single one")).to_be_visible()
        expect(page.get_by_text("next attempt just now")).to_have_count(0)


def test_the_filters_are_of_the_organizations_time_zone(new_server, open_page, letter, tls):
    """The last hour on the clocks of Kiritimati is a day away on those of Pago Pago."""
    server = new_server()
    client = Client(server.url, server.api_key)
    template = client.upload_template("Letter", letter)["id"]
    with Receiver(tls[1], tls[2]) as receiver:
        page = sign_in(open_page(base_url=server.url))
        save_webhook(page, receiver.url())
        generate(client, template, receiver)
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=14)
        since, until = (f"{now + datetime.timedelta(hours=h):%Y-%m-%dT%H:%M}" for h in (-1, 1))
        for zone, rows in (("Pacific/Kiritimati", 1), ("Pacific/Pago_Pago", 0)):
            page.goto("/settings/organization")
            page.get_by_label("Time zone").fill(zone)
            page.get_by_role("button", name="Save time zone and locale").click()
            page.goto(f"/deliveries?since={since}&until={until}")
            expect(page.get_by_label(f"From ({zone})").first).to_have_value(since)
            expect(page.get_by_role("link", name="document.generated")).to_have_count(rows)


def test_what_waits_for_a_listener_says_so(house):
    page, client, template = house()
    client.call("GET", "/webhooks/events?name=laptop")
    client.wait_document(client.generate(template, DATA, output_format="docx")["id"])
    page.goto("/deliveries")
    expect(page.get_by_text("waits to be fetched")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_endpoint_with_everything(house, tls, script):
    page, client, template = house(java_script_enabled=script)
    with Receiver(tls[1], tls[2]) as receiver:
        add_endpoint(page, receiver.url("/further"), "Archive <b>", **{"Custom headers": "X-Token: s3cret\nX-Two: 2",
                                                                       "Retry schedule": "10,20",
                                                                       "Deliveries a second": "50"})
        page.get_by_label("document.generated").check()
        page.get_by_label("A secret of its own").check()
        page.get_by_role("button", name="Add endpoint").click()
        expect(page.get_by_text("The endpoint was added.")).to_be_visible()
        page.get_by_role("link", name="Archive <b>", exact=True).click()
        expect(page.get_by_label("Retry schedule")).to_have_value("10,20")
        expect(page.get_by_label("Deliveries a second")).to_have_value("50")
        expect(page.get_by_label("document.generated")).to_be_checked()
        expect(page.get_by_label("bulk.completed")).not_to_be_checked()
        secret = reveal_secret(page)
        hook, = generate(client, template, receiver)
        verify_signature(secret, hook)
        assert hook.path == "/further" and hook.headers["X-Token"] == "s3cret" and hook.headers["X-Two"] == "2"
        page.goto(f"/deliveries/{hook.headers['webhook-id']}")
        expect(page.locator("#sent-headers")).to_contain_text("X-Token: …")
        assert "s3cret" not in page.content()
        page.get_by_role("link", name="Archive <b>").click()
        page.locator("#secret").get_by_text("Rotate").click()
        page.get_by_role("button", name="Make a new secret").click()
        fresh = shown_secret(page)
        assert fresh != secret
        page.get_by_label("Description").fill("Archive, renamed")
        page.get_by_role("button", name="Save endpoint").click()
        expect(page.get_by_text("The endpoint was saved.")).to_be_visible()
        page.get_by_role("link", name="Archive, renamed", exact=True).click()
        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_text("Nothing is sent to it.").first).to_be_visible()
        page.get_by_role("button", name="Enable again").click()
        hook, = generate(client, template, receiver)
        verify_signature(fresh, hook)
        verify_signature(secret, hook)
        page.locator("summary", has_text="Delete").click()
        page.get_by_role("button", name="Delete endpoint").click()
        expect(page.get_by_text("The endpoint was deleted.")).to_be_visible()
        expect(page.get_by_role("heading", name="No further endpoint")).to_be_visible()


@pytest.mark.parametrize("label, value, says", [
    ("Address", "http://hooks.example.com/x", "https"),
    ("Custom headers", "no colon", "Name: value"),
    ("Custom headers", "Host: evil.example", "Host"),
    ("Retry schedule", "soon", "schedule"),
    ("Deliveries a second", "many", "rate"),
])
def test_what_is_wrong_with_an_endpoint_is_said_beside_it(signed_in, watch, label, value, says):
    watch.allow(422)
    page = add_endpoint(signed_in(), "https://hooks.example.com/x", "Kept")
    page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Add endpoint").click()
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label(label)).to_have_value(value)
    expect(page.get_by_label("Description")).to_have_value("Kept")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_hold(house, tls, viewport, scheme):
    page, client, template = house(viewport=viewport, color_scheme=scheme)
    with Receiver(tls[1], tls[2], answer=lambda hook: (500, {}, b"x" * 900)) as receiver:
        add_endpoint(page, receiver.url("/" + "long" * 100), "word" * 40).get_by_role("button", name="Add endpoint").click()
        expect(page.get_by_text("The endpoint was added.")).to_be_visible()
        hook, = generate(client, template, receiver)
        page.goto(f"/deliveries/{hook.headers['webhook-id']}")
        expect(page.locator("ol.attempts > li")).to_have_count(1)
        for path in ("/deliveries", f"/deliveries/{hook.headers['webhook-id']}", "/settings/developer",
                     "/settings/developer/endpoints/new"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} sticks out"
            expect(page.locator("h1")).to_have_count(1)
            ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
            assert len(ids) == len(set(ids)), f"{path} has an id twice"
            assert page.evaluate("document.querySelectorAll('[style], style, main script').length") == 0


def test_the_log_by_keyboard(house, tls):
    page, client, template = house()
    with Receiver(tls[1], tls[2]) as receiver:
        save_webhook(page, receiver.url())
        hook, = generate(client, template, receiver)
        page.goto("/deliveries")
        expect(page.locator("table.log .badge", has_text="Delivered")).to_be_visible()
        page.locator("table.log").get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("One delivery is being sent again.")).to_be_visible()
        assert receiver.wait().headers["webhook-id"] == hook.headers["webhook-id"]
