#!/bin/sh
# Holds the layout of all C files to .clang-format. Prints the differences and a line "N passed, M failed".
cd "$(dirname "$0")/../.." || exit 2
command -v clang-format >/dev/null || {
    echo "clang-format is missing; install it with: apt-get install clang-format" >&2
    exit 2
}
list=$(mktemp) || exit 2
said=$(mktemp) || exit 2
trap 'rm -f "$list" "$said"' EXIT
{
    find src tests bench examples -name node_modules -prune -o -name '*.[ch]' -type f -print 2>/dev/null
    find . -maxdepth 1 -name '*.[ch]' -type f
} | sort >"$list"
xargs -P "$(nproc)" -n 32 clang-format --dry-run -Werror <"$list" 2>"$said"
status=$?
cat "$said" >&2
failed=$(sed -nE 's/^([^ :]+):[0-9]+:[0-9]+: error: .*/\1/p' "$said" | sort -u | wc -l)
[ $status -eq 0 ] || [ "$failed" -gt 0 ] || failed=1 # clang-format itself failed
echo "$(($(wc -l <"$list") - failed)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ -s "$list" ]
