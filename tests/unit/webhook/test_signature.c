// Signing and verifying against the published vectors; what has to fail; derived keys.
#include "../base/unit.h"
#include "server/webhook/signature.h"

#include <stdio.h>

static const struct vector {
    const char *secret, *id;
    int64_t timestamp_s;
    const char *body, *signature;
} vectors[] = {
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
     "{\"email\":\"test@example.com\",\"username\":\"test_user\"}", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="},
    {"whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
     "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
     "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="},
    {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
     "{\"event\":\"webhook.test\",\"message\":\"This is a test webhook from DocGenLab\"}",
     "v1,IQP2A+pwCuZq98LC3o4VF23IMDOtkbAHLKWNY6DXfGs="},
};
#define PUBLIC_KEY "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="

static struct dgl_webhook_key key_of(const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_key key;
    assert_ok(dgl_webhook_key_parse(text, &key, &err), err);
    return key;
}

static void test_vectors(void **state DGL_UNUSED)
{
    for (size_t i = 0; i < DGL_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct dgl_webhook_key key = key_of(v->secret);
        DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1000);
        dgl_webhook_sign(&key, 1, v->id, v->timestamp_s, v->body, strlen(v->body), &out);
        assert_string_equal(out.data, v->signature);
        char text[DGL_WEBHOOK_SECRET_MAX];
        dgl_webhook_secret_write(&key, text);
        assert_string_equal(text, v->secret);
    }
}

static enum dgl_status check(const struct dgl_webhook_key *keys, size_t count, const struct vector *v,
                             const char *signature, const char *timestamp, int64_t now_s, struct dgl_error *err)
{
    return dgl_webhook_verify(keys, count, v->id, timestamp, signature, v->body, strlen(v->body), now_s, err);
}

static void test_verify(void **state DGL_UNUSED)
{
    for (size_t i = 0; i < DGL_COUNT(vectors); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        const struct vector *v = &vectors[i];
        char timestamp[24];
        struct dgl_webhook_key key = key_of(v->secret);
        if (key.kind == DGL_WEBHOOK_KEY_ED25519)
            key = key_of(PUBLIC_KEY);
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)v->timestamp_s);
        for (int64_t off = -300; off <= 300; off += 300)
            assert_ok(check(&key, 1, v, v->signature, timestamp, v->timestamp_s + off, &err), err);
        char list[600];
        snprintf(list, sizeof list, "v1,AAAA v2,x v1a,AAAA %s v1,BBBB", v->signature);
        assert_ok(check(&key, 1, v, list, timestamp, v->timestamp_s, &err), err);
    }
}

static void test_must_fail(void **state DGL_UNUSED)
{
    const struct vector *v = &vectors[0];
    struct dgl_webhook_key key = key_of(v->secret), other = key_of(vectors[1].secret);
    struct dgl_error err = DGL_ERROR_INIT;
    const char *good = v->signature, *ts = "1614265330";
    int64_t now = v->timestamp_s;
    char altered[128];
    snprintf(altered, sizeof altered, "v2,%s", good + 3);
    static const char *const bad_times[] = {"1614265330.0",        "1614265330.5", "-1614265330", "soon", " 1614265330",
                                            "1614265330 ",         "0x60384132",   "1614264",     "",     "+1614265330",
                                            "99999999999999999999"};
    for (size_t i = 0; i < DGL_COUNT(bad_times); i++)
        assert_int_equal(check(&key, 1, v, good, bad_times[i], now, &err), DGL_E_INVALID);
    assert_int_equal(check(&key, 1, v, good, ts, now + 301, &err), DGL_E_INVALID);
    assert_string_equal(err.slug, "signature_timestamp");
    assert_int_equal(check(&key, 1, v, good, ts, now - 301, &err), DGL_E_INVALID);
    static const char *const bad_signatures[] = {
        "v1,", "v1", "v1a,", "v2,", ",", " ", "v1,!!!!", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    for (size_t i = 0; i < DGL_COUNT(bad_signatures); i++) {
        assert_int_equal(check(&key, 1, v, bad_signatures[i], ts, now, &err), DGL_E_INVALID);
        assert_string_equal(err.slug, "signature_mismatch");
    }
    assert_int_equal(check(&key, 1, v, altered, ts, now, &err), DGL_E_INVALID);
    assert_int_equal(check(&other, 1, v, good, ts, now, &err), DGL_E_INVALID);
    assert_int_equal(check(&key, 0, v, good, ts, now, &err), DGL_E_INVALID);
    assert_int_equal(check(&key, 1, v, NULL, ts, now, &err), DGL_E_INVALID);
    assert_string_equal(err.slug, "signature_header_missing");
    assert_int_equal(check(&key, 1, v, good, NULL, now, &err), DGL_E_INVALID);
    assert_int_equal(dgl_webhook_verify(&key, 1, NULL, ts, good, v->body, strlen(v->body), now, &err), DGL_E_INVALID);
    assert_contains(err.message, "webhook-id");
    assert_int_equal(dgl_webhook_verify(&key, 1, "msg_other", ts, good, v->body, strlen(v->body), now, &err),
                     DGL_E_INVALID);
}

static void test_every_byte_counts(void **state DGL_UNUSED)
{
    for (size_t n = 0; n < DGL_COUNT(vectors); n++) {
        const struct vector *v = &vectors[n];
        struct dgl_webhook_key key = key_of(v->secret);
        struct dgl_error err = DGL_ERROR_INIT;
        char body[200], timestamp[24];
        size_t len = strlen(v->body);
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)v->timestamp_s);
        for (size_t i = 0; i <= len; i++) {
            memcpy(body, v->body, len + 1);
            body[i] ^= 1; // the last round changes only what is behind the body
            enum dgl_status status =
                dgl_webhook_verify(&key, 1, v->id, timestamp, v->signature, body, len, v->timestamp_s, &err);
            assert_int_equal(status == DGL_OK, i == len);
        }
        assert_int_equal(
            dgl_webhook_verify(&key, 1, v->id, timestamp, v->signature, v->body, len - 1, v->timestamp_s, &err),
            DGL_E_INVALID);
    }
}

static void test_bad_keys(void **state DGL_UNUSED)
{
    static const char *const bad[] = {"",       "whsec_",     "whsec_!",
                                      "whsk_",  "whsk_AAAA",  "whpk_AAAA",
                                      "secret", "WHSEC_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_webhook_key key;
        if (dgl_webhook_key_parse(bad[i], &key, &err) == DGL_OK)
            fail_msg("accepted: %s", bad[i]);
    }
}

// While a secret rotates, every valid one signs, and any of them verifies.
static void test_several(void **state DGL_UNUSED)
{
    struct dgl_webhook_key keys[3] = {key_of(vectors[1].secret), key_of(vectors[0].secret), key_of(vectors[2].secret)};
    const struct vector *v = &vectors[0];
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1000);
    dgl_webhook_sign(keys, 3, v->id, v->timestamp_s, v->body, strlen(v->body), &out);
    assert_contains(out.data, v->signature);
    assert_contains(out.data, vectors[2].signature);
    assert_int_equal(strlen(out.data), 3 * 3 + 44 * 2 + 1 + 88 + 2);
    for (size_t i = 0; i < 3; i++)
        assert_ok(check(&keys[i], 1, v, out.data, "1614265330", v->timestamp_s, &err), err);
}

static void test_new_secret(void **state DGL_UNUSED)
{
    char a[DGL_WEBHOOK_SECRET_MAX], b[DGL_WEBHOOK_SECRET_MAX];
    dgl_webhook_secret_new(a);
    dgl_webhook_secret_new(b);
    assert_int_equal(strlen(a), 6 + 32);
    assert_string_not_equal(a, b);
    assert_int_equal(key_of(a).len, 24);
}

// Fixed values, so that receivers in other languages can be written against them.
static void test_derived(void **state DGL_UNUSED)
{
    struct dgl_webhook_key key = key_of(vectors[0].secret);
    struct dgl_webhook_key one = dgl_webhook_key_derive(&key, "https://a.example"),
                           two = dgl_webhook_key_derive(&key, "https://b.example");
    char text[DGL_WEBHOOK_SECRET_MAX];
    assert_int_equal(one.len, 32);
    assert_memory_not_equal(one.bytes, two.bytes, 32);
    dgl_webhook_secret_write(&one, text);
    assert_string_equal(text, "whsec_pVDnjnx3OKyO2VeAmWttRFW1f8wuLN3ZpCgpzorXNck=");
}

int main(void)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_crypto_init(&err) != DGL_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),           cmocka_unit_test(test_verify),   cmocka_unit_test(test_must_fail),
        cmocka_unit_test(test_every_byte_counts), cmocka_unit_test(test_bad_keys), cmocka_unit_test(test_several),
        cmocka_unit_test(test_new_secret),        cmocka_unit_test(test_derived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
