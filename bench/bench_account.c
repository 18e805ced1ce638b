// What every request pays before its work begins, and what storing a file costs.
//
//   bench_account [DIRECTORY]     (default: /tmp)
#include "base/crypto.h"
#include "server/account/account.h"
#include "server/blob/blob.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 300000
#define FILES_EACH 200
#define FILE_BYTES 30000

static void check(enum dgl_status status, const struct dgl_error *err)
{
    if (status == DGL_OK)
        return;
    fprintf(stderr, "bench_account: %s\n", err->message);
    exit(1);
}

static int64_t now_us(void)
{
    return dgl_clock_mono_us(dgl_clock_system());
}

static void measure_requests(const char *directory)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_account_options options = {.rate_limit_per_minute = 100000000};
    struct dgl_account_init first;
    struct dgl_principal who;
    unsigned char master[32] = {1}, hash[DGL_SHA256_LEN];
    char url[4200];
    int64_t wait;
    snprintf(url, sizeof url, "sqlite:%s/store.db", directory);
    DGL_AUTO(keyring) keys = dgl_keyring_new_for_test(master);
    DGL_AUTO(store) store = NULL;
    check(dgl_store_open(url, dgl_clock_system(), &store, &err), &err);
    DGL_AUTO(account) account = NULL;
    check(dgl_account_new(store, dgl_clock_system(), keys, &options, &account, &err), &err);
    check(dgl_account_init(account, "Bench", "bench@example.com", NULL, true, &first, &err), &err);

    int64_t start = now_us();
    for (int i = 0; i < CALLS; i++)
        dgl_sha256(first.api_key, 36, hash);
    double sha = (double)(now_us() - start) * 1000 / CALLS;
    start = now_us();
    for (int i = 0; i < CALLS; i++)
        check(dgl_account_authenticate_key(account, first.api_key, &who, &err), &err);
    double whole = (double)(now_us() - start) * 1000 / CALLS;
    start = now_us();
    for (int i = 0; i < CALLS; i++)
        (void)dgl_account_rate_take(account, &who, &wait);
    double rate = (double)(now_us() - start) * 1000 / CALLS;
    printf("authenticate a cached key   %6.0f ns, of which SHA-256 %.0f ns\n", whole, sha);
    printf("take from the rate limit    %6.0f ns\n", rate);
}

struct putter {
    struct dgl_blob_store *blobs;
};

static void *put_files(void *arg)
{
    static char content[FILE_BYTES];
    struct putter *p = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_blob_info info;
    char name[64];
    for (int i = 0; i < FILES_EACH; i++) {
        struct dgl_id id = dgl_id_new(dgl_clock_system());
        snprintf(name, sizeof name, "%s.pdf", id.s);
        check(dgl_blob_put(p->blobs, "org", "document", name, content, sizeof content, &info, &err), &err);
    }
    return NULL;
}

static void measure_files(const char *directory, int threads)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct putter putters[16];
    pthread_t ids[16];
    char path[4200];
    struct dgl_blob_store *blobs;
    snprintf(path, sizeof path, "%s/files", directory);
    check(dgl_blob_open(path, &blobs, &err), &err);
    int64_t start = now_us();
    for (int i = 0; i < threads; i++) {
        putters[i] = (struct putter){blobs};
        if (pthread_create(&ids[i], NULL, put_files, &putters[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    double seconds = (double)(now_us() - start) / 1e6;
    printf("put files of 30 kB, %2d threads   %6.0f/s\n", threads, threads * FILES_EACH / seconds);
    dgl_blob_close(blobs);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char directory[4096];
    snprintf(directory, sizeof directory, "%s/bench-account-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(directory)) {
        perror(directory);
        return 1;
    }
    check(dgl_crypto_init(&err), &err);
    measure_requests(directory);
    measure_files(directory, 1); // also makes the directories
    measure_files(directory, 1);
    measure_files(directory, 8);
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
