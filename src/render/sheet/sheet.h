// Spreadsheets for many documents at once. Here: the sample, a workbook with its headers filled in.
//
// The first sheet has a column for each token that is one value; a token inside a group is named with dots
// ("customer.name"). A list of the template has a sheet of its own, with the column "row" first: the row number on the
// sheet of its parent. Pure; no clock, so the same tokens always give the same bytes. ECMA-376 Part 1 §18.
#ifndef DGL_RENDER_SHEET_SHEET_H
#define DGL_RENDER_SHEET_SHEET_H

#include "base/buf.h"
#include "base/json.h"

#define DGL_SHEET_MAX_COLUMNS 1024 // of one sheet; further tokens are left out
#define DGL_SHEET_MAX_SHEETS 64
#define DGL_SHEET_MAX_DEPTH 8
#define DGL_SHEET_NAME_MAX 31 // Excel's own bound, in characters

// `tokens` as a template reports them: [{"name","type","children"}]. Appends the XLSX to `out`.
enum dgl_status dgl_sheet_sample(const json_t *tokens, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;

#endif
