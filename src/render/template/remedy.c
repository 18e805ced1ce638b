// What to write instead. People bring habits along from Excel, other template programs and other languages; a tag that
// cannot be read is looked at for the usual ones. Text in quotes does not count.
#include "render/template/suggest.h"
#include <stdio.h>
#include <string.h>

#define MAX_LOOKED_AT 400u

struct tag {
    char text[MAX_LOOKED_AT + 1]; // lower case, quoted text and its quotes gone
    bool value;                   // {{ }}
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void prepare(struct tag *t, struct dgl_str inside, bool value)
{
    size_t n = 0;
    char quote = 0;
    inside = dgl_str_trim(inside);
    for (size_t i = 0; i < inside.len && n < MAX_LOOKED_AT; i++) {
        char c = inside.data[i];
        if (quote) {
            quote = c == quote ? 0 : quote;
            continue;
        }
        if (c == '"' || c == '\'') {
            quote = c;
            c = '@'; // a value stands here
        }
        t->text[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    t->text[n] = '\0';
    t->value = value;
}

static bool begins_with_word(const struct tag *t, const char *word)
{
    size_t n = strlen(word);
    return strncmp(t->text, word, n) == 0 && !is_letter(t->text[n]) && !is_digit(t->text[n]);
}

static bool is_of_handlebars(const struct tag *t)
{
    return t->value && t->text[0] && strchr("#/^>&", t->text[0]);
}

static bool is_block_as_value(const struct tag *t)
{
    static const char *const words[] = {"if", "for", "elif", "else", "endif", "endfor", "set", "macro", "endmacro"};
    for (size_t i = 0; t->value && i < DGL_COUNT(words); i++)
        if (begins_with_word(t, words[i]))
            return true;
    return false;
}

static bool has_question_mark(const struct tag *t)
{
    return strchr(t->text, '?') != NULL;
}

static bool has_and(const struct tag *t)
{
    return strstr(t->text, "&&") != NULL;
}

static bool has_or(const struct tag *t)
{
    return strstr(t->text, "||") != NULL;
}

static bool has_not_equal_of_excel(const struct tag *t)
{
    return strstr(t->text, "<>") != NULL;
}

static bool has_not(const struct tag *t)
{
    for (const char *p = t->text; (p = strchr(p, '!')); p++)
        if (p[1] != '=')
            return true;
    return false;
}

static bool is_else_if(const struct tag *t)
{
    return !t->value && strncmp(t->text, "else if", 7) == 0;
}

static bool is_condition(const struct tag *t)
{
    return !t->value && (begins_with_word(t, "if") || begins_with_word(t, "elif"));
}

static bool ends_with_then(const struct tag *t)
{
    size_t n = strlen(t->text);
    return is_condition(t) && n > 5 && strcmp(t->text + n - 5, " then") == 0;
}

static bool compares_with_one_sign(const struct tag *t)
{
    for (const char *p = t->text; is_condition(t) && (p = strchr(p, '=')); p++)
        if (p[1] != '=' && (p == t->text || !strchr("=!<>", p[-1])))
            return true;
    return false;
}

static bool gives_argument_behind_colon(const struct tag *t)
{
    const char *p = strchr(t->text, '|');
    for (; p; p = strchr(p + 1, '|')) {
        const char *q = p + 1 + strspn(p + 1, " ");
        size_t word = 0;
        while (is_letter(q[word]) || is_digit(q[word]))
            word++;
        if (word && q[word] == ':')
            return true;
    }
    return false;
}

static bool name_begins_with_digit(const struct tag *t)
{
    for (const char *p = t->text; *p; p++) {
        bool begins = is_digit(*p) && (p == t->text || strchr(" (,[", p[-1]));
        while (begins && (is_digit(*p) || *p == '_'))
            p++;
        bool zero = begins && p[-1] == '0' && (p - 1 == t->text || !is_digit(p[-2])); // 0x1f, 0o17, 0b11
        bool exponent = begins && *p == 'e' && (is_digit(p[1]) || p[1] == '-' || p[1] == '+');
        if (begins && is_letter(*p) && !exponent && !(zero && strchr("xob", *p)))
            return true;
        if (!*p)
            return false;
    }
    return false;
}

static bool is_empty(const struct tag *t)
{
    return t->value && t->text[strspn(t->text, " +-")] == '\0';
}

static bool is_keyword(const char *word, size_t len)
{
    static const char *const words[] = {"if", "else",      "and",  "or",    "not", "in",
                                        "is", "recursive", "true", "false", "none"};
    for (size_t i = 0; i < DGL_COUNT(words); i++)
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
            return true;
    return false;
}

static bool name_has_blank(const struct tag *t)
{
    bool before = false; // a name stands before this one
    for (const char *p = t->text; t->value && *p;) {
        size_t n = 0;
        while (is_letter(p[n]) || (n && (is_digit(p[n]) || p[n] == '.')))
            n++;
        bool name = n && !is_keyword(p, n);
        if (before && name)
            return true;
        before = name;
        p += n;
        size_t blanks = strspn(p, " ");
        if (!n && !blanks)
            p++;
        before &= blanks > 0;
        p += blanks;
    }
    return false;
}

const char *dgl_remedy(struct dgl_str inside, bool value)
{
    static const struct {
        bool (*is)(const struct tag *t);
        const char *remedy;
    } habits[] = {
        {is_empty, "write a name of the data between the braces, like {{ name }}"},
        {is_of_handlebars,
         "conditions and loops are written {% if x %} … {% endif %} and {% for item in items %} … {% endfor %}"},
        {is_block_as_value, "conditions and loops stand in {% … %}, not in {{ … }}"},
        {is_else_if, "write {% elif … %}"},
        {has_question_mark, "write {{ 'a' if x else 'b' }}"},
        {has_and, "write 'and' instead of '&&'"},
        {has_or, "write 'or' instead of '||', or one '|' before a filter"},
        {has_not_equal_of_excel, "write '!=' instead of '<>'"},
        {has_not, "write 'not' instead of '!'"},
        {ends_with_then, "leave 'then' out"},
        {compares_with_one_sign, "to compare, write '=='"},
        {gives_argument_behind_colon, "what a filter needs stands in brackets: x|currency('EUR')"},
        {name_begins_with_digit, "a name cannot begin with a digit"},
        {name_has_blank, "a name has no blanks: write first_name, or data['first name']"},
    };
    struct tag t;
    prepare(&t, inside, value);
    for (size_t i = 0; i < DGL_COUNT(habits); i++)
        if (habits[i].is(&t))
            return habits[i].remedy;
    return NULL;
}

static bool in_name(char c)
{
    return is_letter(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

bool dgl_remedy_of_hyphen(struct dgl_str tag, char *out, size_t size)
{
    char quote = 0;
    for (size_t i = 0; i + 1 < tag.len; i++) {
        char c = tag.data[i];
        if (quote || c == '"' || c == '\'') {
            quote = !quote ? c : c == quote ? 0 : quote;
            continue;
        }
        if (c != '-' || i == 0 || !in_name(tag.data[i - 1]) || !in_name(tag.data[i + 1]) || is_digit(tag.data[i + 1]))
            continue;
        size_t name = i, path, end = i;
        while (name > 0 && in_name(tag.data[name - 1]))
            name--;
        for (path = name; path > 0 && (in_name(tag.data[path - 1]) || tag.data[path - 1] == '.');)
            path--;
        while (end < tag.len && (in_name(tag.data[end]) || tag.data[end] == '-'))
            end++;
        if (is_digit(tag.data[name]) || end - path > 100)
            continue;
        int len = (int)(end - name);
        if (path + 1 < name)
            (void)snprintf(out, size, "if '%.*s' is one name, write %.*s['%.*s']", len, tag.data + name,
                           (int)(name - path - 1), tag.data + path, len, tag.data + name);
        else
            (void)snprintf(out, size, "if '%.*s' is one name, give it another in the data: '-' is minus in a tag", len,
                           tag.data + name);
        return true;
    }
    return false;
}

const char *dgl_tag_of_habit(struct dgl_str word)
{
    static const char *const habits[][2] = {
        {"foreach", "for"}, {"endforeach", "endfor"}, {"each", "for"},      {"endeach", "endfor"},
        {"loop", "for"},    {"endloop", "endfor"},    {"elsif", "elif"},    {"elseif", "elif"},
        {"end", "endif"},   {"fi", "endif"},          {"next", "endfor"},   {"assign", "set"},
        {"let", "set"},     {"var", "set"},           {"unless", "if not"}, {"endunless", "endif"},
        {"while", "for"},   {"endwhile", "endfor"},   {"when", "if"},
    };
    for (size_t i = 0; i < DGL_COUNT(habits); i++)
        if (dgl_str_is(word, habits[i][0]))
            return habits[i][1];
    return NULL;
}
