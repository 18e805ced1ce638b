// The pages and assets inside the program, as the build embedded them (embed.c).
#ifndef DGL_SERVER_UI_FILES_H
#define DGL_SERVER_UI_FILES_H

#include <stddef.h>

struct dgl_ui_file {
    const char *name; // "pages/error.html", "assets/app.css", "minimal/flask.py", "handlers/flask.py"
    const char *data; // followed by a NUL
    size_t len;
};
extern const struct dgl_ui_file dgl_ui_files[];
extern const size_t dgl_ui_file_count;
const struct dgl_ui_file *dgl_ui_file_lookup(const char *name); // NULL = none

#endif
