// LibreOfficeKit's binary interface, as far as it is used: the leading members of its two tables of functions.
//
// The interface is LibreOffice's public C ABI. Members are only ever added at the end of a table, and a table begins
// with its size, by which a caller tells what the installed version has. Declared here, the program builds on machines
// that have no LibreOffice: its development package would pull in a desktop's toolkit.
#ifndef DGL_SERVER_ENGINE_OFFICE_KIT_H
#define DGL_SERVER_ENGINE_OFFICE_KIT_H

#include <stddef.h>

struct office_kit_document;
struct office_kit_document_table {
    size_t size;
    void (*destroy)(struct office_kit_document *document);
    int (*save_as)(struct office_kit_document *document, const char *url, const char *format, const char *options);
    int (*type)(struct office_kit_document *document);
    int (*parts)(struct office_kit_document *document); // Writer: pages
};
struct office_kit_document {
    const struct office_kit_document_table *table;
};

struct office_kit;
struct office_kit_table {
    size_t size;
    void (*destroy)(struct office_kit *kit);
    struct office_kit_document *(*load)(struct office_kit *kit, const char *url);
    char *(*error)(struct office_kit *kit);
    struct office_kit_document *(*load_with_options)(struct office_kit *kit, const char *url, const char *options);
    void (*free_error)(char *text);
};
struct office_kit {
    const struct office_kit_table *table;
};
// What the library exports as OFFICE_KIT_ENTRY: the program directory, and the profile as a URL.
typedef struct office_kit *(*office_kit_entry)(const char *program, const char *profile_url);
#define OFFICE_KIT_ENTRY "libreofficekit_hook_2"

#define OFFICE_KIT_HAS(object, member) (offsetof(typeof(*(object)->table), member) < (object)->table->size)

#endif
