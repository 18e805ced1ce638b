// A part's XML as a tree in an arena: elements with their attributes, texts, and, once scanned, tags.
//
// Element names are resolved by namespace, never by prefix: transitional and strict WordprocessingML look the same.
// Comments, processing instructions and whitespace between elements are not kept.
#ifndef DGL_RENDER_DOCX_TREE_H
#define DGL_RENDER_DOCX_TREE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/xml.h"

// Elements the compiler looks at. W_ WordprocessingML, A_ DrawingML, WP_ its anchoring.
// clang-format off
#define DGL_DOCX_ELEMENTS(X) \
    X(W_BODY, "body") X(W_P, "p") X(W_PPR, "pPr") X(W_R, "r") X(W_RPR, "rPr") X(W_T, "t") X(W_TBL, "tbl") \
    X(W_TBLPR, "tblPr") X(W_TBLGRID, "tblGrid") X(W_GRIDCOL, "gridCol") X(W_TR, "tr") X(W_TRPR, "trPr") \
    X(W_TC, "tc") X(W_TCPR, "tcPr") X(W_TCW, "tcW") X(W_GRIDSPAN, "gridSpan") X(W_HMERGE, "hMerge") \
    X(W_VMERGE, "vMerge") X(W_TCBORDERS, "tcBorders") X(W_SHD, "shd") X(W_CNFSTYLE, "cnfStyle") \
    X(W_GRIDBEFORE, "gridBefore") X(W_GRIDAFTER, "gridAfter") X(W_SDT, "sdt") X(W_SDTCONTENT, "sdtContent") \
    X(W_SDTPR, "sdtPr") X(W_SDTENDPR, "sdtEndPr") X(W_HYPERLINK, "hyperlink") X(W_INS, "ins") X(W_DEL, "del") \
    X(W_MOVEFROM, "moveFrom") X(W_MOVETO, "moveTo") X(W_SMARTTAG, "smartTag") X(W_TXBXCONTENT, "txbxContent") \
    X(W_HDR, "hdr") X(W_FTR, "ftr") X(W_FOOTNOTE, "footnote") X(W_ENDNOTE, "endnote") X(W_COMMENT, "comment") \
    X(W_INSTRTEXT, "instrText") X(W_DELTEXT, "delText") X(W_DELINSTRTEXT, "delInstrText") X(W_TAB, "tab") \
    X(W_BR, "br") X(W_CR, "cr") X(W_NOBREAKHYPHEN, "noBreakHyphen") X(W_SOFTHYPHEN, "softHyphen") \
    X(W_BOOKMARKSTART, "bookmarkStart") X(W_BOOKMARKEND, "bookmarkEnd") X(W_PROOFERR, "proofErr") \
    X(W_LASTRENDEREDPAGEBREAK, "lastRenderedPageBreak") X(W_COMMENTRANGESTART, "commentRangeStart") \
    X(W_COMMENTRANGEEND, "commentRangeEnd") X(W_PERMSTART, "permStart") X(W_PERMEND, "permEnd") \
    X(W_SECTPR, "sectPr") X(W_PGSZ, "pgSz") X(W_PGMAR, "pgMar") X(W_COLS, "cols") X(W_STYLE, "style") \
    X(W_NAME, "name") X(W_CUSTOMXML, "customXml")
// clang-format on

enum dgl_docx_element {
    DGL_EL_OTHER, // any other namespace
    DGL_EL_W_OTHER,
#define DGL_X(id, name) DGL_EL_##id,
    DGL_DOCX_ELEMENTS(DGL_X)
#undef DGL_X
        DGL_EL_A_P,
    DGL_EL_A_T,
    DGL_EL_WP_DOCPR,
};

enum dgl_docx_ns { DGL_NS_NONE, DGL_NS_W, DGL_NS_R, DGL_NS_XML, DGL_NS_XMLNS, DGL_NS_W14, DGL_NS_OTHER };
struct dgl_docx_attr {
    struct dgl_str qname; // as written: "w:val"
    struct dgl_str local; // the part after the colon
    struct dgl_str value; // unescaped
    enum dgl_docx_ns ns;
};

enum dgl_docx_node_kind { DGL_NODE_ELEMENT, DGL_NODE_TEXT, DGL_NODE_TAG };
struct dgl_docx_tag;
struct dgl_docx_node {
    enum dgl_docx_node_kind kind;
    enum dgl_docx_element el;
    struct dgl_docx_node *parent, *first, *last, *next, *prev;
    struct dgl_str qname; // ELEMENT
    struct dgl_docx_attr *attrs;
    uint32_t attr_count;
    bool lost_cells;          // W_TBL: a tag replaced one of its cells
    uint32_t paragraph;       // W_P, A_P: number in document order from 1
    struct dgl_str text;      // TEXT, unescaped
    struct dgl_docx_tag *tag; // TAG
};

struct dgl_docx_tree {
    struct dgl_docx_node *root;
    uint32_t paragraphs;
    bool strict;        // ISO 29500 strict namespaces
    bool may_hold_tags; // some text or attribute has "{" and what follows may make a tag
};

// Parses a part. `what` names it in messages. Nodes count against *nodes_left.
enum dgl_status dgl_docx_tree_parse(struct dgl_arena *a, const char *xml, size_t len, const char *what,
                                    uint32_t *nodes_left, struct dgl_docx_tree *ret,
                                    struct dgl_error *err) DGL_MUST_CHECK;

enum dgl_docx_element dgl_docx_element_of(const char *ns, const char *name);
bool dgl_docx_is_relationships(const char *ns);         // the namespace of attributes that name relationships
bool dgl_docx_smells_of_tag(const char *s, size_t len); // cheap and generous

struct dgl_docx_node *dgl_docx_node_element(struct dgl_arena *a, enum dgl_docx_element el, const char *qname,
                                            const char *attr_qname, const char *attr_value); // attr may be NULL
struct dgl_docx_node *dgl_docx_node_text(struct dgl_arena *a, struct dgl_str text);
struct dgl_docx_node *dgl_docx_node_tag(struct dgl_arena *a, struct dgl_docx_tag *tag);
struct dgl_docx_node *dgl_docx_node_clone(struct dgl_arena *a, const struct dgl_docx_node *n); // deep
struct dgl_docx_node *dgl_docx_node_clone_shallow(struct dgl_arena *a, const struct dgl_docx_node *n);
void dgl_docx_node_append(struct dgl_docx_node *parent, struct dgl_docx_node *n);
void dgl_docx_node_prepend(struct dgl_docx_node *parent, struct dgl_docx_node *n);
void dgl_docx_node_before(struct dgl_docx_node *at, struct dgl_docx_node *n);
void dgl_docx_node_after(struct dgl_docx_node *at, struct dgl_docx_node *n);
void dgl_docx_node_unlink(struct dgl_docx_node *n);
struct dgl_docx_node *dgl_docx_node_child(const struct dgl_docx_node *n, enum dgl_docx_element el); // first such child
// Nearest ancestor of a kind; the search ends at text boxes, notes and comments. NULL when there is none.
struct dgl_docx_node *dgl_docx_node_up(const struct dgl_docx_node *n, enum dgl_docx_element el);
const struct dgl_docx_attr *dgl_docx_node_attr(const struct dgl_docx_node *n, const char *local); // any namespace
struct dgl_str dgl_docx_node_attr_value(const struct dgl_docx_node *n, const char *local);        // empty when absent

#endif
