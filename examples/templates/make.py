#!/usr/bin/env python3
"""Makes the templates and the data of docs/templates.md: NAME.docx and NAME.json in this folder.

    python3 examples/templates/make.py [FOLDER]

Nothing but the standard library; the same script always gives the same bytes. Each file is something that can be made in
Word: tags are typed as text, pages are small so that their pictures can be read. scripts/pictures.py makes the pictures.
"""
import base64
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
from make_invoice import HEAD, NS, cell, esc, field, logo_png, p, png, rels, row, run, write_package  # noqa: E402

WIDTH, MARGIN = 6236, 454  # 110 mm and 8 mm, in twentieths of a point
TEXT = WIDTH - 2 * MARGIN
BLUE, RULE = '1F4E79', 'BFC8D4'
WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.'


def bold(text):
    return run(text, '<w:b/>')


def grid(widths, *rows):
    """A table with hairlines and a dark first row; a row is a tuple of texts, an amount's cell begins with '>'."""
    out = []
    for i, texts in enumerate(rows):
        fill = '<w:shd w:val="clear" w:color="auto" w:fill="%s"/>' % BLUE if i == 0 else ''
        cells = []
        for width, text in zip(widths, texts):
            props = '<w:jc w:val="right"/>' if text.startswith('>') else ''
            said = run(text.lstrip('>'), '<w:b/><w:color w:val="FFFFFF"/>' if i == 0 else '')
            cells.append(cell(width, p('Cell', said, props=props), props=fill))
        out.append(row(*cells))
    return ('<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
            '</w:tblPr><w:tblGrid>%s</w:tblGrid>%s</w:tbl>' %
            (sum(widths), ''.join('<w:gridCol w:w="%d"/>' % w for w in widths), ''.join(out)))


def inline(width_mm, height_mm, graphic, name, alt, ident=1):
    size = 'cx="%d" cy="%d"' % (width_mm * 36000, height_mm * 36000)
    return ('<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent %s/><wp:docPr id="%d" name="%s" descr="%s"/>'
            '<a:graphic>%s</a:graphic></wp:inline></w:drawing></w:r>' % (size, ident, name, esc(alt), graphic))


def placeholder(width_mm, height_mm, alt):
    """The file's own picture (rId9), round at its corners."""
    shape = ('<pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="placeholder.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
             '<a:blip r:embed="rId9"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
             '<a:ext cx="%d" cy="%d"/></a:xfrm><a:prstGeom prst="roundRect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>' %
             (width_mm * 36000, height_mm * 36000))
    return inline(width_mm, height_mm, '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">%s'
                  '</a:graphicData>' % shape, 'placeholder', alt)


def chart_drawing(width_mm, height_mm, alt):
    space = 'http://schemas.openxmlformats.org/drawingml/2006/chart'
    return inline(width_mm, height_mm, '<a:graphicData uri="%s"><c:chart xmlns:c="%s" r:id="rId9"/></a:graphicData>' % (space, space),
                  'Chart 1', alt)


def chart_part(title, categories, **series):
    """A column chart as Word makes it, with the values it was drawn from."""
    def cache(values):
        return '<c:ptCount val="%d"/>%s' % (len(values), ''.join(
            '<c:pt idx="%d"><c:v>%s</c:v></c:pt>' % item for item in enumerate(values)))
    bars = ''.join(
        '<c:ser><c:idx val="{i}"/><c:order val="{i}"/><c:tx><c:strRef><c:f>Sheet1!${l}$1</c:f><c:strCache>{name}</c:strCache></c:strRef></c:tx>'
        '<c:spPr><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></c:spPr><c:invertIfNegative val="0"/>'
        '<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${n}</c:f><c:strCache>{cats}</c:strCache></c:strRef></c:cat>'
        '<c:val><c:numRef><c:f>Sheet1!${l}$2:${l}${n}</c:f><c:numCache><c:formatCode>General</c:formatCode>{values}</c:numCache>'
        '</c:numRef></c:val></c:ser>'.format(i=i, l='BCD'[i], n=len(categories) + 1, name=cache([name]), colour=(BLUE, 'E08A3C')[i],
                                             cats=cache(categories), values=cache(values))
        for i, (name, values) in enumerate(series.items()))
    return HEAD + (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" %s><c:chart><c:title><c:tx><c:rich><a:bodyPr/>'
        '<a:p><a:r><a:rPr lang="en-US" sz="1200"/><a:t>%s</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>'
        '<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/><c:barChart><c:barDir val="col"/><c:grouping val="clustered"/>'
        '<c:varyColors val="0"/>%s<c:gapWidth val="80"/><c:axId val="1"/><c:axId val="2"/></c:barChart>'
        '<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/><c:axPos val="b"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/><c:crossAx val="2"/></c:catAx>'
        '<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/><c:axPos val="l"/>'
        '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill></a:ln></c:spPr></c:majorGridlines>'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        '<c:tickLblPos val="nextTo"/><c:crossAx val="1"/></c:valAx></c:plotArea><c:legend><c:legendPos val="b"/><c:overlay val="0"/>'
        '</c:legend><c:plotVisOnly val="1"/></c:chart></c:chartSpace>' % (NS, title, bars))


# ---------------------------------------------------------------- the package

def style(kind, ident, name, ppr='', rpr='', default=False, based='Normal'):
    return ('<w:style w:type="%s"%s w:styleId="%s"><w:name w:val="%s"/>%s<w:qFormat/>%s%s</w:style>' %
            (kind, ' w:default="1"' if default else '', ident, name, '' if default else '<w:basedOn w:val="%s"/>' % based,
             '<w:pPr>%s</w:pPr>' % ppr if ppr else '', '<w:rPr>%s</w:rPr>' % rpr if rpr else ''))


def styles():
    def space(before, after):
        return '<w:spacing w:before="%d" w:after="%d"/>' % (before, after)

    def numbered(ident):
        return '<w:numPr><w:numId w:val="%d"/></w:numPr><w:contextualSpacing/>' % ident
    lines = ''.join('<w:%s w:val="single" w:sz="4" w:space="0" w:color="%s"/>' % (side, RULE)
                    for side in ('top', 'left', 'bottom', 'right', 'insideH', 'insideV'))
    return HEAD + '<w:styles %s>' % NS + (
        '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/>'
        '<w:sz w:val="20"/><w:szCs w:val="20"/><w:lang w:val="en-US" w:eastAsia="en-US" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        '</w:docDefaults>') + ''.join([
            style('paragraph', 'Normal', 'Normal', space(0, 100), default=True),
            style('paragraph', 'Title', 'Title', space(0, 120), '<w:b/><w:color w:val="%s"/><w:sz w:val="32"/>' % BLUE),
            style('paragraph', 'Heading1', 'heading 1', '<w:keepNext/>' + space(120, 60), '<w:b/><w:color w:val="%s"/><w:sz w:val="26"/>' % BLUE),
            style('paragraph', 'Heading2', 'heading 2', '<w:keepNext/>' + space(80, 40), '<w:b/><w:color w:val="%s"/><w:sz w:val="22"/>' % BLUE),
            style('paragraph', 'Quote', 'Quote', space(40, 80) + '<w:ind w:left="360" w:right="360"/>', '<w:i/><w:color w:val="595959"/>'),
            style('paragraph', 'ListBullet', 'List Bullet', numbered(1) + space(0, 60)),
            style('paragraph', 'ListNumber', 'List Number', numbered(2) + space(0, 60)),
            style('paragraph', 'Cell', 'Table Text', space(30, 30)),
            style('paragraph', 'Header', 'header', space(0, 0), '<w:color w:val="7F7F7F"/><w:sz w:val="16"/>'),
            style('paragraph', 'Footer', 'footer', '<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs>' % TEXT + space(0, 0),
                  '<w:color w:val="7F7F7F"/><w:sz w:val="16"/>'),
            '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblCellMar>'
            '<w:left w:w="100" w:type="dxa"/><w:right w:w="100" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
            '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>'
            '<w:tblPr><w:tblBorders>%s</w:tblBorders></w:tblPr></w:style>' % lines,
        ]) + '</w:styles>'


def numbering():
    def level(form, text, more=''):
        return ('<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/><w:lvlJc w:val="left"/>'
                '<w:pPr><w:ind w:left="360" w:hanging="360"/></w:pPr>%s</w:lvl>' % (form, text, more))
    return HEAD + '<w:numbering %s>%s%s</w:numbering>' % (NS, ''.join(
        '<w:abstractNum w:abstractNumId="%d"><w:multiLevelType w:val="singleLevel"/>%s</w:abstractNum>' % (i, level(*of))
        for i, of in enumerate([('bullet', '•'), ('decimal', '%1.')])),
        ''.join('<w:num w:numId="%d"><w:abstractNumId w:val="%d"/></w:num>' % (i + 1, i) for i in (0, 1)))


def template(body, height_mm, header='', footer='', picture=None, chart=None):
    """The parts of a template; `body` is a list of paragraphs and tables."""
    types = [('document', 'document.main'), ('styles', 'styles'), ('numbering', 'numbering')]
    links = [('styles', 'styles.xml'), ('numbering', 'numbering.xml')]
    section = ''
    for kind, content in (('header', header), ('footer', footer)):
        if content:
            types.append((kind, kind))
            links.append((kind, kind + '.xml'))
            section += '<w:%sReference w:type="default" r:id="rId%d"/>' % (kind, len(links))
    more = [('image', 'media/placeholder.png')] if picture else [('chart', 'charts/chart1.xml')] if chart else []
    relations = rels(*links)
    for kind, target in more:
        relations = relations.replace('</Relationships>', '<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/'
                                      '2006/relationships/%s" Target="%s"/></Relationships>' % (kind, target))
    yield '[Content_Types].xml', HEAD + (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="png" ContentType="image/png"/>%s%s</Types>' % (
            ''.join('<Override PartName="/word/%s.xml" ContentType="%s%s+xml"/>' % (name, WORD, kind) for name, kind in types),
            '<Override PartName="/word/charts/chart1.xml" ContentType="application/vnd.openxmlformats-officedocument.drawingml.chart+xml"/>'
            if chart else ''))
    yield '_rels/.rels', rels(('officeDocument', 'word/document.xml'))
    yield 'word/document.xml', HEAD + (
        '<w:document %s><w:body>%s<w:sectPr>%s<w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" '
        'w:header="300" w:footer="300" w:gutter="0"/></w:sectPr></w:body></w:document>' %
        (NS, ''.join(body), section, WIDTH, round(height_mm * 56.7), 800 if header else MARGIN, MARGIN, 700 if footer else 300, MARGIN))
    yield 'word/_rels/document.xml.rels', relations
    yield 'word/styles.xml', styles()
    yield 'word/numbering.xml', numbering()
    if header:
        yield 'word/header.xml', HEAD + '<w:hdr %s>%s</w:hdr>' % (NS, header)
    if footer:
        yield 'word/footer.xml', HEAD + '<w:ftr %s>%s</w:ftr>' % (NS, footer)
    if picture:
        yield 'word/media/placeholder.png', picture
    if chart:
        yield 'word/charts/chart1.xml', chart


def frame_png(width=80, height=60):
    """A grey picture with its diagonals, to be replaced."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            slope = x * height // width
            line = min(x, y, width - 1 - x, height - 1 - y) < 1 or slope in (y, height - 1 - y)
            rows += b'\x9a\xa5\xb1\xff' if line else b'\xe6\xea\xee\xff'
    return png(width, height, rows)


def lines(*texts, style='Normal'):
    return [p(style, text) for text in texts]


def svg(width, height, drawing):
    text = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">%s</svg>' % (width, height, drawing)
    return 'data:image/svg+xml;base64,' + base64.b64encode(text.encode()).decode()


SIGNATURE = svg(200, 60, '<path d="M8 42C22 8 34 4 32 26S18 60 26 44 46 22 50 34s-4 14 4 6 10-14 16-6 2 14 10 4 8-30 14-28-8 34 0 30 '
                '10-18 16-14-2 16 8 8 12-10 18-4 20-4 44-12" fill="none" stroke="#1a3a8f" stroke-width="3" stroke-linecap="round"/>')
PHOTO = svg(160, 120, '<rect width="160" height="120" fill="#bcd7ee"/><circle cx="122" cy="30" r="14" fill="#f6c445"/>'
            '<path d="M0 92 44 40l34 42 22-24 60 44v18H0z" fill="#5b7d57"/><path d="M44 40l14 18-9-3-7 6-9-8z" fill="#fff"/>')


# ---------------------------------------------------------------- the templates

def letter():
    return template(lines('Dear {{ name }},', 'thank you for your order {{ order }}.',
                          'It leaves our house on {{ ships_on }}. Your parcel goes to {{ address.street }}, {{ address.city }}.',
                          'Kind regards'), 42), {
        'name': 'Ann', 'order': 4711, 'ships_on': '9 March', 'address': {'street': '12 High Street', 'city': 'York'}}


def formats():
    return template([p('Heading1', 'Offer {{ number }}')] + [grid(
        [1500, TEXT - 1500], ('What', 'As you want it'),
        ('Date', '{{ day|date("%d %B %Y") }}'), ('in German', '{{ day|date("long", "de_DE") }}'),
        ('Amount', '{{ total|currency("EUR") }}'), ('in German', '{{ total|currency("EUR", "de_DE") }}'),
        ('VAT', '{{ vat|percent }}'), ('In words', '{{ total|int|words }} euros'))] + lines(''), 64), {
        'number': 'A-17', 'day': '2026-03-09', 'total': 1234.5, 'vat': 0.19}


def order():
    return template([p('Heading1', 'Order {{ number }}'), grid(
        [2200, 1100, TEXT - 3300], ('Article', '>Quantity', '>Amount'),
        ('{% for item in items %}{{ item.name }}', '>{{ item.qty }}', '>{{ (item.qty * item.price)|number(2) }}{% endfor %}'),
        ('Total', '', '>{{ total|number(2) }}'))] + lines(''), 62), {
        'number': 4711, 'total': 109.5, 'items': [
            {'name': 'Garden hose, 20 m', 'qty': 1, 'price': 39.5}, {'name': 'Watering can', 'qty': 2, 'price': 15},
            {'name': 'Seeds, mixed', 'qty': 4, 'price': 10}]}


def reminder():
    return template([p('Heading1', 'Your account, {{ name }}')] + lines(
        '{% if overdue %}', 'Your invoice {{ invoice }} is overdue. Please pay {{ amount|currency("EUR") }} within a week.', '{% else %}',
        'Nothing is open. Thank you!', '{% endif %}',
        'Questions? Call us{% if phone %} on {{ phone }}{% endif %}.'), 62), {
        'name': 'Ann', 'overdue': True, 'invoice': 'R-88', 'amount': 240, 'phone': '01904 555 010'}


def agenda():
    return template([p('Heading1', 'Meeting on {{ day|date("medium") }}')] + lines('Agenda:') + lines(
        '{% for topic in topics %}', '{{ topic.title }} ({{ topic.minutes }} min)', '{% endfor %}', style='ListNumber') + lines(
        'With: {{ people|join(", ") }}'), 50), {
        'day': '2026-03-09', 'people': ['Ann', 'Bo', 'Carla'],
        'topics': [{'title': 'Budget', 'minutes': 20}, {'title': 'New office', 'minutes': 15}, {'title': 'Any other business', 'minutes': 5}]}


def badge():
    return template([p('Heading1', '{{ place }}'), p('Normal', placeholder(36, 27, '{{ img_photo }}')),
                     p('Normal', 'Visit us: ', '{{ img_logo }}')], 62, picture=frame_png()), {
        'place': 'Mountain hut', 'img_photo': PHOTO,
        'img_logo': {'url': 'data:image/png;base64,' + base64.b64encode(logo_png(48, 2)).decode(), 'width': '10mm'}}


def contract():
    return template([p('Heading1', 'Agreement')] + lines(
        '{{ customer.name }} rents {{ object }} from {{ from|date("long") }}.', '{% if img_signature %}{{ img_signature }}{% endif %}') + [
        p('Normal', '{{ customer.name }}', props='<w:pBdr><w:top w:val="single" w:sz="6" w:space="4" w:color="7F7F7F"/></w:pBdr>'
          '<w:ind w:right="2400"/>')], 50), {
        'customer': {'name': 'Ann Miller'}, 'object': 'a trailer', 'from': '2026-03-09',
        'img_signature': {'url': SIGNATURE, 'width': '40mm', 'alt': 'Signature'}}


def label():
    return template([p('Heading1', 'Parcel {{ parcel }}')] + lines(
        '{{ parcel|barcode("code128", height="12mm", text=true) }}', 'Follow it: {{ link|qr(size="22mm") }}'), 62), {
        'parcel': 'RX-2026-0042', 'link': 'https://example.com/track/RX-2026-0042'}


def sales():
    part = chart_part('Sales in {{ country }}', ['A', 'B', 'C'], before=[1, 2, 3], after=[2, 3, 1])
    return template([p('Normal', chart_drawing(92, 56, 'Sales'))], 70, chart=part), {
        'country': 'Italy', 'replace_charts': {'Sales': {
            'categories': ['North', 'Centre', 'South', 'Isles'],
            'series': [{'name': '2025', 'values': [12, 9, 7, 4]}, {'name': '2026', 'values': [14, 9.5, 8, 6]}]}}}


def offer():
    return template([p('Title', 'Offer for {{ customer }}')] + lines('We offer {{ thing }} at {{ price|currency("EUR") }}.',
                                                                   '{{p subdoc("Terms") }}', 'Kind regards'), 56), {
        'customer': 'Miller Ltd', 'thing': 'a greenhouse', 'price': 2400}


def terms():
    return template([p('Heading2', 'Terms')] + lines('{{ customer }} pays within 14 days.', 'Delivery is free.', style='ListNumber'), 40), None


def report():
    return template([p('Title', 'Report: {{ project }}')] + lines('{{ text|markdown }}'), 74), {
        'project': 'Greenhouse', 'text': '## What we did\n\nThe **frame** stands, the *glass* is ordered:\n\n- 12 panes for the roof\n'
        '- 20 panes for the sides\n\n| Part | Cost |\n|---|--:|\n| Frame | 900 |\n| Glass | 1,500 |\n\n> Ready in May.'}


def pages():
    return template([p('Heading1', 'Minutes')] + lines('{{ text }}'), 50, header=p('Header', '{{ company }} · {{ title }}'),
                    footer=p('Footer', 'As of {{ day|date("medium") }}\tPage ', field('PAGE', '1'), ' of ', field('NUMPAGES', '1'))), {
        'company': 'Miller Ltd', 'title': 'Board meeting', 'day': '2026-03-09', 'text': 'All were present. The budget was agreed.'}


def broken():
    return template([p('Heading1', 'Order {{ number }}')] + lines(
        'Dear {{ name|uper }},', '{% for item in items %}', '{{ item.name }}', '{% endif %}', 'Total: {{ total }'), 60), None


TEMPLATES = {'letter': letter, 'formats': formats, 'order': order, 'reminder': reminder, 'agenda': agenda, 'badge': badge,
             'contract': contract, 'label': label, 'sales': sales, 'offer': offer, 'Terms': terms, 'report': report, 'pages': pages,
             'broken': broken}


def main(folder=HERE):
    for name, make in TEMPLATES.items():
        parts, data = make()
        write_package(os.path.join(folder, name + '.docx'), parts)
        if data is not None:
            with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as fh:
                fh.write(json.dumps(data, indent=2, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
