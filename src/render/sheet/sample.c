// The sample workbook. A few short parts, written here: a library for spreadsheets would need files for its parts, and
// this room has no files.
#include "render/sheet/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/zip.h"

#define PART_MAX_BYTES (1u << 20)
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define RELS "http://schemas.openxmlformats.org/package/2006/relationships"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define TYPES "http://schemas.openxmlformats.org/package/2006/content-types"
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

struct column {
    char *name;
    bool is_date;
};
struct sheet {
    char name[4 * DGL_SHEET_NAME_MAX + 1]; // unique in the book, without the characters that Excel refuses
    struct column columns[DGL_SHEET_MAX_COLUMNS];
    size_t count, name_bytes; // of the columns
};
struct book {
    struct sheet *sheets[DGL_SHEET_MAX_SHEETS];
    size_t count;
    bool too_large; // the names of a sheet alone would be more than a part holds
};

static void book_free(struct book *b)
{
    for (size_t s = 0; s < b->count; s++) {
        for (size_t c = 0; c < b->sheets[s]->count; c++)
            free(b->sheets[s]->columns[c].name);
        free(b->sheets[s]);
    }
}

// ---- tokens to columns

static bool has_sheet(const struct book *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcasecmp(b->sheets[i]->name, name) == 0)
            return true;
    return false;
}

// §18.2.19 and Excel: at most 31 characters, none of []:*?/\, no quote at either end, unique whatever the case.
static void name_sheet(const struct book *b, struct sheet *s, const char *wanted)
{
    char clean[sizeof(s->name)];
    size_t len = strlen(wanted), pos = 0, cut = 0;
    for (size_t units = 0; pos < len; cut = pos) { // Excel counts as UTF-16 does
        units += dgl_utf8_next(wanted, len, &pos) > 0xFFFF ? 2 : 1;
        if (units > DGL_SHEET_NAME_MAX - 4)
            break;
    }
    dgl_str_copy(clean, sizeof(clean), wanted, cut);
    for (char *p = clean; *p; p++)
        if (strchr("[]:*?/\\'", *p) || (unsigned char)*p < ' ')
            *p = '_';
    dgl_str_copy(s->name, sizeof(s->name), clean, strlen(clean));
    for (int i = 2; !s->name[0] || has_sheet(b, s->name); i++)
        snprintf(s->name, sizeof(s->name), "%.*s %d", 4 * (DGL_SHEET_NAME_MAX - 4), clean, i);
}

static struct sheet *add_sheet(struct book *b, const char *name)
{
    if (b->count == DGL_SHEET_MAX_SHEETS)
        return NULL;
    struct sheet *s = DGL_NEW(struct sheet);
    name_sheet(b, s, name);
    b->sheets[b->count++] = s;
    return s;
}

static char *join(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = dgl_alloc(size);
    snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

static void add_column(struct book *b, struct sheet *s, const char *prefix, const char *name, bool is_date)
{
    if (s->count == DGL_SHEET_MAX_COLUMNS)
        return;
    s->name_bytes += strlen(prefix) + strlen(name);
    b->too_large |= s->name_bytes > PART_MAX_BYTES;
    if (b->too_large)
        return;
    char *text = join(prefix, name, "");
    s->columns[s->count++] = (struct column){.name = text, .is_date = is_date};
}

static void add_tokens(struct book *b, struct sheet *s, const json_t *tokens, const char *prefix, int depth);

static void add_list(struct book *b, const json_t *token, const char *prefix, const char *name, int depth)
{
    char title[256];
    const json_t *children = json_object_get(token, "children");
    snprintf(title, sizeof(title), "%s%s", prefix, name);
    struct sheet *s = add_sheet(b, title);
    if (!s)
        return;
    add_column(b, s, "", "row", false);
    if (json_array_size(children) > 0)
        add_tokens(b, s, children, "", depth + 1);
    else
        add_column(b, s, "", name, false);
}

static void add_token(struct book *b, struct sheet *s, const json_t *token, const char *prefix, int depth)
{
    const char *name = json_string_value(json_object_get(token, "name"));
    const char *type = json_string_value(json_object_get(token, "type"));
    const json_t *children = json_object_get(token, "children");
    if (!name || depth > DGL_SHEET_MAX_DEPTH)
        return;
    if (type && strcmp(type, "list") == 0) {
        add_list(b, token, prefix, name, depth);
    } else if (json_array_size(children) > 0) {
        char *inner = join(prefix, name, ".");
        add_tokens(b, s, children, inner, depth + 1);
        free(inner);
    } else {
        add_column(b, s, prefix, name, type && strcmp(type, "date") == 0);
    }
}

static void add_tokens(struct book *b, struct sheet *s, const json_t *tokens, const char *prefix, int depth)
{
    for (size_t i = 0; i < json_array_size(tokens); i++)
        add_token(b, s, json_array_get(tokens, i), prefix, depth);
}

// ---- parts

static enum dgl_status too_large(struct dgl_error *err)
{
    return DGL_FAIL(err, DGL_E_LIMIT, "The sample sheet would be larger than the %u bytes allowed.", PART_MAX_BYTES);
}

static enum dgl_status put_part(struct dgl_zip_writer *zip, const char *name, const struct dgl_buf *part,
                                struct dgl_error *err)
{
    if (part->failed)
        return too_large(err);
    return dgl_zip_writer_add(zip, name, part->data, part->len, err);
}

// "A", "Z", "AA" …
static void column_name(size_t index, char out[8])
{
    char reversed[8];
    size_t n = 0;
    for (index++; index > 0 && n < sizeof(reversed) - 1; index = (index - 1) / 26)
        reversed[n++] = (char)('A' + (index - 1) % 26);
    for (size_t i = 0; i < n; i++)
        out[i] = reversed[n - 1 - i];
    out[n] = '\0';
}

// Style 1 is the head's, style 2 a date's: a whole column of dates reads as one when filled in.
static enum dgl_status put_sheet(struct dgl_zip_writer *zip, const struct sheet *s, size_t number,
                                 struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) part = DGL_BUF_INIT(PART_MAX_BYTES);
    dgl_buf_puts(&part, HEAD "<worksheet xmlns=\"" MAIN "\"><sheetViews><sheetView workbookViewId=\"0\"><pane "
                             "ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
                             "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
    if (s->count > 0)
        dgl_buf_puts(&part, "<cols>");
    for (size_t c = 0; c < s->count; c++)
        dgl_buf_printf(&part, "<col min=\"%zu\" max=\"%zu\" width=\"%zu\" customWidth=\"1\"%s/>", c + 1, c + 1,
                       DGL_MIN(DGL_MAX(strlen(s->columns[c].name) + 4, (size_t)12), (size_t)48),
                       s->columns[c].is_date ? " style=\"2\"" : "");
    if (s->count > 0)
        dgl_buf_puts(&part, "</cols>");
    dgl_buf_puts(&part, "<sheetData><row r=\"1\">");
    for (size_t c = 0; c < s->count; c++) {
        char column[8];
        column_name(c, column);
        dgl_buf_printf(&part, "<c r=\"%s1\" s=\"1\" t=\"inlineStr\"><is><t>", column);
        dgl_buf_put_escaped(&part, s->columns[c].name, strlen(s->columns[c].name));
        dgl_buf_puts(&part, "</t></is></c>");
    }
    dgl_buf_puts(&part, "</row></sheetData></worksheet>");
    char name[64];
    snprintf(name, sizeof(name), "xl/worksheets/sheet%zu.xml", number);
    return put_part(zip, name, &part, err);
}

static enum dgl_status put_workbook(struct dgl_zip_writer *zip, const struct book *b, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) part = DGL_BUF_INIT(PART_MAX_BYTES);
    DGL_AUTO_FINI(buf) rels = DGL_BUF_INIT(PART_MAX_BYTES);
    dgl_buf_puts(&part, HEAD "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" OFFICE "\"><sheets>");
    dgl_buf_puts(&rels, HEAD "<Relationships xmlns=\"" RELS "\">");
    for (size_t i = 0; i < b->count; i++) {
        dgl_buf_puts(&part, "<sheet name=\"");
        dgl_buf_put_escaped(&part, b->sheets[i]->name, strlen(b->sheets[i]->name));
        dgl_buf_printf(&part, "\" sheetId=\"%zu\" r:id=\"rId%zu\"/>", i + 1, i + 1);
        dgl_buf_printf(&rels,
                       "<Relationship Id=\"rId%zu\" Type=\"" OFFICE "/worksheet\" Target=\"worksheets/sheet%zu.xml\"/>",
                       i + 1, i + 1);
    }
    dgl_buf_puts(&part, "</sheets></workbook>");
    dgl_buf_printf(&rels,
                   "<Relationship Id=\"rId%zu\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/></Relationships>",
                   b->count + 1);
    DGL_TRY(put_part(zip, "xl/workbook.xml", &part, err));
    return put_part(zip, "xl/_rels/workbook.xml.rels", &rels, err);
}

static enum dgl_status put_types(struct dgl_zip_writer *zip, const struct book *b, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) part = DGL_BUF_INIT(PART_MAX_BYTES);
    dgl_buf_puts(&part, HEAD "<Types xmlns=\"" TYPES "\"><Default Extension=\"rels\" "
                             "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
                             "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" SHEET_TYPE "sheet.main+xml\"/>"
                             "<Override PartName=\"/xl/styles.xml\" ContentType=\"" SHEET_TYPE "styles+xml\"/>");
    for (size_t i = 0; i < b->count; i++)
        dgl_buf_printf(
            &part, "<Override PartName=\"/xl/worksheets/sheet%zu.xml\" ContentType=\"" SHEET_TYPE "worksheet+xml\"/>",
            i + 1);
    dgl_buf_puts(&part, "</Types>");
    return put_part(zip, "[Content_Types].xml", &part, err);
}

static enum dgl_status put_book(struct dgl_zip_writer *zip, const struct book *b, struct dgl_error *err)
{
    static const char root[] = HEAD "<Relationships xmlns=\"" RELS "\"><Relationship Id=\"rId1\" Type=\"" OFFICE
                                    "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
    static const char styles[] =
        HEAD "<styleSheet xmlns=\"" MAIN "\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" "
             "formatCode=\"yyyy\\-mm\\-dd\"/></numFmts><fonts count=\"2\"><font><sz val=\"11\"/><name "
             "val=\"Calibri\"/></font><font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
             "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill "
             "patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders><cellStyleXfs "
             "count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf/><xf fontId=\"1\" applyFont=\"1\"/><xf "
             "numFmtId=\"164\" applyNumberFormat=\"1\"/></cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" "
             "xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>";
    DGL_TRY(put_types(zip, b, err));
    DGL_TRY(dgl_zip_writer_add(zip, "_rels/.rels", root, sizeof(root) - 1, err));
    DGL_TRY(put_workbook(zip, b, err));
    DGL_TRY(dgl_zip_writer_add(zip, "xl/styles.xml", styles, sizeof(styles) - 1, err));
    for (size_t i = 0; i < b->count; i++)
        DGL_TRY(put_sheet(zip, b->sheets[i], i + 1, err));
    return dgl_zip_writer_finish(zip, err);
}

enum dgl_status dgl_sheet_sample(const json_t *tokens, struct dgl_buf *out, struct dgl_error *err)
{
    struct book b = {.count = 0};
    struct sheet *first = add_sheet(&b, "Documents");
    add_tokens(&b, first, tokens, "", 0);
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(out, 6);
    enum dgl_status s = b.too_large ? too_large(err) : put_book(zip, &b, err);
    book_free(&b);
    return s;
}
