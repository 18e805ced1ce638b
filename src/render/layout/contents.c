// Tables of contents, and of figures, whose entries are missing or marked as out of date (TOC, ECMA-376 Part 1
// §17.16.5.68).
//
//   headings of the body ──▶ an anchor in each ──▶ entries: [number ⇥] heading ⇥ page ──▶ where the field stands
//   captions: paragraphs with a number of the sequence that \\c or \\a names (\\a: what follows the number alone)
//
// The page is a PAGEREF, which layout works out. A style "toc n" that the document lacks is as Word's own: five points
// below, eleven points further in for each level; without a tab of its own an entry ends at the right margin, after
// dots.
#include "render/layout/build.h"
#include "render/layout/scan.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LEVEL_INDENT 11000
#define LEVEL_AFTER 5000
#define NUMBER_TAB 22000         // for each level
#define MAX_HEADING_BYTES 16000u // what goes beyond is not repeated

struct contents {
    struct builder *b;
    uint32_t levels; // bit n: paragraphs of that heading style
    bool outline;    // and those with an outline level of their own
    bool linked, no_pages;
    struct dgl_str styles, separator; // "Title,1,Subtitle,2"
    struct dgl_str sequence;          // of captions
    bool bare;                        // captions without label and number
    int32_t width;                    // of the text
    struct dgl_block *first, **tail;
};

static uint32_t level_range(struct dgl_str range)
{
    uint32_t bits = 0;
    size_t dash = 0;
    while (dash < range.len && range.data[dash] != '-')
        dash++;
    struct dgl_str low = {range.data, dash},
                   high = {range.data + dash + 1, range.len > dash ? range.len - dash - 1 : 0};
    int64_t from = dgl_x_int(&low, 1), to = high.len ? dgl_x_int(&high, from) : from;
    for (int64_t i = DGL_MAX(from, 1); i <= to && i <= 9; i++)
        bits |= 1u << i;
    return bits;
}

static void read_code(struct contents *c, struct dgl_str code)
{
    bool said = false;
    (void)build_field_word(&code);
    while (code.len) {
        struct dgl_str word = build_field_word(&code);
        if (dgl_str_is(word, "\\o")) {
            struct dgl_str before = code, range = build_field_word(&code);
            bool all = range.len == 0 || range.data[0] == '\\';
            c->levels |= all ? 0x3FE : level_range(range);
            if (all)
                code = before;
            said = true;
        } else if (dgl_str_is(word, "\\u")) {
            c->outline = said = true;
        } else if (dgl_str_is(word, "\\t")) {
            c->styles = build_field_word(&code);
            said = true;
        } else if (dgl_str_is(word, "\\h")) {
            c->linked = true;
        } else if (dgl_str_is(word, "\\n")) {
            c->no_pages = true;
        } else if (dgl_str_is(word, "\\p")) {
            c->separator = build_field_word(&code);
        } else if (dgl_str_is(word, "\\c") || dgl_str_is(word, "\\a")) {
            c->bare = dgl_str_is(word, "\\a");
            c->sequence = build_field_word(&code);
            said = true;
        }
    }
    if (!said)
        c->levels = 0xE;
}

// The level that \t gives to a style; 0 when it is not named.
static unsigned named_level(struct dgl_str list, struct dgl_str name)
{
    while (list.len) {
        struct dgl_str item[2];
        for (unsigned i = 0; i < 2; i++) {
            size_t n = 0;
            while (n < list.len && list.data[n] != ',' && list.data[n] != ';')
                n++;
            item[i] = dgl_str_trim((struct dgl_str){list.data, n});
            n = DGL_MIN(n + 1, list.len);
            list = (struct dgl_str){list.data + n, list.len - n};
        }
        if (item[0].len == name.len && strncasecmp(item[0].data, name.data, name.len) == 0)
            return (unsigned)DGL_MAX(0, DGL_MIN(dgl_x_int(&item[1], 1), 9));
    }
    return 0;
}

static unsigned level_of(const struct contents *c, const struct dgl_para *p)
{
    const struct dgl_style *st = p->style != UINT16_MAX ? &c->b->sheet->styles[p->style] : NULL;
    bool built_in = st && st->name.len == 9 && strncasecmp(st->name.data, "heading ", 8) == 0;
    if (built_in && st->heading > 0 && c->levels & 1u << st->heading)
        return (unsigned)st->heading;
    if (c->outline && p->outline > 0 && (!c->levels || c->levels & 1u << p->outline))
        return (unsigned)p->outline;
    return st && c->styles.len ? named_level(c->styles, st->name) : 0;
}

static const struct dgl_caption *caption_of(const struct contents *c, const struct dgl_para *p)
{
    for (const struct dgl_caption *k = p->captions; k && c->sequence.len; k = k->next)
        if (k->sequence.len == c->sequence.len && strncasecmp(k->sequence.data, c->sequence.data, c->sequence.len) == 0)
            return k;
    return NULL;
}

// The heading's name for references: one that stands in it, else a new one.
static struct dgl_str anchor_of(struct builder *b, struct dgl_para *p)
{
    for (uint32_t i = 0; i < p->inline_count; i++)
        if (p->inlines[i].kind == DGL_IN_ANCHOR && dgl_str_starts(p->inlines[i].text, "_Toc"))
            return p->inlines[i].text;
    char name[32];
    int len = snprintf(name, sizeof(name), "_TocMade%u", p->number);
    struct dgl_inline *list = dgl_arena_alloc_try(b->arena, (p->inline_count + 1) * sizeof(*list));
    if (!list)
        return (struct dgl_str){"", 0};
    if (p->inline_count)
        memcpy(list + 1, p->inlines, p->inline_count * sizeof(*list));
    *list = (struct dgl_inline){.kind = DGL_IN_ANCHOR,
                                .text = {dgl_arena_strndup(b->arena, name, (size_t)len), (size_t)len}};
    p->inlines = list;
    p->inline_count++;
    for (struct dgl_caption *c = p->captions; c; c = c->next)
        c->inlines++;
    return list->text;
}

static struct dgl_str text_of(struct builder *b, const struct dgl_para *p, uint32_t from)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(16384);
    for (uint32_t i = from; i < p->inline_count; i++) {
        const struct dgl_inline *in = &p->inlines[i];
        if (in->kind == DGL_IN_TEXT && text.len + in->text.len < MAX_HEADING_BYTES)
            dgl_buf_append(&text, in->text.data, in->text.len);
        else if (in->kind == DGL_IN_TAB || in->kind == DGL_IN_LINE_BREAK)
            dgl_buf_putc(&text, ' ');
    }
    struct dgl_str trimmed = dgl_str_trim((struct dgl_str){text.data ? text.data : "", text.len});
    return (struct dgl_str){dgl_arena_strndup(b->arena, trimmed.data, trimmed.len), trimmed.len};
}

// Style of the entries of a level, 0 those of figures.
static uint16_t entry_style(const struct builder *b, unsigned level)
{
    char name[24] = "table of figures";
    if (level)
        snprintf(name, sizeof(name), "toc %u", level);
    size_t len = strlen(name);
    for (uint16_t i = 0; i < b->sheet->style_count; i++)
        if (b->sheet->styles[i].type == DGL_STYLE_PARAGRAPH && b->sheet->styles[i].name.len == len &&
            strncasecmp(b->sheet->styles[i].name.data, name, len) == 0)
            return i;
    return UINT16_MAX;
}

static struct dgl_para *entry_para(struct contents *c, unsigned level, bool numbered)
{
    struct builder *b = c->b;
    uint16_t style = entry_style(b, level);
    struct dgl_para *p = build_styled_para(b, style != UINT16_MAX ? style : b->sheet->default_paragraph);
    if (style == UINT16_MAX) {
        p->p.left = level ? (int32_t)(level - 1) * LEVEL_INDENT : 0;
        p->p.after = level ? LEVEL_AFTER : 0;
    }
    for (uint32_t i = 0; i < p->p.tab_count; i++)
        if (p->p.tabs[i].kind == DGL_TAB_RIGHT)
            return p;
    struct dgl_tab *tabs = dgl_arena_alloc(b->arena, 2 * sizeof(*tabs));
    uint32_t n = 0;
    if (numbered)
        tabs[n++] = (struct dgl_tab){(int32_t)level * NUMBER_TAB, DGL_TAB_LEFT, DGL_LEADER_NONE};
    tabs[n++] = (struct dgl_tab){c->width - p->p.right, DGL_TAB_RIGHT, DGL_LEADER_DOT};
    dgl_ppr_apply(&p->p, &(struct dgl_ppr){.tabs = tabs, .tab_count = n}, b->arena);
    return p;
}

static void put(struct contents *c, struct dgl_para *p, enum dgl_inline_kind kind, struct dgl_str text,
                const struct dgl_link *link)
{
    (void)c;
    p->inlines[p->inline_count++] = (struct dgl_inline){.kind = kind, .run = p->mark, .link = link, .text = text};
}

static void put_page(struct contents *c, struct dgl_para *p, struct dgl_str anchor, const struct dgl_link *link)
{
    struct dgl_page_ref *ref = DGL_ARENA_NEW(c->b->arena, struct dgl_page_ref);
    *ref = (struct dgl_page_ref){.bookmark = anchor, .shown = DGL_STR("1"), .next = c->b->doc->page_refs};
    c->b->doc->page_refs = ref;
    put(c, p, c->separator.len ? DGL_IN_TEXT : DGL_IN_TAB, c->separator, link);
    put(c, p, DGL_IN_FIELD, anchor, link);
    struct dgl_inline *in = &p->inlines[p->inline_count - 1];
    in->field.kind = DGL_FIELD_PAGEREF;
    in->field.format = -1;
    in->field.ref = ref;
    p->has_fields = true;
}

static bool add_entry(void *ctx, const struct dgl_para *heading)
{
    struct contents *c = ctx;
    struct builder *b = c->b;
    const struct dgl_caption *caption = caption_of(c, heading);
    unsigned level = caption ? 0 : level_of(c, heading);
    if (!caption && !level)
        return true;
    struct dgl_str text = text_of(b, heading, caption && c->bare ? caption->inlines : 0);
    if (text.len == 0)
        return true;
    struct dgl_str anchor = anchor_of(b, (struct dgl_para *)heading);
    struct dgl_link *link = NULL;
    if (c->linked) {
        link = DGL_ARENA_NEW(b->arena, struct dgl_link);
        link->anchor = anchor;
    }
    bool numbered = level && heading->level && heading->label.len;
    struct dgl_para *p = entry_para(c, level, numbered);
    p->inlines = dgl_arena_alloc(b->arena, 5 * sizeof(*p->inlines));
    p->number = heading->number;
    if (numbered) {
        put(c, p, DGL_IN_TEXT, heading->label, link);
        put(c, p, DGL_IN_TAB, (struct dgl_str){"", 0}, link);
    }
    put(c, p, DGL_IN_TEXT, text, link);
    if (!c->no_pages)
        put_page(c, p, anchor, link);
    struct dgl_block *block = DGL_ARENA_NEW(b->arena, struct dgl_block);
    *block = (struct dgl_block){.kind = DGL_BLOCK_PARA, .para = p};
    *c->tail = block;
    c->tail = &block->next;
    return true;
}

// The block of the paragraph with that number, in the text or in cells.
static struct dgl_block *find_block(const struct dgl_block *list, uint32_t number)
{
    for (const struct dgl_block *k = list; k; k = k->next) {
        if (k->kind == DGL_BLOCK_PARA) {
            if (k->para->number == number)
                return (struct dgl_block *)k;
            continue;
        }
        for (uint32_t r = 0; r < k->table->row_count; r++)
            for (uint16_t i = 0; i < k->table->rows[r].cell_count; i++) {
                struct dgl_block *found = find_block(k->table->rows[r].cells[i].blocks, number);
                if (found)
                    return found;
            }
    }
    return NULL;
}

static void make_one(struct builder *b, const struct build_contents *wanted)
{
    struct contents c = {.b = b};
    struct dgl_block *at = NULL;
    for (const struct dgl_section *s = b->doc->sections; s && !at; s = s->next) {
        at = find_block(s->blocks, wanted->paragraph);
        c.width = s->column_width[0];
    }
    c.tail = &c.first;
    read_code(&c, wanted->code);
    for (const struct dgl_section *s = b->doc->sections; s && at; s = s->next)
        dgl_blocks_each(s->blocks, add_entry, &c);
    if (!c.first) {
        dgl_finding_add(&b->doc->findings, DGL_FEATURE_EMPTY_CONTENTS, b->part_name, wanted->paragraph);
        return;
    }
    *c.tail = at->next;
    at->next = c.first;
    if (at->para->inline_count == 0 && !at->para->ends_section) { // the first entry takes the field's paragraph
        at->para = c.first->para;
        at->next = c.first->next;
    }
}

void build_contents(struct builder *b)
{
    for (const struct build_contents *c = b->contents; c; c = c->next)
        make_one(b, c);
}
