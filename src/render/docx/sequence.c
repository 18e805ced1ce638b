// The schema's sequences (ECMA-376 Part 1, Annex A.1, with what Part 4, Annex A adds). `*` is where the content stands
// that a sequence does not list: all other elements, or, in a closed one, those of other namespaces. `+` may repeat.
#include "render/docx/sequence.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SIDES "top start left bottom end right "

static const struct dgl_docx_sequence sequences[] = {
    // by their names
    {"cols", "col+ *", true},
    {"customXml", "customXmlPr *", false},
    {"fldSimple", "fldData *", false},
    {"numPr", "ilvl numId numberingChange ins *", true},
    {"p", "pPr *", false},
    {"pBdr", "top left bottom right between bar *", true},
    {"pPr",
     "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
     "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd "
     "snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
     "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr * pPrChange",
     true},
    {"pgBorders", "top left bottom right *", true},
    {"r", "rPr *", false},
    {"rPr",
     "ins del moveFrom moveTo rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint "
     "noProof snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText "
     "vertAlign rtl cs em lang eastAsianLayout specVanish oMath * rPrChange",
     true},
    {"ruby", "rubyPr rt rubyBase *", true},
    {"sdt", "sdtPr sdtEndPr sdtContent *", true},
    {"sectPr",
     "headerReference+ footerReference+ footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType pgNumType "
     "cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings * sectPrChange",
     true},
    {"smartTag", "smartTagPr *", false},
    {"tabs", "tab+ *", true},
    {"tbl", "tblPr tblGrid *", false},
    {"tblBorders", SIDES "insideH insideV *", true},
    {"tblCellMar", SIDES "*", true},
    {"tblGrid", "gridCol+ * tblGridChange", true},
    {"tblPr",
     "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing tblInd "
     "tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription * tblPrChange",
     true},
    {"tblPrEx", "tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook * tblPrExChange", true},
    {"tc", "tcPr *", false},
    {"tcBorders", SIDES "insideH insideV tl2br tr2bl *", true},
    {"tcMar", SIDES "*", true},
    {"tcPr",
     "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark headers "
     "cellIns cellDel cellMerge * tcPrChange",
     true},
    {"tr", "tblPrEx trPr *", false},
    {"trPr",
     "cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader tblCellSpacing jc hidden ins del "
     "* trPrChange",
     true},
};

const struct dgl_docx_sequence dgl_docx_empty_sequence = {"", "*", true};

static int by_parent(const void *name, const void *row)
{
    return strcmp(name, ((const struct dgl_docx_sequence *)row)->parent);
}

const struct dgl_docx_sequence *dgl_docx_sequence_of(const char *parent)
{
    return bsearch(parent, sequences, DGL_COUNT(sequences), sizeof *sequences, by_parent);
}

// ---- places, found by open addressing over all sequences' children; made once

#define SLOTS 1024 // about four times the children

static struct slot {
    const char *child; // NULL: empty
    size_t len, sequence;
    struct dgl_docx_sequence_place place;
} slots[SLOTS];
static uint8_t rest_ranks[DGL_COUNT(sequences)];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

// The child's slot, or the empty one where it would be.
static struct slot *slot_of(size_t sequence, const char *child, size_t len)
{
    uint32_t h = 2166136261u ^ (uint32_t)sequence;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)child[i]) * 16777619u;
    struct slot *s = &slots[(h ^ (h >> 15)) % SLOTS];
    while (s->child && !(s->sequence == sequence && s->len == len && memcmp(s->child, child, len) == 0))
        s = s + 1 == slots + SLOTS ? slots : s + 1;
    return s;
}

static void index_sequence(size_t sequence)
{
    uint8_t rank = 1;
    for (const char *p = sequences[sequence].children; *p; rank++) {
        size_t n = strcspn(p, " +");
        bool repeats = p[n] == '+';
        *slot_of(sequence, p, n) = (struct slot){p, n, sequence, {rank, repeats}};
        if (*p == '*')
            rest_ranks[sequence] = rank;
        p += n + repeats;
        p += *p == ' ';
    }
}

static void index_sequences(void)
{
    for (size_t i = 0; i < DGL_COUNT(sequences); i++)
        index_sequence(i);
}

bool dgl_docx_find_place(const struct dgl_docx_sequence *q, const char *child, struct dgl_docx_sequence_place *ret)
{
    if (q == &dgl_docx_empty_sequence)
        return false;
    pthread_once(&slots_once, index_sequences);
    const struct slot *s = slot_of((size_t)(q - sequences), child, strlen(child));
    if (s->child)
        *ret = s->place;
    return s->child != NULL;
}

uint8_t dgl_docx_rest_rank(const struct dgl_docx_sequence *q)
{
    if (q == &dgl_docx_empty_sequence)
        return 1;
    pthread_once(&slots_once, index_sequences);
    return rest_ranks[q - sequences];
}
