"""Charts, from the values that their parts store."""

import sys

from docx import NS, Rendered, inline, near, run

AXES = (
    '<c:catAx><c:axId val="1"/><c:delete val="0"/></c:catAx><c:valAx><c:axId val="2"/><c:delete val="0"/>'
    '<c:majorGridlines/></c:valAx>'
)
IDS = '<c:axId val="1"/><c:axId val="2"/>'


def points(values):
    return f'<c:ptCount val="{len(values)}"/>' + "".join(
        f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate(values) if v is not None
    )


def series(name, values, extra="", cats=("North", "South", "East"), code="#,##0", colour=""):
    paint = f'<c:spPr><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></c:spPr>' if colour else ""
    return (
        f"<c:ser><c:tx><c:strRef><c:strCache>{points([name])}</c:strCache></c:strRef></c:tx>{paint}{extra}"
        f"<c:cat><c:strRef><c:strCache>{points(cats)}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:numCache><c:formatCode>{code}</c:formatCode>{points(values)}</c:numCache></c:numRef></c:val>"
        "</c:ser>"
    )


def chart(plot, axes=AXES, legend="b", title="Sales"):
    part = (
        f"<c:chartSpace {NS}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx>"
        f'</c:title><c:plotArea>{plot}{axes}</c:plotArea><c:legend><c:legendPos val="{legend}"/></c:legend></c:chart>'
        "</c:chartSpace>"
    )
    return Rendered(
        inline('<c:chart r:id="rIdC"/>', 300, 200), parts={"word/c.xml": part}, rels={"rIdC": ("chart", "c.xml")}
    )


def count(made, wanted):
    width, height, colour = made.pixels()
    return sum(near(colour(x, y), wanted) for x in range(72, 372, 2) for y in range(72, 272, 2))


def test_columns_have_axes_labels_and_legend():
    labels = '<c:dLbls><c:showVal val="1"/></c:dLbls>'
    bars = series("2023", [1200, 3400, 2500], labels, colour="FF0000") + series("2024", [900, None, -400], colour="0000FF")
    made = chart(f'<c:barChart><c:barDir val="col"/><c:grouping val="clustered"/>{bars}{IDS}</c:barChart>')
    text = made.text()
    for word in ("Sales", "North", "South", "East", "2023", "2024", "1,200", "3,400", "2,500", "4,000", "0"):
        assert word in text, word
    assert count(made, "FF0000") > 2 * count(made, "0000FF") > 10
    assert "Figure" in made.structure() and "/Alt (Sales)" in made.objects()


def test_stacks_and_percentages_fill():
    both = series("a", [1, 2, 3], colour="FF0000") + series("b", [3, 2, 1], colour="0000FF")
    made = chart(
        f'<c:barChart><c:barDir val="bar"/><c:grouping val="percentStacked"/>{both}<c:overlap val="100"/>{IDS}</c:barChart>'
    )
    red, blue = count(made, "FF0000"), count(made, "0000FF")
    assert "100%" in made.text() and "120%" not in made.text() and 0.7 < red / blue < 1.4


def test_lines_areas_and_scatters_draw():
    line = series("l", [1, 5, 3], "<c:marker><c:symbol val='none'/></c:marker>", colour="FF0000")
    made = chart(f"<c:lineChart><c:grouping val='standard'/>{line}{IDS}</c:lineChart>")
    assert count(made, "FF0000") > 20
    made = chart(f"<c:areaChart><c:grouping val='standard'/>{series('a', [1, 5, 3], colour='00FF00')}{IDS}</c:areaChart>")
    assert count(made, "00FF00") > 1000
    xy = (
        '<c:ser><c:tx><c:v>XY</c:v></c:tx><c:spPr><a:ln w="25400"><a:solidFill><a:srgbClr val="FF0000"/></a:solidFill>'
        f"</a:ln></c:spPr><c:xVal><c:numRef><c:numCache>{points([1, 2, 8])}</c:numCache></c:numRef></c:xVal>"
        f"<c:yVal><c:numRef><c:numCache>{points([1, 4, 2])}</c:numCache></c:numRef></c:yVal></c:ser>"
    )
    axes = (
        '<c:valAx><c:axId val="1"/><c:axPos val="b"/></c:valAx><c:valAx><c:axId val="2"/><c:axPos val="l"/>'
        '<c:numFmt formatCode="0.00" sourceLinked="0"/></c:valAx>'
    )
    made = chart(f'<c:scatterChart><c:scatterStyle val="lineMarker"/>{xy}{IDS}</c:scatterChart>', axes)
    assert count(made, "FF0000") > 20 and "4.00" in made.text()


def test_pies_and_rings_share():
    shares = '<c:dLbls><c:showPercent val="1"/></c:dLbls>'
    made = chart(f'<c:pieChart><c:varyColors val="1"/>{series("s", [50, 25, 25], shares)}</c:pieChart>', "")
    assert made.text().count("25%") == 2 and "50%" in made.text() and "South" in made.text()
    assert count(made, "4472C4") > 1.5 * count(made, "ED7D31") > 100
    ring = chart(
        f'<c:doughnutChart><c:varyColors val="1"/>{series("s", [1, 1, 2])}<c:holeSize val="60"/></c:doughnutChart>', ""
    )
    assert count(ring, "4472C4") > 50


def test_dates_currencies_and_signs_are_formatted():
    dates = (
        "<c:ser><c:cat><c:numRef><c:numCache><c:formatCode>mmm yyyy</c:formatCode>"
        f"{points([45292, 45323])}</c:numCache></c:numRef></c:cat><c:val><c:numRef><c:numCache>"
        f'<c:formatCode>"$"#,##0.00;("$"#,##0.00)</c:formatCode>{points([1234.5, -10])}</c:numCache></c:numRef></c:val>'
        '<c:dLbls><c:showVal val="1"/></c:dLbls></c:ser>'
    )
    text = chart(f'<c:barChart><c:barDir val="col"/>{dates}{IDS}</c:barChart>').text()
    for word in ("Jan 2024", "Feb 2024", "$1,234.50", "($10.00)"):
        assert word in text, (word, text)


def spread(made, wanted):
    """(left, top, right, bottom) of what has a colour, above the legend."""
    _, _, colour = made.pixels()
    spots = [(x, y) for x in range(72, 372) for y in range(72, 245) if near(colour(x, y), wanted)]
    return min(x for x, _ in spots), min(y for _, y in spots), max(x for x, _ in spots), max(y for _, y in spots)


def test_radars_have_a_spoke_for_each_category():
    cats = ("Top", "Right", "Bottom", "Left")
    full = series("full", [10, 10, 10, 10], cats=cats, colour="00FF00")
    half = series("half", [10, 5, 0, 5], cats=cats, colour="FF0000")
    made = chart(f'<c:radarChart><c:radarStyle val="filled"/>{full}{half}{IDS}</c:radarChart>')
    left, top, right, bottom = spread(made, "00FF00")
    _, red_top, _, red_bottom = spread(made, "FF0000")
    assert abs((right - left) - (bottom - top)) <= 3 and bottom - top > 60
    assert abs(red_top - top) <= 2 and red_bottom < bottom - 20
    text = made.text()
    assert "warning" in made.notes and "left out" not in made.notes and all(word in text for word in cats), text
    line = '<c:spPr><a:ln w="25400"><a:solidFill><a:srgbClr val="FF0000"/></a:solidFill></a:ln></c:spPr>'
    for style in ("standard", "marker"):
        made = chart(f'<c:radarChart><c:radarStyle val="{style}"/>{series("r", [3, None, 2, 1], line, cats)}{IDS}</c:radarChart>')
        assert 20 < count(made, "FF0000") < 700, style


def coordinates(tag, values):
    return f"<c:{tag}><c:numLit>{points(values)}</c:numLit></c:{tag}>"


TWO_VALUES = '<c:valAx><c:axId val="1"/><c:axPos val="b"/></c:valAx><c:valAx><c:axId val="2"/><c:axPos val="l"/></c:valAx>'


def test_bubbles_have_areas_in_proportion():
    def bubble(name, x, y, size, colour):
        numbers = coordinates("xVal", [x]) + coordinates("yVal", [y]) + coordinates("bubbleSize", [size])
        return (
            f"<c:ser><c:tx><c:v>{name}</c:v></c:tx><c:spPr><a:solidFill><a:srgbClr val=\"{colour}\"/></a:solidFill></c:spPr>"
            f"{numbers}</c:ser>"
        )

    axes = TWO_VALUES
    both = bubble("a", 1, 2, 4, "FF0000") + bubble("b", 3, 1, 1, "0000FF") + bubble("c", 2, 1, 0, "00FF00")
    for extra, ratio in (("", 2), ('<c:sizeRepresents val="w"/>', 4)):
        made = chart(f"<c:bubbleChart>{both}{extra}{IDS}</c:bubbleChart>", axes, title="").pixels()[2]
        widths = [
            max(sum(near(made(x, y), c) for x in range(72, 372)) for y in range(72, 240)) for c in ("FF0000", "0000FF", "00FF00")
        ]
        assert abs(widths[0] / widths[1] - ratio) < 0.35 * ratio and widths[2] == 0, widths
    half = chart(f'<c:bubbleChart>{both}<c:bubbleScale val="50"/>{IDS}</c:bubbleChart>', axes)
    assert count(half, "FF0000") * 2.5 < count(chart(f"<c:bubbleChart>{both}{IDS}</c:bubbleChart>", axes), "FF0000")


def test_bubbles_without_a_size_are_not_shown():
    for sizes, shown in (([-4, 4], (False, True)), ([0, 4], (False, True)), ([-4, -1], (False, False)), (["x", 4], (False, True))):
        places = coordinates("xVal", [1, 2]) + coordinates("yVal", [1, 2]) + coordinates("bubbleSize", sizes)
        colours = "".join(
            f'<c:dPt><c:idx val="{i}"/><c:spPr><a:solidFill><a:srgbClr val="{c}"/></a:solidFill></c:spPr></c:dPt>'
            for i, c in enumerate(("FF0000", "0000FF"))
        )
        made = chart(f"<c:bubbleChart><c:ser>{colours}{places}</c:ser>{IDS}</c:bubbleChart>", TWO_VALUES)
        assert tuple(count(made, c) > 0 for c in ("FF0000", "0000FF")) == shown, (sizes, count(made, "FF0000"), count(made, "0000FF"))


def test_stocks_show_what_lies_between_their_series():
    def box(kind, colour):
        return f'<c:{kind}><c:spPr><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></c:spPr></c:{kind}>'

    line = '<c:hiLowLines><c:spPr><a:ln><a:solidFill><a:srgbClr val="0000FF"/></a:solidFill></a:ln></c:spPr></c:hiLowLines>'
    bars = f'<c:upDownBars><c:gapWidth val="100"/>{box("upBars", "00FF00")}{box("downBars", "FF0000")}</c:upDownBars>'
    quotes = (
        series("open", [20, 40, 30]) + series("high", [60, 60, 50]) + series("low", [10, 10, 10]) + series("close", [50, 20, 30])
    )
    made = chart(f"<c:stockChart>{quotes}{line}{bars}{IDS}</c:stockChart>")
    up, down = spread(made, "00FF00"), spread(made, "FF0000")
    assert up[2] < down[0] and up[1] < down[1] and up[3] - up[1] > 1.2 * (down[3] - down[1]), (up, down)
    _, _, colour = made.pixels()
    middle = (up[0] + up[2]) // 2
    blue = [y for y in range(72, 272) if any(colour(x, y)[2] > 150 and colour(x, y)[0] < 150 for x in range(middle - 2, middle + 3))]
    assert min(blue) < up[1] - 5 and max(blue) > up[3] + 5, (blue, up)


def test_kinds_that_are_not_drawn_say_so():
    made = chart(f"<c:surfaceChart>{series('r', [1, 2, 3])}</c:surfaceChart>")
    assert "a chart is left out" in made.notes


def test_hostile_charts_end():
    many = "".join(series(f"s{i}", [i] * 50) for i in range(200))
    chart(f'<c:barChart><c:barDir val="col"/>{many}{IDS}</c:barChart>')
    odd = series("x", ["nan", "1e308", "-1e308"]) + series("y", ["", "abc", "1e-320"])
    chart(f'<c:barChart><c:barDir val="col"/>{odd}{IDS}</c:barChart>')
    chart(f'<c:lineChart>{odd}{IDS}</c:lineChart>')
    empty = '<c:ser><c:val><c:numRef><c:numCache><c:ptCount val="4000000000"/></c:numCache></c:numRef></c:val></c:ser>'
    chart(f'<c:pieChart>{empty}</c:pieChart>', "")
    for kind in ("radarChart", "bubbleChart", "stockChart"):
        chart(f"<c:{kind}>{odd}<c:hiLowLines/><c:upDownBars/>{IDS}</c:{kind}>")
        chart(f"<c:{kind}>{empty}</c:{kind}>", "")
    for kind in ("radarChart", "bubbleChart", "stockChart"):
        for values in ([], [7], [None, 7], ["inf", "-inf", "1e999"], [-5, 0, 5], ["9" * 300]):
            ones = "".join(coordinates(tag, values) for tag in ("xVal", "yVal", "bubbleSize"))
            drawn = series("s", values) + f"<c:ser>{ones}</c:ser>"
            made = chart(f"<c:{kind}>{drawn}<c:hiLowLines/><c:upDownBars/>{IDS}</c:{kind}>", "" if kind == "radarChart" else AXES)
            assert "left out" not in made.notes, (kind, values, made.notes)
    for kind in ("radarChart", "bubbleChart", "stockChart"):  # of 10,000 series the first are drawn
        made = chart(f"<c:{kind}>{'<c:ser><c:val/></c:ser>' * 10000}<c:hiLowLines/><c:upDownBars/>{IDS}</c:{kind}>")
        assert len(made.bytes()) < 100_000
    narrow = '<c:valAx><c:axId val="2"/><c:scaling><c:min val="0"/><c:max val="1e9"/></c:scaling><c:majorUnit val="1e-9"/></c:valAx>'
    chart(f'<c:barChart>{series("a", [1])}{IDS}</c:barChart>', narrow)


if __name__ == "__main__":
    sys.exit(run([f for name, f in list(globals().items()) if name.startswith("test_")]))
