// Splits the text at its "===" lines and packs the parts.
#include "package.h"
#include "fuzz.h"

#include "base/zip.h"

#define MAX_PARTS 24
#define PACKAGE_BYTES ((size_t)16 << 20)
#define WORD "http://schemas.openxmlformats.org/"
#define MICROSOFT "http://schemas.microsoft.com/office/"
#define OFFICE WORD "officeDocument/2006/relationships"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define FONT_TYPE "application/vnd.openxmlformats-officedocument.obfuscatedFont"
#define NAMESPACES                                                                                                     \
    " xmlns:w=\"" WORD "wordprocessingml/2006/main\" xmlns:r=\"" OFFICE "\" xmlns:wp=\"" WORD                          \
    "drawingml/2006/wordprocessingDrawing\" xmlns:a=\"" WORD "drawingml/2006/main\" xmlns:pic=\"" WORD                 \
    "drawingml/2006/picture\" xmlns:mc=\"" WORD "markup-compatibility/2006\" xmlns:m=\"" WORD                          \
    "officeDocument/2006/math\" xmlns:c=\"" WORD "drawingml/2006/chart\" xmlns:dgm=\"" WORD                            \
    "drawingml/2006/diagram\" xmlns:dsp=\"" MICROSOFT "drawing/2008/diagram\" xmlns:asvg=\"" MICROSOFT                 \
    "drawing/2016/SVG/main\" xmlns:wp14=\"" MICROSOFT "word/2010/wordprocessingDrawing\" xmlns:wpc=\"" MICROSOFT       \
    "word/2010/wordprocessingCanvas\" xmlns:wps=\"" MICROSOFT "word/2010/wordprocessingShape\" xmlns:wpg=\"" MICROSOFT \
    "word/2010/wordprocessingGroup\" xmlns:w14=\"" MICROSOFT                                                           \
    "word/2010/wordml\" xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\""

struct part {
    char name[80];
    const char *text;
    size_t len;
};
struct kind { // of a part, by the beginning of its name
    const char *prefix, *root, *inner, *type;
};
static const struct kind kinds[] = {
    {"word/document.xml", "w:document", "w:body", "document.main"},
    {"word/header", "w:hdr", NULL, "header"},
    {"word/footer", "w:ftr", NULL, "footer"},
    {"word/footnotes.xml", "w:footnotes", NULL, "footnotes"},
    {"word/endnotes.xml", "w:endnotes", NULL, "endnotes"},
    {"word/comments.xml", "w:comments", NULL, "comments"},
    {"word/styles.xml", "w:styles", NULL, "styles"},
    {"word/numbering.xml", "w:numbering", NULL, "numbering"},
    {"word/settings.xml", "w:settings", NULL, "settings"},
    {"word/fontTable.xml", "w:fonts", NULL, "fontTable"},
    {"word/charts/chart", "c:chartSpace", NULL, "chart"},
    {"word/diagrams/drawing", "dsp:drawing", NULL, "diagramDrawing"},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < DGL_COUNT(kinds); i++)
        if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return &kinds[i];
    return NULL;
}

static size_t split(const char *input, size_t size, struct part *parts)
{
    size_t count = 0;
    struct part now = {.name = "word/document.xml", .text = input};
    for (const char *at = input, *end = input + size; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *next = line_end ? line_end + 1 : end;
        if (end - at > 4 && memcmp(at, "=== ", 4) == 0 && count < MAX_PARTS - 1) {
            now.len = (size_t)(at - now.text);
            if (now.len)
                parts[count++] = now;
            dgl_str_copy(now.name, sizeof(now.name), at + 4, (size_t)((line_end ? line_end : end) - at - 4));
            now.text = next;
        }
        at = next;
    }
    now.len = (size_t)(input + size - now.text);
    if (now.len || now.text > input)
        parts[count++] = now;
    return count;
}

static bool begins(const struct part *p, const char *with)
{
    size_t len = strlen(with);
    return p->len >= len && memcmp(p->text, with, len) == 0;
}

static void wrap(const struct part *p, struct dgl_buf *out)
{
    const struct kind *kind = kind_of(p->name);
    size_t name_len = strlen(p->name);
    if (begins(p, "<?") || (!kind && (name_len < 5 || strcmp(p->name + name_len - 5, ".rels") != 0))) {
        dgl_buf_append(out, p->text, p->len);
    } else if (!kind) {
        dgl_buf_puts(out, "<Relationships xmlns=\"" WORD "package/2006/relationships\">");
        dgl_buf_append(out, p->text, p->len);
        dgl_buf_puts(out, "</Relationships>");
    } else {
        dgl_buf_printf(out, "<%s" NAMESPACES ">%s%s%s", kind->root, kind->inner ? "<" : "",
                       kind->inner ? kind->inner : "", kind->inner ? ">" : "");
        dgl_buf_append(out, p->text, p->len);
        dgl_buf_printf(out, "%s%s%s</%s>", kind->inner ? "</" : "", kind->inner ? kind->inner : "",
                       kind->inner ? ">" : "", kind->root);
    }
}

static const struct part *find(const struct part *parts, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    return NULL;
}

static bool add_types(struct dgl_zip_writer *w, const struct part *parts, size_t count)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(PACKAGE_BYTES);
    dgl_buf_puts(
        &b, "<Types xmlns=\"" WORD "package/2006/content-types\">"
            "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
            "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
            "<Default Extension=\"png\" ContentType=\"image/png\"/>"
            "<Default Extension=\"jpg\" ContentType=\"image/jpeg\"/>"
            "<Default Extension=\"svg\" ContentType=\"image/svg+xml\"/>"
            "<Default Extension=\"emf\" ContentType=\"image/x-emf\"/>"
            "<Default Extension=\"odttf\" ContentType=\"" FONT_TYPE "\"/>");
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = kind_of(parts[i].name);
        if (kind && !strpbrk(parts[i].name, "<>&\"") && dgl_utf8_valid(parts[i].name, strlen(parts[i].name)))
            dgl_buf_printf(&b, "<Override PartName=\"/%s\" ContentType=\"" WORD_TYPE "%s+xml\"/>", parts[i].name,
                           kind->type);
    }
    dgl_buf_puts(&b, "</Types>");
    return dgl_zip_writer_add(w, "[Content_Types].xml", b.data, b.len, &err) == DGL_OK;
}

// What points from the document to the parts there are, when the input does not say it itself.
static bool add_relationships(struct dgl_zip_writer *w, const struct part *parts, size_t count)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(PACKAGE_BYTES);
    dgl_buf_puts(&b, "<Relationships xmlns=\"" WORD "package/2006/relationships\">");
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = kind_of(parts[i].name);
        if (!kind || kind == &kinds[0] || strpbrk(parts[i].name, "<>&\"") ||
            !dgl_utf8_valid(parts[i].name, strlen(parts[i].name)))
            continue;
        dgl_buf_printf(&b, "<Relationship Id=\"p%zu\" Type=\"" OFFICE "/%s\" Target=\"%s\"/>", i, kind->type,
                       parts[i].name + strlen("word/"));
    }
    dgl_buf_puts(&b, "</Relationships>");
    return dgl_zip_writer_add(w, "word/_rels/document.xml.rels", b.data, b.len, &err) == DGL_OK;
}

static bool pack(const struct part *parts, size_t count, struct dgl_buf *out)
{
    static const char root_rels[] =
        "<Relationships xmlns=\"" WORD "package/2006/relationships\"><Relationship Id=\"rId1\" "
        "Type=\"" OFFICE "/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(out, 0);
    for (size_t i = 0; i < count; i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(PACKAGE_BYTES);
        wrap(&parts[i], &b);
        if (dgl_zip_writer_add(w, parts[i].name, b.data ? b.data : "", b.len, &err) != DGL_OK)
            return false;
    }
    if (!find(parts, count, "[Content_Types].xml") && !add_types(w, parts, count))
        return false;
    if (!find(parts, count, "_rels/.rels") &&
        dgl_zip_writer_add(w, "_rels/.rels", root_rels, sizeof(root_rels) - 1, &err) != DGL_OK)
        return false;
    if (!find(parts, count, "word/_rels/document.xml.rels") && !add_relationships(w, parts, count))
        return false;
    return dgl_zip_writer_finish(w, &err) == DGL_OK;
}

bool fuzz_package_make(const uint8_t *input, size_t size, struct fuzz_package *ret)
{
    struct part parts[MAX_PARTS], own[MAX_PARTS], sub[MAX_PARTS];
    size_t count = split((const char *)input, size, parts), own_count = 0, sub_count = 0;
    *ret = (struct fuzz_package){.bytes = DGL_BUF_INIT(PACKAGE_BYTES), .sub = DGL_BUF_INIT(PACKAGE_BYTES)};
    const struct {
        const char *name;
        struct dgl_str *text;
    } besides[] = {{"data.json", &ret->data}, {"image", &ret->image}, {"options", &ret->options}};
    for (size_t i = 0; i < count; i++) {
        struct dgl_str *text = NULL;
        for (size_t k = 0; k < DGL_COUNT(besides); k++)
            if (strcmp(parts[i].name, besides[k].name) == 0)
                text = besides[k].text;
        if (text) {
            *text = (struct dgl_str){parts[i].text, parts[i].len};
        } else if (strncmp(parts[i].name, "sub/", 4) == 0) {
            sub[sub_count] = parts[i];
            memmove(sub[sub_count].name, parts[i].name + 4, sizeof(parts[i].name) - 4);
            sub_count++;
        } else {
            own[own_count++] = parts[i];
        }
    }
    return pack(own, own_count, &ret->bytes) && (!sub_count || pack(sub, sub_count, &ret->sub));
}

void fuzz_package_fini(struct fuzz_package *p)
{
    dgl_buf_fini(&p->bytes);
    dgl_buf_fini(&p->sub);
}

bool fuzz_package_option(const struct fuzz_package *p, const char *word)
{
    return p->options.data && memmem(p->options.data, p->options.len, word, strlen(word));
}
