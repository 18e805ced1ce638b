// Bounds of the DOCX reader and writer, together. The package's own (members, sizes, ratio) stand in base/zip.h, those
// of XML in base/xml.h, those of the language in render/template/template.h.
#ifndef DGL_RENDER_DOCX_LIMITS_H
#define DGL_RENDER_DOCX_LIMITS_H

#define DGL_DOCX_MAX_PART_BYTES (64u << 20)     // one XML part, inflated
#define DGL_DOCX_MAX_NODES 2000000u             // elements and texts of all parts with tags
#define DGL_DOCX_MAX_MODEL_BYTES (640u << 20)   // memory of a compiled template
#define DGL_DOCX_MAX_TAGS 200000u               // of one part
#define DGL_DOCX_MAX_TAGS_IN_PARAGRAPH 10000u   // lifting tags out of runs is quadratic in the worst case
#define DGL_DOCX_MAX_PARTS 512u                 // parts that are searched for tags
#define DGL_DOCX_MAX_RELATIONSHIPS 65536u       // of one part
#define DGL_DOCX_MAX_TABLE_DEPTH 32u            // tables within tables whose rows or columns depend on data
#define DGL_DOCX_MAX_COLUMNS 63u                // of a table; Word opens no more
#define DGL_DOCX_MAX_IMAGE_BYTES (20u << 20)    // one image
#define DGL_DOCX_MAX_IMAGES 2000u               // different images of one document
#define DGL_DOCX_MAX_IMAGES_BYTES (100u << 20)  // all of them
#define DGL_DOCX_MAX_IMAGE_PIXELS 100000000u    // width times height
#define DGL_DOCX_MAX_TURNED_PIXELS 32000000u    // of a photo that is turned upright: takes up to 12 bytes each
#define DGL_DOCX_MAX_IMAGE_EMU 27273042316900LL // the largest wp:extent (ECMA-376 Part 1, 20.1.10.42)
#define DGL_DOCX_MAX_URL_BYTES 8192u
#define DGL_DOCX_MAX_HYPERLINKS 60000u
#define DGL_DOCX_MAX_MARKUP_BYTES (1u << 20)    // Markdown or HTML of one value
#define DGL_DOCX_MAX_MARKUP_BLOCKS 20000u       // its paragraphs
#define DGL_DOCX_MAX_MARKUP_PIECES 1024u        // properties of the open elements of a safe value, neighbours as one
#define DGL_DOCX_MAX_MARKUP_TABLES 6u           // tables within tables of it
#define DGL_DOCX_MAX_MARKUP_LISTS 9u            // lists within lists; Word has nine levels
#define DGL_DOCX_MAX_CHART_COPIES 500u          // charts that loops make
#define DGL_DOCX_MAX_SERIES 255u                // of a chart
#define DGL_DOCX_MAX_POINTS 32000u              // of a series
#define DGL_DOCX_MAX_SUBDOCS 100u               // different subdocuments of one document
#define DGL_DOCX_MAX_SUBDOC_DEPTH 4u            // subdocuments in subdocuments
#define DGL_DOCX_MAX_SUBDOC_BYTES (32u << 20)   // the package of one
#define DGL_DOCX_MAX_NAME_BYTES 1024u           // a template's name
#define DGL_DOCX_MAX_LISTS 10000u               // numbered lists of one document
#define DGL_DOCX_MAX_PACKAGE_BYTES (256u << 20) // the filled document

#endif
