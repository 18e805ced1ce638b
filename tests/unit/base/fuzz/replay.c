// Feeds a fuzz target its seeds and a fixed number of changes of each, the same ones in every run.
// Arguments: folders of seeds. An alarm ends a reader that stands still.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SEED_BYTES 65536
#define CHANGES_PER_SEED 2000
#define MAX_SECONDS 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

// In memory of exactly its size, so that a read past the end is seen.
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

// Changes some bytes, and now and then copies a stretch over another or cuts the end; the first byte stays.
static size_t change(uint8_t *data, size_t size, uint64_t *x)
{
    for (uint64_t count = 1 + next_random(x) % 4; count && size > 1; count--) {
        size_t at = 1 + next_random(x) % (size - 1), from = 1 + next_random(x) % (size - 1);
        size_t len = 1 + next_random(x) % 16;
        switch (next_random(x) % 5) {
        case 0:
            data[at] = (uint8_t)next_random(x);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << next_random(x) % 8);
            break;
        case 2:
            data[at] = (uint8_t) "\0\"'<>&[]{},:=\\\xFF\x80"[next_random(x) % 16];
            break;
        case 3:
            if (len > size - at)
                len = size - at;
            if (len > size - from)
                len = size - from;
            memmove(data + at, data + from, len);
            break;
        default:
            if (next_random(x) % 8 == 0)
                size = at;
            break;
        }
    }
    return size;
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
    for (int i = 0; i < CHANGES_PER_SEED; i++) {
        memcpy(changed, seed, size);
        feed(changed, change(changed, size, &x));
    }
    return 0;
}

int main(int argc, char **argv)
{
    int seeds = 0;
    alarm(MAX_SECONDS);
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            if (e->d_name[0] != '.' && replay_file(path) == 0)
                seeds++;
        }
        if (d)
            closedir(d);
    }
    printf("%d seeds, %d inputs\n", seeds, seeds * (CHANGES_PER_SEED + 1));
    return seeds ? 0 : 1; // no seed found is a mistake in the call, not a success
}
