// Writing code: words, jumps, marks, constants and the small tables that instructions point into.
#include "render/template/compile.h"
#include <string.h>

// Grows an array of `count` items in an arena so that one more fits.
static void *grown(struct dgl_arena *a, const void *items, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return (void *)items;
    uint32_t bigger = *cap ? *cap * 2 : 16;
    void *copy = dgl_arena_alloc(a, bigger * size);
    if (count)
        memcpy(copy, items, count * size);
    *cap = bigger;
    return copy;
}
#define PUSH(arena, items, count, cap, value)                                \
    do {                                                                     \
        (items) = grown((arena), (items), (count), &(cap), sizeof *(items)); \
        (items)[(count)++] = (value);                                        \
    } while (0)

static void word(struct dgl_compiler *c, uint32_t w)
{
    struct dgl_function *f = c->function;
    PUSH(c->t->arena, f->code->words, f->code->count, f->word_cap, w);
}

void dgl_emit(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, int effect)
{
    struct dgl_function *f = c->function;
    struct dgl_code *code = f->code;
    if (a > DGL_OPERAND_MAX) {
        dgl_parser_fail_at(c->p, c->chunk, "limit_template", "the template is too large");
        a = 0;
    }
    if (code->mark_count == 0 || code->marks[code->mark_count - 1].chunk != c->chunk)
        PUSH(c->t->arena, code->marks, code->mark_count, f->mark_cap,
             ((struct dgl_code_mark){.at = code->count, .chunk = c->chunk}));
    word(c, (uint32_t)op | a << 8);
    f->depth = (uint32_t)((int)f->depth + effect);
    code->stack = DGL_MAX(code->stack, f->depth + 1); // one more than ever stands there: CALL's scratch
}

void dgl_emit2(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, uint32_t b, int effect)
{
    dgl_emit(c, op, a, effect);
    word(c, b);
}

void dgl_emit3(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, uint32_t b, uint32_t third, int effect)
{
    dgl_emit2(c, op, a, b, effect);
    word(c, third);
}

uint32_t dgl_here(const struct dgl_compiler *c)
{
    return c->function->code->count;
}

uint32_t dgl_emit_jump(struct dgl_compiler *c, enum dgl_opcode op, int effect)
{
    uint32_t at = dgl_here(c);
    dgl_emit(c, op, 0, effect);
    return at;
}

void dgl_patch(struct dgl_compiler *c, uint32_t at)
{
    uint32_t *w = &c->function->code->words[at];
    if (dgl_here(c) > DGL_OPERAND_MAX)
        dgl_parser_fail_at(c->p, c->chunk, "limit_template", "the template is too large");
    *w = (*w & 0xff) | (dgl_here(c) & DGL_OPERAND_MAX) << 8;
}

void dgl_patch_b(struct dgl_compiler *c, uint32_t at)
{
    c->function->code->words[at + 1] = dgl_here(c);
}

uint32_t dgl_new_slot(struct dgl_compiler *c, const struct dgl_name *name)
{
    struct dgl_function *f = c->function;
    PUSH(c->t->arena, f->code->slot_names, f->code->slots, f->slot_cap, name);
    return f->code->slots - 1;
}

struct dgl_code *dgl_function_begin(struct dgl_compiler *c, struct dgl_function *f, enum dgl_code_kind kind,
                                    const struct dgl_name *name)
{
    struct dgl_code *code = DGL_ARENA_NEW(c->t->arena, struct dgl_code);
    code->kind = kind;
    code->owner = c->t;
    code->name = name;
    code->caller_slot = code->kwargs_slot = code->varargs_slot = code->self_slot = code->super_slot = -1;
    *f = (struct dgl_function){.outer = c->function, .code = code, .level = c->function ? c->function->level + 1 : 0};
    c->function = f;
    return code;
}

uint32_t dgl_function_end(struct dgl_compiler *c)
{
    const struct dgl_code *code = c->function->code;
    dgl_emit(c, DGL_OP_RETURN, 0, 0);
    c->function = c->function->outer;
    PUSH(c->t->arena, c->t->codes, c->t->code_count, c->code_cap, code);
    return c->t->code_count - 1;
}

uint32_t dgl_constant(struct dgl_compiler *c, struct dgl_value v)
{
    PUSH(c->t->arena, c->t->constants, c->t->constant_count, c->constant_cap, v);
    return c->t->constant_count - 1;
}

uint32_t dgl_call_shape_of(struct dgl_compiler *c, const struct dgl_node *args, const struct dgl_name *extra)
{
    struct dgl_call_shape *s = DGL_ARENA_NEW(c->t->arena, struct dgl_call_shape);
    uint32_t keywords = args ? args->list2.count : 0;
    const struct dgl_name **names = dgl_arena_alloc(c->t->arena, (keywords + 1) * sizeof(struct dgl_name *));
    for (uint32_t i = 0; i < keywords; i++)
        names[i] = args->list2.items[i]->name;
    if (extra)
        names[keywords++] = extra;
    *s = (struct dgl_call_shape){.count = (uint16_t)(args ? args->list.count : 0),
                                 .keywords = (uint16_t)keywords,
                                 .star = args && args->b,
                                 .star_star = args && args->c,
                                 .names = names};
    PUSH(c->t->arena, c->t->shapes, c->t->shape_count, c->shape_cap, s);
    return c->t->shape_count - 1;
}

uint32_t dgl_loop_shape_of(struct dgl_compiler *c, struct dgl_loop_shape shape)
{
    struct dgl_loop_shape *s = DGL_ARENA_NEW(c->t->arena, struct dgl_loop_shape);
    *s = shape;
    PUSH(c->t->arena, c->t->loops, c->t->loop_count, c->loop_cap, s);
    return c->t->loop_count - 1;
}

#define MAX_LOCALS 1000000u // in all tables of a template

// The variables of all scopes from here outward, for templates that are included with context. 0 is no table.
uint32_t dgl_locals_of(struct dgl_compiler *c)
{
    struct dgl_locals *l = DGL_ARENA_NEW(c->t->arena, struct dgl_locals);
    uint32_t cap = 0;
    for (struct dgl_scope *s = c->scope; s; s = s->outer)
        for (struct dgl_binding *b = s->first; b && c->locals_total < MAX_LOCALS; b = b->next)
            if (b->stored && c->bound[b->name->id] == b) {
                PUSH(c->t->arena, l->items, l->count, cap,
                     ((struct dgl_locals_entry){.name = b->name,
                                                .level = (uint16_t)(c->function->level - s->function->level),
                                                .slot = b->slot}));
                c->locals_total++;
            }
    if (c->locals_total >= MAX_LOCALS)
        dgl_parser_fail_at(c->p, c->chunk, "limit_template", "the template has too many variables and includes");
    if (c->t->locals_count == 0)
        PUSH(c->t->arena, c->t->locals, c->t->locals_count, c->locals_cap, NULL);
    PUSH(c->t->arena, c->t->locals, c->t->locals_count, c->locals_cap, l);
    return c->t->locals_count - 1;
}
