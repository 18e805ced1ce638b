// Between content.c (texts, lines, pictures) and content_art.c (vectors).
#ifndef DGL_RENDER_PDF_CONTENT_PRIVATE_H
#define DGL_RENDER_PDF_CONTENT_PRIVATE_H

#include "render/pdf/content.h"

#define PEN_MAX_SAVES 96u

struct pen {
    struct dgl_buf *b;
    const struct pdf_content_env *env;
    uint32_t page;
    int32_t height; // of the page: y grows up in PDF
    uint32_t mark;  // element of the open mark, PDF_ARTIFACT or PDF_NOT_MARKED
    bool mark_in_text;
    bool margin;     // headers, footers and what lies behind the text: artifacts
    uint32_t figure; // the figure being painted, PDF_NOT_MARKED = none
    bool in_text, skewed, stroked_text;
    int32_t text_x, text_y; // start of the last line
    uint32_t font;
    int32_t size;
    uint16_t scale;
    uint32_t fill, stroke;
    int32_t line_width;
    enum dgl_line_kind dash;
    bool art_dash; // a dash pattern of a vector drawing is set
    struct pen_state {
        uint32_t font;
        int32_t size;
        uint16_t scale;
        bool stroked_text;
        uint32_t fill, stroke;
        int32_t line_width;
        enum dgl_line_kind dash;
        bool pushed;
    } saves[PEN_MAX_SAVES];
    unsigned save_count;
};

void pen_op(struct pen *p, const char *s);
void pen_num(struct pen *p, int64_t milli);
void pen_end_text(struct pen *p);
void pen_end_mark(struct pen *p);
void pen_mark_object(struct pen *p); // around whole objects: the figure being painted, or an artifact
void pen_fill(struct pen *p, uint32_t rgb);
void pen_stroke(struct pen *p, uint32_t rgb);
void pen_width(struct pen *p, int32_t width);
void pen_draw(struct pen *p, const struct dgl_box_list *l);
// q and Q, with what the pen knows of the state. Past the depth bound they count but write nothing.
void pen_save(struct pen *p);
void pen_restore(struct pen *p);
void pen_turn(struct pen *p, const struct dgl_box *push);
void pen_alpha(struct pen *p, double fill, double stroke);
void pen_path(struct pen *p, const struct dgl_art_path *path);
void pen_art(struct pen *p, const struct dgl_box *box);

#endif
