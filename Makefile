# SPDX-License-Identifier: ISC
# One non-recursive Makefile: sources by wildcard, header dependencies by -MMD.  `make help` lists the targets.

VERSION  := 0.1.0
BUILD    ?= build
PREFIX   ?= /usr
SYSCONFDIR ?= /etc
DESTDIR  ?=
V        ?=
WERROR   ?= -Werror
SAN      ?=

PKGS := libcurl libevent jansson libxml-2.0 libcrypto libsystemd
LIB_PKGS := $(PKGS) sqlite3 yaml-0.1 libutf8proc libxxhash re2 zlib libzstd

OPT      ?= -O2 -g -D_FORTIFY_SOURCE=3
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla -Wnull-dereference \
            -Wswitch-enum -Wpointer-arith -Wfloat-equal -Wredundant-decls -Wunused-macros
GCC_WARN := -Wcast-align=strict -Wformat-signedness -Walloca -Wimplicit-fallthrough=5 -Wduplicated-cond \
            -Wduplicated-branches -Wlogical-op -Wstack-usage=65536
IS_CLANG := $(findstring clang,$(CC))
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero \
            -fno-common -fno-strict-aliasing -fPIE
LINK_HARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack

LIB_CFLAGS = $(shell pkg-config --cflags $(LIB_PKGS) 2>/dev/null)
LIBS       = $(shell pkg-config --libs $(LIB_PKGS) 2>/dev/null) -lwslay -lstemmer -lstdc++ -lpthread -lm
CFLAGS_ALL = -std=gnu17 -D_GNU_SOURCE -DMONITORD_VERSION='"$(VERSION)"' $(OPT) $(WARN) $(if $(IS_CLANG),,$(GCC_WARN)) \
             $(WERROR) $(HARDEN) $(SAN) -Iinclude -Idaemon -I$(BUILD)/gen $(LIB_CFLAGS) $(CFLAGS)
CXX        = $(if $(IS_CLANG),$(subst clang,clang++,$(CC)),g++)
CXXFLAGS_ALL = -std=gnu++17 $(OPT) -Wall -Wextra $(WERROR) $(HARDEN) $(SAN) -Iinclude -Idaemon
LDFLAGS_ALL = $(LINK_HARDEN) $(SAN) $(LDFLAGS)

MAINS    := daemon/monitord.c daemon/monitorctl.c
SRC      := $(filter-out $(MAINS),$(wildcard daemon/*.c daemon/*/*.c))
SRC_CXX  := $(wildcard daemon/*/*.cc)
OBJ      := $(SRC:%.c=$(BUILD)/%.o) $(SRC_CXX:%.cc=$(BUILD)/%.o)
BIN      := $(patsubst daemon/%.c,$(BUILD)/%,$(wildcard $(MAINS)))
LIB      := $(BUILD)/libmonitord.a
TEST_LIB := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
RUNNERS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/golden/*.c tests/query/*.c tests/sim/*.c))
BENCHES  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/bench_*.c))
CORPUS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/corpus/*_dump.c))
FUZZERS  := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

Q := $(if $(V),,@)
say = @$(if $(V),true,printf '  %-5s %s\n' '$(1)' '$(2)')

# With as many jobs as there are processors, unless the caller said how many.
ONWARD = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all run test check check-system bench lint asan tsan help install clean docs deps deps-test fuzz
.DEFAULT_GOAL := all
.SECONDARY: # objects made on the way to a test stay

all: deps ## build build/monitord and build/monitorctl
	$(Q)$(MAKE) $(ONWARD) programs

programs: $(BIN)
	@:
.PHONY: programs

# --- compile -----------------------------------------------------------------------------------------------------
$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(filter daemon/%,$<),-include base/banned.h) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cc
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS_ALL) -MMD -MP -c -o $@ $<

# Words are written field by field: put together in vector registers they cost twice as much.
$(BUILD)/daemon/match/words.o: CFLAGS_ALL += -fno-tree-slp-vectorize

# The schema's SQL files, in order, as an array of C strings.
MIGRATIONS := $(sort $(wildcard daemon/store/migrations/*.sql))
$(BUILD)/gen/store/migrations.h: $(MIGRATIONS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q){ echo 'static const char *const store_migrations[] = {'; for f in $(MIGRATIONS); do \
	  sed -e '/^--/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $$f; echo ','; done; echo '};'; } > $@.tmp && mv $@.tmp $@
$(BUILD)/daemon/store/store.o: $(BUILD)/gen/store/migrations.h

# The description of the API, as one C string: GET /v1/openapi.json serves it.
$(BUILD)/gen/control/openapi.h: daemon/control/openapi.json
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q){ echo 'static const char openapi_json[] ='; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $<; echo ';'; } > $@.tmp && mv $@.tmp $@
$(BUILD)/daemon/control/api.o $(BUILD)/tests/unit/test_openapi.o: $(BUILD)/gen/control/openapi.h

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar crs $@ $(OBJ)

$(BIN): $(BUILD)/%: $(BUILD)/daemon/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_LIB) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(TEST_LIB) $(LIB) $(LIBS) -lcmocka $(LIBS_$(notdir $@))

$(BUILD)/tests/%.o: CFLAGS_ALL += -Itests

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/daemon/*.d $(BUILD)/tests/*/*.d)

# --- packages ----------------------------------------------------------------------------------------------------
# Installs what is missing and says what; asks nothing; sudo only for those who are not root.
BUILD_DEPS := gcc g++ make pkg-config libcurl4-openssl-dev libevent-dev libjansson-dev libxml2-dev libssl-dev libsystemd-dev \
              libsqlite3-dev libyaml-dev libutf8proc-dev libxxhash-dev uthash-dev libre2-dev libstemmer-dev \
              zlib1g-dev libwslay-dev libzstd-dev
TEST_DEPS  := $(BUILD_DEPS) libcmocka-dev python3 python3-pytest python3-aiosmtpd python3-websockets zstd nginx-light opensmtpd curl openssl \
              systemd shellcheck mandoc libvectorscan-dev libicu-dev zsh fish sqlite3 jq systemd-container
install_missing = @missing=""; for p in $(1); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing missing packages:$$missing"; \
	  S=""; [ "$$(id -u)" = 0 ] || S=sudo; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  { $$S apt-get install -y -q --no-install-recommends $$missing || \
	    { $$S apt-get update -q && $$S apt-get install -y -q --no-install-recommends $$missing; }; } </dev/null >$(BUILD)/packages.log 2>&1 || \
	  { echo "could not install:$$missing (see $(BUILD)/packages.log)" >&2; exit 1; }; fi

deps: | $(BUILD)
	$(call install_missing,$(BUILD_DEPS))
deps-test: | $(BUILD)
	$(call install_missing,$(TEST_DEPS))
$(BUILD):
	@mkdir -p $@

# --- tests -------------------------------------------------------------------------------------------------------
check: deps-test ## quick offline tests: unit, golden, query, simulation (< 30 s)
	$(Q)$(MAKE) $(ONWARD) check-built
check-built: $(UNIT) $(RUNNERS) $(BIN)
	$(Q)python3 tests/lib/run.py --build $(BUILD) quick
test: deps-test ## install what tests need, build, run every test
	$(Q)$(MAKE) $(ONWARD) test-built
test-built: $(UNIT) $(RUNNERS) $(CORPUS) $(BIN)
	$(Q)python3 tests/lib/run.py --build $(BUILD) all
check-system: deps-test ## the system tests only
	$(Q)$(MAKE) $(ONWARD) programs $(CORPUS)
	$(Q)python3 tests/lib/run.py --build $(BUILD) system
.PHONY: check-built test-built

KILLS ?= 200
crash: deps-test ## kill -9 at KILLS=200 random instants (SEED=n repeats a run); make test does 40
	$(Q)$(MAKE) $(ONWARD) programs
	$(Q)MONITORD_BUILD=$(BUILD) MONITORD_KILLS=$(KILLS) $(if $(SEED),MONITORD_SEED=$(SEED)) \
	  /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/system/test_crash.py
.PHONY: crash

# Bluesky's own servers on loopback.  Their packages go to the build folder, and only better-sqlite3 may run its script.
INTEROP_DEPS := postgresql redis-server $(if $(shell command -v npm),,nodejs npm)
ATPROTO      := @atproto/dev-env@0.3.215
NPM_OPTIONS  := --no-fund --no-audit --no-save --ignore-scripts
$(BUILD)/interop/installed: | $(BUILD)
	$(call say,NPM,$(ATPROTO))
	$(Q)mkdir -p $(@D) && cd $(@D) && echo '{"private": true}' > package.json && \
	  { npm install $(NPM_OPTIONS) $(ATPROTO) && npm rebuild better-sqlite3; } >npm.log 2>&1 || { tail npm.log >&2; exit 1; }
	$(Q)touch $@
interop: deps-test ## monitord against a real AT Protocol network on loopback (installs it with npm: some 350 MB)
	$(call install_missing,$(INTEROP_DEPS))
	$(Q)$(MAKE) $(ONWARD) programs $(BUILD)/interop/installed
	$(Q)MONITORD_BUILD=$(BUILD) /usr/bin/python3 -B -m pytest -q -p no:cacheprovider tests/interop
.PHONY: interop

# Instrumented code makes gcc see what is not there; the ordinary build has all warnings.
UNDER_ASAN = BUILD=$(BUILD)/asan OPT='-O1 -g' WERROR=-w SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
asan: deps-test ## every test under AddressSanitizer and UBSan, the daemon too
	$(Q)MONITORD_PATIENCE=3 $(MAKE) $(ONWARD) test-built $(UNDER_ASAN)
tsan: deps-test ## every test under ThreadSanitizer, the daemon too
	$(Q)MONITORD_PATIENCE=5 $(MAKE) $(ONWARD) test-built BUILD=$(BUILD)/tsan OPT='-O1 -g' WERROR=-w SAN='-fsanitize=thread'

# Each fuzzer runs FUZZ_SECONDS (T=name: one only) on the seeds of tests/data and what earlier runs found.
FUZZ_DEPS    := clang libclang-rt-14-dev
FUZZ_SECONDS ?= 20
fuzz: deps-test ## the fuzz targets under libFuzzer, ASan and UBSan (T=json runs one, FUZZ_SECONDS=20 each)
	$(call install_missing,$(FUZZ_DEPS))
	$(Q)$(MAKE) $(ONWARD) fuzz-built BUILD=$(BUILD)/fuzz CC=clang OPT='-O1 -g' HARDEN= LINK_HARDEN= \
	  WERROR= WARN=-Wall SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
# The test library without its main, and only what a fuzzer refers to.
$(BUILD)/libfuzztest.a: $(filter-out $(BUILD)/tests/lib/test.o,$(TEST_LIB))
	$(Q)rm -f $@; ar crs $@ $^
$(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libfuzztest.a $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CXX) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< $(BUILD)/libfuzztest.a $(LIB) $(LIBS)
fuzz-built: $(if $(T),$(BUILD)/tests/fuzz/fuzz_$(T),$(FUZZERS))
	$(Q)sh tests/fuzz/run.sh $(BUILD) $(FUZZ_SECONDS) $^
.PHONY: fuzz-built

# Other projects' test data, read in place; see tests/corpus/README.md.  KEYS=1 prints the figures of each key.
corpus: deps-test ## judge codecs and matcher by other projects' test data (../shared/corpus or $MONITORD_CORPUS)
	$(Q)$(MAKE) $(ONWARD) $(CORPUS)
	$(Q)python3 -B tests/corpus/run.py --build $(BUILD) $(if $(KEYS),--keys)
corpus-asan: deps-test ## the same under AddressSanitizer and UBSan
	$(Q)$(MAKE) $(ONWARD) corpus $(UNDER_ASAN)
.PHONY: corpus corpus-asan

LIBS_bench_match := -lhs -licuuc
LIBS_test_fold := -licuuc
bench: deps-test ## benchmarks, JSON under build/bench/ (B=name runs one)
	$(Q)$(MAKE) $(ONWARD) $(if $(B),$(filter %/bench_$(B),$(BENCHES)),$(BENCHES)) programs
	$(Q)mkdir -p $(BUILD)/bench
	$(Q)python3 tests/bench/run.py --build $(BUILD) $(B)

# --- install -----------------------------------------------------------------------------------------------------
# The unit names /usr/bin and /etc; a configuration that is there already is never touched.
UNIT_DIR  := $(DESTDIR)$(PREFIX)/lib/systemd/system
SHARE_DIR := $(DESTDIR)$(PREFIX)/share
CONF_DIR  := $(DESTDIR)$(SYSCONFDIR)/monitord
at_prefix = sed -e 's|/usr/bin/monitord|$(PREFIX)/bin/monitord|g' -e 's|/etc/monitord|$(SYSCONFDIR)/monitord|g'

install: deps ## install programs, units, sample configuration, manuals (DESTDIR, PREFIX, SYSCONFDIR)
	$(Q)$(MAKE) $(ONWARD) programs install-files
install-files: $(BIN)
	$(call say,INST,$(DESTDIR)$(PREFIX))
	$(Q)$(foreach f,$(BIN),install -D -m 755 $f $(DESTDIR)$(PREFIX)/bin/$(notdir $f) &&) true
	$(Q)mkdir -p $(UNIT_DIR) $(CONF_DIR)/conf.d $(SHARE_DIR)/doc/monitord
	$(Q)$(at_prefix) systemd/monitord.service > $(UNIT_DIR)/monitord.service
	$(Q)install -D -m 644 systemd/monitord.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/monitord.conf
	$(Q)mkdir -p $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	$(Q)$(at_prefix) systemd/monitord.tmpfiles > $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/monitord.conf
	$(Q)chmod 644 $(UNIT_DIR)/monitord.service $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/monitord.conf
	$(Q)install -m 644 README.md LICENSE $(wildcard config/*.yaml config/*.xml config/conf.d/*.example) $(SHARE_DIR)/doc/monitord/
	$(Q)chmod 750 $(CONF_DIR) $(CONF_DIR)/conf.d
	$(Q)test -e $(CONF_DIR)/monitord.yaml || install -m 640 config/monitord.yaml $(CONF_DIR)/monitord.yaml
	$(Q)for page in $(wildcard daemon/man/*.[1578]); do \
	  install -D -m 644 $$page $(SHARE_DIR)/man/man$${page##*.}/$${page##*/} || exit 1; done
	$(Q)! test -x $(BUILD)/monitorctl || { \
	  mkdir -p $(SHARE_DIR)/bash-completion/completions $(SHARE_DIR)/zsh/vendor-completions $(SHARE_DIR)/fish/vendor_completions.d && \
	  $(BUILD)/monitorctl completion bash > $(SHARE_DIR)/bash-completion/completions/monitorctl && \
	  $(BUILD)/monitorctl completion zsh > $(SHARE_DIR)/zsh/vendor-completions/_monitorctl && \
	  $(BUILD)/monitorctl completion fish > $(SHARE_DIR)/fish/vendor_completions.d/monitorctl.fish; }
.PHONY: install-files

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

docs: programs ## write the manual pages' tables, the completions and the code map anew
	$(Q)python3 tests/lib/docs.py --build $(BUILD)

lint: deps-test ## floors, fences, headers alone, scripts, no notes to self, no stale documents
	$(Q)$(MAKE) $(ONWARD) programs
	$(Q)python3 tests/lint/floors.py
	$(Q)python3 tests/lint/files.py
	$(Q)sh tests/lint/headers.sh
	$(Q)python3 tests/lib/docs.py --build $(BUILD) --check

run: deps ## build and start monitord with config/quickstart.yaml
	$(Q)$(MAKE) $(ONWARD) programs
	@exec sh tests/lib/quickstart.sh
