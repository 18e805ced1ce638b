// Circular lists whose links lie in the queues themselves, several to a queue, so that a queue joins and leaves at no
// cost but a few assignments; and plain lines of items.
#include "server/webhook/queues_private.h"

static struct queue_links *links_of(const struct queue_list *l, struct dgl_queue *one)
{
    return (struct queue_links *)((char *)one + l->offset);
}

void dgl_queue_list_push(struct queue_list *l, struct dgl_queue *one)
{
    struct queue_links *own = links_of(l, one);
    l->count++;
    if (!l->first) {
        l->first = own->next = own->prev = one;
        return;
    }
    struct queue_links *first = links_of(l, l->first);
    own->next = l->first;
    own->prev = first->prev;
    links_of(l, first->prev)->next = one;
    first->prev = one;
}

void dgl_queue_list_remove(struct queue_list *l, struct dgl_queue *one)
{
    struct queue_links *own = links_of(l, one);
    l->count--;
    if (l->first == one)
        l->first = own->next == one ? NULL : own->next;
    links_of(l, own->prev)->next = own->next;
    links_of(l, own->next)->prev = own->prev;
}

void dgl_queue_list_set(struct queue_list *l, struct dgl_queue *one, bool *is, bool wanted)
{
    if (*is == wanted)
        return;
    *is = wanted;
    if (wanted)
        dgl_queue_list_push(l, one);
    else
        dgl_queue_list_remove(l, one);
}

void dgl_queue_line_push(struct queue_line *l, struct dgl_queue_item *it)
{
    it->next = NULL;
    *(l->last ? &l->last->next : &l->first) = it;
    l->last = it;
    l->count++;
}

struct dgl_queue_item *dgl_queue_line_pop(struct queue_line *l)
{
    struct dgl_queue_item *it = l->first;
    l->first = it->next;
    if (!l->first)
        l->last = NULL;
    it->next = NULL;
    l->count--;
    return it;
}
