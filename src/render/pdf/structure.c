// The structure tree.
//
//   Document ─┬─ H1…H6, P, Caption            paragraphs, by outline level and style
//             ├─ L ── LI ─┬─ Lbl              runs of list paragraphs; deeper levels hang in the LBody above them
//             │           └─ LBody ── L …
//             ├─ TOC ── TOCI
//             ├─ Table ── TR ── TH, TD        a cell of one plain paragraph holds its text itself
//             └─ Figure, Link, Note
//
// An element is found again by the object of the model that it stands for, so what is broken over pages stays one
// element. Elements are made when their first content is met: empty paragraphs leave none, empty cells do. Headers,
// footers, borders and repeated header rows are artifacts. Source: ISO 32000-1 §14.7, §14.8.
#include "render/pdf/structure.h"

#include <stdio.h>
#include <string.h>

enum role {
    ROLE_DOCUMENT,
    ROLE_H1,
    ROLE_H6 = ROLE_H1 + 5,
    ROLE_P,
    ROLE_CAPTION,
    ROLE_L,
    ROLE_LI,
    ROLE_LBL,
    ROLE_LBODY,
    ROLE_TOC,
    ROLE_TOCI,
    ROLE_TABLE,
    ROLE_TR,
    ROLE_TH,
    ROLE_TD,
    ROLE_FIGURE,
    ROLE_LINK,
    ROLE_NOTE,
};
static const char *const g_roles[] = {"Document", "H1", "H2", "H3",     "H4",    "H5",  "H6",   "P",
                                      "Caption",  "L",  "LI", "Lbl",    "LBody", "TOC", "TOCI", "Table",
                                      "TR",       "TH", "TD", "Figure", "Link",  "Note"};

enum kid_kind { KID_ELEMENT, KID_MARK, KID_OBJECT };
struct kid {
    enum kid_kind kind;
    uint32_t value, page, next; // next: index + 1, 0 = last
};
struct element {
    enum role role;
    uint32_t parent, first, last; // kids by index + 1, 0 = none
    uint32_t last_element;        // the youngest child element, 0 = none: where lists go on
    uint32_t lbl, lbody;          // of an LI, 0 = not yet
    uint32_t object;
    uint16_t span, rows; // of a cell
    uint8_t level;       // of an L
    uint8_t numbering;   // of an L: enum dgl_num_format
    int32_t num;         // of an L
    int32_t box[4];      // of a figure
    struct dgl_str alt;
};
struct slot {
    const void *key;
    uint32_t salt, element; // element + 1, 0 = empty
};
struct pdf_structure {
    struct dgl_arena *arena;
    const struct dgl_document *doc;
    struct element *elements;
    uint32_t count, cap;
    struct kid *kids;
    uint32_t kid_count, kid_cap;
    struct slot *slots;
    uint32_t slot_count;
    uint32_t *marks; // element of each mark, page after page
    uint32_t mark_count, mark_cap;
    uint32_t *page_first; // of marks, by page
    uint32_t *page_end;
    uint32_t pages;
    uint32_t *annotations; // element of each
    uint32_t annotation_count, annotation_cap;
    uint32_t expected; // elements, and marks, by the document's paragraphs
    bool full;
    // the paragraph at hand
    const struct dgl_para *para;
    uint32_t holder; // what the paragraph stands in, PDF_ARTIFACT for none
    uint32_t holds;  // the paragraph's own element, PDF_NOT_MARKED = not yet made
    bool in_cell_alone;
};

// ---- Memory ----

// Room for one more item; false when there is none, and then what follows is an artifact.
#define ROOM(s, list, cap, count, first) \
    has_room((s), DGL_ARENA_ROOM((s)->arena, (list), (cap), (count) + 1, (first), 2 * DGL_PDF_MAX_ELEMENTS))
static bool has_room(struct pdf_structure *s, bool room)
{
    s->full |= !room;
    return room;
}

static bool add_kid(struct pdf_structure *s, uint32_t element, enum kid_kind kind, uint32_t value, uint32_t page)
{
    if (!ROOM(s, s->kids, s->kid_cap, s->kid_count, 2 * s->expected))
        return false;
    struct element *e = &s->elements[element];
    s->kids[s->kid_count++] = (struct kid){kind, value, page, 0};
    if (e->last)
        s->kids[e->last - 1].next = s->kid_count;
    else
        e->first = s->kid_count;
    e->last = s->kid_count;
    return true;
}

static uint32_t new_element(struct pdf_structure *s, enum role role, uint32_t parent)
{
    if (s->full || !ROOM(s, s->elements, s->cap, s->count, s->expected))
        return PDF_ARTIFACT;
    uint32_t index = s->count;
    s->elements[index] = (struct element){.role = role, .parent = parent};
    if (index) {
        if (!add_kid(s, parent, KID_ELEMENT, index, 0))
            return PDF_ARTIFACT;
        s->elements[parent].last_element = index;
    }
    s->count++;
    return index;
}

// ---- Finding elements again ----

static uint32_t hash_of(const void *key, uint32_t salt)
{
    uint64_t h = ((uint64_t)(uintptr_t)key >> 4) * UINT64_C(0x9E3779B97F4A7C15) + salt * UINT64_C(0xC2B2AE3D27D4EB4F);
    return (uint32_t)(h >> 32);
}

static bool rehash(struct pdf_structure *s)
{
    uint32_t wanted = s->slot_count ? s->slot_count * 2 : 256;
    while (wanted < 2 * s->expected)
        wanted *= 2;
    struct slot *old = s->slots, *grown = dgl_arena_alloc_try(s->arena, wanted * sizeof(*grown));
    if (!grown)
        return false;
    for (uint32_t i = 0; i < s->slot_count; i++) {
        if (!old[i].element)
            continue;
        uint32_t at = hash_of(old[i].key, old[i].salt) & (wanted - 1);
        while (grown[at].element)
            at = (at + 1) & (wanted - 1);
        grown[at] = old[i];
    }
    s->slots = grown;
    s->slot_count = wanted;
    return true;
}

// The slot of a key, empty when it is new; NULL when there is no memory.
static struct slot *slot_of(struct pdf_structure *s, const void *key, uint32_t salt)
{
    if (s->count * 2 >= s->slot_count && !rehash(s))
        return NULL;
    uint32_t at = hash_of(key, salt) & (s->slot_count - 1);
    while (s->slots[at].element && (s->slots[at].key != key || s->slots[at].salt != salt))
        at = (at + 1) & (s->slot_count - 1);
    return &s->slots[at];
}

static uint32_t keep(struct slot *slot, const void *key, uint32_t salt, uint32_t element)
{
    if (element < PDF_ARTIFACT)
        *slot = (struct slot){key, salt, element + 1};
    return element;
}

// ---- What stands in what ----

static uint32_t element_of_tag(struct pdf_structure *s, const struct dgl_tag *tag)
{
    static const enum role roles[] = {
        [DGL_TAG_TABLE] = ROLE_TABLE, [DGL_TAG_ROW] = ROLE_TR, [DGL_TAG_NOTE] = ROLE_NOTE};
    if (!tag)
        return 0;
    if (tag->kind == DGL_TAG_REPEATED)
        return PDF_ARTIFACT;
    struct slot *slot = slot_of(s, tag->key, tag->kind);
    if (!slot)
        return PDF_ARTIFACT;
    if (slot->element)
        return slot->element - 1;
    uint32_t outer = element_of_tag(s, tag->outer);
    if (outer == PDF_ARTIFACT || !(slot = slot_of(s, tag->key, tag->kind)))
        return PDF_ARTIFACT;
    enum role role = tag->kind != DGL_TAG_CELL ? roles[tag->kind] : tag->header ? ROLE_TH : ROLE_TD;
    uint32_t e = keep(slot, tag->key, tag->kind, new_element(s, role, outer));
    if (e != PDF_ARTIFACT) {
        s->elements[e].span = tag->span;
        s->elements[e].rows = tag->rows;
    }
    return e;
}

static bool style_starts(const struct pdf_structure *s, const struct dgl_para *p, const char *name)
{
    size_t len = strlen(name);
    if (p->style >= s->doc->sheet->style_count)
        return false;
    struct dgl_str have = s->doc->sheet->styles[p->style].name;
    return have.len >= len && strncasecmp(have.data, name, len) == 0;
}

// The list that a paragraph of this level goes on with, or a new one. Deeper levels hang in the last item's body.
static uint32_t list_for(struct pdf_structure *s, uint32_t holder, const struct dgl_para *p)
{
    for (unsigned depth = 0; depth < 9; depth++) {
        uint32_t l = s->elements[holder].last_element;
        bool goes_on = l && s->elements[l].role == ROLE_L && s->kids[s->elements[holder].last - 1].value == l &&
                       s->kids[s->elements[holder].last - 1].kind == KID_ELEMENT;
        if (!goes_on)
            break;
        const struct element *e = &s->elements[l];
        if (e->level >= p->p.ilvl && (e->num == p->p.num || depth > 0))
            return l;
        if (e->level >= p->p.ilvl)
            break;
        uint32_t item = e->last_element;
        if (!item || !s->elements[item].lbody)
            break;
        holder = s->elements[item].lbody;
    }
    uint32_t l = new_element(s, ROLE_L, holder);
    if (l != PDF_ARTIFACT) {
        s->elements[l].level = p->p.ilvl;
        s->elements[l].num = p->p.num;
        s->elements[l].numbering = p->level ? p->level->format : DGL_NUM_NONE;
    }
    return l;
}

static uint32_t contents_item(struct pdf_structure *s, uint32_t holder)
{
    uint32_t toc = s->elements[holder].last_element;
    if (!toc || s->elements[toc].role != ROLE_TOC)
        toc = new_element(s, ROLE_TOC, holder);
    return toc == PDF_ARTIFACT ? toc : new_element(s, ROLE_TOCI, toc);
}

static uint32_t make_paragraph(struct pdf_structure *s)
{
    const struct dgl_para *p = s->para;
    if (p->outline > 0)
        return new_element(s, (enum role)(ROLE_H1 + DGL_MIN(p->outline, 6) - 1), s->holder);
    if (p->label.len && p->level) {
        uint32_t l = list_for(s, s->holder, p);
        return l == PDF_ARTIFACT ? l : new_element(s, ROLE_LI, l);
    }
    if (style_starts(s, p, "toc "))
        return contents_item(s, s->holder);
    if (s->in_cell_alone)
        return s->holder;
    return new_element(s, style_starts(s, p, "caption") ? ROLE_CAPTION : ROLE_P, s->holder);
}

void pdf_structure_paragraph(struct pdf_structure *s, const struct dgl_box *box)
{
    const struct dgl_tag *tag = box->place.tag;
    s->para = box->place.para;
    s->holder = element_of_tag(s, tag);
    s->holds = PDF_NOT_MARKED;
    s->in_cell_alone = tag && tag->kind == DGL_TAG_CELL && tag->single;
}

static uint32_t paragraph_element(struct pdf_structure *s)
{
    if (s->holds != PDF_NOT_MARKED)
        return s->holds;
    if (!s->para || s->holder == PDF_ARTIFACT)
        return s->holds = PDF_ARTIFACT;
    struct slot *slot = slot_of(s, s->para, UINT32_MAX);
    if (!slot)
        return s->holds = PDF_ARTIFACT;
    if (slot->element)
        return s->holds = slot->element - 1;
    return s->holds = keep(slot, s->para, UINT32_MAX, make_paragraph(s));
}

// The element that a paragraph's own text goes into.
static uint32_t text_holder(struct pdf_structure *s, bool label)
{
    uint32_t e = paragraph_element(s);
    if (e == PDF_ARTIFACT || s->elements[e].role != ROLE_LI)
        return e;
    uint32_t part = label ? s->elements[e].lbl : s->elements[e].lbody;
    if (part)
        return part;
    part = new_element(s, label ? ROLE_LBL : ROLE_LBODY, e);
    if (part == PDF_ARTIFACT)
        return part;
    if (label)
        s->elements[e].lbl = part;
    else
        s->elements[e].lbody = part;
    return part;
}

static uint32_t link_element(struct pdf_structure *s, const struct dgl_link *link)
{
    uint32_t holder = text_holder(s, false);
    struct slot *slot = holder == PDF_ARTIFACT ? NULL : slot_of(s, link, holder);
    if (!slot)
        return PDF_ARTIFACT;
    return slot->element ? slot->element - 1 : keep(slot, link, holder, new_element(s, ROLE_LINK, holder));
}

uint32_t pdf_structure_text(struct pdf_structure *s, bool label, const struct dgl_link *link)
{
    return link ? link_element(s, link) : text_holder(s, label);
}

uint32_t pdf_structure_figure(struct pdf_structure *s, const struct dgl_box *box, int32_t page_height)
{
    const struct dgl_drawing *d = box->drawing;
    bool speaks = d->kind == DGL_DRAW_PICTURE || d->kind == DGL_DRAW_ART || d->kind == DGL_DRAW_CHART || d->alt.len;
    uint32_t holder = speaks && s->para ? s->holder : PDF_ARTIFACT;
    if (holder == PDF_ARTIFACT || (d->decorative && !d->alt.len))
        return PDF_ARTIFACT;
    struct slot *slot = slot_of(s, d, UINT32_MAX);
    if (!slot)
        return PDF_ARTIFACT;
    if (slot->element)
        return slot->element - 1;
    holder = text_holder(s, false);
    if (holder == PDF_ARTIFACT || !(slot = slot_of(s, d, UINT32_MAX)))
        return PDF_ARTIFACT;
    uint32_t e = keep(slot, d, UINT32_MAX, new_element(s, ROLE_FIGURE, holder));
    if (e != PDF_ARTIFACT) {
        const int32_t rect[4] = {box->x, page_height - box->y - box->h, box->x + box->w, page_height - box->y};
        memcpy(s->elements[e].box, rect, sizeof(rect));
        s->elements[e].alt = d->alt;
    }
    return e;
}

// ---- Marks ----

uint32_t pdf_structure_mark(struct pdf_structure *s, uint32_t element, uint32_t page)
{
    if (!ROOM(s, s->marks, s->mark_cap, s->mark_count, s->expected))
        return PDF_NOT_MARKED;
    if (s->page_end[page] == 0)
        s->page_first[page] = s->mark_count;
    uint32_t number = s->mark_count - s->page_first[page];
    if (!add_kid(s, element, KID_MARK, number, page))
        return PDF_NOT_MARKED;
    s->marks[s->mark_count++] = element;
    s->page_end[page] = s->mark_count;
    return number;
}

uint32_t pdf_structure_annotation(struct pdf_structure *s, const struct dgl_link *link, uint32_t page, uint32_t object)
{
    uint32_t e = link_element(s, link);
    if (e == PDF_ARTIFACT || !ROOM(s, s->annotations, s->annotation_cap, s->annotation_count, 64) ||
        !add_kid(s, e, KID_OBJECT, object, page))
        return PDF_NOT_MARKED;
    s->annotations[s->annotation_count++] = e;
    return s->pages + s->annotation_count - 1;
}

struct pdf_structure *pdf_structure_new(struct dgl_arena *a, const struct dgl_document *doc, uint32_t pages)
{
    struct pdf_structure *s = DGL_ARENA_NEW(a, struct pdf_structure);
    s->arena = a;
    s->doc = doc;
    s->pages = pages;
    s->expected = 64 + DGL_MIN(doc->paragraphs + doc->paragraphs / 4, DGL_PDF_MAX_ELEMENTS);
    s->page_first = dgl_arena_alloc(a, (pages + 1) * sizeof(*s->page_first));
    s->page_end = dgl_arena_alloc(a, (pages + 1) * sizeof(*s->page_end));
    s->holder = PDF_ARTIFACT;
    s->holds = PDF_ARTIFACT;
    new_element(s, ROLE_DOCUMENT, 0);
    return s;
}

// ---- Writing ----

static void put_kids(const struct pdf_structure *s, const struct element *e, const uint32_t *page_objects,
                     struct dgl_buf *b)
{
    uint32_t page = UINT32_MAX;
    for (uint32_t k = e->first; k && page == UINT32_MAX; k = s->kids[k - 1].next)
        if (s->kids[k - 1].kind == KID_MARK)
            page = s->kids[k - 1].page;
    if (page != UINT32_MAX) {
        dgl_buf_puts(b, "/Pg ");
        pdf_put_ref(b, page_objects[page]);
    }
    bool many = e->first != e->last;
    dgl_buf_puts(b, many ? "/K[" : "/K ");
    for (uint32_t k = e->first; k; k = s->kids[k - 1].next) {
        const struct kid *kid = &s->kids[k - 1];
        if (k != e->first)
            dgl_buf_putc(b, ' ');
        if (kid->kind == KID_ELEMENT) {
            pdf_put_ref(b, s->elements[kid->value].object);
        } else if (kid->kind == KID_OBJECT) {
            dgl_buf_puts(b, "<</Type/OBJR/Pg ");
            pdf_put_ref(b, page_objects[kid->page]);
            dgl_buf_puts(b, "/Obj ");
            pdf_put_ref(b, kid->value);
            dgl_buf_puts(b, ">>");
        } else if (kid->page == page) {
            pdf_put_int(b, kid->value);
        } else {
            dgl_buf_puts(b, "<</Type/MCR/Pg ");
            pdf_put_ref(b, page_objects[kid->page]);
            dgl_buf_puts(b, "/MCID ");
            pdf_put_int(b, kid->value);
            dgl_buf_puts(b, ">>");
        }
    }
    if (many)
        dgl_buf_putc(b, ']');
}

static const char *numbering_name(uint8_t format)
{
    static const struct {
        enum dgl_num_format format;
        const char *name;
    } names[] = {{DGL_NUM_DECIMAL, "Decimal"},
                 {DGL_NUM_DECIMAL_ZERO, "Decimal"},
                 {DGL_NUM_UPPER_ROMAN, "UpperRoman"},
                 {DGL_NUM_LOWER_ROMAN, "LowerRoman"},
                 {DGL_NUM_UPPER_LETTER, "UpperAlpha"},
                 {DGL_NUM_LOWER_LETTER, "LowerAlpha"},
                 {DGL_NUM_BULLET, "Disc"}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (names[i].format == format)
            return names[i].name;
    return "Decimal";
}

static void put_attributes(const struct element *e, uint32_t index, struct dgl_buf *b)
{
    switch (e->role) {
    case ROLE_TH:
    case ROLE_TD:
        if (e->role == ROLE_TD && e->span <= 1 && e->rows <= 1)
            return;
        dgl_buf_puts(b, e->role == ROLE_TH ? "/A<</O/Table/Scope/Column" : "/A<</O/Table");
        if (e->span > 1) {
            dgl_buf_puts(b, "/ColSpan ");
            pdf_put_int(b, e->span);
        }
        if (e->rows > 1) {
            dgl_buf_puts(b, "/RowSpan ");
            pdf_put_int(b, e->rows);
        }
        dgl_buf_puts(b, ">>");
        break;
    case ROLE_L:
        dgl_buf_puts(b, "/A<</O/List/ListNumbering/");
        dgl_buf_puts(b, numbering_name(e->numbering));
        dgl_buf_puts(b, ">>");
        break;
    case ROLE_FIGURE:
        if (e->alt.len) {
            dgl_buf_puts(b, "/Alt");
            pdf_put_text(b, e->alt.data, dgl_utf8_cut(e->alt.data, e->alt.len, 2000));
        }
        dgl_buf_puts(b, "/A<</O/Layout/BBox[");
        for (unsigned i = 0; i < 4; i++) {
            pdf_put_milli(b, e->box[i]);
            dgl_buf_putc(b, i < 3 ? ' ' : ']');
        }
        dgl_buf_puts(b, "/Placement/Block>>");
        break;
    case ROLE_NOTE:
        dgl_buf_printf(b, "/ID(n%08u)", index);
        break;
    default:
        break;
    }
}

static void write_elements(struct pdf_structure *s, struct pdf_out *o, uint32_t root, const uint32_t *page_objects)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct element *e = &s->elements[i];
        dgl_buf_reset(&b);
        dgl_buf_puts(&b, "<</S/");
        dgl_buf_puts(&b, g_roles[e->role]);
        dgl_buf_puts(&b, "/P ");
        pdf_put_ref(&b, i ? s->elements[e->parent].object : root);
        put_attributes(e, i, &b);
        if (e->first)
            put_kids(s, e, page_objects, &b);
        dgl_buf_puts(&b, ">>");
        o->buf->failed |= b.failed;
        pdf_out_packed(o, e->object, b.data, b.len);
    }
}

// By page: the elements of its marks in order; by annotation: its element.
static uint32_t write_parents(const struct pdf_structure *s, struct pdf_out *o)
{
    DGL_AUTO_FINI(buf) nums = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    dgl_buf_puts(&nums, "<</Nums[");
    for (uint32_t p = 0; p < s->pages; p++) {
        if (s->page_end[p] == 0)
            continue;
        dgl_buf_reset(&b);
        for (uint32_t i = s->page_first[p]; i < s->page_end[p]; i++) {
            dgl_buf_putc(&b, i == s->page_first[p] ? '[' : ' ');
            pdf_put_ref(&b, s->elements[s->marks[i]].object);
        }
        dgl_buf_putc(&b, ']');
        uint32_t object = pdf_out_reserve(o);
        pdf_out_packed(o, object, b.data, b.len);
        pdf_put_int(&nums, p);
        dgl_buf_putc(&nums, ' ');
        pdf_put_ref(&nums, object);
        dgl_buf_putc(&nums, ' ');
    }
    for (uint32_t i = 0; i < s->annotation_count; i++) {
        pdf_put_int(&nums, s->pages + i);
        dgl_buf_putc(&nums, ' ');
        pdf_put_ref(&nums, s->elements[s->annotations[i]].object);
        dgl_buf_putc(&nums, ' ');
    }
    dgl_buf_puts(&nums, "]>>");
    uint32_t object = pdf_out_reserve(o);
    o->buf->failed |= nums.failed || b.failed;
    pdf_out_packed(o, object, nums.data, nums.len);
    return object;
}

uint32_t pdf_structure_write(struct pdf_structure *s, struct pdf_out *o, const uint32_t *page_objects)
{
    uint32_t root = pdf_out_reserve(o);
    for (uint32_t i = 0; i < s->count; i++)
        s->elements[i].object = pdf_out_reserve(o);
    write_elements(s, o, root, page_objects);
    uint32_t parents = write_parents(s, o);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    dgl_buf_puts(&b, "<</Type/StructTreeRoot/K ");
    pdf_put_ref(&b, s->elements[0].object);
    dgl_buf_puts(&b, "/ParentTree ");
    pdf_put_ref(&b, parents);
    dgl_buf_printf(&b, "/ParentTreeNextKey %u", s->pages + s->annotation_count);
    bool notes = false;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->elements[i].role != ROLE_NOTE)
            continue;
        dgl_buf_printf(&b, "%s(n%08u)", notes ? "" : "/IDTree<</Names[", i);
        pdf_put_ref(&b, s->elements[i].object);
        dgl_buf_putc(&b, ' ');
        notes = true;
    }
    dgl_buf_puts(&b, notes ? "]>>>>" : ">>");
    o->buf->failed |= b.failed;
    pdf_out_packed(o, root, b.data, b.len);
    return root;
}
