// Photos as a camera stores them, held in each of the eight ways: in the document all show the same, upright.
#include "base/crypto.h"
#include "package.h"
#include <turbojpeg.h>

#define WIDE 48 // whole blocks, however the colours are sampled
#define HIGH 32

// The scene: red above left, green above right, blue below left, white below right.
static void scene(unsigned x, unsigned y, unsigned char rgb[3])
{
    bool right = x >= WIDE / 2, below = y >= HIGH / 2;
    rgb[0] = right == below ? 255 : 0;
    rgb[1] = right ? 255 : 0;
    rgb[2] = below ? 255 : 0;
}

// Where the sensor has the scene's point, for a camera held in way `o`.
static void sensor_place(unsigned o, unsigned x, unsigned y, unsigned *sx, unsigned *sy)
{
    unsigned mx = WIDE - 1 - x, my = HIGH - 1 - y;
    const unsigned places[9][2] = {{0}, {x, y}, {mx, y}, {mx, my}, {x, my}, {y, x}, {y, mx}, {my, mx}, {my, x}};
    *sx = places[o][0];
    *sy = places[o][1];
}

static void put_exif(struct dgl_buf *b, unsigned o, bool big)
{
    unsigned char exif[] = "\xFF\xE1\0\x22"
                           "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    static const unsigned char big_exif[] = "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    if (big)
        memcpy(exif + 10, big_exif, sizeof big_exif - 1);
    exif[big ? 29 : 28] = (unsigned char)o;
    dgl_buf_append(b, exif, 36);
}

// The photo as JSON: {"img_p": "data:…"}.
static char *photo(unsigned o, bool big)
{
    unsigned wide = o >= 5 ? HIGH : WIDE, high = o >= 5 ? WIDE : HIGH, sx, sy;
    unsigned char pixels[WIDE * HIGH * 3], *jpeg = NULL;
    unsigned long len = 0;
    for (unsigned y = 0; y < HIGH; y++)
        for (unsigned x = 0; x < WIDE; x++) {
            sensor_place(o, x, y, &sx, &sy);
            scene(x, y, pixels + 3 * (sy * wide + sx));
        }
    tjhandle h = tjInitCompress();
    assert_int_equal(tjCompress2(h, pixels, (int)wide, 0, (int)high, TJPF_RGB, &jpeg, &len, TJSAMP_420, 95, 0), 0);
    struct dgl_buf b = DGL_BUF_INIT(1u << 20);
    dgl_buf_append(&b, jpeg, 2);
    put_exif(&b, o, big);
    dgl_buf_append(&b, jpeg + 2, len - 2);
    tjFree(jpeg);
    tjDestroy(h);
    char *json = calloc(1, b.len * 2 + 100);
    size_t at = (size_t)snprintf(json, 100, "{\"img_p\":\"data:image/jpeg;base64,");
    at += dgl_base64_encode(b.data, b.len, false, json + at, b.len * 2);
    memcpy(json + at, "\"}", 3);
    dgl_buf_fini(&b);
    return json;
}

static void check_picture(const struct dgl_buf *package)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    assert_int_equal(dgl_zip_open(package->data, package->len, &z, &err), DGL_OK);
    size_t at = 0, count = dgl_zip_count(z);
    while (at < count && !strstr(dgl_zip_name(z, at), ".jpeg"))
        at++;
    assert_true(at < count);
    DGL_AUTO_FINI(buf) jpeg = DGL_BUF_INIT(1u << 20);
    assert_int_equal(dgl_zip_read(z, at, &jpeg, &err), DGL_OK);
    unsigned char pixels[WIDE * HIGH * 3], want[3];
    tjhandle h = tjInitDecompress();
    int wide, high, sampling, colours;
    assert_int_equal(tjDecompressHeader3(h, (unsigned char *)jpeg.data, jpeg.len, &wide, &high, &sampling, &colours),
                     0);
    assert_int_equal(wide, WIDE);
    assert_int_equal(high, HIGH);
    assert_int_equal(tjDecompress2(h, (unsigned char *)jpeg.data, jpeg.len, pixels, 0, 0, 0, TJPF_RGB, 0), 0);
    tjDestroy(h);
    for (unsigned y = 8; y < HIGH; y += 16)
        for (unsigned x = 12; x < WIDE; x += 24) {
            scene(x, y, want);
            for (unsigned i = 0; i < 3; i++)
                assert_in_range(pixels[3 * (y * WIDE + x) + i], want[i] ? 230 : 0, want[i] ? 255 : 25);
        }
    // It says that it is upright.
    const unsigned char *exif = memmem(jpeg.data, jpeg.len, "Exif\0\0", 6);
    assert_true(!exif || exif[24] + exif[25] == 1);
}

static void photos_stand_upright(void **state DGL_UNUSED)
{
    for (unsigned o = 1; o <= 8; o++) {
        char *json = photo(o, o % 2);
        struct outcome r = render_body(DOCUMENT(P("{{ img_p }}")), json);
        assert_int_equal(r.status, DGL_OK);
        check_picture(&r.package);
        assert_non_null(strstr(r.document, "cx=\"457200\" cy=\"304800\"")); // at 96 pixels to the inch
        outcome_fini(&r);
        free(json);
    }
}

// Exif that lies about its lengths changes nothing.
static void damaged_exif_is_passed_over(void **state DGL_UNUSED)
{
    for (size_t cut = 0; cut < 60; cut++) {
        char *json = photo(6, true);
        char *text = strstr(json, "base64,") + 7;
        text[cut] = text[cut] == 'x' ? 'y' : 'x';
        struct outcome r = render_body(DOCUMENT(P("{{ img_p }}")), json);
        assert_true(r.status == DGL_OK || strcmp(dgl_error_slug(&r.err), "invalid_image") == 0);
        outcome_fini(&r);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_stand_upright),
        cmocka_unit_test(damaged_exif_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
