// The preset shapes, in the notation of geometry.h. Source: ECMA-376 Part 1 §20.1.10.56 (what each one is and what its
// adjustments mean).
#include "render/art/geometry.h"

#define ROUND_16667 \
    "a pin 0 adj 50000;x1 */ ss a 100000;x2 +- r 0 x1;y2 +- b 0 x1;il */ x1 29289 100000;ir +- r 0 il;ib +- b 0 il"
#define ROUND_PATH "M l x1 A x1 x1 cd2 cd4 L x2 t A x1 x1 3cd4 cd4 L r y2 A x1 x1 0 cd4 L x1 b A x1 x1 cd4 cd4 Z"
#define OVAL_TEXT "idx cos wd2 2700000;idy sin hd2 2700000;il +- hc 0 idx;ir +- hc idx 0;it +- vc 0 idy;ib +- vc idy 0"
#define OVAL_PATH "M l vc A wd2 hd2 cd2 21600000 Z"
#define STAR(points, ratio) \
    "srx */ wd2 hf 100000;sry */ hd2 vf 100000;scy */ vc vf 100000;a pin 0 adj 50000;k val " ratio, "", "S " points " k"
#define CALLOUT                                                                                                  \
    "dxPos */ w adj1 100000;dyPos */ h adj2 100000;xPos +- hc dxPos 0;yPos +- vc dyPos 0;dq */ dxPos h w;"       \
    "ady abs dyPos;adq abs dq;dz +- ady 0 adq;xg1 ?: dxPos 7 2;xg2 ?: dxPos 10 5;x1 */ w xg1 12;x2 */ w xg2 12;" \
    "yg1 ?: dyPos 7 2;yg2 ?: dyPos 10 5;y1 */ h yg1 12;y2 */ h yg2 12;t1 ?: dxPos l xPos;xl ?: dz l t1;"         \
    "t2 ?: dyPos x1 xPos;xt ?: dz t2 x1;t3 ?: dxPos xPos r;xr ?: dz r t3;t4 ?: dyPos xPos x1;xb ?: dz t4 x1;"    \
    "t5 ?: dxPos y1 yPos;yl ?: dz y1 t5;t6 ?: dyPos t yPos;yt ?: dz t6 t;t7 ?: dxPos yPos y1;yr ?: dz y1 t7;"    \
    "t8 ?: dyPos yPos b;yb ?: dz t8 b"
#define ARROW_ACROSS                                                                                              \
    "m2 */ 100000 w ss;a1 pin 0 adj1 100000;a2 pin 0 adj2 m2;dx */ ss a2 100000;dy */ h a1 200000;y1 +- vc 0 dy;" \
    "y2 +- vc dy 0"
#define ARROW_DOWN                                                                                                \
    "m2 */ 100000 h ss;a1 pin 0 adj1 100000;a2 pin 0 adj2 m2;dy */ ss a2 100000;dx */ w a1 200000;x1 +- hc 0 dx;" \
    "x2 +- hc dx 0"
#define TWO_CORNERS                                                                                                    \
    "a1 pin 0 adj1 50000;a2 pin 0 adj2 50000;u */ ss a1 100000;v */ ss a2 100000;ru +- r 0 u;rv +- r 0 v;bu +- b 0 u;" \
    "bv +- b 0 v"
#define BRACE_GUIDES                                                                                   \
    "a2 pin 0 adj2 100000;q1 +- 100000 0 a2;q2 min q1 a2;q3 */ q2 1 2;m1 */ q3 h ss;a1 pin 0 adj1 m1;" \
    "y1 */ ss a1 100000;y3 */ h a2 100000;y2 +- y3 0 y1;y4 +- y3 y1 0;y5 +- b 0 y1"
#define RING_SEGMENT                                                                                  \
    "st pin 0 adj1 21599999;en pin 0 adj2 21599999;s1 +- en 0 st;s2 +- s1 21600000 0;sw ?: s1 s1 s2;" \
    "wt sin wd2 st;ht cos hd2 st;dx cat2 wd2 ht wt;dy sat2 hd2 ht wt;x1 +- hc dx 0;y1 +- vc dy 0"
#define LINE_CALLOUT(n) "y1 */ h adj1 100000;x1 */ w adj2 100000;y2 */ h adj3 100000;x2 */ w adj4 100000" n
#define BOX "M l t L r t L r b L l b Z"

// clang-format off
static const struct dgl_geometry g_presets[] = {
    {"rect", "", "", "", BOX},
    {"flowChartProcess", "", "", "", BOX},
    {"line", "", "", "", "N M l t L r b"},
    {"lineInv", "", "", "", "N M l b L r t"},
    {"straightConnector1", "", "", "", "N M l t L r b"},
    {"bentConnector2", "", "", "", "N M l t L r t L r b"},
    {"bentConnector3", "adj1 50000", "x */ w adj1 100000", "", "N M l t L x t L x b L r b"},
    {"bentConnector4", "adj1 50000 adj2 50000", "x1 */ w adj1 100000;y2 */ h adj2 100000", "",
     "N M l t L x1 t L x1 y2 L r y2 L r b"},
    {"bentConnector5", "adj1 50000 adj2 50000 adj3 50000",
     "x1 */ w adj1 100000;x3 */ w adj3 100000;y2 */ h adj2 100000", "", "N M l t L x1 t L x1 y2 L x3 y2 L x3 b L r b"},
    {"curvedConnector2", "", "", "", "N M l t C wd2 t r hd2 r b"},
    {"curvedConnector3", "adj1 50000",
     "x2 */ w adj1 100000;x1 +/ l x2 2;x3 +/ r x2 2;y3 */ h 3 4", "", "N M l t C x1 t x2 hd4 x2 vc C x2 y3 x3 b r b"},
    {"roundRect", "adj 16667", ROUND_16667, "il il ir ib", ROUND_PATH},
    {"flowChartAlternateProcess", "adj 16667", ROUND_16667, "il il ir ib", ROUND_PATH},
    {"flowChartTerminator", "", "x1 */ w 3475 21600;x2 +- r 0 x1;il */ w 1018 21600;ir */ w 20582 21600;it */ h 3163 21600;ib */ h 18437 21600",
     "il it ir ib", "M x1 t L x2 t A x1 hd2 3cd4 cd2 L x1 b A x1 hd2 cd4 cd2 Z"},
    {"ellipse", "", OVAL_TEXT, "il it ir ib", OVAL_PATH},
    {"flowChartConnector", "", OVAL_TEXT, "il it ir ib", OVAL_PATH},
    {"triangle", "adj 50000", "a pin 0 adj 100000;x1 */ w a 200000;x2 */ w a 100000;x3 +- x1 wd2 0", "x1 vc x3 b", "M l b L x2 t L r b Z"},
    {"flowChartExtract", "", "x2 */ w 3 4", "wd4 vc x2 b", "M l b L hc t L r b Z"},
    {"flowChartMerge", "", "x2 */ w 3 4", "wd4 t x2 vc", "M l t L r t L hc b Z"},
    {"rtTriangle", "", "it */ h 7 12;ir */ w 7 12;ib */ h 11 12", "wd12 it ir ib", "M l b L l t L r b Z"},
    {"diamond", "", "ir */ w 3 4;ib */ h 3 4", "wd4 hd4 ir ib", "M l vc L hc t L r vc L hc b Z"},
    {"flowChartDecision", "", "ir */ w 3 4;ib */ h 3 4", "wd4 hd4 ir ib", "M l vc L hc t L r vc L hc b Z"},
    {"parallelogram", "adj 25000", "m */ 100000 w ss;a pin 0 adj m;x2 */ ss a 100000;x5 +- r 0 x2;il */ x2 1 2;ir +- r 0 il", "il t ir b", "M l b L x2 t L r t L x5 b Z"},
    {"flowChartInputOutput", "", "x1 */ w 1 5;x2 */ w 4 5", "x1 t x2 b", "M l b L x1 t L r t L x2 b Z"},
    {"trapezoid", "adj 25000", "m */ 50000 w ss;a pin 0 adj m;x2 */ ss a 100000;x3 +- r 0 x2;il */ x2 2 3;ir +- r 0 il;it */ h a 150000", "il it ir b", "M l b L x2 t L x3 t L r b Z"},
    {"flowChartManualOperation", "", "x1 */ w 1 5;x2 */ w 4 5", "x1 t x2 b", "M l t L r t L x2 b L x1 b Z"},
    {"flowChartManualInput", "", "y1 */ h 1 5", "l y1 r b", "M l y1 L r t L r b L l b Z"},
    {"flowChartPreparation", "", "x1 */ w 1 5;x2 */ w 4 5", "x1 t x2 b", "M l vc L x1 t L x2 t L r vc L x2 b L x1 b Z"},
    {"flowChartPunchedCard", "", "x1 */ w 1 5;y1 */ h 1 5", "l y1 r b", "M l y1 L x1 t L r t L r b L l b Z"},
    {"flowChartPredefinedProcess", "", "x1 */ w 1 8;x2 */ w 7 8", "x1 t x2 b", BOX " | N M x1 t L x1 b M x2 t L x2 b"},
    {"flowChartInternalStorage", "", "x1 */ w 1 8;y1 */ h 1 8", "x1 y1 r b", BOX " | N M x1 t L x1 b M l y1 L r y1"},
    {"flowChartDocument", "", "y1 */ h 17322 21600;y2 */ h 20172 21600;y3 */ h 23922 21600;ib */ h 16000 21600", "l t r ib", "M l t L r t L r y1 C hc y1 hc y3 l y2 Z"},
    {"flowChartMultidocument", "", "y1 */ h 3675 21600;x1 */ w 18595 21600;y2 */ h 18022 21600;y3 */ h 20782 21600;y4 */ h 23542 21600;x5 */ w 9298 21600;x6 */ w 1532 21600;y6 */ h 1815 21600;x7 */ w 20000 21600;y7 */ h 16252 21600;x8 */ w 2972 21600;y8 */ h 14467 21600", "l y1 x1 y2",
     "M x8 y6 L x8 t L r t L r y8 L x7 y8 L x7 y6 Z | M x6 y1 L x6 y6 L x7 y6 L x7 y7 L x1 y7 L x1 y1 Z | M l y1 L x1 y1 L x1 y2 C x5 y2 x5 y4 l y3 Z"},
    {"flowChartOffpageConnector", "", "y1 */ h 4 5", "l t r y1", "M l t L r t L r y1 L hc b L l y1 Z"},
    {"flowChartSummingJunction", "", OVAL_TEXT, "il it ir ib", OVAL_PATH " | N M il it L ir ib M ir it L il ib"},
    {"flowChartOr", "", OVAL_TEXT, "il it ir ib", OVAL_PATH " | N M hc t L hc b M l vc L r vc"},
    {"flowChartCollate", "", "x2 */ w 3 4;y2 */ h 3 4", "wd4 hd4 x2 y2", "M l t L r t L hc vc L r b L l b L hc vc Z"},
    {"flowChartSort", "", "x2 */ w 3 4;y2 */ h 3 4", "wd4 hd4 x2 y2", "M l vc L hc t L r vc L hc b Z | N M l vc L r vc"},
    {"flowChartDelay", "", OVAL_TEXT, "l it ir ib", "M l t L hc t A wd2 hd2 3cd4 cd2 L l b Z"},
    {"flowChartOnlineStorage", "", "x1 */ w 1 6;x2 */ w 5 6", "x1 t x2 b", "M x1 t L r t A x1 hd2 3cd4 -10800000 L x1 b A x1 hd2 cd4 cd2 Z"},
    {"flowChartDisplay", "", "x1 */ w 1 6;x2 */ w 5 6", "x1 t x2 b", "M l vc L x1 t L x2 t A x1 hd2 3cd4 cd2 L x1 b Z"},
    {"flowChartMagneticDisk", "", "y1 */ h 1 6;y2 */ h 5 6;y3 */ h 1 3", "l y3 r y2", "M l y1 A wd2 y1 cd2 cd2 L r y2 A wd2 y1 0 cd2 Z | N M r y1 A wd2 y1 0 cd2"},
    {"flowChartMagneticDrum", "", "x1 */ w 1 6;x2 */ w 5 6;x3 */ w 2 3", "x1 t x3 b", "M x1 t L x2 t A x1 hd2 3cd4 cd2 L x1 b A x1 hd2 cd4 cd2 Z | N M x2 b A x1 hd2 cd4 cd2"},
    {"flowChartMagneticTape", "", OVAL_TEXT ";a at2 w h;y2 +- b 0 0", "il it ir ib", OVAL_PATH " | N M hc b L r b"},
    {"flowChartPunchedTape", "", "y1 */ h 1 10;y9 */ h 9 10;y2 */ h 1 5;y4 */ h 4 5", "l y2 r y4", "M l y1 A wd4 y1 cd2 -10800000 A wd4 y1 cd2 cd2 L r y9 A wd4 y1 0 -10800000 A wd4 y1 0 cd2 Z"},
    {"pentagon", "adj 50000 hf 105146 vf 110557", STAR("5", "50000")},
    {"heptagon", "adj 50000 hf 102572 vf 105210", STAR("7", "50000")},
    {"hexagon", "adj 25000 vf 115470", "m */ 50000 w ss;a pin 0 adj m;shd2 */ hd2 vf 100000;x1 */ ss a 100000;x2 +- r 0 x1;dy1 sin shd2 3600000;y1 +- vc 0 dy1;y2 +- vc dy1 0", "x1 y1 x2 y2", "M l vc L x1 y1 L x2 y1 L r vc L x2 y2 L x1 y2 Z"},
    {"octagon", "adj 29289", "a pin 0 adj 50000;x1 */ ss a 100000;x2 +- r 0 x1;y2 +- b 0 x1;il */ x1 1 2;ir +- r 0 il;ib +- b 0 il", "il il ir ib", "M l x1 L x1 t L x2 t L r x1 L r y2 L x2 b L x1 b L l y2 Z"},
    {"decagon", "adj 50000 hf 100000 vf 105146", STAR("10", "50000")},
    {"dodecagon", "adj 50000 hf 103528 vf 103528", STAR("12", "50000")},
    {"star4", "adj 12500 hf 100000 vf 100000", STAR("4", "a")},
    {"star5", "adj 19098 hf 105146 vf 110557", STAR("5", "a")},
    {"star6", "adj 28868 hf 115470 vf 100000", STAR("6", "a")},
    {"star7", "adj 34601 hf 102572 vf 105210", STAR("7", "a")},
    {"star8", "adj 37500 hf 100000 vf 100000", STAR("8", "a")},
    {"star10", "adj 42533 hf 105146 vf 100000", STAR("10", "a")},
    {"star12", "adj 37500 hf 100000 vf 100000", STAR("12", "a")},
    {"star16", "adj 37500 hf 100000 vf 100000", STAR("16", "a")},
    {"star24", "adj 37500 hf 100000 vf 100000", STAR("24", "a")},
    {"star32", "adj 37500 hf 100000 vf 100000", STAR("32", "a")},
    {"irregularSeal1", "", "", "", "W 21600 21600 M 10800 5800 L 14522 0 L 14155 5325 L 18380 4457 L 16702 7315 L 21097 8137 L 17607 10475 L 21600 13290 L 16837 12942 L 18145 18095 L 14020 14457 L 13247 19737 L 10532 14935 L 8485 21600 L 7715 15627 L 4762 17617 L 5667 13937 L 135 14587 L 3722 11775 L 0 8615 L 4627 7617 L 370 2295 L 7312 6320 L 8352 2295 Z"},
    {"plus", "adj 25000", "a pin 0 adj 50000;x1 */ ss a 100000;x2 +- r 0 x1;y2 +- b 0 x1", "l x1 r y2", "M l x1 L x1 x1 L x1 t L x2 t L x2 x1 L r x1 L r y2 L x2 y2 L x2 b L x1 b L x1 y2 L l y2 Z"},
    {"homePlate", "adj 50000", "m */ 100000 w ss;a pin 0 adj m;dx */ ss a 100000;x1 +- r 0 dx;ir +/ x1 r 2", "l t ir b", "M l t L x1 t L r vc L x1 b L l b Z"},
    {"chevron", "adj 50000", "m */ 100000 w ss;a pin 0 adj m;x1 */ ss a 100000;x2 +- r 0 x1;d +- x2 0 x1;il ?: d x1 l;ir ?: d x2 r", "il t ir b", "M l t L x2 t L r vc L x2 b L l b L x1 vc Z"},
    {"rightArrow", "adj1 50000 adj2 50000", ARROW_ACROSS ";x1 +- r 0 dx;tx */ y1 dx hd2;x2 +- x1 tx 0", "l y1 x2 y2", "M l y1 L x1 y1 L x1 t L r vc L x1 b L x1 y2 L l y2 Z"},
    {"leftArrow", "adj1 50000 adj2 50000", ARROW_ACROSS ";x2 +- l dx 0;tx */ y1 dx hd2;x1 +- x2 0 tx", "x1 y1 r y2", "M l vc L x2 t L x2 y1 L r y1 L r y2 L x2 y2 L x2 b Z"},
    {"leftRightArrow", "adj1 50000 adj2 50000", "m2 */ 50000 w ss;a1 pin 0 adj1 100000;a2 pin 0 adj2 m2;x2 */ ss a2 100000;x3 +- r 0 x2;dy */ h a1 200000;y1 +- vc 0 dy;y2 +- vc dy 0;dx1 */ y1 x2 hd2;x1 +- x2 0 dx1;x4 +- x3 dx1 0", "x1 y1 x4 y2", "M l vc L x2 t L x2 y1 L x3 y1 L x3 t L r vc L x3 b L x3 y2 L x2 y2 L x2 b Z"},
    {"notchedRightArrow", "adj1 50000 adj2 50000", ARROW_ACROSS ";x2 +- r 0 dx;x1 */ dy dx hd2;x3 +- r 0 x1", "x1 y1 x3 y2", "M l y1 L x2 y1 L x2 t L r vc L x2 b L x2 y2 L l y2 L x1 vc Z"},
    {"stripedRightArrow", "adj1 50000 adj2 50000", ARROW_ACROSS ";x5 +- r 0 dx;x4 */ ss 5 32", "x4 y1 x5 y2", "M l y1 L ssd32 y1 L ssd32 y2 L l y2 Z M ssd16 y1 L ssd8 y1 L ssd8 y2 L ssd16 y2 Z M x4 y1 L x5 y1 L x5 t L r vc L x5 b L x5 y2 L x4 y2 Z"},
    {"downArrow", "adj1 50000 adj2 50000", ARROW_DOWN ";y1 +- b 0 dy;ty */ x1 dy wd2;y2 +- y1 ty 0", "x1 t x2 y2", "M l y1 L x1 y1 L x1 t L x2 t L x2 y1 L r y1 L hc b Z"},
    {"upArrow", "adj1 50000 adj2 50000", ARROW_DOWN ";y2 +- t dy 0;ty */ x1 dy wd2;y1 +- y2 0 ty", "x1 y1 x2 b", "M l y2 L hc t L r y2 L x2 y2 L x2 b L x1 b L x1 y2 Z"},
    {"upDownArrow", "adj1 50000 adj2 50000", "m2 */ 50000 h ss;a1 pin 0 adj1 100000;a2 pin 0 adj2 m2;y2 */ ss a2 100000;y3 +- b 0 y2;dx */ w a1 200000;x1 +- hc 0 dx;x2 +- hc dx 0", "x1 y2 x2 y3", "M l y2 L hc t L r y2 L x2 y2 L x2 y3 L r y3 L hc b L l y3 L x1 y3 L x1 y2 Z"},
    {"quadArrow", "adj1 22500 adj2 22500 adj3 22500", "a2 pin 0 adj2 50000;m1 */ a2 2 1;a1 pin 0 adj1 m1;q +- 100000 0 m1;m3 */ q 1 2;a3 pin 0 adj3 m3;x1 */ ss a3 100000;d2 */ ss a2 100000;x2 +- hc 0 d2;x5 +- hc d2 0;d3 */ ss a1 200000;x3 +- hc 0 d3;x4 +- hc d3 0;x6 +- r 0 x1;y2 +- vc 0 d2;y5 +- vc d2 0;y3 +- vc 0 d3;y4 +- vc d3 0;y6 +- b 0 x1", "x1 y3 x6 y4",
     "M l vc L x1 y2 L x1 y3 L x3 y3 L x3 x1 L x2 x1 L hc t L x5 x1 L x4 x1 L x4 y3 L x6 y3 L x6 y2 L r vc L x6 y5 L x6 y4 L x4 y4 L x4 y6 L x5 y6 L hc b L x2 y6 L x3 y6 L x3 y4 L x1 y4 L x1 y5 Z"},
    {"bentUpArrow", "adj1 25000 adj2 25000 adj3 25000", "a1 pin 0 adj1 50000;a2 pin 0 adj2 50000;a3 pin 0 adj3 50000;y1 */ ss a3 100000;d1 */ ss a2 50000;x1 +- r 0 d1;d3 */ ss a2 100000;x3 +- r 0 d3;d2 */ ss a1 200000;x2 +- x3 0 d2;x4 +- x3 d2 0;d4 */ ss a1 100000;y2 +- b 0 d4", "l y2 x4 b", "M l y2 L x2 y2 L x2 y1 L x1 y1 L x3 t L r y1 L x4 y1 L x4 b L l b Z"},
    {"leftUpArrow", "adj1 25000 adj2 25000 adj3 25000", "a2 pin 0 adj2 50000;m1 */ a2 2 1;a1 pin 0 adj1 m1;m3 +- 100000 0 m1;a3 pin 0 adj3 m3;x1 */ ss a3 100000;d2 */ ss a2 50000;x2 +- r 0 d2;y2 +- b 0 d2;d4 */ ss a2 100000;x4 +- r 0 d4;y4 +- b 0 d4;d3 */ ss a1 200000;x3 +- x4 0 d3;x5 +- x4 d3 0;y3 +- y4 0 d3;y5 +- y4 d3 0", "x1 y3 x5 y5", "M l y4 L x1 y2 L x1 y3 L x3 y3 L x3 x1 L x2 x1 L x4 t L r x1 L x5 x1 L x5 y5 L x1 y5 L x1 b Z"},
    {"bentArrow", "adj1 25000 adj2 25000 adj3 25000 adj4 43750", "a2 pin 0 adj2 50000;m1 */ a2 2 1;a1 pin 0 adj1 m1;a3 pin 0 adj3 50000;th */ ss a1 100000;aw2 */ ss a2 100000;th2 */ th 1 2;dh2 +- aw2 0 th2;ah */ ss a3 100000;bw +- r 0 ah;bh +- b 0 dh2;bs min bw bh;m4 */ 100000 bs ss;a4 pin 0 adj4 m4;bd */ ss a4 100000;b3 +- bd 0 th;bd2 max b3 0;x3 +- th bd2 0;x4 +- r 0 ah;y3 +- dh2 th 0;y4 +- y3 dh2 0;y5 +- dh2 bd 0;y6 +- y3 bd2 0", "",
     "M l b L l y5 A bd bd cd2 cd4 L x4 dh2 L x4 t L r aw2 L x4 y4 L x4 y3 L x3 y3 A bd2 bd2 3cd4 -5400000 L th b Z"},
    {"uturnArrow", "adj1 25000 adj2 25000 adj3 25000 adj4 43750 adj5 75000", "a2 pin 0 adj2 25000;m1 */ a2 2 1;a1 pin 0 adj1 m1;a3 pin 0 adj3 75000;a5 pin a3 adj5 100000;th */ ss a1 100000;aw2 */ ss a2 100000;th2 */ th 1 2;dh2 +- aw2 0 th2;y5 */ h a5 100000;ah */ ss a3 100000;y4 +- y5 0 ah;x9 +- r 0 dh2;bw */ x9 1 2;bs min bw y4;m4 */ bs 100000 ss;a4 pin 0 adj4 m4;bd */ ss a4 100000;b3 +- bd 0 th;bd2 max b3 0;x3 +- th bd2 0;x8 +- r 0 aw2;x6 +- x8 0 aw2;x7 +- x6 dh2 0;x4 +- x9 0 bd;x5 +- x7 0 bd2", "",
     "M l b L l bd A bd bd cd2 cd4 L x4 t A bd bd 3cd4 cd4 L x9 y4 L r y4 L x8 y5 L x6 y4 L x7 y4 L x7 x3 A bd2 bd2 0 -5400000 L x3 th A bd2 bd2 3cd4 -5400000 L th b Z"},
    {"wedgeRectCallout", "adj1 -20833 adj2 62500", CALLOUT, "", "M l t L x1 t L xt yt L x2 t L r t L r y1 L xr yr L r y2 L r b L x2 b L xb yb L x1 b L l b L l y2 L xl yl L l y1 Z"},
    {"wedgeRoundRectCallout", "adj1 -20833 adj2 62500 adj3 16667", CALLOUT ";u */ ss adj3 100000;u2 +- r 0 u;v2 +- b 0 u;il */ u 29289 100000;ir +- r 0 il;ib +- b 0 il", "il il ir ib",
     "M l u A u u cd2 cd4 L x1 t L xt yt L x2 t L u2 t A u u 3cd4 cd4 L r y1 L xr yr L r y2 L r v2 A u u 0 cd4 L x2 b L xb yb L x1 b L u b A u u cd4 cd4 L l y2 L xl yl L l y1 Z"},
    {"wedgeEllipseCallout", "adj1 -20833 adj2 62500", OVAL_TEXT ";dxPos */ w adj1 100000;dyPos */ h adj2 100000;xPos +- hc dxPos 0;yPos +- vc dyPos 0;sdx */ dxPos h 1;sdy */ dyPos w 1;pang at2 sdx sdy;st +- pang 660000 0;en +- pang 0 660000;dx1 cos wd2 st;dy1 sin hd2 st;x1 +- hc dx1 0;y1 +- vc dy1 0;dx2 cos wd2 en;dy2 sin hd2 en;a1 at2 dx1 dy1;a2 at2 dx2 dy2;s1 +- a2 0 a1;s2 +- s1 21600000 0;sw ?: s1 s1 s2", "il it ir ib", "M xPos yPos L x1 y1 A wd2 hd2 a1 sw Z"},
    {"borderCallout1", "adj1 18750 adj2 -8333 adj3 112500 adj4 -38333", LINE_CALLOUT(""), "", BOX " | N M x1 y1 L x2 y2"},
    {"callout1", "adj1 18750 adj2 -8333 adj3 112500 adj4 -38333", LINE_CALLOUT(""), "", "U " BOX " | N M x1 y1 L x2 y2"},
    {"accentCallout1", "adj1 18750 adj2 -8333 adj3 112500 adj4 -38333", LINE_CALLOUT(""), "", "U " BOX " | N M x1 t L x1 b M x1 y1 L x2 y2"},
    {"borderCallout2", "adj1 18750 adj2 -8333 adj3 18750 adj4 -16667 adj5 112500 adj6 -46667", LINE_CALLOUT(";y3 */ h adj5 100000;x3 */ w adj6 100000"), "", BOX " | N M x1 y1 L x2 y2 L x3 y3"},
    {"callout2", "adj1 18750 adj2 -8333 adj3 18750 adj4 -16667 adj5 112500 adj6 -46667", LINE_CALLOUT(";y3 */ h adj5 100000;x3 */ w adj6 100000"), "", "U " BOX " | N M x1 y1 L x2 y2 L x3 y3"},
    {"round1Rect", "adj 16667", "a pin 0 adj 50000;d */ ss a 100000;x1 +- r 0 d;il */ d 29289 100000;ir +- r 0 il", "l t ir b", "M l t L x1 t A d d 3cd4 cd4 L r b L l b Z"},
    {"round2SameRect", "adj1 16667 adj2 0", TWO_CORNERS, "", "M u t L ru t A u u 3cd4 cd4 L r bv A v v 0 cd4 L v b A v v cd4 cd4 L l u A u u cd2 cd4 Z"},
    {"round2DiagRect", "adj1 16667 adj2 0", TWO_CORNERS, "", "M u t L rv t A v v 3cd4 cd4 L r bu A u u 0 cd4 L v b A v v cd4 cd4 L l u A u u cd2 cd4 Z"},
    {"snip1Rect", "adj 16667", "a pin 0 adj 50000;d */ ss a 100000;x1 +- r 0 d", "l t r b", "M l t L x1 t L r d L r b L l b Z"},
    {"snip2SameRect", "adj1 16667 adj2 0", TWO_CORNERS, "", "M u t L ru t L r u L r bv L rv b L v b L l bv L l u Z"},
    {"snip2DiagRect", "adj1 0 adj2 16667", TWO_CORNERS, "", "M u t L rv t L r v L r bu L ru b L v b L l bv L l u Z"},
    {"snipRoundRect", "adj1 16667 adj2 16667", TWO_CORNERS, "", "M u t L rv t L r v L r b L l b L l u A u u cd2 cd4 Z"},
    {"plaque", "adj 16667", "a pin 0 adj 50000;d */ ss a 100000;x2 +- r 0 d;y2 +- b 0 d;il */ d 70711 100000;ir +- r 0 il;ib +- b 0 il", "il il ir ib", "M l d A d d cd4 -5400000 L x2 t A d d cd2 -5400000 L r y2 A d d 3cd4 -5400000 L d b A d d 0 -5400000 Z"},
    {"foldedCorner", "adj 16667", "a pin 0 adj 50000;d2 */ ss a 100000;d1 */ d2 1 5;x1 +- r 0 d2;x2 +- x1 d1 0;y2 +- b 0 d2;y1 +- y2 d1 0", "l t r y2", "U M l t L r t L r y2 L x1 b L l b Z | U D M x1 b L x2 y1 L r y2 Z | N M x1 b L x2 y1 L r y2 L x1 b L l b L l t L r t L r y2"},
    {"bevel", "adj 12500", "a pin 0 adj 50000;x1 */ ss a 100000;x2 +- r 0 x1;y2 +- b 0 x1", "x1 x1 x2 y2", "U M x1 x1 L x2 x1 L x2 y2 L x1 y2 Z | U B M l t L r t L x2 x1 L x1 x1 Z | U D M l b L x1 y2 L x2 y2 L r b Z | U BB M l t L x1 x1 L x1 y2 L l b Z | U G M r t L r b L x2 y2 L x2 x1 Z | N " BOX " M x1 x1 L x2 x1 L x2 y2 L x1 y2 Z M l t L x1 x1 M l b L x1 y2 M r t L x2 x1 M r b L x2 y2"},
    {"frame", "adj1 12500", "a pin 0 adj1 50000;x1 */ ss a 100000;x4 +- r 0 x1;y4 +- b 0 x1", "x1 x1 x4 y4", BOX " M x1 x1 L x1 y4 L x4 y4 L x4 x1 Z"},
    {"halfFrame", "adj1 33333 adj2 33333", "m2 */ 100000 w ss;a2 pin 0 adj2 m2;x1 */ ss a2 100000;g1 */ h x1 w;g2 +- h 0 g1;m1 */ 100000 g2 ss;a1 pin 0 adj1 m1;y1 */ ss a1 100000;dx2 */ y1 w h;x2 +- r 0 dx2;dy2 */ x1 h w;y2 +- b 0 dy2", "", "M l t L r t L x2 y1 L x1 y1 L x1 y2 L l b Z"},
    {"corner", "adj1 50000 adj2 50000", "m1 */ 100000 h ss;m2 */ 100000 w ss;a1 pin 0 adj1 m1;a2 pin 0 adj2 m2;x1 */ ss a2 100000;dy */ ss a1 100000;y1 +- b 0 dy", "l y1 r b", "M l t L x1 t L x1 y1 L r y1 L r b L l b Z"},
    {"diagStripe", "adj 50000", "a pin 0 adj 100000;x2 */ w a 100000;y2 */ h a 100000", "", "M l y2 L x2 t L r t L l b Z"},
    {"donut", "adj 25000", "a pin 0 adj 50000;dr */ ss a 100000;iw +- wd2 0 dr;ih +- hd2 0 dr;" OVAL_TEXT, "il it ir ib", "M l vc A wd2 hd2 cd2 21600000 Z M dr vc A iw ih cd2 -21600000 Z"},
    {"noSmoking", "adj 18750", "a pin 0 adj 50000;dr */ ss a 100000;iw +- wd2 0 dr;ih +- hd2 0 dr;an at2 w h;h2 */ dr 1 2;be at2 iw h2;s1 +- an be 0;wt sin iw s1;ht cos ih s1;cx cat2 iw ht wt;cy sat2 ih ht wt;x1 +- hc cx 0;y1 +- vc cy 0;sw1 */ be 2 1;sw +- cd2 0 sw1;t1 +- s1 cd2 0;x2 +- hc 0 cx;y2 +- vc 0 cy", "", "M l vc A wd2 hd2 cd2 21600000 Z M x1 y1 A iw ih s1 sw Z M x2 y2 A iw ih t1 sw Z"},
    {"pie", "adj1 0 adj2 16200000", RING_SEGMENT, "", "M x1 y1 A wd2 hd2 st sw L hc vc Z"},
    {"chord", "adj1 2700000 adj2 16200000", RING_SEGMENT, "", "M x1 y1 A wd2 hd2 st sw Z"},
    {"arc", "adj1 16200000 adj2 0", RING_SEGMENT, "", "U M x1 y1 A wd2 hd2 st sw L hc vc Z | N M x1 y1 A wd2 hd2 st sw"},
    {"blockArc", "adj1 10800000 adj2 0 adj3 25000", RING_SEGMENT ";a3 pin 0 adj3 50000;dr */ ss a3 100000;iw +- wd2 0 dr;ih +- hd2 0 dr;we sin iw en;he cos ih en;ex cat2 iw he we;ey sat2 ih he we;x2 +- hc ex 0;y2 +- vc ey 0;ns +- 0 0 sw", "", "M x1 y1 A wd2 hd2 st sw L x2 y2 A iw ih en ns Z"},
    {"teardrop", "adj 100000", "a pin 0 adj 200000;tw */ wd2 a 100000;th */ hd2 a 100000;x1 +- hc tw 0;y1 +- vc 0 th;x2 +/ hc x1 2;y2 +/ vc y1 2", "", "M l vc A wd2 hd2 cd2 cd4 Q x2 t x1 y1 Q r y2 r vc A wd2 hd2 0 cd4 A wd2 hd2 cd4 cd4 Z"},
    {"heart", "", "dx1 */ w 49 48;dx2 */ w 10 48;x1 +- hc 0 dx1;x2 +- hc 0 dx2;x3 +- hc dx2 0;x4 +- hc dx1 0;y1 +- t 0 hd3", "", "M hc hd4 C x3 y1 x4 hd4 hc b C x1 hd4 x2 y1 hc hd4 Z"},
    {"lightningBolt", "", "", "", "W 21600 21600 M 8472 0 L 12860 6080 L 11050 6797 L 16577 12007 L 14767 12877 L 21600 21600 L 10012 14915 L 12222 13987 L 5022 9705 L 7602 8382 L 0 3890 Z"},
    {"sun", "adj 25000", "a pin 12500 adj 46875;g0 +- 50000 0 a;iw */ w g0 100000;ih */ h g0 100000;ix +- hc 0 iw;srx +- wd2 0 0;sry +- hd2 0 0;scy +- vc 0 0;k */ g0 23 20;k2 */ k 1 1", "", "S 8 k2 | M ix vc A iw ih cd2 21600000 Z"},
    {"moon", "adj 50000", "a pin 0 adj 87500;x1 */ w a 100000;g */ w a 100000;iw +- w 0 g", "", "M r b C l b l t r t C x1 hd4 x1 vc x1 vc C x1 vc x1 hd4 r b Z"},
    {"smileyFace", "adj 4653", "a pin -4653 adj 4653;x1 */ w 4969 21600;x2 */ w 6215 21600;x3 */ w 13135 21600;x4 */ w 16640 21600;y1 */ h 7570 21600;y3 */ h 16515 21600;dy2 */ h a 100000;y2 +- y3 0 dy2;y4 +- y3 dy2 0;dy3 */ h a 50000;y5 +- y4 dy3 0;wr */ w 1125 21600;hr */ h 1125 21600", "", OVAL_PATH " | D M x2 y1 A wr hr cd2 21600000 Z M x3 y1 A wr hr cd2 21600000 Z | N M x1 y2 Q hc y5 x4 y2"},
    {"cloud", "", "", "", "W 43200 43200 M 3900 14370 A 6753 9190 -11429249 7426832 A 5333 7267 -8646143 5396714 A 4365 5945 -8748475 5983381 A 4857 6595 -7859164 7034504 A 5333 7273 -4722533 6541615 A 6775 9220 -2776035 7816140 A 5785 7867 37501 6842000 A 6752 9215 1347096 6910353 A 7720 10543 3974558 4542661 A 4360 5918 -16496525 8804134 A 4345 5945 -14809710 9151131 Z"},
    {"can", "adj 25000", "m */ 50000 h ss;a pin 0 adj m;y1 */ ss a 200000;y2 +- y1 y1 0;y3 +- b 0 y1", "l y2 r y3", "U M l y1 A wd2 y1 cd2 -10800000 L r y3 A wd2 y1 0 cd2 Z | U BB M l y1 A wd2 y1 cd2 21600000 Z | N M r y1 A wd2 y1 0 21600000 M r y1 L r y3 A wd2 y1 0 cd2 L l y1"},
    {"cube", "adj 25000", "a pin 0 adj 100000;y1 */ ss a 100000;y4 +- b 0 y1;x4 +- r 0 y1", "l y1 x4 b", "U M l y1 L x4 y1 L x4 b L l b Z | U D M x4 y1 L r t L r y4 L x4 b Z | U B M l y1 L y1 t L r t L x4 y1 Z | N M l y1 L y1 t L r t L r y4 L x4 b L l b Z M l y1 L x4 y1 L r t M x4 y1 L x4 b"},
    {"leftBracket", "adj 8333", "m */ 50000 h ss;a pin 0 adj m;y1 */ ss a 100000;y2 +- b 0 y1", "", "U M r b A w y1 cd4 cd4 L l y1 A w y1 cd2 cd4 Z | N M r b A w y1 cd4 cd4 L l y1 A w y1 cd2 cd4"},
    {"rightBracket", "adj 8333", "m */ 50000 h ss;a pin 0 adj m;y1 */ ss a 100000;y2 +- b 0 y1", "", "U M l t A w y1 3cd4 cd4 L r y2 A w y1 0 cd4 Z | N M l t A w y1 3cd4 cd4 L r y2 A w y1 0 cd4"},
    {"leftBrace", "adj1 8333 adj2 50000", BRACE_GUIDES, "", "N M r b A wd2 y1 cd4 cd4 L hc y4 A wd2 y1 0 -5400000 A wd2 y1 cd4 -5400000 L hc y1 A wd2 y1 cd2 cd4"},
    {"rightBrace", "adj1 8333 adj2 50000", BRACE_GUIDES, "", "N M l t A wd2 y1 3cd4 cd4 L hc y2 A wd2 y1 cd2 -5400000 A wd2 y1 3cd4 -5400000 L hc y5 A wd2 y1 0 cd4"},
    {"bracketPair", "adj 16667", "a pin 0 adj 50000;x1 */ ss a 100000;x2 +- r 0 x1;y2 +- b 0 x1", "", "U " ROUND_PATH " | N M x1 b A x1 x1 cd4 cd4 L l x1 A x1 x1 cd2 cd4 M x2 t A x1 x1 3cd4 cd4 L r y2 A x1 x1 0 cd4"},
    {"bracePair", "adj 8333", "a pin 0 adj 25000;x1 */ ss a 100000;x2 */ ss a 50000;x3 +- r 0 x2;x4 +- r 0 x1;y2 +- vc 0 x1;y3 +- vc x1 0;y4 +- b 0 x1", "x1 x1 x4 y4", "N M x2 b A x1 x1 cd4 cd4 L x1 y3 A x1 x1 0 -5400000 A x1 x1 cd4 -5400000 L x1 x1 A x1 x1 cd2 cd4 M x3 t A x1 x1 3cd4 cd4 L x4 y2 A x1 x1 cd2 -5400000 A x1 x1 3cd4 -5400000 L x4 y4 A x1 x1 0 cd4"},
    {"mathPlus", "adj1 23520", "a pin 0 adj1 73490;dx1 */ w 73490 200000;dy1 */ h 73490 200000;d2 */ ss a 200000;x1 +- hc 0 dx1;x2 +- hc 0 d2;x3 +- hc d2 0;x4 +- hc dx1 0;y1 +- vc 0 dy1;y2 +- vc 0 d2;y3 +- vc d2 0;y4 +- vc dy1 0", "", "M x1 y2 L x2 y2 L x2 y1 L x3 y1 L x3 y2 L x4 y2 L x4 y3 L x3 y3 L x3 y4 L x2 y4 L x2 y3 L x1 y3 Z"},
    {"mathMinus", "adj1 23520", "a pin 0 adj1 100000;dy */ h a 200000;dx */ w 73490 200000;y1 +- vc 0 dy;y2 +- vc dy 0;x1 +- hc 0 dx;x2 +- hc dx 0", "", "M x1 y1 L x2 y1 L x2 y2 L x1 y2 Z"},
    {"mathEqual", "adj1 23520 adj2 11760", "a1 pin 0 adj1 36745;d2 */ a1 2 1;m2 +- 100000 0 d2;a2 pin 0 adj2 m2;dy1 */ h a1 100000;dy2 */ h a2 200000;dx1 */ w 73490 200000;y2 +- vc 0 dy2;y3 +- vc dy2 0;y1 +- y2 0 dy1;y4 +- y3 dy1 0;x1 +- hc 0 dx1;x2 +- hc dx1 0", "", "M x1 y1 L x2 y1 L x2 y2 L x1 y2 Z M x1 y3 L x2 y3 L x2 y4 L x1 y4 Z"},
    {"mathMultiply", "adj1 23520", "a pin 0 adj1 51965;th */ ss a 100000;an at2 w h;sa sin 1 an;ca cos 1 an;ta tan 1 an;dl mod w h 0;rw */ dl 51965 100000;lm +- dl 0 rw;xm */ ca lm 2;ym */ sa lm 2;dxa */ sa th 2;dya */ ca th 2;xa +- xm 0 dxa;ya +- ym dya 0;xb +- xm dxa 0;yb +- ym 0 dya;xbc +- hc 0 xb;ybc */ xbc ta 1;yc +- ybc yb 0;xd +- r 0 xb;xe +- r 0 xa;yac +- vc 0 ya;xac +/ yac 0 ta;xf +- xe 0 xac;xg +- xa xac 0;yg +- b 0 ya;yh +- b 0 yb;yi +- b 0 yc", "", "M xa ya L xb yb L hc yc L xd yb L xe ya L xf vc L xe yg L xd yh L hc yi L xb yh L xa yg L xg vc Z"},
    {"mathDivide", "adj1 23520 adj2 5880 adj3 11760", "a1 pin 0 adj1 36745;dy1 */ h a1 200000;rd */ h adj3 100000;dx */ w 73490 200000;y3 +- vc 0 dy1;y4 +- vc dy1 0;gap */ h adj2 100000;c1 +- y3 0 gap;y2 +- c1 0 rd;c2 +- y4 gap 0;y5 +- c2 rd 0;x1 +- hc 0 dx;x3 +- hc dx 0;x2 +- hc 0 rd", "", "M x2 y2 A rd rd cd2 21600000 Z M x2 y5 A rd rd cd2 21600000 Z M x1 y3 L x3 y3 L x3 y4 L x1 y4 Z"},
    {"mathNotEqual", "adj1 23520 adj2 6600000 adj3 11760", "a1 pin 0 adj1 50000;dy1 */ h a1 100000;dy2 */ h adj3 200000;dx1 */ w 73490 200000;x1 +- hc 0 dx1;x8 +- hc dx1 0;y2 +- vc 0 dy2;y3 +- vc dy2 0;y1 +- y2 0 dy1;y4 +- y3 dy1 0;s1 */ h 2 5;sx1 +- hc 0 wd8;sx2 +- hc wd8 0;tk */ ss 8 100;l1 +- sx1 0 tk;l2 +- sx1 tk 0;r1 +- sx2 0 tk;r2 +- sx2 tk 0;yt */ h 1 10;yb */ h 9 10", "", "M x1 y1 L x8 y1 L x8 y2 L x1 y2 Z M x1 y3 L x8 y3 L x8 y4 L x1 y4 Z M l1 yb L r1 yt L r2 yt L l2 yb Z"},
    {"wave", "adj1 12500 adj2 0", "a1 pin 0 adj1 20000;a2 pin -10000 adj2 10000;y1 */ h a1 100000;dy2 */ y1 10 3;y2 +- y1 0 dy2;y3 +- y1 dy2 0;y4 +- b 0 y1;y5 +- y4 0 dy2;y6 +- y4 dy2 0;of */ w a2 100000;o2 */ w a2 50000;d1 abs o2;p ?: o2 0 o2;x2 +- l 0 p;q ?: o2 o2 0;x5 +- r 0 q;dx +/ x2 x5 3;x3 +- x2 dx 0;x4 +/ x3 x5 2;x6 +- l q 0;x10 +- r p 0;dx7 +/ x6 x10 3;x7 +- x6 dx7 0;x8 +/ x7 x10 2", "", "M x2 y1 C x3 y2 x4 y3 x5 y1 L x10 y4 C x8 y6 x7 y5 x6 y4 Z"},
    {"doubleWave", "adj1 6250 adj2 0", "a1 pin 0 adj1 12500;y1 */ h a1 100000;dy2 */ y1 10 3;y2 +- y1 0 dy2;y3 +- y1 dy2 0;y4 +- b 0 y1;y5 +- y4 0 dy2;y6 +- y4 dy2 0;x1 */ w 1 6;x2 */ w 1 3;x4 */ w 2 3;x5 */ w 5 6", "", "M l y1 C x1 y2 x2 y3 hc y1 C x4 y2 x5 y3 r y1 L r y4 C x5 y6 x4 y5 hc y4 C x2 y6 x1 y5 l y4 Z"},
};
// clang-format on

const struct dgl_geometry *dgl_geometry_preset(struct dgl_str name)
{
    for (size_t i = 0; i < DGL_COUNT(g_presets); i++)
        if (dgl_str_is(name, g_presets[i].name))
            return &g_presets[i];
    return NULL;
}
