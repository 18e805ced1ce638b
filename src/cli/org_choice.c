// Which organization a command means.
#include "cli/org_choice.h"

#include <string.h>

enum dgl_status dgl_cli_choose_org(struct dgl_store *store, struct dgl_arena *arena, const char *wanted,
                                   const char **ret_id, struct dgl_error *err)
{
    struct dgl_org *orgs = NULL;
    size_t count = 0, matches = 0;
    const char *found = NULL;
    DGL_TRY(dgl_store_org_list(store, arena, &orgs, &count, err));
    for (size_t i = 0; i < count; i++)
        if (!wanted || strcmp(orgs[i].id, wanted) == 0 || strcmp(orgs[i].name, wanted) == 0) {
            found = orgs[i].id;
            matches++;
        }
    if (count == 0)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "There is no organization yet; run `docgenlab init` first.");
    if (matches == 0)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "No organization has the id or name \"%s\".", wanted);
    if (matches > 1)
        return DGL_FAIL(err, DGL_E_INVALID, "There are %zu organizations to choose from; give the id of one.", matches);
    *ret_id = found;
    return DGL_OK;
}
