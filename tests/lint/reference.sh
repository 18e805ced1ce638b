#!/bin/sh
# docs/template-reference.md is what `docgenlab reference` prints: reference.sh PROGRAM FILE. Prints the differences.
"$1" reference | diff "$2" - && exit 0
echo "docs/template-reference.md differs from the tables: docgenlab reference >docs/template-reference.md" >&2
exit 1
