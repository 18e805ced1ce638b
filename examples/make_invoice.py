#!/usr/bin/env python3
"""Makes examples/invoice.docx, the Word template of the tour.

    python3 examples/make_invoice.py

Nothing but the standard library: the parts are written as XML, the logo is drawn pixel by pixel. The same script always
gives the same bytes. Everything in the file can be made in Word; tags such as {{ invoice_number }} are typed as text.
"""
import math
import os
import struct
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))

INK = '1B2A41'      # headings, table head
BODY = '334155'     # text
MUTED = '7A8699'    # labels
RULE = 'D9DFE7'     # hairlines
PAPER = 'F4F6F9'    # bands and boxes
ACCENT = 'C2571A'   # what should be seen first

NS = ('xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
      'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
      'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
      'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
      'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"')
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/'

# A4 with 20 mm margins; lengths in twentieths of a point.
PAGE_W, PAGE_H, MARGIN = 11906, 16838, 1134
TEXT_W = PAGE_W - 2 * MARGIN


# ---------------------------------------------------------------- logo

def blend(under, over, alpha):
    return tuple(u + (o - u) * alpha for u, o in zip(under, over))


def logo_colour(x, y):
    """Colour and coverage of the mark at (x, y) in the unit square: a sun that rises behind hills."""
    r = 0.22
    dx, dy = max(abs(x - 0.5) - (0.5 - r), 0), max(abs(y - 0.5) - (0.5 - r), 0)
    if math.hypot(dx, dy) > r:
        return None
    colour = blend((0x1B, 0x2A, 0x41), (0x2E, 0x4A, 0x6E), 1 - y)
    d = math.hypot(x - 0.5, y - 0.56)
    if d < 0.235:
        colour = blend((0xF2, 0xA3, 0x3A), (0xE0, 0x6C, 0x1F), y)
    elif 0.285 < d < 0.315 or 0.365 < d < 0.383:
        colour = blend(colour, (0xF2, 0xA3, 0x3A), 0.85 if d < 0.35 else 0.45)
    if y > 0.655 + 0.055 * math.sin(x * 5.2 + 0.4):
        colour = (0xF8, 0xFA, 0xFC)
    if y > 0.775 + 0.045 * math.sin(x * 5.6 + 2.4):
        colour = (0x8F, 0xA6, 0xC1)
    return colour


def png(width, height, rows):
    """A PNG of 300 dots to the inch; `rows` holds RGBA, each row behind a zero."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 6, 0, 0, 0)) +
            chunk(b'pHYs', struct.pack('>IIB', 11811, 11811, 1)) + chunk(b'IDAT', zlib.compress(bytes(rows), 9)) +
            chunk(b'IEND', b''))


def logo_png(size=300, samples=3):
    rows = bytearray()
    for py in range(size):
        rows.append(0)
        for px in range(size):
            total, cover = [0.0, 0.0, 0.0], 0
            for sy in range(samples):
                for sx in range(samples):
                    c = logo_colour((px + (sx + 0.5) / samples) / size, (py + (sy + 0.5) / samples) / size)
                    if c:
                        cover += 1
                        total = [t + v for t, v in zip(total, c)]
            if cover:
                rows += bytes(int(t / cover + 0.5) for t in total)
            else:
                rows += b'\xff\xff\xff'
            rows.append(cover * 255 // (samples * samples))

    return png(size, size, rows)


# ---------------------------------------------------------------- short forms

def esc(s):
    return s.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def run(text, props=''):
    out = []
    for i, piece in enumerate(text.split('\t')):
        if i:
            out.append('<w:tab/>')
        if piece:
            out.append('<w:t xml:space="preserve">%s</w:t>' % esc(piece))
    return '<w:r>%s%s</w:r>' % ('<w:rPr>%s</w:rPr>' % props if props else '', ''.join(out))


def p(style, *runs, props=''):
    body = ''.join(r if r.startswith('<') else run(r) for r in runs)
    return '<w:p><w:pPr><w:pStyle w:val="%s"/>%s</w:pPr>%s</w:p>' % (style, props, body)


def strong(text):
    return run(text, '<w:rStyle w:val="Strong"/>')


def field(code, shown):
    def char(kind):
        return '<w:r><w:fldChar w:fldCharType="%s"/></w:r>' % kind
    return (char('begin') + '<w:r><w:instrText xml:space="preserve"> %s </w:instrText></w:r>' % code +
            char('separate') + run(shown) + char('end'))


def cell(width, *blocks, props=''):
    return '<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s</w:tcPr>%s</w:tc>' % (width, props, ''.join(blocks))


def row(*cells, props=''):
    return '<w:tr>%s%s</w:tr>' % ('<w:trPr>%s</w:trPr>' % props if props else '', ''.join(cells))


def table(style, widths, *rows, props='', look='04A0'):
    grid = ''.join('<w:gridCol w:w="%d"/>' % w for w in widths)
    return ('<w:tbl><w:tblPr><w:tblStyle w:val="%s"/><w:tblW w:w="%d" w:type="dxa"/>%s<w:tblLayout w:type="fixed"/>'
            '<w:tblLook w:val="%s" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" '
            'w:noVBand="1"/></w:tblPr><w:tblGrid>%s</w:tblGrid>%s</w:tbl>'
            % (style, sum(widths), props, look, grid, ''.join(rows)))


def picture(rel, cm, name, alt):
    emu = int(cm * 360000)
    return ('<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%d" cy="%d"/>'
            '<wp:docPr id="1" name="%s" descr="%s"/><a:graphic><a:graphicData '
            'uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
            '<pic:cNvPr id="1" name="%s"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="%s"/>'
            '<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/>'
            '<a:ext cx="%d" cy="%d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
            '</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>' % (emu, emu, name, alt, name, rel, emu, emu))


# ---------------------------------------------------------------- styles

def para_style(ident, name, based, ppr='', rpr='', after='', extra=''):
    return ('<w:style w:type="paragraph" w:styleId="%s"%s><w:name w:val="%s"/>%s%s<w:qFormat/>%s%s</w:style>'
            % (ident, '' if name[0].islower() or name in BUILT_IN else ' w:customStyle="1"', name,
               '<w:basedOn w:val="%s"/>' % based if based else '', '<w:next w:val="%s"/>' % after if after else '',
               '<w:pPr>%s</w:pPr>' % ppr if ppr else '', '<w:rPr>%s</w:rPr>' % rpr if rpr else '') + extra)


BUILT_IN = ('Normal', 'Title', 'List Number')


def spacing(before=0, after=0, line=None):
    return '<w:spacing w:before="%d" w:after="%d"%s/>' % (
        before, after, ' w:line="%d" w:lineRule="auto"' % line if line else '')


def text(size=None, colour=None, bold=False, caps=False, track=0):
    return (('<w:b/><w:bCs/>' if bold else '') + ('<w:caps/>' if caps else '') +
            ('<w:color w:val="%s"/>' % colour if colour else '') + ('<w:spacing w:val="%d"/>' % track if track else '') +
            ('<w:sz w:val="%d"/><w:szCs w:val="%d"/>' % (size * 2, size * 2) if size else ''))


def styles():
    fonts = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="Calibri" w:cs="Calibri"/>'
    right = '<w:jc w:val="right"/>'
    hair = '<w:%s w:val="single" w:sz="4" w:space="0" w:color="' + RULE + '"/>'
    margins = ('<w:tblCellMar><w:top w:w="%d" w:type="dxa"/><w:left w:w="%d" w:type="dxa"/>'
               '<w:bottom w:w="%d" w:type="dxa"/><w:right w:w="%d" w:type="dxa"/></w:tblCellMar>')
    return HEAD + '<w:styles %s>' % NS + (
        '<w:docDefaults><w:rPrDefault><w:rPr>%s<w:color w:val="%s"/><w:sz w:val="20"/><w:szCs w:val="20"/>'
        '<w:lang w:val="en-US" w:eastAsia="en-US" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        '<w:pPrDefault><w:pPr>%s</w:pPr></w:pPrDefault></w:docDefaults>' % (fonts, BODY, spacing(0, 0, 264))) + (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
        '<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:qFormat/><w:rPr><w:b/><w:bCs/>'
        '<w:color w:val="%s"/></w:rPr></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>%s</w:tblPr></w:style>'
        % (INK, margins % (0, 0, 0, 0))) + ''.join([
            para_style('Title', 'Title', 'Normal', spacing(0, 0, 240), text(30, INK, True, track=-10), 'Normal'),
            para_style('Heading1', 'heading 1', 'Normal', '<w:keepNext/>' + spacing(320, 80), text(12, INK, True),
                       'Normal'),
            para_style('Header', 'header', 'Normal'),
            para_style('Footer', 'footer', 'Normal',
                       '<w:pBdr><w:top w:val="single" w:sz="4" w:space="8" w:color="%s"/></w:pBdr>'
                       '<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs>' % (RULE, TEXT_W), text(8, MUTED)),
            para_style('CompanyName', 'Company Name', 'Normal', spacing(0, 20, 240), text(15, INK, True)),
            para_style('Fine', 'Fine Print', 'Normal', spacing(0, 0, 252), text(9, MUTED)),
            para_style('FineRight', 'Fine Print Right', 'Fine', right),
            para_style('Label', 'Label', 'Normal', '<w:keepNext/>' + spacing(0, 50),
                       text(8, MUTED, True, caps=True, track=14)),
            para_style('Address', 'Address', 'Normal', spacing(0, 0, 264)),
            para_style('Fact', 'Fact', 'Normal', spacing(0, 0)),
            para_style('FactRight', 'Fact Right', 'Fact', right),
            para_style('LineHead', 'Line Head', 'Normal', '<w:keepNext/>', text(8, 'FFFFFF', True, caps=True, track=14)),
            para_style('LineHeadRight', 'Line Head Right', 'LineHead', right),
            para_style('Line', 'Line', 'Normal', '', text(10, INK)),
            para_style('LineDetail', 'Line Detail', 'Normal', spacing(10, 0), text(9, MUTED)),
            para_style('LineRight', 'Line Right', 'Line', right),
            para_style('Sum', 'Sum', 'Normal', '<w:keepNext/>'),
            para_style('SumRight', 'Sum Right', 'Sum', right, text(colour=INK)),
            para_style('Total', 'Total', 'Sum', '', text(13, 'FFFFFF', True)),
            para_style('TotalRight', 'Total Right', 'Total', right),
            para_style('Notice', 'Notice', 'Normal',
                       '<w:keepLines/><w:pBdr><w:top w:val="single" w:sz="4" w:space="9" w:color="%s"/>'
                       '<w:left w:val="single" w:sz="36" w:space="10" w:color="%s"/>'
                       '<w:bottom w:val="single" w:sz="4" w:space="9" w:color="%s"/>'
                       '<w:right w:val="single" w:sz="4" w:space="10" w:color="%s"/></w:pBdr>'
                       '<w:shd w:val="clear" w:color="auto" w:fill="%s"/>' % (PAPER, ACCENT, PAPER, PAPER, PAPER) +
                       spacing(400, 120, 276) + '<w:ind w:left="260" w:right="220"/>', text(10.0)),
            para_style('ListNumber', 'List Number', 'Normal',
                       '<w:numPr><w:numId w:val="1"/></w:numPr>' + spacing(0, 50, 264) + '', text(9)),
        ]) + (
        '<w:style w:type="table" w:customStyle="1" w:styleId="Plain"><w:name w:val="Plain Layout"/>'
        '<w:basedOn w:val="TableNormal"/><w:tblPr>%s</w:tblPr></w:style>' % (margins % (0, 0, 0, 0)) +
        '<w:style w:type="table" w:customStyle="1" w:styleId="Facts"><w:name w:val="Facts"/>'
        '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>%s</w:tblBorders>%s</w:tblPr></w:style>'
        % (hair % 'insideH', margins % (50, 0, 50, 0)) +
        '<w:style w:type="table" w:customStyle="1" w:styleId="InvoiceLines"><w:name w:val="Invoice Lines"/>'
        '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>%s%s</w:tblBorders>%s</w:tblPr>'
        '<w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="%s"/></w:tcPr>'
        '</w:tblStylePr></w:style>'
        % (hair % 'bottom', hair % 'insideH', margins % (90, 130, 90, 130), INK) +
        '<w:style w:type="table" w:customStyle="1" w:styleId="Sums"><w:name w:val="Sums"/>'
        '<w:basedOn w:val="TableNormal"/><w:tblPr>%s</w:tblPr></w:style>' % (margins % (60, 130, 60, 130))
    ) + '</w:styles>'


def numbering():
    return HEAD + '<w:numbering %s>' % NS + (
        '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0">'
        '<w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="ListNumber"/><w:lvlText w:val="%%1."/>'
        '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="340" w:hanging="340"/></w:pPr><w:rPr><w:b/>'
        '<w:color w:val="%s"/></w:rPr></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>' % MUTED)


# ---------------------------------------------------------------- the document

def letterhead():
    widths = [1150, 4000, TEXT_W - 5150]
    middle = '<w:vAlign w:val="center"/>'
    return table(
        'Plain', widths,
        row(cell(widths[0], p('Header', picture('rId1', 1.6, 'Logo', 'Logo of {{ company.name }}')), props=middle),
            cell(widths[1], p('CompanyName', '{{ company.name }}'), p('Fine', '{{ company.tagline }}'), props=middle),
            cell(widths[2],
                 p('FineRight', '{% for line in company.address %}{{ line }}{% if not loop.last %}, {% endif %}{% endfor %}'),
                 p('FineRight', '{{ company.email }} · {{ company.phone }}'),
                 p('FineRight', 'VAT {{ company.vat_id }}'), props=middle))) + p('Header', '')


def running_head():
    tabs = '<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs>' % TEXT_W
    return p('Fine', strong('{{ company.name }}'), '\tInvoice {{ invoice_number }}', props=tabs)


def footer():
    return p('Footer', '{{ company.legal_line }}\tPage ', field('PAGE', '1'), ' of ', field('NUMPAGES', '1'))


def facts():
    widths = [1500, 2500]

    def fact(label, value, props=''):
        return row(cell(widths[0], p('Fact', run(label, '<w:color w:val="%s"/>' % MUTED))),
                   cell(widths[1], p('FactRight', strong(value))), props=props)
    return table('Facts', widths,
                 fact('Invoice no.', '{{ invoice_number }}'),
                 fact('Issued', '{{ issue_date|date("%d %B %Y") }}'),
                 fact('Due', '{{ due_date|date("%d %B %Y") }}'),
                 row(cell(widths[0], p('Fact', run('{% if order_number %}Your order', '<w:color w:val="%s"/>' % MUTED))),
                     cell(widths[1], p('FactRight', strong('{{ order_number }}{% endif %}')))))


def introduction():
    widths = [TEXT_W - 4000, 4000]
    return table(
        'Plain', widths,
        row(cell(widths[0], p('Label', 'Bill to'), p('Address', strong('{{ customer.name }}')),
                 p('Address', '{% for line in customer.address %}'), p('Address', '{{ line }}'),
                 p('Address', '{% endfor %}'),
                 p('Address', '{% if customer.vat_id %}'), p('Fine', 'VAT {{ customer.vat_id }}'),
                 p('Address', '{% endif %}')),
            cell(widths[1], facts(), p('Fact', ''))))


def lines():
    widths = [TEXT_W - 1000 - 1750 - 1850, 1000, 1750, 1850]
    head = row(cell(widths[0], p('LineHead', 'Description')), cell(widths[1], p('LineHeadRight', 'Qty')),
               cell(widths[2], p('LineHeadRight', 'Unit price')), cell(widths[3], p('LineHeadRight', 'Amount')),
               props='<w:cantSplit/><w:tblHeader/>')
    # The loop begins in the first cell of the row and ends in its last one: the row is repeated.
    item = row(cell(widths[0], p('Line', '{% for item in items %}', strong('{{ item.description }}')),
                    p('Line', '{% if item.detail %}'), p('LineDetail', '{{ item.detail }}'), p('Line', '{% endif %}')),
               cell(widths[1], p('LineRight', '{{ item.quantity }}')),
               cell(widths[2], p('LineRight', '{{ item.unit_price|number(2) }}')),
               cell(widths[3], p('LineRight', '{{ (item.quantity * item.unit_price)|number(2) }}{% endfor %}')),
               props='<w:cantSplit/>')
    return table('InvoiceLines', widths, head, item)


def sums():
    widths = [2300, 2300]
    line = '<w:tcBorders><w:top w:val="single" w:sz="4" w:space="0" w:color="%s"/></w:tcBorders>' % RULE
    band = '<w:shd w:val="clear" w:color="auto" w:fill="%s"/>' % INK

    def one(label, value, style='Sum', props=''):
        return row(cell(widths[0], p(style, label), props=props), cell(widths[1], p(style + 'Right', value), props=props),
                   props='<w:cantSplit/>')
    return table('Sums', widths,
                 one('Subtotal', '{{ subtotal|currency(currency) }}'),
                 one('{% if discount %}{{ discount_label }}', '−{{ discount|currency(currency) }}{% endif %}', props=line),
                 one('VAT {{ tax_rate|percent }}', '{{ tax|currency(currency) }}', props=line),
                 one('Total', '{{ total|currency(currency) }}', 'Total', props=band),
                 props='<w:jc w:val="right"/>')


def closing():
    return ''.join([
        p('Normal', '{% if paid_on %}'),
        p('Notice', strong('Paid in full. '), 'We received {{ total|currency(currency) }} on '
          '{{ paid_on|date("%d %B %Y") }}. Thank you.'),
        p('Normal', '{% elif overdue %}'),
        p('Notice', strong('This invoice is overdue. '), 'It was due on {{ due_date|date("%d %B %Y") }}. '
          'Please transfer {{ total|currency(currency) }} without delay, or write to {{ company.email }}.'),
        p('Normal', '{% else %}'),
        p('Notice', strong('Please pay {{ total|currency(currency) }} by {{ due_date|date("%d %B %Y") }}. '),
          'Transfer it to {{ bank.name }}, IBAN ', strong('{{ bank.iban }}'), ', BIC {{ bank.bic }}, and quote ',
          strong('{{ invoice_number }}'), '.'),
        p('Normal', '{% endif %}'),
        p('Normal', '{% if terms %}'),
        p('Heading1', 'Terms'),
        p('ListNumber', '{% for term in terms %}'),
        p('ListNumber', '{{ term }}'),
        p('ListNumber', '{% endfor %}'),
        p('Normal', '{% endif %}'),
    ])


def body():
    gap = p('Normal', '', props=spacing(0, 0, 240))
    return (p('Title', 'Invoice') + gap + introduction() + gap + gap + lines() +
            p('Normal', '', props='<w:keepNext/>' + '<w:spacing w:before="0" w:after="0" w:line="160" w:lineRule="exact"/>') +
            sums() + closing() +
            '<w:sectPr><w:headerReference w:type="first" r:id="rId4"/><w:headerReference w:type="default" r:id="rId5"/>'
            '<w:footerReference w:type="first" r:id="rId6"/><w:footerReference w:type="default" r:id="rId6"/>'
            '<w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="737" '
            'w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>' % (PAGE_W, PAGE_H, 1474, MARGIN, 1304, MARGIN))


# ---------------------------------------------------------------- the package

def rels(*items):
    return HEAD + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' + ''.join(
        '<Relationship Id="rId%d" Type="%s" Target="%s"/>' % (i + 1, kind if ':' in kind else OFFICE + kind, target)
        for i, (kind, target) in enumerate(items)) + '</Relationships>'


def parts():
    word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.'
    types = [('word/document.xml', word + 'document.main+xml'), ('word/styles.xml', word + 'styles+xml'),
             ('word/settings.xml', word + 'settings+xml'), ('word/numbering.xml', word + 'numbering+xml'),
             ('word/header1.xml', word + 'header+xml'), ('word/header2.xml', word + 'header+xml'),
             ('word/footer1.xml', word + 'footer+xml'),
             ('docProps/core.xml', 'application/vnd.openxmlformats-package.core-properties+xml')]
    yield '[Content_Types].xml', (
        HEAD + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>' +
        ''.join('<Override PartName="/%s" ContentType="%s"/>' % t for t in types) + '</Types>')
    yield '_rels/.rels', rels(('officeDocument', 'word/document.xml'),
                              ('http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties',
                               'docProps/core.xml'))
    yield 'word/document.xml', HEAD + '<w:document %s><w:body>%s</w:body></w:document>' % (NS, body())
    yield 'word/_rels/document.xml.rels', rels(('styles', 'styles.xml'), ('settings', 'settings.xml'),
                                               ('numbering', 'numbering.xml'), ('header', 'header1.xml'),
                                               ('header', 'header2.xml'), ('footer', 'footer1.xml'))
    yield 'word/header1.xml', HEAD + '<w:hdr %s>%s</w:hdr>' % (NS, letterhead())
    yield 'word/_rels/header1.xml.rels', rels(('image', 'media/logo.png'))
    yield 'word/header2.xml', HEAD + '<w:hdr %s>%s</w:hdr>' % (NS, running_head())
    yield 'word/footer1.xml', HEAD + '<w:ftr %s>%s</w:ftr>' % (NS, footer())
    yield 'word/styles.xml', styles()
    yield 'word/numbering.xml', numbering()
    yield 'word/settings.xml', (
        HEAD + '<w:settings %s><w:zoom w:percent="100"/><w:defaultTabStop w:val="708"/><w:compat><w:compatSetting '
        'w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '</w:settings>' % NS)
    yield 'docProps/core.xml', (
        HEAD + '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Invoice {{ invoice_number }}</dc:title>'
        '<dc:creator>{{ company.name }}</dc:creator></cp:coreProperties>')
    yield 'word/media/logo.png', logo_png()


def write_package(path, parts):
    """A Word file of (name, text or bytes); the same parts give the same bytes."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, data in parts:
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name.endswith('.png') else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 0
            z.writestr(info, data if isinstance(data, bytes) else data.encode())


def main():
    path = os.path.join(HERE, 'invoice.docx')
    write_package(path, parts())
    print('%s: %d bytes' % (os.path.relpath(path), os.path.getsize(path)))


if __name__ == '__main__':
    main()
