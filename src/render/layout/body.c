// From the XML of a body, header, note, cell or text box to blocks and inlines.
//
// Properties are resolved here, once: defaults, table style, paragraph style, numbering, character style, direct. Runs
// with equal properties share one object, so that later steps compare pointers.
#include "render/layout/build.h"
#include "render/layout/math.h"

#include <string.h>

#define MAX_RUBY_BYTES 1024u // of one phonetic guide
#define MAX_INLINES DGL_LAYOUT_MAX_PARAGRAPH_BYTES

// ---- Runs ----

static uint32_t hash_bytes(const void *data, size_t len)
{
    const char *p = data;
    uint64_t h = 14695981039346656037u, word = 0;
    for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = (h ^ word) * 1099511628211u;
        h ^= h >> 29;
    }
    word = 0;
    memcpy(&word, p, len);
    h = (h ^ word) * 1099511628211u;
    return (uint32_t)(h ^ h >> 32);
}

struct dgl_run *build_run(struct builder *b, const struct dgl_rpr *r)
{
    uint32_t h = hash_bytes(r, sizeof(*r));
    struct dgl_run **slot = &b->runs[h % BUILD_RUN_SLOTS];
    for (struct dgl_run *run = *slot; run; run = run->next)
        if (run->hash == h && memcmp(&run->r, r, sizeof(*r)) == 0)
            return run;
    struct dgl_run *run = DGL_ARENA_NEW(b->arena, struct dgl_run);
    memcpy(&run->r, r, sizeof(*r));
    run->hash = h;
    run->next = *slot;
    *slot = run;
    return run;
}

struct dgl_rpr build_base_rpr(struct builder *b, const struct build_context *c, uint16_t para_style)
{
    struct dgl_rpr r;
    memcpy(&r, &b->sheet->rpr, sizeof(r));
    if (c->rpr)
        dgl_rpr_apply(&r, c->rpr);
    if (para_style != UINT16_MAX)
        dgl_rpr_apply_style(&r, &b->sheet->styles[para_style].rpr);
    return r;
}

// Word shows the links of a table of contents without the look of links.
static bool is_link_of_contents(const struct builder *b, uint16_t style)
{
    for (unsigned i = 0; i < b->field_depth; i++)
        if (b->fields[i].contents && b->fields[i].state == BUILD_FIELD_SHOWN)
            return dgl_str_is(b->sheet->styles[style].name, "Hyperlink");
    return false;
}

// Direct formatting over the base, with the character style between them.
static struct dgl_run *run_of(struct builder *b, const struct dgl_rpr *base, const struct dgl_x *rpr)
{
    struct dgl_rpr r;
    memcpy(&r, base, sizeof(r));
    if (!rpr || !rpr->first)
        return build_run(b, &r);
    struct dgl_rpr direct;
    memset(&direct, 0, sizeof(direct));
    dgl_rpr_read(&b->reader, rpr, &direct);
    if (direct.set & DGL_R_STYLE && direct.style != UINT16_MAX && !is_link_of_contents(b, direct.style))
        dgl_rpr_apply_style(&r, &b->sheet->styles[direct.style].rpr);
    dgl_rpr_apply(&r, &direct);
    return build_run(b, &r);
}

void build_finding(struct builder *b, enum dgl_feature f)
{
    dgl_finding_add(&b->doc->findings, f, b->part_name, b->paragraph);
}

bool build_is_shown(const struct builder *b)
{
    if (b->field_overflow)
        return false;
    for (unsigned i = 0; i < b->field_depth; i++)
        if (b->fields[i].state != BUILD_FIELD_SHOWN)
            return false;
    return true;
}

const struct dgl_docx_relationship *build_rel(struct builder *b, const struct dgl_str *id)
{
    for (size_t i = 0; id && i < b->rel_count; i++)
        if (dgl_str_equal(b->rels[i].id, *id))
            return &b->rels[i];
    return NULL;
}

struct dgl_inline *build_push(struct builder *b, enum dgl_inline_kind kind, struct dgl_run *run)
{
    if (!DGL_ARENA_ROOM(b->arena, b->inlines, b->inline_cap, b->inline_count + 1, 1, MAX_INLINES))
        return NULL;
    const struct dgl_link *link = b->link;
    for (unsigned i = b->field_depth; i-- > 0 && !link;)
        link = b->fields[i].link;
    struct dgl_inline *in = &b->inlines[b->inline_count++];
    *in = (struct dgl_inline){.kind = kind, .run = run, .link = link};
    if (b->field_depth && (kind == DGL_IN_TEXT || kind == DGL_IN_FIELD))
        b->fields[b->field_depth - 1].filled = true;
    return in;
}

static bool is_hidden(const struct dgl_run *run)
{
    return run->r.toggles & DGL_T_HIDDEN;
}

static void push_text(struct builder *b, struct dgl_str text, struct dgl_run *run)
{
    if (text.len == 0 || is_hidden(run))
        return;
    if (!build_is_shown(b)) {
        build_field_result(b, run, text);
        return;
    }
    if (run->r.toggles & (DGL_T_OUTLINE | DGL_T_SHADOW | DGL_T_EMBOSS | DGL_T_IMPRINT | DGL_T_UNDRAWN))
        build_finding(b, DGL_FEATURE_TEXT_EFFECT);
    struct dgl_inline *in = build_push(b, DGL_IN_TEXT, run);
    if (in)
        in->text = text;
}

static void push_code(struct builder *b, uint32_t code, struct dgl_run *run)
{
    char *utf8 = dgl_arena_alloc(b->arena, 4);
    push_text(b, (struct dgl_str){utf8, dgl_utf8_put(utf8, code)}, run);
}

// ---- Contents of runs ----

// Word goes over a page break in a cell as if it were not there.
static void push_break(struct builder *b, const struct dgl_x *n, bool in_cell, struct dgl_run *run)
{
    if (!build_is_shown(b) || (in_cell && dgl_x_attr_is(n, DGL_X_type, "page")))
        return;
    enum dgl_inline_kind kind = dgl_x_attr_is(n, DGL_X_type, "page")     ? DGL_IN_PAGE_BREAK
                                : dgl_x_attr_is(n, DGL_X_type, "column") ? DGL_IN_COLUMN_BREAK
                                                                         : DGL_IN_LINE_BREAK;
    build_push(b, kind, run);
}

static uint32_t hex_of(const struct dgl_str *s)
{
    uint32_t v = 0;
    for (size_t i = 0; s && i < s->len && i < 6; i++) {
        unsigned d = (unsigned char)s->data[i];
        d = d >= '0' && d <= '9' ? d - '0' : (d | 32u) >= 'a' && (d | 32u) <= 'f' ? (d | 32u) - 'a' + 10 : 16;
        if (d == 16)
            return 0;
        v = v << 4 | d;
    }
    return v <= 0x10FFFF && (v < 0xD800 || v > 0xDFFF) ? v : 0;
}

// w:sym names its own font and code.
static void push_symbol(struct builder *b, const struct dgl_x *n, struct dgl_run *run)
{
    const struct dgl_str *font = dgl_x_attr(n, DGL_X_font);
    uint32_t code = hex_of(dgl_x_attr(n, DGL_X_char));
    struct dgl_rpr r;
    memcpy(&r, &run->r, sizeof(r));
    if (font && font->len) {
        const char *name = dgl_prop_intern(&b->reader, *font);
        for (unsigned i = 0; i < DGL_SLOT_COUNT; i++)
            r.font[i] = name;
    }
    if (code)
        push_code(b, code, build_run(b, &r));
}

void build_number_note(struct builder *b, struct dgl_note_mark *mark, const struct dgl_note_numbers *n, uint32_t number)
{
    mark->format = n->format;
    mark->start = n->start;
    mark->each_page = n->each_page;
    mark->text = dgl_num_text(b->arena, (enum dgl_num_format)n->format, (int64_t)number + n->start);
}

static void push_note(struct builder *b, const struct dgl_x *x, struct dgl_run *run, bool endnote)
{
    if (!build_is_shown(b) || is_hidden(run) || b->in_note)
        return;
    struct dgl_inline *in = build_push(b, DGL_IN_NOTE, run);
    if (!in)
        return;
    in->note.id = (int32_t)DGL_MAX(-1, DGL_MIN(dgl_x_attr_int(x, DGL_X_id, -1), INT32_MAX));
    in->note.endnote = endnote;
    const struct dgl_str *custom = dgl_x_attr(x, DGL_X_customMarkFollows);
    if (!custom || !dgl_x_on(custom)) {
        const struct dgl_settings *s = &b->sheet->settings;
        in->note.mark = DGL_ARENA_NEW(b->arena, struct dgl_note_mark);
        build_number_note(b, in->note.mark, endnote ? &s->endnotes : &s->footnotes, b->note_number[endnote]++);
    }
    b->para_has_notes = true;
    *(endnote ? &b->has_endnotes : &b->has_footnotes) = true;
}

// A note's own number: a field, since it may be known only when pages are.
static void push_note_number(struct builder *b, struct dgl_run *run)
{
    if (!b->note_mark || is_hidden(run))
        return;
    if (!build_is_shown(b)) {
        build_field_result(b, run, b->note_mark->text);
        return;
    }
    struct dgl_inline *in = build_push(b, DGL_IN_FIELD, run);
    if (!in)
        return;
    in->field.kind = DGL_FIELD_NOTE;
    in->field.mark = b->note_mark;
}

static void push_ptab(struct builder *b, const struct dgl_x *n, struct dgl_run *run)
{
    struct dgl_inline *in = build_is_shown(b) ? build_push(b, DGL_IN_PTAB, run) : NULL;
    if (in)
        in->value = dgl_x_attr_is(n, DGL_X_alignment, "center")  ? 2
                    : dgl_x_attr_is(n, DGL_X_alignment, "right") ? 3
                                                                 : 1;
}

static void walk_inlines(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status);

// All text below a node, and the properties of its first run.
static void gather_text(const struct dgl_x *n, struct dgl_buf *text, const struct dgl_x **rpr)
{
    DGL_X_EACH(x, n)
    {
        if (x->name == DGL_X_rPr && !*rpr)
            *rpr = x;
        else if (x->name == DGL_X_t && text->len + x->text.len < MAX_RUBY_BYTES)
            dgl_buf_append(text, x->text.data, x->text.len);
        else if (x->name == DGL_X_r || build_is_group(x))
            gather_text(x, text, rpr);
    }
}

// A phonetic guide (§17.3.3.25): its base as any text, then what stands above it.
static void push_ruby(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base,
                      const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *below = dgl_x_child(n, DGL_X_rubyBase), *rt = dgl_x_child(n, DGL_X_rt), *rpr = NULL,
                       *raise = dgl_x_child(dgl_x_child(n, DGL_X_rubyPr), DGL_X_hpsRaise);
    uint32_t from = b->inline_count;
    if (below)
        walk_inlines(b, below, base, c, err, status);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(MAX_RUBY_BYTES);
    if (rt)
        gather_text(rt, &text, &rpr);
    if (*status != DGL_OK || text.len == 0 || b->inline_count == from || !build_is_shown(b))
        return;
    struct dgl_inline *in = build_push(b, DGL_IN_RUBY, run_of(b, base, rpr));
    if (!in)
        return;
    in->text = (struct dgl_str){dgl_arena_strndup(b->arena, text.data, text.len), text.len};
    in->ruby.above = b->inline_count - 1 - from;
    in->ruby.raise = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(raise, DGL_X_val, 0), 3276)) * 500;
}

// Parts of the date, as runs may hold them (§17.3.3.8 and others).
static const char *date_picture(enum dgl_x_name name)
{
    switch ((int)name) {
    case DGL_X_dayShort:
        return "dd";
    case DGL_X_dayLong:
        return "dddd";
    case DGL_X_monthShort:
        return "MM";
    case DGL_X_monthLong:
        return "MMMM";
    case DGL_X_yearShort:
        return "yy";
    default:
        return "yyyy";
    }
}

static void walk_run_content(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base, struct dgl_run *run,
                             const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(x, n)
    {
        if (*status != DGL_OK)
            return;
        if (build_is_group(x)) {
            walk_run_content(b, x, base, run, c, err, status);
            continue;
        }
        switch ((int)x->name) {
        case DGL_X_t:
            push_text(b, x->text, run);
            break;
        case DGL_X_tab:
            if (build_is_shown(b) && !is_hidden(run))
                build_push(b, DGL_IN_TAB, run);
            break;
        case DGL_X_ptab:
            push_ptab(b, x, run);
            break;
        case DGL_X_br:
            push_break(b, x, c->in_cell, run);
            break;
        case DGL_X_cr:
            if (build_is_shown(b))
                build_push(b, DGL_IN_LINE_BREAK, run);
            break;
        case DGL_X_noBreakHyphen:
            push_text(b, DGL_STR("\xE2\x80\x91"), run);
            break;
        case DGL_X_softHyphen:
            push_text(b, DGL_STR("\xC2\xAD"), run);
            break;
        case DGL_X_sym:
            push_symbol(b, x, run);
            break;
        case DGL_X_fldChar:
            build_field_char(b, x, run);
            break;
        case DGL_X_instrText:
            build_field_code(b, x->text);
            break;
        case DGL_X_footnoteReference:
        case DGL_X_endnoteReference:
            push_note(b, x, run, x->name == DGL_X_endnoteReference);
            break;
        case DGL_X_footnoteRef:
        case DGL_X_endnoteRef:
            push_note_number(b, run);
            break;
        case DGL_X_drawing:
            if (build_is_shown(b) && !is_hidden(run))
                build_drawing(b, x, run, c, err, status);
            break;
        case DGL_X_pict:
        case DGL_X_object:
            if (build_is_shown(b) && !is_hidden(run))
                build_vml(b, x, run, c, err, status);
            break;
        case DGL_X_ruby:
            push_ruby(b, x, base, c, err, status);
            break;
        case DGL_X_contentPart:
            build_finding(b, DGL_FEATURE_INK);
            break;
        case DGL_X_pgNum:
            build_page_number(b, run);
            break;
        case DGL_X_dayShort:
        case DGL_X_dayLong:
        case DGL_X_monthShort:
        case DGL_X_monthLong:
        case DGL_X_yearShort:
        case DGL_X_yearLong:
            build_date(b, date_picture(x->name), run);
            break;
        default:
            break;
        }
    }
}

bool build_is_group(const struct dgl_x *n)
{
    switch ((int)n->name) {
    case DGL_X_group: // a resolved alternative
        return n->ns == DGL_XN_MC;
    case DGL_X_ins:
    case DGL_X_moveTo:
    case DGL_X_smartTag:
    case DGL_X_customXml:
    case DGL_X_sdt:
    case DGL_X_sdtContent:
    case DGL_X_dir:
    case DGL_X_bdo:
        return n->ns == DGL_XN_W;
    default:
        return false;
    }
}

static const struct dgl_link *link_of(struct builder *b, const struct dgl_x *n)
{
    const struct dgl_docx_relationship *rel = build_rel(b, dgl_x_attr(n, DGL_X_id));
    const struct dgl_str *anchor = dgl_x_attr(n, DGL_X_anchor);
    if (!rel && !anchor)
        return NULL;
    struct dgl_link *link = DGL_ARENA_NEW(b->arena, struct dgl_link);
    if (rel && dgl_str_is(rel->mode, "External"))
        link->url = rel->target;
    else if (anchor)
        link->anchor = *anchor;
    else
        return NULL;
    return link;
}

// Whether a paragraph holds nothing else that shows.
static bool is_alone(const struct dgl_x *parent, const struct dgl_x *n)
{
    DGL_X_EACH(x, parent)
    {
        if (x != n && x->name != DGL_X_pPr && x->name != DGL_X_bookmarkStart && (x->first || x->text.len))
            return false;
    }
    return true;
}

static void push_equation(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base, bool display)
{
    const struct dgl_math_list stretches = dgl_math_read(b, n, base, display);
    for (uint32_t i = 0; i < stretches.count; i++) {
        struct dgl_inline *in = build_push(b, DGL_IN_DRAWING, stretches.list[i]->run);
        struct dgl_drawing *d = in ? DGL_ARENA_NEW(b->arena, struct dgl_drawing) : NULL;
        if (!d)
            return;
        d->kind = DGL_DRAW_MATH;
        d->math = stretches.list[i];
        d->link = b->link;
        in->drawing = d;
    }
}

static void push_math(struct builder *b, const struct dgl_x *parent, const struct dgl_x *n, const struct dgl_rpr *base)
{
    static const char *const words[] = {"left", "right", "center"};
    static const uint8_t jcs[] = {DGL_JC_LEFT, DGL_JC_RIGHT, DGL_JC_CENTER};
    if (!build_is_shown(b))
        return;
    build_finding(b, DGL_FEATURE_MATH);
    if (n->name == DGL_X_oMath) {
        push_equation(b, n, base, false);
        return;
    }
    bool display = is_alone(parent, n), first = true;
    const struct dgl_x *properties = dgl_x_child(n, DGL_X_oMathParaPr);
    struct dgl_str jc = properties ? dgl_x_val(dgl_x_child(properties, DGL_X_jc)) : (struct dgl_str){"", 0};
    DGL_X_EACH(c, n)
    {
        if (c->name != DGL_X_oMath)
            continue;
        if (!first)
            build_push(b, DGL_IN_LINE_BREAK, run_of(b, base, NULL));
        push_equation(b, c, base, display);
        first = false;
    }
    if (display)
        b->math_jc = 1 + DGL_JC_CENTER;
    for (unsigned i = 0; display && i < DGL_COUNT(words); i++)
        if (dgl_str_is(jc, words[i]))
            b->math_jc = 1 + jcs[i];
}

static void walk_inlines(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base,
                         const struct build_context *c, struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(x, n)
    {
        if (*status == DGL_OK)
            *status = dgl_work_tick(b->env->budget, b->arena, err);
        if (*status != DGL_OK)
            return;
        if (build_is_group(x)) {
            walk_inlines(b, x, base, c, err, status);
            continue;
        }
        switch ((int)x->name) {
        case DGL_X_r:
            if (x->ns == DGL_XN_W)
                walk_run_content(b, x, base, run_of(b, base, dgl_x_child(x, DGL_X_rPr)), c, err, status);
            break;
        case DGL_X_hyperlink: {
            const struct dgl_link *outer = b->link, *link = link_of(b, x);
            b->link = link ? link : outer;
            walk_inlines(b, x, base, c, err, status);
            b->link = outer;
            break;
        }
        case DGL_X_fldSimple: {
            const struct dgl_str *code = dgl_x_attr(x, DGL_X_instr);
            build_field_begin(b, code ? *code : (struct dgl_str){"", 0});
            walk_inlines(b, x, base, c, err, status);
            build_field_end(b);
            break;
        }
        case DGL_X_bookmarkStart: {
            const struct dgl_str *name = dgl_x_attr(x, DGL_X_name);
            struct dgl_inline *in = name ? build_push(b, DGL_IN_ANCHOR, NULL) : NULL;
            if (in)
                in->text = *name;
            break;
        }
        case DGL_X_oMath:
        case DGL_X_oMathPara:
            if (x->ns == DGL_XN_M) {
                push_math(b, n, x, base);
            }
            break;
        case DGL_X_subDoc:
            build_finding(b, DGL_FEATURE_ALT_CHUNK);
            break;
        default:
            break;
        }
    }
}

// ---- Paragraphs ----

// Character and line units stand for lengths once the paragraph's font size is known.
static void settle_units(struct dgl_ppr *p, int32_t size)
{
    int32_t automatic = p->flags & DGL_PF_SPACES_ADD ? 5000 : 14000;
    if (p->set & DGL_P_LEFT_CHARS)
        p->left = (int32_t)((int64_t)p->left_chars * size / 100);
    if (p->set & DGL_P_RIGHT_CHARS)
        p->right = (int32_t)((int64_t)p->right_chars * size / 100);
    if (p->set & DGL_P_FIRST_CHARS) {
        p->first = (int32_t)((int64_t)p->first_chars * size / 100);
        // A hang in characters comes with a left indent in characters that does not count it.
        if (p->first < 0 && p->set & DGL_P_LEFT_CHARS)
            p->left -= p->first;
    }
    // Lines are those of the document's grid: Word writes beside them the length that they came to.
    if (p->before_auto)
        p->before = automatic; // what Word takes for "auto": 14 points (§17.3.1.33 leaves it open), or 5 (§17.15.3.21)
    else if (p->set & DGL_P_BEFORE_LINES && p->before_lines && !p->before)
        p->before = p->before_lines * 120;
    if (p->after_auto)
        p->after = automatic;
    else if (p->set & DGL_P_AFTER_LINES && p->after_lines && !p->after)
        p->after = p->after_lines * 120;
}

static const struct dgl_num_level *numbering_of(struct builder *b, struct dgl_ppr *p, const struct dgl_num **ret_num)
{
    *ret_num = p->set & DGL_P_NUM ? dgl_sheet_num(b->sheet, p->num) : NULL;
    if (!*ret_num)
        return NULL;
    // A style in the list's own levels decides the level unless it was said directly.
    if (!(p->set & DGL_P_ILVL) && p->set & DGL_P_STYLE)
        for (unsigned i = 0; i < 9; i++) {
            const struct dgl_num_level *l = dgl_num_level(*ret_num, i);
            if (l && l->style == p->style)
                p->ilvl = (uint8_t)i;
        }
    return dgl_num_level(*ret_num, p->ilvl);
}

static void resolve_ppr(struct builder *b, const struct build_context *c, const struct dgl_x *n, struct dgl_ppr *p)
{
    struct dgl_ppr direct;
    memset(&direct, 0, sizeof(direct));
    direct.style = UINT16_MAX;
    if (n)
        dgl_ppr_read(&b->reader, n, &direct);
    memcpy(p, &b->sheet->ppr, sizeof(*p));
    if (c->ppr)
        dgl_ppr_apply(p, c->ppr, b->arena);
    uint16_t style = direct.style != UINT16_MAX && b->sheet->styles[direct.style].type == DGL_STYLE_PARAGRAPH
                         ? direct.style
                         : b->sheet->default_paragraph;
    if (style != UINT16_MAX)
        dgl_ppr_apply(p, &b->sheet->styles[style].ppr, b->arena);
    const struct dgl_num *num = direct.set & DGL_P_NUM ? dgl_sheet_num(b->sheet, direct.num) : NULL;
    const struct dgl_num_level *level = dgl_num_level(num, direct.set & DGL_P_ILVL ? direct.ilvl : 0);
    if (level) {
        dgl_ppr_apply_indent(p, &level->ppr);
        if (level->ppr.tab_count) {
            struct dgl_ppr tabs;
            memset(&tabs, 0, sizeof(tabs));
            tabs.tabs = level->ppr.tabs;
            tabs.tab_count = level->ppr.tab_count;
            dgl_ppr_apply(p, &tabs, b->arena);
        }
        if (!(direct.set & DGL_P_ILVL))
            p->ilvl = 0;
    }
    if (direct.set & DGL_P_NUM && direct.num == 0) {
        struct dgl_ppr none = {.set = DGL_P_LEFT | DGL_P_FIRST}; // removed numbering takes its indents along
        if (p->set & DGL_P_NUM)
            dgl_ppr_apply_indent(p, &none);
    }
    dgl_ppr_apply(p, &direct, b->arena);
    p->style = style;
    if (b->sheet->settings.spaces_add_up)
        p->flags |= DGL_PF_SPACES_ADD;
}

struct dgl_para *build_styled_para(struct builder *b, uint16_t style)
{
    struct dgl_para *para = DGL_ARENA_NEW(b->arena, struct dgl_para);
    struct build_context none = {0};
    memcpy(&para->p, &b->sheet->ppr, sizeof(para->p));
    if (style != UINT16_MAX)
        dgl_ppr_apply(&para->p, &b->sheet->styles[style].ppr, b->arena);
    para->style = para->p.style = style;
    struct dgl_rpr r = build_base_rpr(b, &none, style);
    para->mark = build_run(b, &r);
    settle_units(&para->p, para->mark->r.size);
    return para;
}

// A picture bullet is three quarters of its letters' size tall, whatever size the picture has (Word), and does not make
// the line taller.
static void put_bullet(struct builder *b, struct dgl_para *para)
{
    const struct build_bullet *found = b->bullets;
    while (found && found->id != para->level->picture)
        found = found->next;
    if (!found || found->drawing->height <= 0) {
        build_finding(b, DGL_FEATURE_PICTURE_BULLET);
        para->label = DGL_STR("\xE2\x80\xA2");
        return;
    }
    struct dgl_drawing *d = DGL_ARENA_NEW(b->arena, struct dgl_drawing);
    struct dgl_inline *in = DGL_ARENA_NEW(b->arena, struct dgl_inline);
    *d = *found->drawing;
    d->height = para->label_run->r.size * 3 / 4;
    d->width =
        (int32_t)DGL_MIN((int64_t)found->drawing->width * d->height / found->drawing->height, DGL_LAYOUT_MAX_LENGTH);
    d->decorative = true;
    *in = (struct dgl_inline){.kind = DGL_IN_DRAWING, .run = para->label_run, .drawing = d};
    para->bullet = in;
    para->label = (struct dgl_str){"", 0};
}

static void number_paragraph(struct builder *b, struct dgl_para *para, const struct dgl_rpr *mark)
{
    const struct dgl_num *num;
    const struct dgl_num_level *level = numbering_of(b, &para->p, &num);
    if (!level)
        return;
    DGL_AUTO_FINI(buf) label = DGL_BUF_INIT(4096);
    dgl_counters_next(b->counters, num, para->p.ilvl, &label);
    para->level = level;
    para->label = (struct dgl_str){dgl_arena_strndup(b->arena, label.data ? label.data : "", label.len), label.len};
    struct dgl_rpr r;
    memcpy(&r, mark, sizeof(r));
    r.underline = 0; // the mark's underline does not reach the number
    dgl_rpr_apply(&r, &level->rpr);
    para->label_run = build_run(b, &r);
    if (level->picture >= 0)
        put_bullet(b, para);
}

static bool is_section_end(const struct dgl_x *ppr)
{
    return dgl_x_child(ppr, DGL_X_sectPr) != NULL;
}

static struct dgl_block *add_block(struct builder *b, enum dgl_block_kind kind, struct dgl_block ***tail)
{
    struct dgl_block *block = DGL_ARENA_NEW(b->arena, struct dgl_block);
    block->kind = kind;
    **tail = block;
    *tail = &block->next;
    return block;
}

// A paragraph whose mark is deleted goes on in the next one, and looks like that; so does one whose mark is hidden (a
// style separator), and the next one looks like it (Word).
static bool carry_on(struct builder *b, const struct dgl_x *n, struct dgl_para *para, bool deleted)
{
    const struct dgl_x *next = n->next;
    while (next && next->name != DGL_X_p && next->name != DGL_X_tbl && next->name != DGL_X_sdt &&
           next->name != DGL_X_sectPr)
        next = next->next;
    if ((!deleted && !is_hidden(para->mark)) || (para->inline_count == 0 && !para->level) || para->ends_section ||
        para->p.frame || !next || next->name != DGL_X_p)
        return false;
    b->carry = (struct build_carry){.inlines = para->inlines,
                                    .count = para->inline_count,
                                    .captions = para->captions,
                                    .has_drawings = para->has_drawings,
                                    .has_notes = para->has_notes,
                                    .first = deleted ? NULL : para};
    return true;
}

static void look_like(struct dgl_para *para, const struct dgl_para *first)
{
    int32_t after = para->p.after;
    bool after_auto = para->p.after_auto;
    memcpy(&para->p, &first->p, sizeof(para->p));
    para->p.after = after;
    para->p.after_auto = after_auto;
    para->level = first->level;
    para->label = first->label;
    para->label_run = first->label_run;
    para->bullet = first->bullet;
    para->style = first->style;
    para->outline = first->outline;
}

// A field whose text layout does not change: the number of a note that is not counted by page.
static bool is_settled(const struct dgl_inline *in)
{
    return in->field.kind == DGL_FIELD_NOTE && !in->field.mark->each_page;
}

static void build_paragraph(struct builder *b, const struct dgl_x *n, const struct build_context *c,
                            struct dgl_block ***tail, struct dgl_error *err, enum dgl_status *status)
{
    const struct dgl_x *ppr = dgl_x_child(n, DGL_X_pPr);
    struct dgl_para *para = dgl_arena_alloc_try(b->arena, sizeof(*para));
    if (!para) {
        *status = DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                                "the document needs more memory than one document may use");
        return;
    }
    b->paragraph = para->number = n->paragraph;
    b->doc->paragraphs++;
    resolve_ppr(b, c, ppr, &para->p);
    para->style = para->p.style;
    struct dgl_rpr base = build_base_rpr(b, c, para->style);
    const struct dgl_x *mark_rpr = dgl_x_child(ppr, DGL_X_rPr);
    para->mark = run_of(b, &base, mark_rpr);
    settle_units(&para->p, para->mark->r.size);
    struct dgl_inline *outer = b->inlines;
    uint32_t outer_count = b->inline_count, outer_cap = b->inline_cap;
    bool outer_drawings = b->para_has_drawings, outer_notes = b->para_has_notes;
    struct build_carry carry = b->carry;
    b->carry = (struct build_carry){0};
    b->inlines = carry.inlines;
    b->inline_count = b->inline_cap = carry.count;
    struct dgl_caption *outer_captions = b->captions;
    b->captions = carry.captions;
    b->para_has_drawings = carry.has_drawings;
    b->para_has_notes = carry.has_notes;
    number_paragraph(b, para, &para->mark->r);
    uint8_t outer_jc = b->math_jc;
    b->math_jc = 0;
    walk_inlines(b, n, &base, c, err, status);
    if (b->math_jc)
        para->p.jc = b->math_jc - 1;
    b->math_jc = outer_jc;
    para->inlines = b->inlines;
    para->inline_count = b->inline_count;
    para->captions = b->captions;
    para->has_drawings = b->para_has_drawings;
    para->has_notes = b->para_has_notes;
    for (uint32_t i = 0; i < para->inline_count; i++)
        para->has_fields |= para->inlines[i].kind == DGL_IN_FIELD && !is_settled(&para->inlines[i]);
    b->inlines = outer;
    b->captions = outer_captions;
    b->inline_count = outer_count;
    b->inline_cap = outer_cap;
    b->para_has_drawings = outer_drawings;
    b->para_has_notes = outer_notes;
    if (*status != DGL_OK)
        return;
    int8_t heading = para->style != UINT16_MAX ? b->sheet->styles[para->style].heading : 0;
    para->outline = para->p.set & DGL_P_OUTLINE ? (int8_t)(para->p.outline < 9 ? para->p.outline + 1 : 0) : heading;
    // A deleted paragraph mark, a hidden one, or a paragraph that only ends a section: nothing to show.
    bool deleted = mark_rpr && (dgl_x_child(mark_rpr, DGL_X_del) || dgl_x_child(mark_rpr, DGL_X_moveFrom));
    bool gone = para->inline_count == 0 && !para->level && (deleted || is_hidden(para->mark) || build_in_rebuilt(b));
    para->ends_section = is_section_end(ppr);
    if (carry.first)
        look_like(para, carry.first);
    if (carry_on(b, n, para, deleted))
        return;
    bool alone = para->p.frame && (!c->in_cell || para->p.frame->drop_cap);
    bool framed = alone && !para->ends_section && build_frame(b, para);
    if (!framed && !gone) {
        build_take_floats(b, para);
        // One that only ends a section has no line, unless the section has nothing else (Word).
        para->no_line =
            para->ends_section && para->inline_count == 0 && !para->level && b->section_tail && b->section->blocks;
        add_block(b, DGL_BLOCK_PARA, tail)->para = para;
    }
    if (para->ends_section && b->section_tail && c->nesting == 0)
        *status = build_section(b, dgl_x_child(ppr, DGL_X_sectPr), err);
}

static void put_table(struct builder *b, const struct dgl_x *n, const struct build_context *c, struct dgl_block ***tail,
                      struct dgl_error *err, enum dgl_status *status);

// Tables and paragraphs inside a paragraph, which no schema allows but some programs write: they come after it.
static void put_strays(struct builder *b, const struct dgl_x *n, const struct build_context *c,
                       struct dgl_block ***tail, struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(x, n)
    {
        if (*status != DGL_OK)
            return;
        if (x->ns != DGL_XN_W)
            continue;
        if (x->name == DGL_X_tbl) {
            put_table(b, x, c, tail, err, status);
        } else if (x->name == DGL_X_p) {
            build_paragraph(b, x, c, tail, err, status);
            put_strays(b, x, c, tail, err, status);
        }
    }
}

static void put_table(struct builder *b, const struct dgl_x *n, const struct build_context *c, struct dgl_block ***tail,
                      struct dgl_error *err, enum dgl_status *status)
{
    struct dgl_table *table = NULL;
    if (c->nesting >= DGL_LAYOUT_MAX_NESTING) {
        build_finding(b, DGL_FEATURE_NESTING);
        return;
    }
    *status = build_table(b, n, c, &table, err);
    if (*status != DGL_OK || table->row_count == 0)
        return;
    if (!c->in_cell)
        build_framed_table(table);
    if (table->p.floating) {
        struct dgl_rpr base = build_base_rpr(b, c, b->sheet->default_paragraph);
        if (build_floating_table(b, table, build_run(b, &base)))
            return;
    }
    struct dgl_para *anchor = build_anchor_para(b);
    if (anchor)
        add_block(b, DGL_BLOCK_PARA, tail)->para = anchor;
    add_block(b, DGL_BLOCK_TABLE, tail)->table = table;
}

// Closing a section moves the body's tail on.
static struct dgl_block ***tail_of(struct builder *b, const struct build_context *c, struct dgl_block ***tail)
{
    return b->section_tail && c->nesting == 0 ? &b->block_tail : tail;
}

static void walk_blocks(struct builder *b, const struct dgl_x *parent, const struct build_context *c,
                        struct dgl_block ***tail, struct dgl_error *err, enum dgl_status *status)
{
    DGL_X_EACH(n, parent)
    {
        if (*status != DGL_OK)
            return;
        if (build_is_group(n) && n->name != DGL_X_dir && n->name != DGL_X_bdo) {
            walk_blocks(b, n, c, tail, err, status);
            continue;
        }
        switch ((int)n->name) {
        case DGL_X_p:
            build_paragraph(b, n, c, tail_of(b, c, tail), err, status);
            put_strays(b, n, c, tail_of(b, c, tail), err, status);
            break;
        case DGL_X_tbl:
            put_table(b, n, c, tail_of(b, c, tail), err, status);
            break;
        case DGL_X_altChunk:
        case DGL_X_subDoc:
            build_finding(b, DGL_FEATURE_ALT_CHUNK);
            break;
        default:
            break;
        }
    }
}

void build_blocks(struct builder *b, const struct dgl_x *parent, const struct build_context *c,
                  struct dgl_block ***tail, struct dgl_error *err, enum dgl_status *status)
{
    struct build_floats outer = b->floats;
    b->floats = (struct build_floats){0};
    walk_blocks(b, parent, c, tail, err, status);
    struct dgl_para *anchor = build_anchor_para(b);
    if (anchor && *status == DGL_OK)
        add_block(b, DGL_BLOCK_PARA, tail_of(b, c, tail))->para = anchor;
    b->floats = outer;
}
