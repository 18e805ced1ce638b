// Makes small DOCX packages in memory, for the tests of layout and PDF.
#ifndef DGL_TESTS_MAKE_DOCX_H
#define DGL_TESTS_MAKE_DOCX_H

#include "base/zip.h"

#include <string.h>

#define W_NS                                                                               \
    "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" "            \
    "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" "     \
    "xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" " \
    "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" "                   \
    "xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\" "              \
    "xmlns:c=\"http://schemas.openxmlformats.org/drawingml/2006/chart\" "                  \
    "xmlns:m=\"http://schemas.openxmlformats.org/officeDocument/2006/math\""
// 8.5 by 11 inches, one inch around.
#define SECTION                                                                                                  \
    "<w:sectPr><w:pgSz w:w=\"12240\" w:h=\"15840\"/><w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" " \
    "w:left=\"1440\" w:header=\"720\" w:footer=\"720\"/></w:sectPr>"
// Ten points of Liberation Sans everywhere: lines are 11.49 points tall.
#define DEFAULTS                                                                                             \
    "<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Liberation Sans\" w:hAnsi=\"Liberation Sans\" " \
    "w:cs=\"Liberation Sans\" w:eastAsia=\"Liberation Sans\"/><w:sz "                                        \
    "w:val=\"20\"/></w:rPr></w:rPrDefault></w:docDefaults>"

static inline void add_part(struct dgl_zip_writer *w, const char *name, const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_zip_writer_add(w, name, text, strlen(text), &err) != DGL_OK)
        __builtin_trap();
}

struct docx_parts {
    const char *body;      // inside w:body; SECTION is added when it holds no w:sectPr
    const char *styles;    // beside DEFAULTS, inside w:styles; may be NULL
    const char *numbering; // inside w:numbering; may be NULL
    const char *settings;  // inside w:settings; may be NULL
    const char *fonts;     // inside w:fonts, or damaged; may be NULL
    const char *header;    // a whole w:hdr; may be NULL; relationship rIdH
    const char *footnotes; // inside w:footnotes; may be NULL
    const char *endnotes;  // inside w:endnotes; may be NULL
    bool bullet;           // a picture to which the numbering part refers as rIdB
};

static inline void make_docx(const struct docx_parts *p, struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(out, 1);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64u << 20);
    add_part(w, "[Content_Types].xml",
             "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
             "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
             "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
             "<Override PartName=\"/word/document.xml\" ContentType=\"application/"
             "vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>");
#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    add_part(w, "_rels/.rels",
             "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship "
             "Id=\"rId1\" Type=\"" REL "officeDocument\" Target=\"word/document.xml\"/></Relationships>");
    dgl_buf_puts(&text, "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
                        "<Relationship Id=\"rId1\" Type=\"" REL "styles\" Target=\"styles.xml\"/>"
                        "<Relationship Id=\"rIdU\" Type=\"" REL
                        "hyperlink\" Target=\"https://example.com/a\" TargetMode=\"External\"/>");
    if (p->numbering)
        dgl_buf_puts(&text, "<Relationship Id=\"rId2\" Type=\"" REL "numbering\" Target=\"numbering.xml\"/>");
    if (p->settings)
        dgl_buf_puts(&text, "<Relationship Id=\"rId3\" Type=\"" REL "settings\" Target=\"settings.xml\"/>");
    if (p->fonts)
        dgl_buf_puts(&text, "<Relationship Id=\"rId7\" Type=\"" REL "fontTable\" Target=\"fontTable.xml\"/>");
    if (p->header)
        dgl_buf_puts(&text, "<Relationship Id=\"rIdH\" Type=\"" REL "header\" Target=\"header1.xml\"/>");
    if (p->footnotes)
        dgl_buf_puts(&text, "<Relationship Id=\"rId5\" Type=\"" REL "footnotes\" Target=\"footnotes.xml\"/>");
    if (p->endnotes)
        dgl_buf_puts(&text, "<Relationship Id=\"rId6\" Type=\"" REL "endnotes\" Target=\"endnotes.xml\"/>");
#undef REL
    dgl_buf_puts(&text, "</Relationships>");
    add_part(w, "word/_rels/document.xml.rels", text.data);
    dgl_buf_reset(&text);
    dgl_buf_printf(&text, "<w:document %s><w:body>%s%s</w:body></w:document>", W_NS, p->body,
                   strstr(p->body, "<!--own section-->") ? "" : SECTION);
    add_part(w, "word/document.xml", text.data);
    dgl_buf_reset(&text);
    dgl_buf_printf(&text, "<w:styles %s>%s%s</w:styles>", W_NS, DEFAULTS, p->styles ? p->styles : "");
    add_part(w, "word/styles.xml", text.data);
    const struct {
        const char *name, *root, *content;
    } more[] = {{"word/numbering.xml", "numbering", p->numbering},
                {"word/settings.xml", "settings", p->settings},
                {"word/fontTable.xml", "fonts", p->fonts},
                {"word/footnotes.xml", "footnotes", p->footnotes},
                {"word/endnotes.xml", "endnotes", p->endnotes}};
    for (size_t i = 0; i < DGL_COUNT(more); i++) {
        if (!more[i].content)
            continue;
        dgl_buf_reset(&text);
        dgl_buf_printf(&text, "<w:%s %s>%s</w:%s>", more[i].root, W_NS, more[i].content, more[i].root);
        add_part(w, more[i].name, text.data);
    }
    if (p->bullet) {
        add_part(w, "word/_rels/numbering.xml.rels",
                 "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship "
                 "Id=\"rIdB\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/image\" "
                 "Target=\"media/bullet.png\"/></Relationships>");
        add_part(w, "word/media/bullet.png", "no picture yet");
    }
    if (p->header) {
        dgl_buf_reset(&text);
        dgl_buf_printf(&text, "<w:hdr %s>%s</w:hdr>", W_NS, p->header);
        add_part(w, "word/header1.xml", text.data);
    }
    if (dgl_zip_writer_finish(w, &err) != DGL_OK)
        __builtin_trap();
}

#endif
