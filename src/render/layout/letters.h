// Classes of characters, and between which of them a line may end. Pure functions of code points.
//
// Sources: Word's output; ECMA-376 §17.3.1.16 (kinsoku), §17.15.1.58 f. (its standard sets), §17.3.1.45 (wordWrap).
#ifndef DGL_RENDER_LAYOUT_LETTERS_H
#define DGL_RENDER_LAYOUT_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

bool dgl_is_combining(uint32_t c);
bool dgl_is_complex(uint32_t c); // needs shaping
bool dgl_is_rtl(uint32_t c);
bool dgl_is_spaceless(uint32_t c); // of a script without spaces between words
bool dgl_is_hangul(uint32_t c);
bool dgl_is_east_asian(uint32_t c); // written in the East Asian font
bool dgl_is_wide(uint32_t c);       // ideographs, kana and full-width forms: lines may break around them
bool dgl_is_ideograph(uint32_t c);  // ideographs and kana, without punctuation
bool dgl_is_digit(uint32_t c);
bool dgl_is_letter(uint32_t c);
bool dgl_is_ignorable(uint32_t c);
uint32_t dgl_upper_of(uint32_t c);
// Full-width punctuation with ink in one half only: the right one, or the left one.
bool dgl_opens(uint32_t c);
bool dgl_closes(uint32_t c);

struct dgl_break_rules {
    bool kinsoku;     // some characters may not begin or end a line
    bool break_words; // between Hangul syllables, not only at spaces
};
// May a line end between a and b (a not a space)? `before_a` is the character before a, 0 at the start.
bool dgl_may_break(struct dgl_break_rules rules, uint32_t before_a, uint32_t a, uint32_t b);

#endif
