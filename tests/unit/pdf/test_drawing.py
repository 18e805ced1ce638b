"""Drawings as they are seen: a pixel here and there of small documents. Points are counted from the page's corner."""

import struct
import sys
import zlib

from docx import NS, Rendered, anchored, inline, near, p, picture, run, shape, solid

LEFT, TOP = 72, 72  # of the text
TEXT = (
    '<wps:txbx><w:txbxContent><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t>inside</w:t></w:r></w:p>'
    "</w:txbxContent></wps:txbx>"
)
BLACK_LINE = '<a:ln w="25400"><a:solidFill><a:srgbClr val="000000"/></a:solidFill>{0}</a:ln>'


def seen(body, **more):
    """colour(x, y) of the first page, from the text's corner."""
    made = Rendered(body, **more)
    _, _, colour = made.pixels()
    return made, lambda x, y: colour(LEFT + x, TOP + y)


def assert_colours(colour, expected):
    for (x, y), wanted in expected.items():
        assert near(colour(x, y), wanted), f"({x}, {y}) is {colour(x, y)}, not {wanted}"


def test_presets_have_their_outlines():
    cases = {
        "ellipse": {(50, 50): "FF0000", (3, 3): "FFFFFF", (97, 97): "FFFFFF"},
        "triangle": {(50, 80): "FF0000", (10, 20): "FFFFFF"},
        "rightArrow": {(20, 50): "FF0000", (20, 10): "FFFFFF", (90, 50): "FF0000"},
        "donut": {(10, 50): "FF0000", (50, 50): "FFFFFF"},
        "star5": {(50, 50): "FF0000", (10, 10): "FFFFFF"},
        "frame": {(5, 50): "FF0000", (50, 50): "FFFFFF"},
        "wedgeRectCallout": {(50, 50): "FF0000"},
        "flowChartDecision": {(50, 50): "FF0000", (10, 10): "FFFFFF"},
        "chevron": {(60, 50): "FF0000", (10, 50): "FFFFFF"},
    }
    for preset, expected in cases.items():
        made, colour = seen(shape(preset, width=100, height=100))
        assert "warning" not in made.notes, (preset, made.notes)
        assert_colours(colour, expected)


def test_an_adjustment_moves_the_outline():
    _, colour = seen(shape("roundRect", width=100, height=100, avs='<a:gd name="adj" fmla="val 50000"/>'))
    assert_colours(colour, {(50, 50): "FF0000", (5, 5): "FFFFFF"})


def test_an_unknown_preset_is_a_box_with_a_warning():
    made, colour = seen(shape("gear9", width=100, height=100))
    assert "drawn as its box" in made.notes
    assert_colours(colour, {(2, 2): "FF0000"})


def test_custom_geometry_is_drawn():
    geometry = (
        '<a:custGeom><a:avLst/><a:gdLst><a:gd name="half" fmla="*/ w 1 2"/></a:gdLst><a:pathLst><a:path>'
        '<a:moveTo><a:pt x="0" y="0"/></a:moveTo><a:lnTo><a:pt x="half" y="0"/></a:lnTo>'
        '<a:lnTo><a:pt x="half" y="b"/></a:lnTo><a:lnTo><a:pt x="0" y="b"/></a:lnTo><a:close/></a:path></a:pathLst>'
        "</a:custGeom>"
    )
    _, colour = seen(shape("", width=100, height=100, geometry=geometry))
    assert_colours(colour, {(25, 50): "FF0000", (75, 50): "FFFFFF"})


def test_gradients_run_and_fade():
    stops = '<a:gs pos="0"><a:srgbClr val="FF0000"/></a:gs><a:gs pos="100000"><a:srgbClr val="0000FF"/></a:gs>'
    fill = f'<a:gradFill><a:gsLst>{stops}</a:gsLst><a:lin ang="0"/></a:gradFill>'
    made, colour = seen(shape("rect", fill=fill, width=100, height=50))
    assert colour(5, 25)[0] > 230 and colour(95, 25)[2] > 230 and "warning" not in made.notes
    faded = fill.replace('val="0000FF"/>', 'val="0000FF"><a:alpha val="0"/></a:srgbClr>')
    _, colour = seen(shape("rect", fill=faded, width=100, height=50))
    assert min(colour(98, 25)) > 230


def test_a_transparent_fill_lets_through():
    fill = '<a:solidFill><a:srgbClr val="FF0000"><a:alpha val="50000"/></a:srgbClr></a:solidFill>'
    _, colour = seen(shape("ellipse", fill=fill, width=100, height=100))
    assert_colours(colour, {(50, 50): "FF8080"})


def test_lines_have_dashes_and_ends():
    line = BLACK_LINE.format('<a:prstDash val="lgDash"/><a:tailEnd type="triangle"/>')
    made, colour = seen(shape("line", fill="", width=100, height=0, line=line))
    assert near(colour(94, -2), "000000", 80) or near(colour(94, 1), "000000", 80)
    assert "]0 d" in made.objects().replace("] 0 d", "]0 d")


def test_a_turned_shape_turns_with_its_text():
    xfrm = '<a:xfrm rot="5400000"><a:off x="0" y="0"/><a:ext cx="1270000" cy="254000"/></a:xfrm>'
    made, colour = seen(shape("rect", width=100, height=20, xfrm=xfrm, body=TEXT))
    assert_colours(colour, {(50, 45): "FF0000", (10, 10): "FFFFFF"})
    assert "inside" in made.text()


def test_a_line_makes_room_for_what_reaches_beyond_a_drawing():
    body = shape("rect", width=100, height=50) + shape("rect", fill="0000FF", width=100, height=50)
    extent = '<wp:effectExtent l="127000" t="254000" r="0" b="127000"/><wp:docPr'
    _, colour = seen(body.replace("<wp:docPr", extent, 1))
    assert_colours(
        colour,
        {(5, 45): "FFFFFF", (15, 45): "FF0000", (105, 45): "FF0000", (50, 15): "FFFFFF", (50, 78): "FFFFFF", (50, 85): "0000FF"},
    )


PART = (
    '<wps:wsp><wps:spPr><a:xfrm><a:off x="{0}" y="0"/><a:ext cx="100" cy="100"/></a:xfrm>'
    '<a:prstGeom prst="rect"/><a:solidFill><a:srgbClr val="{1}"/></a:solidFill></wps:spPr>{2}<wps:bodyPr/></wps:wsp>'
)


def group(*parts):
    return (
        '<wpg:wgp><wpg:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="300" cy="100"/><a:chOff x="0" y="0"/>'
        f'<a:chExt cx="300" cy="100"/></a:xfrm></wpg:grpSpPr>{"".join(PART.format(*part) for part in parts)}</wpg:wgp>'
    )


def test_groups_place_their_parts():
    made, colour = seen(inline(group((0, "FF0000", TEXT), (200, "0000FF", "")), 150, 50))
    assert_colours(colour, {(25, 40): "FF0000", (75, 25): "FFFFFF", (125, 25): "0000FF"})
    assert "inside" in made.text() and "warning" not in made.notes


def test_of_two_groups_in_one_frame_the_last_counts():
    """The first one's parts are more than the second has room for."""
    made, colour = seen(inline(group(*[(0, "FF0000", "")] * 300) + group((200, "0000FF", "")), 150, 50))
    assert_colours(colour, {(25, 40): "FFFFFF", (75, 25): "FFFFFF", (125, 25): "0000FF"})
    assert "warning" not in made.notes


def test_groups_in_groups_end():
    body = "<wpg:grpSp>" * 60 + "</wpg:grpSp>" * 60
    made = Rendered(inline(f"<wpg:wgp>{body}</wpg:wgp>") + p("after"))
    assert "nested very deeply" in made.notes and "after" in made.text()


def test_watermarks_of_words_lie_behind():
    mark = (
        '<w:p><w:r><w:pict><v:shape type="#_x0000_t136" style="position:absolute;width:300pt;height:75pt;'
        "rotation:315;z-index:-1;mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
        'mso-position-vertical:center;mso-position-vertical-relative:margin" fillcolor="silver" stroked="f">'
        '<v:fill opacity=".5"/><v:textpath style="font-family:Carlito" string="DRAFT"/></v:shape></w:pict></w:r></w:p>'
    )
    made = Rendered(p("Body"), header=mark)
    assert "warning" not in made.notes and set("DRAFT") <= set(made.text())
    assert "DRAFT" not in made.structure()
    width, height, colour = made.pixels()
    gray = [
        1
        for x in range(width // 4, width * 3 // 4, 4)
        for y in range(height // 4, height * 3 // 4, 4)
        if near(colour(x, y), "DFDFDF", 6)
    ]
    assert len(gray) > 20, len(gray)


def test_vml_shapes_and_groups():
    body = (
        '<w:p><w:r><w:pict><v:group style="width:100pt;height:50pt" coordsize="200,100">'
        '<v:oval style="left:0;top:0;width:100;height:100" fillcolor="red" stroked="f"/>'
        '<v:shape style="left:100;top:0;width:100;height:100" coordsize="10,10" path="m0,0l10,0,10,10,0,10xe" '
        'fillcolor="blue" stroked="f"/></v:group></w:pict></w:r></w:p>'
    )
    made, colour = seen(body)
    assert_colours(colour, {(25, 25): "FF0000", (2, 2): "FFFFFF", (75, 25): "0000FF"})
    assert "warning" not in made.notes


def test_diagrams_are_drawn_by_the_shapes_beside_their_data():
    shape_part = (
        '<dsp:sp><dsp:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="635000" cy="635000"/></a:xfrm>'
        '<a:prstGeom prst="rect"/><a:solidFill><a:srgbClr val="FF0000"/></a:solidFill></dsp:spPr><dsp:txBody>'
        '<a:bodyPr anchor="b"/><a:p><a:pPr algn="ctr"/><a:r><a:rPr sz="800" b="1"/><a:t>Step</a:t></a:r></a:p>'
        "</dsp:txBody></dsp:sp>"
    )
    parts = {
        "word/d.xml": f'<dgm:dataModel {NS}><a:ext><dsp:dataModelExt relId="rIdG"/></a:ext></dgm:dataModel>',
        "word/g.xml": f"<dsp:drawing {NS}><dsp:spTree><dsp:grpSpPr/>{shape_part}</dsp:spTree></dsp:drawing>",
    }
    body = inline('<dgm:relIds r:dm="rIdD"/>', 100, 50)
    made, colour = seen(body, parts=parts, rels={"rIdD": ("diagramData", "d.xml"), "rIdG": ("diagramDrawing", "g.xml")})
    assert_colours(colour, {(25, 10): "FF0000", (75, 25): "FFFFFF"})
    assert "Step" in made.text() and "warning" not in made.notes
    assert "SmartArt diagram is left out" in Rendered(body).notes


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{0}</svg>'


def svg(content, root=SVG, **more):
    return seen(
        picture("rIdP", 100, 100), parts={"word/a.svg": root.format(content)}, rels={"rIdP": ("image", "a.svg")}, **more
    )


def test_svg_is_vectors():
    made, colour = svg(
        '<style>.k{{fill:#00f}}</style><rect width="50" height="50" fill="red"/>'
        '<g transform="translate(50 50)"><circle class="k" cx="25" cy="25" r="25"/></g>'
        '<path d="M50 0h50v50h-50z" style="fill:rgb(0,255,0)"/><text x="2" y="90" font-size="10">Words</text>'.replace(
            "{{", "{"
        ).replace("}}", "}")
    )
    assert_colours(colour, {(25, 25): "FF0000", (75, 75): "0000FF", (75, 25): "00FF00", (52, 52): "FFFFFF"})
    assert "Words" in made.text() and "warning" not in made.notes and "/Image" not in made.objects()


def test_svg_arcs_clips_use_and_gradients():
    made, colour = svg(
        '<defs><clipPath id="c"><rect width="50" height="100"/></clipPath><linearGradient id="g" x2="0" y2="1">'
        '<stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient></defs>'
        '<path clip-path="url(#c)" d="M0 50a50 50 0 01100 0z"/>'
        '<rect id="r" y="60" width="20" height="40" fill="url(#g)"/><use href="#r" x="40"/>'
    )
    assert_colours(colour, {(40, 30): "000000", (60, 30): "FFFFFF"})
    for x in (10, 50):
        assert colour(x, 62)[0] > 220 and colour(x, 98)[2] > 220
    assert "warning" not in made.notes


def test_places_in_shares_of_the_page():
    """As Word's cover pages are placed: pctPosHOffset and pctPosVOffset, in thousandths of a per cent."""
    drawn = anchored(solid("FF0000"), size=(100, 50)).replace("<wp:posOffset>0</wp:posOffset>", "{}")
    wp14 = 'xmlns:wp14="http://schemas.microsoft.com/office/word/2010/wordprocessingDrawing"'
    h, v = (f"<wp14:pctPos{axis}Offset {wp14}>{share}</wp14:pctPos{axis}Offset>" for axis, share in (("H", 25000), ("V", 50000)))
    made = Rendered("<w:p>" + drawn.format(h, v) + "</w:p>")
    colour = made.pixels()[2]
    assert_colours(colour, {(155, 398): "FF0000", (251, 444): "FF0000", (151, 398): "FFFFFF", (155, 394): "FFFFFF"})


def test_shadows():
    effect = (
        '<a:effectLst><a:outerShdw dist="254000" dir="{0}" {1}><a:srgbClr val="0000FF">{2}</a:srgbClr></a:outerShdw></a:effectLst>'
    )
    below = effect.format(5400000, "", "")  # 20 points down
    made, colour = seen(shape("rect", width=100, height=50, line=below) + p(""))
    assert_colours(colour, {(50, 25): "FF0000", (50, 60): "0000FF", (50, 69): "0000FF", (50, 72): "FFFFFF", (50, 49): "FF0000"})
    assert "warning" not in made.notes
    half = effect.format(0, "", '<a:alpha val="50000"/>')  # to the right, half seen
    _, colour = seen(shape("ellipse", width=100, height=50, line=half))
    assert_colours(colour, {(110, 25): "8080FF", (50, 25): "FF0000", (3, 3): "FFFFFF"})
    blurred = effect.format(0, 'blurRad="254000"', "")
    _, colour = seen(shape("rect", width=100, height=50, line=blurred))
    shades = [colour(x, 25)[0] for x in (105, 112, 118, 124, 129, 132)]  # from 110 to 130, densest in the middle
    assert shades == sorted(shades) and shades[0] < 20 and 80 < shades[2] < 180 and shades[-1] > 250, shades
    image = picture("rIdP", 100, 50, xfrm=below)
    _, colour = seen(image, parts={"word/a.png": png(2, b"\xff\0\0")}, rels={"rIdP": ("image", "a.png")})
    assert_colours(colour, {(50, 25): "FF0000", (50, 60): "0000FF"})
    made, _ = seen(shape("rect", line='<a:effectLst><a:glow rad="1"><a:srgbClr val="0000FF"/></a:glow></a:effectLst>'))
    assert "effect is left out" in made.notes


def test_svg_texts_of_several_looks():
    look = 'font-size="10" font-family="Liberation Sans"'
    made, colour = svg(
        f'<text x="5" y="20" {look}>One <tspan font-weight="bold" fill="red">two</tspan> three</text>'
        f'<text x="50" y="40" text-anchor="middle" {look}>mi<tspan font-weight="bold">dd</tspan>le</text>'
        f'<text x="95" y="60" text-anchor="end" {look}>ri<tspan fill="blue">ght</tspan></text>'
        f'<text x="5" y="80" {look}>a<tspan dx="30" dy="10">b</tspan></text>'
        f'<text x="60" y="80" dominant-baseline="hanging" {look}>low</text>'
    )
    assert "warning" not in made.notes
    assert "One two three" in made.text() and "middle" in made.text() and "right" in made.text()
    boxes = {word: box for word, box in made.words()}
    left, top = 72, 72  # of the picture
    assert abs((boxes["middle"][0] + boxes["middle"][2]) / 2 - left - 50) < 0.5
    assert abs(boxes["right"][2] - left - 95) < 0.5 and abs(boxes["One"][0] - left - 5) < 0.5
    assert abs(boxes["b"][0] - boxes["a"][2] - 30) < 0.5 and abs(boxes["b"][1] - boxes["a"][1] - 10) < 0.5
    assert boxes["low"][1] > boxes["a"][1] + 6


def test_svg_gradients_of_user_space_are_measured_by_the_view():
    stops = '<stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/>'
    for places, left, right in (
        ("", (60, 50), (95, 50)),  # from 0 to 100 %
        ('x1="0%" x2="50%"', (3, 50), (55, 50)),
        ('x1="50" x2="100"', (45, 50), (97, 50)),
    ):
        made, colour = svg(
            f'<defs><linearGradient id="g" gradientUnits="userSpaceOnUse" {places}>{stops}</linearGradient></defs>'
            '<rect x="0" width="100" height="100" fill="url(#g)"/>'
        )
        assert colour(*left)[0] > 95 and colour(*right)[2] > 225, (places, colour(*left), colour(*right))
    made, colour = svg(
        f'<defs><radialGradient id="g" gradientUnits="userSpaceOnUse" cx="50%" cy="50%" r="25%">{stops}</radialGradient></defs>'
        '<rect width="100" height="100" fill="url(#g)"/>'
    )
    assert colour(50, 50)[0] > 220 and near(colour(80, 50), "0000FF") and near(colour(50, 20), "0000FF")


def png(color, pixels, depth=8, extra=b""):
    """A PNG one row high."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width = len(pixels) * 8 // depth // {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    head = struct.pack(">IIBBBBB", width, 1, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(b"\0" + pixels)) + chunk(b"IEND", b"")


def test_brightness_and_contrast_of_pictures():
    palette = b"\0\0\0\x06PLTE\0\0\0\xff\0\0"
    palette += struct.pack(">I", zlib.crc32(palette[4:]))
    files = {  # a black and a red (or gray) half
        "rgb": png(2, b"\0\0\0\xff\0\0"),
        "alpha": png(6, b"\0\0\0\xff\xff\0\0\xff"),
        "palette": png(3, b"\0\1", extra=palette),
        "gray": png(0, b"\0\x80"),
    }
    wash = '<a:lum bright="70000" contrast="-70000"/>'
    for kind, data in files.items():
        plain = picture("rIdP", 100, 50) + picture("rIdP", 100, 50, blip=wash)
        made, colour = seen(plain, parts={"word/a.png": data}, rels={"rIdP": ("image", "a.png")})
        assert "warning" not in made.notes
        right, washed = ("808080", "D9D9D9") if kind == "gray" else ("FF0000", "FFB2B2")
        assert_colours(colour, {(10, 25): "000000", (90, 25): right, (10, 85): "B2B2B2", (90, 85): washed})
    strong = picture("rIdP", 100, 50, blip='<a:lum contrast="60000"/>')
    _, colour = seen(strong, parts={"word/a.png": png(0, b"\x50\xb0")}, rels={"rIdP": ("image", "a.png")})
    assert_colours(colour, {(10, 25): "080808", (90, 25): "F7F7F7"})
    mark = (
        '<w:p><w:r><w:pict><v:shape style="width:100pt;height:50pt"><v:imagedata r:id="rIdP" gain="19661f" '
        'blacklevel="22938f"/></v:shape></w:pict></w:r></w:p>'
    )
    _, colour = seen(mark, parts={"word/a.png": files["rgb"]}, rels={"rIdP": ("image", "a.png")})
    assert_colours(colour, {(10, 25): "B2B2B2", (90, 25): "FFB2B2"})


def test_hostile_svg_ends():
    uses = '<g id="a0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="a{i}">' + f'<use href="#a{i - 1}"/>' * 10 + "</g>" for i in range(1, 12)
    )
    made, _ = svg(uses + '<use href="#a11"/>')
    assert len(made.bytes()) < 4_000_000
    svg('<g id="x"><use href="#x"/></g>')
    svg("<g>" * 200 + "</g>" * 200)
    made, _ = svg('<path d="M0 0' + "L1e300 -1e300 " * 1000 + '"/><rect width="nan" height="inf" rx="-1"/>')
    made, _ = svg('<!ENTITY x "y">')
    assert "SVG" in made.notes


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
