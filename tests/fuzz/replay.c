// Feeds a fuzz target its corpus and a fixed number of changes of each file, the same ones in every run.
// Arguments: how many changes, then folders. A reader that stands still is ended by a timer that counts the processor's
// time, so that a machine busy with other things fails nothing.
#include "fuzz.h"
#include "markup.h"
#include "values.h"

#include <dirent.h>
#include <signal.h>
#include <sys/time.h>

#define MAX_SEED_BYTES 65536
#define MAX_CHANGES 1000000
#define MAX_SECONDS_OF_AN_INPUT 60

static int64_t changes;

// What was being read when the program ended, for whoever has to find out why.
static const uint8_t *now_data;
static size_t now_size;

static void tell_input(int sig)
{
    fprintf(stderr, "signal %d at this input:\n", sig);
    for (size_t i = 0; i < now_size; i++)
        fprintf(stderr, now_data[i] >= 0x20 && now_data[i] < 0x7F && now_data[i] != '\\' ? "%c" : "\\x%02x",
                now_data[i]);
    fputc('\n', stderr);
    signal(sig, SIG_DFL);
    raise(sig);
}

// In memory of exactly its size, so that a read past the end is seen.
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    memcpy(exact, data, size);
    now_data = exact;
    now_size = size;
    const struct itimerval limit = {.it_value.tv_sec = MAX_SECONDS_OF_AN_INPUT};
    setitimer(ITIMER_PROF, &limit, NULL);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

// Changes some bytes, and now and then copies a stretch over another or cuts the end.
static size_t change(uint8_t *data, size_t size, uint64_t *x)
{
    for (uint64_t count = 1 + fuzz_random(x) % 4; count && size > 1; count--) {
        size_t at = fuzz_random(x) % size, from = fuzz_random(x) % size;
        size_t len = 1 + fuzz_random(x) % 16;
        switch (fuzz_random(x) % 5) {
        case 0:
            data[at] = (uint8_t)fuzz_random(x);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << fuzz_random(x) % 8);
            break;
        case 2:
            data[at] = (uint8_t) "\0\"'<>&[]{},:=\\\xFF\x80"[fuzz_random(x) % 16];
            break;
        case 3:
            if (len > size - at)
                len = size - at;
            if (len > size - from)
                len = size - from;
            memmove(data + at, data + from, len);
            break;
        default:
            if (fuzz_random(x) % 8 == 0)
                size = at;
            break;
        }
    }
    return size;
}

// As the target's mutator does.
static size_t change_somehow(uint8_t *data, size_t size, size_t max, uint64_t *x)
{
    if (FUZZ_DATA && fuzz_random(x) % 4 == 0)
        return fuzz_data_change(data, size, max, x);
    if (FUZZ_MARKUP && fuzz_random(x) % 2)
        return fuzz_markup_change(data, size, max, x);
    return change(data, size, x);
}

static int replay_file(const char *path)
{
    static uint8_t seed[MAX_SEED_BYTES], changed[MAX_SEED_BYTES];
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    size_t size = fread(seed, 1, sizeof(seed), f);
    fclose(f);
    feed(seed, size);
    uint64_t x = UINT64_C(0x9E3779B97F4A7C15) ^ size;
    for (int64_t i = 0; i < changes; i++) {
        memcpy(changed, seed, size);
        feed(changed, change_somehow(changed, size, sizeof(changed), &x));
    }
    return 0;
}

int main(int argc, char **argv)
{
    long long files = 0;
    signal(SIGABRT, tell_input);
    signal(SIGPROF, tell_input);
    if (argc < 3 || !dgl_parse_int64(argv[1], strlen(argv[1]), 0, MAX_CHANGES, &changes)) {
        fprintf(stderr, "usage: %s CHANGES FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            if (e->d_name[0] != '.' && replay_file(path) == 0)
                files++;
        }
        if (d)
            closedir(d);
    }
    printf("%lld files, %lld inputs\n", files, files * (long long)(changes + 1));
    return files ? 0 : 1; // nothing found is a mistake in the call, not a success
}
