// Rotating the master key.
//
//   rotate: new key into the file (durable) ─▶ every sealed value opened with its key and sealed with the new one
//   retire: the same sealing once more ─▶ old keys out of the file
//
// The key is durable before anything is sealed with it, and an old key leaves only when nothing is sealed with it and
// no link signed with it can be alive, so a crash at any point leaves values that open; the command is simply given
// again. Sealing is done twice because a running server may seal with the old key until it has noticed the new one.
#include "cli/master_key.h"

#include "base/failpoint.h"
#include "cli/table.h"
#include "server/webhook/reseal.h"

#define NOTICE_US (60 * DGL_US_PER_S) // a running server knows a new key by then

static enum dgl_status seal_all(struct dgl_account_call *call, int64_t *ret_count, struct dgl_error *err)
{
    enum dgl_status status = dgl_webhook_reseal(call->data.store, call->data.keys, ret_count, err);
    if (status != DGL_OK)
        dgl_error_prefix(err, "not every secret could be sealed with the new master key; the old ones stay");
    return status;
}

static int64_t retirable_at_us(const struct dgl_account_call *call)
{
    int64_t made_at_us = dgl_keyring_made_at_us(call->data.keys, dgl_keyring_current(call->data.keys));
    return made_at_us + dgl_config_int(call->config, "DOWNLOAD_URL_TTL_S") * DGL_US_PER_S + NOTICE_US;
}

enum dgl_status dgl_cli_rotate_master(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const names[] = {"key_id", "sealed_anew", "old_keys_can_be_retired_at"};
    int64_t count;
    DGL_FAILPOINT("ops.rotate_begun");
    DGL_TRY(dgl_keyring_add(call->data.keys, dgl_clock_now_us(dgl_clock_system()), err));
    DGL_FAILPOINT("ops.rotate_added");
    DGL_TRY(seal_all(call, &count, err));
    const struct dgl_cell cells[] = {DGL_INT(dgl_keyring_current(call->data.keys)), DGL_INT(count),
                                     DGL_TIME(retirable_at_us(call))};
    dgl_cli_print_record(call->wishes->json != NULL, names, cells, DGL_COUNT(names));
    return DGL_OK;
}

// A job's PDF options stay under the key that sealed them until the document is made.
static enum dgl_status check_waiting(struct dgl_account_call *call, struct dgl_error *err)
{
    int64_t waiting;
    DGL_TRY(dgl_store_pdf_options_count(call->data.store, dgl_keyring_current(call->data.keys), &waiting, err));
    if (waiting > 0)
        return DGL_FAIL(err, DGL_E_CONFLICT,
                        "%lld documents that are not made yet need the old master key; retire it when they are.",
                        (long long)waiting);
    return DGL_OK;
}

enum dgl_status dgl_cli_retire_master(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const names[] = {"key_id", "sealed_anew", "retired"};
    struct dgl_keyring *keys = call->data.keys;
    uint8_t current = dgl_keyring_current(keys);
    int64_t count, retired = 0, from_us = retirable_at_us(call);
    char when[32];
    for (unsigned id = 1; id < current; id++)
        retired += dgl_keyring_has(keys, (uint8_t)id);
    if (retired > 0 && dgl_clock_now_us(dgl_clock_system()) < from_us)
        return DGL_FAIL(err, DGL_E_CONFLICT,
                        "Download links signed with the old master key live until %s; retire it after that.",
                        dgl_time_format_utc(from_us, when));
    DGL_TRY(seal_all(call, &count, err));
    DGL_FAILPOINT("ops.retire_sealed");
    if (retired > 0)
        DGL_TRY(check_waiting(call, err));
    if (retired > 0)
        DGL_TRY(dgl_keyring_retire(keys, current, err));
    DGL_FAILPOINT("ops.retire_done");
    const struct dgl_cell cells[] = {DGL_INT(current), DGL_INT(count), DGL_INT(retired)};
    dgl_cli_print_record(call->wishes->json != NULL, names, cells, DGL_COUNT(names));
    return DGL_OK;
}
