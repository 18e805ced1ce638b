// Fuzz target: signed download links. Three lines: file, expires, signature, as a stranger sends them. A link that
// holds is, byte for byte, the one that this server makes for that document, format and expiry.
#include "fuzz.h"

#include "server/blob/link.h"

static const unsigned char master[32] = "a key that the fuzzer cannot see";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dgl_keyring *keys;
    struct dgl_error err = DGL_ERROR_INIT;
    char document[40], format[8], made[DGL_LINK_MAX], given[DGL_LINK_MAX + 64];
    if (!keys && (dgl_crypto_init(&err) != DGL_OK || !(keys = dgl_keyring_new_for_test(master))))
        abort();
    char *file = fuzz_take_text(&data, &size, '\n'), *expires = fuzz_take_text(&data, &size, '\n'),
         *signature = fuzz_take_text(&data, &size, '\n');
    static const int64_t nows[] = {0, INT64_C(1700000000000000), INT64_C(4000000000000000)};
    for (size_t i = 0; i < DGL_COUNT(nows); i++) {
        if (dgl_link_verify(keys, file, expires, signature, nows[i], document, format, &err) != DGL_OK) {
            fuzz_must(err.code == DGL_E_FORBIDDEN && err.message[0]);
            continue;
        }
        int64_t expires_at_s = 0;
        fuzz_must(dgl_parse_int64(expires, strlen(expires), 0, INT64_MAX, &expires_at_s));
        fuzz_must(nows[i] / 1000000 <= expires_at_s);
        fuzz_must(dgl_link_make(keys, "https://x", document, format, expires_at_s, made, &err) == DGL_OK);
        snprintf(given, sizeof(given), "https://x/files/%s?expires=%s&signature=%s", file, expires, signature);
        fuzz_must(strcmp(given, made) == 0);
    }
    free(file);
    free(expires);
    free(signature);
    return 0;
}
