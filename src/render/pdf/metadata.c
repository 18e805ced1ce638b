// Info and XMP say the same, as PDF/A wants it. The sRGB profile is made here from its definition: a matrix of the
// primaries adapted to D50 and a table of the transfer curve. Sources: ISO 32000-1 §14.3; ISO 19005-2 §6.2.3, §6.6;
// ICC.1:2001-04 (profile version 2); IEC 61966-2-1 (sRGB).
#include "render/pdf/metadata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_TEXT 2000u // bytes of a title and its like

static struct dgl_str cut(struct dgl_str s)
{
    if (!dgl_utf8_valid(s.data ? s.data : "", s.len))
        return (struct dgl_str){"", 0};
    s.len = DGL_MIN(s.len, dgl_utf8_cut(s.data, s.len, MAX_TEXT));
    return s;
}

void pdf_metadata_of(const struct dgl_document *doc, const char *language, int64_t created_at_us, bool archive,
                     struct pdf_metadata *ret)
{
    *ret = (struct pdf_metadata){.title = cut(doc->title),
                                 .author = cut(doc->author),
                                 .subject = cut(doc->subject),
                                 .keywords = cut(doc->keywords),
                                 .created_at_us = created_at_us,
                                 .archive = archive};
    ret->language = doc->language.len      ? doc->language
                    : doc->sheet->rpr.lang ? dgl_str_of(doc->sheet->rpr.lang)
                                           : dgl_str_of(language);
    if (ret->language.len >= 32)
        ret->language.len = 0;
}

// ---- Dates ----

struct moment {
    int year, month, day, hour, minute, second;
};

// Civil date from days by the usual era arithmetic (proleptic Gregorian).
static struct moment moment_of(int64_t us)
{
    int64_t seconds = us / 1000000 - (us % 1000000 < 0), days = seconds / 86400 - (seconds % 86400 < 0);
    int64_t rest = seconds - days * 86400, z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    return (struct moment){.year = (int)DGL_MAX(0, DGL_MIN(year, 9999)),
                           .month = (int)month,
                           .day = (int)(doy - (153 * mp + 2) / 5 + 1),
                           .hour = (int)(rest / 3600),
                           .minute = (int)(rest / 60 % 60),
                           .second = (int)(rest % 60)};
}

// ---- Info ----

static void put_info(struct dgl_buf *b, const char *key, struct dgl_str value)
{
    if (value.len == 0)
        return;
    dgl_buf_puts(b, key);
    pdf_put_text(b, value.data, value.len);
}

void pdf_info_write(struct pdf_out *o, const struct pdf_metadata *m, uint32_t object)
{
    struct dgl_buf *b = o->buf;
    struct moment t = moment_of(m->created_at_us);
    char date[48];
    snprintf(date, sizeof(date), "(D:%04d%02d%02d%02d%02d%02dZ)", t.year, t.month, t.day, t.hour, t.minute, t.second);
    pdf_out_begin(o, object);
    dgl_buf_puts(b, "<<");
    put_info(b, "/Title", m->title);
    put_info(b, "/Author", m->author);
    put_info(b, "/Subject", m->subject);
    put_info(b, "/Keywords", m->keywords);
    dgl_buf_puts(b, "/Creator(DocGenLab)/Producer(DocGenLab)/CreationDate");
    dgl_buf_puts(b, date);
    dgl_buf_puts(b, "/ModDate");
    dgl_buf_puts(b, date);
    dgl_buf_puts(b, ">>");
    pdf_out_end(o);
}

// ---- XMP ----

static void put_element(struct dgl_buf *b, const char *open, struct dgl_str value, const char *close)
{
    if (value.len == 0)
        return;
    dgl_buf_puts(b, open);
    dgl_buf_put_escaped(b, value.data, value.len);
    dgl_buf_puts(b, close);
}

uint32_t pdf_xmp_write(struct pdf_out *o, const struct pdf_metadata *m)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 20);
    struct moment t = moment_of(m->created_at_us);
    char date[48];
    snprintf(date, sizeof(date), "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    dgl_buf_puts(&b, "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                     "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
                     "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
                     "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" "
                     "xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" "
                     "xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n<dc:format>application/pdf</dc:format>");
    put_element(&b, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">", m->title, "</rdf:li></rdf:Alt></dc:title>");
    put_element(&b, "<dc:creator><rdf:Seq><rdf:li>", m->author, "</rdf:li></rdf:Seq></dc:creator>");
    put_element(&b, "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">", m->subject,
                "</rdf:li></rdf:Alt></dc:description>");
    put_element(&b, "<dc:language><rdf:Bag><rdf:li>", m->language, "</rdf:li></rdf:Bag></dc:language>");
    put_element(&b, "<pdf:Keywords>", m->keywords, "</pdf:Keywords>");
    dgl_buf_puts(&b, "<pdf:Producer>DocGenLab</pdf:Producer><xmp:CreatorTool>DocGenLab</xmp:CreatorTool>");
    dgl_buf_printf(&b, "<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>", date, date);
    if (m->archive)
        dgl_buf_puts(&b, "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>");
    dgl_buf_puts(&b, "\n</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>");
    uint32_t object = pdf_out_reserve(o);
    o->buf->failed |= b.failed;
    if (!b.failed) // archives and search engines read it without inflating
        pdf_out_stream(o, object, "/Type/Metadata/Subtype/XML", b.data, b.len, false);
    return object;
}

// ---- The profile ----

#define CURVE_STEPS 256u

static void put_u32(struct dgl_buf *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        dgl_buf_putc(b, (char)(v >> shift & 255));
}

static void put_zeros(struct dgl_buf *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        dgl_buf_putc(b, 0);
}

static void put_xyz(struct dgl_buf *b, const double v[3])
{
    dgl_buf_puts(b, "XYZ ");
    put_zeros(b, 4);
    for (unsigned i = 0; i < 3; i++)
        put_u32(b, (uint32_t)(int32_t)lround(v[i] * 65536));
}

static void put_curve(struct dgl_buf *b)
{
    dgl_buf_puts(b, "curv");
    put_zeros(b, 4);
    put_u32(b, CURVE_STEPS);
    for (unsigned i = 0; i < CURVE_STEPS; i++) {
        double v = i / (CURVE_STEPS - 1.0), linear = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
        uint16_t step = (uint16_t)lround(linear * 65535);
        dgl_buf_putc(b, (char)(step >> 8));
        dgl_buf_putc(b, (char)(step & 255));
    }
}

static void put_description(struct dgl_buf *b)
{
    static const char name[] = "sRGB";
    dgl_buf_puts(b, "desc");
    put_zeros(b, 4);
    put_u32(b, sizeof(name));
    dgl_buf_append(b, name, sizeof(name));
    put_zeros(b, 4 + 4 + 2 + 1 + 67); // no Unicode and no Macintosh names
    while (b->len % 4)
        dgl_buf_putc(b, 0);
}

static void put_copyright(struct dgl_buf *b)
{
    static const char text[] = "No copyright";
    dgl_buf_puts(b, "text");
    put_zeros(b, 4);
    dgl_buf_append(b, text, sizeof(text));
    while (b->len % 4)
        dgl_buf_putc(b, 0);
}

static void put_profile_header(struct dgl_buf *b, uint32_t size)
{
    static const uint8_t date[12] = {0x07, 0xD0, 0, 1, 0, 1};
    put_u32(b, size);
    put_zeros(b, 4);
    put_u32(b, 0x02100000);
    dgl_buf_puts(b, "mntrRGB XYZ ");
    dgl_buf_append(b, date, sizeof(date));
    dgl_buf_puts(b, "acsp");
    put_zeros(b, 28);
    static const uint8_t d50[12] = {0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D};
    dgl_buf_append(b, d50, sizeof(d50));
    put_zeros(b, 48);
}

uint32_t pdf_profile_write(struct pdf_out *o)
{
    static const double white[3] = {0.9642, 1, 0.8249}, red[3] = {0.43607, 0.22249, 0.01392},
                        green[3] = {0.38515, 0.71687, 0.09708}, blue[3] = {0.14307, 0.06061, 0.71410};
    static const char *const tags[] = {"desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"};
    enum { TAGS = DGL_COUNT(tags), HEAD = 128 + 4 + 12 * TAGS };
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(1u << 16);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1u << 16);
    size_t at[TAGS + 1] = {0};
    put_description(&body);
    at[1] = body.len;
    put_copyright(&body);
    const double *const points[] = {white, red, green, blue};
    for (unsigned i = 0; i < 4; i++) {
        at[2 + i] = body.len;
        put_xyz(&body, points[i]);
    }
    at[6] = body.len;
    put_curve(&body);
    at[7] = body.len;
    put_profile_header(&b, (uint32_t)(HEAD + body.len));
    put_u32(&b, TAGS);
    for (unsigned i = 0; i < TAGS; i++) {
        unsigned from = DGL_MIN(i, 6u); // the three curves are one
        dgl_buf_puts(&b, tags[i]);
        put_u32(&b, (uint32_t)(HEAD + at[from]));
        put_u32(&b, (uint32_t)(at[from + 1] - at[from]));
    }
    dgl_buf_append(&b, body.data, body.len);
    uint32_t object = pdf_out_reserve(o);
    o->buf->failed |= b.failed || body.failed;
    if (!o->buf->failed)
        pdf_out_stream(o, object, "/N 3", b.data, b.len, true);
    return object;
}
