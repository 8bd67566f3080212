# bawn: one non-recursive Makefile. Everything it makes goes below build/. For people:
#
#   make                    release: a static PIE against musl, build/bawn; runs in place
#   make install            to $(DESTDIR)$(PREFIX): bin, man pages, completion; share/bawn for engines
#   make DEBUG=1            the same without optimisation, build/debug/bawn
#   make asan               glibc, ASan and UBSan: build/asan/bawn and its unit tests
#   make lint               include arrows, forbidden calls, sizes, format: tools/lint
#   make check-native       unit tests and quick suites on this kernel  (T=PATTERN: some of them)
#   make check-vm           all suites in the test VM                   (T=PATTERN)
#   make check              lint, native suites, and in the VM what differs there
#   make check-full         the same with every suite in the VM too: more than an hour
#   make conformance        runc's own suite against bawn and runc      (T=PATTERN)
#   make fault              kill -9 at every system call: hours
#   make fuzz T=spec S=60   tests/fuzz/fz_spec.c under libFuzzer for 60 seconds
#   make bench              compare with other runtimes and with the kernel's floor
#   make compile_commands.json, make format, make clean
#
# CC=clang and WERROR=1 work with all of them; V=1 shows the commands. ARCHITECTURE.md says what lies where.

.PHONY: all install tests asan check check-full check-native check-vm conformance fault bench fuzz \
	bench-tools lint format clean FORCE
all:

VERSION := 0.1.0
PREFIX ?= /usr/local
LIBEXECDIR ?= $(PREFIX)/libexec/bawn
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))

ifeq ($(DEBUG),1)
BUILD ?= build/debug
OPT ?= -O0 -g3
else
BUILD ?= build
OPT ?= -O2 -g
endif

# ---- flags -----------------------------------------------------------------------------------
MULTIARCH := $(shell $(CC) -print-multiarch)
ARCH := $(firstword $(subst -, ,$(MULTIARCH)))
# Recipes show their target only; V=1 shows the whole command.
say = $(if $(V),,@echo '  MAKE $@';)
cc_file = $(shell $(CC) -print-file-name=$(1))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wwrite-strings -Wformat=2 -Wno-format-nonliteral -Wvla -Wimplicit-fallthrough \
	-Wcast-qual
ifeq ($(WERROR),1)
WARN += -Werror
endif
HARDEN := -fstack-protector-strong -fstack-clash-protection -fno-common
HARDEN += $(if $(filter x86_64,$(ARCH)),-fcf-protection,-mbranch-protection=standard)
CPPFLAGS := -D_GNU_SOURCE -DBAWN_VERSION='"$(VERSION)"' \
	-DBAWN_LIBEXECDIR='"$(LIBEXECDIR)"' -Isrc -Ibuild/gen
COMMON := -std=gnu17 $(WARN) -fPIE -ffunction-sections -fdata-sections $(CFLAGS_EXTRA)
LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections $(LDFLAGS_EXTRA)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# The release links statically with musl: program start is most of the cost of start, state, kill
# and delete (docs/adr/0002). Kernel and yajl headers come after musl's own. Debian's musl-gcc
# wrapper cannot make a static PIE, hence the start files by name.
MUSL_INC := /usr/include/$(ARCH)-linux-musl
MUSL_LIB := /usr/lib/$(ARCH)-linux-musl
MUSL_CFLAGS := $(COMMON) $(HARDEN) -nostdinc -isystem $(MUSL_INC) -isystem $(call cc_file,include) \
	-idirafter /usr/include -idirafter /usr/include/$(MULTIARCH)
musl_link = $(CC) -static-pie -nostdlib $(LDFLAGS) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o \
	$(call cc_file,crtbeginS.o) $(filter %.o,$(1)) -Wl,--start-group $(filter-out %.o,$(1)) \
	$(MUSL_LIB)/libc.a \
	$(shell $(CC) -print-libgcc-file-name) $(call cc_file,libgcc_eh.a) -Wl,--end-group \
	$(call cc_file,crtendS.o) $(MUSL_LIB)/crtn.o -o $@

# ---- sources ---------------------------------------------------------------------------------
LIB_SRC := $(sort $(foreach d,base path cgroups runtime checkpoint,$(wildcard src/$(d)/*.c)))
HELPER_MAIN := $(wildcard src/*/bawn_*.c)
HELPERS := $(subst _,-,$(basename $(notdir $(HELPER_MAIN))))
HELPER_SRC := $(sort $(foreach d,netns systemd criu,$(wildcard src/$(d)/*.c))) build/gen/rpc.pb-c.c
BASE_SRC := $(filter-out src/base/musl_fortify.c,$(wildcard src/base/*.c))
GLIBC_LIB_SRC := $(filter-out %/musl_fortify.c $(HELPER_MAIN),$(LIB_SRC) $(HELPER_SRC))
CLI_SRC := $(sort $(wildcard src/cli/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*_test.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fz_*.c))
GEN := build/gen/syscall_table.h build/gen/default_seccomp.h build/gen/rpc.pb-c.c
UNIT := $(basename $(notdir $(UNIT_SRC)))
FUZZ := $(basename $(notdir $(FUZZ_SRC)))
TEST_LIBS := -lyajl -lseccomp -lcap -lmnl -lnftnl -lprotobuf-c -lm

all: $(BUILD)/bawn $(HELPERS:%=$(BUILD)/%)

# ---- variants: the same sources compiled in several ways -------------------------------------
# $(call variant,DIR,COMPILER,CFLAGS,SOURCES): objects in DIR/obj, the library DIR/libbawn.a. An
# object depends on DIR/flags, which changes with the command line: CC=clang after gcc is right.
define variant
$(1)/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$(subst ','\'',$(2) $(CPPFLAGS) $(3))' >$$@.new; \
	cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

$(1)/obj/%.o: %.c $(1)/flags
	@mkdir -p $$(@D)
	$$(say)$(2) $(CPPFLAGS) $(3) -MMD -MP -c $$< -o $$@

$(1)/libbawn.a: $(patsubst %.c,$(1)/obj/%.o,$(filter src/% build/gen/%,$(filter-out src/cli/%,$(4))))
	@rm -f $$@
	$$(say)$(AR) rcsD $$@ $$^

# Only the lower directories can do without the generated tables.
$(patsubst %.c,$(1)/obj/%.o,$(filter-out src/base/% src/path/% src/cgroups/% src/netns/% src/systemd/% \
	tests/unit/base_% tests/unit/path_% tests/unit/cgroups_% tests/unit/systemd_%,$(4))): | $(GEN)
-include $(patsubst %.c,$(1)/obj/%.d,$(4))
endef

# $(call programs,DIR,COMPILER AND FLAGS,OBJECT): the glibc programs of a variant; OBJECT goes into
# bawn and the unit tests.
define programs
$(1)/bawn: $(patsubst %.c,$(1)/obj/%.o,$(CLI_SRC)) $(3) $(1)/libbawn.a
	$$(say)$(2) $(LDFLAGS) -pie $$^ -lyajl -lm -o $$@

$(addprefix $(1)/unit/,$(UNIT)): $(1)/unit/%: $(1)/obj/tests/unit/%.o $(3) $(1)/libbawn.a
	@mkdir -p $$(@D)
	$$(say)$(2) $(LDFLAGS) -pie $$^ $(TEST_LIBS) -o $$@

$(addprefix $(1)/fuzz/,$(FUZZ)): $(1)/fuzz/%: $(1)/obj/tests/fuzz/%.o \
		$(1)/obj/tests/fuzz/replay.o $(1)/libbawn.a
	@mkdir -p $$(@D)
	$$(say)$(2) $(LDFLAGS) -pie $$^ $(TEST_LIBS) -o $$@
endef

TEST_SRC := $(GLIBC_LIB_SRC) $(CLI_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(if $(FUZZ),tests/fuzz/replay.c)
TEST_CFLAGS := $(COMMON) $(HARDEN) -O2 -g -D_FORTIFY_SOURCE=2
ASAN_CFLAGS := $(COMMON) -O1 -g $(SAN) -DBAWN_SANITIZED
FUZZ_CFLAGS := $(COMMON) -O1 -g $(SAN) -fsanitize=fuzzer-no-link

$(eval $(call variant,$(BUILD),$(CC),$(OPT) $(MUSL_CFLAGS),$(LIB_SRC) $(CLI_SRC)))
$(eval $(call variant,build/test,$(CC),$(TEST_CFLAGS),$(TEST_SRC)))
$(eval $(call variant,build/asan,$(CC),$(ASAN_CFLAGS),$(TEST_SRC)))
$(eval $(call variant,build/fuzz,clang,$(FUZZ_CFLAGS),$(GLIBC_LIB_SRC) $(FUZZ_SRC)))
$(eval $(call programs,build/test,$(CC)))
$(eval $(call programs,build/asan,$(CC) $(SAN),build/asan/obj/tests/native/sanitizer.o))

$(BUILD)/bawn: $(CLI_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/libbawn.a
	$(say)$(call musl_link,$^ -l:libyajl_s.a)

# Helpers are what few containers need; they lie beside bawn or in LIBEXECDIR, and use glibc since
# Debian has their libraries as shared ones only; --as-needed drops those of the others.
$(eval $(call variant,$(BUILD)/helper,$(CC),$(TEST_CFLAGS),$(BASE_SRC) $(HELPER_SRC)))
define helper
$(2)/$(subst _,-,$(basename $(notdir $(1)))): $(3)/obj/$(1:.c=.o) $(5) $(3)/libbawn.a
	$$(say)$(4) $(LDFLAGS) -pie $$^ $(filter-out -lseccomp -lcap,$(TEST_LIBS)) -lsystemd -o $$@
endef
$(foreach m,$(HELPER_MAIN),$(eval $(call helper,$(m),$(BUILD),$(BUILD)/helper,$(CC))) \
	$(eval $(call helper,$(m),build/test,build/test,$(CC))) \
	$(eval $(call helper,$(m),build/asan,build/asan,$(CC) $(SAN),build/asan/obj/tests/native/sanitizer.o)))

# ---- generated headers -----------------------------------------------------------------------
# Tables made at build time, so that the core does not link libseccomp with its names.
build/tools/gen_syscalls: tools/gen_syscalls.c
	@mkdir -p $(@D)
	$(say)$(CC) -std=gnu17 -O1 $(WARN) -D_GNU_SOURCE $< -lseccomp -o $@

build/gen/syscall_table.h: build/tools/gen_syscalls
	@mkdir -p $(@D)
	$< >$@.tmp && mv $@.tmp $@

build/gen/rpc.pb-c.c: /usr/include/criu/rpc.proto
	$(say)mkdir -p $(@D) && protoc-c --proto_path=$(<D) --c_out=$(@D) $(<F)

build/gen/default_seccomp.h: config/seccomp.json tools/embed
	@mkdir -p $(@D)
	tools/embed default_seccomp_json $< >$@.tmp && mv $@.tmp $@

# ---- install ---------------------------------------------------------------------------------
MAN := $(wildcard man/*.[1-8])

install: all
	install -D -s -m 755 $(BUILD)/bawn $(DESTDIR)$(PREFIX)/bin/bawn
	install -D -s -m 755 -t $(DESTDIR)$(LIBEXECDIR) $(HELPERS:%=$(BUILD)/%)
	install -D -s -m 755 -t $(DESTDIR)$(PREFIX)/libexec/cni $(BUILD)/bawn-cni
	$(foreach m,$(MAN),install -D -m 644 $(m) \
		$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)) &&) :
	install -D -m 644 config/completion/bawn.bash $(DESTDIR)$(COMPLETIONDIR)/bawn
	$(foreach f,$(wildcard $(addprefix config/,podman/* docker/* containerd/* cni/*)),install -D -m 644 $(f) \
		$(DESTDIR)$(PREFIX)/share/bawn/$(f:config/%=%) &&) :

# ---- tests -----------------------------------------------------------------------------------
# Programs for the suites. Static: some of them run in containers that hold nothing else.
TOOL_DIRS := tests/lib tests/fault tests/conformance
TOOLS := $(patsubst %.c,build/test/%,$(notdir $(wildcard $(TOOL_DIRS:=/*.c))))
vpath %.c $(TOOL_DIRS)
$(TOOLS): build/test/%: %.c $(wildcard tests/lib/*.h)
	@mkdir -p $(@D)
	$(say)$(CC) -std=gnu17 -O2 $(WARN) -D_GNU_SOURCE -static $< -o $@

tests: all $(TOOLS) build/test/bawn \
	$(UNIT:%=build/test/unit/%) $(FUZZ:%=build/test/fuzz/%)

asan: build/asan/bawn $(HELPERS:%=build/asan/%) $(UNIT:%=build/asan/unit/%) $(FUZZ:%=build/asan/fuzz/%)

check check-full: tests asan
	$(if $(filter %-full,$@),BAWN_FULL=1) tests/run -b $(BUILD)/bawn lint native asan vm
check-native check-vm: tests
	$(if $(filter %-vm,$@),BAWN_FULL=1) tests/run -b $(BUILD)/bawn $(if $(T),-t '$(T)') $(@:check-%=%)
conformance: all $(TOOLS)
	tests/conformance/run -b $(BUILD)/bawn $(if $(T),-f '$(T)')
fault: tests
	BAWN_FAULT_STEP=1 tests/run -b $(BUILD)/bawn -t '^fault/' native
lint format: ; tools/$@

build/fuzz/fz_%: build/fuzz/obj/tests/fuzz/fz_%.o build/fuzz/libbawn.a
	clang -fsanitize=fuzzer $(SAN) $^ $(TEST_LIBS) -o $@

# New inputs go to build/fuzz/corpus; the corpus in the tree is only read.
S ?= 60
fuzz: $(if $(T),build/fuzz/fz_$(T))
	@test -n '$(T)' || { echo 'make fuzz T=TARGET S=SECONDS; targets: $(FUZZ:fz_%=%)'; exit 2; }
	@mkdir -p build/fuzz/corpus/$(T) build/fuzz/found/$(T)
	$< -max_total_time=$(S) -artifact_prefix=build/fuzz/found/$(T)/ -print_final_stats=1 \
		build/fuzz/corpus/$(T) $(wildcard tests/fuzz/corpus/$(T))

# ---- benchmark -------------------------------------------------------------------------------
# floor and fexec are measuring sticks: as cheap to start as the release.
BENCH_MUSL := build/bench/floor build/bench/fexec build/bench/filter
BENCH_TOOLS := $(BENCH_MUSL) build/bench/bench build/bench/profile build/bench/memlock_shim.so

build/bench/filter: $(BUILD)/libbawn.a
$(BENCH_MUSL): build/bench/%: bench/%.c $(wildcard bench/*.h)
	@mkdir -p $(@D)
	$(say)$(CC) -O2 $(CPPFLAGS) $(MUSL_CFLAGS) -c $< -o $@.o
	@$(call musl_link,$@.o $(filter %.a,$^) -l:libyajl_s.a)
build/bench/bench: $(wildcard bench/bench*.c bench/*.h)
build/bench/bench build/bench/profile: build/bench/%: bench/%.c
	@mkdir -p $(@D)
	$(say)$(CC) $(CPPFLAGS) -std=gnu17 -O2 $(WARN) $(filter %.c,$^) $(TEST_LIBS) -lm -o $@
build/bench/memlock_shim.so: bench/memlock_shim.c
	@mkdir -p $(@D)
	$(say)$(CC) -std=gnu17 -O2 $(WARN) -fPIC -shared $< -ldl -o $@

bench-tools: $(BENCH_TOOLS)
bench: all bench-tools; bench/run

# ---- the rest --------------------------------------------------------------------------------
# One entry for each source, with the flags of build/test (editors and clang-tidy know glibc).
compile_commands.json: Makefile
	@{ printf '['; sep=; for f in $(TEST_SRC); do \
		printf '%s\n{"directory": "%s", "file": "%s", "command": "%s"}' "$$sep" \
			'$(CURDIR)' "$$f" '$(subst ",\\\",$(subst ','\'',$(CC) $(CPPFLAGS) $(TEST_CFLAGS))) -c '"$$f"; \
		sep=,; done; printf '\n]\n'; } >$@

clean:
	rm -rf $(filter-out build/vm build/rootfs build/images,$(wildcard build/*)) compile_commands.json
