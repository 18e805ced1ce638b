"""The PDF as readers see it: text that comes out again, structure, navigation, metadata, archives."""

import sys

from docx import FONT, Rendered, p, run

STYLES = (
    '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr>'
    '</w:style><w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/><w:pPr>'
    '<w:outlineLvl w:val="1"/></w:pPr></w:style>'
)
NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
    '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/>'
    '<w:lvlText w:val="%2)"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)


def words(text):
    return " ".join(text.split())


def item(text, level=0):
    return p(text, extra=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>')


def test_ligatures_come_out_as_letters():
    run_props = '<w:rPr>' + FONT.format("Carlito") + '</w:rPr>'
    body = f"<w:p><w:r>{run_props}<w:t>office affluent fjord stuffing ti tt</w:t></w:r></w:p>"
    assert words(Rendered(body).text()) == "office affluent fjord stuffing ti tt"


def test_east_asian_text_comes_out():
    text = "請求書 合計金額 日本語 한국어 견적서 𠮷野家"
    assert words(Rendered(p(text)).text()) == text


def test_arabic_comes_out_in_reading_order():
    text = "فاتورة رقم عربي جديد"
    got = words(Rendered(f'<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>{text}</w:t></w:r></w:p>').text())
    marks = {0x202A: None, 0x202B: None, 0x202C: None, 0x200E: None, 0x200F: None}
    assert got.translate(marks).strip() == text, got


def test_an_arabic_ligature_means_its_letters_in_order():
    objects = Rendered('<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>سلام</w:t></w:r></w:p>').objects()
    assert "<06440627>" in objects


def test_combining_marks_and_emoji_come_out():
    text = "Ångström naïve e\u0301galite\u0301 ½ € ™"
    assert words(Rendered(p(text)).text()).replace("é", "e\u0301") == text.replace("é", "e\u0301")


def test_headings_lists_and_tables_are_tagged():
    cell = "<w:tc><w:tcPr>{1}</w:tcPr>{0}</w:tc>"
    table = (
        '<w:tbl><w:tblGrid><w:gridCol w:w="3000"/><w:gridCol w:w="3000"/></w:tblGrid>'
        "<w:tr><w:trPr><w:tblHeader/></w:trPr>" + cell.format(p("Item"), "") + cell.format(p("Price"), "") + "</w:tr>"
        "<w:tr>" + cell.format(p("Total") + p("net"), '<w:gridSpan w:val="2"/>') + "</w:tr></w:tbl>"
    )
    body = p("One", "H1") + p("Two", "H2") + item("first") + item("inner", 1) + item("second") + table + p("End")
    lines = [line.strip() for line in Rendered(body, styles=STYLES, numbering=NUMBERING).structure().splitlines()]
    roles = [line.split(" ")[0].rstrip(":") for line in lines if line and line[0] not in '"/']
    assert roles == (
        "Document H1 H2 L LI Lbl LBody L LI Lbl LBody LI Lbl LBody Table TR TH TH TR TD P P P".split()
    ), roles
    assert [line for line in lines if line[:1] == "/"] == [
        "/ListNumbering /Decimal", "/ListNumbering /LowerAlpha", "/Scope /Column", "/Scope /Column", "/ColSpan 2"
    ], lines
    texts = [line.strip('"') for line in lines if line[:1] == '"']
    assert texts == ["One", "Two", "1.", "first", "a)", "inner", "2.", "second", "Item", "Price", "Total", "net", "End"]


def test_a_paragraph_over_two_pages_is_one_element():
    long = "word " * 1500
    made = Rendered(p(long) + p("after"))
    roles = [line.split()[0] for line in made.structure().splitlines() if line.strip() and line.strip()[0] != '"']
    assert roles == ["Document", "P", "P"], roles
    assert "/MCR" in made.objects()


def test_headers_and_repeated_rows_are_artifacts():
    row = '<w:tr>{1}<w:tc>{0}</w:tc></w:tr>'
    table = '<w:tbl><w:tblGrid><w:gridCol w:w="3000"/></w:tblGrid>' + row.format(
        p("Heading row"), "<w:trPr><w:tblHeader/></w:trPr>"
    )
    table += "".join(row.format(p(f"row {i}"), "") for i in range(80)) + "</w:tbl>"
    made = Rendered(table + p("x"), header=p("Running title"))
    structure = made.structure()
    assert structure.count("Heading row") == 1 and made.text().count("Heading row") == 2
    assert "Running title" not in structure and made.text().count("Running title") == 2
    assert structure.count("TR") == 81


def test_footnotes_are_notes():
    note = '<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>small print</w:t></w:r></w:p></w:footnote>'
    body = '<w:p><w:r><w:t>text</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    structure = Rendered(body, footnotes=note).structure()
    assert "Note" in structure and "small print" in structure.split("Note")[1]


def test_links_lead_out_and_inside():
    body = (
        '<w:p><w:bookmarkStart w:id="1" w:name="top"/><w:r><w:t>Start</w:t></w:r></w:p>'
        '<w:p><w:hyperlink r:id="rIdL"><w:r><w:t>outside</w:t></w:r></w:hyperlink></w:p>'
        '<w:p><w:hyperlink w:anchor="top"><w:r><w:t>inside</w:t></w:r></w:hyperlink></w:p>'
        '<w:p><w:hyperlink r:id="rIdJ"><w:r><w:t>script</w:t></w:r></w:hyperlink></w:p>'
    )
    made = Rendered(
        body,
        rels={"rIdL": ("hyperlink", "https://example.com/a?b=1"), "rIdJ": ("hyperlink", "javascript:alert(1)")},
    )
    objects = made.objects()
    assert objects.count("/Subtype /Link") == 2 and "javascript" not in objects
    assert "(https://example.com/a?b=1)" in objects and "/XYZ" in objects
    assert objects.count("/OBJR") == 2 and objects.count("/StructParent ") == 2
    assert made.structure().count("Link") == 2


def test_outline_follows_headings():
    made = Rendered(p("A", "H1") + p("A1", "H2") + p("B", "H1"), styles=STYLES)
    objects = made.objects()
    assert objects.count("/Parent") >= 4 and "/Outlines" in objects and "/Title (A1)" in objects
    assert "/Count -1" in objects and "/Count 2" in objects


def test_metadata_is_in_info_and_xmp():
    core = "<dc:title>Offer &amp; más</dc:title><dc:creator>Ada</dc:creator><dc:language>es-ES</dc:language>"
    made = Rendered(p("x"), core=core)
    info = made.tool("pdfinfo", made.pdf)
    assert "Offer & más" in info and "Ada" in info
    data = made.bytes().decode("latin-1")
    assert "Offer &amp; m\xc3\xa1s" in data and "<rdf:li>Ada</rdf:li>" in data and "/Lang(es-ES)" in data
    assert "pdfaid:part" not in data and "/OutputIntents" not in data


def test_page_labels_follow_numbering():
    roman = '<w:pgNumType w:fmt="lowerRoman" w:start="1"/>'
    section = '<w:sectPr><w:pgSz w:w="12240" w:h="15840"/>{0}</w:sectPr>'
    body = (
        f'<w:p><w:pPr>{section.format(roman)}</w:pPr></w:p>'
        + p("x")
        + section.format('<w:pgNumType w:fmt="decimal" w:start="5"/>')
    )
    objects = Rendered(body).objects()
    assert "/PageLabels" in objects and "/St 5" in objects and "(i)" in objects


def test_archives_carry_their_colours():
    made = Rendered(p("x"), flags=("--pdf-a",))
    data = made.bytes().decode("latin-1")
    assert "<pdfaid:part>2</pdfaid:part>" in data and "/GTS_PDFA1" in data
    assert "/Type /Metadata" in made.objects()


def test_equal_input_gives_equal_bytes():
    body = p("One", "H1") + item("first") + p("請求書")
    first = Rendered(body, styles=STYLES, numbering=NUMBERING).bytes()
    assert first == Rendered(body, styles=STYLES, numbering=NUMBERING).bytes()


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
