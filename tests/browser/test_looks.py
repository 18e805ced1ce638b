"""How every page holds at desktop and phone width, in light and dark: nothing sticks out, everything has a name, the
colours can be read."""
import os
import re

import pytest
from conftest import DESKTOP, PHONE, ROOT
from playwright.sync_api import expect

NAMELESS = """() => [...document.querySelectorAll('input:not([type=hidden], [hidden]), select, textarea, button, a, summary')]
  .filter((e) => !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim() || e.title))
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_are_whole(signed_in, client, template, viewport, scheme):
    made = client.generate(template["id"], {"name": "N" * 300, "items": ["x" * 200]}, output_format="docx")
    client.wait_document(made["id"])
    page = signed_in(viewport=viewport, color_scheme=scheme)
    for path in ("/templates", "/templates/new", f"/templates/{template['id']}", f"/templates/{template['id']}?mode=json",
                 f"/templates/{template['id']}/versions", f"/templates/{template['id']}/tokens", "/history", f"/history/{made['id']}",
                 "/deliveries", "/settings/developer", "/settings/organization", "/settings/fonts", "/settings/account"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} sticks out"
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("main")).to_have_count(1)
        assert page.evaluate(NAMELESS) == [], path
        assert page.evaluate("document.documentElement.lang") == "en"
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert len(ids) == len(set(ids)), f"{path} has an id twice"


@pytest.mark.parametrize("width, at_least", [(320, 13), (360, 13), (390, 12)])
def test_the_phones_navigation_can_be_read_and_touched(signed_in, width, at_least):
    page = signed_in(viewport={"width": width, "height": 700})
    entries = page.evaluate("""() => [...document.querySelectorAll('.nav a')].map((a) => {
        const word = document.createRange();
        word.selectNodeContents(a);
        const box = a.getBoundingClientRect();
        return [parseFloat(getComputedStyle(a).fontSize), word.getBoundingClientRect().width - box.width, box.width, box.height];
    })""")
    assert len(entries) == 6
    for size, over, wide, high in entries:
        assert size >= at_least and over <= 0 and wide >= 40 and high >= 44, entries


@pytest.mark.parametrize("width", [320, 360])
def test_a_narrow_phone_shows_everything(signed_in, client, template, width):
    """Nothing of a page lies beside the screen or under the navigation, and what is touched is 24 px high (WCAG 2.2 §2.5.8)."""
    page = signed_in(viewport={"width": width, "height": 640})
    for path in (f"/templates/{template['id']}", f"/templates/{template['id']}/versions", "/templates/new", "/history", "/deliveries", "/settings/developer"):
        page.goto(path)
        outside = page.evaluate("[...document.querySelectorAll('.tab-bar a, .crumb, .nav a')].filter((e) => e.getBoundingClientRect().right > innerWidth).length")
        low = page.evaluate("[...document.querySelectorAll('.tab-bar a, .crumb, .nav a')].filter((e) => e.getBoundingClientRect().height < 24).length")
        room = page.evaluate("parseFloat(getComputedStyle(document.body).paddingBottom) - document.querySelector('.side').offsetHeight")
        outside += page.evaluate("[...document.querySelectorAll('.tab-bar')].filter((e) => e.scrollWidth > e.clientWidth).length")
        assert (outside, low) == (0, 0) and room >= -1, (path, outside, low, room)


def test_pages_can_be_told_apart_by_their_titles(signed_in, client, template):
    made = client.generate(template["id"], {"name": "N", "items": []}, output_format="docx")
    page, titles = signed_in(), []
    for path in ("/templates", "/templates/new", f"/templates/{template['id']}", f"/templates/{template['id']}/versions", f"/templates/{template['id']}/tokens",
                 "/history", f"/history/{made['id']}", "/deliveries", "/settings/developer", "/settings/developer/endpoints/new", "/settings/organization",
                 "/settings/fonts", "/settings/account"):
        page.goto(path)
        titles.append(page.title())
    assert len(set(titles)) == len(titles) and all(title.endswith(" · DocGenLab") and len(title) > 12 for title in titles), titles


def test_motion_stops_when_asked_to(signed_in):
    page = signed_in(reduced_motion="reduce")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<span class=\"badge badge-busy\">x</span>')")
    assert page.evaluate("getComputedStyle(document.querySelector('.badge-busy'), '::before').animationName") == "none"


def luminance(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme):
    """WCAG 2.2 §1.4.3: 4.5 to 1 for every pair of text and ground that the style uses."""
    with open(os.path.join(ROOT, "src/server/ui/assets/app.css"), encoding="utf-8") as fh:
        style = fh.read()
    block = re.search(r"color-scheme: %s;(.*?)\}" % scheme, style, re.S).group(1)
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
    pairs = [(text, ground) for text in ("ink", "ink-2", "ink-3", "accent", "accent-strong") for ground in ("bg", "surface", "inset")]
    pairs += [("accent-strong", "accent-soft"), ("on-accent", "accent"), ("on-accent", "accent-strong"), ("surface", "bad")]
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "bad", "warn")] + [("ink", f"{t}-soft") for t in ("good", "bad", "warn")]
    pairs += [("bad", "surface"), ("warn", "bg")]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < 4.5}
    assert weak == {}


def test_both_dark_sets_are_the_same():
    """CSS needs the dark colours twice: for the system's wish and for the person's."""
    with open(os.path.join(ROOT, "src/server/ui/assets/app.css"), encoding="utf-8") as fh:
        blocks = re.findall(r"color-scheme: dark;(.*?)\}", fh.read(), re.S)
    assert len(blocks) == 2
    assert blocks[0].split() == blocks[1].split()
