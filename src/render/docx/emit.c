// From the tree with its tags to chunks: one walk in document order. What stands between two tags is one DATA chunk,
// cut further only where the sink has work to do (see enum dgl_docx_op): tables whose rows or columns depend on data,
// ids that would repeat in a loop, addresses with tags. A template without such things has no such cuts and the sink
// only copies bytes.
//
// Inside macros, call blocks and block sets output becomes a value first, so nothing is cut there; the sink looks at
// such values when they are printed.
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 32;
    return dgl_realloc(items, *cap * size);
}

// ---- chunks

static struct dgl_docx_raw_chunk *new_chunk(struct dgl_docx_emit *e)
{
    e->chunks = grow(e->chunks, e->chunk_count, &e->chunk_cap, sizeof *e->chunks);
    struct dgl_docx_raw_chunk *k = &e->chunks[e->chunk_count++];
    *k = (struct dgl_docx_raw_chunk){.start = e->chunk_start};
    return k;
}

// Ends the current DATA chunk, if it holds anything.
static struct dgl_docx_raw_chunk *flush(struct dgl_docx_emit *e)
{
    if (e->raw.len == e->chunk_start)
        return NULL;
    struct dgl_docx_raw_chunk *k = new_chunk(e);
    k->len = e->raw.len - e->chunk_start;
    k->cut.before = e->pending_op;
    k->cut.before_arg = e->pending_arg;
    e->pending_op = DGL_CUT_NONE;
    e->pending_arg = 0;
    e->chunk_start = e->raw.len;
    return k;
}

// Also where output may become a value first: the sink does it to what is printed at once, as the first turns of a
// recursive loop are.
static void cut_always(struct dgl_docx_emit *e, uint8_t op, uint32_t arg)
{
    flush(e);
    e->pending_op = op;
    e->pending_arg = arg;
}

void dgl_docx_cut_before(struct dgl_docx_emit *e, uint8_t op, uint32_t arg)
{
    if (!e->captures)
        cut_always(e, op, arg);
}

static void cut_after(struct dgl_docx_emit *e, uint8_t op, uint32_t arg)
{
    struct dgl_docx_raw_chunk *k = flush(e);
    if (k) {
        k->cut.after = op;
        k->cut.after_arg = arg;
    }
}

enum dgl_docx_open_kind dgl_docx_open_kind_of(const struct dgl_docx_tag *tag)
{
    static const char *const plain[] = {"if", "with", "block", "autoescape"};
    for (size_t i = 0; i < DGL_COUNT(plain); i++)
        if (strcmp(tag->word, plain[i]) == 0)
            return DGL_OPEN_PLAIN;
    // What a recursive loop prints inside itself becomes a value too.
    if (strcmp(tag->word, "for") == 0)
        return memmem(tag->inside.data, tag->inside.len, "recursive", 9) ? DGL_OPEN_CAPTURE : DGL_OPEN_LOOP;
    return DGL_OPEN_CAPTURE;
}

static void track_blocks(struct dgl_docx_emit *e, const struct dgl_docx_tag *tag)
{
    if (tag->role == DGL_BLOCK_OPENS) {
        enum dgl_docx_open_kind kind = dgl_docx_open_kind_of(tag);
        if (e->open_count < DGL_COUNT(e->open))
            e->open[e->open_count] = (uint8_t)kind;
        e->open_count++;
        e->loops += kind == DGL_OPEN_LOOP;
        e->captures += kind == DGL_OPEN_CAPTURE;
    } else if (tag->role == DGL_BLOCK_CLOSES && e->open_count > 0) {
        e->open_count--;
        uint8_t kind = e->open_count < DGL_COUNT(e->open) ? e->open[e->open_count] : DGL_OPEN_PLAIN;
        e->loops -= kind == DGL_OPEN_LOOP && e->loops;
        e->captures -= kind == DGL_OPEN_CAPTURE && e->captures;
    }
}

void dgl_docx_put_tag(struct dgl_docx_emit *e, struct dgl_docx_tag *tag, uint32_t context)
{
    flush(e);
    struct dgl_docx_raw_chunk *k = new_chunk(e);
    k->tag = tag;
    k->context = context;
    k->place = e->copied_from ? dgl_docx_place_copy(e->own, e->copied_from, tag->place) : tag->place;
    if (tag->kind == DGL_TAG_BLOCK && tag->word)
        track_blocks(e, tag);
}

static uint32_t plain_context(struct dgl_docx_emit *e, enum dgl_docx_where where)
{
    e->context_run = NULL;
    return dgl_docx_add_context(e, (struct dgl_docx_context){.where = where});
}

// ---- attributes

static void attr_text(void *ctx, struct dgl_str text)
{
    struct dgl_docx_emit *e = ctx;
    dgl_docx_put_attr(&e->raw, text);
    if (e->attr_code)
        dgl_docx_meet_field_code(e, text);
}

static void attr_tag(void *ctx, struct dgl_docx_tag *tag)
{
    struct dgl_docx_emit *e = ctx;
    if (tag->role == DGL_BLOCK_OPENS)
        e->attr_depth++;
    else if (tag->role != DGL_BLOCK_NONE && e->attr_depth == 0)
        e->attr_depth = 1000; // never balances again
    else if (tag->role == DGL_BLOCK_CLOSES)
        e->attr_depth--;
    uint32_t context = tag->kind == DGL_TAG_VALUE ? plain_context(e, e->attr_where) : 0;
    if (e->attr_where == DGL_WHERE_BLIP && tag->kind == DGL_TAG_VALUE)
        e->contexts[context].run_open = e->blip_original;
    if (e->attr_code && tag->kind == DGL_TAG_VALUE)
        e->contexts[context].quoted = dgl_docx_in_field_quotes(e);
    dgl_docx_put_tag(e, tag, context);
}

static void put_value_with_tags(struct dgl_docx_emit *e, struct dgl_docx_node *n, struct dgl_str value,
                                enum dgl_docx_where where)
{
    struct dgl_docx_pieces to = {.text = attr_text, .tag = attr_tag, .ctx = e};
    size_t first = e->c->tag_count;
    e->attr_depth = 0;
    e->attr_where = where;
    if (e->status == DGL_OK)
        e->status = dgl_docx_scan_value(e->c, n, value, &to, e->err);
    if (e->attr_depth != 0 && first < e->c->tag_count)
        dgl_docx_complain(e->c, DGL_DIAGNOSTIC_ERROR, "unbalanced_block", e->c->tags[first]->place,
                          "the block that begins in an attribute (\"%.*s\") does not end in it",
                          (int)DGL_MIN(value.len, (size_t)100), value.data);
}

// r:embed of a placeholder picture: a value that becomes a relationship.
static void put_blip(struct dgl_docx_emit *e, struct dgl_docx_node *n, const struct dgl_docx_attr *a)
{
    struct dgl_buf b = DGL_BUF_INIT(DGL_TEMPLATE_MAX_TAG_BYTES);
    bool bare = !memmem(e->picture_token.data, e->picture_token.len, "{{", 2);
    dgl_buf_printf(&b, bare ? "{{ %.*s }}" : "%.*s", (int)e->picture_token.len, e->picture_token.data);
    struct dgl_str tag = dgl_docx_emit_keep(e, &b);
    dgl_buf_fini(&b);
    e->blip_original = a->value;
    put_value_with_tags(e, n, tag, DGL_WHERE_BLIP);
}

// The alternative text of a placeholder picture without its token.
static void put_without_token(struct dgl_docx_emit *e, struct dgl_str before, struct dgl_str after)
{
    dgl_docx_put_attr(&e->raw, dgl_str_trim(before));
    if (dgl_str_trim(before).len && dgl_str_trim(after).len)
        dgl_buf_putc(&e->raw, ' ');
    dgl_docx_put_attr(&e->raw, dgl_str_trim(after));
}

void dgl_docx_emit_sort_rels(struct dgl_docx_emit *e, const struct dgl_docx_part *part)
{
    e->rels = dgl_docx_sort_relationships(part->relationships, part->relationship_count, e->c->arena);
    e->rel_count = e->rels ? part->relationship_count : 0;
}

// An address that Word stored with its braces percent-encoded.
static struct dgl_str decode_target(struct dgl_docx_emit *e, struct dgl_str target)
{
    char *out = dgl_arena_alloc_try(e->c->arena, target.len + 1);
    size_t n = 0;
    if (!out || !dgl_percent_decode(target.data, target.len, false, out, target.len + 1, &n) ||
        !dgl_utf8_valid(out, n) || !dgl_docx_smells_of_tag(out, n))
        return target;
    return (struct dgl_str){out, n};
}

static struct dgl_docx_relationship *templated_target(struct dgl_docx_emit *e, const struct dgl_docx_node *n,
                                                      const struct dgl_docx_attr *a)
{
    if (n->el != DGL_EL_W_HYPERLINK || a->ns != DGL_NS_R || !dgl_str_is(a->local, "id"))
        return NULL;
    struct dgl_docx_relationship *found = dgl_docx_find_relationship(e->rels, e->rel_count, a->value);
    if (!found || !dgl_str_is(found->mode, "External"))
        return NULL;
    struct dgl_str decoded = decode_target(e, found->target);
    return dgl_docx_smells_of_tag(decoded.data, decoded.len) ? found : NULL;
}

// The width of a cell of the table with column loops, not the one before a tracked change of it.
static bool is_mended_width(const struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    return e->dynamic_columns && e->in_cell && !e->captures && n->el == DGL_EL_W_TCW &&
           n->parent->el == DGL_EL_W_TCPR && n->parent->parent && n->parent->parent->el == DGL_EL_W_TC;
}

static void put_attrs(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    struct dgl_docx_mark mark;
    bool own_mark = e->loops && !e->captures && dgl_docx_find_mark(e, n, &mark);
    struct dgl_str before, token, after;
    bool picture_names = e->picture_token.len && dgl_docx_has_picture_token(n, &token);
    bool blip = e->picture_token.len && dgl_docx_is_blip(n);
    for (uint32_t i = 0; i < n->attr_count; i++) {
        const struct dgl_docx_attr *a = &n->attrs[i];
        if ((blip && a->ns == DGL_NS_R && dgl_str_is(a->local, "embed")) ||
            (picture_names && dgl_docx_picture_token(a->value, &before, &token, &after))) {
            dgl_buf_putc(&e->raw, ' ');
            dgl_docx_put_str(&e->raw, a->qname);
            dgl_buf_puts(&e->raw, "=\"");
            if (blip)
                put_blip(e, n, a);
            else
                put_without_token(e, before, after);
            dgl_buf_putc(&e->raw, '"');
            continue;
        }
        struct dgl_docx_relationship *link = templated_target(e, n, a);
        bool chart = e->chart && !e->copied_from;
        bool chart_id = chart && a->ns == DGL_NS_R && dgl_docx_is_chart(n);
        bool id = a->ns != DGL_NS_XMLNS && dgl_str_is(a->local, "id");
        bool needs_own = link || chart_id || (id && n == e->fresh) ||
                         (id && (e->loops || e->captures) && n->el == DGL_EL_WP_DOCPR) ||
                         (own_mark && (id || dgl_str_is(a->local, "name"))) ||
                         (a->ns != DGL_NS_XMLNS && dgl_docx_smells_of_tag(a->value.data, a->value.len)) ||
                         (is_mended_width(e, n) && dgl_str_is(a->local, "w"));
        if (!needs_own) {
            dgl_docx_put_attribute(&e->raw, a);
            continue;
        }
        dgl_buf_putc(&e->raw, ' ');
        dgl_docx_put_str(&e->raw, a->qname);
        dgl_buf_puts(&e->raw, "=\"");
        int64_t width = 0;
        if (chart_id) {
            dgl_docx_copy_chart(e);
        } else if (id && n == e->fresh) {
            dgl_docx_cut_before(e, DGL_CUT_NOTE_ID, 0);
        } else if (chart && e->captures && dgl_docx_names_picture(n, a)) {
            put_value_with_tags(e, n, a->value, DGL_WHERE_CHART);
        } else if (chart && dgl_docx_names_picture(n, a)) {
            cut_after(e, DGL_CUT_CHART_NAME, 0);
            put_value_with_tags(e, n, a->value, DGL_WHERE_CHART);
            dgl_docx_cut_before(e, DGL_CUT_CHART_NAME_END, 0);
        } else if (link && e->captures && e->copied_from) { // the note it is in has no part to have it of yet
            dgl_docx_put_attr(&e->raw, a->value);
        } else if (link && e->captures) {
            dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_OPENS, "set dgl_link", 0);
            put_value_with_tags(e, n, decode_target(e, link->target), DGL_WHERE_TARGET);
            dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_CLOSES, "endset", 0);
            dgl_docx_put_own_tag(e, DGL_TAG_VALUE, DGL_BLOCK_NONE, "dgl_link", plain_context(e, DGL_WHERE_LINK));
        } else if (link) {
            cut_after(e, DGL_CUT_TARGET_BEGIN, 0);
            put_value_with_tags(e, n, decode_target(e, link->target), DGL_WHERE_TARGET);
            dgl_docx_cut_before(e, DGL_CUT_TARGET_END, 0);
        } else if (own_mark && id) {
            uint8_t fresh = mark.kind == 'c' ? DGL_CUT_COMMENT_ID : DGL_CUT_RANGE_ID;
            dgl_docx_cut_before(e, mark.starts ? fresh : DGL_CUT_RANGE_END, mark.index);
        } else if (own_mark) {
            struct dgl_str name = {a->value.data, dgl_utf8_cut(a->value.data, a->value.len, 33)};
            dgl_docx_put_attr(&e->raw, name);
            dgl_docx_cut_before(e, DGL_CUT_BOOKMARK_NAME, mark.index);
        } else if (n->el == DGL_EL_WP_DOCPR && id) {
            dgl_docx_put_attr(&e->raw, a->value);
            cut_always(e, DGL_CUT_DRAWING_ID, 0);
        } else if (is_mended_width(e, n) && dgl_parse_int64(a->value.data, a->value.len, 0, 31680, &width) &&
                   !dgl_str_is(dgl_docx_node_attr_value(n, "type"), "pct") &&
                   !dgl_str_is(dgl_docx_node_attr_value(n, "type"), "auto")) {
            dgl_docx_cut_before(e, DGL_CUT_CELL_WIDTH, (uint32_t)width);
        } else {
            e->attr_code = dgl_docx_enter_simple_field(e, a);
            put_value_with_tags(e, n, a->value, DGL_WHERE_ATTRIBUTE);
            if (e->attr_code)
                dgl_docx_leave_simple_field(e);
            e->attr_code = false;
        }
        dgl_buf_putc(&e->raw, '"');
    }
}

// ---- tables

static bool is_dynamic_row(const struct dgl_docx_node *row)
{
    for (const struct dgl_docx_node *k = row->first; k; k = k->next) {
        if (k->kind == DGL_NODE_TAG)
            return true;
        if (k->kind != DGL_NODE_ELEMENT)
            continue;
        const struct dgl_docx_node *pr = k->el == DGL_EL_W_TC ? dgl_docx_node_child(k, DGL_EL_W_TCPR) : NULL;
        const struct dgl_docx_node *span = pr ? dgl_docx_node_child(pr, DGL_EL_W_GRIDSPAN) : NULL;
        if (span && span->tag)
            return true;
        if ((k->el == DGL_EL_W_SDT || k->el == DGL_EL_W_SDTCONTENT) && is_dynamic_row(k))
            return true;
    }
    return false;
}

static bool has_dynamic_rows(const struct dgl_docx_node *table)
{
    for (const struct dgl_docx_node *k = table->first; k; k = k->next)
        if (k->kind == DGL_NODE_ELEMENT &&
            ((k->el == DGL_EL_W_TR && is_dynamic_row(k)) ||
             ((k->el == DGL_EL_W_SDT || k->el == DGL_EL_W_SDTCONTENT) && has_dynamic_rows(k))))
            return true;
    return false;
}

// Whether some child of the wanted kind is there whatever the data says.
static bool has_certain(const struct dgl_docx_node *parent, enum dgl_docx_element wanted)
{
    unsigned depth = 0;
    for (const struct dgl_docx_node *k = parent->first; k; k = k->next) {
        if (k->kind == DGL_NODE_TAG) {
            depth += k->tag->role == DGL_BLOCK_OPENS;
            depth -= k->tag->role == DGL_BLOCK_CLOSES && depth > 0;
        } else if (depth == 0 && k->kind == DGL_NODE_ELEMENT) {
            if (k->el == wanted && (wanted != DGL_EL_W_TR || has_certain(k, DGL_EL_W_TC)))
                return true;
            if ((k->el == DGL_EL_W_SDT || k->el == DGL_EL_W_SDTCONTENT) && has_certain(k, wanted))
                return true;
        }
    }
    return false;
}

static uint32_t small_number(struct dgl_str s, uint32_t otherwise)
{
    int64_t v = 0;
    return dgl_parse_int64(s.data, s.len, 0, 31680, &v) ? (uint32_t)v : otherwise;
}

static uint32_t add_grid(struct dgl_docx_emit *e, const struct dgl_docx_node *table)
{
    const struct dgl_docx_node *grid = dgl_docx_node_child(table, DGL_EL_W_TBLGRID);
    if (!grid)
        return DGL_NO_GRID;
    uint32_t n = 0;
    for (const struct dgl_docx_node *k = grid->first; k; k = k->next)
        n += k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_GRIDCOL;
    struct dgl_docx_grid g = {.widths = dgl_arena_alloc_try(e->c->arena, (n + 1) * sizeof(uint32_t)),
                              .qname = DGL_STR("w:gridCol")};
    if (!g.widths)
        return DGL_NO_GRID;
    for (const struct dgl_docx_node *k = grid->first; k; k = k->next)
        if (k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_GRIDCOL) {
            g.widths[g.count++] = small_number(dgl_docx_node_attr_value(k, "w"), 0);
            g.qname = k->qname;
        }
    e->grids = grow(e->grids, e->grid_count, &e->grid_cap, sizeof *e->grids);
    e->grids[e->grid_count] = g;
    return (uint32_t)e->grid_count++;
}

static uint32_t columns_left_out(const struct dgl_docx_node *row)
{
    const struct dgl_docx_node *pr = dgl_docx_node_child(row, DGL_EL_W_TRPR);
    uint32_t n = 0;
    for (const struct dgl_docx_node *k = pr ? pr->first : NULL; k; k = k->next)
        if (k->kind == DGL_NODE_ELEMENT && (k->el == DGL_EL_W_GRIDBEFORE || k->el == DGL_EL_W_GRIDAFTER))
            n += small_number(dgl_docx_node_attr_value(k, "val"), 0);
    return DGL_MIN(n, DGL_DOCX_MAX_COLUMNS);
}

static uint32_t span_of(const struct dgl_docx_node *cell)
{
    const struct dgl_docx_node *pr = dgl_docx_node_child(cell, DGL_EL_W_TCPR);
    const struct dgl_docx_node *span = pr ? dgl_docx_node_child(pr, DGL_EL_W_GRIDSPAN) : NULL;
    if (!span || span->tag)
        return 1;
    return DGL_MAX(1u, DGL_MIN(small_number(dgl_docx_node_attr_value(span, "val"), 1), DGL_DOCX_MAX_COLUMNS));
}

// ---- the walk

static void walk(struct dgl_docx_emit *e, struct dgl_docx_node *n);

void dgl_docx_emit_walk(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    walk(e, n);
}

static void walk_children(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    for (struct dgl_docx_node *k = n->first; k && e->status == DGL_OK; k = k->next)
        walk(e, k);
}

static bool edge_is_space(const struct dgl_docx_node *t)
{
    for (const struct dgl_docx_node *k = t->first; k; k = k->next) {
        if (k->kind == DGL_NODE_TAG)
            return true;
        if (k->kind == DGL_NODE_TEXT && k->text.len &&
            (strchr(" \t\n", k->text.data[0]) || strchr(" \t\n", k->text.data[k->text.len - 1])))
            return true;
    }
    return false;
}

static void put_namespaces(struct dgl_docx_emit *e, const struct dgl_docx_node *root)
{
    bool w = root->el == DGL_EL_OTHER;
    for (uint32_t i = 0; i < root->attr_count; i++)
        w |= root->attrs[i].ns == DGL_NS_XMLNS && dgl_str_is(root->attrs[i].qname, "xmlns:w");
    if (!w)
        dgl_buf_printf(&e->raw, " xmlns:w=\"%s\"",
                       e->part->tree.strict ? "http://purl.oclc.org/ooxml/wordprocessingml/main"
                                            : "http://schemas.openxmlformats.org/wordprocessingml/2006/main");
}

static void put_open(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    dgl_buf_putc(&e->raw, '<');
    dgl_docx_put_str(&e->raw, n->qname);
    put_attrs(e, n);
    if (n == e->part->tree.root)
        put_namespaces(e, n);
    if (n->el == DGL_EL_W_T && edge_is_space(n) && !dgl_docx_node_attr(n, "space"))
        dgl_buf_puts(&e->raw, " xml:space=\"preserve\"");
}

// <w:gridSpan w:val="…"/> and <w:shd … w:fill="…"/> of colspan, hm and cellbg.
static void walk_computed(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    bool span = n->el == DGL_EL_W_GRIDSPAN;
    dgl_buf_puts(&e->raw, span ? "<w:gridSpan w:val=\"" : "<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"");
    dgl_docx_put_tag(e, n->tag, plain_context(e, span ? DGL_WHERE_SPAN : DGL_WHERE_FILL));
    dgl_buf_puts(&e->raw, "\"/>");
}

static void walk_element(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    put_open(e, n);
    if (!n->first && n->el != DGL_EL_W_P && n->el != DGL_EL_W_T && n->el != DGL_EL_W_TC) {
        dgl_buf_puts(&e->raw, "/>");
        return;
    }
    dgl_buf_putc(&e->raw, '>');
    walk_children(e, n);
    dgl_docx_put_close(n, &e->raw);
}

static void walk_table(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    bool outer = e->dynamic_columns, outer_cuts = e->table_cuts, outer_row = e->in_row, outer_cell = e->in_cell;
    e->in_row = e->in_cell = false;
    e->dynamic_columns = !e->captures && (n->lost_cells || has_dynamic_rows(n));
    bool ops = !e->captures && (e->dynamic_columns || !has_certain(n, DGL_EL_W_TR));
    e->table_cuts = ops;
    bool touches = n->prev && n->prev->kind == DGL_NODE_TAG;
    if (ops && ++e->table_depth > DGL_DOCX_MAX_TABLE_DEPTH && e->status == DGL_OK)
        e->status = DGL_FAIL_SLUG(e->err, DGL_E_LIMIT, "template_too_large",
                                  "tables with loops are nested more than %u deep", DGL_DOCX_MAX_TABLE_DEPTH);
    if (ops)
        dgl_docx_cut_before(e, DGL_CUT_TABLE_OPEN | (touches ? DGL_CUT_APART : 0),
                            e->dynamic_columns ? add_grid(e, n) : DGL_NO_GRID);
    else if (touches && !e->captures)
        dgl_docx_cut_before(e, DGL_CUT_APART, 0);
    put_open(e, n);
    dgl_buf_putc(&e->raw, '>');
    walk_children(e, n);
    dgl_docx_put_close(n, &e->raw);
    if (ops) {
        cut_after(e, DGL_CUT_TABLE_CLOSE, 0);
        e->table_depth--;
    }
    e->dynamic_columns = outer;
    e->table_cuts = outer_cuts;
    e->in_row = outer_row;
    e->in_cell = outer_cell;
}

static void walk_row(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    if (e->table_cuts)
        dgl_docx_cut_before(e, DGL_CUT_ROW_OPEN, columns_left_out(n));
    put_open(e, n);
    dgl_buf_putc(&e->raw, '>');
    e->in_row = true;
    walk_children(e, n);
    e->in_row = false;
    dgl_docx_put_close(n, &e->raw);
    if (e->table_cuts && e->dynamic_columns)
        cut_after(e, DGL_CUT_ROW_CLOSE, 0);
}

// Whether the last block is certainly a paragraph.
static bool ends_with_paragraph(const struct dgl_docx_node *n)
{
    const struct dgl_docx_node *k = n->last;
    while (k && k->kind == DGL_NODE_ELEMENT && !dgl_docx_is_visible(k) && k->el != DGL_EL_W_PPR)
        k = k->prev;
    return k && k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_P;
}

static void walk_story(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    put_open(e, n);
    dgl_buf_putc(&e->raw, '>');
    walk_children(e, n);
    if (!ends_with_paragraph(n)) {
        if (e->captures && n->el != DGL_EL_W_TC) // the sink completes cells of captured text
            dgl_buf_puts(&e->raw, "<w:p></w:p>");
        else
            dgl_docx_cut_before(e, DGL_CUT_NEEDS_PARAGRAPH, 0);
    }
    dgl_docx_put_close(n, &e->raw);
}

static void walk_cell(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    if (e->dynamic_columns)
        dgl_docx_cut_before(e, DGL_CUT_CELL_OPEN, span_of(n));
    e->in_cell = true;
    walk_story(e, n);
    e->in_cell = false;
}

// A row inside a row, a cell inside a cell or outside of rows, without a table between them, is none of the table's:
// neither counted nor taken away, like all that stands in it. Word opens no such document.
static void walk_stray(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    bool columns = e->dynamic_columns, cuts = e->table_cuts;
    e->dynamic_columns = e->table_cuts = false;
    if (n->el == DGL_EL_W_TC)
        walk_story(e, n);
    else
        walk_element(e, n);
    e->dynamic_columns = columns;
    e->table_cuts = cuts;
}

// A picture that a token in its alternative text replaces.
static void walk_placeholder(struct dgl_docx_emit *e, struct dgl_docx_node *n, struct dgl_str token)
{
    struct dgl_str outer = e->picture_token;
    e->picture_token = token;
    dgl_docx_cut_before(e, DGL_CUT_FRAME_OPEN, 0);
    walk_element(e, n);
    if (!e->captures)
        cut_after(e, DGL_CUT_FRAME_CLOSE, 0);
    e->picture_token = outer;
}

// A drawing whose chart is made anew.
static void walk_chart(struct dgl_docx_emit *e, struct dgl_docx_node *n, const struct dgl_docx_picture *chart)
{
    e->chart = chart;
    walk_element(e, n);
    e->chart = NULL;
}

static void meet_in_run(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    dgl_docx_copy_note(e, n);
    dgl_docx_meet_field_mark(e, n);
}

static void walk_other(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    struct dgl_str token;
    const struct dgl_docx_picture *chart = NULL;
    if (n->el == DGL_EL_W_OTHER && e->picture_token.len == 0 && dgl_docx_is_placeholder(n, &token)) {
        walk_placeholder(e, n, token);
    } else if (n->el == DGL_EL_W_OTHER && !e->chart && (chart = dgl_docx_find_copied_chart(e, n))) {
        walk_chart(e, n, chart);
    } else if (n->el != DGL_EL_W_OTHER || !dgl_docx_capture_note(e, n)) {
        if (n->el == DGL_EL_W_OTHER)
            meet_in_run(e, n);
        walk_element(e, n);
    }
}

static void walk_grid(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    put_open(e, n);
    dgl_buf_putc(&e->raw, '>');
    dgl_docx_cut_before(e, DGL_CUT_GRID, 0);
    dgl_docx_put_close(n, &e->raw);
}

static void walk(struct dgl_docx_emit *e, struct dgl_docx_node *n)
{
    if (n->kind == DGL_NODE_TEXT) {
        dgl_docx_put_text(&e->raw, n->text);
        if (n->parent && n->parent->el == DGL_EL_W_INSTRTEXT)
            dgl_docx_meet_field_code(e, n->text);
        return;
    }
    if (n->kind == DGL_NODE_TAG) {
        dgl_docx_put_tag(e, n->tag, dgl_docx_context_of(e, n->tag));
        return;
    }
    if (n->tag) {
        walk_computed(e, n);
        return;
    }
    switch (n->el) {
    case DGL_EL_W_TBL:
        walk_table(e, n);
        return;
    case DGL_EL_W_TR:
        (e->in_row ? walk_stray : walk_row)(e, n);
        return;
    case DGL_EL_W_TC:
        (e->in_row && !e->in_cell ? walk_cell : walk_stray)(e, n);
        return;
    case DGL_EL_W_TXBXCONTENT:
    case DGL_EL_W_HDR:
    case DGL_EL_W_FTR:
    case DGL_EL_W_FOOTNOTE:
    case DGL_EL_W_ENDNOTE:
    case DGL_EL_W_COMMENT:
        if (!dgl_docx_is_copied_note(e, n))
            walk_story(e, n);
        return;
    case DGL_EL_W_TBLGRID:
        if (e->dynamic_columns && !e->captures && !e->in_row)
            walk_grid(e, n);
        else
            walk_element(e, n);
        return;
    case DGL_EL_W_BOOKMARKSTART:
    case DGL_EL_W_BOOKMARKEND:
    case DGL_EL_W_COMMENTRANGESTART:
    case DGL_EL_W_COMMENTRANGEEND:
    case DGL_EL_W_PERMSTART:
    case DGL_EL_W_PERMEND:
        if (!dgl_docx_drops_mark(e, n))
            walk_element(e, n);
        return;
    default:
        walk_other(e, n);
    }
}

// ---- to the language

static void fill_place(void *ctx, uint32_t place, struct dgl_place *ret)
{
    dgl_docx_place_fill(ctx, place, ret);
}

static void *keep_array(struct dgl_docx_emit *e, const void *items, size_t count, size_t size)
{
    void *p = dgl_arena_alloc_try(e->c->arena, (count + 1) * size);
    if (p && count)
        memcpy(p, items, count * size);
    return p;
}

// A space on both sides: a sign at the edge of a tag is an operator here, not whitespace control.
static struct dgl_str padded(struct dgl_docx_emit *e, struct dgl_str inside)
{
    char *p = dgl_arena_alloc_try(e->c->arena, inside.len + 2);
    if (!p)
        return inside;
    p[0] = p[inside.len + 1] = ' ';
    memcpy(p + 1, inside.data, inside.len);
    return (struct dgl_str){p, inside.len + 2};
}

static enum dgl_status compile_chunks(struct dgl_docx_emit *e, struct dgl_error *err)
{
    struct dgl_docx_part *part = e->part;
    DGL_TRY(dgl_buf_check(&e->raw, part->name, err));
    char *raw = dgl_arena_memdup_try(e->c->arena, e->raw.data, e->raw.len);
    struct dgl_chunk *chunks = raw ? dgl_arena_alloc_try(e->c->arena, (e->chunk_count + 1) * sizeof *chunks) : NULL;
    part->cuts = dgl_arena_alloc_try(e->c->arena, (e->chunk_count + 1) * sizeof *part->cuts);
    part->contexts = keep_array(e, e->contexts, e->context_count, sizeof *e->contexts);
    part->grids = keep_array(e, e->grids, e->grid_count, sizeof *e->grids);
    if (!chunks || !part->cuts || !part->contexts || !part->grids)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "the template is too large");
    for (size_t i = 0; i < e->chunk_count; i++) {
        const struct dgl_docx_raw_chunk *k = &e->chunks[i];
        part->cuts[i] = k->cut;
        if (!k->tag) {
            chunks[i] = (struct dgl_chunk){.kind = DGL_CHUNK_DATA, .text = {raw + k->start, k->len}};
            continue;
        }
        chunks[i] = (struct dgl_chunk){.kind = k->tag->kind == DGL_TAG_VALUE ? DGL_CHUNK_VALUE : DGL_CHUNK_BLOCK,
                                       .text = padded(e, k->tag->inside),
                                       .source = k->tag->source,
                                       .place = k->place,
                                       .context = k->context};
    }
    part->chunk_count = e->chunk_count;
    part->context_count = e->context_count;
    part->grid_count = e->grid_count;
    part->mark_count = e->mark_count;
    part->raw_bytes = e->raw.len;
    struct dgl_template_options options = {
        .name = part->name, .autoescape = true, .place_of = fill_place, .place_ctx = part};
    return dgl_template_compile_chunks(chunks, e->chunk_count, &options, e->c->diagnostics, &part->program, err);
}

struct dgl_str dgl_docx_namespaces_of(struct dgl_docx_emit *e, const struct dgl_docx_node *root)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    bool w = false;
    for (uint32_t i = 0; i < root->attr_count; i++)
        if (root->attrs[i].ns == DGL_NS_XMLNS) {
            dgl_docx_put_attribute(&b, &root->attrs[i]);
            w |= dgl_str_is(root->attrs[i].qname, "xmlns:w");
        }
    if (!w)
        dgl_buf_puts(&b, " xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"");
    struct dgl_str kept = dgl_docx_emit_keep(e, &b);
    dgl_buf_fini(&b);
    return kept;
}

enum dgl_status dgl_docx_emit(struct dgl_docx_compiler *c, struct dgl_error *err)
{
    struct dgl_docx_emit e = {
        .c = c, .own = c, .part = c->part, .raw = DGL_BUF_INIT(2 * (size_t)DGL_DOCX_MAX_PART_BYTES), .err = err};
    dgl_docx_use_marks(&e, c);
    e.part->namespaces = dgl_docx_namespaces_of(&e, e.part->tree.root);
    dgl_docx_emit_sort_rels(&e, c->part);
    dgl_buf_puts(&e.raw, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    walk(&e, c->part->tree.root);
    flush(&e);
    enum dgl_status st = e.status == DGL_OK ? compile_chunks(&e, err) : e.status;
    dgl_buf_fini(&e.raw);
    free(e.chunks);
    free(e.contexts);
    free(e.grids);
    return st;
}
