// Loading a document: the sheet, the body with its sections, headers and footers, notes, core properties.
#include "render/layout/build.h"
#include "render/layout/scan.h"

#include <stdlib.h>
#include <string.h>

struct part_state { // what changes when the builder goes into another part
    const char *name;
    uint32_t member, paragraph;
    struct dgl_docx_relationship *rels;
    size_t rel_count;
    struct dgl_section **section_tail;
    const struct dgl_link *link;
};

static enum dgl_status parse_part(struct builder *b, uint32_t member, struct dgl_x **ret, struct dgl_error *err)
{
    struct dgl_zip *zip = b->doc->package->zip;
    struct dgl_str lent;
    if (dgl_zip_lend(zip, member, &lent) && lent.len <= DGL_LAYOUT_MAX_PART_BYTES)
        return dgl_x_parse(b->arena, lent, DGL_X_LENT, dgl_zip_name(zip, member), &b->nodes_left, ret, err);
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_LAYOUT_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(zip, member, &xml, err));
    return dgl_x_parse(b->arena, (struct dgl_str){xml.data, xml.len}, DGL_X_COPIED, dgl_zip_name(zip, member),
                       &b->nodes_left, ret, err);
}

static enum dgl_status enter(struct builder *b, uint32_t member, const char *name, struct part_state *ret_outer,
                             struct dgl_error *err)
{
    uint32_t rels_member;
    *ret_outer =
        (struct part_state){b->part_name, b->member, b->paragraph, b->rels, b->rel_count, b->section_tail, b->link};
    DGL_TRY(dgl_docx_relationships(b->doc->package, member, b->arena, &b->rels, &b->rel_count, &rels_member, err));
    b->member = member;
    b->part_name = name;
    b->section_tail = NULL;
    b->link = NULL;
    return DGL_OK;
}

static void leave(struct builder *b, const struct part_state *outer)
{
    b->part_name = outer->name;
    b->member = outer->member;
    b->paragraph = outer->paragraph;
    b->rels = outer->rels;
    b->rel_count = outer->rel_count;
    b->section_tail = outer->section_tail;
    b->link = outer->link;
}

// ---- Headers and footers ----

static enum dgl_status build_part_blocks(struct builder *b, uint32_t member, const char *name,
                                         const struct dgl_block **ret, struct dgl_error *err)
{
    struct part_state outer;
    struct dgl_x *root;
    DGL_TRY(enter(b, member, name, &outer, err));
    // A field left open in the body does not swallow the header, nor the other way round.
    struct build_field fields[BUILD_MAX_FIELDS];
    unsigned depth = b->field_depth, overflow = b->field_overflow;
    memcpy(fields, b->fields, sizeof(fields));
    b->field_depth = b->field_overflow = 0;
    enum dgl_status status = parse_part(b, member, &root, err);
    struct dgl_block *first = NULL, **tail = &first;
    struct build_context c = {.nesting = 0};
    if (status == DGL_OK)
        build_blocks(b, root, &c, &tail, err, &status);
    build_fields_reset(b);
    memcpy(b->fields, fields, sizeof(fields));
    b->field_depth = depth;
    b->field_overflow = overflow;
    leave(b, &outer);
    *ret = first;
    return status;
}

static enum dgl_status build_reference(struct builder *b, const struct dgl_x *n, struct dgl_section *s,
                                       struct dgl_error *err)
{
    bool header = n->name == DGL_X_headerReference;
    enum dgl_page_kind kind = dgl_x_attr_is(n, DGL_X_type, "first")  ? DGL_PAGE_FIRST
                              : dgl_x_attr_is(n, DGL_X_type, "even") ? DGL_PAGE_EVEN
                                                                     : DGL_PAGE_DEFAULT;
    const struct dgl_docx_relationship *rel = build_rel(b, dgl_x_attr(n, DGL_X_id));
    uint32_t member;
    if (!rel || !dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return DGL_OK;
    const struct dgl_block *blocks = NULL;
    DGL_TRY(build_part_blocks(b, member, header ? "header" : "footer", &blocks, err));
    if (header) {
        s->headers[kind] = blocks;
        s->has_header[kind] = true;
    } else {
        s->footers[kind] = blocks;
        s->has_footer[kind] = true;
    }
    return DGL_OK;
}

// ---- Picture bullets ----

static const struct dgl_docx_relationship *rel_of_type(const struct builder *b, const char *suffix)
{
    for (size_t i = 0; i < b->rel_count; i++)
        if (dgl_docx_type_ends(b->rels[i].type, suffix))
            return &b->rels[i];
    return NULL;
}

static void build_bullet(struct builder *b, const struct dgl_x *n, struct dgl_error *err, enum dgl_status *status)
{
    struct build_context c = {.nesting = 0};
    struct dgl_rpr r = build_base_rpr(b, &c, b->sheet->default_paragraph);
    struct dgl_run *run = build_run(b, &r);
    b->inline_count = 0;
    DGL_X_EACH(x, n)
    {
        if (x->name == DGL_X_pict)
            build_vml(b, x, run, &c, err, status);
        else if (x->name == DGL_X_drawing)
            build_drawing(b, x, run, &c, err, status);
    }
    b->para_has_drawings = false;
    if (b->inline_count == 0 || b->inlines[0].kind != DGL_IN_DRAWING || b->inlines[0].drawing->anchored)
        return;
    struct build_bullet *bullet = DGL_ARENA_NEW(b->arena, struct build_bullet);
    *bullet =
        (struct build_bullet){(int32_t)dgl_x_attr_int(n, DGL_X_numPicBulletId, 0), b->inlines[0].drawing, b->bullets};
    b->bullets = bullet;
}

// The style sheet is shared by documents and holds no pictures: the numbering part is read once more for them.
static enum dgl_status build_bullets(struct builder *b, struct dgl_error *err)
{
    const struct dgl_docx_relationship *rel = rel_of_type(b, "/numbering");
    uint32_t member, left = BUILD_MAX_BULLETS;
    if (!b->sheet->has_picture_bullets || !rel ||
        !dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return DGL_OK;
    struct part_state outer;
    struct dgl_x *root;
    enum dgl_status status = DGL_OK;
    DGL_TRY(enter(b, member, "numbering", &outer, err));
    DGL_TRY(parse_part(b, member, &root, err));
    DGL_X_EACH(n, root)
    {
        if (n->name == DGL_X_numPicBullet && left-- > 0 && status == DGL_OK)
            build_bullet(b, n, err, &status);
    }
    b->inlines = NULL;
    b->inline_count = b->inline_cap = 0;
    leave(b, &outer);
    return status;
}

// ---- Sections ----

static void read_columns(const struct dgl_x *n, struct dgl_section *s)
{
    int64_t num = dgl_x_attr_int(n, DGL_X_num, 1);
    int32_t space = dgl_x_twips(dgl_x_attr(n, DGL_X_space), 36000);
    const struct dgl_str *equal = dgl_x_attr(n, DGL_X_equalWidth), *line = dgl_x_attr(n, DGL_X_sep);
    uint16_t listed = 0;
    s->column_line = line && dgl_x_on(line);
    DGL_X_EACH(c, n)
    {
        if (c->name == DGL_X_col && listed < DGL_COUNT(s->column_width)) {
            s->column_width[listed] = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_w), 0));
            s->column_space[listed++] = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_space), 0));
        }
    }
    s->columns = (uint16_t)DGL_MAX(1, DGL_MIN(num, (int64_t)DGL_COUNT(s->column_width)));
    bool unequal = equal && !dgl_x_on(equal) && listed > 0;
    if (unequal) {
        s->columns = listed;
        return;
    }
    int32_t text = s->width - s->margin[DGL_LEFT] - s->margin[DGL_RIGHT];
    int32_t each = (text - space * (s->columns - 1)) / s->columns;
    for (uint16_t i = 0; i < s->columns; i++) {
        s->column_width[i] = DGL_MAX(each, 3600);
        s->column_space[i] = i + 1 < s->columns ? space : 0;
    }
}

static void read_page(struct builder *b, const struct dgl_x *n, struct dgl_section *s)
{
    const struct dgl_x *size = dgl_x_child(n, DGL_X_pgSz), *mar = dgl_x_child(n, DGL_X_pgMar);
    s->width = DGL_MAX(36000, dgl_x_twips(dgl_x_attr(size, DGL_X_w), 612000));
    s->height = DGL_MAX(36000, dgl_x_twips(dgl_x_attr(size, DGL_X_h), 792000));
    static const enum dgl_x_name sides[] = {DGL_X_top, DGL_X_left, DGL_X_bottom, DGL_X_right};
    for (unsigned i = 0; i < 4; i++)
        s->margin[i] = dgl_x_twips(dgl_x_attr(mar, sides[i]), 72000);
    s->header = DGL_MAX(0, dgl_x_twips(dgl_x_attr(mar, DGL_X_header), 36000));
    s->footer = DGL_MAX(0, dgl_x_twips(dgl_x_attr(mar, DGL_X_footer), 36000));
    s->gutter = DGL_MAX(0, dgl_x_twips(dgl_x_attr(mar, DGL_X_gutter), 0));
    if (b->sheet->settings.gutter_at_top)
        s->margin[DGL_TOP] += s->margin[DGL_TOP] < 0 ? -s->gutter : s->gutter;
    else
        s->margin[DGL_LEFT] += s->gutter;
    // A page keeps at least half an inch of room whatever its margins say.
    s->margin[DGL_LEFT] = DGL_MAX(0, DGL_MIN(s->margin[DGL_LEFT], s->width - 18000));
    s->margin[DGL_RIGHT] = DGL_MAX(0, DGL_MIN(s->margin[DGL_RIGHT], s->width - s->margin[DGL_LEFT] - 18000));
}

// Page borders may be rows of little pictures (§17.18.2); lines have one of these names.
static bool is_art(struct dgl_str name)
{
    static const char *const lines[] = {"nil",  "none", "single", "thick", "double", "triple", "dot",
                                        "dash", "thin", "wave",   "inset", "outset", "threeD"};
    for (size_t i = 0; i < DGL_COUNT(lines); i++)
        if (dgl_str_starts(name, lines[i]) || dgl_str_is(name, "doubleWave"))
            return false;
    return true;
}

static void read_page_borders(struct builder *b, const struct dgl_x *n, struct dgl_section *s)
{
    static const enum dgl_x_name sides[] = {DGL_X_top, DGL_X_left, DGL_X_bottom, DGL_X_right};
    const struct dgl_x *borders = dgl_x_child(n, DGL_X_pgBorders);
    if (!borders)
        return;
    s->border_from_text = !dgl_x_attr_is(borders, DGL_X_offsetFrom, "page");
    s->first_page_border = !dgl_x_attr_is(borders, DGL_X_display, "notFirstPage");
    s->later_page_border = !dgl_x_attr_is(borders, DGL_X_display, "firstPage");
    for (unsigned i = 0; i < 4; i++) {
        const struct dgl_x *side = dgl_x_child(borders, sides[i]);
        dgl_border_read(&b->reader, side, &s->page_border[i]);
        if (side && is_art(dgl_x_val(side)))
            build_finding(b, DGL_FEATURE_PAGE_ART);
    }
}

static void read_line_numbers(struct builder *b, const struct dgl_x *n, struct dgl_line_numbers *l)
{
    int64_t by = dgl_x_attr_int(n, DGL_X_countBy, 0);
    if (!n || by <= 0)
        return;
    l->by = (int32_t)DGL_MIN(by, 100);
    l->start = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(n, DGL_X_start, 0), 100000));
    l->distance = dgl_x_twips(dgl_x_attr(n, DGL_X_distance), 0);
    l->distance = l->distance > 0 ? l->distance : 18000; // "auto" is a quarter of an inch
    l->restart = dgl_x_attr_is(n, DGL_X_restart, "continuous")   ? DGL_RESTART_NEVER
                 : dgl_x_attr_is(n, DGL_X_restart, "newSection") ? DGL_RESTART_SECTION
                                                                 : DGL_RESTART_PAGE;
    struct build_context none = {0};
    struct dgl_rpr r = build_base_rpr(b, &none, b->sheet->default_paragraph);
    l->run = build_run(b, &r);
}

static void read_section(struct builder *b, const struct dgl_x *n, struct dgl_section *s)
{
    const struct dgl_x *type = dgl_x_child(n, DGL_X_type), *num = dgl_x_child(n, DGL_X_pgNumType),
                       *grid = dgl_x_child(n, DGL_X_docGrid), *valign = dgl_x_child(n, DGL_X_vAlign);
    read_page(b, n, s);
    s->start = dgl_x_attr_is(type, DGL_X_val, "continuous")   ? DGL_START_CONTINUOUS
               : dgl_x_attr_is(type, DGL_X_val, "evenPage")   ? DGL_START_EVEN
               : dgl_x_attr_is(type, DGL_X_val, "oddPage")    ? DGL_START_ODD
               : dgl_x_attr_is(type, DGL_X_val, "nextColumn") ? DGL_START_COLUMN
                                                              : DGL_START_PAGE;
    const struct dgl_x none = {.name = DGL_X_cols};
    const struct dgl_x *cols = dgl_x_child(n, DGL_X_cols);
    read_columns(cols ? cols : &none, s);
    s->title_page = dgl_x_val_on(dgl_x_child(n, DGL_X_titlePg));
    s->page_start = (int32_t)DGL_MAX(-1, DGL_MIN(dgl_x_attr_int(num, DGL_X_start, -1), 1000000));
    const struct dgl_str *format = dgl_x_attr(num, DGL_X_fmt);
    s->page_format = format ? dgl_num_format_of(*format) : DGL_NUM_DECIMAL;
    s->valign = dgl_x_attr_is(valign, DGL_X_val, "center")   ? DGL_VALIGN_CENTER
                : dgl_x_attr_is(valign, DGL_X_val, "bottom") ? DGL_VALIGN_BOTTOM
                : dgl_x_attr_is(valign, DGL_X_val, "both")   ? DGL_VALIGN_BOTH
                                                             : DGL_VALIGN_TOP;
    const struct dgl_str *grid_type = dgl_x_attr(grid, DGL_X_type);
    if (grid_type && !dgl_str_is(*grid_type, "default"))
        s->grid_pitch = DGL_MAX(0, dgl_x_twips(dgl_x_attr(grid, DGL_X_linePitch), 0));
    // The pitch of characters is that of the standard font plus charSpace, in 4096ths of a point (§17.6.5).
    s->character_cells = grid_type && dgl_str_is(*grid_type, "snapToChars");
    if (s->character_cells || (grid_type && dgl_str_is(*grid_type, "linesAndChars")))
        s->character_extra =
            (int32_t)(DGL_MAX(-40960, DGL_MIN(dgl_x_attr_int(grid, DGL_X_charSpace, 0), 4096000)) * 1000 / 4096);
    read_page_borders(b, n, s);
    read_line_numbers(b, dgl_x_child(n, DGL_X_lnNumType), &s->lines);
    const struct dgl_x *direction = dgl_x_child(n, DGL_X_textDirection);
    if (direction && !dgl_x_attr_is(direction, DGL_X_val, "lrTb") && !dgl_x_attr_is(direction, DGL_X_val, "tb"))
        build_finding(b, DGL_FEATURE_VERTICAL_TEXT);
}

struct renumbering {
    struct builder *b;
    struct dgl_note_numbers numbers;
    bool endnote;
    uint32_t next;
};

static bool renumber(void *ctx, const struct dgl_para *p)
{
    struct renumbering *r = ctx;
    for (uint32_t i = 0; p->has_notes && i < p->inline_count; i++) {
        struct dgl_inline *in = &p->inlines[i];
        struct dgl_note_mark *mark = in->kind == DGL_IN_NOTE ? in->note.mark : NULL;
        if (!mark || in->note.endnote != r->endnote)
            continue;
        build_number_note(r->b, mark, &r->numbers, r->next++);
        if (!r->numbers.each_page || r->endnote)
            continue;
        *r->b->page_marks = mark;
        r->b->page_marks = &mark->next;
        ((struct dgl_para *)p)->has_fields = true; // its text is made anew when the number changes
    }
    return true;
}

// References are numbered as they are met; a section says only at its end that it numbers otherwise (§17.11.10).
static void number_notes(struct builder *b, const struct dgl_x *n, struct dgl_section *s, bool endnotes)
{
    const struct dgl_note_numbers *common = endnotes ? &b->sheet->settings.endnotes : &b->sheet->settings.footnotes;
    const struct dgl_x *own = dgl_x_child(n, endnotes ? DGL_X_endnotePr : DGL_X_footnotePr);
    struct renumbering r = {.b = b, .numbers = *common, .endnote = endnotes};
    if (own)
        dgl_note_numbers_read(own, &r.numbers);
    if ((own || r.numbers.each_page) && (endnotes ? b->has_endnotes : b->has_footnotes)) {
        r.next = r.numbers.each_section ? 0 : b->notes_before[endnotes];
        dgl_blocks_each(s->blocks, renumber, &r);
        b->note_number[endnotes] = r.next;
    }
    if (!endnotes)
        s->notes_beneath = r.numbers.beneath_text;
    b->notes_before[endnotes] = b->note_number[endnotes];
    if (common->each_section)
        b->note_number[endnotes] = 0;
}

// What the section's text shows otherwise than Word would.
static void check_text(struct builder *b, const struct dgl_section *s)
{
    uint32_t number = s->character_cells ? dgl_scan_east_asian(s->blocks) : 0;
    if (number)
        dgl_finding_add(&b->doc->findings, DGL_FEATURE_CHARACTER_GRID, b->part_name, number);
    number = b->sheet->settings.compress_kana ? dgl_scan_east_asian(s->blocks) : 0;
    if (number)
        dgl_finding_add(&b->doc->findings, DGL_FEATURE_PUNCTUATION, b->part_name, number);
}

// Closes the section at hand with its properties; later blocks go into a new one.
enum dgl_status build_section(struct builder *b, const struct dgl_x *n, struct dgl_error *err)
{
    struct dgl_section *s = b->section;
    const struct dgl_section *before = NULL;
    static const struct dgl_x empty = {.name = DGL_X_sectPr, .ns = DGL_XN_W};
    for (const struct dgl_section *i = b->doc->sections; i && i != s; i = i->next)
        before = i;
    n = n ? n : &empty;
    read_section(b, n, s);
    for (unsigned i = 0; before && i < DGL_PAGE_KINDS; i++) { // what a section does not say it takes over
        s->headers[i] = before->headers[i];
        s->footers[i] = before->footers[i];
        s->has_header[i] = before->has_header[i];
        s->has_footer[i] = before->has_footer[i];
    }
    DGL_X_EACH(c, n)
    {
        if (c->name == DGL_X_headerReference || c->name == DGL_X_footerReference)
            DGL_TRY(build_reference(b, c, s, err));
    }
    number_notes(b, n, s, false);
    number_notes(b, n, s, true);
    check_text(b, s);
    b->section_tail = &s->next;
    b->section = DGL_ARENA_NEW(b->arena, struct dgl_section);
    s->next = b->section;
    b->block_tail = (struct dgl_block **)&b->section->blocks;
    return DGL_OK;
}

// ---- Notes ----

static bool is_note(const struct dgl_x *n)
{
    if (n->name != DGL_X_footnote && n->name != DGL_X_endnote)
        return false;
    const struct dgl_str *type = dgl_x_attr(n, DGL_X_type);
    return !type || dgl_str_is(*type, "normal");
}

// The paragraph whose height the rule above the notes has: 0 above new notes, 1 above continued ones, -1 neither.
static int separator_of(const struct dgl_x *n)
{
    if (n->name != DGL_X_footnote && n->name != DGL_X_endnote)
        return -1;
    return dgl_x_attr_is(n, DGL_X_type, "separator")               ? 0
           : dgl_x_attr_is(n, DGL_X_type, "continuationSeparator") ? 1
                                                                   : -1;
}

struct reference {
    int32_t id;
    uint32_t order; // in the text: of several references to one note the first counts
    struct dgl_note_mark *mark;
    const struct dgl_section *section;
};
struct references { // of one kind, in the body
    bool endnotes;
    const struct dgl_section *section; // at hand
    uint32_t count;
    struct reference *items; // NULL while they are counted
};

static bool take_references(void *ctx, const struct dgl_para *p)
{
    struct references *r = ctx;
    for (uint32_t i = 0; p->has_notes && i < p->inline_count; i++) {
        const struct dgl_inline *in = &p->inlines[i];
        if (in->kind != DGL_IN_NOTE || in->note.endnote != r->endnotes)
            continue;
        if (r->items)
            r->items[r->count] = (struct reference){in->note.id, r->count, in->note.mark, r->section};
        r->count++;
    }
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct reference *x = a, *y = b;
    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : (x->order > y->order) - (x->order < y->order);
}

// All references of the body, by their note's id.
static void find_references(struct builder *b, struct references *r)
{
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            r->items = dgl_arena_alloc(b->arena, (r->count + 1) * sizeof *r->items);
        r->count = 0;
        for (r->section = b->doc->sections; r->section; r->section = r->section->next)
            (void)dgl_blocks_each(r->section->blocks, take_references, r);
    }
    qsort(r->items, r->count, sizeof *r->items, by_id);
}

// Numbers follow the references in the text, so notes are built after the body.
static void note_from_reference(struct builder *b, struct dgl_note *note, const struct references *r)
{
    uint32_t low = 0, high = r->count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (r->items[mid].id < note->id)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < r->count && r->items[low].id == note->id;
    b->note_mark = found ? r->items[low].mark : NULL;
    note->section = found ? r->items[low].section : NULL;
}

static enum dgl_status build_notes(struct builder *b, const char *suffix, bool endnotes, struct dgl_note **ret,
                                   uint32_t *ret_count, struct dgl_error *err)
{
    const struct dgl_docx_relationship *rel = rel_of_type(b, suffix);
    uint32_t member, count = 0;
    if (!rel || !dgl_docx_resolve(b->doc->package, dgl_zip_name(b->doc->package->zip, b->member), rel->target, &member))
        return DGL_OK;
    if (!(endnotes ? b->has_endnotes : b->has_footnotes))
        return DGL_OK;
    struct part_state outer;
    struct dgl_x *root;
    DGL_TRY(enter(b, member, endnotes ? "endnotes" : "footnotes", &outer, err));
    DGL_TRY(parse_part(b, member, &root, err));
    DGL_X_EACH(n, root)
    {
        count += is_note(n);
    }
    struct dgl_note *notes = dgl_arena_alloc(b->arena, (count + 1) * sizeof(*notes));
    struct references references = {.endnotes = endnotes};
    find_references(b, &references);
    count = 0;
    b->in_note = true;
    enum dgl_status status = DGL_OK;
    DGL_X_EACH(n, root)
    {
        int separator = separator_of(n);
        if ((!is_note(n) && separator < 0) || status != DGL_OK)
            continue;
        struct dgl_block *first = NULL, **tail = &first;
        struct build_context c = {.nesting = 0};
        if (separator >= 0) {
            build_blocks(b, n, &c, &tail, err, &status);
            b->doc->note_separator[separator] = first;
            continue;
        }
        notes[count].id = (int32_t)DGL_MAX(-1, DGL_MIN(dgl_x_attr_int(n, DGL_X_id, -1), INT32_MAX));
        note_from_reference(b, &notes[count], &references);
        build_blocks(b, n, &c, &tail, err, &status);
        build_fields_reset(b);
        notes[count++].blocks = first;
    }
    b->in_note = false;
    leave(b, &outer);
    *ret = notes;
    *ret_count = count;
    return status;
}

// ---- Core properties ----

static void read_core(struct builder *b)
{
    static const enum dgl_x_name names[] = {DGL_X_title, DGL_X_creator, DGL_X_subject, DGL_X_keywords, DGL_X_language};
    struct dgl_str *fields[] = {&b->doc->title, &b->doc->author, &b->doc->subject, &b->doc->keywords,
                                &b->doc->language};
    size_t member;
    struct dgl_x *root;
    struct dgl_error ignored = DGL_ERROR_INIT;
    if (!dgl_zip_find(b->doc->package->zip, "docProps/core.xml", &member) ||
        parse_part(b, (uint32_t)member, &root, &ignored) != DGL_OK)
        return; // a broken title is no reason to make no PDF
    for (unsigned k = 0; k < DGL_COUNT(names); k++) {
        const struct dgl_x *n = dgl_x_child(root, names[k]);
        if (n)
            *fields[k] = n->text;
    }
}

// ---- The whole ----

static enum dgl_status build_body(struct builder *b, const struct dgl_x *root, struct dgl_error *err)
{
    const struct dgl_x *body = dgl_x_child(root, DGL_X_body), *background = dgl_x_child(root, DGL_X_background);
    enum dgl_status status = DGL_OK;
    struct build_context c = {.nesting = 0};
    struct dgl_block **tail = NULL;
    if (!body)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_docx", "the document has no body");
    if (background && b->sheet->settings.background) {
        uint32_t color = dgl_color_read(&b->sheet->theme, background, DGL_X_color, DGL_X_themeColor);
        b->doc->background = color <= 0xFFFFFF ? color : DGL_COLOR_NONE;
        const struct dgl_x *fill = dgl_x_child(dgl_x_child(background, DGL_X_background), DGL_X_fill);
        if (dgl_x_attr(fill, DGL_X_type) && !dgl_x_attr_is(fill, DGL_X_type, "solid"))
            dgl_finding_add(&b->doc->findings, DGL_FEATURE_GRADIENT, b->part_name, 0);
    }
    b->section = b->doc->sections = DGL_ARENA_NEW(b->arena, struct dgl_section);
    b->block_tail = (struct dgl_block **)&b->section->blocks;
    b->section_tail = &b->doc->sections;
    build_blocks(b, body, &c, &tail, err, &status);
    DGL_TRY(status);
    struct dgl_section *last = b->section;
    DGL_TRY(build_section(b, dgl_x_child(body, DGL_X_sectPr), err));
    last->next = NULL;
    b->section_tail = NULL;
    build_contents(b);
    return DGL_OK;
}

// Are there dictionaries for the languages of the text? "x-none" and "zxx" are no languages.
static void take_hyphens(struct builder *b)
{
    b->doc->hyphens = b->env->hyphens;
    for (size_t i = 0; i < BUILD_RUN_SLOTS; i++)
        for (const struct dgl_run *run = b->runs[i]; run; run = run->next) {
            const char *lang = run->r.lang;
            bool none = lang && (strcmp(lang, "x-none") == 0 || strcmp(lang, "zxx") == 0);
            if (none || dgl_hyphens_has(b->env->hyphens, lang))
                continue;
            dgl_finding_add(&b->doc->findings, DGL_FEATURE_HYPHENATION, "settings", 0);
            return;
        }
}

enum dgl_status dgl_document_load(struct dgl_docx_package *p, const struct dgl_load_env *env, struct dgl_document *ret,
                                  struct dgl_sheet **ret_owned_sheet, struct dgl_error *err)
{
    const struct dgl_sheet *sheet;
    struct dgl_sheet *owned;
    DGL_TRY(dgl_sheet_load(p, env->cache, &sheet, &owned, err));
    *ret = (struct dgl_document){.sheet = sheet, .package = p, .background = DGL_COLOR_NONE};
    *ret_owned_sheet = owned;
    struct builder *b = DGL_ARENA_NEW(env->arena, struct builder);
    b->env = env;
    b->arena = env->arena;
    b->sheet = sheet;
    b->doc = ret;
    b->reader = dgl_sheet_reader(sheet, env->arena);
    b->reader.names = DGL_ARENA_NEW(env->arena, struct dgl_names);
    b->counters = dgl_counters_new(sheet, env->arena);
    b->nodes_left = DGL_LAYOUT_MAX_NODES;
    b->page_marks = &ret->page_marks;
    struct part_state outer;
    struct dgl_x *root;
    enum dgl_status status = enter(b, p->main, "body", &outer, err);
    if (status == DGL_OK)
        status = parse_part(b, p->main, &root, err);
    if (status == DGL_OK)
        status = build_bullets(b, err);
    if (status == DGL_OK)
        status = build_body(b, root, err);
    build_fields_reset(b);
    b->field_depth = 0;
    build_join_vml_boxes(b);
    if (status == DGL_OK)
        status = build_notes(b, "/footnotes", false, &ret->footnotes, &ret->footnote_count, err);
    if (status == DGL_OK)
        status = build_notes(b, "/endnotes", true, &ret->endnotes, &ret->endnote_count, err);
    if (status == DGL_OK)
        read_core(b);
    if (b->reader.striped && status == DGL_OK)
        dgl_finding_add(&ret->findings, DGL_FEATURE_GRADIENT, "shading", 0);
    if (sheet->settings.auto_hyphenation && status == DGL_OK)
        take_hyphens(b);
    if (status != DGL_OK) {
        dgl_sheet_free(owned);
        *ret_owned_sheet = NULL;
    }
    return status;
}
