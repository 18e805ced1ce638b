// What must hold for every document a render makes, whatever the template and the data: its XML is well-formed,
// elements nest as WordprocessingML has them, tables have rows, rows have cells, cells end with a paragraph, ids are
// unique.
#ifndef DGL_TESTS_DOCX_CHECK_H
#define DGL_TESTS_DOCX_CHECK_H

#include "base/xml.h"
#include "base/zip.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Children in the order of the schema (ECMA-376 Part 1, Annex A.1): "parent: first second …". What is not listed may
// stand anywhere.
static const char *const document_orders[] = {
    "p: pPr *",
    "r: rPr *",
    "tc: tcPr *",
    "tr: tblPrEx trPr *",
    "tbl: tblPr tblGrid *",
    "tblGrid: gridCol tblGridChange",
    "pPr: pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
    "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
    "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr: ins del moveFrom moveTo rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss "
    "imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em "
    "lang eastAsianLayout specVanish oMath rPrChange",
    "tcPr: cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark "
    "headers cellIns cellDel cellMerge tcPrChange",
    "trPr: cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader tblCellSpacing jc hidden "
    "ins del trPrChange",
    "tblPr: tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription tblPrChange",
    "tblBorders: top start left bottom end right insideH insideV",
    "tcBorders: top start left bottom end right insideH insideV tl2br tr2bl",
    "tblCellMar: top start left bottom end right",
    "pBdr: top left bottom right between bar",
    "numPr: ilvl numId",
    "numbering: numPicBullet abstractNum num numIdMacAtCleanup",
    "abstractNum: nsid multiLevelType tmpl name styleLink numStyleLink lvl",
    "lvl: start numFmt lvlRestart pStyle isLgl suff lvlText lvlPicBulletId legacy lvlJc pPr rPr",
    "num: abstractNumId lvlOverride",
    "style: name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked "
    "personal personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr",
    "sectPr: headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType "
    "pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings",
};

// What a paragraph and a run hold (EG_PContent, EG_RunInnerContent), their properties aside.
static const char document_in_paragraph[] =
    " r hyperlink fldSimple sdt customXml smartTag dir bdo subDoc ins del moveFrom moveTo proofErr permStart permEnd "
    "bookmarkStart bookmarkEnd commentRangeStart commentRangeEnd moveFromRangeStart moveFromRangeEnd moveToRangeStart "
    "moveToRangeEnd customXmlInsRangeStart customXmlInsRangeEnd customXmlDelRangeStart customXmlDelRangeEnd "
    "customXmlMoveFromRangeStart customXmlMoveFromRangeEnd customXmlMoveToRangeStart customXmlMoveToRangeEnd pPr ";
static const char document_in_run[] =
    " t br tab cr sym drawing pict object fldChar instrText delInstrText delText noBreakHyphen softHyphen ptab ruby "
    "pgNum dayShort dayLong monthShort monthLong yearShort yearLong annotationRef footnoteRef endnoteRef separator "
    "continuationSeparator footnoteReference endnoteReference commentReference contentPart lastRenderedPageBreak rPr ";

struct document_check {
    const char *problem;
    unsigned depth;
    struct {
        const char *name; // interned below
        unsigned kids;
        bool last_is_p;
        bool has_properties, has_grid;
        const char *order; // of its children; NULL = any
        size_t rank;       // of the last child
    } open[DGL_XML_MAX_DEPTH + 1];
    char what[200]; // room for `problem`
    uint32_t ids[20000];
    size_t id_count;
    unsigned columns, grid; // of the innermost table without tables inside
};

static inline const char *document_check_name(const char *name)
{
    static const char *const names[] = {"body", "p",           "r",   "t",   "tbl", "tr",
                                        "tc",   "txbxContent", "hdr", "ftr", "sdt", "sdtContent"};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return names[i];
    return "";
}

static inline const char *document_order_of(const struct dgl_xml_element *e)
{
    size_t len = strlen(e->name);
    for (size_t i = 0; i < DGL_COUNT(document_orders) && strcmp(e->prefix ? e->prefix : "", "w") == 0; i++)
        if (strncmp(document_orders[i], e->name, len) == 0 && document_orders[i][len] == ':')
            return document_orders[i] + len + 2;
    return NULL;
}

// A child's place among those of its parent; `*` is all others.
static inline bool document_rank(const char *order, const char *name, size_t *ret)
{
    size_t rank = 0, len = strlen(name);
    for (const char *p = order; *p; rank++) {
        size_t n = strcspn(p, " ");
        if ((n == len && memcmp(p, name, n) == 0) || (n == 1 && *p == '*')) {
            *ret = rank;
            return true;
        }
        p += n + (p[n] == ' ');
    }
    return false;
}

static inline void document_check_order(struct document_check *c, const struct dgl_xml_element *e)
{
    size_t rank = 0;
    const char *order = c->depth ? c->open[c->depth - 1].order : NULL;
    if (!order || strcmp(e->prefix ? e->prefix : "", "w") != 0 || !document_rank(order, e->name, &rank))
        return;
    bool repeats =
        order[strlen(order) - 1] == '*' || strstr("abstractNum num lvl lvlOverride tblStylePr headerReference "
                                                  "footerReference numPicBullet gridCol",
                                                  e->name);
    size_t last = c->open[c->depth - 1].rank; // 0: no child yet
    if (++rank < last || (rank == last && !repeats)) {
        snprintf(c->what, sizeof c->what, "w:%s stands too late or twice in its parent", e->name);
        c->problem = c->what;
    }
    c->open[c->depth - 1].rank = rank;
}

static inline void document_check_content(struct document_check *c, const struct dgl_xml_element *e)
{
    char wanted[100];
    const char *parent = c->depth ? c->open[c->depth - 1].name : "";
    const char *content = strcmp(parent, "p") == 0   ? document_in_paragraph
                          : strcmp(parent, "r") == 0 ? document_in_run
                                                     : NULL;
    snprintf(wanted, sizeof wanted, " %s ", e->name);
    if (!content || strcmp(e->prefix ? e->prefix : "", "w") != 0 || strstr(content, wanted))
        return;
    snprintf(c->what, sizeof c->what, "w:%s is no content of w:%s", e->name, parent);
    c->problem = c->what;
}

static inline bool document_check_allows(const char *parent, const char *child)
{
    if (strcmp(child, "p") == 0 || strcmp(child, "tbl") == 0)
        return strcmp(parent, "p") != 0 && strcmp(parent, "r") != 0 && strcmp(parent, "t") != 0 &&
               strcmp(parent, "tbl") != 0 && strcmp(parent, "tr") != 0;
    if (strcmp(child, "tr") == 0)
        return strcmp(parent, "tbl") == 0 || strcmp(parent, "sdtContent") == 0;
    if (strcmp(child, "tc") == 0)
        return strcmp(parent, "tr") == 0 || strcmp(parent, "sdtContent") == 0;
    if (strcmp(child, "t") == 0)
        return strcmp(parent, "r") == 0;
    if (strcmp(child, "r") == 0)
        return strcmp(parent, "r") != 0 && strcmp(parent, "t") != 0 && strcmp(parent, "body") != 0 &&
               strcmp(parent, "tc") != 0 && strcmp(parent, "tr") != 0 && strcmp(parent, "tbl") != 0;
    return true;
}

static inline enum dgl_status document_check_start(void *ctx, const struct dgl_xml_element *e,
                                                   struct dgl_error *err DGL_UNUSED)
{
    struct document_check *c = ctx;
    const char *name = document_check_name(e->name);
    const char *parent = c->depth ? c->open[c->depth - 1].name : "";
    if (!document_check_allows(parent, name))
        c->problem = "an element stands where it may not";
    document_check_order(c, e);
    document_check_content(c, e);
    if (c->depth) {
        c->open[c->depth - 1].kids += strcmp(name, "tr") == 0 || strcmp(name, "tc") == 0;
        c->open[c->depth - 1].last_is_p = strcmp(name, "p") == 0;
        c->open[c->depth - 1].has_properties |= strcmp(e->name, "tblPr") == 0;
        c->open[c->depth - 1].has_grid |= strcmp(e->name, "tblGrid") == 0;
    }
    c->open[c->depth].name = name;
    c->open[c->depth].kids = 0;
    c->open[c->depth].last_is_p = c->open[c->depth].has_properties = c->open[c->depth].has_grid = false;
    c->open[c->depth].order = document_order_of(e);
    c->open[c->depth].rank = 0;
    c->depth++;
    if (strcmp(e->name, "docPr") == 0 || strcmp(e->name, "bookmarkStart") == 0)
        for (size_t i = 0; i < e->attr_count; i++) {
            int64_t id = 0;
            if (strcmp(e->attrs[i].name, "id") != 0 ||
                !dgl_parse_int64(e->attrs[i].value.data, e->attrs[i].value.len, 0, INT32_MAX, &id))
                continue;
            uint32_t key = (uint32_t)id * 2 + (e->name[0] == 'b');
            for (size_t k = 0; k < c->id_count; k++)
                if (c->ids[k] == key)
                    c->problem = "an id is there twice";
            if (c->id_count < DGL_COUNT(c->ids))
                c->ids[c->id_count++] = key;
        }
    return DGL_OK;
}

static inline enum dgl_status document_check_end(void *ctx, const char *name, const char *prefix DGL_UNUSED,
                                                 const char *ns DGL_UNUSED, struct dgl_error *err DGL_UNUSED)
{
    struct document_check *c = ctx;
    c->depth--;
    if ((strcmp(name, "tbl") == 0 || strcmp(name, "tr") == 0) && c->open[c->depth].kids == 0)
        c->problem = "a table without rows or a row without cells";
    if (strcmp(name, "tbl") == 0 && (!c->open[c->depth].has_properties || !c->open[c->depth].has_grid))
        c->problem = "a table without properties or a grid";
    if (strcmp(name, "tc") == 0 && !c->open[c->depth].last_is_p)
        c->problem = "a cell does not end with a paragraph";
    return DGL_OK;
}

static inline enum dgl_status document_check_text(void *ctx, struct dgl_str text, struct dgl_error *err DGL_UNUSED)
{
    struct document_check *c = ctx;
    const char *in = c->depth ? c->open[c->depth - 1].name : "";
    if (*in && strcmp(in, "t") != 0)
        for (size_t i = 0; i < text.len; i++)
            if (!strchr(" \t\r\n", text.data[i]))
                c->problem = "text stands outside of w:t";
    return DGL_OK;
}

static inline bool is_story(const char *name)
{
    static const char *const starts[] = {"word/document",  "word/header",   "word/footer",
                                         "word/footnotes", "word/endnotes", "word/comments"};
    for (size_t i = 0; i < DGL_COUNT(starts); i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static inline const char *document_keep(const char *what)
{
    static char kept[200];
    snprintf(kept, sizeof kept, "%s", what);
    return kept;
}

// NULL when all is well; else what is wrong. `structure` false: only that the parts a render reads are XML, for
// templates that were damaged (other parts are copied as they came).
static inline const char *check_document_package(const void *package, size_t len, bool structure)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    if (dgl_zip_open(package, len, &z, &err) != DGL_OK)
        return "the package cannot be opened";
    const char *problem = NULL;
    for (size_t i = 0; i < dgl_zip_count(z) && !problem; i++) {
        const char *name = dgl_zip_name(z, i), *dot = strrchr(name, '.');
        if (!dot || (strcmp(dot, ".xml") != 0 && strcmp(dot, ".rels") != 0) || (!structure && !is_story(name)))
            continue;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64u << 20);
        struct document_check *c = calloc(1, sizeof *c);
        struct dgl_xml_handler h = {
            .start = document_check_start, .end = document_check_end, .text = document_check_text, .ctx = c};
        if (dgl_zip_read(z, i, &b, &err) != DGL_OK || dgl_xml_parse(b.data, b.len, name, &h, &err) != DGL_OK)
            problem = "a part is not well-formed XML";
        else if (structure && strncmp(name, "word/", 5) == 0)
            problem = c->problem == c->what ? document_keep(c->what) : c->problem;
        free(c);
    }
    return problem;
}

#endif
