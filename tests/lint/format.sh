#!/bin/sh
# Holds the layout of all C files to .clang-format. Prints the differences and a line "N passed, M failed".
cd "$(dirname "$0")/../.." || exit 2
command -v clang-format >/dev/null || {
    echo "clang-format is missing; install it with: apt-get install clang-format" >&2
    exit 2
}
list=$(mktemp) || exit 2
trap 'rm -f "$list"' EXIT
{
    find src tests bench examples -name node_modules -prune -o -name '*.[ch]' -type f -print 2>/dev/null
    find . -maxdepth 1 -name '*.[ch]' -type f
} | sort >"$list"
passed=0
failed=0
while IFS= read -r file; do
    if clang-format --dry-run -Werror "$file"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done <"$list"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
