// The schema's sequences (ECMA-376 Part 1, Annex A.1, with what Part 4, Annex A adds). `*` is where the content stands
// that a sequence does not list: all other elements, or, in a closed one, those of other namespaces. `+` may repeat.
#include "render/docx/sequence.h"
#include <string.h>

#define SIDES "top start left bottom end right "

static const struct dgl_docx_sequence sequences[] = {
    {"p", "pPr *", false},
    {"r", "rPr *", false},
    {"tbl", "tblPr tblGrid *", false},
    {"tr", "tblPrEx trPr *", false},
    {"tc", "tcPr *", false},
    {"smartTag", "smartTagPr *", false},
    {"customXml", "customXmlPr *", false},
    {"fldSimple", "fldData *", false},
    {"sdt", "sdtPr sdtEndPr sdtContent *", true},
    {"pPr",
     "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
     "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
     "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
     "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr * pPrChange",
     true},
    {"rPr",
     "ins del moveFrom moveTo rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint "
     "noProof snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText "
     "vertAlign rtl cs em lang eastAsianLayout specVanish oMath * rPrChange",
     true},
    {"tblPr",
     "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing tblInd "
     "tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription * tblPrChange",
     true},
    {"tblPrEx", "tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook * tblPrExChange", true},
    {"tblGrid", "gridCol+ * tblGridChange", true},
    {"trPr",
     "cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader tblCellSpacing jc hidden ins del "
     "* trPrChange",
     true},
    {"tcPr",
     "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark headers "
     "cellIns cellDel cellMerge * tcPrChange",
     true},
    {"sectPr",
     "headerReference+ footerReference+ footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType pgNumType "
     "cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings * sectPrChange",
     true},
    {"numPr", "ilvl numId numberingChange ins *", true},
    {"pBdr", "top left bottom right between bar *", true},
    {"pgBorders", "top left bottom right *", true},
    {"tblBorders", SIDES "insideH insideV *", true},
    {"tcBorders", SIDES "insideH insideV tl2br tr2bl *", true},
    {"tblCellMar", SIDES "*", true},
    {"tcMar", SIDES "*", true},
    {"tabs", "tab+ *", true},
    {"cols", "col+ *", true},
};

const struct dgl_docx_sequence dgl_docx_empty_sequence = {"", "*", true};

const struct dgl_docx_sequence *dgl_docx_sequence_of(const char *parent)
{
    for (size_t i = 0; i < DGL_COUNT(sequences); i++)
        if (strcmp(sequences[i].parent, parent) == 0)
            return &sequences[i];
    return NULL;
}

bool dgl_docx_find_place(const struct dgl_docx_sequence *q, const char *child, struct dgl_docx_sequence_place *ret)
{
    size_t len = strlen(child);
    uint8_t rank = 1;
    for (const char *p = q->children; *p; rank++) {
        size_t n = strcspn(p, " +");
        bool repeats = p[n] == '+';
        if (n == len && memcmp(p, child, n) == 0) {
            *ret = (struct dgl_docx_sequence_place){rank, repeats};
            return true;
        }
        p += n + repeats;
        p += *p == ' ';
    }
    return false;
}

uint8_t dgl_docx_rest_rank(const struct dgl_docx_sequence *q)
{
    struct dgl_docx_sequence_place rest = {0};
    return dgl_docx_find_place(q, "*", &rest) ? rest.rank : 0;
}
