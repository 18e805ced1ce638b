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


def test_a_shadow_may_be_stretched_and_slanted():
    """About its point of the box: here the middle of the bottom, so that it lies on the ground."""
    effect = '<a:effectLst><a:outerShdw sy="50000" {0}><a:srgbClr val="0000FF"/></a:outerShdw></a:effectLst>'
    top = 5 * 11.5
    body = p("") * 5 + shape("rect", width=100, height=40, line=effect.format('sx="120000" algn="b"'))
    made, colour = seen(body)
    assert "warning" not in made.notes
    assert_colours(colour, {(105, top + 35): "0000FF", (105, top + 15): "FFFFFF", (115, top + 35): "FFFFFF"})
    _, colour = seen(p("") * 5 + shape("rect", width=100, height=40, line=effect.format('kx="-2700000" algn="b"')))
    assert_colours(colour, {(105, top + 35): "0000FF", (112, top + 35): "FFFFFF", (115, top + 22): "0000FF"})


THEME = (
    f"<a:theme {NS}><a:themeElements><a:fmtScheme><a:fillStyleLst><a:solidFill><a:schemeClr val='phClr'/></a:solidFill><a:gradFill>"
    "<a:gsLst><a:gs pos='0'><a:schemeClr val='phClr'/></a:gs><a:gs pos='100000'><a:srgbClr val='000000'/></a:gs></a:gsLst><a:lin ang='0'/>"
    "</a:gradFill></a:fillStyleLst><a:lnStyleLst><a:ln w='127000'><a:solidFill><a:schemeClr val='phClr'/></a:solidFill></a:ln>"
    "</a:lnStyleLst><a:effectStyleLst><a:effectStyle><a:effectLst/></a:effectStyle><a:effectStyle><a:effectLst><a:outerShdw "
    "dist='254000' dir='5400000'><a:schemeClr val='phClr'/></a:outerShdw></a:effectLst></a:effectStyle><a:effectStyle><a:effectLst/>"
    "<a:sp3d><a:bevelT/></a:sp3d></a:effectStyle></a:effectStyleLst></a:fmtScheme></a:themeElements></a:theme>"
)


def themed(refs, own="", body=""):
    graphic = f'<wps:wsp><wps:spPr><a:prstGeom prst="rect"/>{own}</wps:spPr><wps:style>{refs}</wps:style>{body}<wps:bodyPr/></wps:wsp>'
    return seen(inline(graphic, 100, 50), parts={"word/theme1.xml": THEME}, rels={"rIdT": ("theme", "theme1.xml")})


def ref(name, index, color):
    return f'<a:{name}Ref idx="{index}"><a:srgbClr val="{color}"/></a:{name}Ref>'


def test_shapes_take_fill_line_and_effects_from_the_theme():
    made, colour = themed(ref("ln", 1, "00FF00") + ref("fill", 2, "FF0000") + ref("effect", 2, "0000FF"))
    assert "warning" not in made.notes
    assert colour(10, 25)[0] > 200 and colour(90, 25)[0] < 60  # the gradient
    assert_colours(colour, {(3, 25): "00FF00", (97, 25): "00FF00", (50, 62): "0000FF"})
    made, colour = themed(ref("fill", 1, "FF0000") + ref("effect", 2, "0000FF"), "<a:effectLst/>")  # says that it has none
    assert_colours(colour, {(50, 25): "FF0000", (50, 62): "FFFFFF"})
    made, _ = themed(ref("effect", 3, "0000FF"))
    assert "effect is left out" in made.notes
    made, colour = themed(ref("fill", 1, "FF0000") + '<a:fontRef idx="minor"><a:srgbClr val="00FF00"/></a:fontRef>', body=TEXT.replace("inside", "████"))
    assert_colours(colour, {(50, 10): "00FF00"})


def test_a_canvas_has_a_ground():
    made, colour = seen(
        inline(
            '<wpc:wpc><wpc:bg><a:solidFill><a:srgbClr val="FFFF00"/></a:solidFill></wpc:bg><wpc:whole/><wps:wsp><wps:spPr><a:xfrm>'
            '<a:off x="0" y="0"/><a:ext cx="635000" cy="635000"/></a:xfrm><a:prstGeom prst="rect"/><a:solidFill><a:srgbClr val="FF0000"/>'
            "</a:solidFill></wps:spPr><wps:bodyPr/></wps:wsp></wpc:wpc>",
            100,
            50,
        )
    )
    assert "warning" not in made.notes
    assert_colours(colour, {(25, 25): "FF0000", (75, 25): "FFFF00", (105, 25): "FFFFFF"})


def test_a_group_that_does_not_say_its_size():
    part = PART.format(0, "FF0000", "").replace('cx="100" cy="100"', 'cx="635000" cy="635000"')
    bare = f'<wpg:wgp><wpg:grpSpPr><a:xfrm><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></wpg:grpSpPr>{part}</wpg:wgp>'
    _, colour = seen(inline(bare, 100, 50))
    assert_colours(colour, {(25, 25): "FF0000", (75, 25): "FFFFFF"})


def test_a_simple_place_is_counted_from_the_page():
    body = anchored(solid("FF0000"), (200, 200)).replace('behindDoc="0"', 'behindDoc="0" simplePos="1"')
    made, colour = seen(f"<w:p>{body}</w:p>".replace("<wp:positionH", '<wp:simplePos x="0" y="1270000"/><wp:positionH', 1))
    assert_colours(colour, {(20 - LEFT, 120 - TOP): "FF0000", (220 - LEFT, 220 - TOP): "FFFFFF"})


def linked(first, later, text):
    """A text of words through two boxes of 100 by 30 points, one below the other."""
    box = (
        '<wps:wsp><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="1270000" cy="381000"/></a:xfrm><a:prstGeom prst="rect"/></wps:spPr>'
        '{0}<wps:bodyPr lIns="0" tIns="0" rIns="0" bIns="0"/></wps:wsp>'
    )
    holding = f'<wps:txbx {first}><w:txbxContent>{"".join(p(word) for word in text)}</w:txbxContent></wps:txbx>'
    runs = [anchored(box.format(part), at, (100, 30)) for part, at in ((holding, (100, 100)), (f"<wps:linkedTxbx {later}/>", (100, 300)))]
    return seen(f'<w:p>{"".join(runs)}</w:p>')


def test_a_text_flows_through_linked_boxes():
    made, _ = linked('id="7"', 'id="7" seq="1"', ("one", "two", "three", "four"))
    places = {word: box[1] for word, box in made.words()}
    assert places["one"] < places["two"] < 130 and 300 <= places["three"] < places["four"] < 330, places
    assert made.text().count("three") == 1
    made, _ = linked('id="7"', 'id="8" seq="1"', ("one", "two", "three", "four"))  # of another text
    assert all(box[1] < 160 for _, box in made.words())


def vml(style="", inside="", attributes='fillcolor="red" stroked="f"', name="rect"):
    return (
        f'<w:p><w:r><w:pict><v:{name} style="width:100pt;height:50pt;{style}" {attributes}>{inside}</v:{name}></w:pict></w:r></w:p>'
    )


def test_vml_text_lies_as_its_box_says():
    text = f"<w:txbxContent>{p('inside')}</w:txbxContent>"

    def place(style="", box=""):
        made, _ = seen(vml(style, f"<v:textbox {box}>{text}</v:textbox>"))
        assert "warning" not in made.notes
        (word, at), = made.words()
        return at[0] - LEFT, at[1] - TOP, at[2] - LEFT, at[3] - TOP

    usual, none = place(), place(box='inset="0,0,0,0"')
    assert abs(usual[0] - none[0] - 7.2) < 0.1 and abs(usual[1] - none[1] - 3.6) < 0.1
    partly = place(box='inset=",10mm"')
    assert abs(partly[0] - usual[0]) < 0.1 and abs(partly[1] - none[1] - 28.35) < 0.1
    assert 19 < place("v-text-anchor:middle")[1] < 20 and place("v-text-anchor:bottom-center")[1] > 30
    down, up = place(box='style="layout-flow:vertical"'), place(box='style="layout-flow:vertical;mso-layout-flow-alt:bottom-to-top"')
    assert down[3] - down[1] > down[2] - down[0] and down[0] > 80 and up[0] < 20
    made, _ = seen(vml(inside=f'<v:textbox style="layout-flow:vertical-ideographic">{text}</v:textbox>'))
    assert "vertical text" in made.notes


def test_a_text_flows_through_linked_boxes_of_vml():
    first = vml(inside=f'<v:textbox style="mso-next-textbox:#b" inset="0,0,0,0"><w:txbxContent>{p("one") + p("two") * 3 + p("five")}</w:txbxContent></v:textbox>', attributes='id="a"')
    second = vml(inside='<v:textbox style="mso-next-textbox:#b" inset="0,0,0,0"><w:txbxContent/></v:textbox>', attributes='id="b"')
    made, _ = seen(first + second)
    places = {word: box[1] - TOP for word, box in made.words()}
    assert 0 <= places["one"] < 10 and 48 < places["five"] < 60 and "warning" not in made.notes, places
    made, _ = seen(second + first)  # the second one stands first
    places = {word: box[1] - TOP for word, box in made.words()}
    assert 0 <= places["five"] < 10 and 48 < places["one"] < 65, places


def test_vml_lines_are_mirrored():
    def line(style, ends):
        made, colour = seen(
            f'<w:p><w:r><w:pict><v:line style="position:absolute;{style}" {ends} strokeweight="6pt"/></w:pict></w:r></w:p>'
        )
        return near(colour(10, 10), "000000")

    assert line("", 'from="0,0" to="100pt,100pt"') and not line("flip:x", 'from="0,0" to="100pt,100pt"')
    assert not line("", 'from="100pt,0" to="0,100pt"') and line("flip:x", 'from="100pt,0" to="0,100pt"')


def test_vml_effects_are_drawn_or_told():
    made, colour = seen(vml(inside='<v:shadow on="t" color="blue" offset="10pt,20pt"/>'))
    assert "warning" not in made.notes
    assert_colours(colour, {(50, 25): "FF0000", (50, 65): "0000FF", (105, 65): "0000FF", (5, 65): "FFFFFF"})
    made, colour = seen(vml(inside='<v:shadow color="blue" offset="10pt,20pt"/>'))
    assert_colours(colour, {(50, 65): "FFFFFF"})
    assert "effect is left out" in seen(vml(inside='<v:shadow on="t" type="perspective"/>'))[0].notes
    assert "effect is left out" in seen(vml(inside='<o:extrusion on="t"/>'))[0].notes
    assert "unknown kind" in seen(vml(name="curve"))[0].notes
    words = '<v:textpath style="font-family:Carlito" string="BENT"/>'
    assert "bent text" in seen(vml(inside=words, attributes='type="#_x0000_t144" stroked="f"', name="shape"))[0].notes
    assert "bent text" not in seen(vml(inside=words, attributes='type="#_x0000_t136" stroked="f"', name="shape"))[0].notes
    _, colour = seen(vml("visibility:hidden"))
    assert_colours(colour, {(50, 25): "FFFFFF"})


def test_looks_of_text_that_are_not_drawn_are_told():
    def told(props, body="x"):
        return "text effect is left out" in Rendered(f"<w:p><w:r><w:rPr>{props}</w:rPr><w:t>{body}</w:t></w:r></w:p>").notes

    for effect in ("glow", "shadow", "reflection", "props3d"):
        assert told(f"<w14:{effect}/>"), effect
        assert not told(f"<w14:{effect}/>", body=""), effect
    assert told('<w:em w:val="dot"/>') and not told('<w:em w:val="none"/>')
    assert told('<w:eastAsianLayout w:combine="1"/>')
    outline = '<w14:textOutline w14:w="9525">{0}</w14:textOutline>'
    assert told(outline.format('<w14:solidFill><w14:srgbClr w14:val="FF0000"/></w14:solidFill>'))
    assert not told(outline.format("<w14:noFill/>"))
    fill = '<w14:textFill><w14:solidFill><w14:srgbClr w14:val="FF0000"/></w14:solidFill></w14:textFill>'
    assert not told(fill)
    _, colour = seen(f'<w:p><w:r><w:rPr>{fill}<w:sz w:val="40"/></w:rPr><w:t>████</w:t></w:r></w:p>')
    assert_colours(colour, {(15, 12): "FF0000"})


def test_of_alternatives_without_a_known_one_the_first_is_told():
    graphic = inline("<cx:chart xmlns:cx='http://schemas.microsoft.com/office/drawing/2014/chartex'/>").replace("<w:drawing>", "{0}<w:drawing>")
    choice = graphic.format('<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="cx1">')
    alone = choice.replace("</w:drawing>", "</w:drawing></mc:Choice></mc:AlternateContent>")
    assert "unknown kind" in Rendered(alone).notes
    told = choice.replace("</w:drawing>", "</w:drawing></mc:Choice><mc:Fallback><w:t>instead</w:t></mc:Fallback></mc:AlternateContent>")
    made = Rendered(told)
    assert "instead" in made.text() and "warning" not in made.notes


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


def test_pictures_in_two_shades_two_colours_or_without_one():
    def blip(effect, data):
        made, colour = seen(picture("rIdP", 100, 50, blip=effect), parts={"word/a.png": data}, rels={"rIdP": ("image", "a.png")})
        assert "warning" not in made.notes, made.notes
        return lambda x: colour(x, 25)

    rgb, white, grey = png(2, b"\0\0\0\xff\0\0"), png(2, b"\xff\xff\xff\xff\0\0"), png(0, b"\x70\x90")
    red = '<a:srgbClr val="FF0000"/>'
    cases = [
        ('<a:biLevel thresh="50000"/>', grey, "000000", "FFFFFF"),
        ('<a:biLevel thresh="25000"/>', grey, "FFFFFF", "FFFFFF"),
        ('<a:duotone><a:srgbClr val="000080"/><a:srgbClr val="FFFFFF"/></a:duotone>', rgb, "000080", "4C4CA6"),
        ('<a:duotone><a:prstClr val="black"/><a:schemeClr val="bg1"><a:tint val="50000"/></a:schemeClr></a:duotone>', white, "FFFFFF", "4C4C4C"),
        (f"<a:clrRepl>{red}</a:clrRepl>", grey, "FF0000", "FF0000"),
        (f'<a:clrChange><a:clrFrom>{red}</a:clrFrom><a:clrTo><a:srgbClr val="0000FF"/></a:clrTo></a:clrChange>', rgb, "000000", "0000FF"),
    ]
    for effect, data, left, right in cases:
        colour = blip(effect, data)
        assert near(colour(10), left) and near(colour(90), right), (effect, colour(10), colour(90))
    # One colour is gone: the page shows through.
    gone = f'<a:clrChange><a:clrFrom>{red}</a:clrFrom><a:clrTo><a:srgbClr val="FF0000"><a:alpha val="0"/></a:srgbClr></a:clrTo></a:clrChange>'
    assert near(blip(gone, rgb)(90), "FFFFFF") and near(blip(gone, rgb)(10), "000000")
    vml = '<w:p><w:r><w:pict><v:shape style="width:100pt;height:50pt"><v:imagedata r:id="rIdP" {0}/></v:shape></w:pict></w:r></w:p>'
    for attribute, right in (('bilevel="t"', "000000"), ('chromakey="red"', "FFFFFF")):
        made, colour = seen(vml.format(attribute), parts={"word/a.png": rgb}, rels={"rIdP": ("image", "a.png")})
        assert "warning" not in made.notes and near(colour(10, 25), "000000") and near(colour(90, 25), right), attribute


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


def test_shapes_are_filled_with_pictures():
    files = {"parts": {"word/a.png": png(2, b"\0\0\0\xff\0\0")}, "rels": {"rIdP": ("image", "a.png")}}  # half black, half red

    def filled(how="<a:stretch><a:fillRect/></a:stretch>", src="", preset="rect", **more):
        fill = f'<a:blipFill><a:blip r:embed="rIdP"/>{src}{how}</a:blipFill>'
        made, colour = seen(shape(preset, fill=fill, width=100, height=100, **more), **files)
        assert "warning" not in made.notes, made.notes
        return made, colour

    _, colour = filled(preset="ellipse", line=BLACK_LINE.format("").replace("000000", "0000FF"))
    assert_colours(colour, {(20, 50): "000000", (80, 50): "FF0000", (95, 5): "FFFFFF", (99, 50): "0000FF"})
    made, colour = filled(body=TEXT)
    assert_colours(colour, {(20, 80): "000000", (80, 80): "FF0000"})
    assert "inside" in made.text()
    _, colour = filled(src='<a:srcRect l="50000"/>')
    assert_colours(colour, {(10, 50): "FF0000", (90, 50): "FF0000"})
    _, colour = filled('<a:stretch><a:fillRect l="20000" t="50000" r="40000"/></a:stretch>')
    assert_colours(colour, {(10, 75): "FFFFFF", (30, 75): "000000", (50, 75): "FF0000", (70, 75): "FFFFFF", (30, 25): "FFFFFF"})
    _, colour = filled('<a:stretch><a:fillRect r="-100000"/></a:stretch>')
    assert_colours(colour, {(10, 50): "000000", (90, 50): "000000"})
    # Mirrored with its shape, but not the text on it.
    xfrm = '<a:xfrm flipH="1"><a:off x="0" y="0"/><a:ext cx="1270000" cy="1270000"/></a:xfrm>'
    _, colour = filled(xfrm=xfrm, preset="rtTriangle")
    assert_colours(colour, {(20, 20): "FFFFFF", (45, 80): "FF0000", (90, 80): "000000"})
    _, colour = filled(xfrm=xfrm, body=TEXT)
    assert_colours(colour, {(20, 80): "000000", (80, 80): "FF0000"})
    vml = (
        '<w:p><w:r><w:pict><v:rect style="width:100pt;height:100pt" stroked="f"><v:fill r:id="rIdP" type="frame"/>'
        "</v:rect></w:pict></w:r></w:p>"
    )
    made, colour = seen(vml, **files)
    assert_colours(colour, {(20, 50): "000000", (80, 50): "FF0000"})
    tiled = '<a:blipFill><a:blip r:embed="rIdP"/><a:tile/></a:blipFill>'
    made, colour = seen(shape("rect", fill=tiled, width=100, height=100), **files)
    assert "left out" in made.notes and near(colour(50, 50), "FFFFFF")


def test_a_picture_fill_grows_with_its_text():
    body = "<wps:txbx><w:txbxContent>" + p("words") * 8 + "</w:txbxContent></wps:txbx>"
    fill = '<a:blipFill><a:blip r:embed="rIdP"/><a:stretch/></a:blipFill>'
    for preset in ("rect", "roundRect"):
        box = shape(preset, fill=fill, width=100, height=20, body=body).replace("<wps:bodyPr/>", "<wps:bodyPr><a:spAutoFit/></wps:bodyPr>")
        _, colour = seen(box, parts={"word/a.png": png(2, b"\0\0\xff\xff\0\0")}, rels={"rIdP": ("image", "a.png")})
        assert_colours(colour, {(95, 60): "FF0000", (95, 80): "FF0000", (105, 60): "FFFFFF"})


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
