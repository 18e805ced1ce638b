"""What lies before and behind the text, and over one another: pixels of small documents."""

import re
import sys

from docx import Rendered, anchored, near, p, run, solid

BLOCKS = '<w:p><w:r><w:rPr><w:sz w:val="80"/></w:rPr><w:t>\u2588\u2588\u2588</w:t></w:r></w:p>'  # black, 40 points tall


def at(made, x, y, page=1):
    return made.pixels(page)[2](x, y)


def test_the_higher_one_covers_the_lower_whatever_comes_first():
    red, blue = solid("FF0000"), solid("0000FF")
    for first, second, seen in ((2, 1, "FF0000"), (1, 2, "0000FF"), (5, 5, "0000FF")):
        body = anchored(red, (100, 100), height=first) + anchored(blue, (130, 110), height=second)
        made = Rendered(f"<w:p>{body}</w:p>")
        assert near(at(made, 150, 130), seen), (first, second, at(made, 150, 130))


def test_heights_beyond_what_word_writes():
    red, blue = solid("FF0000"), solid("0000FF")
    for first, second, seen in (
        ((1 << 32) + 5, 7, "FF0000"), (7, (1 << 32) + 5, "0000FF"), (1 << 32, (1 << 32) - 2, "FF0000"), (10**30, 7, "FF0000"),
        (-5, 1, "0000FF"), (1, -5, "FF0000"), (-5, -9, "0000FF"), ("", 1, "0000FF"), ("x", 1, "0000FF"),
    ):  # fmt: skip
        body = anchored(red, (100, 100), height=first) + anchored(blue, (130, 110), height=second)
        assert near(at(Rendered(f"<w:p>{body}</w:p>"), 150, 130), seen), (first, second)


def test_thousands_of_drawings_on_a_page():
    colours = {0: "FF0000", 2500: "0000FF", 4999: "00FF00"}
    for behind, order in ((0, range(5000)), (1, range(5000, 0, -1))):
        body = "".join(
            anchored(solid(colours.get(i, "000000")), (100, 100), height=height, behind=behind) for i, height in enumerate(order)
        )
        made = Rendered(f"<w:p>{body}</w:p>")
        assert near(at(made, 150, 130), "FF0000" if behind else "00FF00") and made.notes.startswith("1 pages"), made.notes


def test_over_paragraphs_too():
    body = f"<w:p>{anchored(solid('FF0000'), (100, 100), height=9)}</w:p><w:p>{anchored(solid('0000FF'), (130, 110))}</w:p>"
    assert near(at(Rendered(body), 150, 130), "FF0000")


def test_before_the_text_also_where_the_text_comes_later():
    for behind, seen in ((0, "FF0000"), (1, "000000")):
        body = f"<w:p>{anchored(solid('FF0000'), (72, 72), (200, 100), behind=behind)}</w:p>"
        assert near(at(Rendered(body + BLOCKS), 85, 105), seen), behind


def test_behind_the_text_they_have_an_order_too():
    for first, second, seen in ((2, 1, "FF0000"), (1, 2, "0000FF")):
        body = anchored(solid("FF0000"), (100, 100), height=first, behind=1) + anchored(
            solid("0000FF"), (130, 110), height=second, behind=1
        )
        assert near(at(Rendered(f"<w:p>{body}</w:p>"), 150, 130), seen)


def test_the_body_lies_over_what_headers_have_before_their_text():
    header = f"<w:p>{anchored(solid('FF0000'), (72, 72), (200, 100), height=99)}</w:p>"
    made = Rendered(BLOCKS + f"<w:p>{anchored(solid('0000FF'), (200, 100), behind=1)}</w:p>", header=header)
    assert near(at(made, 85, 105), "000000") and near(at(made, 220, 140), "0000FF") and near(at(made, 120, 160), "FF0000")
    behind = f"<w:p>{anchored(solid('FF0000'), (72, 36), (200, 60), behind=1)}</w:p>"
    made = Rendered(p("body"), header=BLOCKS + behind)
    assert near(at(made, 85, 60), "000000")


def test_vml_stands_in_the_same_order():
    square = (
        '<w:r><w:pict><v:rect style="position:absolute;margin-left:58pt;margin-top:38pt;width:60pt;height:40pt;'
        'z-index:{0}" fillcolor="blue" stroked="f"/></w:pict></w:r>'
    )
    for z, seen in ((5, "0000FF"), (1, "FF0000")):
        body = f"<w:p>{square.format(z)}{anchored(solid('FF0000'), (100, 100), height=3)}</w:p>"
        assert near(at(Rendered(body), 150, 130), seen), z
    for z, seen in ((10**30, "0000FF"), (1 << 31, "0000FF"), (0, "FF0000"), ("none", "FF0000")):
        body = f"<w:p>{square.format(z)}{anchored(solid('FF0000'), (100, 100), height=3)}</w:p>"
        assert near(at(Rendered(body), 150, 130), seen), z
    for z in (-(1 << 31), -(10**30)):  # the lowest of what lies behind
        body = f"<w:p>{square.format(z)}{anchored(solid('FF0000'), (100, 100), behind=1)}</w:p>"
        assert near(at(Rendered(body), 150, 130), "FF0000"), z
    for height, seen in ((5, "0000FF"), (1, "FF0000")):  # behind the text, as Word writes one height in both ways
        body = f"<w:p>{square.format(height - 503316480)}{anchored(solid('FF0000'), (100, 100), height=3, behind=1)}</w:p>"
        assert near(at(Rendered(body), 150, 130), seen), height


def test_what_the_page_places_stays_when_the_text_is_centred():
    section = (
        '<w:sectPr><w:pgSz w:w="12240" w:h="15840"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440"'
        ' w:header="720" w:footer="720"/><w:vAlign w:val="center"/></w:sectPr>'
    )
    made = Rendered(f"<w:p>{anchored(solid('FF0000'), (100, 100))}</w:p>{section}")
    assert near(at(made, 120, 120), "FF0000")
    made = Rendered(f"<w:p>{anchored(solid('FF0000'), (0, 0), relative='paragraph')}</w:p>{section}")
    assert near(at(made, 120, 410), "FF0000")


def test_readers_meet_a_box_in_its_paragraph():
    body = (
        f"<w:p>{anchored(solid('FF0000', 'in the box'), (300, 100), height=9, text='beside it')}</w:p>"
        + p("the next paragraph")
    )
    made = Rendered(p("before") + body)
    texts = re.findall(r'"([^"]+)"', made.structure())
    assert [t.strip() for t in texts] == ["before", "in the box", "beside it", "the next paragraph"], made.structure()


def test_links_of_drawings_stay_links():
    link = '<wp:docPr id="1" name="d"><a:hlinkClick r:id="rIdL"/></wp:docPr>'
    for behind in (0, 1):
        body = anchored(solid("FF0000"), (100, 100), behind=behind).replace('<wp:docPr id="1" name="d"/>', link)
        made = Rendered(f"<w:p>{body}</w:p>", rels={"rIdL": ("hyperlink", "https://example.com/x")})
        assert made.objects().count("/URI (https://example.com/x)") == 1, made.objects()


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
