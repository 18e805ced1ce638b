// Markup that comes as a value: what macros and block sets made of the template's own XML, and what |safe lets through.
// HTML is printed as the filter html prints it.
// It is read by the XML parser and written anew from its events, so it is well-formed or refused; elements must nest as
// WordprocessingML nests them, and what the sink does for tables in the stream is done here from the events. Properties
// may come in any order and more than once: they are brought into the schema's (sequence.c) when their parent ends.
#include "render/docx/limits.h"
#include "render/docx/names.h"
#include "render/docx/nesting.h"
#include "render/docx/rich.h"
#include "render/docx/sequence.h"
#include "render/docx/writer.h"
#include <string.h>
#include <strings.h>

#define MARK_ALARM "\xEF\xB7\x90" // U+FDD0
#define MARK_FEED "\xEF\xB7\x91"  // U+FDD1

struct open_element {
    enum dgl_docx_element el;
    size_t start;                             // in the output
    size_t head;                              // where its content begins: behind its properties
    uint32_t kids;                            // rows of a table, cells of a row
    uint32_t columns;                         // of a table, of a row
    const struct dgl_docx_sequence *sequence; // of its children; NULL: any
    struct dgl_docx_sequence_place place;     // among its parent's children; rank 0: with the rest
    uint64_t seen;                            // ranks of its children, a bit each
    unsigned content, holds;                  // enum dgl_docx_content: what it is, what may stand in it
    unsigned first_piece;                     // of its own
    bool last_is_paragraph;
    bool picture;   // a drawing, picture or object
    bool unwrapped; // only its content is written
    bool wrapped;   // it stands in a run of its own
    bool dropped;   // its parent knows nothing of the kind, or it names what is not there
    bool skipped;   // nothing of it is written
    bool halved;    // something made way in it: what holds nothing goes
    bool moved;     // it stands between the halves of its parents up to `holder`
    unsigned holder;
    struct dgl_str opening; // of a halved one: its tag and properties
};
struct piece { // children that have a place in a sequence, one behind the other
    size_t start, len;
    uint8_t rank;
};
struct safe {
    struct dgl_docx_writer *w;
    const struct dgl_docx_context *x;
    enum dgl_docx_level base;
    unsigned depth; // 0: the wrapping element is not open yet
    struct open_element open[DGL_XML_MAX_DEPTH + 2];
    unsigned piece_count; // of all open elements
    struct piece pieces[DGL_DOCX_MAX_MARKUP_PIECES];
};

// A bookmark printed more than once would not be unique: none is printed.
static bool is_mark(enum dgl_docx_element el)
{
    return el == DGL_EL_W_BOOKMARKSTART || el == DGL_EL_W_BOOKMARKEND;
}

static enum dgl_status refuse(struct dgl_error *err, const char *what)
{
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_markup", "the safe value cannot be put here: %s", what);
}

// ---- the value's outermost elements: which level they need

// Of what is no paragraph, table, row, cell or run; where the writer stands, of what is taken back.
static enum dgl_docx_level level_of(const struct safe *s, const struct open_element *own)
{
    if (!dgl_docx_is_word(own->el) || (own->content & DGL_CONTENT_RUN))
        return DGL_LEVEL_RUN;
    bool is_between_blocks = s->base == DGL_LEVEL_BLOCK && !own->moved; // moved: out of a run
    if ((own->content & DGL_CONTENT_BLOCK) && (is_between_blocks || !(own->content & DGL_CONTENT_PARAGRAPH)))
        return DGL_LEVEL_BLOCK;
    return own->content & DGL_CONTENT_PARAGRAPH ? DGL_LEVEL_PARAGRAPH : s->w->level;
}

static enum dgl_status place_top(struct safe *s, struct open_element *own, struct dgl_error *err)
{
    enum dgl_docx_element el = own->el;
    enum dgl_docx_level to = DGL_LEVEL_TEXT;
    if (s->x->where == DGL_WHERE_ROW)
        return el == DGL_EL_W_TR ? DGL_OK : refuse(err, "it must hold whole rows");
    if (s->x->where == DGL_WHERE_CELL)
        return el == DGL_EL_W_TC ? dgl_docx_cut(s->w, DGL_CUT_CELL_OPEN, 1, err)
                                 : refuse(err, "it must hold whole cells");
    switch (dgl_docx_kind_of(el)) {
    case DGL_KIND_BLOCK:
        to = DGL_LEVEL_BLOCK;
        break;
    case DGL_KIND_RUN_HOLDER:
        to = DGL_LEVEL_PARAGRAPH;
        break;
    case DGL_KIND_RUN_CONTENT:
        to = DGL_LEVEL_RUN;
        break;
    case DGL_KIND_OTHER:
        if (el == DGL_EL_OTHER && s->base == DGL_LEVEL_BLOCK)
            return refuse(err, "it holds an element that is no text");
        to = level_of(s, own);
        own->dropped |= dgl_docx_is_word(el) && !(own->content & DGL_CONTENT_ANY);
        break;
    default:
        return refuse(err, "it holds table rows, cells or properties on their own");
    }
    if (!dgl_docx_go(s->w, s->x, to))
        return refuse(err, "it holds whole paragraphs; print it with {{p … }}");
    return DGL_OK;
}

// ---- events

static void put_name(struct dgl_buf *b, const char *prefix, const char *name)
{
    if (*prefix) {
        dgl_buf_puts(b, prefix);
        dgl_buf_putc(b, ':');
    }
    dgl_buf_puts(b, name);
}

static void put_open(struct safe *s, const struct dgl_xml_element *e, enum dgl_docx_element el, enum dgl_docx_loss loss)
{
    struct dgl_buf *b = s->w->xml;
    bool has_space = false;
    dgl_buf_putc(b, '<');
    put_name(b, e->prefix, e->name);
    for (size_t i = 0; i < e->ns_declared_count; i++) {
        dgl_buf_puts(b, " xmlns");
        if (*e->ns_declared[2 * i])
            dgl_buf_putc(b, ':');
        dgl_buf_puts(b, e->ns_declared[2 * i]);
        dgl_buf_puts(b, "=\"");
        dgl_docx_put_attr(b, dgl_str_of(e->ns_declared[2 * i + 1]));
        dgl_buf_putc(b, '"');
    }
    for (size_t i = 0; i < e->attr_count; i++) {
        if (loss == DGL_LOSS_NAME && dgl_docx_is_relationships(e->attrs[i].ns))
            continue;
        dgl_buf_putc(b, ' ');
        put_name(b, e->attrs[i].prefix, e->attrs[i].name);
        dgl_buf_puts(b, "=\"");
        if (el == DGL_EL_WP_DOCPR && strcmp(e->attrs[i].name, "id") == 0) // printed twice, it must differ
            dgl_buf_printf(b, "%u", s->w->next_drawing_id++);
        else
            dgl_docx_put_attr(b, e->attrs[i].value);
        dgl_buf_putc(b, '"');
        has_space |= strcmp(e->attrs[i].name, "space") == 0;
    }
    if (el == DGL_EL_W_T && !has_space)
        dgl_buf_puts(b, " xml:space=\"preserve\"");
    dgl_buf_putc(b, '>');
}

// ---- the order of properties

static void put_pieces(struct dgl_buf *out, const struct dgl_buf *from, const struct piece *p, size_t count,
                       uint8_t rank)
{
    for (size_t i = 0; i < count; i++)
        if (p[i].rank == rank)
            dgl_buf_append(out, from->data + p[i].start, p[i].len);
}

static void put_rest(struct dgl_buf *out, const struct dgl_buf *from, size_t start, const struct piece *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        dgl_buf_append(out, from->data + start, p[i].start - start);
        start = p[i].start + p[i].len;
    }
    dgl_buf_append(out, from->data + start, from->len - start);
}

// How many pieces stand where they should at the element's beginning, and from which on at its end.
static size_t count_in_front(const struct open_element *o, const struct piece *p, size_t count, uint8_t rest)
{
    size_t at = o->head, i = 0;
    for (; i < count && p[i].rank < rest && p[i].start == at && (i == 0 || p[i - 1].rank <= p[i].rank); i++)
        at += p[i].len;
    return i;
}

static size_t first_behind(size_t end, const struct piece *p, size_t count, uint8_t rest)
{
    size_t i = count;
    while (i > 0 && p[i - 1].rank > rest && p[i - 1].start + p[i - 1].len == end &&
           (i == count || p[i - 1].rank <= p[i].rank))
        end = p[--i].start;
    return i;
}

// Brings the pieces of an element to their places and leaves its head behind those in front. Most stand there already;
// otherwise what the element holds is written once more.
static enum dgl_status arrange(struct safe *s, struct open_element *o, struct dgl_error *err)
{
    struct dgl_buf *b = s->w->xml;
    const struct piece *p = s->pieces + o->first_piece;
    size_t count = s->piece_count - o->first_piece;
    s->piece_count = o->first_piece;
    if (count == 0 || b->failed)
        return DGL_OK;
    uint8_t rest = dgl_docx_rest_rank(o->sequence);
    size_t front = count_in_front(o, p, count, rest);
    if (front == first_behind(b->len, p, count, rest)) {
        o->head = front ? p[front - 1].start + p[front - 1].len : o->head;
        return DGL_OK;
    }
    DGL_AUTO_FINI(buf) copy = DGL_BUF_INIT(b->len - o->head);
    for (uint8_t rank = 1; rank < rest; rank++)
        put_pieces(&copy, b, p, count, rank);
    size_t head = o->head + copy.len;
    put_rest(&copy, b, o->head, p, count);
    for (uint8_t rank = rest + 1; rank <= DGL_DOCX_MAX_PLACES; rank++)
        put_pieces(&copy, b, p, count, rank);
    DGL_TRY(dgl_buf_check(&copy, "the safe value", err));
    memcpy(b->data + o->head, copy.data, copy.len);
    o->head = head;
    s->w->env->budget->steps_left -= (int64_t)(copy.len / 64 + count); // on_start looks at it
    return DGL_OK;
}

// Takes up a child that has just ended; a second one of those that stand once goes.
static enum dgl_status keep_piece(struct safe *s, struct open_element *parent, const struct open_element *o,
                                  struct dgl_error *err)
{
    struct dgl_buf *b = s->w->xml;
    uint64_t bit = UINT64_C(1) << o->place.rank;
    struct piece *last = s->piece_count > parent->first_piece ? &s->pieces[s->piece_count - 1] : NULL;
    if (o->place.rank == 0 || b->failed)
        return DGL_OK;
    if (!o->place.repeats && (parent->seen & bit)) {
        b->len = o->start;
        return DGL_OK;
    }
    parent->seen |= bit;
    if (last && last->rank == o->place.rank && last->start + last->len == o->start) {
        last->len = b->len - last->start;
        return DGL_OK;
    }
    if (s->piece_count == DGL_DOCX_MAX_MARKUP_PIECES)
        return refuse(err, "its properties are too many");
    s->pieces[s->piece_count++] = (struct piece){o->start, b->len - o->start, o->place.rank};
    return DGL_OK;
}

// ---- what a macro prints inside another one
//
// Its runs stand in the text of a run, its paragraphs in a run of a paragraph: those make way. They are closed before
// the element and opened again behind it, with the same properties; a half that holds nothing is not written.
//
//   <w:p> <w:r> <w:t>a <w:r><w:t>b</w:t></w:r> c</w:t> </w:r> </w:p>   →   a │ b │ c, three runs

static bool can_make_way(enum dgl_docx_element el)
{
    return el == DGL_EL_W_T || el == DGL_EL_W_R || el == DGL_EL_W_HYPERLINK || el == DGL_EL_W_INS ||
           el == DGL_EL_W_SMARTTAG || el == DGL_EL_W_P;
}

// The open element below `i`, in the output.
static unsigned below(const struct safe *s, unsigned i)
{
    return s->open[i].moved ? s->open[i].holder : i - 1;
}

// What decides of an open element's content: around a content control, whatever that stands in.
static enum dgl_docx_element holder_kind(const struct safe *s, unsigned i)
{
    if (s->open[i].el != DGL_EL_W_SDTCONTENT)
        return s->open[i].el;
    while (s->open[i].el == DGL_EL_W_SDTCONTENT || s->open[i].el == DGL_EL_W_SDT)
        i = below(s, i);
    return i > 0 ? s->open[i].el : s->w->level == DGL_LEVEL_BLOCK ? DGL_EL_W_TC : DGL_EL_W_P;
}

// The nearest open element that may hold the one that begins; 0 is the place of printing itself. False: there is none.
static bool find_holder(const struct safe *s, const struct open_element *own, unsigned *ret)
{
    unsigned i = s->depth - 2;
    while (i > 0 && !dgl_docx_may_hold(holder_kind(s, i), s->open[i].holds, own->el, own->content)) {
        if (!can_make_way(s->open[i].el) || s->open[i].wrapped)
            return false;
        i = below(s, i);
    }
    *ret = i;
    return true;
}

// Ends a half; one that holds nothing is taken back.
static void close_half(struct safe *s, unsigned i)
{
    struct dgl_buf *b = s->w->xml;
    const struct open_element *o = &s->open[i];
    if (o->unwrapped)
        return;
    if (b->len == o->head) {
        b->len = o->start;
        return;
    }
    size_t name = strcspn(o->opening.data + 1, " >");
    dgl_buf_puts(b, "</");
    dgl_buf_append(b, o->opening.data + 1, name);
    dgl_buf_putc(b, '>');
}

// Opens the second halves, the outermost first.
static void open_halves(struct safe *s, unsigned i, unsigned holder)
{
    struct open_element *o = &s->open[i];
    if (i == holder)
        return;
    open_halves(s, below(s, i), holder);
    o->start = s->w->xml->len;
    dgl_buf_append(s->w->xml, o->opening.data, o->opening.len);
    o->head = s->w->xml->len;
    o->first_piece = s->piece_count;
}

static enum dgl_status make_way(struct safe *s, struct open_element *own, struct dgl_error *err)
{
    struct dgl_buf *b = s->w->xml;
    if (b->failed || dgl_docx_kind_of(own->el) == DGL_KIND_PROPERTIES || !find_holder(s, own, &own->holder))
        return refuse(err, "its elements are not nested as in a Word document");
    own->moved = true;
    for (unsigned i = s->depth - 2; i != own->holder; i = below(s, i)) {
        struct open_element *o = &s->open[i];
        DGL_TRY(arrange(s, o, err));
        if (!o->opening.len && !o->unwrapped) {
            char *copy = dgl_arena_memdup_try(s->w->env->arena, b->data + o->start, o->head - o->start + 1);
            DGL_TRY(dgl_budget_memory(s->w->env->budget, o->head - o->start, err));
            if (!copy)
                return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
            o->opening = (struct dgl_str){copy, o->head - o->start};
        }
        o->halved = true;
        close_half(s, i);
    }
    return own->holder ? DGL_OK : place_top(s, own, err);
}

static enum dgl_status end_way(struct safe *s, const struct open_element *moved, struct dgl_error *err)
{
    unsigned inner = s->depth - 1, outer = inner;
    while (below(s, outer) != moved->holder)
        outer = below(s, outer);
    if (moved->holder == 0)
        DGL_TRY(place_top(s, &s->open[outer], err));
    open_halves(s, inner, moved->holder);
    return DGL_OK;
}

// ---- values that waited (capture.c)

static bool is_open(const struct safe *s, enum dgl_docx_element el)
{
    for (unsigned i = 1; i + 1 < s->depth; i++)
        if (s->open[i].el == el)
            return true;
    return false;
}

// Only a run and its text are open around what begins: the paragraph of the place of printing can be parted there.
static bool is_in_run(const struct safe *s)
{
    for (unsigned i = s->depth - 2; i > 0; i = below(s, i))
        if (s->open[i].el != DGL_EL_W_T && s->open[i].el != DGL_EL_W_R && !s->open[i].unwrapped)
            return false;
    return true;
}

static bool ends_with_paragraph(const struct dgl_buf *b)
{
    return b->len >= 6 && memcmp(b->data + b->len - 6, "</w:p>", 6) == 0;
}

// Draws the value where the element stands: at the top as at the place of printing, deeper as in the template, with the
// paragraph of the place of printing when the text brings none.
static enum dgl_status draw_deferred(struct safe *s, const struct dgl_docx_deferred *d, struct dgl_error *err)
{
    struct dgl_docx_writer *w = s->w;
    struct open_element *parent = &s->open[s->depth - 2];
    struct dgl_docx_context own = *d->context;
    enum dgl_docx_level level = w->level;
    if (own.where == DGL_WHERE_NOTE && s->depth > 2)
        return parent->el == DGL_EL_W_R ? dgl_docx_write_note(w, d->context, d->value, err)
                                        : refuse(err, "it holds a note outside of a run");
    if (own.where == DGL_WHERE_NOTE) {
        struct open_element run_content = {.el = DGL_EL_W_OTHER, .content = DGL_CONTENT_RUN};
        DGL_TRY(place_top(s, &run_content, err));
        return dgl_docx_write_note(w, d->context, d->value, err);
    }
    if (s->x->where == DGL_WHERE_ROW || s->x->where == DGL_WHERE_CELL || is_open(s, DGL_EL_W_P)) {
        own.can_split &= is_open(s, DGL_EL_W_P);
    } else {
        own.para_open = s->x->para_open;
        own.para_close = s->x->para_close;
        own.can_split = s->x->can_split && is_in_run(s);
    }
    own.text_width_emu = DGL_MIN(own.text_width_emu, s->x->text_width_emu);
    if (s->depth == 2 && s->x->where != DGL_WHERE_ROW && s->x->where != DGL_WHERE_CELL) {
        if (!is_open(s, DGL_EL_W_R))
            own.run_open = s->x->run_open;
        return dgl_docx_write_any(w, &own, d->value, err);
    }
    switch (s->depth == 2 ? DGL_EL_OTHER : holder_kind(s, s->depth - 2)) {
    case DGL_EL_W_T:
        w->level = DGL_LEVEL_TEXT;
        break;
    case DGL_EL_W_P:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_SMARTTAG:
        w->level = DGL_LEVEL_PARAGRAPH;
        break;
    case DGL_EL_W_TC:
    case DGL_EL_W_TXBXCONTENT:
        w->level = DGL_LEVEL_BLOCK;
        own = *d->context;
        break;
    default:
        return refuse(err, "it holds a picture or rich text where neither may stand");
    }
    DGL_TRY(dgl_docx_write_any(w, &own, d->value, err));
    if (w->level == DGL_LEVEL_BLOCK)
        parent->last_is_paragraph = ends_with_paragraph(w->xml);
    w->level = level;
    return DGL_OK;
}

static enum dgl_status on_deferred(struct safe *s, const struct dgl_xml_element *e, struct dgl_error *err)
{
    const struct dgl_docx_deferred *d = e->attr_count ? dgl_docx_deferred_value(s->w, e->attrs[0].value) : NULL;
    s->open[s->depth - 1] = (struct open_element){.el = DGL_EL_OTHER, .skipped = true};
    DGL_TRY(dgl_budget_tick(s->w->env->budget, err));
    return d ? draw_deferred(s, d, err) : DGL_OK;
}

// The open table or row that a row or cell counts for; content controls may lie between. NULL: there is none.
static struct open_element *counts_for(struct safe *s, unsigned i, enum dgl_docx_element el)
{
    while (i > 0 && (s->open[i].el == DGL_EL_W_SDTCONTENT || s->open[i].el == DGL_EL_W_SDT))
        i--;
    return i > 0 && s->open[i].el == el ? &s->open[i] : NULL;
}

static void count_columns(struct open_element *row, uint32_t more)
{
    row->columns = DGL_MIN(row->columns + more, DGL_DOCX_MAX_COLUMNS);
}

// The row that the properties of itself or of its cell stand in.
static struct open_element *row_of_properties(struct safe *s, enum dgl_docx_element el)
{
    enum dgl_docx_element parent = s->open[s->depth - 2].el;
    if (el == DGL_EL_W_GRIDSPAN && parent == DGL_EL_W_TCPR && s->depth > 4)
        return counts_for(s, s->depth - 4, DGL_EL_W_TR);
    if ((el == DGL_EL_W_GRIDBEFORE || el == DGL_EL_W_GRIDAFTER) && parent == DGL_EL_W_TRPR && s->depth > 3)
        return counts_for(s, s->depth - 3, DGL_EL_W_TR);
    return NULL;
}

static void count_in_table(struct safe *s, const struct dgl_xml_element *e, enum dgl_docx_element el)
{
    struct open_element *table = el == DGL_EL_W_TR ? counts_for(s, s->depth - 2, DGL_EL_W_TBL) : NULL,
                        *row = el == DGL_EL_W_TC ? counts_for(s, s->depth - 2, DGL_EL_W_TR) : NULL,
                        *spanned = row_of_properties(s, el);
    int64_t n = 0;
    if (table)
        table->kids++;
    if (row) {
        row->kids++;
        count_columns(row, 1);
    }
    for (size_t i = 0; spanned && i < e->attr_count; i++)
        if (strcmp(e->attrs[i].name, "val") == 0 &&
            dgl_parse_int64(e->attrs[i].value.data, e->attrs[i].value.len, 1, DGL_DOCX_MAX_COLUMNS, &n))
            count_columns(spanned, (uint32_t)n - (el == DGL_EL_W_GRIDSPAN));
}

// What may stand in an element besides what its sequence lists; in a content control what may stand around it.
static unsigned content_in(const struct safe *s, const struct open_element *own)
{
    unsigned holder = own->moved ? own->holder : s->depth - 2;
    bool control = own->el == DGL_EL_W_SDT || own->el == DGL_EL_W_SDTCONTENT || own->el == DGL_EL_W_CUSTOMXML;
    if (control && holder > 0)
        return s->open[holder].holds;
    if (control)
        return s->w->level == DGL_LEVEL_BLOCK ? DGL_CONTENT_BLOCK : DGL_CONTENT_PARAGRAPH;
    bool framed = own->place.rank || s->open[holder].holds == DGL_CONTENT_FRAME;
    return framed && dgl_docx_is_word(own->el) && !own->content && own->el != DGL_EL_W_TXBXCONTENT
               ? DGL_CONTENT_FRAME
               : dgl_docx_content_in(own->el, own->content);
}

// Among content: what is none goes, what stands outside of a run gets one.
static enum dgl_status place_content(struct safe *s, struct open_element *own, struct dgl_error *err)
{
    const struct open_element *parent = &s->open[s->depth - 2];
    if (dgl_docx_is_word(own->el) && dgl_docx_kind_of(own->el) == DGL_KIND_OTHER && !(own->content & DGL_CONTENT_ANY) &&
        ((parent->holds != DGL_CONTENT_ANY && parent->holds != DGL_CONTENT_FRAME) || parent->el == DGL_EL_W_T))
        own->dropped = true;
    else if (parent->holds == DGL_CONTENT_PARAGRAPH && (own->content & DGL_CONTENT_RUN))
        own->wrapped = true;
    else if (!dgl_docx_may_hold(holder_kind(s, s->depth - 2), parent->holds, own->el, own->content))
        return make_way(s, own, err);
    return DGL_OK;
}

// Where the element goes: to its place among properties, as a part of the content, or, moved, behind what makes way.
static enum dgl_status place_element(struct safe *s, struct open_element *own, const char *name, struct dgl_error *err)
{
    struct open_element *parent = &s->open[s->depth - 2];
    bool listed =
        parent->sequence && dgl_docx_is_word(own->el) && dgl_docx_find_place(parent->sequence, name, &own->place);
    if (s->depth == 2)
        return place_top(s, own, err);
    if (listed && parent->sequence->closed && dgl_docx_kind_of(own->el) == DGL_KIND_RUN_HOLDER)
        own->sequence = &dgl_docx_empty_sequence; // a tracked change of properties
    if (listed)
        return DGL_OK;
    if (!parent->sequence || !parent->sequence->closed || !dgl_docx_is_word(own->el))
        return place_content(s, own, err);
    own->dropped = true;
    return dgl_docx_kind_of(own->el) == DGL_KIND_OTHER
               ? DGL_OK
               : refuse(err, "its elements are not nested as in a Word document");
}

static bool is_picture(enum dgl_docx_element el, const char *name)
{
    return el == DGL_EL_W_OTHER &&
           (strcmp(name, "drawing") == 0 || strcmp(name, "pict") == 0 || strcmp(name, "object") == 0);
}

// Of pictures in pictures the outermost goes, but not the text box that holds it.
static void lose(struct safe *s, struct open_element *own, enum dgl_docx_loss loss)
{
    struct open_element *gone = own;
    own->unwrapped = loss == DGL_LOSS_TAGS;
    for (struct open_element *o = own; loss == DGL_LOSS_PICTURE && o > s->open && o->el != DGL_EL_W_TXBXCONTENT; o--)
        if (o->picture)
            gone = o;
    gone->dropped |= loss >= DGL_LOSS_ELEMENT;
}

static enum dgl_status on_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct safe *s = ctx;
    if (s->depth++ == 0) {
        s->open[0] = (struct open_element){.el = DGL_EL_OTHER};
        return DGL_OK;
    }
    if (strcmp(e->ns, DGL_DOCX_DEFERRED_NS) == 0)
        return on_deferred(s, e, err);
    if (!*e->ns) // Word would call the document damaged
        return refuse(err, "it mixes HTML with a document's own markup; print HTML with |html");
    enum dgl_docx_element el = dgl_docx_element_of(e->ns, e->name);
    struct open_element *own = &s->open[s->depth - 1], *parent = own - 1;
    enum dgl_docx_loss loss;
    *own = (struct open_element){.el = el, .start = SIZE_MAX, .first_piece = s->piece_count};
    if (is_mark(el))
        return DGL_OK;
    own->sequence = dgl_docx_is_word(el) ? dgl_docx_sequence_of(e->name) : NULL;
    own->content = dgl_docx_content_of(el, e->name);
    own->picture = is_picture(el, e->name);
    DGL_TRY(dgl_docx_find_loss(s->w, e, el, &loss, err));
    lose(s, own, loss);
    DGL_TRY(place_element(s, own, e->name, err));
    if (own->moved)
        parent = &s->open[own->holder];
    own->first_piece = s->piece_count; // what made way was arranged
    count_in_table(s, e, el);
    if (own->place.rank == 0)
        parent->last_is_paragraph = el == DGL_EL_W_P;
    own->holds = content_in(s, own);
    own->start = s->w->xml->len;
    if (own->wrapped)
        dgl_buf_puts(s->w->xml, "<w:r>");
    if (!own->unwrapped)
        put_open(s, e, el, loss);
    own->head = s->w->xml->len;
    return dgl_budget_tick(s->w->env->budget, err);
}

static void put_grid(struct safe *s, const struct open_element *table, const char *prefix)
{
    struct dgl_buf *b = s->w->xml;
    // In twentieths of a point, of which an EMU is 1/635; of a table in a table nothing is known.
    uint32_t width = s->depth > 2 ? 0 : s->x->text_width_emu / 635 / DGL_MAX(table->columns, 1u);
    for (uint32_t i = 0; i < table->columns; i++) {
        dgl_buf_putc(b, '<');
        put_name(b, prefix, "gridCol");
        if (width) {
            dgl_buf_putc(b, ' ');
            put_name(b, prefix, "w");
            dgl_buf_printf(b, "=\"%u\"", width);
        }
        dgl_buf_puts(b, "/>");
    }
}

// A table has properties and a grid, if only empty ones (ECMA-376 Part 1, 17.4.37).
static enum dgl_status complete_table(struct safe *s, struct open_element *table, const char *prefix,
                                      struct dgl_error *err)
{
    static const char *const wanted[] = {"tblPr", "tblGrid"};
    struct dgl_buf *b = s->w->xml;
    for (size_t i = 0; i < DGL_COUNT(wanted); i++) {
        struct open_element child = {.start = b->len};
        if (!dgl_docx_find_place(table->sequence, wanted[i], &child.place) ||
            (table->seen & UINT64_C(1) << child.place.rank))
            continue;
        dgl_buf_putc(b, '<');
        put_name(b, prefix, wanted[i]);
        dgl_buf_putc(b, '>');
        if (i == 1)
            put_grid(s, table, prefix);
        dgl_buf_puts(b, "</");
        put_name(b, prefix, wanted[i]);
        dgl_buf_putc(b, '>');
        DGL_TRY(keep_piece(s, table, &child, err));
    }
    return DGL_OK;
}

static enum dgl_status close_element(struct safe *s, struct open_element *o, const char *prefix, const char *name,
                                     struct dgl_error *err)
{
    struct dgl_buf *b = s->w->xml;
    struct open_element *parent = &s->open[s->depth - 1], *table = counts_for(s, s->depth - 1, DGL_EL_W_TBL);
    if (o->el == DGL_EL_W_TBL && o->kids > 0)
        DGL_TRY(complete_table(s, o, prefix, err));
    DGL_TRY(arrange(s, o, err));
    if (o->dropped || ((o->el == DGL_EL_W_TBL || o->el == DGL_EL_W_TR) && o->kids == 0) ||
        (o->halved && b->len == o->head)) {
        // A table without rows or a row without cells is not valid: it shows nothing anyway.
        b->len = o->start;
        if (o->el == DGL_EL_W_TR && table)
            table->kids--;
        return DGL_OK;
    }
    if (o->el == DGL_EL_W_TR && table)
        table->columns = DGL_MAX(table->columns, o->columns);
    if (o->el == DGL_EL_W_TC && !o->last_is_paragraph)
        dgl_buf_puts(b, "<w:p></w:p>");
    if (s->x->where == DGL_WHERE_ROW && s->depth == 1)
        dgl_docx_count_row(s->w);
    if (o->unwrapped)
        return DGL_OK;
    dgl_buf_puts(b, "</");
    put_name(b, prefix, name);
    dgl_buf_puts(b, o->wrapped ? "></w:r>" : ">");
    if (o->halved)
        parent->last_is_paragraph = o->el == DGL_EL_W_P;
    return keep_piece(s, parent, o, err);
}

static enum dgl_status on_end(void *ctx, const char *name, const char *prefix, const char *ns DGL_UNUSED,
                              struct dgl_error *err)
{
    struct safe *s = ctx;
    struct open_element *o = &s->open[--s->depth];
    if (s->depth == 0 || o->skipped || is_mark(o->el))
        return DGL_OK;
    DGL_TRY(close_element(s, o, prefix, name, err));
    return o->moved ? end_way(s, o, err) : DGL_OK;
}

static bool only_spaces(struct dgl_str t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!strchr(" \t\r\n", t.data[i]) || t.data[i] == '\0')
            return false;
    return true;
}

// Text inside an element of the value. Its paragraph cannot be left from here: \a and \f stay in it, as breaks.
static void write_inner_text(struct safe *s, struct dgl_str text)
{
    static const struct dgl_docx_context here = {.where = DGL_WHERE_TEXT};
    enum dgl_docx_level level = s->w->level;
    s->w->level = DGL_LEVEL_TEXT;
    size_t from = 0;
    for (size_t i = 0; i <= text.len; i++) {
        size_t left = text.len - i;
        bool mark =
            left >= 3 && (memcmp(text.data + i, MARK_ALARM, 3) == 0 || memcmp(text.data + i, MARK_FEED, 3) == 0);
        if (!mark && left > 0)
            continue;
        dgl_docx_write_text(s->w, &here, text.data + from, i - from);
        if (mark) {
            dgl_docx_write_text(s->w, &here, memcmp(text.data + i, MARK_ALARM, 3) == 0 ? "\a" : "\f", 1);
            i += 2;
        }
        from = i + 1;
    }
    s->w->level = level;
}

static enum dgl_status on_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    struct safe *s = ctx;
    enum dgl_docx_element in = s->open[s->depth - 1].el;
    if (s->depth > 1 && in == DGL_EL_W_T) {
        write_inner_text(s, text);
        return DGL_OK;
    }
    // {{r x }} in a macro printed a plain text between runs.
    if (s->depth > 1 && !only_spaces(text) && (in == DGL_EL_W_P || in == DGL_EL_W_HYPERLINK || in == DGL_EL_W_INS)) {
        dgl_buf_puts(s->w->xml, "<w:r><w:t xml:space=\"preserve\">");
        write_inner_text(s, text);
        dgl_buf_puts(s->w->xml, "</w:t></w:r>");
        return DGL_OK;
    }
    if (s->depth > 1 &&
        (in == DGL_EL_OTHER || in == DGL_EL_W_INSTRTEXT || in == DGL_EL_W_DELTEXT || in == DGL_EL_A_T)) {
        dgl_docx_write_plain(s->w->xml, text.data, text.len);
        return DGL_OK;
    }
    if (s->depth > 1 || s->x->where == DGL_WHERE_ROW || s->x->where == DGL_WHERE_CELL)
        return only_spaces(text) ? DGL_OK : refuse(err, "it holds text outside of a run");
    if (s->w->level != DGL_LEVEL_TEXT && s->base != DGL_LEVEL_TEXT && only_spaces(text))
        return DGL_OK;
    if (!dgl_docx_go(s->w, s->x, DGL_LEVEL_TEXT))
        return refuse(err, "it holds text where only paragraphs may stand");
    dgl_docx_write_text(s->w, s->x, text.data, text.len);
    return DGL_OK;
}

// ---- without elements

// Length of the character reference or predefined entity at s, 0 when there is none. In any case: a filter such as
// `upper` may have gone over it.
static size_t entity_length(const char *s, size_t len, uint32_t *ret_char)
{
    static const struct {
        const char *text;
        char ch;
    } named[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < DGL_COUNT(named); i++) {
        size_t n = strlen(named[i].text);
        if (len >= n && strncasecmp(s, named[i].text, n) == 0) {
            *ret_char = (uint8_t)named[i].ch;
            return n;
        }
    }
    const char *end = len > 3 && s[1] == '#' ? memchr(s, ';', DGL_MIN(len, (size_t)12)) : NULL;
    if (!end)
        return 0;
    bool hex = (s[2] | 32) == 'x';
    uint32_t code = 0;
    for (const char *p = s + 2 + hex; p < end; p++) {
        uint32_t digit = *p >= '0' && *p <= '9'                        ? (uint32_t)(*p - '0')
                         : hex && (*p | 32) >= 'a' && (*p | 32) <= 'f' ? (uint32_t)((*p | 32) - 'a' + 10)
                                                                       : 99;
        if (digit == 99 || code > 0x10FFFF)
            return 0;
        code = code * (hex ? 16 : 10) + digit;
    }
    if (end == s + 2 + hex || code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    *ret_char = code;
    return (size_t)(end - s) + 1;
}

enum dgl_status dgl_docx_read_safe_text(struct dgl_str t, struct dgl_buf *out, struct dgl_error *err)
{
    for (size_t i = 0; i < t.len;) {
        uint32_t ch = 0;
        char u[4];
        size_t n = t.data[i] == '&' ? entity_length(t.data + i, t.len - i, &ch) : 0;
        if (t.data[i] == '&' && n == 0)
            return refuse(err, "it holds an \"&\" that begins no entity; write \"&amp;\"");
        if (n == 0)
            dgl_buf_putc(out, t.data[i]);
        else
            dgl_buf_append(out, u, dgl_utf8_put(u, ch));
        i += DGL_MAX(n, (size_t)1);
    }
    return DGL_OK;
}

static enum dgl_status write_character_data(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                            struct dgl_str t, struct dgl_error *err)
{
    bool text = x->where != DGL_WHERE_PLAIN;
    size_t from = 0;
    for (size_t i = 0; i <= t.len; i++) {
        if (i < t.len && t.data[i] != '&')
            continue;
        if (text)
            dgl_docx_write_text(w, x, t.data + from, i - from);
        else
            dgl_docx_write_plain(w->xml, t.data + from, i - from);
        if (i == t.len)
            break;
        uint32_t ch = 0;
        size_t n = entity_length(t.data + i, t.len - i, &ch);
        if (n == 0)
            return refuse(err, "it holds an \"&\" that begins no entity; write \"&amp;\"");
        char u[4];
        size_t un = dgl_utf8_put(u, ch);
        if (text)
            dgl_docx_write_text(w, x, u, un);
        else if (ch == '"')
            dgl_buf_puts(w->xml, "&quot;");
        else
            dgl_docx_write_plain(w->xml, u, un);
        from = i + n;
        i = from - 1;
    }
    return DGL_OK;
}

// XML cannot hold \a and \f, which mean something in values: two noncharacters stand for them while parsing. Other
// control characters go.
static void append_marked(struct dgl_buf *b, struct dgl_str t)
{
    size_t from = 0;
    for (size_t i = 0; i < t.len; i++) {
        uint8_t ch = (uint8_t)t.data[i];
        if (ch >= 32 || ch == '\n' || ch == '\t' || ch == '\r')
            continue;
        dgl_buf_append(b, t.data + from, i - from);
        from = i + 1;
        if (ch == '\a')
            dgl_buf_puts(b, MARK_ALARM);
        else if (ch == '\f')
            dgl_buf_puts(b, MARK_FEED);
    }
    dgl_buf_append(b, t.data + from, t.len - from);
}

// Whether the elements are HTML's: Word's have a prefix. urlize makes such values, and people who come from web pages.
static bool is_html(struct dgl_str t)
{
    bool found = false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.data[i] != '<' || i + 1 == t.len || (t.data[i + 1] | 32) < 'a' || (t.data[i + 1] | 32) > 'z')
            continue;
        size_t end = i + 1;
        while (end < t.len && !strchr(" \t\r\n/>:", t.data[end]))
            end++;
        if (end < t.len && t.data[end] == ':')
            return false;
        found = true;
        i = end - 1;
    }
    return found;
}

static enum dgl_status write_html(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_str t,
                                  struct dgl_error *err)
{
    struct dgl_value_rich html = {.type = "html", .subject = dgl_value_string(w->env->arena, t.data, t.len)};
    if (html.subject.kind == DGL_VALUE_UNDEFINED)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    return dgl_rich_write_markup(w, x, &html, err);
}

enum dgl_status dgl_docx_write_safe(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_str t,
                                    struct dgl_error *err)
{
    enum dgl_docx_level base = w->level;
    if (x->where == DGL_WHERE_PLAIN)
        return write_character_data(w, x, t, err);
    if (!memchr(t.data, '<', t.len) && x->where != DGL_WHERE_ROW && x->where != DGL_WHERE_CELL) {
        if (!dgl_docx_go(w, x, DGL_LEVEL_TEXT))
            return DGL_FAIL(err, DGL_E_INTERNAL, "text cannot be written here");
        DGL_TRY(write_character_data(w, x, t, err));
        dgl_docx_go(w, x, base);
        return DGL_OK;
    }
    if (x->where != DGL_WHERE_ROW && x->where != DGL_WHERE_CELL && is_html(t))
        return write_html(w, x, t, err);
    struct dgl_str namespaces = x->namespaces.len ? x->namespaces : w->part->namespaces;
    DGL_AUTO_FINI(buf) wrapped = DGL_BUF_INIT(3 * t.len + namespaces.len + 64);
    dgl_buf_puts(&wrapped, "<x");
    dgl_buf_append(&wrapped, namespaces.data, namespaces.len);
    dgl_buf_putc(&wrapped, '>');
    append_marked(&wrapped, t);
    dgl_buf_puts(&wrapped, "</x>");
    struct safe s; // what is open is filled as it comes
    s.w = w;
    s.x = x;
    s.base = base;
    s.depth = s.piece_count = 0;
    struct dgl_xml_handler h = {.start = on_start, .end = on_end, .text = on_text, .ctx = &s};
    enum dgl_status st = dgl_xml_parse(wrapped.data, wrapped.len, "the safe value", &h, err);
    if (st == DGL_E_MALFORMED)
        return refuse(err, "it is not well-formed XML");
    DGL_TRY(st);
    if (!dgl_docx_go(w, x, base))
        return refuse(err, "it holds whole paragraphs; print it with {{p … }}");
    return DGL_OK;
}
