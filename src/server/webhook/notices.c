// Endpoints that fail for days: said in the operator's log always. The letters to the organization's admins, when there
// is a mail server, stand in the outbox since the transaction that found it out.
#include "server/webhook/webhook_private.h"

#include "base/log.h"

void dgl_notice_send(struct dgl_webhook *w, const struct dgl_flight *f)
{
    const struct dgl_log_field *fields =
        (const struct dgl_log_field[]){DGL_F_STR("org", f->org), DGL_F_STR("endpoint", f->endpoint), {.key = NULL}};
    if (f->recorded != DGL_OK || f->notice == DGL_NOTICE_NONE)
        return;
    switch (f->notice) {
    case DGL_NOTICE_FAILING:
        dgl_log_write(DGL_LOG_WARN, "webhook endpoint has failed for four days on end; it will be disabled in a day",
                      fields);
        break;
    case DGL_NOTICE_DISABLED:
        dgl_log_write(DGL_LOG_WARN, "webhook endpoint disabled: it failed for five days on end", fields);
        break;
    case DGL_NOTICE_GONE:
        dgl_log_write(DGL_LOG_WARN, "webhook endpoint disabled: it answered 410 Gone", fields);
        break;
    case DGL_NOTICE_NONE:
        break;
    }
    if (w->outbox)
        dgl_outbox_look(w->outbox);
}
