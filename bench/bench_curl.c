// The bare limit of deliveries: libcurl's multi interface alone, POSTs of 400 different bytes over kept connections.
//
//   bench_curl URL COUNT
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AT_ONCE 64
#define BODY 400

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    (void)arg;
    return size * n;
}

static void begin(CURLM *multi, CURL *easy, char *body, long number)
{
    snprintf(body, BODY + 1, "%0*ld", BODY, number);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)BODY);
    curl_multi_add_handle(multi, easy);
}

int main(int argc, char **argv)
{
    static char bodies[AT_ONCE][BODY + 1];
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0, begun = 0, over = 0, failed = 0;
    if (count < AT_ONCE)
        return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    double start = seconds();
    for (; begun < AT_ONCE; begun++) {
        CURL *easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, bodies[begun]);
        begin(multi, easy, bodies[begun], begun);
    }
    while (over < count) {
        int running, left;
        curl_multi_perform(multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
            CURL *easy = m->easy_handle;
            char *body;
            failed += m->data.result != CURLE_OK;
            over++;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &body);
            curl_multi_remove_handle(multi, easy);
            if (begun < count)
                begin(multi, easy, body, begun++);
            else
                curl_easy_cleanup(easy);
        }
        if (over < count)
            curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    printf("curl requests_per_s=%.0f failed=%ld\n", (double)count / (seconds() - start), failed);
    curl_multi_cleanup(multi);
    return 0;
}
