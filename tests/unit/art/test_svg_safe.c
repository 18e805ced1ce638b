// What an SVG may carry on into a document, and what it may not.
#include "render/art/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROOT "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"

static bool is_taken(const char *text)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)16 << 20);
    struct dgl_str svg = dgl_str_of(text);
    const char *found = dgl_svg_check(a, &svg);
    return !found && !dgl_str_holds(svg, "<!DOCTYPE");
}

static void drawings_are_taken(void **state DGL_UNUSED)
{
    static const char *const good[] = {
        ROOT "</svg>",
        "<!DOCTYPE svg PUBLIC 'a' 'http://x.example/b.dtd'>" ROOT "</svg>",
        ROOT "<use xlink:href='#a'/><g fill='url(#b)' style='clip-path: url( \"#c\" )'/></svg>",
        ROOT "<image href='data:image/png;base64,AA'/></svg>",
        ROOT "<style>.a { fill: url(#b) } @font-face { src: url(data:font/woff;base64,AA) }</style></svg>",
        ROOT "<metadata about='http://x.example/'/></svg>",
    };
    for (size_t i = 0; i < DGL_COUNT(good); i++)
        if (!is_taken(good[i]))
            fail_msg("refused: %s", good[i]);
}

static void what_runs_or_reaches_outside_is_not(void **state DGL_UNUSED)
{
    static const char *const bad[] = {
        ROOT "<script/></svg>",
        ROOT "<g><g/><g><x:SCRIPT xmlns:x='http://www.w3.org/1999/xhtml'/></g></g></svg>",
        ROOT "<g onclick='x'/></svg>",
        ROOT "<a xlink:href='javascript:x'/></svg>",
        ROOT "<use href='http://x.example/a.svg#b'/></svg>",
        ROOT "<image href='data:image/svg+xml;base64,AA'/></svg>",
        ROOT "<image href='//x.example/a.png'/></svg>",
        ROOT "<set attributeName='xlink:href' to='http://x.example/'/></svg>",
        ROOT "<style>@import 'http://x.example/a.css';</style></svg>",
        ROOT "<style><![CDATA[a { fill: URL( 'http://x.example/' ) }]]></style></svg>",
        ROOT "<style>a { fill: u\\72l(http://x.example/) }</style></svg>",
        ROOT "<g style='fill:url(//x.example/a)'/></svg>",
        ROOT "<g filter='url(a.svg#b)'/></svg>",
        "<?xml-stylesheet href='a.css'?>" ROOT "</svg>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]>" ROOT "&a;</svg>",
        "<!-- <!DOCTYPE a> --><!DOCTYPE svg [<!ENTITY a 'b'>]>" ROOT "</svg>",
        ROOT "<g>",
        "<html/>",
    };
    for (size_t i = 0; i < DGL_COUNT(bad); i++)
        if (is_taken(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_are_taken),
        cmocka_unit_test(what_runs_or_reaches_outside_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
