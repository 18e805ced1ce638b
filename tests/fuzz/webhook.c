// Fuzz target: what users and receivers give the webhook room: a schedule, a key, and the three headers of a delivery,
// one a line; the rest is the body. A delivery signed here verifies, and with a byte changed it does not.
#include "fuzz.h"

#include "server/webhook/schedule.h"
#include "server/webhook/signature.h"

static void read_schedule(const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_schedule schedule;
    if (dgl_schedule_parse(text, &schedule, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    fuzz_must(schedule.count <= DGL_SCHEDULE_MAX_STEPS && dgl_schedule_sum_s(&schedule) >= 0);
    static const int64_t wishes[] = {-1, 0, 30, INT64_MAX};
    for (int64_t failures = 1; failures <= (int64_t)schedule.count + 1; failures++) {
        for (size_t i = 0; i < DGL_COUNT(wishes); i++) {
            int64_t next = 0, now = INT64_C(1700000000000000);
            bool again = dgl_schedule_next(&schedule, failures, now, wishes[i], 0xFFFFFFFFu, &next);
            fuzz_must(again == (failures <= (int64_t)schedule.count));
            fuzz_must(!again || next >= now);
        }
    }
}

static void check_key(const struct dgl_webhook_key *key, const char *id, const uint8_t *body, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_key again;
    char text[DGL_WEBHOOK_SECRET_MAX];
    const int64_t now_s = 1700000000;
    dgl_webhook_secret_write(key, text);
    fuzz_must(dgl_webhook_key_parse(text, &again, &err) == DGL_OK && again.kind == key->kind && again.len == key->len);
    if (key->kind != DGL_WEBHOOK_KEY_HMAC || !id[0] || strlen(id) > 500)
        return;
    DGL_AUTO_FINI(buf) signature = DGL_BUF_INIT(4096);
    dgl_webhook_sign(key, 1, id, now_s, body, size, &signature);
    fuzz_must(dgl_webhook_verify(key, 1, id, "1700000000", signature.data, body, size, now_s, &err) == DGL_OK);
    fuzz_must(dgl_webhook_verify(key, 1, id, "1700000001", signature.data, body, size, now_s, &err) != DGL_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_key key;
    char *lines[5];
    if (dgl_crypto_init(&err) != DGL_OK)
        abort();
    for (size_t i = 0; i < DGL_COUNT(lines); i++)
        lines[i] = fuzz_take_text(&data, &size, '\n');
    read_schedule(lines[0]);
    if (dgl_webhook_key_parse(lines[1], &key, &err) == DGL_OK) {
        (void)!dgl_webhook_verify(&key, 1, lines[2], lines[3], lines[4], data, size, 1700000000, &err);
        check_key(&key, lines[2], data, size);
    } else {
        fuzz_must_explain(&err);
    }
    for (size_t i = 0; i < DGL_COUNT(lines); i++)
        free(lines[i]);
    return 0;
}
