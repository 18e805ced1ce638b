// Loading a sheet: theme, then styles (flattened along basedOn), numbering and settings.
//
// Flattening turns every style into one set of properties, so that a paragraph needs no walk. A paragraph style that
// carries numbering takes the level's indents just below its own, as Word does.
#include "render/layout/sheet.h"

#include "base/buf.h"
#include "render/layout/numbering.h"
#include "render/layout/sheet_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// ---- Theme ----

// A theme that names no font for a group of scripts has one per script; the settings say which script counts.
static const char *script_of(struct dgl_str lang)
{
    static const char *const scripts[][2] = {
        {"ja", "Jpan"},      {"ko", "Hang"}, {"zh-TW", "Hant"}, {"zh-HK", "Hant"}, {"zh-MO", "Hant"},
        {"zh-Hant", "Hant"}, {"zh", "Hans"}, {"ar", "Arab"},    {"fa", "Arab"},    {"ur", "Arab"},
        {"he", "Hebr"},      {"th", "Thai"}, {"hi", "Deva"},    {"mr", "Deva"},    {"ne", "Deva"},
        {"bn", "Beng"},      {"ta", "Taml"}, {"te", "Telu"},    {"km", "Khmr"},    {"lo", "Laoo"}};
    for (size_t i = 0; lang.len && i < DGL_COUNT(scripts); i++)
        if (dgl_str_starts(lang, scripts[i][0]))
            return scripts[i][1];
    return NULL;
}

static const char *typeface(struct dgl_sheet *s, const struct dgl_x *font, enum dgl_x_name which)
{
    const struct dgl_str *face = dgl_x_attr(dgl_x_child(font, which), DGL_X_typeface);
    const char *script = which == DGL_X_ea   ? script_of(s->settings.theme_east_asia)
                         : which == DGL_X_cs ? script_of(s->settings.theme_bidi)
                                             : NULL;
    for (const struct dgl_x *c = font && script ? font->first : NULL; c && (!face || !face->len); c = c->next)
        if (c->name == DGL_X_font && dgl_x_attr_is(c, DGL_X_script, script))
            face = dgl_x_attr(c, DGL_X_typeface);
    return face && face->len ? dgl_arena_strndup(s->arena, face->data, face->len) : NULL;
}

static void read_theme(struct dgl_sheet *s, const struct dgl_x *root)
{
    static const enum dgl_x_name slots[] = {DGL_X_dk1,     DGL_X_lt1,     DGL_X_dk2,     DGL_X_lt2,
                                            DGL_X_accent1, DGL_X_accent2, DGL_X_accent3, DGL_X_accent4,
                                            DGL_X_accent5, DGL_X_accent6, DGL_X_hlink,   DGL_X_folHlink};
    static const enum dgl_x_name scripts[] = {DGL_X_latin, DGL_X_ea, DGL_X_cs};
    const struct dgl_x *fonts = dgl_x_find(root, DGL_X_fontScheme), *colors = dgl_x_find(root, DGL_X_clrScheme);
    for (unsigned i = 0; i < 3; i++) {
        s->theme.major[i] = typeface(s, dgl_x_child(fonts, DGL_X_majorFont), scripts[i]);
        s->theme.minor[i] = typeface(s, dgl_x_child(fonts, DGL_X_minorFont), scripts[i]);
    }
    const struct dgl_x *formats = dgl_x_find(root, DGL_X_fmtScheme);
    s->theme.fills = dgl_x_child(formats, DGL_X_fillStyleLst);
    s->theme.backgrounds = dgl_x_child(formats, DGL_X_bgFillStyleLst);
    s->theme.lines = dgl_x_child(formats, DGL_X_lnStyleLst);
    s->theme.effects = dgl_x_child(formats, DGL_X_effectStyleLst);
    for (unsigned i = 0; colors && i < DGL_COUNT(slots); i++) {
        const struct dgl_x *c = dgl_x_child(colors, slots[i]);
        const struct dgl_x *value = c ? c->first : NULL;
        bool system = value && value->name == DGL_X_sysClr;
        s->theme.color[i] = dgl_color_read(NULL, value, system ? DGL_X_lastClr : DGL_X_val, DGL_X_OTHER);
        if (s->theme.color[i] == DGL_COLOR_AUTO)
            s->theme.color[i] = i == 1 || i == 3 ? 0xFFFFFF : 0x000000;
        s->theme.has_colors = true;
    }
}

// ---- Styles ----

static uint32_t hash_id(struct dgl_str id)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ (unsigned char)id.data[i]) * 16777619u;
    return h;
}

uint16_t dgl_sheet_style(const struct dgl_sheet *s, struct dgl_str id)
{
    if (s->style_slot_count == 0 || id.len == 0)
        return UINT16_MAX;
    for (uint32_t at = hash_id(id) & (s->style_slot_count - 1); s->style_slots[at] != UINT16_MAX;
         at = (at + 1) & (s->style_slot_count - 1))
        if (dgl_str_equal(s->styles[s->style_slots[at]].id, id))
            return s->style_slots[at];
    return UINT16_MAX;
}

static uint16_t style_of(void *ctx, struct dgl_str id)
{
    return dgl_sheet_style(ctx, id);
}

struct dgl_prop_reader dgl_sheet_reader(const struct dgl_sheet *s, struct dgl_arena *a)
{
    return (struct dgl_prop_reader){.arena = a, .theme = &s->theme, .style_index = style_of, .ctx = (void *)s};
}

static enum dgl_style_type type_of(const struct dgl_x *n)
{
    if (dgl_x_attr_is(n, DGL_X_type, "character"))
        return DGL_STYLE_CHARACTER;
    if (dgl_x_attr_is(n, DGL_X_type, "table"))
        return DGL_STYLE_TABLE;
    if (dgl_x_attr_is(n, DGL_X_type, "numbering"))
        return DGL_STYLE_NUMBERING;
    return DGL_STYLE_PARAGRAPH;
}

// "heading 1" to "heading 9", as Word names them in every language's files; "Title" opens the outline too.
static int8_t heading_of(struct dgl_str name)
{
    if (name.len == 9 && (strncasecmp(name.data, "heading ", 8) == 0) && name.data[8] >= '1' && name.data[8] <= '9')
        return (int8_t)(name.data[8] - '0');
    return 0;
}

static void list_styles(struct dgl_sheet *s, const struct dgl_x *root)
{
    uint32_t count = 0;
    DGL_X_EACH(n, root)
    {
        count += n->name == DGL_X_style;
    }
    count = DGL_MIN(count, DGL_LAYOUT_MAX_STYLES);
    s->style_slot_count = 16;
    while (s->style_slot_count < count * 2)
        s->style_slot_count *= 2;
    s->styles = dgl_arena_alloc(s->arena, (count + 1) * sizeof(*s->styles));
    s->style_slots = dgl_arena_alloc(s->arena, s->style_slot_count * sizeof(*s->style_slots));
    memset(s->style_slots, 0xFF, s->style_slot_count * sizeof(*s->style_slots));
    DGL_X_EACH(n, root)
    {
        if (n->name != DGL_X_style || s->style_count == count)
            continue;
        const struct dgl_str *id = dgl_x_attr(n, DGL_X_styleId), *is_default = dgl_x_attr(n, DGL_X_default);
        struct dgl_style *st = &s->styles[s->style_count];
        st->id = id ? *id : (struct dgl_str){"", 0};
        st->type = type_of(n);
        st->node = n;
        st->name = dgl_x_val(dgl_x_child(n, DGL_X_name));
        st->heading = heading_of(st->name);
        st->based_on_id = dgl_x_val(dgl_x_child(n, DGL_X_basedOn));
        st->is_default = is_default && dgl_x_on(is_default);
        uint32_t at = hash_id(st->id) & (s->style_slot_count - 1);
        while (s->style_slots[at] != UINT16_MAX)
            at = (at + 1) & (s->style_slot_count - 1);
        s->style_slots[at] = s->style_count;
        uint16_t *chosen = st->type == DGL_STYLE_PARAGRAPH   ? &s->default_paragraph
                           : st->type == DGL_STYLE_CHARACTER ? &s->default_character
                           : st->type == DGL_STYLE_TABLE     ? &s->default_table
                                                             : NULL;
        if (chosen && st->is_default && *chosen == UINT16_MAX)
            *chosen = s->style_count;
        s->style_count++;
    }
}

static enum dgl_condition condition_of(const struct dgl_x *n)
{
    static const struct {
        const char *name;
        enum dgl_condition cond;
    } names[] = {{"band1Vert", DGL_COND_BAND1_V},  {"band2Vert", DGL_COND_BAND2_V},  {"band1Horz", DGL_COND_BAND1_H},
                 {"band2Horz", DGL_COND_BAND2_H},  {"firstCol", DGL_COND_FIRST_COL}, {"lastCol", DGL_COND_LAST_COL},
                 {"firstRow", DGL_COND_FIRST_ROW}, {"lastRow", DGL_COND_LAST_ROW},   {"neCell", DGL_COND_NE},
                 {"nwCell", DGL_COND_NW},          {"seCell", DGL_COND_SE},          {"swCell", DGL_COND_SW}};
    const struct dgl_str *type = dgl_x_attr(n, DGL_X_type);
    for (size_t i = 0; type && i < DGL_COUNT(names); i++)
        if (dgl_str_is(*type, names[i].name))
            return names[i].cond;
    return DGL_COND_WHOLE;
}

static void read_cond(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_style_cond *c)
{
    c->present = true;
    dgl_ppr_read(r, dgl_x_child(n, DGL_X_pPr), &c->ppr);
    dgl_rpr_read(r, dgl_x_child(n, DGL_X_rPr), &c->rpr);
    dgl_tblpr_read(r, dgl_x_child(n, DGL_X_tblPr), &c->tblpr);
    dgl_trpr_read(dgl_x_child(n, DGL_X_trPr), &c->trpr);
    dgl_tcpr_read(r, dgl_x_child(n, DGL_X_tcPr), &c->tcpr);
}

static void flatten_table(struct dgl_sheet *s, struct dgl_style *st, const struct dgl_style *base)
{
    struct dgl_prop_reader r = dgl_sheet_reader(s, s->arena);
    st->cond = dgl_arena_alloc(s->arena, DGL_COND_COUNT * sizeof(*st->cond));
    if (base && base->cond)
        memcpy(st->cond, base->cond, DGL_COND_COUNT * sizeof(*st->cond));
    read_cond(&r, st->node, &st->cond[DGL_COND_WHOLE]);
    DGL_X_EACH(n, st->node)
    {
        if (n->name == DGL_X_tblStylePr)
            read_cond(&r, n, &st->cond[condition_of(n)]);
    }
}

static void flatten(struct dgl_sheet *s, uint16_t index, unsigned depth)
{
    struct dgl_style *st = &s->styles[index];
    if (st->flat)
        return;
    st->flat = 1;
    st->based_on = dgl_sheet_style(s, st->based_on_id);
    const struct dgl_style *base = NULL;
    if (st->based_on != UINT16_MAX && depth < DGL_LAYOUT_MAX_STYLE_CHAIN && s->styles[st->based_on].type == st->type) {
        flatten(s, st->based_on, depth + 1);
        if (s->styles[st->based_on].flat == 2)
            base = &s->styles[st->based_on];
    }
    if (base) {
        st->ppr = base->ppr;
        st->rpr = base->rpr;
        if (st->heading == 0 && base->heading && !dgl_x_child(dgl_x_child(st->node, DGL_X_pPr), DGL_X_outlineLvl))
            st->heading = base->heading;
    }
    if (st->type == DGL_STYLE_TABLE)
        flatten_table(s, st, base);
    struct dgl_prop_reader r = dgl_sheet_reader(s, s->arena);
    struct dgl_ppr own = {0};
    dgl_ppr_read(&r, dgl_x_child(st->node, DGL_X_pPr), &own);
    if (own.set & DGL_P_NUM) {
        const struct dgl_num_level *level =
            dgl_num_level(dgl_sheet_num(s, own.num), own.set & DGL_P_ILVL ? own.ilvl : st->ppr.ilvl);
        if (level)
            dgl_ppr_apply_indent(&st->ppr, &level->ppr);
        if (level && level->ppr.tab_count)
            dgl_ppr_apply(&st->ppr, &(struct dgl_ppr){.tabs = level->ppr.tabs, .tab_count = level->ppr.tab_count},
                          s->arena);
    }
    dgl_ppr_apply(&st->ppr, &own, s->arena);
    struct dgl_rpr run = {0};
    dgl_rpr_read(&r, dgl_x_child(st->node, DGL_X_rPr), &run);
    dgl_rpr_apply(&st->rpr, &run);
    st->flat = 2;
}

static void read_styles(struct dgl_sheet *s, const struct dgl_x *root)
{
    const struct dgl_x *defaults = dgl_x_child(root, DGL_X_docDefaults);
    list_styles(s, root);
    struct dgl_prop_reader r = dgl_sheet_reader(s, s->arena);
    dgl_rpr_read(&r, dgl_x_child(dgl_x_child(defaults, DGL_X_rPrDefault), DGL_X_rPr), &s->rpr);
    dgl_ppr_read(&r, dgl_x_child(dgl_x_child(defaults, DGL_X_pPrDefault), DGL_X_pPr), &s->ppr);
}

// ---- Settings ----

void dgl_note_numbers_read(const struct dgl_x *n, struct dgl_note_numbers *p)
{
    const struct dgl_x *format = dgl_x_child(n, DGL_X_numFmt), *start = dgl_x_child(n, DGL_X_numStart),
                       *restart = dgl_x_child(n, DGL_X_numRestart), *pos = dgl_x_child(n, DGL_X_pos);
    if (format)
        p->format = (uint8_t)dgl_num_format_of(dgl_x_val(format));
    if (start)
        p->start = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(start, DGL_X_val, 1), 1000000));
    if (restart) {
        p->each_section = dgl_x_attr_is(restart, DGL_X_val, "eachSect");
        p->each_page = dgl_x_attr_is(restart, DGL_X_val, "eachPage");
    }
    if (pos) {
        p->at_section_end = dgl_x_attr_is(pos, DGL_X_val, "sectEnd");
        p->beneath_text = dgl_x_attr_is(pos, DGL_X_val, "beneathText");
    }
}

static void read_compat(struct dgl_settings *t, const struct dgl_x *compat)
{
    DGL_X_EACH(c, compat)
    {
        if (c->name == DGL_X_compatSetting && dgl_x_attr_is(c, DGL_X_name, "compatibilityMode"))
            t->compat = (int32_t)DGL_MAX(11, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 12), 15));
    }
    t->grid_in_tables = dgl_x_val_on(dgl_x_child(compat, DGL_X_adjustLineHeightInTable));
    t->keep_shift_return = dgl_x_val_on(dgl_x_child(compat, DGL_X_doNotExpandShiftReturn));
    t->spaces_add_up = dgl_x_val_on(dgl_x_child(compat, DGL_X_doNotUseHTMLParagraphAutoSpacing));
    t->split_page_break = dgl_x_val_on(dgl_x_child(compat, DGL_X_splitPgBreakAndParaMark));
    t->no_space_after_break = t->compat >= 15 || dgl_x_val_on(dgl_x_child(compat, DGL_X_suppressSpBfAfterPgBrk));
}

static void read_settings(struct dgl_sheet *s, const struct dgl_x *root)
{
    struct dgl_settings *t = &s->settings;
    const struct dgl_x *tab = dgl_x_child(root, DGL_X_defaultTabStop), *compat = dgl_x_child(root, DGL_X_compat);
    if (tab)
        t->default_tab = DGL_MAX(0, dgl_x_twips(dgl_x_attr(tab, DGL_X_val), t->default_tab));
    t->even_odd_headers = dgl_x_val_on(dgl_x_child(root, DGL_X_evenAndOddHeaders));
    t->mirror_margins = dgl_x_val_on(dgl_x_child(root, DGL_X_mirrorMargins));
    t->gutter_at_top = dgl_x_val_on(dgl_x_child(root, DGL_X_gutterAtTop));
    t->auto_hyphenation = dgl_x_val_on(dgl_x_child(root, DGL_X_autoHyphenation));
    const struct dgl_x *zone = dgl_x_child(root, DGL_X_hyphenationZone),
                       *limit = dgl_x_child(root, DGL_X_consecutiveHyphenLimit);
    t->hyphen_zone = zone ? DGL_MAX(0, dgl_x_twips(dgl_x_attr(zone, DGL_X_val), 18000)) : 18000;
    t->hyphen_limit = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(limit, DGL_X_val, 0), 1000));
    t->no_hyphens_in_caps = dgl_x_val_on(dgl_x_child(root, DGL_X_doNotHyphenateCaps));
    t->background = dgl_x_val_on(dgl_x_child(root, DGL_X_displayBackgroundShape));
    t->update_fields = dgl_x_val_on(dgl_x_child(root, DGL_X_updateFields));
    dgl_note_numbers_read(dgl_x_child(root, DGL_X_footnotePr), &t->footnotes);
    dgl_note_numbers_read(dgl_x_child(root, DGL_X_endnotePr), &t->endnotes);
    const struct dgl_x *compress = dgl_x_child(root, DGL_X_characterSpacingControl);
    t->compress_punctuation = compress && dgl_str_starts(dgl_x_val(compress), "compress");
    t->compress_kana = compress && dgl_str_is(dgl_x_val(compress), "compressPunctuationAndJapaneseKana");
    const struct dgl_x *lang = dgl_x_child(root, DGL_X_themeFontLang);
    const struct dgl_str *ea = dgl_x_attr(lang, DGL_X_eastAsia), *bidi = dgl_x_attr(lang, DGL_X_bidi);
    t->theme_east_asia = ea ? *ea : (struct dgl_str){"", 0};
    t->theme_bidi = bidi ? *bidi : (struct dgl_str){"", 0};
    const struct dgl_x *decimal = dgl_x_child(root, DGL_X_decimalSymbol);
    struct dgl_str symbol = decimal ? dgl_x_val(decimal) : (struct dgl_str){"", 0};
    size_t at = 0;
    if (symbol.len && dgl_utf8_valid(symbol.data, symbol.len))
        t->decimal_symbol = dgl_utf8_next(symbol.data, symbol.len, &at);
    if (compat)
        read_compat(t, compat);
}

// ---- Fonts ----

static void read_fonts(struct dgl_sheet *s, const struct dgl_x *root)
{
    uint32_t cap = 0;
    DGL_X_EACH(n, root)
    {
        const struct dgl_str *name = n->name == DGL_X_font ? dgl_x_attr(n, DGL_X_name) : NULL;
        if (!name || name->len == 0 ||
            !DGL_ARENA_ROOM(s->arena, s->fonts, cap, s->font_count + 1, 16, DGL_LAYOUT_MAX_FONTS))
            continue;
        const struct dgl_x *other = dgl_x_child(n, DGL_X_altName), *family = dgl_x_child(n, DGL_X_family),
                           *pitch = dgl_x_child(n, DGL_X_pitch);
        struct dgl_str alternative = other ? dgl_x_val(other) : (struct dgl_str){0};
        s->fonts[s->font_count++] = (struct dgl_font_hint){
            .family = dgl_arena_strndup(s->arena, name->data, name->len),
            .alternative = alternative.len ? dgl_arena_strndup(s->arena, alternative.data, alternative.len) : NULL,
            .serif = family && dgl_str_is(dgl_x_val(family), "roman"),
            .fixed = pitch && dgl_str_is(dgl_x_val(pitch), "fixed")};
    }
}

const struct dgl_font_hint *dgl_sheet_font(const struct dgl_sheet *s, const char *family)
{
    for (uint32_t i = 0; i < s->font_count; i++)
        if (strcasecmp(s->fonts[i].family, family) == 0)
            return &s->fonts[i];
    return NULL;
}

// ---- Parts ----

static enum dgl_status read_part(struct dgl_docx_package *p, uint32_t member, struct dgl_arena *a, uint32_t *nodes_left,
                                 struct dgl_x **ret, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_LAYOUT_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(p->zip, member, &xml, err));
    return dgl_x_parse(a, (struct dgl_str){xml.data, xml.len}, DGL_X_COPIED, dgl_zip_name(p->zip, member), nodes_left,
                       ret, err);
}

// The parts a sheet is made of, as members; UINT32_MAX when absent.
static enum dgl_status find_parts(struct dgl_docx_package *p, struct dgl_arena *a, uint32_t part[SHEET_PARTS],
                                  struct dgl_error *err)
{
    static const char *const suffixes[SHEET_PARTS] = {"/theme", "/styles", "/numbering", "/settings", "/fontTable"};
    struct dgl_docx_relationship *rels;
    size_t count;
    uint32_t rels_member;
    for (unsigned i = 0; i < SHEET_PARTS; i++)
        part[i] = UINT32_MAX;
    DGL_TRY(dgl_docx_relationships(p, p->main, a, &rels, &count, &rels_member, err));
    for (size_t r = 0; r < count; r++)
        for (unsigned i = 0; i < SHEET_PARTS; i++)
            if (part[i] == UINT32_MAX && dgl_docx_type_ends(rels[r].type, suffixes[i]) &&
                !dgl_docx_resolve(p, dgl_zip_name(p->zip, p->main), rels[r].target, &part[i]))
                part[i] = UINT32_MAX;
    return DGL_OK;
}

static struct dgl_sheet *new_sheet(void)
{
    struct dgl_sheet *s = DGL_NEW(struct dgl_sheet);
    s->arena = dgl_arena_new(256u << 20);
    s->default_paragraph = s->default_character = s->default_table = UINT16_MAX;
    s->settings.default_tab = 36000;
    s->settings.compat = 12;
    s->settings.decimal_symbol = '.';
    s->settings.footnotes = (struct dgl_note_numbers){.format = DGL_NUM_DECIMAL, .start = 1};
    s->settings.endnotes = (struct dgl_note_numbers){.format = DGL_NUM_LOWER_ROMAN, .start = 1};
    s->rpr.color = DGL_COLOR_AUTO;
    s->rpr.highlight = s->rpr.shade = DGL_COLOR_NONE;
    s->rpr.size = s->rpr.size_cs = 10000;
    s->rpr.scale_percent = 100;
    s->rpr.style = UINT16_MAX;
    s->ppr.line = 240;
    s->ppr.outline = 9;
    s->ppr.shade = DGL_COLOR_NONE;
    s->ppr.style = UINT16_MAX;
    s->ppr.flags = DGL_PF_WIDOW_CONTROL | DGL_PF_SNAP | DGL_PF_WORD_WRAP | DGL_PF_AUTO_SPACE_DE | DGL_PF_AUTO_SPACE_DN |
                   DGL_PF_OVERFLOW_PUNCT | DGL_PF_KINSOKU;
    return s;
}

void dgl_sheet_free(struct dgl_sheet *s)
{
    if (!s)
        return;
    dgl_arena_free(s->arena);
    free(s);
}

static enum dgl_status fill_sheet(struct dgl_docx_package *p, const uint32_t part[SHEET_PARTS], struct dgl_sheet *s,
                                  struct dgl_error *err)
{
    struct dgl_x *root[SHEET_PARTS] = {0};
    uint32_t nodes_left = DGL_LAYOUT_MAX_NODES;
    struct dgl_error ignored = DGL_ERROR_INIT; // a damaged font table is that of fonts embedded, told there
    for (unsigned i = 0; i < SHEET_PARTS; i++) {
        bool fonts = i == SHEET_FONTS;
        if (part[i] == UINT32_MAX)
            continue;
        enum dgl_status status = read_part(p, part[i], s->arena, &nodes_left, &root[i], fonts ? &ignored : err);
        if (status != DGL_OK && !fonts)
            return status;
    }
    if (root[SHEET_FONTS])
        read_fonts(s, root[SHEET_FONTS]);
    if (root[3])
        read_settings(s, root[3]);
    if (root[0])
        read_theme(s, root[0]);
    if (root[1])
        read_styles(s, root[1]);
    if (root[2])
        dgl_numbering_read(s, root[2]);
    for (uint16_t i = 0; i < s->style_count; i++)
        flatten(s, i, 0);
    if (root[2])
        dgl_numbering_link(s);
    return DGL_OK;
}

// ---- Keeping ----

struct kept {
    struct dgl_sheet *sheet;
    struct dgl_zip_raw raw[SHEET_PARTS]; // data copied into one block
    void *copy;
    uint64_t used;
};
struct dgl_sheet_cache {
    struct kept kept[DGL_LAYOUT_MAX_SHEETS];
    uint64_t tick;
};

struct dgl_sheet_cache *dgl_sheet_cache_new(void)
{
    return DGL_NEW(struct dgl_sheet_cache);
}

static void drop(struct kept *k)
{
    dgl_sheet_free(k->sheet);
    free(k->copy);
    *k = (struct kept){0};
}

void dgl_sheet_cache_free(struct dgl_sheet_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < DGL_LAYOUT_MAX_SHEETS; i++)
        drop(&c->kept[i]);
    free(c);
}

static bool same_raw(const struct dgl_zip_raw *a, const struct dgl_zip_raw *b)
{
    return a->compressed_size == b->compressed_size && a->size == b->size && a->crc32 == b->crc32 &&
           a->method == b->method && (a->compressed_size == 0 || memcmp(a->data, b->data, a->compressed_size) == 0);
}

static struct kept *lookup(struct dgl_sheet_cache *c, const struct dgl_zip_raw raw[SHEET_PARTS])
{
    for (unsigned i = 0; i < DGL_LAYOUT_MAX_SHEETS; i++) {
        struct kept *k = &c->kept[i];
        bool same = k->sheet != NULL;
        for (unsigned p = 0; p < SHEET_PARTS && same; p++)
            same = same_raw(&k->raw[p], &raw[p]);
        if (same)
            return k;
    }
    return NULL;
}

static bool keep(struct dgl_sheet_cache *c, struct dgl_sheet *s, const struct dgl_zip_raw raw[SHEET_PARTS])
{
    size_t total = 0;
    for (unsigned p = 0; p < SHEET_PARTS; p++)
        total += raw[p].compressed_size;
    if (total > DGL_LAYOUT_MAX_SHEET_BYTES || dgl_arena_used(s->arena) > 8 * DGL_LAYOUT_MAX_SHEET_BYTES)
        return false;
    struct kept *k = &c->kept[0];
    for (unsigned i = 1; i < DGL_LAYOUT_MAX_SHEETS; i++)
        if (c->kept[i].used < k->used)
            k = &c->kept[i];
    drop(k);
    k->copy = dgl_alloc(total + 1);
    size_t at = 0;
    for (unsigned p = 0; p < SHEET_PARTS; p++) {
        k->raw[p] = raw[p];
        if (raw[p].compressed_size)
            memcpy((char *)k->copy + at, raw[p].data, raw[p].compressed_size);
        k->raw[p].data = (char *)k->copy + at;
        at += raw[p].compressed_size;
    }
    k->sheet = s;
    k->used = ++c->tick;
    return true;
}

enum dgl_status dgl_sheet_load(struct dgl_docx_package *p, struct dgl_sheet_cache *cache, const struct dgl_sheet **ret,
                               struct dgl_sheet **ret_owned, struct dgl_error *err)
{
    DGL_AUTO(arena) scratch = dgl_arena_new(0);
    uint32_t part[SHEET_PARTS];
    struct dgl_zip_raw raw[SHEET_PARTS] = {0};
    DGL_TRY(find_parts(p, scratch, part, err));
    for (unsigned i = 0; i < SHEET_PARTS; i++)
        if (part[i] != UINT32_MAX)
            raw[i] = p->raws[part[i]];
    struct kept *found = cache ? lookup(cache, raw) : NULL;
    if (found) {
        found->used = ++cache->tick;
        *ret = found->sheet;
        *ret_owned = NULL;
        return DGL_OK;
    }
    struct dgl_sheet *s = new_sheet();
    enum dgl_status status = fill_sheet(p, part, s, err);
    if (status != DGL_OK) {
        dgl_sheet_free(s);
        return status;
    }
    *ret = s;
    *ret_owned = cache && keep(cache, s, raw) ? NULL : s;
    return DGL_OK;
}
