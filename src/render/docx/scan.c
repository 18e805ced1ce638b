// Finding tags. Word cuts a paragraph's text into runs wherever it likes, so the text of all runs is joined first; a
// tag found there is taken out of every run it touches and put, as a node of its own, where it began: it has the
// formatting of its first run. What Word's autocorrection does to a tag is undone inside the tag only.
//
// Elements inside a tag (tabs, line breaks) stand in the joined text as the two control characters below, which XML
// cannot hold.
#include "render/docx/limits.h"
#include "render/docx/model.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define MARK_TAB '\1'
#define MARK_BREAK '\2'
#define NO_TAG UINT32_MAX

struct piece {
    struct dgl_docx_node *node; // TEXT, or the w:tab, w:br… element
    uint32_t start, end;        // in the joined text
};
// Bytes of the joined text that go away; a tag begins at `start` when tag is not NO_TAG.
struct cut {
    uint32_t start, end, tag;
};
struct scanner {
    struct dgl_docx_compiler *c;
    struct dgl_buf text; // joined
    struct dgl_buf inside;
    struct piece *pieces;
    size_t piece_count, piece_cap;
    struct cut *cuts;
    size_t cut_count, cut_cap;
    struct dgl_docx_node *paragraph;
    bool in_tree;    // not the value of an attribute
    uint32_t *shown; // offsets of visible elements, ascending
    size_t shown_count, shown_cap;
    uint32_t place_base; // place of the paragraph's text, made on first need
    struct dgl_str place_text;
};

static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 64;
    return dgl_realloc(items, *cap * size);
}

// ---- what a paragraph's text is made of

bool dgl_docx_is_visible(const struct dgl_docx_node *n)
{
    switch (n->el) {
    case DGL_EL_W_PPR:
    case DGL_EL_W_RPR:
    case DGL_EL_W_PROOFERR:
    case DGL_EL_W_BOOKMARKSTART:
    case DGL_EL_W_BOOKMARKEND:
    case DGL_EL_W_COMMENTRANGESTART:
    case DGL_EL_W_COMMENTRANGEEND:
    case DGL_EL_W_PERMSTART:
    case DGL_EL_W_PERMEND:
    case DGL_EL_W_LASTRENDEREDPAGEBREAK:
    case DGL_EL_W_SOFTHYPHEN:
    case DGL_EL_W_TAB:
    case DGL_EL_W_CR:
    case DGL_EL_W_SDTPR:
    case DGL_EL_W_SDTENDPR:
    case DGL_EL_W_DEL:
    case DGL_EL_W_MOVEFROM:
        return false;
    case DGL_EL_W_BR: {
        struct dgl_str type = dgl_docx_node_attr_value(n, "type");
        return dgl_str_is(type, "page") || dgl_str_is(type, "column");
    }
    default:
        return true;
    }
}

static bool is_container(enum dgl_docx_element el)
{
    switch (el) {
    case DGL_EL_W_R:
    case DGL_EL_W_T:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_MOVETO:
    case DGL_EL_W_SMARTTAG:
    case DGL_EL_W_SDT:
    case DGL_EL_W_SDTCONTENT:
    case DGL_EL_W_CUSTOMXML:
    case DGL_EL_W_INSTRTEXT:
    case DGL_EL_A_T:
        return true;
    default:
        return false;
    }
}

static void add_piece(struct scanner *s, struct dgl_docx_node *n, const char *text, size_t len)
{
    s->pieces = grow(s->pieces, s->piece_count, &s->piece_cap, sizeof *s->pieces);
    uint32_t start = (uint32_t)s->text.len;
    dgl_buf_append(&s->text, text, len);
    s->pieces[s->piece_count++] = (struct piece){n, start, (uint32_t)s->text.len};
}

static void add_shown(struct scanner *s)
{
    s->shown = grow(s->shown, s->shown_count, &s->shown_cap, sizeof *s->shown);
    s->shown[s->shown_count++] = (uint32_t)s->text.len;
}

static bool is_ruby(const struct dgl_docx_node *n) // its w:rt and w:rubyBase hold the runs
{
    size_t n_len = n->qname.len;
    return n_len >= 5 && memcmp(n->qname.data + n_len - 5, ":ruby", 5) == 0;
}

static void collect(struct scanner *s, struct dgl_docx_node *parent)
{
    for (struct dgl_docx_node *n = parent->first; n; n = n->next) {
        if (n->kind == DGL_NODE_TEXT) {
            add_piece(s, n, n->text.data, n->text.len);
            continue;
        }
        switch (n->el) {
        case DGL_EL_W_TAB:
            add_piece(s, n, "\1", 1);
            break;
        case DGL_EL_W_BR:
        case DGL_EL_W_CR:
            if (dgl_docx_is_visible(n))
                add_shown(s);
            else
                add_piece(s, n, "\2", 1);
            break;
        case DGL_EL_W_NOBREAKHYPHEN:
            add_piece(s, n, "\xE2\x80\x91", 3);
            break;
        case DGL_EL_W_SOFTHYPHEN:
            add_piece(s, n, "\xC2\xAD", 2);
            break;
        case DGL_EL_W_SDTCONTENT:
        case DGL_EL_W_SDT:
        case DGL_EL_W_R:
            collect(s, n);
            break;
        case DGL_EL_OTHER: // DrawingML runs, equations
            if (n->first && parent->el != DGL_EL_W_R)
                collect(s, n);
            else
                add_shown(s);
            break;
        case DGL_EL_W_OTHER: // fldSimple and what else may hold runs
            if (dgl_docx_node_child(n, DGL_EL_W_R) || is_ruby(n))
                collect(s, n);
            else
                add_shown(s);
            break;
        default:
            if (is_container(n->el))
                collect(s, n);
            else if (dgl_docx_is_visible(n))
                add_shown(s);
        }
    }
}

// ---- places

static uint32_t add_place(struct dgl_docx_compiler *c, struct dgl_docx_place place)
{
    struct dgl_docx_part *part = c->part;
    if (part->place_count == c->place_cap) {
        size_t cap = c->place_cap ? c->place_cap * 2 : 32;
        struct dgl_docx_place *more = dgl_arena_alloc(c->arena, cap * sizeof *more);
        if (part->place_count)
            memcpy(more, part->places, part->place_count * sizeof *more);
        part->places = more;
        c->place_cap = cap;
    }
    part->places[part->place_count] = place;
    return (uint32_t)part->place_count++;
}

static struct dgl_str keep(struct dgl_docx_compiler *c, const char *s, size_t len)
{
    char *p = dgl_arena_memdup_try(c->arena, s, len);
    return (struct dgl_str){p ? p : "", p ? len : 0};
}

static struct dgl_str keep_readable(struct dgl_docx_compiler *c, const char *s, size_t len)
{
    char *p = dgl_arena_memdup_try(c->arena, s, len);
    for (size_t i = 0; p && i < len; i++)
        if (p[i] == MARK_TAB || p[i] == MARK_BREAK)
            p[i] = ' ';
    return (struct dgl_str){p ? p : "", p ? len : 0};
}

static uint32_t place_of(struct scanner *s, struct dgl_str tag)
{
    if (!s->place_text.data)
        s->place_text = keep_readable(s->c, s->text.data, DGL_MIN(s->text.len, (size_t)400));
    return add_place(s->c, (struct dgl_docx_place){.paragraph = s->paragraph ? s->paragraph->paragraph : 0,
                                                   .text = s->place_text,
                                                   .tag = tag});
}

void dgl_docx_place_fill(const struct dgl_docx_part *part, uint32_t place, struct dgl_place *ret)
{
    *ret = (struct dgl_place){.paragraph = 0};
    dgl_str_copy(ret->part, sizeof ret->part, part->name, strlen(part->name));
    if (place >= part->place_count)
        return;
    const struct dgl_docx_place *p = &part->places[place];
    if (p->part)
        dgl_str_copy(ret->part, sizeof ret->part, p->part, strlen(p->part));
    ret->paragraph = p->paragraph;
    dgl_str_copy(ret->excerpt, sizeof ret->excerpt, p->text.data, dgl_utf8_cut(p->text.data, p->text.len, 150));
    dgl_str_copy(ret->tag, sizeof ret->tag, p->tag.data, dgl_utf8_cut(p->tag.data, p->tag.len, 150));
}

uint32_t dgl_docx_place_copy(struct dgl_docx_compiler *c, const struct dgl_docx_part *from, uint32_t place)
{
    if (place >= from->place_count)
        return add_place(c, (struct dgl_docx_place){.part = from->name});
    struct dgl_docx_place copy = from->places[place];
    copy.part = from->name;
    return add_place(c, copy);
}

void dgl_docx_complain(struct dgl_docx_compiler *c, int severity, const char *slug, uint32_t place, const char *fmt,
                       ...)
{
    struct dgl_buf message = DGL_BUF_INIT(1024);
    va_list args;
    va_start(args, fmt);
    char text[640];
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    dgl_buf_append(&message, text, n < 0 ? 0 : DGL_MIN((size_t)n, sizeof text - 1));
    struct dgl_error e = DGL_ERROR_INIT;
    enum dgl_status st = DGL_FAIL_SLUG(&e, DGL_E_INVALID, slug, "%s", message.data ? message.data : "");
    (void)st;
    dgl_buf_fini(&message);
    dgl_docx_place_fill(c->part, place, &e.place);
    dgl_diagnostics_add(c->diagnostics, severity, &e);
}

// ---- the inside of a tag

static char plain_quote(uint32_t ch)
{
    switch (ch) {
    case '"':
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:
        return '"';
    case '\'':
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:
        return '\'';
    default:
        return 0;
    }
}

static bool is_soft(uint32_t ch) // invisible, left by Word's hyphenation or by pasting
{
    return ch == 0xAD || ch == 0x200B || ch == 0x2060 || ch == 0xFEFF;
}

static bool is_space(uint32_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == MARK_TAB || ch == MARK_BREAK || ch == 0xA0 ||
           ch == 0x202F || ch == 0x2007 || ch == 0x2009 || ch == 0x3000;
}

static bool is_dash(uint32_t ch)
{
    return ch == 0x2010 || ch == 0x2011 || ch == 0x2012 || ch == 0x2013 || ch == 0x2014 || ch == 0x2212;
}

static void put_char(struct dgl_buf *b, uint32_t ch)
{
    char u[4];
    dgl_buf_append(b, u, dgl_utf8_put(u, ch));
}

static bool looks_like_entity(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && n < 32 &&
           (((s[n] | 32) >= 'a' && (s[n] | 32) <= 'z') || (s[n] >= '0' && s[n] <= '9') || s[n] == '#'))
        n++;
    return n > 0 && n < len && s[n] == ';';
}

// Reads from `at` up to the closing delimiter `a}`; the plain form goes to s->inside. With `aware`, delimiters inside
// strings and brackets do not count, as in Jinja. False: there is none.
static bool read_inside(struct scanner *s, uint32_t at, char a, bool aware, uint32_t *ret_end)
{
    const char *t = s->text.data;
    size_t len = s->text.len, pos = at;
    char quote = 0;
    int depth = 0;
    dgl_buf_reset(&s->inside);
    while (pos < len) {
        size_t from = pos;
        uint32_t ch = dgl_utf8_next(t, len, &pos);
        if (ch == (uint32_t)(uint8_t)a && pos < len && t[pos] == '}' && (!aware || (!quote && depth <= 0))) {
            *ret_end = (uint32_t)pos + 1;
            return true;
        }
        char q = plain_quote(ch);
        if (q) {
            quote = quote == q ? 0 : quote ? quote : q;
            dgl_buf_putc(&s->inside, q);
        } else if (quote) {
            if (ch == MARK_TAB || ch == MARK_BREAK)
                continue;
            dgl_buf_append(&s->inside, t + from, pos - from);
            // Templates made for docxtpl print what looks like an entity in a string with its "&" escaped once more.
            if (ch == '&' && looks_like_entity(t + pos, len - pos))
                dgl_buf_puts(&s->inside, "amp;");
            if (ch == '\\' && pos < len) {
                from = pos;
                ch = dgl_utf8_next(t, len, &pos);
                q = plain_quote(ch);
                put_char(&s->inside, q ? (uint32_t)(uint8_t)q : ch);
            }
        } else if (is_space(ch)) {
            dgl_buf_putc(&s->inside, ' ');
        } else if (is_dash(ch)) {
            dgl_buf_putc(&s->inside, '-');
        } else if (!is_soft(ch)) {
            depth += ch == '(' || ch == '[' || ch == '{';
            depth -= ch == ')' || ch == ']' || ch == '}';
            dgl_buf_append(&s->inside, t + from, pos - from);
        }
    }
    return false;
}

static bool read_comment(struct scanner *s, uint32_t at, uint32_t *ret_end)
{
    const char *from = s->text.data + at;
    const char *end = memmem(from, s->text.len - at, "#}", 2);
    dgl_buf_reset(&s->inside);
    if (!end)
        return false;
    dgl_buf_append(&s->inside, from, (size_t)(end - from));
    *ret_end = (uint32_t)(end - s->text.data) + 2;
    return true;
}

// "{{p - 1 }}", "{{ r|upper }}": names that only look like a prefix.
static bool goes_on_as_expression(struct dgl_str rest)
{
    static const char *const words[] = {"if", "is", "in", "and", "or", "not", "else"};
    if (rest.len == 0 || (strchr("|+*/=<>),%~!?.:", rest.data[0]) && rest.data[0]) ||
        (rest.data[0] == '-' && rest.len > 1 && rest.data[1] == ' '))
        return true;
    for (size_t i = 0; i < DGL_COUNT(words); i++) {
        size_t n = strlen(words[i]);
        if (rest.len > n && memcmp(rest.data, words[i], n) == 0 && rest.data[n] == ' ')
            return true;
    }
    return false;
}

static enum dgl_docx_prefix take_prefix(enum dgl_docx_tag_kind kind, struct dgl_str *inside)
{
    static const struct {
        const char *word;
        enum dgl_docx_prefix prefix;
    } prefixes[] = {{"p ", DGL_PREFIX_P}, {"r ", DGL_PREFIX_R}, {"tr ", DGL_PREFIX_TR}, {"tc ", DGL_PREFIX_TC}};
    for (size_t i = 0; i < DGL_COUNT(prefixes); i++) {
        if (!dgl_str_starts(*inside, prefixes[i].word))
            continue;
        size_t n = strlen(prefixes[i].word);
        struct dgl_str rest = dgl_str_trim((struct dgl_str){inside->data + n, inside->len - n});
        if (kind == DGL_TAG_VALUE && goes_on_as_expression(rest))
            return DGL_PREFIX_NONE;
        *inside = rest;
        return prefixes[i].prefix;
    }
    return DGL_PREFIX_NONE;
}

static struct dgl_str first_word(struct dgl_str s)
{
    size_t n = 0;
    while (n < s.len && ((s.data[n] | 32) >= 'a' && (s.data[n] | 32) <= 'z'))
        n++;
    return (struct dgl_str){s.data, n};
}

static enum dgl_docx_special special_of(struct dgl_str inside)
{
    static const struct {
        const char *word;
        enum dgl_docx_special special;
    } specials[] = {{"colspan", DGL_SPECIAL_COLSPAN}, {"cellbg", DGL_SPECIAL_CELLBG}, {"vm", DGL_SPECIAL_VMERGE},
                    {"hm", DGL_SPECIAL_HMERGE},       {"raw", DGL_SPECIAL_RAW},       {"endraw", DGL_SPECIAL_RAW}};
    struct dgl_str word = first_word(inside);
    for (size_t i = 0; i < DGL_COUNT(specials); i++)
        if (dgl_str_is(word, specials[i].word))
            return specials[i].special;
    return DGL_SPECIAL_NONE;
}

bool dgl_docx_prints_image(struct dgl_str inside)
{
    size_t n = 0, last = 0;
    while (n < inside.len && inside.data[n] != '|' && inside.data[n] != ' ') {
        char ch = inside.data[n];
        if (ch == '.')
            last = n + 1;
        else if (!((ch | 32) >= 'a' && (ch | 32) <= 'z') && !(ch >= '0' && ch <= '9') && ch != '_')
            return false;
        n++;
    }
    struct dgl_str rest = dgl_str_trim((struct dgl_str){inside.data + n, inside.len - n});
    return n - last > 4 && memcmp(inside.data + last, "img_", 4) == 0 && (rest.len == 0 || rest.data[0] == '|');
}

static struct dgl_str strip_dashes(struct dgl_str s, struct dgl_docx_tag *tag)
{
    if (s.len && (s.data[0] == '-' || s.data[0] == '+')) {
        tag->merge_previous = s.data[0] == '-';
        s = (struct dgl_str){s.data + 1, s.len - 1};
    }
    if (s.len && (s.data[s.len - 1] == '-' || s.data[s.len - 1] == '+')) {
        tag->merge_next = s.data[s.len - 1] == '-';
        s.len--;
    }
    return s;
}

static struct dgl_docx_tag *make_tag(struct scanner *s, enum dgl_docx_tag_kind kind, uint32_t start, uint32_t end)
{
    struct dgl_docx_compiler *c = s->c;
    if (c->tag_count == c->tag_cap) {
        size_t cap = c->tag_cap ? c->tag_cap * 2 : 64;
        struct dgl_docx_tag **more = dgl_arena_alloc(c->arena, cap * sizeof *more);
        if (c->tag_count)
            memcpy(more, c->tags, c->tag_count * sizeof *more);
        c->tags = more;
        c->tag_cap = cap;
    }
    struct dgl_docx_tag *tag = DGL_ARENA_NEW(c->arena, struct dgl_docx_tag);
    tag->kind = kind;
    tag->seq = (uint32_t)c->tag_count;
    tag->source = keep_readable(c, s->text.data + start, end - start);
    tag->place = place_of(s, tag->source);
    tag->paragraph = s->paragraph;
    struct dgl_str inside = strip_dashes((struct dgl_str){s->inside.data ? s->inside.data : "", s->inside.len}, tag);
    tag->prefix = take_prefix(kind, &inside);
    inside = dgl_str_trim(inside);
    tag->inside = keep(c, inside.data, inside.len);
    if (kind == DGL_TAG_BLOCK) {
        tag->special = special_of(tag->inside);
        tag->role = tag->special ? DGL_BLOCK_NONE : dgl_template_block_role(tag->inside, &tag->word);
    } else if (kind == DGL_TAG_VALUE) {
        tag->printing_image = tag->prefix == DGL_PREFIX_NONE && dgl_docx_prints_image(tag->inside);
    }
    c->tags[c->tag_count++] = tag;
    return tag;
}

// ---- scanning the joined text

static void add_cut(struct scanner *s, uint32_t start, uint32_t end, uint32_t tag)
{
    s->cuts = grow(s->cuts, s->cut_count, &s->cut_cap, sizeof *s->cuts);
    s->cuts[s->cut_count++] = (struct cut){start, end, tag};
}

// {_{ }_} {_% %_} print as the delimiters without the underscore.
static bool cut_escape(struct scanner *s, uint32_t i)
{
    const char *t = s->text.data;
    size_t len = s->text.len;
    if (i + 2 >= len || t[i + 1] != '_')
        return false;
    bool opens = t[i] == '{' && (t[i + 2] == '{' || t[i + 2] == '%' || t[i + 2] == '#');
    bool closes = t[i + 2] == '}' && (t[i] == '}' || t[i] == '%' || t[i] == '#');
    if (opens || closes)
        add_cut(s, i + 1, i + 2, NO_TAG);
    return opens || closes;
}

static struct dgl_str shorten(struct scanner *s, uint32_t start)
{
    struct dgl_str shown = keep_readable(s->c, s->text.data + start, DGL_MIN(s->text.len - start, (size_t)120));
    shown.len = dgl_utf8_cut(shown.data, shown.len, 60);
    return shown;
}

static void complain_unclosed(struct dgl_docx_compiler *c, uint32_t place, struct dgl_str shown, const char *closer)
{
    dgl_docx_complain(c, DGL_DIAGNOSTIC_ERROR, "syntax_error", place,
                      "syntax error: the tag \"%.*s\" is unclosed; its \"%s\" is missing%s", (int)shown.len, shown.data,
                      closer, *closer == '#' ? "" : " in this paragraph");
}

// A comment that goes on in other paragraphs is a block that is never shown: {# … #} becomes {% if false %} … {% endif
// %}.
static void cut_as_block(struct scanner *s, uint32_t from, uint32_t to, const char *inside)
{
    dgl_buf_reset(&s->inside);
    dgl_buf_puts(&s->inside, inside);
    add_cut(s, from, to, make_tag(s, DGL_TAG_BLOCK, from, to)->seq);
}

static uint32_t open_comment(struct scanner *s, uint32_t from)
{
    uint32_t end = (uint32_t)s->text.len;
    cut_as_block(s, from, end, "if false");
    s->c->comment = s->c->tags[s->c->tag_count - 1];
    return end;
}

// Inside such a comment. Returns where scanning goes on.
static uint32_t close_comment(struct scanner *s)
{
    uint32_t end = 0;
    if (!read_comment(s, 0, &end))
        return (uint32_t)s->text.len;
    s->c->comment = NULL;
    cut_as_block(s, 0, end, "endif");
    return end;
}

// {#- and -#} take the blanks beside the comment along. Returns where the comment ends then.
static uint32_t take_blanks(struct scanner *s, const struct dgl_docx_tag *tag, uint32_t *start, uint32_t end)
{
    const char *t = s->text.data;
    uint32_t floor = s->cut_count ? s->cuts[s->cut_count - 1].end : 0;
    while (tag->merge_previous && *start > floor && t[*start - 1] == ' ')
        (*start)--;
    while (tag->merge_next && end < s->text.len && t[end] == ' ')
        end++;
    return end;
}

// One tag that opens at i. Returns where scanning goes on.
static uint32_t scan_tag(struct scanner *s, uint32_t i)
{
    char second = s->text.data[i + 1];
    uint32_t end = 0;
    enum dgl_docx_tag_kind kind = second == '{' ? DGL_TAG_VALUE : second == '%' ? DGL_TAG_BLOCK : DGL_TAG_COMMENT;
    char closer = second == '{' ? '}' : second;
    bool found = kind == DGL_TAG_COMMENT
                     ? read_comment(s, i + 2, &end)
                     : read_inside(s, i + 2, closer, true, &end) || read_inside(s, i + 2, closer, false, &end);
    if (s->c->in_raw) {
        if (!found || kind != DGL_TAG_BLOCK ||
            !dgl_str_is(first_word(dgl_str_trim(dgl_str_of(s->inside.data))), "endraw"))
            return i + 2;
        s->c->in_raw = false;
        add_cut(s, i, end, NO_TAG);
        return end;
    }
    if (!found && kind == DGL_TAG_COMMENT && s->in_tree && s->paragraph)
        return open_comment(s, i);
    if (!found) {
        struct dgl_str shown = shorten(s, i);
        complain_unclosed(s->c, place_of(s, shown), shown,
                          kind == DGL_TAG_VALUE   ? "}}"
                          : kind == DGL_TAG_BLOCK ? "%}"
                                                  : "#}");
        return (uint32_t)s->text.len;
    }
    struct dgl_docx_tag *tag = make_tag(s, kind, i, end);
    if (kind == DGL_TAG_COMMENT)
        end = take_blanks(s, tag, &i, end);
    if (tag->special == DGL_SPECIAL_RAW) {
        s->c->in_raw = dgl_str_is(first_word(tag->inside), "raw");
        s->c->raw_place = tag->place;
        s->c->tag_count--;
        add_cut(s, i, end, NO_TAG);
        return end;
    }
    add_cut(s, i, end, tag->seq);
    return end;
}

static enum dgl_status scan_text(struct scanner *s, struct dgl_error *err)
{
    const char *t = s->text.data;
    s->cut_count = 0;
    s->place_text = (struct dgl_str){NULL, 0};
    size_t before = s->c->tag_count;
    for (uint32_t i = s->c->comment ? close_comment(s) : 0; i + 1 < s->text.len;) {
        if (!s->c->in_raw && t[i + 1] == '_' && cut_escape(s, i)) {
            i += 2; // the third character may begin the next escape: "{_{ }_}"
            continue;
        }
        if (t[i] == '{' && (t[i + 1] == '{' || t[i + 1] == '%' || t[i + 1] == '#')) {
            // "{{{": the outer brace is text.
            if (t[i + 1] == '{' && i + 2 < s->text.len && t[i + 2] == '{' && i + 3 < s->text.len && t[i + 3] != '{' &&
                memchr("\"'}", t[i + 3], 3) == NULL) {
                i++;
                continue;
            }
            i = scan_tag(s, i);
            continue;
        }
        i++;
    }
    if (s->c->tag_count - before > DGL_DOCX_MAX_TAGS_IN_PARAGRAPH || s->c->tag_count > DGL_DOCX_MAX_TAGS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large",
                             "the template has too many tags: at most %u in a paragraph and %u in a part",
                             DGL_DOCX_MAX_TAGS_IN_PARAGRAPH, DGL_DOCX_MAX_TAGS);
    return DGL_OK;
}

// ---- taking tags out of their runs

static void drop_if_empty(struct dgl_docx_node *n)
{
    while (n && (n->el == DGL_EL_W_T || n->el == DGL_EL_W_R || n->el == DGL_EL_W_INSTRTEXT)) {
        for (struct dgl_docx_node *k = n->first; k; k = k->next)
            if (k->kind != DGL_NODE_ELEMENT || k->el != DGL_EL_W_RPR)
                return;
        struct dgl_docx_node *parent = n->parent;
        if (!parent)
            return;
        dgl_docx_node_unlink(n);
        n = parent;
    }
}

static void keep_text(struct scanner *s, const struct piece *p, uint32_t from, uint32_t to)
{
    if (to > from)
        dgl_docx_node_before(
            p->node,
            dgl_docx_node_text(s->c->arena, (struct dgl_str){p->node->text.data + (from - p->start), to - from}));
}

// Replaces one text by what the cuts leave of it, with tags where they begin. *first is the first cut that may touch
// it.
static void cut_piece(struct scanner *s, const struct piece *p, size_t *first)
{
    while (*first < s->cut_count && s->cuts[*first].end <= p->start)
        (*first)++;
    if (*first == s->cut_count || s->cuts[*first].start >= p->end)
        return;
    struct dgl_docx_node *parent = p->node->parent;
    if (p->node->kind == DGL_NODE_ELEMENT) {
        dgl_docx_node_unlink(p->node);
        drop_if_empty(parent);
        return;
    }
    uint32_t pos = p->start;
    for (size_t i = *first; i < s->cut_count && s->cuts[i].start < p->end; i++) {
        const struct cut *cut = &s->cuts[i];
        keep_text(s, p, pos, DGL_MAX(cut->start, pos));
        if (cut->tag != NO_TAG && cut->start >= p->start) {
            struct dgl_docx_tag *tag = s->c->tags[cut->tag];
            if (tag->kind != DGL_TAG_COMMENT || tag->prefix != DGL_PREFIX_NONE) {
                tag->node = dgl_docx_node_tag(s->c->arena, tag);
                dgl_docx_node_before(p->node, tag->node);
            }
        }
        pos = DGL_MAX(pos, DGL_MIN(cut->end, p->end));
    }
    keep_text(s, p, pos, p->end);
    dgl_docx_node_unlink(p->node);
    drop_if_empty(parent);
}

static bool shows(const char *t, uint32_t from, uint32_t to)
{
    size_t pos = from;
    while (pos < to) {
        uint32_t ch = dgl_utf8_next(t, to, &pos);
        if (!is_space(ch) && !is_soft(ch))
            return true;
    }
    return false;
}

// Counts what the paragraph shows between its tags.
static void count_visible(struct scanner *s)
{
    uint32_t visible = 0, pos = 0;
    size_t shown = 0;
    for (size_t i = 0; i <= s->cut_count; i++) {
        uint32_t to = i < s->cut_count ? s->cuts[i].start : (uint32_t)s->text.len;
        visible += shows(s->text.data, pos, to);
        while (shown < s->shown_count && (s->shown[shown] <= to || i == s->cut_count)) {
            visible++;
            shown++;
        }
        if (i == s->cut_count)
            break;
        pos = s->cuts[i].end;
        if (s->cuts[i].tag == NO_TAG)
            continue;
        struct dgl_docx_tag *tag = s->c->tags[s->cuts[i].tag];
        tag->visible_before = visible;
        visible += tag->kind == DGL_TAG_VALUE;
    }
    struct dgl_docx_paragraph *p = &s->c->paragraphs[s->paragraph ? s->paragraph->paragraph : 0];
    p->visible = visible;
    p->had_tags = s->cut_count > 0;
}

static enum dgl_status scan_collected(struct scanner *s, struct dgl_error *err)
{
    DGL_TRY(dgl_buf_check(&s->text, s->c->part->name, err));
    if (s->text.len < 2 || (!s->c->in_raw && !s->c->comment && !memchr(s->text.data, '{', s->text.len) &&
                            !memmem(s->text.data, s->text.len, "_}", 2)))
        return DGL_OK;
    DGL_TRY(scan_text(s, err));
    if (s->cut_count == 0)
        return DGL_OK;
    count_visible(s);
    size_t first = 0;
    for (size_t i = 0; i < s->piece_count; i++)
        cut_piece(s, &s->pieces[i], &first);
    return DGL_OK;
}

static void start(struct scanner *s, struct dgl_docx_node *paragraph)
{
    dgl_buf_reset(&s->text);
    s->piece_count = s->shown_count = 0;
    s->paragraph = paragraph;
}

static enum dgl_status scan_tree(struct scanner *s, struct dgl_docx_node *n, struct dgl_error *err)
{
    if (n->paragraph) {
        start(s, n);
        collect(s, n);
        DGL_TRY(scan_collected(s, err));
    }
    bool in_paragraph = n->paragraph != 0;
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        if (k->kind == DGL_NODE_ELEMENT) {
            DGL_TRY(scan_tree(s, k, err));
        } else if (k->kind == DGL_NODE_TEXT && !in_paragraph && !n->paragraph && n->el == DGL_EL_OTHER) {
            start(s, NULL);
            add_piece(s, k, k->text.data, k->text.len);
            DGL_TRY(scan_collected(s, err));
        }
    }
    return DGL_OK;
}

static void scanner_fini(struct scanner *s)
{
    dgl_buf_fini(&s->text);
    dgl_buf_fini(&s->inside);
    free(s->pieces);
    free(s->cuts);
    free(s->shown);
}

enum dgl_status dgl_docx_scan(struct dgl_docx_compiler *c, struct dgl_error *err)
{
    struct scanner s = {.c = c,
                        .in_tree = true,
                        .text = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES),
                        .inside = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES)};
    c->paragraphs = dgl_arena_alloc_try(c->arena, (c->part->tree.paragraphs + 1) * sizeof *c->paragraphs);
    if (!c->paragraphs)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "the template is too large");
    c->in_raw = false;
    c->comment = NULL;
    enum dgl_status st = scan_tree(&s, c->part->tree.root, err);
    scanner_fini(&s);
    if (st == DGL_OK && c->in_raw)
        dgl_docx_complain(c, DGL_DIAGNOSTIC_ERROR, "unbalanced_block", c->raw_place,
                          "the block \"raw\" is never closed; \"{%% endraw %%}\" is missing");
    if (st == DGL_OK && c->comment) {
        struct dgl_docx_tag *t = c->comment;
        complain_unclosed(c, t->place,
                          (struct dgl_str){t->source.data, dgl_utf8_cut(t->source.data, t->source.len, 60)}, "#}");
        dgl_docx_node_unlink(t->node);
        t->node = NULL;
    }
    return st;
}

enum dgl_status dgl_docx_prepare(struct dgl_docx_compiler *c, struct dgl_error *err)
{
    if (c->prepared)
        return DGL_OK;
    c->prepared = true;
    DGL_TRY(dgl_docx_scan(c, err));
    return dgl_docx_hoist(c, err);
}

enum dgl_status dgl_docx_scan_value(struct dgl_docx_compiler *c, struct dgl_docx_node *near, struct dgl_str value,
                                    const struct dgl_docx_pieces *to, struct dgl_error *err)
{
    struct scanner s = {.c = c,
                        .paragraph = near->paragraph ? near : dgl_docx_node_up(near, DGL_EL_W_P),
                        .text = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES),
                        .inside = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES)};
    dgl_buf_append(&s.text, value.data, value.len);
    bool raw = c->in_raw;
    struct dgl_docx_tag *comment = c->comment;
    c->in_raw = false;
    c->comment = NULL;
    enum dgl_status st = scan_text(&s, err);
    c->in_raw = raw;
    c->comment = comment;
    uint32_t pos = 0;
    for (size_t i = 0; st == DGL_OK && i < s.cut_count; i++) {
        to->text(to->ctx, (struct dgl_str){value.data + pos, s.cuts[i].start - pos});
        if (s.cuts[i].tag != NO_TAG && c->tags[s.cuts[i].tag]->kind != DGL_TAG_COMMENT)
            to->tag(to->ctx, c->tags[s.cuts[i].tag]);
        pos = s.cuts[i].end;
    }
    if (st == DGL_OK)
        to->text(to->ctx, (struct dgl_str){value.data + pos, value.len - pos});
    scanner_fini(&s);
    return st;
}
