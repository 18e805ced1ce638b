// What stands in what. Runs, paragraphs, tables and what is in them are told apart by their element; the rest of the
// content by its name, from the groups that the schema makes of it.
#include "render/docx/nesting.h"
#include <stdlib.h>
#include <string.h>

#define RUN DGL_CONTENT_RUN
#define PARAGRAPH DGL_CONTENT_PARAGRAPH
#define BLOCK DGL_CONTENT_BLOCK
#define FRAME DGL_CONTENT_FRAME
#define EMPTY DGL_CONTENT_EMPTY
#define HOLDER DGL_CONTENT_HOLDER
#define AROUND (DGL_CONTENT_ANY & ~DGL_CONTENT_RUN) // around runs and whatever holds them

// EG_RunInnerContent, EG_PContent, EG_BlockLevelElts and the groups in them, without what has a kind.
static const struct content {
    const char *name;
    unsigned where;
} contents[] = {
    // by their names
    {"altChunk", BLOCK | FRAME},
    {"annotationRef", RUN | EMPTY},
    {"bdo", PARAGRAPH},
    {"commentReference", RUN | EMPTY},
    {"contentPart", RUN | FRAME},
    {"continuationSeparator", RUN | EMPTY},
    {"customXml", AROUND},
    {"customXmlDelRangeEnd", AROUND | EMPTY},
    {"customXmlDelRangeStart", AROUND | EMPTY},
    {"customXmlInsRangeEnd", AROUND | EMPTY},
    {"customXmlInsRangeStart", AROUND | EMPTY},
    {"customXmlMoveFromRangeEnd", AROUND | EMPTY},
    {"customXmlMoveFromRangeStart", AROUND | EMPTY},
    {"customXmlMoveToRangeEnd", AROUND | EMPTY},
    {"customXmlMoveToRangeStart", AROUND | EMPTY},
    {"dayLong", RUN | EMPTY},
    {"dayShort", RUN | EMPTY},
    {"delInstrText", RUN | EMPTY},
    {"dir", PARAGRAPH},
    {"drawing", RUN | FRAME},
    {"endnoteRef", RUN | EMPTY},
    {"endnoteReference", RUN | EMPTY},
    {"fldChar", RUN | FRAME},
    {"fldSimple", PARAGRAPH},
    {"footnoteRef", RUN | EMPTY},
    {"footnoteReference", RUN | EMPTY},
    {"monthLong", RUN | EMPTY},
    {"monthShort", RUN | EMPTY},
    {"moveFromRangeEnd", AROUND | EMPTY},
    {"moveFromRangeStart", AROUND | EMPTY},
    {"moveToRangeEnd", AROUND | EMPTY},
    {"moveToRangeStart", AROUND | EMPTY},
    {"object", RUN | FRAME},
    {"pgNum", RUN | EMPTY},
    {"pict", RUN | FRAME},
    {"ptab", RUN | EMPTY},
    {"rt", HOLDER},
    {"ruby", RUN | FRAME},
    {"rubyBase", HOLDER},
    {"sdt", AROUND},
    {"separator", RUN | EMPTY},
    {"subDoc", PARAGRAPH | EMPTY},
    {"sym", RUN | EMPTY},
    {"yearLong", RUN | EMPTY},
    {"yearShort", RUN | EMPTY},
};

static int by_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct content *)row)->name);
}

enum dgl_docx_kind dgl_docx_kind_of(enum dgl_docx_element el)
{
    switch (el) {
    case DGL_EL_W_P:
    case DGL_EL_W_TBL:
        return DGL_KIND_BLOCK;
    case DGL_EL_W_TR:
        return DGL_KIND_ROW;
    case DGL_EL_W_TC:
        return DGL_KIND_CELL;
    case DGL_EL_W_R:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_DEL:
    case DGL_EL_W_MOVETO:
    case DGL_EL_W_MOVEFROM:
    case DGL_EL_W_SMARTTAG:
    case DGL_EL_W_BOOKMARKSTART:
    case DGL_EL_W_BOOKMARKEND:
    case DGL_EL_W_PROOFERR:
    case DGL_EL_W_COMMENTRANGESTART:
    case DGL_EL_W_COMMENTRANGEEND:
    case DGL_EL_W_PERMSTART:
    case DGL_EL_W_PERMEND:
        return DGL_KIND_RUN_HOLDER;
    case DGL_EL_W_T:
    case DGL_EL_W_TAB:
    case DGL_EL_W_BR:
    case DGL_EL_W_CR:
    case DGL_EL_W_NOBREAKHYPHEN:
    case DGL_EL_W_SOFTHYPHEN:
    case DGL_EL_W_INSTRTEXT:
    case DGL_EL_W_DELTEXT:
    case DGL_EL_W_LASTRENDEREDPAGEBREAK:
        return DGL_KIND_RUN_CONTENT;
    case DGL_EL_W_PPR:
    case DGL_EL_W_RPR:
    case DGL_EL_W_TBLPR:
    case DGL_EL_W_TBLGRID:
    case DGL_EL_W_TRPR:
    case DGL_EL_W_TCPR:
        return DGL_KIND_PROPERTIES;
    default:
        return DGL_KIND_OTHER;
    }
}

bool dgl_docx_is_word(enum dgl_docx_element el)
{
    return el != DGL_EL_OTHER && el != DGL_EL_A_P && el != DGL_EL_A_T && el != DGL_EL_WP_DOCPR;
}

static bool may_hold_properties(enum dgl_docx_element parent, enum dgl_docx_element child)
{
    if (!dgl_docx_is_word(parent) || parent == DGL_EL_W_OTHER) // a change's, a formula's
        return true;
    switch (child) {
    case DGL_EL_W_PPR:
        return parent == DGL_EL_W_P;
    case DGL_EL_W_RPR:
        return parent == DGL_EL_W_R || parent == DGL_EL_W_SDTPR || parent == DGL_EL_W_SDTENDPR;
    case DGL_EL_W_TBLPR:
    case DGL_EL_W_TBLGRID:
        return parent == DGL_EL_W_TBL;
    case DGL_EL_W_TRPR:
        return parent == DGL_EL_W_TR;
    default:
        return parent == DGL_EL_W_TC;
    }
}

unsigned dgl_docx_content_of(enum dgl_docx_element el, const char *name)
{
    enum dgl_docx_kind kind = dgl_docx_kind_of(el);
    if (kind == DGL_KIND_RUN_CONTENT)
        return el == DGL_EL_W_T ? RUN : RUN | EMPTY;
    if (kind != DGL_KIND_OTHER || !dgl_docx_is_word(el))
        return 0;
    const struct content *found = bsearch(name, contents, DGL_COUNT(contents), sizeof *contents, by_name);
    return found ? found->where : 0;
}

unsigned dgl_docx_content_in(enum dgl_docx_element el, unsigned content)
{
    if (content & (FRAME | EMPTY))
        return content & FRAME;
    switch (el) {
    case DGL_EL_W_TC:
    case DGL_EL_W_TXBXCONTENT:
        return DGL_CONTENT_BLOCK;
    case DGL_EL_W_TBL:
        return DGL_CONTENT_ROW;
    case DGL_EL_W_TR:
        return DGL_CONTENT_CELL;
    case DGL_EL_W_P:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_DEL:
    case DGL_EL_W_MOVETO:
    case DGL_EL_W_MOVEFROM:
    case DGL_EL_W_SMARTTAG:
        return DGL_CONTENT_PARAGRAPH;
    case DGL_EL_W_R:
        return DGL_CONTENT_RUN;
    case DGL_EL_W_PROOFERR:
    case DGL_EL_W_COMMENTRANGESTART:
    case DGL_EL_W_COMMENTRANGEEND:
    case DGL_EL_W_PERMSTART:
    case DGL_EL_W_PERMEND:
        return 0;
    default: // a simple field, what sets a direction, a text with its ruby
        return content == PARAGRAPH || content == HOLDER ? PARAGRAPH : DGL_CONTENT_ANY;
    }
}

static bool is_block_holder(enum dgl_docx_element el)
{
    return el == DGL_EL_W_TC || el == DGL_EL_W_TXBXCONTENT;
}

static bool stands_in_paragraph(enum dgl_docx_element el)
{
    return el == DGL_EL_W_R || el == DGL_EL_W_HYPERLINK || el == DGL_EL_W_SMARTTAG;
}

bool dgl_docx_may_hold(enum dgl_docx_element parent, unsigned holds, enum dgl_docx_element child, unsigned content)
{
    enum dgl_docx_kind kind = dgl_docx_kind_of(child);
    if (holds == 0)
        return false;
    if (holds == FRAME && kind != DGL_KIND_PROPERTIES)
        return kind == DGL_KIND_OTHER && (!(content & DGL_CONTENT_ANY) || (content & FRAME));
    switch (kind) {
    case DGL_KIND_BLOCK:
        return is_block_holder(parent);
    case DGL_KIND_ROW:
        return parent == DGL_EL_W_TBL;
    case DGL_KIND_CELL:
        return parent == DGL_EL_W_TR;
    case DGL_KIND_RUN_HOLDER:
        return parent != DGL_EL_W_R && parent != DGL_EL_W_T &&
               !(stands_in_paragraph(child) &&
                 (is_block_holder(parent) || parent == DGL_EL_W_TR || parent == DGL_EL_W_TBL));
    case DGL_KIND_RUN_CONTENT:
        return parent == DGL_EL_W_R ||
               ((parent == DGL_EL_W_OTHER || parent == DGL_EL_OTHER) && holds == DGL_CONTENT_ANY);
    case DGL_KIND_PROPERTIES:
        return may_hold_properties(parent, child);
    case DGL_KIND_OTHER:
        return parent != DGL_EL_W_T && (!dgl_docx_is_word(child) || holds == DGL_CONTENT_ANY || (holds & content));
    }
    return false;
}
