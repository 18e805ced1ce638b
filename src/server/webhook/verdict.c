// Success is any 2xx. 3xx are never followed, because the address behind them was not checked and the body was meant
// for the configured receiver.
#include "server/webhook/verdict.h"

#include <stdio.h>

static void describe(const struct dgl_net_result *r, char out[256])
{
    if (r->outcome != DGL_NET_ANSWERED)
        snprintf(out, 256, "%s", r->message);
    else if (r->http_status >= 300 && r->http_status < 400)
        snprintf(out, 256, "answered with status %d; redirects are not followed", r->http_status);
    else
        snprintf(out, 256, "answered with status %d", r->http_status);
}

void dgl_webhook_judge(const struct dgl_net_result *r, const struct dgl_schedule *schedule, int64_t failures,
                       bool has_endpoint, int64_t now_us, uint32_t random, struct dgl_verdict *ret)
{
    bool answered = r->outcome == DGL_NET_ANSWERED;
    *ret = (struct dgl_verdict){.status = DGL_DELIVERY_SUCCEEDED, .feedback = DGL_QUEUE_WENT_WELL};
    if (answered && r->http_status >= 200 && r->http_status < 300)
        return;
    describe(r, ret->message);
    bool slow = r->outcome == DGL_NET_TIMEOUT || (answered && r->http_status == 429);
    ret->feedback = slow ? DGL_QUEUE_SLOW_DOWN : r->outcome == DGL_NET_BLOCKED ? DGL_QUEUE_NEUTRAL : DGL_QUEUE_FAILED;
    ret->status = DGL_DELIVERY_DROPPED;
    if (answered && r->http_status == 410) {
        ret->disable_endpoint = has_endpoint;
        snprintf(ret->reason, sizeof ret->reason,
                 has_endpoint ? "the endpoint answered 410 Gone" : "the receiver answered 410 Gone");
        return;
    }
    int64_t hint_s = answered && dgl_schedule_honours_retry_after(r->http_status) ? r->retry_after_s : -1;
    if (dgl_schedule_next(schedule, failures, now_us, hint_s, random, &ret->next_at_us)) {
        ret->status = DGL_DELIVERY_PENDING;
        return;
    }
    snprintf(ret->reason, sizeof ret->reason, "%lld attempt%s failed; the last: %s", (long long)failures,
             failures == 1 ? "" : "s", ret->message);
}

// ---- advice

static const struct status_advice {
    int from, to;
    const char *text;
} status_advice[] = {
    {300, 399,
     "Your server redirects. Redirects are not followed: enter the address it redirects to, often the same one "
     "with https://, with or without \"www.\" or a slash at the end."},
    {400, 400,
     "Your handler read the request but refused its content. Check that it accepts JSON with only the keys "
     "\"event\" and \"message\", which is all the test sends."},
    {401, 401,
     "Your server asks for a login. Webhooks carry no password: let this path through and check the "
     "webhook-signature header instead, or put a token into the URL's path or query."},
    {403, 403,
     "Your server or a firewall in front of it forbids the request. Allow the source addresses shown on this "
     "page and switch off CSRF protection for this path."},
    {404, 404,
     "The server is there but knows no such path. Compare the path of the URL with your route, letter by "
     "letter."},
    {405, 405,
     "The path exists but does not take POST. Webhooks are POST requests with a JSON body: add POST to the "
     "route's methods."},
    {410, 410, "410 Gone means \"stop sending\". As an answer to a real event it would disable this endpoint."},
    {400, 499, "Your server refused the request. Its log should say why; the answer below may, too."},
    {502, 504,
     "A proxy in front of your program answered, not the program itself. Check that the program runs and that "
     "the proxy's target address is right."},
    {500, 599,
     "Your handler failed on the test payload. It has only \"event\" and \"message\": a handler that reads "
     "payload['status'] at once fails on it, although it would work for real events. Use "
     "payload.get('status') or check \"event\" first, and answer 200 to events you do not know."},
};

static const char *tls_advice(enum dgl_net_tls_problem problem)
{
    switch (problem) {
    case DGL_NET_TLS_SELF_SIGNED:
        return "The certificate is self-signed, so nobody can tell your server from an impostor. Get one from a public "
               "authority (Let's Encrypt is free). On a network of your own the operator can name your authority in "
               "WEBHOOK_CA_FILE.";
    case DGL_NET_TLS_UNTRUSTED:
        return "The certificate's issuer is not trusted here. Most often the server does not send its intermediate "
               "certificate: configure the full chain (\"fullchain.pem\"), not the certificate alone.";
    case DGL_NET_TLS_EXPIRED:
        return "The certificate has expired. Renew it, and reload the server so that it uses the new one.";
    case DGL_NET_TLS_NOT_YET_VALID:
        return "The certificate is valid only from a later time. Check the clock of the machine that made it.";
    case DGL_NET_TLS_WRONG_NAME:
        return "The certificate is for another name. Use the host name that stands in it, or get one that covers this "
               "host name; an IP address needs a certificate made for that address.";
    default:
        return "The server did not complete a TLS handshake. Check that this port speaks https (a plain http port does "
               "not), and that TLS 1.2 or 1.3 is switched on.";
    }
}

static const char *timeout_advice(const struct dgl_net_result *r)
{
    if (r->connect_us == 0)
        return "No connection came about. A firewall may be dropping packets: open the port for the source addresses "
               "shown on this page, and check that the host name points to the right machine.";
    if (r->http_status != 0)
        return "The answer began but never ended. Send a short answer with its length and close or keep the connection "
               "properly; nothing behind the status is needed.";
    return "Your server took the request but answered too late. Answer 200 at once and do the work (downloading, "
           "converting, mailing) afterwards, in a thread or a job queue.";
}

static const char *advice_text(const struct dgl_net_result *r, const struct dgl_url *url)
{
    switch (r->outcome) {
    case DGL_NET_ANSWERED:
        for (size_t i = 0; i < DGL_COUNT(status_advice); i++)
            if (r->http_status >= status_advice[i].from && r->http_status <= status_advice[i].to)
                return status_advice[i].text;
        return "";
    case DGL_NET_BLOCKED:
        return "This address lies in a private or reserved network, which webhooks may not reach. Give a host name "
               "that is reachable on the public internet; for a network of your own the operator can allow it with "
               "WEBHOOK_ALLOW_NETS.";
    case DGL_NET_DNS:
        return "The host name could not be found. Check its spelling, and that its DNS record exists and has had time "
               "to spread.";
    case DGL_NET_CONNECT:
        return "Nothing accepts connections there. Check that your program runs, listens on this port, and listens on "
               "all interfaces (0.0.0.0) rather than on 127.0.0.1 only.";
    case DGL_NET_TLS:
        return tls_advice(r->tls_problem);
    case DGL_NET_TIMEOUT:
        return timeout_advice(r);
    case DGL_NET_BROKEN:
        return url->https
                   ? "The connection broke before an answer was complete. Your program may have crashed while "
                     "handling the request: its log should tell."
                   : "The connection broke before an answer was complete. If this port speaks TLS, the URL has to "
                     "begin with https://; otherwise look into your program's log.";
    case DGL_NET_CANCELED:
        return "The server was stopping. Try again in a moment.";
    }
    return "";
}

void dgl_webhook_advise(const struct dgl_net_result *r, const struct dgl_url *url, char out[512])
{
    snprintf(out, 512, "%s", advice_text(r, url));
}
