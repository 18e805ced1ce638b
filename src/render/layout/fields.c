// Fields: codes are read, results kept, except for those whose value depends on the page or the day.
//
//   begin ── code ── separate ── result ── end
//     │                 │           └─ shown as stored, or hidden when a live value stands in its place
//     └── nested fields └─ here the code is complete: what kind of field is it?
//
// Word recomputes PAGE, NUMPAGES, SECTION, SECTIONPAGES, STYLEREF, DATE and TIME when it prints; REF, TOC and the rest
// keep the result that is stored, and so do we; a table of contents that is empty or marked as out of date is made anew
// (contents.c). PAGEREF and SEQ are worked out too: a filled template has other pages
// and other rows than the template had, and nobody opens it in Word to refresh it. Source: ECMA-376 Part 1 §17.16.
#include "render/layout/build.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

// A quote or a backslash with a backslash before it is that sign itself (§17.16.1).
static bool is_escaped(const char *s, size_t len)
{
    return len > 1 && s[0] == '\\' && (s[1] == '"' || s[1] == '\\');
}

struct dgl_str build_field_word(struct dgl_str *rest)
{
    *rest = dgl_str_trim(*rest);
    struct dgl_str word = {rest->data, 0};
    bool quoted = rest->len && rest->data[0] == '"';
    size_t at = quoted;
    while (at < rest->len && (quoted ? rest->data[at] != '"' : rest->data[at] != ' ' && rest->data[at] != '\t'))
        at += quoted && is_escaped(rest->data + at, rest->len - at) ? 2 : 1;
    word = (struct dgl_str){rest->data + quoted, at - quoted};
    at = DGL_MIN(rest->len, at + quoted);
    *rest = (struct dgl_str){rest->data + at, rest->len - at};
    return word;
}

static bool word_is(struct dgl_str word, const char *name)
{
    return strlen(name) == word.len && strncasecmp(word.data, name, word.len) == 0;
}

// \* format switches that concern numbers.
static int8_t number_format(struct dgl_str rest)
{
    static const struct {
        const char *name;
        enum dgl_num_format format;
    } names[] = {
        {"Arabic", DGL_NUM_DECIMAL},          {"ROMAN", DGL_NUM_UPPER_ROMAN},       {"roman", DGL_NUM_LOWER_ROMAN},
        {"ALPHABETIC", DGL_NUM_UPPER_LETTER}, {"alphabetic", DGL_NUM_LOWER_LETTER}, {"Ordinal", DGL_NUM_ORDINAL},
        {"CardText", DGL_NUM_CARDINAL_TEXT},  {"OrdText", DGL_NUM_ORDINAL_TEXT},    {"ArabicDash", DGL_NUM_DASHED}};
    while (rest.len) {
        struct dgl_str word = build_field_word(&rest);
        for (size_t i = 0; i < DGL_COUNT(names); i++)
            if (dgl_str_is(word, names[i].name) ||
                (i != 1 && i != 2 && i != 3 && i != 4 && word_is(word, names[i].name)))
                return (int8_t)names[i].format;
    }
    return -1;
}

// Word's date pictures are nearly ICU's: only the names of days and the half of the day are written otherwise.
static size_t icu_pattern(struct dgl_str picture, UChar *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < picture.len && n + 8 < size; i++) {
        char c = picture.data[i];
        if (i + 4 < picture.len && strncasecmp(picture.data + i, "am/pm", 5) == 0) {
            out[n++] = 'a';
            i += 4;
        } else if (c == 'd' && i + 2 < picture.len && picture.data[i + 1] == 'd' && picture.data[i + 2] == 'd') {
            bool four = i + 3 < picture.len && picture.data[i + 3] == 'd';
            for (int k = 0; k < (four ? 4 : 3); k++)
                out[n++] = 'E';
            i += four ? 3 : 2;
        } else if (strchr("dMyhHms'.,:;/- ", c)) {
            out[n++] = (UChar)c;
        } else if ((unsigned char)c < 0x80) {
            out[n++] = '\'';
            out[n++] = (UChar)c;
            out[n++] = '\'';
        }
    }
    out[n] = 0;
    return n;
}

static struct dgl_str dated(struct builder *b, struct dgl_str picture)
{
    UChar pattern[128], zone[64], text[160];
    icu_pattern(picture, pattern, DGL_COUNT(pattern));
    UErrorCode code = U_ZERO_ERROR;
    u_strFromUTF8(zone, DGL_COUNT(zone), NULL, b->env->time_zone ? b->env->time_zone : "UTC", -1, &code);
    UDateFormat *format =
        udat_open(UDAT_PATTERN, UDAT_PATTERN, b->env->language ? b->env->language : "en", zone, -1, pattern, -1, &code);
    int32_t len = U_SUCCESS(code) ? udat_format(format, (double)(b->env->created_at_us / 1000), text,
                                                DGL_COUNT(text) - 1, NULL, &code)
                                  : 0;
    if (format)
        udat_close(format);
    char *utf8 = dgl_arena_alloc(b->arena, 640);
    int32_t bytes = 0;
    u_strToUTF8(utf8, 639, &bytes, text, U_SUCCESS(code) ? len : 0, &code);
    return (struct dgl_str){utf8, U_SUCCESS(code) ? (size_t)bytes : 0};
}

static struct dgl_str date_text(struct builder *b, struct dgl_str rest, bool time)
{
    struct dgl_str picture = time ? DGL_STR("h:mm am/pm") : DGL_STR("M/d/yyyy");
    while (rest.len)
        if (dgl_str_is(build_field_word(&rest), "\\@"))
            picture = build_field_word(&rest);
    return dated(b, picture);
}

static struct dgl_str kept(struct builder *b, struct dgl_str s)
{
    return (struct dgl_str){dgl_arena_strndup(b->arena, s.data, s.len), s.len};
}

static struct dgl_str argument(struct builder *b, struct dgl_str s)
{
    char *copy = dgl_arena_strndup(b->arena, s.data, s.len);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        i += is_escaped(s.data + i, s.len - i);
        copy[n++] = s.data[i];
    }
    copy[n] = '\0';
    return (struct dgl_str){copy, n};
}

static const struct dgl_link *hyperlink(struct builder *b, struct dgl_str rest)
{
    struct dgl_link *link = DGL_ARENA_NEW(b->arena, struct dgl_link);
    while (rest.len) {
        struct dgl_str word = build_field_word(&rest);
        if (dgl_str_is(word, "\\l"))
            link->anchor = argument(b, build_field_word(&rest));
        else if (dgl_str_is(word, "\\o") || dgl_str_is(word, "\\t") || dgl_str_is(word, "\\m"))
            (void)build_field_word(&rest);
        else if (word.len && word.data[0] != '\\' && !link->url.len)
            link->url = argument(b, word);
    }
    return link->url.len || link->anchor.len ? link : NULL;
}

static bool live_kind(struct dgl_str name, enum dgl_field *ret)
{
    static const struct {
        const char *name;
        enum dgl_field kind;
    } live[] = {{"PAGE", DGL_FIELD_PAGE},         {"NUMPAGES", DGL_FIELD_NUMPAGES},
                {"SECTION", DGL_FIELD_SECTION},   {"SECTIONPAGES", DGL_FIELD_SECTIONPAGES},
                {"STYLEREF", DGL_FIELD_STYLEREF}, {"PAGEREF", DGL_FIELD_PAGEREF}};
    for (size_t i = 0; i < DGL_COUNT(live); i++)
        if (word_is(name, live[i].name)) {
            *ret = live[i].kind;
            return true;
        }
    return false;
}

// SEQ counts up; \\r sets, \\c repeats, \\h shows nothing.
static struct dgl_str sequence(struct builder *b, struct dgl_str rest)
{
    struct dgl_str name = build_field_word(&rest), all = rest;
    struct build_sequence *s = NULL;
    for (unsigned i = 0; i < b->sequence_count && !s; i++)
        if (dgl_str_equal(b->sequences[i].name, name))
            s = &b->sequences[i];
    if (!s && b->sequence_count < BUILD_MAX_SEQUENCES) {
        s = &b->sequences[b->sequence_count++];
        *s = (struct build_sequence){kept(b, name), 0};
    }
    bool repeats = false, hidden = false, set = false, formatted = false;
    int64_t value = 0;
    while (rest.len) {
        struct dgl_str word = build_field_word(&rest);
        repeats |= dgl_str_is(word, "\\c");
        hidden |= dgl_str_is(word, "\\h");
        formatted |= dgl_str_is(word, "\\*");
        if (dgl_str_is(word, "\\r")) {
            struct dgl_str number = build_field_word(&rest);
            value = dgl_x_int(&number, 1);
            set = true;
        }
    }
    if (s)
        s->value = set ? value : s->value + !repeats;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(256);
    int8_t format = number_format(all);
    if (!hidden || formatted)
        dgl_num_put(&text, format >= 0 ? (enum dgl_num_format)format : DGL_NUM_DECIMAL, s ? s->value : 1);
    return kept(b, (struct dgl_str){text.data ? text.data : "", text.len});
}

static bool is_sequence(struct dgl_str name, struct dgl_str rest)
{
    if (!word_is(name, "SEQ"))
        return false;
    while (rest.len) // restarted by headings: the stored number is right more often than ours would be
        if (dgl_str_is(build_field_word(&rest), "\\s"))
            return false;
    return true;
}

static void make_page_ref(struct builder *b, const struct build_field *f, struct dgl_inline *in)
{
    struct dgl_page_ref *ref = DGL_ARENA_NEW(b->arena, struct dgl_page_ref);
    ref->bookmark = in->text;
    ref->shown = kept(b, (struct dgl_str){f->result.data ? f->result.data : "", f->result.len});
    ref->next = b->doc->page_refs;
    b->doc->page_refs = ref;
    in->field.ref = ref;
}

// The number that stands at the end of the paragraph's inlines belongs to that sequence.
static void note_caption(struct builder *b, struct dgl_str rest)
{
    struct dgl_caption *c = DGL_ARENA_NEW(b->arena, struct dgl_caption);
    *c = (struct dgl_caption){kept(b, build_field_word(&rest)), b->inline_count, b->captions};
    b->captions = c;
}

static void emit_live(struct builder *b, struct build_field *f, struct dgl_run *run)
{
    if (f->rebuilt || f->emitted || f->state != BUILD_FIELD_HIDDEN || (run->r.toggles & DGL_T_HIDDEN))
        return;
    struct dgl_str rest = {f->code.data ? f->code.data : "", f->code.len};
    struct dgl_str name = build_field_word(&rest), before = rest;
    f->emitted = true;
    enum dgl_field kind;
    if (live_kind(name, &kind)) {
        struct dgl_inline *in = build_push(b, DGL_IN_FIELD, run);
        if (!in)
            return;
        in->field.kind = kind;
        in->field.format = number_format(rest);
        in->text = kept(b, build_field_word(&before));
        if (kind == DGL_FIELD_PAGEREF)
            make_page_ref(b, f, in);
        else
            b->doc->has_page_fields |= b->section_tail != NULL;
    } else {
        struct dgl_inline *in = build_push(b, DGL_IN_TEXT, run);
        if (in)
            in->text = is_sequence(name, rest) ? sequence(b, rest) : date_text(b, rest, word_is(name, "TIME"));
    }
}

// The code is complete: what stands in the paragraph from here on?
static void separate(struct builder *b, struct build_field *f)
{
    struct dgl_str rest = {f->code.data ? f->code.data : "", f->code.len};
    struct dgl_str name = build_field_word(&rest);
    enum dgl_field kind;
    bool live = live_kind(name, &kind) || word_is(name, "DATE") || word_is(name, "TIME") || is_sequence(name, rest);
    f->state = live ? BUILD_FIELD_HIDDEN : BUILD_FIELD_SHOWN;
    f->contents = word_is(name, "TOC") && b->section_tail;
    f->lists = word_is(name, "TOC") || word_is(name, "TOA") || word_is(name, "INDEX");
    f->rebuilt = f->contents && f->dirty;
    if (f->rebuilt)
        f->state = BUILD_FIELD_HIDDEN;
    if (word_is(name, "HYPERLINK"))
        f->link = hyperlink(b, rest);
    if (word_is(name, "PAGEREF") || word_is(name, "REF")) {
        struct dgl_str target = build_field_word(&rest);
        bool linked = false;
        while (rest.len)
            linked |= dgl_str_is(build_field_word(&rest), "\\h");
        if (linked && target.len) {
            struct dgl_link *link = DGL_ARENA_NEW(b->arena, struct dgl_link);
            link->anchor = kept(b, target);
            f->link = link;
        }
    }
}

// ---- Fields without a result ----

static void push_value(struct builder *b, struct dgl_run *run, struct dgl_str text)
{
    struct dgl_inline *in = text.len && !(run->r.toggles & DGL_T_HIDDEN) ? build_push(b, DGL_IN_TEXT, run) : NULL;
    if (in)
        in->text = text;
}

// SYMBOL names a character by its number, and perhaps a font and a size in points (§17.16.5.64).
static void push_symbol(struct builder *b, struct dgl_str rest, struct dgl_run *run)
{
    struct dgl_str number = build_field_word(&rest);
    bool hex = number.len > 2 && number.data[0] == '0' && (number.data[1] | 32) == 'x';
    char digits[16];
    dgl_str_copy(digits, sizeof(digits), number.data, number.len);
    uint32_t code = (uint32_t)strtoul(digits, NULL, hex ? 16 : 10);
    struct dgl_rpr r;
    memcpy(&r, &run->r, sizeof(r));
    while (rest.len) {
        struct dgl_str word = build_field_word(&rest);
        if (dgl_str_is(word, "\\f")) {
            const char *font = dgl_prop_intern(&b->reader, build_field_word(&rest));
            for (unsigned i = 0; i < DGL_SLOT_COUNT; i++)
                r.font[i] = font;
        } else if (dgl_str_is(word, "\\s")) {
            struct dgl_str size = build_field_word(&rest);
            r.size = (int32_t)DGL_MAX(1, DGL_MIN(dgl_x_int(&size, r.size / 1000), 1638)) * 1000;
        }
    }
    char *utf8 = dgl_arena_alloc(b->arena, 4);
    bool valid = code >= 0x20 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    push_value(b, build_run(b, &r), (struct dgl_str){utf8, valid ? dgl_utf8_put(utf8, code) : 0});
}

// What shows although no result is stored: buttons show the end of their code, lists the entry that is chosen.
static void emit_bare(struct builder *b, const struct build_field *f, struct dgl_run *run)
{
    static const char *const left_out[] = {"EQ",      "AUTONUM", "AUTONUMLGL",     "AUTONUMOUT",  "LISTNUM",
                                           "ADVANCE", "BARCODE", "DISPLAYBARCODE", "MERGEBARCODE"};
    struct dgl_str rest = {f->code.data ? f->code.data : "", f->code.len}, name = build_field_word(&rest);
    if (word_is(name, "MACROBUTTON") || word_is(name, "GOTOBUTTON")) {
        (void)build_field_word(&rest); // what it does
        push_value(b, run, kept(b, dgl_str_trim(rest)));
    } else if (word_is(name, "FORMDROPDOWN")) {
        push_value(b, run, f->chosen);
    } else if (word_is(name, "SYMBOL")) {
        push_symbol(b, rest, run);
    }
    for (size_t i = 0; i < DGL_COUNT(left_out); i++)
        if (word_is(name, left_out[i]))
            build_finding(b, DGL_FEATURE_FIELD);
}

void build_page_number(struct builder *b, struct dgl_run *run)
{
    struct dgl_inline *in =
        build_is_shown(b) && !(run->r.toggles & DGL_T_HIDDEN) ? build_push(b, DGL_IN_FIELD, run) : NULL;
    if (!in)
        return;
    in->field.kind = DGL_FIELD_PAGE;
    in->field.format = -1;
    b->doc->has_page_fields |= b->section_tail != NULL;
}

void build_date(struct builder *b, const char *picture, struct dgl_run *run)
{
    if (build_is_shown(b))
        push_value(b, run, dated(b, dgl_str_of(picture)));
}

static bool outer_shown(const struct builder *b)
{
    for (unsigned i = 0; i + 1 < b->field_depth; i++)
        if (b->fields[i].state != BUILD_FIELD_SHOWN)
            return false;
    return true;
}

static void begin(struct builder *b)
{
    if (b->field_depth == BUILD_MAX_FIELDS) {
        b->field_overflow++;
        return;
    }
    b->fields[b->field_depth++] = (struct build_field){.code = DGL_BUF_INIT(16384),
                                                       .result = DGL_BUF_INIT(1024),
                                                       .dirty = b->sheet->settings.update_fields,
                                                       .paragraph = b->paragraph};
}

static void want_contents(struct builder *b, const struct build_field *f)
{
    struct build_contents *c = DGL_ARENA_NEW(b->arena, struct build_contents);
    c->code = kept(b, (struct dgl_str){f->code.data ? f->code.data : "", f->code.len});
    c->paragraph = f->paragraph;
    c->next = b->contents;
    b->contents = c;
}

bool build_in_rebuilt(const struct builder *b)
{
    for (unsigned i = 0; i < b->field_depth; i++)
        if (b->fields[i].rebuilt && b->fields[i].paragraph != b->paragraph)
            return true;
    return false;
}

static void end(struct builder *b, struct dgl_run *run)
{
    if (b->field_overflow) {
        b->field_overflow--;
        return;
    }
    if (b->field_depth == 0)
        return;
    struct build_field *f = &b->fields[b->field_depth - 1];
    bool bare = f->state == BUILD_FIELD_CODE;
    if (bare)
        separate(b, f);
    if (outer_shown(b) && run)
        emit_live(b, f, f->run ? f->run : run);
    if (outer_shown(b) && run && bare)
        emit_bare(b, f, run);
    struct dgl_str rest = {f->code.data ? f->code.data : "", f->code.len};
    if (outer_shown(b) && word_is(build_field_word(&rest), "SEQ"))
        note_caption(b, rest);
    if (f->contents && !f->filled && outer_shown(b))
        want_contents(b, f);
    else if (f->lists && !f->filled && outer_shown(b))
        build_finding(b, DGL_FEATURE_EMPTY_CONTENTS);
    if (b->field_depth > 1)
        b->fields[b->field_depth - 2].filled |= f->filled;
    dgl_buf_fini(&f->code);
    dgl_buf_fini(&f->result);
    b->field_depth--;
}

// Of a drop-down list (§17.16.9): the entry last chosen, else the default one, else the first.
static struct dgl_str chosen_entry(const struct dgl_x *list)
{
    const struct dgl_x *result = dgl_x_child(list, DGL_X_result);
    result = result ? result : dgl_x_child(list, DGL_X_default);
    int64_t index = dgl_x_attr_int(result, DGL_X_val, 0);
    for (const struct dgl_x *x = list ? list->first : NULL; x; x = x->next)
        if (x->name == DGL_X_listEntry && index-- == 0)
            return dgl_x_val(x);
    return (struct dgl_str){"", 0};
}

void build_field_char(struct builder *b, const struct dgl_x *n, struct dgl_run *run)
{
    if (dgl_x_attr_is(n, DGL_X_fldCharType, "begin")) {
        begin(b);
        const struct dgl_str *dirty = dgl_x_attr(n, DGL_X_dirty);
        if (dirty && dgl_x_on(dirty) && b->field_depth && !b->field_overflow)
            b->fields[b->field_depth - 1].dirty = true;
        const struct dgl_x *form = dgl_x_child(n, DGL_X_ffData);
        if (b->field_depth && !b->field_overflow)
            b->fields[b->field_depth - 1].chosen = chosen_entry(dgl_x_child(form, DGL_X_ddList));
        const struct dgl_x *box = dgl_x_child(form, DGL_X_checkBox);
        if (box && build_is_shown(b) == false && b->field_depth && outer_shown(b)) {
            const struct dgl_x *checked = dgl_x_child(box, DGL_X_checked);
            bool on = checked ? dgl_x_val_on(checked) : dgl_x_val_on(dgl_x_child(box, DGL_X_default));
            struct dgl_inline *in = build_push(b, DGL_IN_TEXT, run);
            if (in)
                in->text = on ? DGL_STR("\xE2\x98\x92") : DGL_STR("\xE2\x98\x90");
        }
    } else if (dgl_x_attr_is(n, DGL_X_fldCharType, "separate")) {
        if (b->field_depth && !b->field_overflow && b->fields[b->field_depth - 1].state == BUILD_FIELD_CODE)
            separate(b, &b->fields[b->field_depth - 1]);
    } else {
        end(b, run);
    }
}

void build_field_code(struct builder *b, struct dgl_str text)
{
    if (b->field_depth && !b->field_overflow && b->fields[b->field_depth - 1].state == BUILD_FIELD_CODE)
        dgl_buf_append(&b->fields[b->field_depth - 1].code, text.data, text.len);
}

void build_field_begin(struct builder *b, struct dgl_str code)
{
    begin(b);
    if (b->field_overflow)
        return;
    struct build_field *f = &b->fields[b->field_depth - 1];
    dgl_buf_append(&f->code, code.data, code.len);
    separate(b, f);
}

void build_field_end(struct builder *b)
{
    struct build_field *f = b->field_depth && !b->field_overflow ? &b->fields[b->field_depth - 1] : NULL;
    if (f && f->state == BUILD_FIELD_HIDDEN && !f->run) { // no result to take the run from
        struct build_context none = {0};
        struct dgl_rpr r = build_base_rpr(b, &none, b->sheet->default_paragraph);
        f->run = build_run(b, &r);
    }
    end(b, f ? f->run : NULL);
}

// A run of a result that is not shown lends its properties to the live value.
void build_field_result(struct builder *b, struct dgl_run *run, struct dgl_str text)
{
    struct build_field *f = b->field_depth && !b->field_overflow ? &b->fields[b->field_depth - 1] : NULL;
    if (!f || f->state != BUILD_FIELD_HIDDEN)
        return;
    if (!f->run)
        f->run = run;
    if (f->result.len + text.len <= 64) // a page number
        dgl_buf_append(&f->result, text.data, text.len);
}

void build_fields_reset(struct builder *b)
{
    while (b->field_depth) {
        dgl_buf_fini(&b->fields[--b->field_depth].code);
        dgl_buf_fini(&b->fields[b->field_depth].result);
    }
    b->field_overflow = 0;
}
