// A package is walked from its root relationship, as readers do; names in the archive prove nothing. What is refused is
// refused with the word that helps: people upload .doc, .docm and protected files far more often than broken ones.
#include "render/docx/opc.h"
#include "base/xml.h"
#include "render/docx/limits.h"
#include <stdlib.h>
#include <string.h>

#define MAIN_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
#define TEMPLATE_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"

static enum dgl_status not_a_docx(struct dgl_error *err, const char *why)
{
    return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_docx", "the template is not a Word document (.docx): %s", why);
}

static bool holds_utf16(const unsigned char *data, size_t len, const char *word)
{
    char wide[64];
    size_t n = 0;
    for (; *word && n + 2 <= sizeof wide; word++) {
        wide[n++] = *word;
        wide[n++] = 0;
    }
    return memmem(data, len, wide, n) != NULL;
}

// An OLE file is an old .doc, or a .docx that a password protects (MS-OFFCRYPTO §2.3.4: a stream EncryptedPackage).
static enum dgl_status refuse_ole(const unsigned char *data, size_t len, struct dgl_error *err)
{
    if (holds_utf16(data, DGL_MIN(len, (size_t)1 << 20), "EncryptedPackage"))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "encrypted",
                             "the template is protected by a password; remove the password in Word and save it again");
    return not_a_docx(err, "it is in the older binary format (.doc); save it as .docx in Word");
}

static enum dgl_status check_magic(const unsigned char *data, size_t len, struct dgl_error *err)
{
    static const unsigned char ole[8] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    if (len == 0)
        return not_a_docx(err, "it is empty");
    if (len >= 8 && memcmp(data, ole, 8) == 0)
        return refuse_ole(data, len, err);
    if (len >= 5 && memcmp(data, "%PDF-", 5) == 0)
        return not_a_docx(err, "it is a PDF");
    if (len >= 5 && memcmp(data, "{\\rtf", 5) == 0)
        return not_a_docx(err, "it is rich text (.rtf); save it as .docx in Word");
    if (len < 4 || memcmp(data, "PK\3\4", 4) != 0)
        return not_a_docx(err, "it is no zip package");
    return DGL_OK;
}

// ---- content types

struct types {
    struct dgl_docx_package *package;
    struct dgl_arena *arena;
    const char **of_member; // content type by Override
    size_t cap;
    bool macros;
};

static struct dgl_str keep(struct dgl_arena *a, struct dgl_str s)
{
    return (struct dgl_str){dgl_arena_strndup(a, s.data, s.len), s.len};
}

static void add_type(struct types *t, bool is_default, struct dgl_str key, struct dgl_str type)
{
    struct dgl_docx_package *p = t->package;
    if (p->type_count == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 32;
        struct dgl_docx_type *more = dgl_arena_alloc(t->arena, t->cap * sizeof *more);
        if (p->type_count)
            memcpy(more, p->types, p->type_count * sizeof *more);
        p->types = more;
    }
    p->types[p->type_count++] =
        (struct dgl_docx_type){.is_default = is_default, .key = keep(t->arena, key), .type = keep(t->arena, type)};
}

static enum dgl_status on_type(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct types *t = ctx;
    struct dgl_str part = {"", 0}, type = {"", 0}, extension = {"", 0};
    if (t->package->type_count >= 4 * DGL_ZIP_MAX_MEMBERS)
        return not_a_docx(err, "its list of content types is too long");
    for (size_t i = 0; i < e->attr_count; i++) {
        if (strcmp(e->attrs[i].name, "PartName") == 0)
            part = e->attrs[i].value;
        else if (strcmp(e->attrs[i].name, "ContentType") == 0)
            type = e->attrs[i].value;
        else if (strcmp(e->attrs[i].name, "Extension") == 0)
            extension = e->attrs[i].value;
    }
    bool is_default = strcmp(e->name, "Default") == 0;
    if (is_default || strcmp(e->name, "Override") == 0)
        add_type(t, is_default, is_default ? extension : part, type);
    if (dgl_str_holds(type, "macroEnabled") || dgl_str_holds(type, "vbaProject"))
        t->macros = true;
    if (strcmp(e->name, "Override") != 0 || part.len < 2 || part.data[0] != '/')
        return DGL_OK;
    char *name = dgl_arena_strndup(t->arena, part.data + 1, part.len - 1);
    size_t at = 0;
    if (dgl_zip_find(t->package->zip, name, &at))
        t->of_member[at] = dgl_arena_strndup(t->arena, type.data, type.len);
    return DGL_OK;
}

static enum dgl_status read_member(const struct dgl_docx_package *p, uint32_t member, struct dgl_buf *ret,
                                   struct dgl_error *err)
{
    *ret = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    return dgl_zip_read(p->zip, member, ret, err);
}

static enum dgl_status read_types(struct dgl_docx_package *p, struct types *t, struct dgl_error *err)
{
    size_t at = 0;
    if (!dgl_zip_find(p->zip, "[Content_Types].xml", &at))
        return not_a_docx(err, "it holds no list of content types");
    p->content_types = (uint32_t)at;
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(0);
    DGL_TRY(read_member(p, p->content_types, &xml, err));
    struct dgl_xml_handler h = {.start = on_type, .ctx = t};
    return dgl_xml_parse(xml.data, xml.len, "[Content_Types].xml", &h, err);
}

// ---- relationships

struct relations {
    struct dgl_arena *arena;
    struct dgl_docx_relationship *items;
    size_t count, cap;
};

static enum dgl_status on_relationship(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct relations *r = ctx;
    if (strcmp(e->name, "Relationship") != 0)
        return DGL_OK;
    if (r->count >= DGL_DOCX_MAX_RELATIONSHIPS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large",
                             "the template is too large: a part has more than %u relationships",
                             DGL_DOCX_MAX_RELATIONSHIPS);
    if (r->count == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 16;
        struct dgl_docx_relationship *more = dgl_arena_alloc(r->arena, cap * sizeof *more);
        if (r->count)
            memcpy(more, r->items, r->count * sizeof *more);
        r->items = more;
        r->cap = cap;
    }
    struct dgl_docx_relationship *item = &r->items[r->count++];
    item->id = item->type = item->target = item->mode = (struct dgl_str){"", 0}; // what is left out is empty, not NULL
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct dgl_xml_attr *a = &e->attrs[i];
        struct dgl_str *to = strcmp(a->name, "Id") == 0           ? &item->id
                             : strcmp(a->name, "Type") == 0       ? &item->type
                             : strcmp(a->name, "Target") == 0     ? &item->target
                             : strcmp(a->name, "TargetMode") == 0 ? &item->mode
                                                                  : NULL;
        if (to)
            *to = (struct dgl_str){dgl_arena_strndup(r->arena, a->value.data, a->value.len), a->value.len};
    }
    return DGL_OK;
}

// "word/document.xml" → "word/_rels/document.xml.rels"; "" → "_rels/.rels".
static bool rels_name(const char *part, char *out, size_t size)
{
    const char *slash = strrchr(part, '/');
    size_t folder = slash ? (size_t)(slash - part) + 1 : 0, base = strlen(part) - folder;
    if (folder + 6 + base + 5 + 1 > size)
        return false;
    memcpy(out, part, folder);
    memcpy(out + folder, "_rels/", 6);
    memcpy(out + folder + 6, part + folder, base);
    memcpy(out + folder + 6 + base, ".rels", 6);
    return true;
}

static enum dgl_status relationships_of(const struct dgl_docx_package *p, const char *part, struct dgl_arena *a,
                                        struct dgl_docx_relationship **ret, size_t *ret_count, uint32_t *ret_member,
                                        struct dgl_error *err)
{
    char name[600];
    size_t at = 0;
    *ret = NULL;
    *ret_count = 0;
    *ret_member = UINT32_MAX;
    if (!rels_name(part, name, sizeof name) || !dgl_zip_find(p->zip, name, &at))
        return DGL_OK;
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(0);
    DGL_TRY(read_member(p, (uint32_t)at, &xml, err));
    struct relations r = {.arena = a};
    struct dgl_xml_handler h = {.start = on_relationship, .ctx = &r};
    DGL_TRY(dgl_xml_parse(xml.data, xml.len, name, &h, err));
    *ret = r.items;
    *ret_count = r.count;
    *ret_member = (uint32_t)at;
    return DGL_OK;
}

enum dgl_status dgl_docx_relationships(const struct dgl_docx_package *p, uint32_t member, struct dgl_arena *a,
                                       struct dgl_docx_relationship **ret, size_t *ret_count, uint32_t *ret_member,
                                       struct dgl_error *err)
{
    return relationships_of(p, dgl_zip_name(p->zip, member), a, ret, ret_count, ret_member, err);
}

// Follows "." and ".." within the package; a path that climbs out of it points nowhere.
static bool normalize(const char *path, char *out, size_t size)
{
    size_t n = 0;
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len == 2 && memcmp(path, "..", 2) == 0) {
            if (n == 0)
                return false;
            n--;
            while (n > 0 && out[n - 1] != '/')
                n--;
        } else if (len > 0 && !(len == 1 && *path == '.')) {
            if (n + len + 2 > size)
                return false;
            memcpy(out + n, path, len);
            n += len;
            out[n++] = '/';
        }
        path += len + (path[len] == '/');
    }
    if (n == 0)
        return false;
    out[n - 1] = '\0';
    return true;
}

bool dgl_docx_resolve(const struct dgl_docx_package *p, const char *source, struct dgl_str target, uint32_t *ret_member)
{
    char decoded[512], joined[1100], name[1100];
    size_t len = 0;
    for (size_t i = 0; i < target.len; i++)
        if (target.data[i] == '#')
            target.len = i;
    if (target.len == 0 || !dgl_percent_decode(target.data, target.len, false, decoded, sizeof decoded - 1, &len))
        return false;
    decoded[len] = '\0';
    if (strlen(decoded) != len || strchr(decoded, '\\'))
        return false;
    const char *slash = strrchr(source, '/');
    size_t folder = decoded[0] == '/' || !slash ? 0 : (size_t)(slash - source) + 1;
    if (folder + len + 1 > sizeof joined)
        return false;
    memcpy(joined, source, folder);
    memcpy(joined + folder, decoded, len + 1);
    size_t at = 0;
    if (!normalize(joined, name, sizeof name) || !dgl_zip_find(p->zip, name, &at))
        return false;
    *ret_member = (uint32_t)at;
    return true;
}

const char *dgl_docx_new_name(const struct dgl_docx_package *p, struct dgl_arena *a, const char *stem)
{
    const char *name = dgl_arena_printf(a, "%s.xml", stem);
    size_t at = 0;
    for (unsigned n = 2; dgl_zip_find(p->zip, name, &at); n++) // ends: the members have a maximum
        name = dgl_arena_printf(a, "%s%u.xml", stem, n);
    return name;
}

const char *dgl_docx_content_type(const struct dgl_docx_package *p, const char *name, struct dgl_arena *a)
{
    const char *dot = strrchr(name, '.'), *found = "application/octet-stream";
    for (size_t i = 0; i < p->type_count; i++) {
        const struct dgl_docx_type *t = &p->types[i];
        struct dgl_str key = t->key;
        if (!t->is_default && key.len && key.data[0] == '/')
            key = (struct dgl_str){key.data + 1, key.len - 1};
        const char *against = t->is_default ? (dot ? dot + 1 : "") : name;
        if (key.len != strlen(against) || strncasecmp(key.data, against, key.len) != 0)
            continue;
        found = dgl_arena_strndup(a, t->type.data, t->type.len);
        if (!t->is_default)
            return found;
    }
    return found;
}

static int by_text(const void *a, const void *b)
{
    const struct dgl_str *x = a, *y = b;
    size_t common = DGL_MIN(x->len, y->len);
    int c = common ? memcmp(x->data, y->data, common) : 0;
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

static int by_rel_id(const void *a, const void *b)
{
    const struct dgl_docx_relationship *x = *(struct dgl_docx_relationship *const *)a;
    const struct dgl_docx_relationship *y = *(struct dgl_docx_relationship *const *)b;
    return by_text(&x->id, &y->id);
}

struct dgl_docx_relationship **dgl_docx_sort_relationships(struct dgl_docx_relationship *rels, size_t count,
                                                           struct dgl_arena *a)
{
    struct dgl_docx_relationship **sorted = count ? dgl_arena_alloc_try(a, count * sizeof(*sorted)) : NULL;
    for (size_t i = 0; sorted && i < count; i++)
        sorted[i] = &rels[i];
    if (sorted)
        qsort(sorted, count, sizeof(*sorted), by_rel_id);
    return sorted;
}

struct dgl_docx_relationship *dgl_docx_find_relationship(struct dgl_docx_relationship *const *sorted, size_t count,
                                                         struct dgl_str id)
{
    struct dgl_docx_relationship wanted = {.id = id}, *key = &wanted;
    struct dgl_docx_relationship *const *found =
        sorted && count ? bsearch(&key, sorted, count, sizeof(key), by_rel_id) : NULL;
    return found ? *found : NULL;
}

bool dgl_docx_type_ends(struct dgl_str type, const char *suffix)
{
    size_t n = strlen(suffix);
    return type.len >= n && memcmp(type.data + type.len - n, suffix, n) == 0;
}

// ---- parts

static const struct {
    const char *suffix;
    enum dgl_docx_part_kind kind;
    const char *name;
    bool numbered;
} part_kinds[] = {
    {"/header", DGL_PART_HEADER, "header", true},           {"/footer", DGL_PART_FOOTER, "footer", true},
    {"/footnotes", DGL_PART_FOOTNOTES, "footnotes", false}, {"/endnotes", DGL_PART_ENDNOTES, "endnotes", false},
    {"/comments", DGL_PART_COMMENTS, "comments", false},    {"/chart", DGL_PART_CHART, "chart", true},
    {"/diagramData", DGL_PART_DIAGRAM, "diagram", true},
};

// "header2.xml" before "header10.xml".
static int natural_order(const char *a, const char *b)
{
    while (*a && *b) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
            if (na != nb)
                return na < nb ? -1 : 1;
            int c = memcmp(a, b, na);
            if (c != 0)
                return c;
            a += na;
            b += nb;
        } else if (*a != *b) {
            return *a < *b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != 0) - (*b != 0);
}

struct sort_key {
    struct dgl_docx_part_ref ref;
    const char *member_name;
};

static int by_kind_and_name(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->ref.kind != y->ref.kind)
        return x->ref.kind < y->ref.kind ? -1 : 1;
    return natural_order(x->member_name, y->member_name);
}

static void add_part(struct dgl_docx_package *p, struct sort_key *keys, size_t *count, enum dgl_docx_part_kind kind,
                     uint32_t member, const char *name)
{
    if (*count >= DGL_DOCX_MAX_PARTS)
        return;
    for (size_t i = 0; i < *count; i++)
        if (keys[i].ref.member == member)
            return;
    struct sort_key *k = &keys[(*count)++];
    *k = (struct sort_key){.ref = {.kind = kind, .member = member}, .member_name = dgl_zip_name(p->zip, member)};
    dgl_str_copy(k->ref.name, sizeof k->ref.name, name, strlen(name));
}

static void number_parts(struct sort_key *keys, size_t count)
{
    unsigned number = 0;
    for (size_t i = 0; i < count; i++) {
        number = i > 0 && keys[i - 1].ref.kind == keys[i].ref.kind ? number + 1 : 1;
        for (size_t k = 0; k < DGL_COUNT(part_kinds); k++) {
            if (part_kinds[k].kind != keys[i].ref.kind || !part_kinds[k].numbered)
                continue;
            struct dgl_buf b = DGL_BUF_INIT(sizeof keys[i].ref.name);
            dgl_buf_printf(&b, "%s %u", part_kinds[k].name, number);
            dgl_str_copy(keys[i].ref.name, sizeof keys[i].ref.name, b.data, b.len);
            dgl_buf_fini(&b);
        }
    }
}

static enum dgl_status find_parts(struct dgl_docx_package *p, const struct dgl_docx_relationship *root,
                                  size_t root_count, struct dgl_arena *a, struct dgl_error *err)
{
    DGL_AUTO_PTR struct sort_key *keys = dgl_alloc(DGL_DOCX_MAX_PARTS * sizeof *keys);
    size_t count = 0;
    add_part(p, keys, &count, DGL_PART_BODY, p->main, "body");
    for (size_t i = 0; i < root_count; i++) {
        uint32_t member = 0;
        if (!dgl_docx_resolve(p, "", root[i].target, &member))
            continue;
        if (dgl_docx_type_ends(root[i].type, "/core-properties") || dgl_docx_type_ends(root[i].type, "/coreProperties"))
            add_part(p, keys, &count, DGL_PART_PROPERTIES, member, "document properties");
        else if (dgl_docx_type_ends(root[i].type, "/custom-properties") ||
                 dgl_docx_type_ends(root[i].type, "/customProperties"))
            add_part(p, keys, &count, DGL_PART_PROPERTIES, member, "custom properties");
    }
    // The body's parts, then the charts and diagrams of headers, footers and notes.
    for (size_t from = 0; from < count; from++) {
        if (keys[from].ref.kind == DGL_PART_PROPERTIES || keys[from].ref.kind == DGL_PART_CHART)
            continue;
        struct dgl_docx_relationship *rels = NULL;
        size_t n = 0;
        uint32_t member = 0;
        DGL_TRY(dgl_docx_relationships(p, keys[from].ref.member, a, &rels, &n, &member, err));
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < DGL_COUNT(part_kinds); k++)
                if (dgl_docx_type_ends(rels[i].type, part_kinds[k].suffix) && !dgl_str_is(rels[i].mode, "External") &&
                    dgl_docx_resolve(p, dgl_zip_name(p->zip, keys[from].ref.member), rels[i].target, &member))
                    add_part(p, keys, &count, part_kinds[k].kind, member, part_kinds[k].name);
    }
    qsort(keys, count, sizeof *keys, by_kind_and_name);
    number_parts(keys, count);
    p->parts = dgl_arena_alloc(a, count * sizeof *p->parts);
    for (size_t i = 0; i < count; i++)
        p->parts[i] = keys[i].ref;
    p->part_count = count;
    return DGL_OK;
}

static enum dgl_status check_main_type(const char *type, struct dgl_error *err)
{
    if (!type || strcmp(type, MAIN_TYPE) == 0)
        return DGL_OK;
    if (strcmp(type, TEMPLATE_TYPE) == 0)
        return not_a_docx(err, "it is a Word template file (.dotx); save it as .docx in Word");
    if (strstr(type, "spreadsheetml"))
        return not_a_docx(err, "it is an Excel workbook");
    if (strstr(type, "presentationml"))
        return not_a_docx(err, "it is a PowerPoint presentation");
    return not_a_docx(err, "its main part is not a Word document");
}

static enum dgl_status open_checked(struct dgl_docx_package *p, struct dgl_arena *a, struct dgl_error *err)
{
    p->member_count = dgl_zip_count(p->zip);
    p->raws = dgl_arena_alloc_try(a, (p->member_count + 1) * sizeof *p->raws);
    struct types t = {.package = p, .arena = a};
    t.of_member = dgl_arena_alloc_try(a, (p->member_count + 1) * sizeof *t.of_member);
    if (!p->raws || !t.of_member)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "the template has too many parts");
    for (size_t i = 0; i < p->member_count; i++)
        DGL_TRY(dgl_zip_raw(p->zip, i, &p->raws[i], err));
    DGL_TRY(read_types(p, &t, err));
    size_t at = 0;
    if (t.macros || dgl_zip_find(p->zip, "word/vbaProject.bin", &at))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "macros_not_allowed",
                             "the template holds macros (.docm); save it as .docx without macros in Word");
    struct dgl_docx_relationship *root = NULL;
    size_t count = 0;
    uint32_t member = 0;
    DGL_TRY(relationships_of(p, "", a, &root, &count, &member, err));
    bool found = false;
    for (size_t i = 0; i < count && !found; i++)
        found =
            dgl_docx_type_ends(root[i].type, "/officeDocument") && dgl_docx_resolve(p, "", root[i].target, &p->main);
    if (!found)
        return not_a_docx(err, "it has no document part");
    DGL_TRY(check_main_type(t.of_member[p->main], err));
    return find_parts(p, root, count, a, err);
}

enum dgl_status dgl_docx_package_open(const void *data, size_t len, struct dgl_arena *a, struct dgl_docx_package *ret,
                                      struct dgl_error *err)
{
    DGL_TRY(check_magic(data, len, err));
    struct dgl_docx_package p = {.zip = NULL};
    DGL_TRY(dgl_zip_open(data, len, &p.zip, err));
    enum dgl_status st = open_checked(&p, a, err);
    if (st != DGL_OK)
        dgl_docx_package_close(&p);
    else
        *ret = p;
    return st;
}

void dgl_docx_package_close(struct dgl_docx_package *p)
{
    dgl_zip_free(p->zip);
    p->zip = NULL;
}
