// The fonts of a folder, for `render --fonts`: each file is checked in a worker as an upload would be.
#ifndef DGL_CLI_FONT_FOLDER_H
#define DGL_CLI_FONT_FOLDER_H

#include "cli/engine_session.h"

#define DGL_FONT_FOLDER_MAX 200u // font files of a folder

struct dgl_font_folder;
// Files that end in .ttf, .otf or .ttc, by name; what is in folders within is not looked at. A font that is refused is
// left out and told on stderr. A folder without any font is an error.
enum dgl_status dgl_font_folder_read(struct dgl_engine_session *session, const char *path, struct dgl_font_folder **ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;
void dgl_font_folder_free(struct dgl_font_folder *f);
DGL_DEFINE_AUTO(font_folder);
struct dgl_engine_fonts *dgl_font_folder_list(const struct dgl_font_folder *f); // lent
enum dgl_status dgl_font_folder_open(const struct dgl_font_folder *f, const unsigned char sha256[32], int *ret_fd,
                                     struct dgl_error *err) DGL_MUST_CHECK;

#endif
