// Names of elements and attributes that this engine reads, in alphabetical order. A name that is not here is
// DGL_X_OTHER, and attributes of such names are not kept.
#ifndef DGL_RENDER_LAYOUT_NAMES_H
#define DGL_RENDER_LAYOUT_NAMES_H

// clang-format off
#define DGL_X_NAMES(X) \
    X(AlternateContent) X(Choice) X(Fallback) X(OLEObject) X(Requires) X(abstractNum) X(abstractNumId) X(accent1) X(adjustLineHeightInTable) \
    X(accent2) X(accent3) X(accent4) X(accent5) X(accent6) X(after) X(afterAutospacing) X(afterLines) X(align) \
    X(alignment) X(altChunk) X(altName) X(anchor) X(ascii) X(asciiTheme) X(autoHyphenation) X(autoSpaceDE) X(autoSpaceDN) X(b) X(bCs) X(bIns) X(background) \
    X(bar) X(basedOn) X(bdo) X(bdr) X(before) X(beforeAutospacing) X(beforeLines) X(behindDoc) X(between) X(bidi) \
    X(bidiVisual) X(blip) X(blipFill) X(body) X(bodyPr) X(bookmarkStart) X(bottom) X(bottomFromText) X(br) \
    X(cantSplit) X(caps) X(cellDel) X(cellMerge) X(char) X(charSpace) X(characterSpacingControl) X(checkBox) X(checked) X(clrScheme) X(col) X(color) X(cols) X(compat) \
    X(compatSetting) X(contentPart) X(consecutiveHyphenLimit) X(contextualSpacing) X(control) X(countBy) X(cr) X(creator) X(cs) X(cstheme) \
    X(customMarkFollows) X(customXml) X(cx) X(cy) X(default) X(defaultTabStop) X(del) X(descr) X(description) X(dir) X(dirty) X(decimalSymbol) \
    X(doNotHyphenateCaps) X(doNotExpandShiftReturn) X(doNotUseHTMLParagraphAutoSpacing) X(hideMark) X(splitPgBreakAndParaMark) \
    X(suppressSpBfAfterPgBrk) X(display) X(displayBackgroundShape) X(distance) X(distB) X(distL) X(distR) X(distT) X(dk1) X(dk2) X(docDefaults) X(docGrid) X(docPr) \
    X(drawing) X(dropCap) X(dstrike) X(ea) X(eastAsia) X(eastAsiaTheme) X(embed) X(embedBold) X(embedBoldItalic) X(embedItalic) X(embedRegular) X(emboss) X(end) \
    X(endnote) X(endnotePr) X(endnoteRef) X(endnoteReference) X(equalWidth) X(evenAndOddHeaders) X(extLst) X(extent) X(family) X(ffData) \
    X(fill) X(fillRef) X(fillcolor) X(filled) X(firstColumn) X(firstLine) X(firstLineChars) X(firstRow) X(fitText) X(fldChar) \
    X(fldCharType) X(fldSimple) X(flipH) X(flipV) X(fmt) X(folHlink) X(font) X(fontKey) X(fontScheme) X(footer) \
    X(footerReference) X(footnote) X(footnotePr) X(footnoteRef) X(footnoteReference) X(format) X(framePr) X(gradFill) X(graphic) \
    X(graphicData) X(gridAfter) X(gridBefore) X(gridCol) X(gridSpan) X(group) X(gs) X(gsLst) X(gutter) \
    X(gutterAtTop) X(h) X(hAnchor) X(hAnsi) X(hAnsiTheme) X(hMerge) X(hRule) X(hSpace) X(hanging) X(hangingChars) X(header) \
    X(headerReference) X(hidden) X(highlight) X(hint) X(hlink) X(hlinkClick) X(horzAnchor) X(hr) X(hyperlink) X(hyphenationZone) X(i) \
    X(iCs) X(id) X(idx) X(ilvl) X(imagedata) X(imprint) X(ind) X(inline) X(ins) X(insideH) X(insideV) X(instr) \
    X(instrText) X(isLgl) X(jc) X(keepLines) X(keepNext) X(kern) X(keywords) X(kinsoku) X(l) X(lIns) X(lang) X(language) \
    X(lastClr) X(lastColumn) X(lastRow) X(latin) X(leader) X(left) X(leftChars) X(leftFromText) X(ligatures) X(line) \
    X(linePitch) X(lineRule) X(link) X(ln) X(lnNumType) X(lnRef) X(lt1) X(lt2) X(lumMod) X(lumOff) X(lvl) X(lvlJc) \
    X(lvlOverride) X(lvlPicBulletId) X(lvlRestart) X(lvlText) X(majorFont) X(minorFont) X(mirrorMargins) X(moveFrom) X(moveTo) \
    X(name) X(noBreakHyphen) X(noFill) X(noHBand) X(noVBand) X(noWrap) X(num) X(numPicBullet) X(numPicBulletId) X(numFmt) X(numId) X(numPr) X(numRestart) X(numStart) \
    X(numStyleLink) X(oMath) X(oMathPara) X(object) X(offsetFrom) X(outline) X(outlineLvl) X(oval) X(overflowPunct) X(p) X(pBdr) \
    X(pPr) X(pPrDefault) X(pStyle) X(pageBreakBefore) X(pattFill) X(pctHeight) X(pctPosHOffset) X(pctPosVOffset) X(pctWidth) X(pgBorders) X(pgMar) \
    X(pgNumType) X(pgSz) X(pic) X(pict) X(polyline) X(pitch) X(pos) X(posOffset) X(position) X(positionH) X(positionV) \
    X(prst) X(prstClr) X(prstGeom) X(ptab) X(r) X(rFonts) X(rIns) X(rPr) X(rPrDefault) X(rStyle) X(rect) \
    X(relativeFrom) X(relativeHeight) X(restart) X(right) X(rightChars) X(rightFromText) X(rot) X(roundrect) X(rtl) X(rt) X(ruby) X(rubyBase) X(rubyPr) \
    X(schemeClr) X(script) X(sdt) X(sdtContent) X(sectPr) X(sep) X(shadow) X(shape) X(shd) X(side) X(sizeRelH) X(sizeRelV) \
    X(smallCaps) X(smartTag) X(snapToGrid) X(softHyphen) X(solidFill) X(spAutoFit) X(spPr) X(space) X(spacing) \
    X(srcRect) X(srgbClr) X(start) X(startOverride) X(strike) X(strokecolor) X(stroked) X(strokeweight) X(style) \
    X(styleId) X(styleLink) X(subDoc) X(subject) X(suff) X(suppressAutoHyphens) X(suppressLineNumbers) X(svgBlip) X(sym) X(sysClr) X(sz) \
    X(szCs) X(t) X(tIns) X(tab) X(tabs) X(tbl) X(tblBorders) X(tblCellMar) X(tblCellSpacing) X(tblGrid) X(tblHeader) \
    X(tblInd) X(tblLayout) X(tblLook) X(tblPr) X(tblPrEx) X(tblStyle) X(tblStyleColBandSize) X(tblStylePr) \
    X(tblStyleRowBandSize) X(tblW) X(tblpPr) X(tblpX) X(tblpXSpec) X(tblpY) X(tblpYSpec) X(tc) X(tcBorders) \
    X(tcFitText) X(tcMar) X(tcPr) X(tcW) X(textDirection) X(textpath) X(themeColor) X(themeFill) X(themeFontLang) X(title) X(titlePg) \
    X(tl2br) X(top) X(topFromText) X(tr) X(tr2bl) X(trHeight) X(trPr) X(txbx) X(txbxContent) X(type) X(typeface) \
    X(u) X(updateFields) X(vAlign) X(vAnchor) X(vMerge) X(vSpace) X(val) X(vanish) X(vert) X(vertAlign) X(vertAnchor) X(w) X(wAfter) X(wBefore) \
    X(webHidden) X(widowControl) X(wordWrap) X(wrap) X(wrapPolygon) X(wrapSquare) X(wrapText) X(wrapThrough) X(wrapTight) X(wrapTopAndBottom) \
    X(wsp) X(x) X(xAlign) X(xfrm) X(y) X(yAlign)
// Of drawings, charts and equations.
#define DGL_X_DRAWING_NAMES(X) \
    X(dist) X(rotWithShape) X(kx) X(ky) X(hideBot) X(hideLeft) X(hideRight) X(hideTop) X(strikeH) X(strikeV) X(dPr) X(lim) X(m) X(scr) X(show) X(fontRef) X(spTree) X(relId) X(dataModelExt) X(dm) X(serAx) X(sourceLinked) X(acc) X(accPr) X(adj) X(algn) X(aln) X(alpha) X(alphaModFix) X(alt) X(amt) X(ang) X(angle) X(arc) X(arcTo) \
    X(area3DChart) X(areaChart) X(avLst) X(axId) X(axPos) X(bar3DChart) X(barChart) X(barDir) X(barPr) X(baseJc) \
    X(baseline) X(begChr) X(bevel) X(biLevel) X(blacklevel) X(blurRad) X(borderBox) X(borderBoxPr) X(box) X(boxPr) \
    X(bright) X(brk) X(buAutoNum) X(buChar) X(buNone) X(bubbleChart) X(bubbleScale) X(bubbleSize) X(cap) X(cat) X(catAx) X(chExt) \
    X(chOff) X(chart) X(chartSpace) X(chr) X(close) X(clrChange) X(color2) X(comp) X(contrast) X(coordorigin) \
    X(coordsize) X(cropbottom) X(cropleft) X(cropright) X(croptop) X(crossAx) X(crosses) X(crossesAt) X(cubicBezTo) \
    X(custDash) X(custGeom) X(d) X(dLbl) X(dLbls) X(dPt) X(downBars) X(dashstyle) X(dateAx) X(defRPr) X(deg) X(degHide) \
    X(delete) X(den) X(displayUnits) X(doughnutChart) X(ds) X(duotone) X(e) X(effectExtent) X(effectLst) X(ellipse) X(endChr) \
    X(endParaRPr) X(endPos) X(endarrow) X(eqArr) X(eqArrPr) X(explosion) X(ext) X(f) X(fName) X(fPr) X(fgClr) \
    X(fillOverlay) X(fillRect) X(fillToRect) X(firstSliceAng) X(fld) X(fmla) X(focus) X(formatCode) X(from) X(func) \
    X(funcPr) X(g) X(gain) X(gapWidth) X(gd) X(gdLst) X(glow) X(graphicFrame) X(gray) X(grayscale) X(grayscl) \
    X(groupChr) X(groupChrPr) X(grouping) X(grpFill) X(grpShape) X(grpSp) X(grpSpPr) X(hR) X(hpsRaise) X(headEnd) X(hiLowLines) X(holeSize) \
    X(hslClr) X(hslOff) X(hue) X(hueMod) X(hueOff) X(indent) X(innerShdw) X(inv) X(invGamma) X(invertIfNegative) \
    X(layout) X(layoutTarget) X(legend) X(legendEntry) X(legendPos) X(len) X(limLoc) X(limLow) X(limLowPr) X(limUpp) \
    X(limUppPr) X(lin) X(line3DChart) X(lineChart) X(lnSpc) X(lnTo) X(lstStyle) X(lum) X(lvl1pPr) X(mPr) \
    X(majorGridlines) X(majorTickMark) X(majorUnit) X(manualLayout) X(marL) X(marR) X(marker) X(max) X(mc) X(mcJc) \
    X(mcPr) X(mcs) X(min) X(minorGridlines) X(minorUnit) X(miter) X(mr) X(multiLvlStrRef) X(nary) X(naryPr) X(nor) \
    X(normAutofit) X(numCache) X(numLit) X(numRef) X(oMathParaPr) X(ofPieChart) X(off) X(on) X(opacity) X(opacity2) \
    X(order) X(orientation) X(outerShdw) X(overlap) X(overlay) X(path) X(pathLst) X(phant) X(phantPr) X(pie3DChart) \
    X(pieChart) X(plcHide) X(plotArea) X(prstDash) X(prstShdw) X(prstTxWarp) X(pt) X(ptCount) X(quadBezTo) X(rad) \
    X(radPr) X(radarChart) X(radarStyle) X(reflection) X(relIds) X(rich) X(round) X(roundedCorners) X(s) X(sPre) X(sPrePr) X(sSub) \
    X(sSubPr) X(sSubSup) X(sSubSupPr) X(sSup) X(sSupPr) X(sat) X(satMod) X(satOff) X(scaled) X(scaling) \
    X(scatterChart) X(scatterStyle) X(scene3d) X(scrgbClr) X(sepChr) X(separator) X(ser) X(serLines) X(shade) \
    X(shapetype) X(showBubbleSize) X(showCatName) X(showLeaderLines) X(showLegendKey) X(showPercent) X(showSerName) \
    X(showVal) X(shp) X(size) X(sizeRepresents) X(smooth) X(softEdge) X(sp) X(sp3d) X(spcAft) X(spcBef) X(spcPct) X(spcPts) X(spt) \
    X(src) X(stAng) X(startarrow) X(stockChart) X(strCache) X(strLit) X(strRef) X(string) X(stroke) X(sty) X(sub) \
    X(subHide) X(sup) X(supHide) X(surface3DChart) X(surfaceChart) X(swAng) X(symbol) X(tailEnd) X(tickLblPos) \
    X(tint) X(to) X(trendline) X(tx) X(txBody) X(txPr) X(txXfrm) X(upBars) X(upDownBars) X(v) X(valAx) X(varyColors) X(view3D) X(wR) \
    X(bgFillStyleLst) X(camera) X(contourW) X(effectDag) X(effectRef) X(effectStyleLst) X(extrusionH) X(fillStyleLst) X(fmtScheme) X(lnStyleLst) X(sx) X(sy) \
    X(combine) X(eastAsianLayout) X(em) X(props3d) X(textFill) X(textOutline) \
    X(extrusion) X(inset) X(offset) X(textbox) \
    X(bg) X(numCol) X(simplePos) X(tile) X(whole) X(linkedTxbx) X(seq) \
    X(dayLong) X(dayShort) X(ddList) X(listEntry) X(monthLong) X(monthShort) X(pgNum) X(result) X(yearLong) X(yearShort) \
    X(spid) \
    X(bilevel) X(chromakey) X(clrFrom) X(clrRepl) X(clrTo) X(gamma) X(recolortarget) X(thresh) \
    X(weight) X(wgp) X(wpc) X(xMode) X(xVal) X(yMode) X(yVal)
// clang-format on

enum dgl_x_name {
    DGL_X_OTHER,
#define X(id) DGL_X_##id,
    DGL_X_NAMES(X) DGL_X_DRAWING_NAMES(X)
#undef X
        DGL_X_NAME_COUNT
};

#endif
