// Bounds of layout, together. Those of packages, XML parts and nodes stand in render/docx/limits.h.
#ifndef DGL_RENDER_LAYOUT_LIMITS_H
#define DGL_RENDER_LAYOUT_LIMITS_H

#define DGL_LAYOUT_MAX_PART_BYTES (64u << 20)
#define DGL_LAYOUT_MAX_NODES 2000000u  // elements of one document, all parts
#define DGL_LAYOUT_MAX_STYLES 8192u    // Word allows 4,079
#define DGL_LAYOUT_MAX_STYLE_CHAIN 32u // basedOn; cycles end here
#define DGL_LAYOUT_MAX_NESTING 24u     // tables in cells, text boxes in text boxes
#define DGL_LAYOUT_MAX_COLUMNS 63u     // of a table; Word opens no more
#define DGL_LAYOUT_MAX_PAGES 20000u    // of one document
#define DGL_LAYOUT_MAX_PARAGRAPH_BYTES (8u << 20)
#define DGL_LAYOUT_MAX_PASSES 3u      // layouts of one document until page numbers in its text settle
#define DGL_LAYOUT_MAX_KEEP_CHAIN 48u // paragraphs held together by keepNext
#define DGL_LAYOUT_MAX_TABS 64u       // stops of one paragraph
#define DGL_LAYOUT_MAX_BALANCE 64u    // tries to make the columns of a section equally tall
#define DGL_LAYOUT_MAX_FLOATS 256u    // wrapped objects of one page
#define DGL_LAYOUT_MAX_AHEAD 256u     // of one document: objects for which text is made room that comes before them
#define DGL_LAYOUT_MAX_LINKED 32u     // text boxes that one text flows through, as in Word
#define DGL_LAYOUT_MAX_OUTLINE 4096u  // corners of an outline that text follows
#define DGL_LAYOUT_MAX_WARNINGS 64u
#define DGL_LAYOUT_MAX_LENGTH 31680000                      // mpt: 22 inches times 20; longer lengths in files are cut
#define DGL_LAYOUT_MAX_SIZE 1638000                         // mpt: the largest font size Word accepts
#define DGL_LAYOUT_MAX_FONTS 512u                           // of one document: families, each in each of its styles
#define DGL_LAYOUT_MAX_FACES (2 * DGL_LAYOUT_MAX_FONTS + 4) // open faces of one font set, see fonts.c
#define DGL_LAYOUT_MAX_SHAPES 65536u                        // entries of the shape cache
#define DGL_LAYOUT_MAX_SHEETS 32u                           // style sheets a warm process keeps
#define DGL_LAYOUT_MAX_SHEET_BYTES (8u << 20)               // compressed parts of one kept sheet
#define DGL_HYPHENS_MAX_FILES 128u                          // hyphenation dictionaries of one folder
#define DGL_HYPHENS_MAX_BYTES (16u << 20)                   // of one of them
#define DGL_HYPHENS_MAX_LETTERS 63u                         // of a word that is divided
#define DGL_FONT_MAX_BYTES (20u << 20)                      // one font file from a stranger
#define DGL_FONT_MAX_FACES 64u // of one file: of a collection, or instances of a variable font
#define DGL_FONT_MAX_NAMES 12u // by which one face is known
#define DGL_FONT_MAX_NAME_BYTES 120u
#define DGL_FONT_MAX_TABLES 64u
#define DGL_FONT_MAX_LAYOUT_BYTES (8u << 20)     // of each table of shaping rules
#define DGL_FONT_MAX_DEPTH 10u                   // glyphs made of glyphs, subroutines in subroutines
#define DGL_FONT_MAX_COMPONENTS 512u             // of one glyph, theirs included
#define DGL_FONT_MAX_STEPS 20000u                // of one CFF outline
#define DGL_FONT_MAX_ALL_STEPS 100000000u        // of all of them
#define DGL_FONT_MAX_EMBEDDED 64u                // files in one document
#define DGL_FONT_MAX_EMBEDDED_BYTES (16u << 20)  // of all of them
#define DGL_FONT_MAX_EMBEDDING_BYTES (64u << 20) // of an organization's fonts in a copy for LibreOffice
#define DGL_FONT_SAMPLE_BYTES (96u << 10)
#define DGL_FONT_MAX_SETS 4u // lists of fonts beside the machine's that a warm process keeps open

#endif
