"""Whole documents for field.py, each as an office would have written it: with Word's own traces in the text and data as a program sends it.

`typed` cuts a text into the runs Word leaves behind when somebody types, corrects and comes back on another day.
"""
import re

from field_cases import C, D, P, R, T, TR, case, tb

BOLD, SMALL, GREY = "<w:b/>", '<w:sz w:val="16"/>', '<w:color w:val="808080"/>'


def typed(text, pr=""):
    """Runs as Word saves them: cut where spelling was looked at, with the day's revision numbers."""
    out = []
    for i, piece in enumerate(re.split(r"(?<=\{\{)|(?<=\{%)|(?<=[a-z])(?=[._])|(?=\}\})|(?=%\})", text)):
        mark = '<w:proofErr w:type="%s"/>' % ("spellStart", "spellEnd")[i % 2]
        out.append(mark + R(piece, pr).replace("<w:r>", '<w:r w:rsidR="00%02X51A4" w:rsidRPr="00C%05X">' % (i % 256, i * 37), 1))
    return "".join(out) + ('<w:proofErr w:type="spellEnd"/>' if len(out) % 2 else "")


def Y(text, pr="", run=""):
    return '<w:p w:rsidR="00A77B3E" w:rsidRDefault="00F4139C">%s%s</w:p>' % ("<w:pPr>%s</w:pPr>" % pr if pr else "", typed(text, run))


def style(name):
    return '<w:pStyle w:val="%s"/>' % name


def control(inside, title):
    return '<w:sdt><w:sdtPr><w:alias w:val="%s"/><w:tag w:val="%s"/><w:id w:val="%d"/></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % (title, title.lower(), sum(map(ord, title)), inside)


def field(code, shown):
    return ('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> %s </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>%s'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r>' % (code, R(shown)))


PAGE = R("Seite ") + field("PAGE", "1") + R(" von ") + field("NUMPAGES", "1")
SPAN = '<w:gridSpan w:val="%d"/>'
TAB, BREAK = "<w:r><w:tab/></w:r>", '<w:r><w:br w:type="page"/></w:r>'

# ---- money

case("doc_rechnung", D(
    Y("{{ absender.firma }} · {{ absender.strasse }} · {{ absender.ort }}", run=SMALL), "", Y("{{ kunde.anrede }}"), Y("{{ kunde.name }}"), Y("{{kunde.strasse}}"), Y("{{ kunde.plz }} {{ kunde.ort|upper }}"),
    P(R("Rechnung Nr. "), typed("{{ nummer }}", BOLD), TAB, R("Datum: {{ datum }}")),
    Y("Sehr geehrte{% if kunde.anrede == ‘Herr’ %}r Herr{% else %} Frau{% endif %} {{ kunde.name.split(‘ ’)[-1] }},"),
    T(("Pos.", "Bezeichnung", "Menge", "Einzelpreis", "Gesamt"), TR(C("{%tr for p in positionen %}", pr=SPAN % 5)),
      ("{{ loop.index }}", "{{ p.text }}{% if p.hinweis %}\u00a0({{ p.hinweis }}){% endif %}", "{{ p.menge }} {{ p.einheit }}", "{{ '%.2f' % p.preis }} €", "{{ '%.2f'|format(p.menge * p.preis) }} €"),
      TR(C("{%tr endfor %}", pr=SPAN % 5)), TR(C("Netto", pr=SPAN % 4), C("{{ '%.2f' % netto }} €")), TR(C("{%tr for satz in steuern %}", pr=SPAN % 5)),
      TR(C("zzgl. {{ satz.prozent }} % USt.", pr=SPAN % 4), C("{{ '%.2f' % satz.betrag }} €")), TR(C("{%tr endfor %}", pr=SPAN % 5)), TR(C("Gesamtbetrag", pr=SPAN % 4), C(P(R("{{ '%.2f' % (netto + steuern|sum(attribute='betrag')) }} €", BOLD))))),
    Y("{%p if skonto %}"), Y("Bei Zahlung bis {{ skonto.bis }} gewähren wir {{ skonto.prozent }}\u00a0% Skonto."), Y("{%p else %}"), Y("Zahlbar sofort ohne Abzug."), Y("{%p endif %}"),
    headers=[[P(typed("{{ absender.firma }}", GREY))]], footers=[[P(R("IBAN {{ absender.iban }}"), TAB, PAGE)]]),
    {"absender": {"firma": "Müller & Söhne GmbH", "strasse": "Am Wall 3", "ort": "Köln", "iban": "DE02 1203 0000 0000 2020 51"}, "kunde": {"anrede": "Herr", "name": "Jörg Weiß", "strasse": "Hauptstr. 5", "plz": "50667", "ort": "Köln"},
     "nummer": "2026-0815", "datum": "09.03.2026", "netto": 1043.5, "skonto": None, "steuern": [{"prozent": 19, "betrag": 190.57}, {"prozent": 7, "betrag": 2.8}],
     "positionen": [{"text": "Dachrinne <Zink>", "menge": 12, "einheit": "m", "preis": 40.25, "hinweis": "verzinkt"}, {"text": "Montage", "menge": 8.5, "einheit": "Std.", "preis": 65.94}]})

case("doc_mahnung", D(
    Y("{% if stufe == 1 %}Zahlungserinnerung{% elif stufe == 2 %}Mahnung{% else %}Letzte Mahnung{% endif %}", style("Heading1")), Y("Guten Tag {{ name }},"),
    Y("{% if stufe > 2 %}trotz mehrerer Schreiben{% endif %} ist bei uns noch offen:"), T(("Rechnung", "vom", "Betrag"), ("{%tr for r in offen if r.betrag > 0 %}", "", ""), ("{{ r.nr }}", "{{r.datum}}", "{{ r.betrag }}"), ("{%tr endfor %}", "", "")),
    "{%p if stufe >= 2 %}", Y("Mahngebühr: {{ gebuehr|default('5,00') }} €"), "{%p if stufe == 3 %}", "Wir übergeben die Sache sonst an {{ anwalt or “einen Anwalt” }}.", "{%p endif %}", "{%p endif %}", "Mit freundlichen Grüßen"),
    {"stufe": 3, "name": "Frau Ünal", "anwalt": "", "offen": [{"nr": "R1", "datum": "1.1.", "betrag": 10}, {"nr": "R2", "datum": "2.1.", "betrag": 0}, {"nr": "R3", "datum": "3.1.", "betrag": 7.5}]})

case("doc_offer_options", D(
    Y("Offer {{ number }} for {{ client }}", style("Title")), "{%p for o in options %}", Y("Option {{ ‘ABC’[loop.index0] }}: {{ o.title }}", style("Heading2")),
    T(TR(C("{{ o.title }}"), C(T(("{%tr for part in o.parts %}", ""), ("{{ part.n }} ×", "{{ part.what }}"), ("{%tr endfor %}", "")), P(R("{{ o.price }} EUR", BOLD))))), "{%p if o.note is defined and o.note %}", Y("Note: {{ o.note }}"), "{%p endif %}", "{%p endfor %}",
    Y("Cheapest: {{ (options|sort(attribute='price')|first).title }}, dearest {{ options|map(attribute='price')|max }}.")),
    {"number": 7, "client": "Smith & Co", "options": [{"title": "Basic", "price": 100, "parts": [{"n": 1, "what": "Frame"}, {"n": 4, "what": "Legs"}]}, {"title": "Deluxe", "price": 250, "parts": [{"n": 1, "what": "Frame <oak>"}], "note": "oiled"}]})

case("doc_payslip", D(
    Y("Payslip {{ month }} {{ year }}", style("Heading1")), T(("Employee", "{{ e.name }}", "No.", "{{ e.number }}"), ("Tax class", "{{ e.tax_class or '–' }}", "Joined", "{{ e.joined }}")),
    T(("Kind", "Text", "Amount"), ("{%tr for g in groups %}", "", ""), ("{%tr for l in g.lines %}", "", ""), ("{% vm %}{{ g.name }}", "{{ l.text }}", "{{ '{:,.2f}'.format(l.amount) }}"), ("{%tr endfor %}", "", ""),
      TR(C("Sum of {{ g.name|lower }}", pr=SPAN % 2), C("{{ '{:,.2f}'.format(g.lines|sum(attribute='amount')) }}")), ("{%tr endfor %}", "", "")), Y("Paid to {{ e.iban[:4] }}…{{ e.iban[-4:] }}")),
    {"month": "March", "year": 2026, "e": {"name": "Zoë O'Neil", "number": "0042", "tax_class": None, "joined": "2019-04-01", "iban": "GB33BUKB20201555555555"},
     "groups": [{"name": "Earnings", "lines": [{"text": "Salary", "amount": 4120.5}, {"text": "Overtime", "amount": 310}]}, {"name": "Deductions", "lines": [{"text": "Tax", "amount": -810.25}]}]})

case("doc_account_statement", D(
    "{% set n = namespace(balance=opening) %}", Y("Account {{ account }}"), T(("Date", "Text", "In", "Out", "Balance"), ("{%tr for b in bookings %}", "", "", "", ""),
    ("{% set n.balance = n.balance + b.amount %}{{ b.date }}", "{{ b.text|truncate(20) }}", "{% if b.amount > 0 %}{{ b.amount }}{% endif %}", "{% if b.amount < 0 %}{{ -b.amount }}{% endif %}", "{{ n.balance|round(2) }}"), ("{%tr endfor %}", "", "", "", "")),
    Y("New balance: {{ ‘%+.2f’|format(n.balance) }}")),
    {"account": "12-34", "opening": 100.0, "bookings": [{"date": "1.3.", "text": "Rent for the third floor, north side", "amount": -40.5}, {"date": "2.3.", "text": "Salary", "amount": 1000}, {"date": "3.3.", "text": "x", "amount": 0}]})

case("doc_expenses", D(
    Y("Expenses of {{ who }}"), T(("Category", "Receipts", "Total"), ("{%tr for kind, list in receipts|groupby('kind') %}", "", ""), ("{{ kind|capitalize }}", "{% for r in list %}{{ r.place }} {{ r.sum }}{{ “, ” if not loop.last }}{% endfor %}", "{{ list|sum(attribute='sum') }}"), ("{%tr endfor %}", "", ""),
    ("{%tr if receipts|length > 3 %}", "", ""), TR(C("see the list enclosed", pr=SPAN % 3)), ("{%tr endif %}", "", "")), Y("{{ receipts|length }} receipt{{ 's' if receipts|length != 1 }}, {{ receipts|map(attribute=’sum’)|sum }} in all")),
    {"who": "R. & B.", "receipts": [{"kind": "travel", "place": "Bern", "sum": 12.5}, {"kind": "hotel", "place": "Zürich", "sum": 180}, {"kind": "travel", "place": "Genève", "sum": 99}]})

case("doc_price_list", D(
    T(TR(C("Article"), C("{%tc for q in quantities %}"), C("{% hm %}Price per piece from a quantity of"), C("{%tc endfor %}")), TR(C(""), C("{%tc for q in quantities %}"), C("{{ q }}"), C("{%tc endfor %}")),
      TR(C("{%tr for a in articles %}"), C(""), C(""), C("")), TR(C("{{ a.name }}"), C("{%tc for p in a.prices %}"), C("{{ p }}"), C("{%tc endfor %}")), TR(C("{%tr endfor %}"), C(""), C(""), C("")))),
    {"quantities": [1, 10, 100], "articles": [{"name": "Nut", "prices": [0.2, 0.15, 0.1]}, {"name": "Bolt", "prices": [0.5, 0.4, 0.3]}]})

# ---- contracts

case("doc_employment_contract", D(
    Y("Employment contract", style("Title")), "{% set s = namespace(n=0) %}", P(R("between "), control(typed("{{ employer.name }}"), "Employer"), R(" and "), control(typed("{{ employee.first }} {{ employee.last }}"), "Employee")),
    "{% set s.n = s.n + 1 %}", Y("§ {{ s.n }} Beginning", style("Heading2")), Y("The work begins on {{ start }}{% if until %} and ends on {{ until }}{% endif %}."), "{%p if trial %}", Y("The first {{ trial }} month{% if trial > 1 %}s{% endif %} are on trial."), "{%p endif %}",
    "{%p if duties %}", "{% set s.n = s.n + 1 %}", Y("§ {{ s.n }} Duties", style("Heading2")), "{%p for d in duties %}", Y("{{ d }}{% if loop.last %}.{% else %};{% endif %}", '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr>'), "{%p endfor %}", "{%p endif %}",
    "{% set s.n = s.n + 1 %}", Y("§ {{ s.n }} Pay", style("Heading2")), Y("{{ pay.amount }} {{ pay.currency }} a {{ pay.per|default(‘month’) }}, due on the {{ pay.day }}{{ {1: 'st', 2: 'nd', 3: 'rd'}.get(pay.day, 'th') }}."),
    T(TR(C("_______________", "{{ employer.name }}"), C("_______________", "{{ employee.last }}, {{ employee.first }}")))),
    {"employer": {"name": "ACME & Sons"}, "employee": {"first": "Ana", "last": "Núñez"}, "start": "1 May 2026", "until": "", "trial": 6, "duties": ["Planning", "Buying", "R&D"], "pay": {"amount": "3,200", "currency": "EUR", "day": 3}})

case("doc_lease", D(
    Y("Lease of {{ flat.street }}, {{ flat.floor }}. floor"), Y("Landlord: {{ landlords|join(“ and ”) }}"), Y("Tenant{{ ‘s’ if tenants|length > 1 }}: {% for t in tenants %}{% if not loop.first %}{{ ' and ' if loop.last else ', ' }}{% endif %}{{ t.name }} (born {{ t.born }}){% endfor %}"),
    T(("Room", "m²"), ("{%tr for r in flat.rooms %}", ""), ("{{ r[0] }}", "{{ r[1] }}"), ("{%tr endfor %}", ""), ("In all", "{{ flat.rooms|map(attribute=1)|sum }}")), Y("Rent: {{ rent }} + {{ costs }} = {{ rent + costs }}"),
    "{%p if pets is sameas true %}", "Pets are welcome.", "{%p elif pets %}", Y("Allowed: {{ pets|join(', ')|title }}."), "{%p else %}", "No pets.", "{%p endif %}"),
    {"flat": {"street": "Rue de l’Église 4", "floor": 2, "rooms": [["Kitchen", 9.5], ["Living room", 22]]}, "landlords": ["M. Dupont", "Mme Dupont"], "tenants": [{"name": "A", "born": 1990}, {"name": "B", "born": 1991}, {"name": "C", "born": 2015}], "rent": 900, "costs": 120.5, "pets": ["cats", "one small dog"]})

case("doc_nda", D(
    P(R("{% macro party(p, role) %}"), R("{{ p.name }}", BOLD), R(", {{ p.seat }}{% if p.register %} ({{ p.register }}){% endif %} – “{{ role }}”{% endmacro %}")), Y("Agreement on secrecy"), P(R("{{ party(a, ‘Discloser’) }}")), "and", P(R("{{ party(b, ‘Recipient’) }}")),
    "{%p for c in clauses %}", P(R("({{ loop.index }}) "), R("{{ c.head }}. ", BOLD), R("{{ c.body }}")), "{%p for x in c.except %}", Y("{{ ‘abcdefgh’[loop.index0] }}) {{ x }}"), "{%p endfor %}", "{%p endfor %}", Y("Law of {{ law|default(‘Switzerland’, true) }}.")),
    {"a": {"name": "Alpha <AG>", "seat": "Bern", "register": "CHE-1"}, "b": {"name": "Beta Ltd", "seat": "Leeds"}, "law": "", "clauses": [{"head": "Subject", "body": "All that is told.", "except": []}, {"head": "Exceptions", "body": "Not secret is", "except": ["what is known", "what a court asks for"]}]})

case("doc_power_of_attorney", D(
    '<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>{{ name_ar }}</w:t></w:r></w:p>', Y("Я, {{ имя }}, {{ город }}"), Y("Ο/Η {{ όνομα|upper }}"), Y("委託人:{{ 名前 }}様 {% if 印鑑 %}㊞{% else %}印{% endif %}"), Y("{% for 日 in 日付 %}{{ 日 }}日{% if not loop.last %}、{% endif %}{% endfor %}")),
    {"name_ar": "محمد بن أحمد", "имя": "Ольга Ёлкина", "город": "Псков", "όνομα": "Γιώργος", "名前": "田中 太郎", "印鑑": True, "日付": [1, 15, 31]})

case("doc_insurance", D(
    Y("Policy {{ policy.no }}"), P(typed("Covered up to {{ policy.sum }}"), '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteReference w:id="1"/></w:r>', R(", excess {{ policy.excess or ‘none’ }}")),
    T(("Risk", "Covered"), ("{%tr for r, covered in policy.risks.items() %}", ""), ("{{ r|replace('_', ' ')|title }}", "{{ ‘☒ yes ☐ no’ if covered else ‘☐ yes ☒ no’ }}"), ("{%tr endfor %}", "")), "{%- if policy.extra %}", Y("Besides: {{ policy.extra|join('; ') }}"), "{%- endif %}", "End", footnotes=[["For each case."]]),
    {"policy": {"no": "P-1", "sum": "1.5 m", "excess": 0, "risks": {"fire": True, "burst_pipe": True, "flood": False}, "extra": ["bicycle", "glass"]}})

# ---- goods

case("doc_delivery_note", D(
    P(R("Delivery note {{ no }}"), TAB, typed("{{ date }}")), T(("#", "Article", "Ordered", "Sent", "Open"), ("{%tr for i in items %}", "", "", "", ""),
    ("{% cellbg “F2F2F2” if loop.index is even else “FFFFFF” %}{{ loop.index }}", "{% cellbg “F2F2F2” if loop.index is even else “FFFFFF” %}{{ i.name }}", "{{ i.ordered }}", "{{ i.sent }}", "{% cellbg “FFC7CE” if i.sent < i.ordered else “C6EFCE” %}{{ i.ordered - i.sent }}"), ("{%tr endfor %}", "", "", "", ""),
    TR(C("{% colspan 2 %}In all"), C("{{ items|sum(attribute='ordered') }}"), C("{{ items|sum(attribute='sent') }}"), C("")))),
    {"no": 12, "date": "2026-03-09", "items": [{"name": "Hose", "ordered": 2, "sent": 2}, {"name": "Can", "ordered": 5, "sent": 3}, {"name": "Pot", "ordered": 1, "sent": 1}]})

case("doc_packing_lists", D(
    "{%p for box in boxes %}", Y("Box {{ loop.index }} of {{ loop.length }} – {{ box.weight }} kg", style("Heading1")), "{%p for name, parts in box.content|groupby('room') %}", Y("{{ name }}: {{ parts|map(attribute='what')|join(', ') }}"), "{%p endfor %}", "{%p if not loop.last %}", P(BREAK), "{%p endif %}", "{%p endfor %}", "Done"),
    {"boxes": [{"weight": 12.0, "content": [{"room": "kitchen", "what": "pots"}, {"room": "bath", "what": "towels"}, {"room": "kitchen", "what": "pans"}]}, {"weight": 3, "content": []}]})

case("doc_labels", D(
    T(("{%tr for row in people|batch(3, None) %}", "", ""), tuple("{%% if row[%d] %%}{{ row[%d].name }}{%% if row[%d].co %%} c/o {{ row[%d].co }}{%% endif %%}, {{ row[%d].city }}{%% endif %%}" % ((i,) * 5) for i in range(3)), ("{%tr endfor %}", "", ""))),
    {"people": [{"name": "A", "city": "Rome", "co": "B & C"}, {"name": "D", "city": "Oslo"}, {"name": "E", "city": "Bonn"}, {"name": "F", "city": "Kyiv"}]})

case("doc_purchase_order", D(
    P(R("Order to "), typed("{{ supplier.name }}", BOLD), R(", "), '<w:hyperlink r:id="rIdH1" w:history="1">%s</w:hyperlink>' % R("{{ supplier.mail }}", '<w:rStyle w:val="Hyperlink"/>')),
    T(("Item", "Wanted by"), ("{%tr for i in lines %}", ""), ("{{ i.article }}{% if i.options %}: {{ i.options|join('/') }}{% endif %}", "{{ i.by or order_by }}"), ("{%tr endfor %}", "")),
    rels=[("rIdH1", "https://shop.example/orders")], footers=[["Order {{ no }}", P(PAGE)], ["First page of {{ no }}"]], sect='<w:titlePg/>'),
    {"supplier": {"name": "Iron & Steel", "mail": "orders@iron.example"}, "no": 99, "order_by": "soon", "lines": [{"article": "Beam", "options": ["raw", "painted"], "by": None}, {"article": "Rod", "options": [], "by": "May"}]})

case("doc_parts_tree", D(
    Y("Parts of {{ machine }}"), "{%p for p in parts recursive %}", "{{ ‘—’ * (loop.depth0) }} {{ p.no }} {{ p.name }}{% if p.n > 1 %} ({{ p.n }}×){% endif %}", "{%p if p.parts %}", "{{p loop(p.parts) }}", "{%p endif %}", "{%p endfor %}", "Checked"),
    {"machine": "Pump <X>", "parts": [{"no": 1, "name": "Housing", "n": 1, "parts": [{"no": 11, "name": "Screw & nut", "n": 8}, {"no": 12, "name": "Lid", "n": 1, "parts": [{"no": 121, "name": "Seal", "n": 2}]}]}, {"no": 2, "name": "Motor", "n": 1}]})

case("doc_inventory", D(
    "{%p for s in stores %}", Y("{{ s.name }} ({{ s.shelves|length }} shelves)", style("Heading1")), T(("Shelf", "Goods", "Count"), ("{%tr for shelf in s.shelves %}", "", ""), TR(C("{% colspan 3 %}Shelf {{ shelf.no }}{% if not shelf.goods %} – empty{% endif %}")),
    ("{%tr for g in shelf.goods %}", "", ""), ("", "{{ g.name }}", "{% if g.count is none %}?{% else %}{{ g.count }}{% endif %}"), ("{%tr endfor %}", "", ""), ("{%tr endfor %}", "", "")), "{%p endfor %}"),
    {"stores": [{"name": "North", "shelves": [{"no": 1, "goods": [{"name": "Nails", "count": 900}, {"name": "Glue", "count": None}]}, {"no": 2, "goods": []}]}, {"name": "South", "shelves": [{"no": 1, "goods": [{"name": "Paint", "count": 0}]}]}]})

# ---- people

case("doc_cv", D(
    P(tb("{{ person.name }}", "{{ person.born }}"), R("{{ person.name }}", BOLD)), "{%p for section in sections %}", Y("{{ section.title|upper }}", style("Heading2")), "{%p for e in section.entries|sort(attribute='from', reverse=true) %}", P(R("{{ e.from }}–{{ e.to|default('today', true) }}"), TAB, typed("{{ e.what }}", BOLD), R("{% if e.where %}, {{ e.where }}{% endif %}")), "{%p endfor %}", "{%p endfor %}",
    T(("{%tr for skill, level in skills|dictsort %}", ""), ("{{ skill }}", "{{ '★' * level }}{{ '☆' * (5 - level) }}"), ("{%tr endfor %}", ""))),
    {"person": {"name": "Mária Čížová", "born": 1988}, "sections": [{"title": "Work", "entries": [{"from": 2010, "to": 2015, "what": "Baker"}, {"from": 2015, "to": None, "what": "Cook & baker", "where": "Brno"}]}, {"title": "School", "entries": []}], "skills": {"Bread": 5, "Cake": 3}})

case("doc_certificate", D(
    Y("Certificate", '<w:jc w:val="center"/>'), P(tb("No. {{ no }}", "{%p for s in signers %}", "{{ s.title }} {{ s.name }}", "{%p endfor %}")), Y("{{ name|upper }}", '<w:jc w:val="center"/>'), Y("has completed “{{ course }}” with {{ ‘distinction’ if points >= 90 else ‘success’ }} ({{ points }} of 100)."),
    Y("{{ hours }} hour{% if hours != 1 %}s{% endif %}, {{ days|first }}{% if days|length > 1 %} – {{ days|last }}{% endif %}")),
    {"no": "7/26", "name": "ßara Ćosić", "course": "Welding & cutting <I>", "points": 92, "hours": 1, "days": ["3 May", "5 May"], "signers": [{"title": "Dr.", "name": "No"}, {"title": "", "name": "Who"}]})

case("doc_school_report", D(
    "{%p for p in pupils %}", Y("{{ p.name }}, {{ form }}"), T(("Subject", "1", "2", "3"), ("{%tr for s, mark in p.marks %}", "", "", ""), ("{{ s }}",) + tuple("{%% if mark == %d %%}☒{%% else %%}☐{%% endif %%}" % n for n in (1, 2, 3)), ("{%tr endfor %}", "", "", "")), Y("{{ p.remark|wordwrap(30) }}"), "{%p if p.moves_up %}", "Moves up.", "{%p else %}", "Stays.", "{%p endif %}", P('<w:r><w:br w:type="page"/></w:r>'), "{%p endfor %}"),
    {"form": "4b", "pupils": [{"name": "Ida", "marks": [["Maths", 1], ["Sport", 3]], "remark": "Reads well and likes to help the others.", "moves_up": True}, {"name": "Öle", "marks": [], "remark": "", "moves_up": False}]})

case("doc_medical_letter", D(
    Y("Re: {{ patient.name }}, born {{ patient.born }}"), Y("Diagnoses"), "{%p for d in diagnoses %}", Y("{{ d.code }}\u2003{{ d.text }}{% if d.side %} {{ {'l': 'left', 'r': 'right'}[d.side] }}{% endif %}", '<w:ind w:left="567" w:hanging="567"/>'), "{%p endfor %}", Y("Findings: {{ findings }}"), Y("{{ lab }}"),
    "{%p if drugs %}", T(("Drug", "m", "n", "e"), ("{%tr for d in drugs %}", "", "", ""), ("{{ d.name }}", "{{ d.plan[0] }}", "{{ d.plan[1] }}", "{{ d.plan[2] }}"), ("{%tr endfor %}", "", "", "")), "{%p endif %}", Y("{%p if false %}"), "never", Y("{%p endif %}"), Y("{# for the office: send by fax #}"), "Yours"),
    {"patient": {"name": "K. & L.", "born": "1.2.1950"}, "diagnoses": [{"code": "I10", "text": "Hypertension"}, {"code": "M17.1", "text": "Arthrosis", "side": "r"}], "findings": "Heart: regular\nLungs: clear\n\nReflexes < normal", "lab": "Na\t140\nK\t4.2", "drugs": [{"name": "Ramipril 5 mg", "plan": [1, 0, 1]}]})

case("doc_form_letters", D(
    "{%p for r in recipients %}", Y("{{ r.street }}{% if r.country and r.country != home %}{{ '\\n' }}{{ r.country|upper }}{% endif %}"), Y("Dear {% if r.title %}{{ r.title }} {% endif %}{{ r.last }},"), Y("we look forward to seeing you on {{ day }}{% if r.guests %} with your {{ r.guests }} guest{% if r.guests > 1 %}s{% endif %}{% endif %}."), "{%p if not loop.last %}", P(BREAK), "{%p endif %}", "{%p endfor %}"),
    {"home": "CH", "day": "3 May", "recipients": [{"street": "A-Str. 1", "last": "Kim", "title": "Prof.", "guests": 2, "country": "Korea"}, {"street": "B 2", "last": "Lee", "title": None, "guests": 0, "country": "CH"}]})

# ---- meetings and projects

case("doc_minutes", D(
    Y("Minutes of {{ meeting.date }}"), Y("Present: {{ meeting.present|sort|join(‘, ’) }}{% if meeting.excused %}; excused: {{ meeting.excused|join(‘, ’) }}{% endif %}"), "{%p for t in meeting.topics %}", P('<w:bookmarkStart w:id="4" w:name="topic"/>', typed("{{ loop.index }}. {{ t.title }}", BOLD), '<w:bookmarkEnd w:id="4"/>', R("{% if t.minutes %} ({{ t.minutes }} min){% endif %}")),
    "{%p for line in t.text.splitlines() %}", Y("{{ line|trim }}"), "{%p endfor %}", "{%p if t.decisions %}", T(("Decision", "Who", "Until"), ("{%tr for d in t.decisions %}", "", ""), ("{{ d.what }}", "{{ d.who|default('all') }}", "{{ d.until|default('–') }}"), ("{%tr endfor %}", "", "")), "{%p endif %}", "{%p endfor %}"),
    {"meeting": {"date": "9.3.", "present": ["Z", "b", "A"], "excused": [], "topics": [{"title": "Roof", "minutes": 20, "text": "It leaks.\n  Again.", "decisions": [{"what": "Mend", "who": "Bo"}, {"what": "Pay", "until": "May"}]}, {"title": "Any other business", "minutes": 0, "text": "", "decisions": []}]}})

case("doc_timesheet", D(
    T(TR(C("Project"), C("{%tc for d in days %}"), C("{{ d }}"), C("{%tc endfor %}"), C("Sum")), TR(C("{%tr for p in projects %}"), C(""), C(""), C(""), C("")),
      TR(C("{{ p.name }}"), C("{%tc for d in days %}"), C("{{ p.hours.get(d, 0) or '' }}"), C("{%tc endfor %}"), C("{{ p.hours.values()|sum }}")), TR(C("{%tr endfor %}"), C(""), C(""), C(""), C("")),
      TR(C("Sum"), C("{%tc for d in days %}"), C("{% set ns = namespace(s=0) %}{% for p in projects %}{% set ns.s = ns.s + p.hours.get(d, 0) %}{% endfor %}{{ ns.s }}"), C("{%tc endfor %}"), C("")))),
    {"days": ["Mon", "Tue", "Wed"], "projects": [{"name": "R&D", "hours": {"Mon": 8, "Wed": 4.5}}, {"name": "Shop", "hours": {"Tue": 7}}]})

case("doc_tracked_changes", D(
    P(R("The price is "), '<w:del w:id="11" w:author="Kim" w:date="2026-01-01T00:00:00Z"><w:r><w:delText>{{ old_price }}</w:delText></w:r></w:del>', '<w:ins w:id="12" w:author="Kim" w:date="2026-01-01T00:00:00Z">%s</w:ins>' % (R("{{ pri") + R("ce }}", BOLD)), R(" EUR{% if net %} net{% endif %}.")),
    T(TR(C("{%tr for s in steps %}"), pr='<w:ins w:id="13" w:author="Kim"/>'), TR(C(P('<w:ins w:id="14" w:author="Kim">%s</w:ins>' % R("{{ s }}"), R(" done")))), TR(C("{%tr endfor %}"))), '<w:p><w:pPr><w:rPr><w:ins w:id="15" w:author="Kim"/></w:rPr></w:pPr>%s</w:p>' % R("{{ price }}")),
    {"price": 12, "net": True, "steps": ["cut", "bent"]})

case("doc_inspection", D(
    T(TR(C("Point", pr='<w:shd w:val="clear" w:color="auto" w:fill="D9D9D9"/>'), C("Result", pr=SPAN % 2)), ("{%tr for p in points %}", "", ""),
      TR(C("{{ p.no }}\u00a0{{ p.text }}"), C(P(R("{% if p.ok %}ok{% elif p.ok is none %}not looked at{% else %}"), R("FAULT", '<w:b/><w:color w:val="FF0000"/>'), R("{% endif %}"))), C("{{ p.note|default('', true) }}")),
      ("{%tr endfor %}", "", "")), P('<w:commentRangeStart w:id="0"/>', R("{{ points|rejectattr('ok')|list|length }} open"), '<w:commentRangeEnd w:id="0"/>', '<w:r><w:commentReference w:id="0"/></w:r>'), comments=["count them again"]),
    {"points": [{"no": 1, "text": "Brakes", "ok": True, "note": None}, {"no": 2, "text": "Lights", "ok": False, "note": "left <low beam>"}, {"no": 3, "text": "Horn", "ok": None}]})

case("doc_service_report", D(
    Y("Visit {{ visit.no }} at {{ visit.site.name }}"), Y("Arrived {{ visit.from }}, left {{ visit.to }}{{ “, ” ~ visit.km ~ “ km” if visit.km }}"), control(Y("{%p for w in visit.work %}") + Y("– {{ w.text }}: {{ w.minutes // 60 }}:{{ '%02d' % (w.minutes % 60) }}") + Y("{%p endfor %}"), "Work"),
    P(control(R("{% if visit.done %}☒{% else %}☐{% endif %}"), "Done"), R(" finished "), control(R("{% if visit.done %}☐{% else %}☒{% endif %}"), "Open"), R(" to be continued")),
    headers=[[P(R("{{ visit.site.name }}"), TAB, TAB, R("{{ visit.date }}"))], ["First: {{ visit.no }}"], ["Even: {{ visit.no }}"]], footers=[[P(typed("{{ company.name }}"), TAB, PAGE)]], sect="<w:titlePg/>"),
    {"company": {"name": "Fix & Go"}, "visit": {"no": "V1", "site": {"name": "Mill <2>"}, "date": "9.3.", "from": "8:00", "to": "9:45", "km": 0, "done": True, "work": [{"text": "Belt", "minutes": 95}, {"text": "Oil", "minutes": 10}]}})

case("doc_project_report", D(
    P(field(r'TOC \o "1-2" \h', "Contents")), Y("{{ title }}", style("Heading1")), Y("Done: {{ tasks|selectattr('done')|list|length }} of {{ tasks|length }} ({{ (100 * tasks|selectattr('done')|list|length / tasks|length)|round|int }} %)"),
    "{%p for state, group in tasks|groupby('done') %}", Y("{{ 'Finished' if state else 'Open' }}", style("Heading2")), "{%p for t in group %}", Y("{{ t.title }}{% if t.by %} – {{ t.by|join(', ', attribute='name') }}{% endif %}", style("ListBullet")), "{%p endfor %}", "{%p endfor %}", Y("{{ summary|striptags }}"),
    Y("Next: {{ (tasks|rejectattr('done')|map(attribute='title')|list)[:2]|join(' and ') }}")),
    {"title": "Bridge & road", "summary": "<p>All <b>well</b>.</p>", "tasks": [{"title": "Plan", "done": True, "by": [{"name": "Al"}, {"name": "Bo"}]}, {"title": "Dig", "done": False, "by": []}, {"title": "Pave", "done": False}]})

case("doc_agenda_joined", D(
    Y("Agenda"), "{%p for a in items %}", P(R("{{ a.time }}"), TAB, R("{{ a.title }}")), "{%- if a.speaker -%}", " by {{ a.speaker }}", "{%- endif -%}", "{% if a.room %} in {{ a.room }}{% endif %}", "{%p endfor %}", "End"),
    {"items": [{"time": "9:00", "title": "Coffee"}, {"time": "9:30", "title": "Opening", "speaker": "N. N.", "room": "Hall"}]})

case("doc_questionnaire", D(
    "{%p for q in questions %}", Y("{{ loop.index }}) {{ q.text }}{% if q.must %}*{% endif %}", "<w:keepNext/>"), "{%p if q.kind == 'choice' %}", "{%p for c in q.choices %}", Y("{% if c in q.answer %}☒{% else %}☐{% endif %} {{ c }}"), "{%p endfor %}", "{%p elif q.kind == 'scale' %}",
    T(TR(C("{%tc for n in range(1, 6) %}"), C("{% if n == q.answer %}({{ n }}){% else %}{{ n }}{% endif %}"), C("{%tc endfor %}"))), "{%p else %}", Y("{{ q.answer or '…' * 10 }}"), "{%p endif %}", "{%p endfor %}"),
    {"questions": [{"text": "Which?", "kind": "choice", "choices": ["a", "b"], "answer": ["b"], "must": True}, {"text": "How much?", "kind": "scale", "answer": 4}, {"text": "Why?", "kind": "text", "answer": ""}, {"text": "Else?", "kind": "text", "answer": "x < y"}]})

# ---- more of what offices have: numbered clauses, tables in tables, two languages, right to left, controls, links, text boxes, sections

NUMBERED = '<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="1"/></w:numPr>'
RTL, BIDI = "<w:rtl/>", '<w:bidi/><w:jc w:val="start"/>'
PARAGRAPH_MARK_INSERTED = '<w:rPr><w:ins w:id="%d" w:author="Kim" w:date="2026-01-01T00:00:00Z"/></w:rPr>'


def text_box(*paragraphs):
    inside = "<w:txbxContent>%s</w:txbxContent>" % "".join(paragraphs)
    return ('<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wp:extent cx="1800000" cy="720000"/><wp:docPr id="1" name="Text Box 1"/><a:graphic>'
            '<a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr/><wps:txbx>%s</wps:txbx><wps:bodyPr/></wps:wsp>'
            '</a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape style="width:141pt;height:56pt"><v:textbox>%s</v:textbox></v:shape></w:pict></mc:Fallback>'
            '</mc:AlternateContent></w:r>' % (inside, inside))


def checkbox(condition):
    return ('<w:sdt><w:sdtPr><w:id w:val="77"/><w14:checkbox><w14:checked w14:val="0"/></w14:checkbox></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>'
            % R("{{ '☒' if %s else '☐' }}" % condition))


case("doc_service_contract", D(
    Y("Contract {{ no }}", style("Title")), Y("between {{ parties|map(attribute='name')|join(' and ') }}"), Y("Subject", NUMBERED % 0), "{%p for s in services %}", Y("{{ s.name }}{% if s.hours %}, {{ s.hours }} hours a {{ s.per|default('month') }}{% endif %};", NUMBERED % 1), "{%p endfor %}",
    "{%p if warranty is defined and warranty.months > 0 %}", P('<w:bookmarkStart w:id="5" w:name="_Ref_warranty"/>', typed("Warranty"), '<w:bookmarkEnd w:id="5"/>', pr=NUMBERED % 0), Y("{{ warranty.months }} months{%if warranty.limit%}, up to {{ warranty.limit }} EUR{%endif%}.", NUMBERED % 1), "{%p endif %}",
    Y("Liability", NUMBERED % 0), "{%p if liability == 'full' %}", Y("Without limit.", NUMBERED % 1), "{%p elif liability == 'none' %}", Y("None.", NUMBERED % 1), "{%p else %}", P(typed("As in "), field(r"REF _Ref_warranty \r \h", "2"), typed(", at most {{ cap }} EUR."), pr=NUMBERED % 1), "{%p endif %}",
    "{%p for p in parties %}", Y("{{ p.place }}, the ____________", "<w:keepNext/>"), Y("{{ p.name }}{{ ', ' + p.role if p.role }}"), "{%p endfor %}"),
    {"no": "7/2026", "parties": [{"name": "Ann & Co", "place": "Rome", "role": "owner"}, {"name": "Bo <Ltd>", "place": "Oslo"}], "services": [{"name": "Cleaning", "hours": 12}, {"name": "Keys"}, {"name": "Snow", "hours": 2.5, "per": "day"}],
     "warranty": {"months": 24, "limit": 0}, "liability": "some", "cap": 5000})

case("doc_letter_nested_tables", D(
    T(TR(C(P(typed("{{ to.name }}")), P(typed("{% for line in to.lines %}{{ line }}{% if not loop.last %}, {% endif %}{% endfor %}"))), C(T(("Our sign", "{{ ref }}"), ("{%tr for k, v in facts.items() %}", ""), ("{{ k }}", "{{ v }}"), ("{%tr endfor %}", "")), "<w:p/>"))),
    Y("Dear {{ to.name }},"), T(("{%tr for o in orders %}",), TR(C("Order {{ o.no }}", T(("{%tr for l in o.lines %}", ""), ("{{ loop.index }}/{{ o.lines|length }} {{ l.text }}", "{{ l.sum }}"), ("{%tr endfor %}", "")), "{{ o.lines|sum(attribute='sum') }}")), ("{%tr endfor %}",))),
    {"to": {"name": "Zoë", "lines": ["Mill Lane 3", "Leeds"]}, "ref": "R-1", "facts": {"Date": "1.2.", "Phone": "0 & 1"}, "orders": [{"no": 1, "lines": [{"text": "Nut", "sum": 1.5}, {"text": "Bolt", "sum": 2}]}, {"no": 2, "lines": [{"text": "Nail", "sum": 3}]}]})

case("doc_tariff", D(T(
    TR(C("Class"), C("{% colspan zones|length %}Zone")), TR(C(""), C("{%tc for z in zones %}"), C("{% cellbg z.colour %}{{ z.name }}"), C("{%tc endfor %}")), TR(C("{%tr for c in classes %}"), C(""), C(""), C("")),
    TR(C("{{ c.name }}"), C("{%tc for z in zones %}"), C("{% set p = c.prices[loop.index0] %}{{ '%.2f' % p if p is not none else '–' }}"), C("{%tc endfor %}")), TR(C("{%tr endfor %}"), C(""), C(""), C("")))),
    {"zones": [{"name": "A", "colour": "FFEE00"}, {"name": "A–B", "colour": "00AA00"}, {"name": "All", "colour": "CCCCCC"}], "classes": [{"name": "Child", "prices": [1, 1.5, None]}, {"name": "Adult", "prices": [2, 3.25, 4]}]})

case("doc_label_sheet", D(T(
    TR(C("{%tr for row in people|batch(3, none) %}"), C(""), C("")),
    TR(C("{%tc for p in row %}"), C("{%p if p %}", P(typed("{{ p.name }}", BOLD)), P(typed("{{ p.street }}")), P(typed("{{ p.zip }} {{ p.town|upper }}")), "{%p else %}", "–", "{%p endif %}"), C("{%tc endfor %}")), TR(C("{%tr endfor %}"), C(""), C("")))),
    {"people": [{"name": n, "street": "Road %d" % i, "zip": "0%d" % i, "town": t} for i, (n, t) in enumerate([("A & A", "Bern"), ("B", "Linz"), ("C", "Graz"), ("D", "Chur")])]})

case("doc_two_languages", D(
    T(("{{ t.de.title }}", "{{ t.en.title }}"), TR(C("{%tr for c in clauses %}", pr=SPAN % 2)), ("{{ loop.index }}. {{ c['de'] }}", "{{ loop.index }}. {{ c['en']|default(c.de) }}"), TR(C("{%tr endfor %}", pr=SPAN % 2))),
    "{%p for l in ['de', 'en', 'fr'] if l in t %}", Y("{{ t[l].sign }} ({{ l }}){{ ' *' if not loop.last }}"), "{%p endfor %}"),
    {"t": {"de": {"title": "Vertrag", "sign": "Unterschrift"}, "en": {"title": "Contract", "sign": "Signature"}}, "clauses": [{"de": "Miete „kalt“", "en": "Rent “net”"}, {"de": "Strom"}]})

case("doc_right_to_left", D(
    P(typed("فاتورة رقم {{ no }}", RTL), pr=BIDI), P(typed("السيد {{ customer.name }}،", RTL), R(" {{ customer.latin }}"), pr=BIDI),
    T(TR(C(P(R("المجموع", RTL), pr=BIDI)), C(P(R("الوصف", RTL), pr=BIDI))), ("{%tr for i in items %}", ""), TR(C(P(R("{{ i.sum }}"), pr=BIDI)), C(P(R("{{ i.text }}", RTL), pr=BIDI))), ("{%tr endfor %}", "")).replace("<w:tblPr>", "<w:tblPr><w:bidiVisual/>"),
    P(typed("{% if paid %}مدفوع{% else %}غير مدفوع{% endif %}", RTL), pr=BIDI), P(R("{{ 'שלום' ~ ' ' ~ customer.name|length }}", RTL), pr=BIDI)),
    {"no": "٧/٢٠٢٦", "customer": {"name": "أحمد", "latin": "Ahmad <GmbH>"}, "items": [{"text": "خدمة & صيانة", "sum": 100}, {"text": "قطعة", "sum": 20.5}], "paid": False})

case("doc_controls", D(
    P(checkbox("kind == 'new'"), R(" new "), checkbox("kind == 'change'"), R(" change")), control(P(typed("{{ name }}")), "Name"), P(R("Unit: "), '<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:value="a"/></w:dropDownList></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % R("{{ unit|default('choose') }}")),
    T(("Item", "Done"), ("{%tr for i in items %}", ""), TR("<w:sdt><w:sdtPr/><w:sdtContent>%s</w:sdtContent></w:sdt>" % C("{{ i.name }}"), C(P(checkbox("i.done")))), ("{%tr endfor %}", "")), control("{%p for i in items if not i.done %}".join(("<w:p>" + R(""), "</w:p>")).replace('<w:t xml:space="preserve"></w:t></w:r>{%', '<w:t xml:space="preserve">{%').replace("%}</w:p>", "%}</w:t></w:r></w:p>") + P("Open: {{ i.name }}") + P("{%p endfor %}"), "Open")),
    {"kind": "change", "name": "N & N", "items": [{"name": "one", "done": True}, {"name": "two", "done": False}]})

case("doc_links", D(
    P('<w:hyperlink r:id="rIdL1">%s</w:hyperlink>' % typed("{{ site.name }}"), R(" or "), field('HYPERLINK "mailto:{{ mail }}"', "{{ mail }}")), T(("{%tr for d in docs %}", ""), TR(C(P('<w:hyperlink r:id="rIdL2">%s</w:hyperlink>' % R("{{ d.title }}"))), C(P('<w:hyperlink w:anchor="top">%s</w:hyperlink>' % R("top {{ loop.index }}")))), ("{%tr endfor %}", "")),
    P('<w:bookmarkStart w:id="1" w:name="top"/>', R("{{ site.name }}"), '<w:bookmarkEnd w:id="1"/>'), rels=[("rIdL1", "https://example.org/"), ("rIdL2", "https://example.org/docs")]),
    {"site": {"name": "Docs & more"}, "mail": "a@example.org", "docs": [{"title": "One <1>"}, {"title": "Two"}]})

case("doc_letterhead_boxes", D(
    P(text_box(P("{{ firm.name }}"), P("{% for p in firm.phones %}{{ p }}{{ ' / ' if not loop.last }}{% endfor %}"))), "{%p if note %}", P(R("See: "), text_box(P("{{ note }}"))), "{%p endif %}", "{%p for b in boxes %}", P(R("{{ loop.index }} "), text_box("{%p if b.head %}".join(("<w:p>" + R("")[:-12], "</w:t></w:r></w:p>")) + P("{{ b.head }}") + P("{%p endif %}") + P("{{ b.text }}"))), "{%p endfor %}",
    headers=[[P(R("H "), text_box(P("{{ firm.name }}")))]]),
    {"firm": {"name": "Box & Sons", "phones": ["1", "2"]}, "note": "", "boxes": [{"head": "First", "text": "a"}, {"text": "b <c>"}]})

case("doc_inserted_tags", D(
    '<w:p><w:pPr>%s</w:pPr><w:ins w:id="31" w:author="Kim" w:date="2026-01-01T00:00:00Z">%s</w:ins></w:p>' % (PARAGRAPH_MARK_INSERTED % 30, R("{%p for i in items %}")), P('<w:ins w:id="32" w:author="Kim">%s</w:ins>' % R("{{ i.na"), R("me }}"), '<w:del w:id="33" w:author="Kim"><w:r><w:delText> {{ i.old }}</w:delText></w:r></w:del>', R(": {{ i.n }}")),
    '<w:p><w:pPr>%s</w:pPr><w:ins w:id="35" w:author="Kim" w:date="2026-01-01T00:00:00Z">%s</w:ins></w:p>' % (PARAGRAPH_MARK_INSERTED % 34, R("{%p endfor %}")),
    P('<w:moveFromRangeStart w:id="36" w:author="Kim" w:name="m"/>', '<w:moveFrom w:id="37" w:author="Kim">%s</w:moveFrom>' % R("moved"), '<w:moveFromRangeEnd w:id="36"/>', R("{{ end }}")), P('<w:moveToRangeStart w:id="38" w:author="Kim" w:name="m"/>', '<w:moveTo w:id="39" w:author="Kim">%s</w:moveTo>' % R("moved"), '<w:moveToRangeEnd w:id="38"/>')),
    {"items": [{"name": "A", "n": 1}, {"name": "B & b", "n": 2}], "end": "!"})

case("doc_sections_per_person", D(
    "{%p for p in people %}", Y("Certificate", style("Title")), Y("{{ p.name }} has {% if p.points >= 50 %}passed with {{ p.points }} points{% else %}taken part{% endif %}."), "{%p if not loop.last %}", '<w:p><w:pPr><w:sectPr><w:type w:val="nextPage"/><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:pPr></w:p>', "{%p endif %}", "{%p endfor %}",
    footers=[["{{ people|length }} people, best {{ people|map(attribute='points')|max }}"]]),
    {"people": [{"name": "Ida", "points": 88}, {"name": "Max & Moritz", "points": 12}, {"name": "Eve", "points": 50}]})

case("doc_macro_cells", D(
    "{%p macro row(label, value, unit='EUR') %}", P(R("{{ label }}: ", BOLD), R("{{ value }} {{ unit }}")), "{%p endmacro %}", "{% macro m(x) %}{{ '%.2f' % x }} €{% endmacro %}", "{{p row('Net', m(net)) }}", "{{p row('Weight', 3, unit='kg') }}",
    "{% set total %}{{ net * 1.2 }}{% endset %}Total {{ total }}", T(("{%tr for i in items %}", ""), ("{{ i }}", "{{ m(i) }}"), ("{%tr endfor %}", "")), "{% macro wrap() %}[{{ caller(1) }}]{% endmacro %}{% call(x) wrap() %}({{ x }}){% endcall %}"),
    {"net": 10, "items": [1, 2.5]})

case("doc_statement_groups", D(T(
    ("Date", "Text", "Sum"), ("{%tr for e in entries %}", "", ""), ("{%tr if loop.changed(e.month) %}", "", ""), TR(C("{{ e.month }} ({{ entries|selectattr('month', 'eq', e.month)|list|length }})", pr=SPAN % 3)), ("{%tr endif %}", "", ""),
    ("{{ e.day }}", "{{ e.text }}{% if loop.previtem is defined and loop.previtem.text == e.text %} (again){% endif %}", "{{ '%+.2f' % e.sum }}"), ("{%tr if loop.last or loop.nextitem.month != e.month %}", "", ""),
    TR(C("Subtotal", pr=SPAN % 2), C("{{ '%.2f' % (entries|selectattr('month', 'eq', e.month)|sum(attribute='sum')) }}")), ("{%tr endif %}", "", ""), ("{%tr endfor %}", "", ""))),
    {"entries": [{"month": "May", "day": 1, "text": "Rent", "sum": -700}, {"month": "May", "day": 3, "text": "Pay & bonus", "sum": 2000.5}, {"month": "June", "day": 1, "text": "Rent", "sum": -700}, {"month": "June", "day": 2, "text": "Rent", "sum": -1}]})

case("doc_shift_plan", D(T(
    TR(C("{%tr for d in days %}"), C(""), C("")), TR(C("{%tr for s in d.shifts %}"), C(""), C("")), TR(C("{% vm %}{{ d.name }}"), C("{{ s.from }}–{{ s.to }}"), C("{% cellbg 'FFFF00' if s.who|length < 2 else 'FFFFFF' %}{{ s.who|join(', ') or 'nobody' }}")), TR(C("{%tr endfor %}"), C(""), C("")), TR(C("{%tr endfor %}"), C(""), C("")))),
    {"days": [{"name": "Mon", "shifts": [{"from": 6, "to": 14, "who": ["A", "B"]}, {"from": 14, "to": 22, "who": []}]}, {"name": "Tue", "shifts": []}, {"name": "Wed", "shifts": [{"from": 6, "to": 14, "who": ["C & D"]}]}]})

case("doc_letter_salutations", D(
    Y("{% set s = {'f': 'Dear Ms', 'm': 'Dear Mr'} %}{% for p in people %}{{ s.get(p.sex, 'Dear') }} {{ p.name.split()[-1] if p.sex in s else p.name }},{% if not loop.last %} {% endif %}{% endfor %}"), Y("{%- if people|length == 1 %}you have{% else %}you all have{% endif %} {{ count }} letter{{ 's' if count != 1 }}{{ '!' * (count > 2) }}"),
    Y("{# the house style asks for this #}Yours{%if formal%} sincerely{%else%}{%endif%},"), Y("{{ sender.name|default('', true) or 'The office' }}"), Y("{{ 'P. S.: ' ~ ps if ps }}")),
    {"people": [{"name": "Ann Lee", "sex": "f"}, {"name": "Kim", "sex": "d"}, {"name": "Bob de Boer", "sex": "m"}], "count": 3, "formal": True, "sender": {"name": None}, "ps": "Call & ask"})

# --- as other programs than Word save them

def G(text, pr=""):
    """A paragraph of Google Docs: direction and page breaks said of everything."""
    run = '<w:r w:rsidDel="00000000" w:rsidR="00000000" w:rsidRPr="00000000"><w:rPr>%s<w:rtl w:val="0"/></w:rPr><w:t xml:space="preserve">%s</w:t></w:r>'
    return P(*(run % (pr, piece) for piece in re.split(r"(?<=[a-z])(?=\.)", text)), pr='<w:pageBreakBefore w:val="0"/><w:rPr/>')


def commented(inside, number):
    """Where Google Docs hangs comments: in content controls of its own."""
    return '<w:sdt><w:sdtPr><w:id w:val="-%d"/><w:tag w:val="goog_rdk_%d"/></w:sdtPr><w:sdtContent>%s</w:sdtContent></w:sdt>' % (9000 + number, number, inside)


case("doc_google_docs", D(
    P(commented('<w:commentRangeStart w:id="0"/>', 0), commented(R("Dear {{ client"), 1), R(".name }},"), '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'),
    G("{%p for p in projects %}"), G("{{ p.name }}{% if p.late %} (late){% endif %}", BOLD), G("{%p endfor %}"),
    '<w:tbl><w:tblPr><w:tblStyle w:val="Table1"/><w:tblW w:w="9029" w:type="dxa"/></w:tblPr><w:tblGrid><w:gridCol w:w="4500"/><w:gridCol w:w="4500"/><w:tblGridChange w:id="0"><w:tblGrid><w:gridCol w:w="4500"/><w:gridCol w:w="4500"/></w:tblGrid></w:tblGridChange></w:tblGrid>%s%s%s</w:tbl>' % (
        TR("{%tr for p in projects %}", "", pr='<w:cantSplit w:val="0"/><w:tblHeader w:val="0"/>'), TR(C(G("{{ p.name }}")), C(G("{{ p.sum }}")), pr='<w:cantSplit w:val="0"/>'), TR("{%tr endfor %}", "")), comments=["Is this the right name?"]),
    {"client": {"name": "Zoë & Co"}, "projects": [{"name": "Roof", "sum": "1.200", "late": True}, {"name": "Cellar <2>", "sum": "80", "late": False}]})


def L(*texts):
    """A paragraph of LibreOffice: empty properties everywhere, a bookmark where the cursor was."""
    return P('<w:bookmarkStart w:id="70" w:name="_GoBack"/><w:bookmarkEnd w:id="70"/>' if "shown" in texts[-1] else "", *('<w:r><w:rPr></w:rPr><w:t xml:space="preserve">%s</w:t></w:r>' % t for t in texts), pr='<w:pStyle w:val="Normal"/><w:bidi w:val="0"/><w:rPr></w:rPr>')


FIELD = '<w:r><w:rPr></w:rPr><w:fldChar w:fldCharType="%s"></w:fldChar></w:r>'
case("doc_libreoffice", D(
    P(R("Kind: "), FIELD % "begin", '<w:r><w:rPr></w:rPr><w:instrText xml:space="preserve"> IF "{{ kind }}" = "a" "{{ yes }}" "no" </w:instrText></w:r>', FIELD % "separate", R("{{ yes }}"), FIELD % "end"),
    L("{%", "p if ", "total > 10 %}"), L("Over ten: ", "{{ total", " }} shown"), L("{%p endif", " %}"),
    T(TR("{% for r in rows %}{{ r[0] }}", C(P(R("{{ r[1] }}"), '<w:r><w:footnoteReference w:id="1"/></w:r>', R("{% endfor %}")))), TR("Sum", "{{ total }}")), footnotes=[["{{ r[0] }} of {{ rows|length }}"]]),
    {"kind": 'the "a"', "yes": "back\\slash", "total": 12, "rows": [["one", 5], ["two", 7]]})

case("doc_old_word", D(
    P('<w:r><w:pict><v:shapetype id="_x0000_t202"/><v:shape id="_x0000_s1026" type="#_x0000_t202" style="position:absolute;width:90pt;height:30pt"><v:textbox><w:txbxContent>%s</w:txbxContent></v:textbox></v:shape></w:pict></w:r>' % P("{% for l in sender %}{{ l }}{% if not loop.last %}, {% endif %}{% endfor %}"),
      '<w:smartTag w:uri="urn:schemas-microsoft-com:office:smarttags" w:element="place"><w:smartTag w:uri="urn:schemas-microsoft-com:office:smarttags" w:element="City">%s</w:smartTag></w:smartTag>' % R("{{ city }}"), R(", {{ date }}")),
    P('<w:fldSimple w:instr=" DOCPROPERTY Client "><w:r><w:t>{{ client }}</w:t></w:r></w:fldSimple>'),
    P('<w:ins w:id="5" w:author="A"><w:r><w:t>{% for x in points %}</w:t></w:r></w:ins>', R("{{ x }}"), '<w:del w:id="6" w:author="A"><w:r><w:delText>{{ gone }}</w:delText></w:r></w:del>', '<w:ins w:id="7" w:author="A"><w:r><w:t>; {% endfor %}</w:t></w:r></w:ins>'),
    props={"dc:title": "For {{ client }}"}),
    {"sender": ["A & B", "Mill Lane 1"], "city": "Rome", "date": "1.2.1999", "client": "C & D", "points": ["one", "<two>"]})
