// Numbers of lists: formats, counters of one document, the label of a paragraph.
// Source: ECMA-376 Part 1 §17.9; §17.18.59 for the formats.
#ifndef DGL_RENDER_LAYOUT_NUMBERING_H
#define DGL_RENDER_LAYOUT_NUMBERING_H

#include "base/buf.h"
#include "render/layout/sheet.h"

enum dgl_num_format {
    DGL_NUM_DECIMAL,
    DGL_NUM_DECIMAL_ZERO,
    DGL_NUM_UPPER_ROMAN,
    DGL_NUM_LOWER_ROMAN,
    DGL_NUM_UPPER_LETTER,
    DGL_NUM_LOWER_LETTER,
    DGL_NUM_ORDINAL,
    DGL_NUM_CARDINAL_TEXT,
    DGL_NUM_ORDINAL_TEXT,
    DGL_NUM_BULLET,
    DGL_NUM_NONE,
    DGL_NUM_CIRCLED,
    DGL_NUM_FULLWIDTH,
    DGL_NUM_CHINESE,
    DGL_NUM_KOREAN_GANADA,
    DGL_NUM_KOREAN_CHOSUNG,
    DGL_NUM_AIUEO,
    DGL_NUM_IROHA,
    DGL_NUM_RUSSIAN_LOWER,
    DGL_NUM_RUSSIAN_UPPER,
    DGL_NUM_HEX,
    DGL_NUM_DASHED, // "- 3 -"
    DGL_NUM_CHICAGO,
    DGL_NUM_PADDED3,
    DGL_NUM_PADDED4,
    DGL_NUM_PADDED5,
    DGL_NUM_HEBREW,
    DGL_NUM_ARABIC_ALPHA,
    DGL_NUM_EARTHLY,
    DGL_NUM_HEAVENLY,
    DGL_NUM_CHINESE_DIGITS,
    DGL_NUM_CHINESE_LEGAL,
    DGL_NUM_CHINESE_LEGAL_SIMPLE,
    DGL_NUM_JAPANESE_LEGAL,
    DGL_NUM_KOREAN_DIGITS,
    DGL_NUM_KOREAN_COUNTING,
    DGL_NUM_KOREAN_LEGAL,
    DGL_NUM_PARENTHESES,
    DGL_NUM_FULL_STOP,
    DGL_NUM_CIRCLED_IDEOGRAPH,
    DGL_NUM_THAI_DIGITS,
    DGL_NUM_THAI_LETTERS,
    DGL_NUM_HINDI_DIGITS,
    DGL_NUM_HINDI_LETTERS,
    DGL_NUM_HINDI_CONSONANTS,
    DGL_NUM_HEBREW_VALUES,
    DGL_NUM_ARABIC_ABJAD,
    DGL_NUM_AIUEO_HALF, // half-width letters
    DGL_NUM_IROHA_HALF,
    DGL_NUM_SEXAGENARY, // sixty pairs of a heavenly and an earthly sign
    DGL_NUM_HINDI_WORDS,
    DGL_NUM_THAI_WORDS,
    DGL_NUM_VIETNAMESE_WORDS,
    DGL_NUM_BAHT,   // an amount in words
    DGL_NUM_DOLLAR, // "One and 00/100"
};
enum dgl_num_format dgl_num_format_of(struct dgl_str name); // unknown names are decimal
void dgl_num_put(struct dgl_buf *out, enum dgl_num_format format, int64_t value);
struct dgl_str dgl_num_text(struct dgl_arena *a, enum dgl_num_format format, int64_t value); // the same, in the arena

// Counters run over the whole document, per abstract numbering.
struct dgl_counters;
struct dgl_counters *dgl_counters_new(const struct dgl_sheet *s, struct dgl_arena *a);
// Counts one paragraph of `num` at `level` and appends its label.
void dgl_counters_next(struct dgl_counters *c, const struct dgl_num *num, unsigned level, struct dgl_buf *out);

#endif
