// A webhook receiver in C: libmicrohttpd, libsodium, libcurl, jansson. Build with `make`.
//
// It checks the signature, puts the event on disk, answers 200 at once and does the work in the background. An event
// that comes twice (retries, a repeat after a crash) is worked on once; one that was taken is never lost, even when
// this program stops in the middle.
//
//   WEBHOOK_SECRET   whsec_… from Settings → Developer
//   PORT             3000
//   OUTPUT_DIR       .            document_<job id>.pdf goes there
//   TLS_CERT_FILE, TLS_KEY_FILE   serve https; most people leave that to a proxy in front
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_BODY (1u << 20)
#define TOLERANCE_S 300
#define RETRY_S 30

static unsigned char key[64];
static size_t key_len;
static const char *output_dir = ".";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static bool pending; // something arrived since the inbox was last looked through; under lock

struct upload {
    char *data;
    size_t len;
};

// ---- files: .webhooks/inbox holds what was taken, .webhooks/done what is finished

static bool is_name(const char *s) // ids become file names
{
    size_t len = s ? strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") : 0;
    return len > 0 && len <= 100 && s[len] == '\0';
}

static void make_path(char out[1024], const char *folder, const char *name, const char *ending)
{
    snprintf(out, 1024, "%s/%s%s%s", output_dir, folder, name, ending);
}

static bool exists(const char *folder, const char *id)
{
    char path[1024];
    make_path(path, folder, id, ".json");
    return access(path, F_OK) == 0;
}

// Complete or not there at all, and on the disk when it returns.
static bool write_durably(const char *path, const void *data, size_t len)
{
    char part[1100];
    snprintf(part, sizeof part, "%s.part", path);
    FILE *f = fopen(part, "wb");
    if (!f)
        return false;
    bool ok = fwrite(data, 1, len, f) == len && fflush(f) == 0 && fsync(fileno(f)) == 0;
    return (fclose(f) == 0) && ok && rename(part, path) == 0;
}

// ---- signature: Standard Webhooks 1.0.0

static bool entry_is_good(const char *entry, size_t len, const unsigned char wanted[32])
{
    unsigned char given[32];
    size_t given_len;
    return len > 3 && memcmp(entry, "v1,", 3) == 0 &&
           sodium_base642bin(given, sizeof given, entry + 3, len - 3, NULL, &given_len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           given_len == sizeof given && sodium_memcmp(given, wanted, sizeof given) == 0;
}

static bool signature_is_good(const char *id, const char *timestamp, const char *list, const struct upload *body)
{
    if (!is_name(id) || !timestamp || !list || strspn(timestamp, "0123456789") != strlen(timestamp) ||
        strlen(timestamp) > 12 || llabs((long long)time(NULL) - atoll(timestamp)) > TOLERANCE_S)
        return false;
    crypto_auth_hmacsha256_state state;
    unsigned char wanted[32];
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)timestamp, strlen(timestamp));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body->data, body->len);
    crypto_auth_hmacsha256_final(&state, wanted);
    for (const char *p = list; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (entry_is_good(p, len, wanted))
            return true;
        p += len;
    }
    return false;
}

// ---- taking

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static unsigned take(struct MHD_Connection *c, const struct upload *body)
{
    char path[1024];
    const char *id = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "webhook-id");
    if (!signature_is_good(id, MHD_lookup_connection_value(c, MHD_HEADER_KIND, "webhook-timestamp"),
                           MHD_lookup_connection_value(c, MHD_HEADER_KIND, "webhook-signature"), body))
        return MHD_HTTP_UNAUTHORIZED;
    if (exists(".webhooks/inbox/", id) || exists(".webhooks/done/", id))
        return MHD_HTTP_OK;
    make_path(path, ".webhooks/inbox/", id, ".json");
    if (!write_durably(path, body->data, body->len))
        return MHD_HTTP_INTERNAL_SERVER_ERROR; // it will be sent again
    pthread_mutex_lock(&lock);
    pending = true;
    pthread_cond_signal(&arrived);
    pthread_mutex_unlock(&lock);
    return MHD_HTTP_OK;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    (void)arg;
    (void)version;
    struct upload *body = *state;
    if (!body) {
        *state = calloc(1, sizeof *body);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*size > 0) {
        char *more = body->len + *size <= MAX_BODY ? realloc(body->data, body->len + *size) : NULL;
        if (!more)
            return MHD_NO;
        memcpy(more + body->len, data, *size);
        body->data = more;
        body->len += *size;
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(url, "/webhooks/docgenlab") != 0)
        return answer(c, MHD_HTTP_NOT_FOUND);
    return answer(c, strcmp(method, "POST") == 0 ? take(c, body) : MHD_HTTP_METHOD_NOT_ALLOWED);
}

static void on_end(void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    (void)arg;
    (void)c;
    (void)why;
    struct upload *body = *state;
    free(body ? body->data : NULL);
    free(body);
}

// ---- working

static bool download(const char *url, const char *path)
{
    char part[1100];
    snprintf(part, sizeof part, "%s.part", path);
    FILE *f = fopen(part, "wb");
    CURL *curl = curl_easy_init();
    bool ok = f && curl, hopeless = false;
    if (ok) {
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        CURLcode code = curl_easy_perform(curl);
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        hopeless = status >= 400 && status < 500; // expired or deleted: trying again will not help
        ok = code == CURLE_OK && fflush(f) == 0 && fsync(fileno(f)) == 0;
        if (!ok)
            fprintf(stderr, "%s: %s\n", path, curl_easy_strerror(code));
    }
    curl_easy_cleanup(curl);
    ok = f && fclose(f) == 0 && ok && rename(part, path) == 0;
    if (!ok)
        unlink(part);
    return ok || hopeless;
}

static const char *text_of(json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s ? s : "";
}

static bool handle(json_t *payload)
{
    const char *job_id = text_of(payload, "job_id"), *url = text_of(payload, "download_url");
    char path[1024], name[128];
    if (strcmp(text_of(payload, "event"), "document.generated") != 0 || !is_name(job_id))
        return true; // nothing to do
    if (strcmp(text_of(payload, "status"), "completed") != 0) {
        fprintf(stderr, "document %s failed: %s\n", job_id,
                text_of(json_object_get(payload, "metadata"), "error_message"));
        return true;
    }
    snprintf(name, sizeof name, "document_%s", job_id);
    make_path(path, "", name, strstr(url, ".docx?") ? ".docx" : ".pdf");
    if (!*url)
        return true; // deleted meanwhile
    bool over = download(url, path);
    if (over && access(path, F_OK) == 0)
        printf("saved %s\n", path);
    return over;
}

// False when something is left to be tried again.
static bool work_through_inbox(void)
{
    char folder[1024], from[2048], to[2048];
    bool all = true;
    snprintf(folder, sizeof folder, "%s/.webhooks/inbox", output_dir);
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (len < 6 || strcmp(e->d_name + len - 5, ".json") != 0)
            continue;
        snprintf(from, sizeof from, "%s/%s", folder, e->d_name);
        snprintf(to, sizeof to, "%s/.webhooks/done/%s", output_dir, e->d_name);
        json_t *payload = json_load_file(from, 0, NULL);
        if (handle(payload))
            rename(from, to);
        else
            all = false;
        json_decref(payload);
    }
    if (d)
        closedir(d);
    return all;
}

static void *work(void *arg)
{
    for (;;) {
        struct timespec until;
        bool all = work_through_inbox();
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += all ? 3600 : RETRY_S;
        pthread_mutex_lock(&lock);
        while (!pending && pthread_cond_timedwait(&arrived, &lock, &until) == 0)
            continue;
        pending = false;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

// ---- starting

static char *read_file(const char *path)
{
    FILE *f = path ? fopen(path, "rb") : NULL;
    char *text = f ? calloc(1, 65536) : NULL;
    if (text && fread(text, 1, 65535, f) == 0)
        text[0] = '\0';
    if (f)
        fclose(f);
    return text;
}

static bool prepare(void)
{
    const char *secret = getenv("WEBHOOK_SECRET"), *folder = getenv("OUTPUT_DIR");
    char path[1024];
    if (!secret || strncmp(secret, "whsec_", 6) != 0 || sodium_init() < 0 ||
        sodium_base642bin(key, sizeof key, secret + 6, strlen(secret + 6), NULL, &key_len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        key_len == 0) {
        fprintf(stderr, "WEBHOOK_SECRET is missing or is not a whsec_… secret\n");
        return false;
    }
    output_dir = folder ? folder : ".";
    static const char *const folders[] = {"", ".webhooks", ".webhooks/inbox", ".webhooks/done"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        make_path(path, folders[i], "", "");
        mkdir(path, 0700);
    }
    if (access(path, W_OK) != 0) {
        fprintf(stderr, "cannot write into %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

int main(void)
{
    const char *port = getenv("PORT");
    char *cert = read_file(getenv("TLS_CERT_FILE")), *tls_key = read_file(getenv("TLS_KEY_FILE"));
    bool tls = cert && tls_key;
    pthread_t worker;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!prepare())
        return 1;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_create(&worker, NULL, work, NULL);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_end, NULL},
        {tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, cert},
        {tls ? MHD_OPTION_HTTPS_MEM_KEY : MHD_OPTION_END, 0, tls_key},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (tls ? MHD_USE_TLS : 0);
    struct MHD_Daemon *daemon = MHD_start_daemon(flags, (uint16_t)(port ? strtol(port, NULL, 10) : 3000), NULL, NULL,
                                                 on_request, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "cannot listen on port %s\n", port ? port : "3000");
        return 1;
    }
    pthread_join(worker, NULL);
    return 0;
}
