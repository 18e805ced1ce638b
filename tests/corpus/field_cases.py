"""The cases of field.py: name, document, data. P is a paragraph of runs, R a run, T a table of rows, C a cell, D the package."""
import io
import re
import zipfile
from xml.sax.saxutils import escape

import docx

CASES = {}


def case(name, package, data):
    assert name not in CASES, name
    CASES[name] = (package, data)


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NS = ('xmlns:w="%s" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:o="urn:schemas-microsoft-com:office:office"') % W
CT = "application/vnd.openxmlformats-officedocument.wordprocessingml.%s+xml"
def R(t, pr=""):
    return '<w:r>%s<w:t xml:space="preserve">%s</w:t></w:r>' % ("<w:rPr>%s</w:rPr>" % pr if pr else "", escape(t))
B, I = "<w:b/>", "<w:i/>"
def P(*runs, pr="", raw=""):
    out = []
    for r in runs:
        out.append(r if r.startswith("<w:") or r.startswith("<mc:") else R(r))
    return "<w:p>%s%s%s</w:p>" % ("<w:pPr>%s</w:pPr>" % pr if pr else "", "".join(out), raw)
def C(*content, pr="", w=2000):
    inner = "".join(c if c.startswith("<w:p>") or c.startswith("<w:tbl>") or c.startswith("<w:p/") or c.startswith("<w:sdt") else P(c) for c in content) or "<w:p/>"
    return '<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s</w:tcPr>%s</w:tc>' % (w, pr, inner)
def TR(*cells, pr=""):
    return "<w:tr>%s%s</w:tr>" % ("<w:trPr>%s</w:trPr>" % pr if pr else "", "".join(c if c.startswith("<w:tc>") or c.startswith("<w:sdt") else C(c) for c in cells))
def T(*rows, cols=None):
    rows = [r if isinstance(r, str) else TR(*r) for r in rows]
    n = cols or max(len(re.findall("<w:tc>", re.sub("<w:tbl>.*?</w:tbl>", "", r))) for r in rows)
    return '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid>%s</w:tblGrid>%s</w:tbl>' % ('<w:gridCol w:w="2000"/>' * n, "".join(rows))
def D(*blocks, headers=(), footers=(), footnotes=None, endnotes=None, comments=None, rels=(), props=None, sect="", custom=None, settings=None, extra=()):
    body = "".join(b if b.startswith("<") else P(b) for b in blocks)
    over, rel, refs, parts = [], [], "", {}
    def add(name, kind, xml, ct=None):
        parts["word/" + name] = xml
        over.append('<Override PartName="/word/%s" ContentType="%s"/>' % (name, ct or CT % kind))
        rid = "rIdP%d" % len(rel)
        rel.append('<Relationship Id="%s" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/>' % (rid, kind, name))
        return rid
    for what, tag, items in (("header", "hdr", headers), ("footer", "ftr", footers)):
        for i, h in enumerate(items):
            t = ["default", "first", "even"][i % 3]
            rid = add("%s%d.xml" % (what, i + 1), what, '<w:%s %s>%s</w:%s>' % (tag, NS, "".join(x if x.startswith("<") else P(x) for x in h), tag))
            refs += '<w:%sReference w:type="%s" r:id="%s"/>' % (what, t, rid)
    for name, tag, notes in (("footnotes", "footnote", footnotes), ("endnotes", "endnote", endnotes)):
        if notes is not None:
            xml = '<w:%s %s><w:%s w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:%s>' % (name, NS, tag, tag)
            xml += "".join('<w:%s w:id="%d">%s</w:%s>' % (tag, i + 1, "".join(x if x.startswith("<") else P(x) for x in n), tag) for i, n in enumerate(notes)) + "</w:%s>" % name
            add(name + ".xml", name, xml)
    if comments is not None:
        add("comments.xml", "comments", '<w:comments %s>%s</w:comments>' % (NS, "".join('<w:comment w:id="%d" w:author="A">%s</w:comment>' % (i, P(c) if not c.startswith("<") else c) for i, c in enumerate(comments))))
    for i, (rid, target) in enumerate(rels):
        rel.append('<Relationship Id="%s" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="%s" TargetMode="External"/>' % (rid, escape(target)))
    root_rel = '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    if props is not None:
        parts["docProps/core.xml"] = '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">%s</cp:coreProperties>' % "".join("<%s>%s</%s>" % (k, escape(v), k) for k, v in props.items())
        over.append('<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>')
        root_rel += '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    doc = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document %s><w:body>%s<w:sectPr>%s%s</w:sectPr></w:body></w:document>' % (NS, body, refs, sect)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="%s"/>%s</Types>' % (CT % "document.main", "".join(over)))
        z.writestr("_rels/.rels", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>' % root_rel)
        z.writestr("word/document.xml", doc)
        z.writestr("word/_rels/document.xml.rels", '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>' % "".join(rel))
        for k, v in parts.items():
            z.writestr(k, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + v)
        for k, v in extra: z.writestr(k, v)
    return out.getvalue()
ITEMS = [{"name": "Pump", "qty": 2, "price": 10.5, "sub": [{"n": "a", "v": [1, 2]}, {"n": "b", "v": []}]}, {"name": "Valve <x> & co", "qty": 1, "price": 3, "sub": []}, {"name": "Hose", "qty": 12, "price": 0.25, "sub": [{"n": "c", "v": [9]}]}]
BASE = {"items": ITEMS, "name": "Ann & <Co>", "n": 3, "yes": True, "no": False, "tags": ["red", "green", "blue"], "empty": [], "nil": None, "d": {"b": 2, "a": 1, "c": {"x": "y"}}, "multi": "one\ntwo\tthree", "company": {"name": "ACME", "address": {"street": "Main St 1", "city": "Köln"}, "vat": "DE1"}, "date": "2024-03-09", "price": 12.5, "zero": 0, "s": "x y z"}

# --- prefixes one by one
case("p_for", D("a", "{%p for i in items %}", "{{ i.name }}", "{%p endfor %}", "z"), BASE)
case("p_if_else", D("{%p if no %}", "x", "{%p elif yes %}", "y", "{%p else %}", "w", "{%p endif %}", "end"), BASE)
case("p_nospace", D("{%p if yes%}", "x", "{%p endif%}"), BASE)
case("p_inner_text_lost", D("before", "text {%p if yes %} more", "in", "{%p endif %} tail", "after"), BASE)
case("tr_for", D(T(("h1", "h2"), ("{%tr for i in items %}", ""), ("{{ i.name }}", "{{ i.qty }}"), ("{%tr endfor %}", ""), ("sum", "{{ items|sum(attribute='price') }}"))), BASE)
case("tr_for_merged_row", D(T(("h1", "h2"), TR(C("{%tr for i in items %}", pr='<w:gridSpan w:val="2"/>')), ("{{ i.name }}", "{{ i.qty }}"), TR(C("{%tr endfor %}", pr='<w:gridSpan w:val="2"/>')))), BASE)
case("tr_if", D(T(("h1", "h2"), ("{%tr if no %}", ""), ("A", "B"), ("{%tr else %}", ""), ("C", "D"), ("{%tr endif %}", ""))), BASE)
case("tr_nested", D(T(("{%tr for i in items %}", ""), ("{{ i.name }}", ""), ("{%tr for s in i.sub %}", ""), ("- {{ s.n }}", "{{ s.v|join(',') }}"), ("{%tr endfor %}", ""), ("{%tr endfor %}", ""))), BASE)
case("tc_for", D(T(("{%tc for t in tags %}", "{{ t }}", "{%tc endfor %}"), ("{%tc for t in tags %}", "{{ loop.index }}", "{%tc endfor %}"))), BASE)
case("tc_with_fixed", D(T(("Head", "{%tc for t in tags %}", "{{ t }}", "{%tc endfor %}", "Tail"), ("{%tr for i in items %}", "", "", "", ""), ("{{ i.name }}", "{%tc for t in tags %}", "{{ t[0] }}{{ i.qty }}", "{%tc endfor %}", "x"), ("{%tr endfor %}", "", "", "", ""))), BASE)
case("tc_if", D(T(("a", "{%tc if no %}", "b", "{%tc endif %}", "c"), ("1", "{%tc if no %}", "2", "{%tc endif %}", "3"))), BASE)
case("r_if", D(P(R("Start "), R("{%r if yes %}"), R("shown", B), R("{%r else %}"), R("hidden"), R("{%r endif %}"), R(" end"))), BASE)
case("r_for", D(P(R("{%r for t in tags %}"), R("{{ t }}, ", B), R("{%r endfor %}"), R("."))), BASE)
case("rr_plain_value", D(P(R("x "), R("{{r name }}"), R(" y"))), BASE)
case("p_value_plain", D("before", "{{p name }}", "after"), BASE)
case("minus_simple", D("a", "{%- if yes %}", "b", "{%- endif %}", "c"), BASE)
case("minus_para", D("My house is located", "{%- if no -%}", "in urban area", "{%- else -%}", "in countryside", "{%- endif -%}", "and I love it."), BASE)
case("minus_loop", D("List:", "{%- for t in tags -%}", "{{ t }},", "{%- endfor -%}", "done"), BASE)
case("colspan", D(T(("{% colspan tags|length %}Title", "b", "c"), ("{%tc for t in tags %}", "{{ t }}", "{%tc endfor %}"))), BASE)
case("colspan_n", D(T(TR(C("{% colspan 3 %}Title {{ name }}")), ("a", "b", "c"))), BASE)
case("cellbg", D(T(("{%tr for t in tags %}", "", ""), ("{% cellbg 'FF0000' if loop.first else '00FF00' %}{{ t }}", "b", "{% cellbg '' %}c"), ("{%tr endfor %}", "", ""))), BASE)
case("vm", D(T(("h", "v"), ("{%tr for i in items %}", ""), ("{% vm %}Group", "{{ i.name }}"), ("{%tr endfor %}", ""))), BASE)
case("vm_nested", D(T(("{%tr for i in items %}", "", ""), ("{%tr for s in i.sub %}", "", ""), ("{% vm %}{{ i.name }}", "{{ s.n }}", "{{ s.v|length }}"), ("{%tr endfor %}", "", ""), ("{%tr endfor %}", "", ""))), BASE)
case("hm", D(T(("{%tc for t in tags %}", "{% hm %}Head", "{%tc endfor %}"), ("{%tc for t in tags %}", "{{ t }}", "{%tc endfor %}"))), BASE)
case("vm_after_text", D(T(("{%tr for i in items %}", ""), ("Group{% vm %}", "{{ i.name }}"), ("{%tr endfor %}", ""))), BASE)
case("escape_delims", D("{_{ name }_} {_% if %_} {_{ {{ name }} }_}"), BASE)
case("raw_block", D("{% raw %}{{ name }} {% if %}{% endraw %} after {{ n }}"), BASE)
# --- whitespace, data characters
case("multi_value", D("x {{ multi }} y", P(R("{{ multi }}", B))), BASE)
case("newpara", D("x {{ s }} y", "z"), {"s": "one\atwo\fthree\nfour"})
case("newpara_cell", D(T(("{{ s }}", "b"))), {"s": "one\atwo"})
case("newpara_header", D("b", headers=[["{{ s }}"]], footers=[["F {{ s }} G"]]), {"s": "one\atwo\tthree"})
case("lf_only", D("[{{ s }}]"), {"s": "\n"})
case("crlf", D("[{{ s }}]"), {"s": "a\r\nb\rc"})
case("leading_blanks", D("[{{ s }}]", "{{ s }}"), {"s": "   a   b   "})
case("xmlchars", D("{{ s }}", "{{ s|upper }}", "{{ s|e }}", "{{ s|safe }}"), {"s": "a & b"})
case("xmlchars2", D("{{ s }}", "{{ s|upper }}", "{{ s|e }}", "{{ s|length }}"), {"s": "<a href=\"x\">'q' & \"z\"</a>"})
case("unicode", D("{{ s }} {{ s|upper }} {{ s|length }} {{ s[::-1] }}"), {"s": "Größe 日本語 🎉 العربية"})
case("tabs_in_template", D(P(R("a"), "<w:r><w:tab/></w:r>", R("{{ name }}"), "<w:r><w:tab/><w:t>b</w:t></w:r>")), BASE)
case("br_in_template", D(P(R("a"), "<w:r><w:br/></w:r>", R("{{ name }}"), "<w:r><w:br/><w:t>b</w:t></w:r>")), BASE)
case("br_in_if", D(P(R("{% if yes %}a"), "<w:r><w:br/></w:r>", R("b{% endif %}"), R("{% if no %}c"), "<w:r><w:br/></w:r>", R("d{% endif %}"))), BASE)
case("tag_with_tab", D(P(R("{{ "), "<w:r><w:tab/></w:r>", R("name }}"))), BASE)
case("preserve", D('<w:p><w:r><w:t>{{ n }} a </w:t></w:r><w:r><w:t xml:space="preserve"> b {{ n }}</w:t></w:r></w:p>'), BASE)
case("space_only_run", D(P(R("{{ n }}"), R(" "), R("{{ n }}"), R("  "), R("x"))), BASE)
# --- split runs, marks
case("split_everywhere", D(P(*[R(c) for c in "Dear {{ name }}, {% if yes %}you{% else %}me{% endif %}!"])), BASE)
case("split_formats", D(P(R("{{", B), R(" name", I), R(" }}"), R(" x"))), BASE)
case("prooferr", D(P(R("{{ "), '<w:proofErr w:type="spellStart"/>', R("company"), '<w:proofErr w:type="spellEnd"/>', R("."), '<w:proofErr w:type="gramStart"/>', R("name"), '<w:proofErr w:type="gramEnd"/>', R(" }}"))), BASE)
case("rsid_lang", D('<w:p w:rsidR="00A"><w:r w:rsidRPr="01"><w:rPr><w:lang w:val="de-DE"/></w:rPr><w:t>{{ na</w:t></w:r><w:r><w:rPr><w:lang w:val="en-US"/></w:rPr><w:t>me }}</w:t></w:r></w:p>'), BASE)
case("bookmark_around", D(P('<w:bookmarkStart w:id="0" w:name="bm"/>', R("{{ name }}"), '<w:bookmarkEnd w:id="0"/>', R(" t"))), BASE)
case("bookmark_loop", D("{%p for t in tags %}", P('<w:bookmarkStart w:id="0" w:name="bm"/>', R("{{ t }}"), '<w:bookmarkEnd w:id="0"/>'), "{%p endfor %}"), BASE)
case("comment_ref", D(P('<w:commentRangeStart w:id="0"/>', R("{{ name }}"), '<w:commentRangeEnd w:id="0"/>', '<w:r><w:commentReference w:id="0"/></w:r>'), comments=["plain comment"]), BASE)
case("ins_del", D(P('<w:ins w:id="1" w:author="A" w:date="2020-01-01T00:00:00Z"><w:r><w:t>{{ name }}</w:t></w:r></w:ins>', '<w:del w:id="2" w:author="A" w:date="2020-01-01T00:00:00Z"><w:r><w:delText>old</w:delText></w:r></w:del>', R(" t"))), BASE)
case("smart_quotes", D("{{ d[‘a’] }} {{ missing|default(“none”) }} {{ tags|join(‘, ’) }} {% if name == “Ann” %}A{% else %}B{% endif %}"), BASE)
case("nbsp_in_tag", D("{{\u00a0name\u00a0}} {%\u00a0if yes\u00a0%}x{% endif %}"), BASE)
# --- sdt, textboxes, fields, hyperlinks
case("sdt_inline", D(P(R("a "), '<w:sdt><w:sdtPr><w:id w:val="1"/><w:text/></w:sdtPr><w:sdtContent><w:r><w:t>{{ name }}</w:t></w:r></w:sdtContent></w:sdt>', R(" b"))), BASE)
case("sdt_block", D('<w:sdt><w:sdtPr><w:id w:val="1"/></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % (P("{{ name }}") + P("two {{ n }}")), "x"), BASE)
case("sdt_block_loop_inside", D('<w:sdt><w:sdtPr><w:id w:val="1"/></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % (P("{%p for t in tags %}") + P("{{ t }}") + P("{%p endfor %}")), "x"), BASE)
case("sdt_in_loop", D("{%p for t in tags %}", '<w:sdt><w:sdtPr><w:id w:val="1"/></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % P("{{ t }}"), "{%p endfor %}"), BASE)
case("sdt_cell", D(T(TR('<w:sdt><w:sdtPr/><w:sdtContent>%s</w:sdtContent></w:sdt>' % C("{{ name }}"), C("b")))), BASE)
case("sdt_row", D('<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="2000"/><w:gridCol w:w="2000"/></w:tblGrid>%s<w:sdt><w:sdtPr/><w:sdtContent>%s</w:sdtContent></w:sdt>%s</w:tbl>' % (TR("{%tr for t in tags %}", ""), TR("{{ t }}", "x"), TR("{%tr endfor %}", ""))), BASE)
TB = '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:extent cx="100" cy="100"/><wp:docPr id="1" name="Text Box 1"/><a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:txbx><w:txbxContent>%s</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>%s</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>'
def tb(*ps): x = "".join(p if p.startswith("<") else P(p) for p in ps); return TB % (x, x)
case("textbox_value", D(P(R("out {{ n }} "), tb("box {{ name }}"), R(" more"))), BASE)
case("textbox_loop_in", D(P(tb("{%p for t in tags %}", "* {{ t }}", "{%p endfor %}"))), BASE)
case("textbox_in_loop", D("{%p for t in tags %}", P(R("t: "), tb("box {{ t }}")), "{%p endfor %}"), BASE)
case("textbox_table", D(P(tb(T(("{%tr for t in tags %}", ""), ("{{ t }}", "x"), ("{%tr endfor %}", "")), "after"))), BASE)
case("mergefield", D(P('<w:fldSimple w:instr=" MERGEFIELD Name "><w:r><w:t>«{{ name }}»</w:t></w:r></w:fldSimple>', R(" {{ n }}"))), BASE)
case("complex_field", D(P('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:instrText xml:space="preserve"> HYPERLINK "https://x.example/{{ n }}" </w:instrText></w:r>', '<w:r><w:fldChar w:fldCharType="separate"/></w:r>', R("link {{ name }}"), '<w:r><w:fldChar w:fldCharType="end"/></w:r>')), BASE)
case("complex_field_if", D(P(R("{% if yes %}"), '<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>', '<w:r><w:fldChar w:fldCharType="separate"/></w:r>', R("1"), '<w:r><w:fldChar w:fldCharType="end"/></w:r>', R("{% endif %}"))), BASE)
case("hyperlink_text", D(P(R("see "), '<w:hyperlink r:id="rIdH1"><w:r><w:t>{{ name }} site</w:t></w:r></w:hyperlink>', R(".")), rels=[("rIdH1", "https://x.example/")]), BASE)
case("hyperlink_tag_target", D(P('<w:hyperlink r:id="rIdH1"><w:r><w:t>{{ n }}</w:t></w:r></w:hyperlink>'), rels=[("rIdH1", "https://x.example/%7B%7B n %7D%7D")]), BASE)
case("hyperlink_in_if", D(P(R("{% if no %}"), '<w:hyperlink r:id="rIdH1"><w:r><w:t>site</w:t></w:r></w:hyperlink>', R("{% endif %} t")), rels=[("rIdH1", "https://x.example/")]), BASE)
case("hyperlink_split_tag", D(P(R("{{ na"), '<w:hyperlink r:id="rIdH1"><w:r><w:t>me }}</w:t></w:r></w:hyperlink>', R(" t")), rels=[("rIdH1", "https://x.example/")]), BASE)
case("math", D(P('<m:oMath><m:r><m:t>x={{ n }}</m:t></m:r></m:oMath>', R(" {{ n }}"))), BASE)
case("smarttag", D(P('<w:smartTag w:uri="u" w:element="e"><w:r><w:t>{{ name }}</w:t></w:r></w:smartTag>')), BASE)
# --- parts
case("hf", D("b {{ n }}", headers=[["H {{ name }}", "{%p for t in tags %}", "{{ t }}", "{%p endfor %}"], ["first {{ n }}"]], footers=[[T(("{%tr for t in tags %}", ""), ("{{ t }}", "2"), ("{%tr endfor %}", "")), "f {{ name }}"]]), BASE)
case("footnotes", D(P(R("a"), '<w:r><w:footnoteReference w:id="1"/></w:r>', R(" {{ n }}")), footnotes=[["note {{ name }}"]]), BASE)
case("footnote_loop", D("{%p for t in tags %}", P(R("{{ t }}"), '<w:r><w:footnoteReference w:id="1"/></w:r>'), "{%p endfor %}", footnotes=[["note {{ name }}"]]), BASE)
case("footnote_turns", D("{%p for t in tags %}", P(R("{{ t }}"), '<w:r><w:footnoteReference w:id="1"/></w:r>', '<w:r><w:endnoteReference w:id="1"/></w:r>'), "{%p endfor %}", P(R("x"), '<w:r><w:footnoteReference w:id="2"/></w:r>'), footnotes=[["note {{ t }} of {{ name }}"], ["once {{ n }}"]], endnotes=[["{%p if loop.first %}", "end {{ t|upper }}", "{%p else %}", "{{ loop.index }}", "{%p endif %}"]]), BASE)
case("props", D("{{ n }}", props={"dc:title": "T {{ name|replace('&','and')|replace('<','')|replace('>','') }}", "dc:subject": "{{ n }}", "dc:creator": "{{ company.name }}", "cp:keywords": "{{ tags|join(' ') }}", "dc:description": "{% if yes %}Y{% endif %}", "cp:category": "c {{ n }}"}), BASE)
# --- jinja statements
case("set_inline", D("{% set x = n * 2 %}{{ x }} {{ x + 1 }}"), BASE)
case("set_para", D("{%p set x = n * 2 %}", "{{ x }}", "{% set y = x %}", "{{ y }}"), BASE)
case("set_in_loop", D("{% set total = namespace(v=0) %}", "{%p for i in items %}", "{% set total.v = total.v + i.qty * i.price %}{{ total.v }}", "{%p endfor %}", "{{ total.v }}"), BASE)
case("set_block", D("{% set x %}a {{ n }}{% endset %}[{{ x }}][{{ x }}]"), BASE)
case("set_tuple", D("{% set a, b = 1, 2 %}{{ a }}{{ b }}"), BASE)
case("macro", D("{% macro m(a, b='x') %}<{{ a }}/{{ b }}>{% endmacro %}{{ m(1) }} {{ m(2, 'y') }} {{ m(a=3, b=4) }}"), BASE)
case("macro_para", D("{%p macro m(a) %}", "Para {{ a }}", "{%p endmacro %}", "A", "{{p m(1) }}", "{{p m(2) }}"), BASE)
case("macro_varargs", D("{% macro m(a) %}{{ a }}-{{ varargs }}-{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, k=4) }}"), BASE)
case("call", D("{% macro m(a) %}[{{ caller(a) }}]{% endmacro %}{% call(x) m(3) %}c{{ x }}{% endcall %}"), BASE)
case("filter_block", D("{% filter upper %}abc {{ s }}{% endfilter %}"), BASE)
case("with", D("{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}"), BASE)
case("for_else", D("{% for e in empty %}{{ e }}{% else %}none{% endfor %}", "{%p for e in empty %}", "{{ e }}", "{%p else %}", "nope", "{%p endfor %}"), BASE)
case("for_filter", D("{% for i in items if i.qty > 1 %}{{ loop.index }}/{{ loop.length }} {{ i.name }};{% endfor %}"), BASE)
case("for_dict", D("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for k, v in d|dictsort(false, 'key') if k != 'c' %}{{ k }}{{ v }}{% endfor %}"), BASE)
case("loop_vars", D("{% for t in tags %}{{ loop.index }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }} {{ loop.length }} {{ loop.depth }} {{ loop.depth0 }} {{ loop.cycle('a','b') }} {{ loop.previtem }} {{ loop.nextitem }} {{ loop.changed(t) }};{% endfor %}"), BASE)
case("loop_recursive", D("{% for s in tree recursive %}{{ s.n }}{% if s.c %}({{ loop(s.c) }}){% endif %}{% endfor %}"), {"tree": [{"n": "a", "c": [{"n": "b", "c": []}, {"n": "c", "c": [{"n": "d"}]}]}, {"n": "e"}]})
case("loop_outer", D("{% for i in items %}{% set outer = loop %}{% for s in i.sub %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}"), BASE)
case("inline_if", D("{{ 'a' if yes }} {{ 'a' if no }} {{ 'a' if no else 'b' }} {{ n if n > 2 else 0 }}"), BASE)
case("undefined", D("[{{ nope }}][{{ nope|default('d') }}][{{ nope is defined }}][{{ d.zzz }}][{% for x in nope %}a{% endfor %}][{{ nope|length }}][{{ nope ~ 'x' }}][{{ nope|upper }}][{{ nope|join(',') }}]"), BASE)
case("undefined_attr", D("{{ nope.x }}"), BASE)
case("undefined_attr2", D("{{ d.nope.x }}"), BASE)
case("undefined_arith", D("{{ nope + 1 }}"), BASE)
case("none", D("[{{ nil }}][{{ nil or '' }}][{{ nil|default('x', true) }}][{{ nil is none }}][{% if nil %}a{% else %}b{% endif %}]"), BASE)
case("printing", D("{{ 1.0 }} {{ 1e10 }} {{ 1e20 }} {{ 0.1 + 0.2 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ true }} {{ [1, 'a', none, 2.5] }} {{ {'a': [1]} }} {{ (1,) }}"), BASE)
case("strfmt", D("{{ '%05.2f'|format(price) }} {{ '%s-%d'|format(s, n) }} {{ '{:>10}|{:<5}|{:^7}|{:,}'.format('a', 'b', 'c', 1234567) }} {{ '%.2f' % price }} {{ '%x %o %e %g' % (255, 8, 1.5, 0.0001) }} {{ '{:.2%} {:+d} {:08.3f} {!r}'.format(0.123, 5, 3.14159, 'q') }}"), BASE)
case("strmeth", D("{{ s.upper() }} {{ s.split(' ') }} {{ s.title() }} {{ s.replace('x', 'y') }} {{ s.startswith('x') }} {{ s.find('y') }} {{ s.count(' ') }} {{ '7'.zfill(3) }} {{ s.center(11, '*') }} {{ s.ljust(7, '.') }} {{ s.partition(' ') }} {{ ' a '.strip() }} {{ 'a,b'.split(',')[1] }} {{ s.capitalize() }} {{ s.swapcase() }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ s.index('z') }} {{ ','.join(tags) }} {{ 'aXbX'.rstrip('X') }}"), BASE)
case("filters1", D("{{ tags|first }} {{ tags|last }} {{ tags|length }} {{ tags|reverse|list }} {{ tags|sort(reverse=true) }} {{ tags|map('upper')|join('/') }} {{ items|map(attribute='name')|list }} {{ items|groupby('qty')|length }} {{ tags|batch(2)|list }} {{ tags|slice(2)|list }} {{ [3,1,2]|max }} {{ [3,1,2]|min }} {{ tags|random in tags }} {{ items|selectattr('qty', '>', 1)|map(attribute='qty')|sum }} {{ tags|select('in', ['red'])|list }} {{ tags|unique|list }} {{ s|wordcount }} {{ s|truncate(3, true) }} {{ price|round }} {{ price|int }} {{ '3'|float }} {{ -5|abs }} {{ 123456789|filesizeformat }} {{ s|indent }} {{ s|center(9) }} {{ s|urlencode }} {{ tags|tojson }} {{ d|dictsort|list }}"), BASE)
case("filters2", D("{{ s|wordwrap(2) }}|{{ '<b>x</b> y'|striptags }}|{{ 'www.example.com x'|urlize }}|{{ {'a': 1}|xmlattr }}|{{ tags|pprint }}|{{ s|capitalize }}|{{ s|title }}|{{ 'a b'|replace(' ', '_') }}|{{ s|trim('x') }}|{{ [1,2]|sum(start=5) }}|{{ '%s'|format('<') }}|{{ items|map(attribute='sub')|map('length')|list }}|{{ tags|string }}|{{ 'x'|d('y') }}"), BASE)
case("tests", D("{{ n is odd }} {{ n is even }} {{ n is divisibleby(3) }} {{ n is number }} {{ s is string }} {{ d is mapping }} {{ tags is iterable }} {{ tags is sequence }} {{ nil is none }} {{ n is eq 3 }} {{ n is sameas n }} {{ 'a' is lower }} {{ 'A' is upper }} {{ 'red' is in tags }} {{ true is boolean }} {{ 1.5 is float }} {{ 1 is integer }} {{ n is gt 2 }} {{ n is not lt 2 }} {{ true is true }} {{ 'upper' is filter }} {{ 'odd' is test }} {{ m is callable }}"), BASE)
case("slices", D("{{ tags[0] }} {{ tags[-1] }} {{ tags[1:] }} {{ tags[::-1] }} {{ s[1:3] }} {{ d['a'] }} {{ items[0]['name'] }} {{ items[0].sub[1].n }} {{ tags.0 }} {{ items.0.name }}"), BASE)
case("comparisons", D("{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 'a' < 'b' }} {{ [1] == [1] }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ 'a' in s }} {{ 'a' not in d }} {{ not yes }} {{ yes and no or n }} {{ 2 >= 2 }} {{ 1 != 2 }}"), BASE)
case("ws_control", D("a {{- n -}} b", "a {%- if yes -%} x {%- endif -%} b", "{{ n }} {{- n }}", "x {# c #} y", "x {#- c -#} y"), BASE)
case("comment_multi", D("a {# x", "b", "y #} c"), BASE)
case("comment_p", D("a", "{#p comment #}", "b", T(("{#tr c #}", "x"), ("1", "2"))), BASE)
case("line_stmt", D("# not a statement {{ n }}", "## x"), BASE)
case("braces_text", D("{ a } {n} {{ '{' }} {{ '}}' }} { { x } } %} }} #}"), BASE)
case("triple", D("{{{ n }}} {{ {'a': n}['a'] }} {{ {'a': {'b': 1}} }}"), BASE)
case("entities_in_tag", D("{% if n < 5 and n > 1 %}ok{% endif %} {{ 'a & b' }} {{ n > 2 }} {% if 'a' ~ '\"' == 'a\"' %}q{% endif %}"), BASE)
case("nested_tables", D(T(("a", "b"), TR(C("x"), C(T(("{%tr for t in tags %}", ""), ("{{ t }}", "{{ loop.index }}"), ("{%tr endfor %}", "")), "after")))), BASE)
case("nested_tables_loop", D(T(("{%tr for i in items %}", ""), TR(C("{{ i.name }}"), C(T(("{%tr for s in i.sub %}", ""), ("{{ s.n }}", "{{ s.v|sum }}"), ("{%tr endfor %}", "")), "<w:p/>")), ("{%tr endfor %}", ""))), BASE)
case("table_loop", D("{%p for i in items %}", "T {{ i.name }}", T(("n", "v"), ("{%tr for s in i.sub %}", ""), ("{{ s.n }}", "{{ s.v|length }}"), ("{%tr endfor %}", "")), "{%p endfor %}"), BASE)
case("table_loop_adjacent", D("{%p for i in items %}", T(("n", "{{ i.name }}")), "{%p endfor %}", "end"), BASE)
case("cell_paragraph_loop", D(T(TR(C("{%p for t in tags %}", "{{ t }}", "{%p endfor %}"), C("b")))), BASE)
case("cell_inline_loop", D(T(("{% for t in tags %}{{ t }} {% endfor %}", "b"))), BASE)
case("cell_paragraph_if_empty", D(T(TR(C("{%p if no %}", "x", "{%p endif %}"), C("b")))), BASE)
case("para_span_if", D("{% if yes %}first", "second{% endif %}", "third"), BASE)
case("para_span_if_no", D("A {% if no %}first", "second{% endif %} B", "third"), BASE)
case("para_span_for", D("{% for t in tags %}{{ t }}", "{% endfor %}end"), BASE)
case("list_numbered", D("{%p for t in tags %}", P("{{ t }}", pr='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'), "{%p endfor %}"), BASE)
case("attr_tag", D('<w:p><w:pPr><w:jc w:val="{{ al }}"/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>'), {"al": "right"})
case("color_attr", D('<w:p><w:r><w:rPr><w:color w:val="{{ c }}"/></w:rPr><w:t>x {{ c }}</w:t></w:r></w:p>'), {"c": "FF0000"})
case("section_loop", D("{%p for t in tags %}", "C {{ t }}", '<w:p><w:pPr><w:sectPr><w:pgSz w:w="100" w:h="100"/></w:sectPr></w:pPr></w:p>', "{%p endfor %}", "end"), BASE)
case("pagebreak_loop", D("{%p for t in tags %}", "C {{ t }}", P('<w:r><w:br w:type="page"/></w:r>'), "{%p endfor %}", "end"), BASE)
case("pagebreak_inline_if", D("{%p for t in tags %}", P(R("C {{ t }}{% if not loop.last %}"), '<w:r><w:br w:type="page"/></w:r>', R("{% endif %}")), "{%p endfor %}", "end"), BASE)
case("cyrillic_names", D("{{ имя }} {{ größe }} {{ 名前 }} {{ d.имя }}"), {"имя": "Иван", "größe": 5, "名前": "太郎", "d": {"имя": "x"}})
case("keys_with_space", D("{{ d['first name'] }} {{ d['a-b'] }} {{ d.a }}"), {"d": {"first name": "F", "a-b": 2, "a": {"x": 1}}})
case("dict_methods", D("{{ d.get('a') }} {{ d.get('zz', 'dflt') }} {{ d.keys()|list }} {{ d.values()|list|length }} {{ d|length }} {{ 'a' in d }} {{ d.a }}"), BASE)
case("list_methods", D("{{ tags.index('green') }} {{ tags.count('red') }} {{ tags + ['x'] }} {{ tags * 2 }}"), BASE)
case("append", D("{% set l = [] %}{% for t in tags %}{% if l.append(t) %}{% endif %}{% endfor %}{{ l }}", "{% set _ = l.append(1) %}"), BASE)
case("update_dict", D("{% set x = {} %}{% set _ = x.update({'a': 1}) %}{{ x }}"), BASE)
case("cond_complex", D("{% if (n > 2 and yes) or (no and not nil) %}A{% elif n == 3 %}B{% endif %} {% if not empty %}E{% endif %} {% if tags|length > 2 %}L{% endif %}"), BASE)
case("string_escapes", D("{{ 'a\\nb' }} {{ 'a\\tb' }} {{ 'it\\'s' }} {{ \"q\\\"q\" }}"), BASE)
case("adjacent_strings", D("{{ 'a' 'b' }}"), BASE)
case("big_numbers", D("{{ 1_000_000 }} {{ 0x1f }} {{ 1e3 }} {{ 123456789012345 * 10 }} {{ 3.0 * 2 }} {{ 10 / 2 }}"), BASE)
case("autoescape_block", D("{% autoescape false %}{{ v }}{% endautoescape %}"), {"v": "a&amp;b"})
case("include_missing", D("{% include 'x' ignore missing %}ok"), BASE)
case("block_tag", D("{% block a %}x{{ n }}{% endblock %}y"), BASE)
case("p_block_nested_if_in_for", D("{%p for i in items %}", "{%p if i.qty > 1 %}", "many {{ i.name }}", "{%p else %}", "one {{ i.name }}", "{%p endif %}", "{%p endfor %}"), BASE)
case("two_p_tags_one_para", D("{%p if yes %}{%p if n %}", "x", "{%p endif %}{%p endif %}"), BASE)
case("tr_two_loops_row", D(T(("{%tr for i in items %}{%tr for s in i.sub %}", ""), ("{{ i.name }}", "{{ s.n }}"), ("{%tr endfor %}{%tr endfor %}", ""))), BASE)
case("tr_and_inner_p", D(T(("{%tr for i in items %}", ""), TR(C("{{ i.name }}"), C("{%p for s in i.sub %}", "{{ s.n }}", "{%p endfor %}")), ("{%tr endfor %}", ""))), BASE)
case("para_props_loop", D("{%p for t in tags %}", P(R("{{ t }}", B), pr='<w:pStyle w:val="Heading1"/>'), "{%p endfor %}"), BASE)
case("trprefix_row_with_text", D(T(("{%tr for t in tags %} lost", "lost too"), ("{{ t }}", ""), ("{%tr endfor %}", "lost"))), BASE)
case("num_keys", D("{{ d['1'] }} {{ d.x1 }}"), {"d": {"1": "one", "x1": "y"}})
case("deep", D("{{ a.b.c.d.e }} {{ a['b']['c'].d['e'] }} {{ l[0][1][0] }}"), {"a": {"b": {"c": {"d": {"e": 5}}}}, "l": [[0, [7]]]})
def pd(fn):
    d = docx.Document(); fn(d); o = io.BytesIO(); d.save(o); return o.getvalue()
def inv(d):
    d.add_heading("Invoice {{ no }}", 0); d.add_paragraph("Date: {{ date }}  Customer: {{ company.name }}, {{ company.address.city }}")
    t = d.add_table(rows=1, cols=4); t.style = "Table Grid"
    for c, x in zip(t.rows[0].cells, ["Pos", "Article", "Qty", "Price"]): c.text = x
    r = t.add_row().cells; r[0].merge(r[3]).text = "{%tr for item in items %}"
    for c, x in zip(t.add_row().cells, ["{{ loop.index }}", "{{ item.name }}", "{{ item.qty }}", "{{ '%.2f'|format(item.qty*item.price) }}"]): c.text = x
    r = t.add_row().cells; r[0].merge(r[3]).text = "{%tr endfor %}"
    r = t.add_row().cells; r[0].merge(r[2]).text = "Total"; r[3].text = "{{ '%.2f'|format(total) }}"
    d.add_paragraph("{% if paid %}Paid. Thank you{% else %}Please pay until {{ due }}{% endif %}.")
    d.sections[0].header.paragraphs[0].text = "{{ company.name }}\tInvoice\t{{ no }}"; d.sections[0].footer.paragraphs[0].text = "VAT {{ company.vat }}"
case("pd_invoice", pd(inv), dict(BASE, no="R-1", total=27.0, paid=False, due="tomorrow"))
def cv(d):
    d.add_heading("{{ person.name }}", 0)
    p = d.add_paragraph(); p.add_run("{{ person.title").bold = True; p.add_run("|upper }}").italic = True
    for sec, var in (("Experience", "jobs"), ("Education", "edu")):
        d.add_paragraph("{%%p if %s %%}" % var); d.add_heading(sec, 1); d.add_paragraph("{%%p for j in %s %%}" % var)
        d.add_heading("{{ j.role }}{% if j.at %} at {{ j.at }}{% endif %}", 2); d.add_paragraph("{%p for t in j.tasks %}")
        d.add_paragraph("{{ t }}", style="List Bullet"); d.add_paragraph("{%p endfor %}"); d.add_paragraph("{%p endfor %}"); d.add_paragraph("{%p endif %}")
    d.add_paragraph("Skills: {{ skills|map('title')|join(' · ') }}"); d.add_page_break(); d.add_paragraph("{%p for s in skills %}"); d.add_paragraph("{{ s }}", style="List Number"); d.add_paragraph("{%p endfor %}")
case("pd_cv", pd(cv), {"person": {"name": "A & B", "title": "eng"}, "jobs": [{"role": "Dev", "at": "X", "tasks": ["a", "b"]}, {"role": "Ops", "tasks": []}], "edu": [], "skills": ["c", "python"]})
def school(d):
    d.add_paragraph("{%p for st in students %}"); d.add_heading("Report of {{ st.name }}", 1)
    t = d.add_table(rows=1, cols=3)
    for c, x in zip(t.rows[0].cells, ["Subject", "Mark", "Pass"]): c.text = x
    for row in (["{%tr for m in st.marks %}", "", ""], ["{{ m.s }}", "{{ m.v }}", "{% if m.v <= 4 %}☒{% else %}☐{% endif %}"], ["{%tr endfor %}", "", ""], ["{%tr if st.marks %}", "", ""], ["Average", "{{ (st.marks|map(attribute='v')|sum / st.marks|length)|round(2) }}", ""], ["{%tr endif %}", "", ""]):
        for c, x in zip(t.add_row().cells, row): c.text = x
    d.add_paragraph("{%p if not loop.last %}"); d.add_page_break(); d.add_paragraph("{%p endif %}"); d.add_paragraph("{%p endfor %}")
case("pd_school", pd(school), {"students": [{"name": "Ann", "marks": [{"s": "Maths", "v": 1}, {"s": "Art", "v": 5}]}, {"name": "Bo", "marks": []}]})
def contract(d):
    d.add_paragraph("{% macro clause(t) %}§ {{ t }}{% endmacro %}"); d.add_paragraph("{% set n = namespace(c=0) %}")
    d.add_paragraph("{%p for c in clauses %}"); d.add_paragraph("{% set n.c = n.c + 1 %}{{ n.c }}. {{ clause(c.title) }}", style="Heading 2"); d.add_paragraph("{{ c.text }}"); d.add_paragraph("{%p if c.sub %}"); d.add_paragraph("{%p for s in c.sub %}"); d.add_paragraph("{{ n.c }}.{{ loop.index }} {{ s }}"); d.add_paragraph("{%p endfor %}"); d.add_paragraph("{%p endif %}"); d.add_paragraph("{%p endfor %}")
    t = d.add_table(rows=1, cols=2); t.cell(0, 0).text = "______\n{{ a }}"; t.cell(0, 1).text = "______\n{{ b }}"
case("pd_contract", pd(contract), {"a": "A", "b": "B", "clauses": [{"title": "One", "text": "l1\nl2", "sub": ["x", "y"]}, {"title": "Two", "text": "t\ap2", "sub": []}]})
# captures over runs
case("cap_macro_runs", D(P(R("{% macro m(a) %}"), R("A {{ a }}", B), R(" and ", I), R("tail{% endmacro %}")), P(R("x {{ m(1) }} y {{ m(2) }}"))), BASE)
case("cap_macro_in_macro", D(P(R("{% macro b(a) %}"), R("[{{ a }}]", B), R("{% endmacro %}{% macro m(a) %}"), R("<{{ b(a) }}>"), R("{% endmacro %}")), P(R("x {{ m(1) }} y"))), BASE)
case("cap_call_runs", D(P(R("{% macro m(a) %}"), R("[{{ caller(a) }}]", B), R("{% endmacro %}")), P(R("{% call(x) m(3) %}"), R("c{{ x }}", I), R("{% endcall %}"))), BASE)
case("cap_set_runs", D(P(R("{% set x %}"), R("a {{ n }}", B), R(" c"), R("{% endset %}")), P(R("[{{ x }}]"))), BASE)
case("cap_set_in_set", D(P(R("{% set x %}"), R("a {{ n }}", B), R("{% endset %}{% set y %}"), R("<{{ x }}>"), R("{% endset %}")), P(R("[{{ y }}]"))), BASE)
case("cap_recursive_runs", D(P(R("{% for s in tree recursive %}"), R("{{ s.n }}", B), R("{% if s.c %}({{ loop(s.c) }}){% endif %}"), R("{% endfor %}"))), {"tree": [{"n": "a", "c": [{"n": "b", "c": []}, {"n": "c", "c": [{"n": "d"}]}]}, {"n": "e"}]})
case("cap_recursive_paras", D("{%p for s in tree recursive %}", "- {{ s.n }}", "{%p if s.c %}", "{{p loop(s.c) }}", "{%p endif %}", "{%p endfor %}", "end"), {"tree": [{"n": "a", "c": [{"n": "b", "c": []}, {"n": "c", "c": [{"n": "d"}]}]}, {"n": "e"}]})
case("cap_macro_table", D("{%p macro tab(xs) %}", T(("{%tr for t in xs %}", ""), ("{{ t }}", "{{ loop.index }}"), ("{%tr endfor %}", "")), "{%p endmacro %}", "A", "{{p tab(tags) }}", "B"), BASE)
case("cap_macro_tab", D(P(R("{% macro m() %}a"), "<w:r><w:tab/></w:r>", R("b{% endmacro %}")), P(R("{{ m() }}|{{ m() }}"))), BASE)
case("cap_macro_escape", D("{% macro m(a) %}{{ a }} & <b>{% endmacro %}{{ m(name) }}"), BASE)
case("cap_macro_upper", D("{% macro m(a) %}x{{ a }}{% endmacro %}{{ m('q')|upper }} {{ m(1) ~ m(2) }} {{ m(1)|length }}"), BASE)
case("cap_call_para", D("{%p macro box(t) %}", "== {{ t }} ==", "{{p caller() }}", "====", "{%p endmacro %}", "{%p call box('T') %}", "inner {{ name }}", "{%p endcall %}", "end"), BASE)
case("cap_macro_newlines", D("{% macro m(a) %}{{ a }}{% endmacro %}[{{ m(multi) }}]"), BASE)
case("cap_macro_newpara", D("{% macro m(a) %}{{ a }}{% endmacro %}", "[{{ m(v) }}]"), {"v": "x\ay"})
case("cap_macro_default_caller", D("{% macro m() %}{% if caller %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ m() }}"), BASE)
case("cap_filter_multi", D("{% filter replace('a', 'b') %}banana {{ s }}{% endfilter %}", "{% filter indent(2) %}{{ multi }}{% endfilter %}"), BASE)
# --- notes in what becomes a value first
def FN(n): return '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="%d"/></w:r>' % n
case("cap_macro_notes", D("{%p macro clause(title, note) %}", P(R("§ {{ title }}"), FN(1)), "{%p endmacro %}", "{%p for i in items %}", "{{p clause(i.name, i.qty) }}", "{%p endfor %}", P(R("End"), FN(2)), footnotes=[["see {{ note }} of {{ name }}", "{%p if note > 1 %}", "more", "{%p endif %}"], ["once"]]), BASE)
case("cap_macro_note_rows", D("{%p macro block(rows) %}", T(("{%tr for r in rows %}", ""), TR(C(P(R("{{ r }}"), FN(1))), C("{{ loop.index }}")), ("{%tr endfor %}", "")), "{%p endmacro %}", "{{p block(tags) }}", "{{p block(['z']) }}", footnotes=[["on {{ r }}"]]), BASE)
case("cap_call_notes", D("{%p macro box() %}", "[", "{{p caller() }}", "]", "{%p endmacro %}", "{%p for t in tags %}", "{%p call box() %}", P(R("{{ t }}"), FN(1)), "{%p endcall %}", "{%p endfor %}", footnotes=[["note {{ t }}"]]), BASE)
case("cap_recursive_notes", D("{%p for s in tree recursive %}", P(R("{{ s.n }}"), FN(1), '<w:r><w:commentReference w:id="0"/></w:r>'), "{%p if s.c %}", "{{p loop(s.c) }}", "{%p endif %}", "{%p endfor %}", footnotes=[["on {{ s.n }}"]], comments=["about {{ s.n }}"]), {"tree": [{"n": "a", "c": [{"n": "b", "c": []}, {"n": "c", "c": [{"n": "d"}]}]}, {"n": "e"}]})
case("cap_set_note", D("{%p set s %}", P(R("text"), FN(1)), "{%p endset %}", "{{p s }}", "{{p s }}", "{{ s|striptags }}", footnotes=[["note {{ n }}"]]), BASE)
case("cap_branch_notes", D("{%p macro m(a) %}", "{%p if a %}", P(R("yes"), FN(1)), "{%p else %}", P(R("no"), FN(2)), "{%p endif %}", "{%p endmacro %}", "{{p m(1) }}", "{{p m(0) }}", "{{p m(2) }}", footnotes=[["Y {{ a }}"], ["N {{ a }}"], ["nowhere"]]), BASE)
case("notes_in_rows", D(T(("Item", "Quantity"), ("{%tr for i in items %}", ""), TR(C(P(R("{{ i.name }}"), FN(1))), C("{{ i.qty }}")), ("{%tr endfor %}", "")), footnotes=[["{{ loop.index }}: {{ i.name }}"]]), BASE)
# tables, exotic
case("static_vmerge_loop", D(T(("{%tr for t in tags %}", ""), TR(C("{{ t }}", pr='<w:vMerge w:val="restart"/>'), C("1")), TR(C("", pr='<w:vMerge/>'), C("2")), ("{%tr endfor %}", ""))), BASE)
case("gridbefore", D('<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="1000"/><w:gridCol w:w="1000"/><w:gridCol w:w="1000"/></w:tblGrid>%s%s</w:tbl>' % (TR("a", "b", "c"), TR("{{ n }}", "x", pr='<w:gridBefore w:val="1"/>'))), BASE)
case("gridspan_loop", D(T(("h1", "h2", "h3"), TR(C("{%tr for t in tags %}", pr='<w:gridSpan w:val="3"/>')), TR(C("{{ t }}", pr='<w:gridSpan w:val="2"/>'), C("x")), TR(C("{%tr endfor %}", pr='<w:gridSpan w:val="3"/>')))), BASE)
case("header_row_repeat", D(T(TR("{{ n }}", "b", pr="<w:tblHeader/>"), ("{%tr for t in tags %}", ""), TR("{{ t }}", "x", pr="<w:cantSplit/>"), ("{%tr endfor %}", ""))), BASE)
case("row_bookmark", D('<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="1000"/></w:tblGrid><w:bookmarkStart w:id="3" w:name="r"/>%s<w:bookmarkEnd w:id="3"/>%s%s</w:tbl>' % (TR("{%tr for t in tags %}"), TR("{{ t }}"), TR("{%tr endfor %}"))), BASE)
case("table_in_if", D("{%p if yes %}", T(("a", "{{ n }}")), "{%p endif %}", "{%p if no %}", T(("b", "{{ n }}")), "{%p endif %}", "x"), BASE)
case("table_if_only_block_in_cell", D(T(TR(C("{%p if yes %}", T(("a", "{{ n }}")), "{%p endif %}"), C("z")))), BASE)
case("tc_loop_two_cells", D(T(("{%tc for t in tags %}", "{{ t }}", "b{{ loop.index }}", "{%tc endfor %}"))), BASE)
case("tc_loop_nested", D(T(("x", "{%tc for i in items %}", "{%tc for s in i.sub %}", "{{ i.name }}/{{ s.n }}", "{%tc endfor %}", "{%tc endfor %}", "y"))), BASE)
case("tc_if_else", D(T(("x", "{%tc if no %}", "A", "{%tc else %}", "B", "{%tc endif %}", "y"))), BASE)
case("tc_value", D(T(("x", "{{tc n }}", "y"))), BASE)
case("vm_if", D(T(("{%tr for i in items %}", "", ""), ("{% vm %}{{ i.name }}", "{{ i.qty }}", "{% if i.qty > 1 %}many{% endif %}"), ("{%tr endfor %}", "", ""))), BASE)
case("hm_plus_vm", D(T(("{%tr for i in items %}", "", ""), ("{% vm %}V{{ loop.index }}", "a", "b"), ("{%tr endfor %}", "", ""), TR("{%tc for t in tags %}", "{% hm %}H{{ loop.index }}", "{%tc endfor %}"))), BASE)
case("cellbg_var", D(T(("{% cellbg c %}{{ n }}", "b"), TR(C("{% cellbg c %}x", pr='<w:shd w:val="clear" w:fill="00FF00"/>'), "y"))), dict(BASE, c="AABBCC"))
case("cellbg_hash", D(T(("{% cellbg c %}{{ n }}", "b"))), dict(BASE, c="#AABBCC"))
case("colspan_expr", D(T(("{% colspan n %}a",), ("1", "2", "3"))), BASE)
case("colspan_1", D(T(("{% colspan 1 %}a", "b"), ("1", "2"))), BASE)
case("colspan_in_loop", D(T(("{%tr for i in items %}", "", ""), ("{% colspan 2 %}{{ i.name }}", "z"), ("{%tr endfor %}", "", ""), ("a", "b", "c"))), BASE)
# paragraphs / headers / notes
case("endnotes", D(P(R("a {{ n }}"), '<w:r><w:endnoteReference w:id="1"/></w:r>'), endnotes=[["end {{ name }}"]]), BASE)
case("comments_tags", D(P('<w:commentRangeStart w:id="0"/>', R("{{ n }}"), '<w:commentRangeEnd w:id="0"/>', '<w:r><w:commentReference w:id="0"/></w:r>'), comments=["see {{ name }}"]), BASE)
case("note_para_loop", D(P(R("a"), '<w:r><w:footnoteReference w:id="1"/></w:r>'), footnotes=[["{%p for t in tags %}", "note {{ t }}", "{%p endfor %}"]]), BASE)
case("section_headers", D("s1 {{ n }}", "x", headers=[["h1 {{ name }}"], ["h2 {{ n }}"], ["h3 {% if yes %}y{% endif %}"]], footers=[["{{ n }}", "Page"], ["ff"]]), BASE)
case("field_page_header", D("x", headers=[[P(R("{{ name }} "), '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>', R(" / {{ n }}"))]]), BASE)
case("toc_field", D(P('<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>', '<w:r><w:instrText xml:space="preserve"> TOC \\o "1-3" </w:instrText></w:r>', '<w:r><w:fldChar w:fldCharType="separate"/></w:r>', R("update"), '<w:r><w:fldChar w:fldCharType="end"/></w:r>'), "{%p for t in tags %}", P("{{ t }}", pr='<w:pStyle w:val="Heading1"/>'), "{%p endfor %}"), BASE)
case("sym_and_special", D(P(R("{{ n }}"), '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', '<w:r><w:noBreakHyphen/><w:t>x</w:t><w:softHyphen/></w:r>', R("{{ n }}"))), BASE)
case("ptab", D(P(R("{{ n }}"), '<w:r><w:ptab w:relativeTo="margin" w:alignment="right" w:leader="none"/></w:r>', R("{{ name }}"))), BASE)
case("ruby", D(P('<w:r><w:ruby><w:rubyPr/><w:rt><w:r><w:t>{{ n }}</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>{{ name }}</w:t></w:r></w:rubyBase></w:ruby></w:r>')), BASE)
case("checkbox_sdt", D(P('<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="{% if yes %}1{% else %}0{% endif %}"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>{% if yes %}☒{% else %}☐{% endif %}</w:t></w:r></w:sdtContent></w:sdt>', R(" {{ n }}"))), BASE)
case("sdt_tags_around", D(P('<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>{% if yes %}</w:t></w:r></w:sdtContent></w:sdt>', R("in"), '<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>{% endif %}</w:t></w:r></w:sdtContent></w:sdt>')), BASE)
case("sdt_split_tag", D(P(R("{{ na"), '<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t>me }}</w:t></w:r></w:sdtContent></w:sdt>', R(" t"))), BASE)
case("hl_split_if", D(P(R("{% if yes %}a "), '<w:hyperlink r:id="rIdH1"><w:r><w:t>link{% endif %} rest</w:t></w:r></w:hyperlink>'), rels=[("rIdH1", "https://x.example/")]), BASE)
case("hl_loop", D("{%p for t in tags %}", P('<w:hyperlink r:id="rIdH1"><w:r><w:t>{{ t }}</w:t></w:r></w:hyperlink>'), "{%p endfor %}", rels=[("rIdH1", "https://x.example/")]), BASE)
case("hl_anchor", D(P('<w:hyperlink w:anchor="bm"><w:r><w:t>{{ n }}</w:t></w:r></w:hyperlink>')), BASE)
case("p_if_in_cell_only", D(T(TR(C("{%p if yes %}", "x {{ n }}", "{%p endif %}"), C("{%p if no %}", "y", "{%p else %}", "z", "{%p endif %}")))), BASE)
case("p_tags_with_spaces_text", D("   {%p if yes %}  ", "x", "{%p endif %}"), BASE)
case("p_tag_bold", D(P(R("{%p if yes %}", B)), "x", P(R("{%p endif", B), R(" %}"))), BASE)
case("empty_para_between", D("{%p for t in tags %}", "{{ t }}", "<w:p/>", "{%p endfor %}"), BASE)
case("if_two_paras_inline", D("{% if yes %}", "a", "{% else %}", "b", "{% endif %}", "c"), BASE)
case("for_inline_br", D(P(R("{% for t in tags %}{{ t }}"), "<w:r><w:br/></w:r>", R("{% endfor %}end"))), BASE)
case("for_inline_tab", D(P(R("{% for t in tags %}"), "<w:r><w:tab/></w:r>", R("{{ t }}{% endfor %}end"))), BASE)
case("comma_list", D("{% for t in tags %}{{ t }}{% if not loop.last %}, {% endif %}{% endfor %}."), BASE)
case("comma_and", D("{% for t in tags %}{{ t }}{{ ', ' if loop.revindex > 2 else ' and ' if not loop.last }}{% endfor %}."), BASE)
case("elif_chain", D("{% if n == 1 %}a{% elif n == 2 %}b{% elif n == 3 %}c{% else %}d{% endif %}"), BASE)
case("nested_if_runs", D(P(R("{% if yes %}"), R("A{% if no %}", B), R("B"), R("{% else %}C{% endif %}", I), R("D{% endif %}"))), BASE)
case("if_across_formats", D(P(R("x{% if ye", B), R("s %}y{% en", I), R("dif %}z"))), BASE)
case("mark_tab_in_value", D("{{ v }}"), {"v": "a\tb\n\tc\n\nd"})
case("numbers_json", D("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }} {{ a + b }} {{ b|round(1) }} {{ b|int }}"), {"a": 1, "b": 2.50, "c": 1e21, "d": 1.0e-7, "e": -0.0, "f": 100000000000000000})
case("bool_none_list", D("{{ l }} {{ m }} {{ l|join(',') }}"), {"l": [True, None, 1.5, "x'y", 'q"z'], "m": {"k": None, "z": [{}]}})
case("dictsort_by_value", D("{% for k, v in m|dictsort(by='value', reverse=true) %}{{ k }}{{ v }} {% endfor %}"), {"m": {"a": 2, "b": 3, "c": 1}})
case("groupby", D("{%p for g in items|groupby('c') %}", "{{ g.grouper }}: {% for i in g.list %}{{ i.n }} {% endfor %}", "{%p endfor %}", "{% for k, l in items|groupby('c') %}{{ k }}{{ l|length }}{% endfor %}"), {"items": [{"c": "b", "n": 1}, {"c": "a", "n": 2}, {"c": "b", "n": 3}]})
case("batch_table", D(T(("{%tr for row in tags|batch(2, '-') %}", ""), ("{{ row[0] }}", "{{ row[1] }}"), ("{%tr endfor %}", ""))), BASE)
case("zip_like", D("{% for t in tags %}{{ t }}:{{ items[loop.index0].name }} {% endfor %}"), BASE)
case("tojson_attr", D("{{ d|tojson }} {{ s|tojson }} {{ items|tojson|length }}"), BASE)
case("date_strings", D("{{ date.split('-')|reverse|join('.') }} {{ date[:4] }} {{ date|replace('-', '/') }}"), BASE)
case("is_defined_chain", D("{% if company.phone is defined %}{{ company.phone }}{% else %}no phone{% endif %} {{ company.phone|default('-') }} {{ company.address.zip or 'nozip' }} {{ (company.x or {}).y }}"), BASE)
case("cond_expr_undefined", D("[{{ nope if nope }}] [{{ nope and nope.x }}] [{{ 'x' if nope is defined and nope.y }}]"), BASE)
case("in_operator", D("{{ 'a' in nope }} {{ nope in tags }} {{ 1 in [1.0] }} {{ '' in 'x' }}"), BASE)
case("unary", D("{{ -n }} {{ +n }} {{ -n|abs }} {{ not n }} {{ - price }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 5 - 3 - 1 }} {{ 7 % 4 * 2 }} {{ 'ab' * 2 }} {{ [1] + [2] }}"), BASE)
case("string_compare", D("{{ 'a' == \"a\" }} {{ 'Z' < 'a' }} {{ [1,2] < [1,3] }} {{ '10' > '9' }} {{ none == false }} {{ 1 == true }}"), BASE)
case("loop_scope", D("{% set x = 1 %}{% for t in tags %}{% set x = 2 %}{% endfor %}{{ x }} {% if yes %}{% set y = 5 %}{% endif %}{{ y }}"), BASE)
case("loop_var_after", D("{% for t in tags %}{% endfor %}[{{ t }}]"), BASE)
case("whitespace_newlines_in_tag", D(P(R("{{"), "<w:r><w:br/></w:r>", R("name"), "<w:r><w:br/></w:r>", R("}}"))), BASE)
case("crazy_spacing", D("{{name}} {{  name  }} {%if yes%}a{%endif%} {%for t in tags%}{{t}}{%endfor%}"), BASE)
case("hash_in_text", D("#1 {{ n }} # {# c #}#"), BASE)
case("percent_text", D("100% {{ n }}% {%if yes%}50%{%endif%} %{{ n }}%"), BASE)
case("currency_text", D("${{ n }} €{{ '%.2f'|format(price) }} {{ '${:,.2f}'.format(1234.5) }} {{ '{0}-{1}'.format(1, 2) }} {{ '{a}'.format(a=5) }}"), BASE)
case("rtl", D('<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>{{ a }} – {{ n }}</w:t></w:r></w:p>'), {"a": "مرحبا", "n": 3})
case("props_loop", D("x", props={"dc:title": "{% for t in tags %}{{ t }}{% if not loop.last %}, {% endif %}{% endfor %}", "cp:lastModifiedBy": "{{ company.name }}"}), BASE)
case("deep_nest", D("{%p for i in items %}", "{%p for s in i.sub %}", "{%p for v in s.v %}", "{{ i.name }} {{ s.n }} {{ v }} {{ loop.depth }}", "{%p endfor %}", "{%p endfor %}", "{%p endfor %}"), BASE)
case("table_row_if_inline_cells", D(T(("{%tr for i in items %}", ""), ("{% if i.qty > 1 %}{{ i.name }}{% else %}–{% endif %}", "{% for s in i.sub %}{{ s.n }} {% endfor %}"), ("{%tr endfor %}", ""))), BASE)
case("alt_row_colors", D(T(("{%tr for t in tags %}", ""), ("{% cellbg 'EEEEEE' if loop.index is even else 'FFFFFF' %}{{ t }}", "{% cellbg 'EEEEEE' if loop.index is even else 'FFFFFF' %}x"), ("{%tr endfor %}", ""))), BASE)
case("tr_if_in_for", D(T(("{%tr for i in items %}", ""), ("{%tr if i.qty > 1 %}", ""), ("{{ i.name }}", "many"), ("{%tr else %}", ""), ("{{ i.name }}", "one"), ("{%tr endif %}", ""), ("{%tr endfor %}", ""))), BASE)
case("tr_set", D(T(("{%tr set q = n * 2 %}", ""), ("{{ q }}", "x"))), BASE)
case("two_tables_loop", D("{%p for i in items %}", T(("{{ i.name }}",)), T(("{{ i.qty }}",)), "{%p endfor %}"), BASE)
case("inline_image_missing", D("{{ pic }}"), {"pic": None})
case("namespace_list", D("{% set ns = namespace(items=[]) %}{% for i in items %}{% set ns.items = ns.items + [i.qty] %}{% endfor %}{{ ns.items }} {{ ns.items|sum }}"), BASE)
case("running_total_table", D("{% set ns = namespace(t=0) %}", T(("{%tr for i in items %}", ""), ("{% set ns.t = ns.t + i.qty %}{{ i.name }}", "{{ ns.t }}"), ("{%tr endfor %}", ""), ("Total", "{{ ns.t }}"))), BASE)
case("txt_dollar", D("{{ a['$x'] }} {{ a['x.y'] }} {{ a.b_c1 }}"), {"a": {"$x": 1, "x.y": 2, "b_c1": 3}})
case("str_concat_num", D("{{ 'a' ~ 1 ~ none ~ 1.5 }} {{ 'a' + 'b' }}"), BASE)
case("str_plus_int", D("{{ 'a' + 1 }}"), BASE)
case("list_of_lists", D(T(("{%tr for r in m %}", ""), ("{%tc for c in r %}", "{{ c }}", "{%tc endfor %}"), ("{%tr endfor %}", ""))), {"m": [[1, 2, 3], [4, 5, 6]]})
case("ragged_rows", D(T(("{%tr for r in m %}", ""), ("{%tc for c in r %}", "{{ c }}", "{%tc endfor %}"), ("{%tr endfor %}", ""))), {"m": [[1, 2, 3], [4], []]})
def SDT(x, pr=""): return '<w:sdt><w:sdtPr>%s</w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % (pr, x)
case("sdt_blocks_around", D(SDT(P("{%p for t in tags %}")), "{{ t }}", SDT(P("{%p endfor %}"))), BASE)
case("sdt_rows_around", D('<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="2000"/></w:tblGrid>%s%s%s</w:tbl>' % (SDT(TR("{%tr for t in tags %}")), TR("{{ t }}"), SDT(TR("{%tr endfor %}")))), BASE)
case("sdt_inline_for", D(P(SDT(R("{% for t in tags %}")), SDT(R("{{ t }}"), '<w:showingPlcHdr/><w:dataBinding w:xpath="/a" w:storeItemID="{1}"/>'), R(", "), SDT(R("{% endfor %}")))), BASE)
