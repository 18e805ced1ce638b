# What a person types. Meson and Ninja do the work underneath; everything made goes to build/.
#
#   make            build build/docgenlab
#   make demo       the whole road once: template, document, webhook, download; ends by itself
#   make run        a server to click through, with first-run credentials
#   make test       everything that can be tested, with counts at the end
#   make asan       unit tests and the whole server under load, under AddressSanitizer and UndefinedBehaviorSanitizer
#   make tsan       the same under ThreadSanitizer
#   make fuzz       every fuzz target for SECONDS=60 each; TARGET="docx pdf" some
#   make coverage   lines covered by the tests, a line a room; fails below the floors
#   make torture    kill -9 under load; ROUNDS=1000 SEED=7
#   make nightly    the long runs: generated templates against Jinja2 and python-docx-template, damaged packages, the service and
#                   the container in a fresh Debian; COUNT=20000 SEED=…
#   make bench      measurements, with ratios against the bare limits and peers
#   make format     clang-format over the sources
#   make deb        build/docgenlab_<version>_<arch>.deb
#   make install    DESTDIR= PREFIX=/usr/local

PREFIX ?= /usr/local
DESTDIR ?=
MESON ?= meson

.PHONY: all build program demo run test asan tsan fuzz coverage torture nightly bench format deb install clean deps test-deps
all: build

deps:
	@scripts/deps build

test-deps:
	@scripts/deps build fonts office test

# A folder without build.ninja is what an interrupted setup left.
build/release/build.ninja: | deps
	@rm -rf build/release
	@$(MESON) setup build/release --prefix=$(PREFIX) --buildtype=debugoptimized -Dwerror=true >build/meson-release.log 2>&1 || { cat build/meson-release.log; rm -rf build/release; exit 1; }

build: deps | build-dir
	@$(MAKE) --no-print-directory build/release/build.ninja
	ninja -C build/release
	@ln -sf release/src/cli/docgenlab build/docgenlab

# The program alone, without tests and benchmarks, and without a word unless something is wrong.
program: deps | build-dir
	@$(MAKE) --no-print-directory build/release/build.ninja
	@ninja -C build/release -n src/cli/docgenlab | grep -q 'no work' || echo "Building the program"
	@ninja -C build/release src/cli/docgenlab src/cli/docgenlab.1 >build/ninja.log 2>&1 || { cat build/ninja.log; exit 1; }
	@ln -sf release/src/cli/docgenlab build/docgenlab

build-dir:
	@mkdir -p build

demo: | build-dir
	@scripts/deps build fonts demo
	@$(MAKE) --no-print-directory program
	@python3 scripts/demo.py

run: | build-dir
	@scripts/deps build fonts demo
	@$(MAKE) --no-print-directory program
	@python3 scripts/run.py

test: | build-dir
	@scripts/deps build fonts office demo test
	@$(MAKE) --no-print-directory build
	@scripts/test

asan: | build-dir deps
	@scripts/sanitize address,undefined

tsan: | build-dir deps
	@scripts/sanitize thread

fuzz: | build-dir
	@scripts/deps build office fuzz
	@SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz $(TARGET)

coverage: | build-dir
	@scripts/deps build office demo test fuzz
	@scripts/coverage

torture: build
	@python3 tests/torture/torture.py

nightly: | build-dir
	@scripts/deps build fonts office demo test nightly
	@$(MAKE) --no-print-directory build
	@scripts/nightly $(or $(COUNT),20000) $(SEED)

bench: | build-dir
	@scripts/deps build fonts office demo test bench
	@$(MAKE) --no-print-directory build
	@python3 bench/run.py

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

deb: program
	@scripts/deps deb
	@scripts/deb

install: program
	@$(MESON) setup --reconfigure build/release --prefix=$(PREFIX) >build/meson-release.log 2>&1 || { cat build/meson-release.log; exit 1; }
	$(MESON) install -C build/release --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

clean:
	rm -rf build
