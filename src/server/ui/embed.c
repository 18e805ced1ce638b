// Build tool: writes files as C arrays, so that pages and assets travel inside the program.
//
//   embed OUTPUT.c NAME=PATH…     NAME is how the program asks for the file: "pages/error.html"
//
// Plain C and nothing of ours, because it runs before anything of ours is built.
#include <stdio.h>
#include <string.h>

#define MAX_FILES 256

static int write_bytes(FILE *out, const char *path, unsigned long *ret_len)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        fprintf(stderr, "embed: %s cannot be read\n", path);
        return -1;
    }
    unsigned long len = 0;
    int c;
    while ((c = fgetc(in)) != EOF)
        fprintf(out, "%d,%s", c, ++len % 32 == 0 ? "\n" : "");
    int failed = ferror(in);
    fclose(in);
    fprintf(out, "0"); // a NUL the length does not count
    *ret_len = len;
    return failed ? -1 : 0;
}

static int write_all(FILE *out, int count, char **args)
{
    unsigned long len[MAX_FILES] = {0};
    fprintf(out, "// Made by embed; do not edit.\n#include \"server/ui/files.h\"\n\n");
    for (int i = 0; i < count; i++) {
        const char *path = strchr(args[i], '=');
        if (!path)
            return -1;
        fprintf(out, "static const unsigned char file_%d[] = {\n", i);
        if (write_bytes(out, path + 1, &len[i]) != 0)
            return -1;
        fprintf(out, "};\n\n");
    }
    fprintf(out, "const struct dgl_ui_file dgl_ui_files[] = {\n");
    for (int i = 0; i < count; i++)
        fprintf(out, "    {\"%.*s\", (const char *)file_%d, %luu},\n", (int)(strchr(args[i], '=') - args[i]), args[i],
                i, len[i]);
    fprintf(out, "};\nconst size_t dgl_ui_file_count = %d;\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > MAX_FILES) {
        fprintf(stderr, "usage: embed OUTPUT.c NAME=PATH... (at most %d)\n", MAX_FILES);
        return 2;
    }
    FILE *out = fopen(argv[1], "wb");
    if (!out) {
        fprintf(stderr, "embed: %s cannot be written\n", argv[1]);
        return 1;
    }
    int failed = write_all(out, argc - 2, argv + 2);
    if (fclose(out) != 0)
        failed = -1;
    return failed ? 1 : 0;
}
