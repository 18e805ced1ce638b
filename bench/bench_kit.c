// DOCX to PDF by LibreOffice kept warm in this process, through the same interface that the office worker uses: the
// peer of our own layout. Prints microseconds for each file.
//
//   bench_kit PROGRAM PROFILE_FOLDER OUT_FOLDER FILE.docx...        absolute paths
//
// One document is converted beforehand, unmeasured: the first one loads filters and fonts.
#include "base/clock.h"
#include "server/engine/office_kit.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct office_kit *load(const char *program, const char *profile)
{
    char path[4096], url[4096];
    snprintf(path, sizeof path, "%s/libmergedlo.so", program);
    snprintf(url, sizeof url, "file://%s", profile);
    void *library = dlopen(path, RTLD_LAZY);
    void *entry = library ? dlsym(library, OFFICE_KIT_ENTRY) : NULL;
    return entry ? ((office_kit_entry)entry)(program, url) : NULL;
}

static bool convert(struct office_kit *kit, const char *docx, const char *folder)
{
    char in[4096], out[4096];
    const char *name = strrchr(docx, '/');
    snprintf(in, sizeof in, "file://%s", docx);
    snprintf(out, sizeof out, "file://%s/%.*s.pdf", folder, (int)strcspn(name + 1, "."), name + 1);
    struct office_kit_document *document = kit->table->load_with_options(kit, in, "Batch=true");
    bool done = document && document->table->save_as(document, out, "pdf", NULL);
    if (document)
        document->table->destroy(document);
    return done;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: bench_kit PROGRAM PROFILE_FOLDER OUT_FOLDER FILE.docx...\n");
        return 2;
    }
    setenv("SAL_USE_VCLPLUGIN", "svp", 1);
    struct office_kit *kit = load(argv[1], argv[2]);
    bool done = kit && convert(kit, argv[4], argv[3]);
    for (int i = 4; i < argc && done; i++) {
        int64_t start = dgl_clock_mono_us(dgl_clock_system());
        done = convert(kit, argv[i], argv[3]);
        printf("%lld\n", (long long)(dgl_clock_mono_us(dgl_clock_system()) - start));
    }
    fflush(stdout);
    if (!done)
        fprintf(stderr, "bench_kit: LibreOffice in %s cannot be used\n", argv[1]);
    _Exit(done ? 0 : 1); // its threads do not end by themselves
}
