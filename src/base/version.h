// The program's version; meson defines it from the project's.
#ifndef DGL_BASE_VERSION_H
#define DGL_BASE_VERSION_H

#ifndef DGL_VERSION
#error "DGL_VERSION comes from the build"
#endif

#endif
