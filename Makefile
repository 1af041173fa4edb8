# srdiag: `make demo` and `make check` are all a newcomer needs; each does its own set-up.
#
#   make            build/srdiag               make install DESTDIR= PREFIX=/usr/local
#   make demo       the main job, on the snapshot that is built in
#   make check      every test                 make bench   times and costs, beside other clients
#   make check-real FE=HOST:PORT               the same statements on a StarRocks of yours
#   make check-hosts                           programs that people give MCP servers to, if they were not installed
#   make SAN=address,undefined | SAN=thread | COV=1     instrumented, in a build folder of its own
#   make V=1        shows the commands

PREFIX ?= /usr/local
CC     ?= gcc
SAN    ?=
COV    ?=
FUZZ   ?=
WERROR ?=

V      ?=

VERSION := 0.1.0
Q       := $(if $(V),,@)
SAY     := @$(if $(V),:,printf '%s\n')
comma   := ,
# Every way of building has a folder of its own, so that one does not undo the other.
B := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))$(if $(COV),/cov)$(if $(FUZZ),/fuzz)
sanitize := $(if $(FUZZ),fuzzer-no-link$(comma)address$(comma)undefined,$(SAN))

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla -Wconversion -Wno-sign-conversion -Wno-overlength-strings \
            $(if $(WERROR),-Werror)
HARDEN   := $(if $(sanitize)$(COV),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
CPPFLAGS += -I. -D_GNU_SOURCE -DSRD_VERSION_TEXT='"$(VERSION)"'
ALL_CFLAGS = -std=gnu17 $(CFLAGS) $(WARN) $(HARDEN) $(if $(sanitize),-fsanitize=$(sanitize) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
             $(if $(COV),--coverage -O0) $(PKG_CFLAGS)
ALL_LDFLAGS = $(LDFLAGS) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(if $(sanitize),-fsanitize=$(sanitize)) \
              $(if $(COV),--coverage)

PACKAGES   := libmariadb libcjson smartcols zlib libcrypto libmicrohttpd libcurl
# libmariadb, libcrypto, libmicrohttpd and libcurl are loaded when they are needed, and linked nowhere.
# Asked when a recipe first needs them, for only then are the packages sure to be there; then kept.
once = $(eval $(1) := $(shell pkg-config $(2)))$($(1))
PKG_CFLAGS  = $(call once,PKG_CFLAGS,--cflags $(PACKAGES))
PKG_BASE    = $(call once,PKG_BASE,--libs libcjson)
PKG_SOURCE  = $(call once,PKG_SOURCE,--libs zlib)
PKG_RENDER  = $(call once,PKG_RENDER,--libs smartcols)
LIBS_base   = $(PKG_BASE) -lunistring -lm -lpthread
LIBS_source = $(PKG_SOURCE)
LIBS_render = $(PKG_RENDER)

# One archive per layer, right to left as they may include each other (tests/layers.sh).
LAYERS  := agent serve mcp engine render source net experts model base
src_base    := $(wildcard lib/base/*.c)
src_model   := $(wildcard lib/model/*.c)
src_experts := $(wildcard experts/*.c experts/*/*.c)
src_source  := $(wildcard lib/source/*.c)
src_engine  := $(wildcard lib/engine/*.c)
src_render  := $(wildcard lib/render/*.c)
src_net     := $(wildcard lib/net/*.c)
src_mcp     := $(wildcard lib/mcp/*.c)
src_serve   := $(wildcard lib/serve/*.c)
src_agent   := $(wildcard lib/agent/*.c)
src_cmd     := $(wildcard cmd/*.c)
objects      = $(patsubst %.c,$(B)/obj/%.o,$(1))
archives     = $(foreach layer,$(1),$(B)/lib$(layer).a)

.PHONY: all
all: $(B)/srdiag

$(B)/srdiag: $(call objects,$(src_cmd)) $(B)/obj/demo.o $(call archives,$(LAYERS))
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_render) $(LIBS_source) $(LIBS_base)

define archive_rule
$(B)/lib$(1).a: $$(call objects,$$(src_$(1)))
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach layer,$(LAYERS),$(eval $(call archive_rule,$(layer))))

$(B)/obj/%.o: %.c | build/.deps-build
	@mkdir -p $(@D)
	$(SAY) '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The demo snapshot, as it is in the tree, inside the program.
$(B)/obj/demo.o: tests/snapshots/demo.srd | build/.deps-build
	@mkdir -p $(@D)
	$(Q)gzip -9nc $< > $(B)/demo.srd.gz
	$(Q)printf '%s\n' '.section .rodata' '.global srd_demo_start, srd_demo_end' 'srd_demo_start:' \
	    '.incbin "$(B)/demo.srd.gz"' 'srd_demo_end:' '.section .note.GNU-stack,"",%progbits' > $(B)/demo.s
	$(Q)$(CC) -c -o $@ $(B)/demo.s

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# What is missing is installed once per change of the list; the stamps make that free afterwards.
.PHONY: deps
deps: build/.deps-build
build/.deps-%: .ci/deps
	@mkdir -p build
	$(Q).ci/deps $*
	@touch $@

.PHONY: demo
demo: $(B)/srdiag
	@$(B)/srdiag --demo --exit-zero --no-pager comprehensive

.PHONY: install uninstall
install: $(B)/srdiag
	install -Dm755 $(B)/srdiag $(DESTDIR)$(PREFIX)/bin/srdiag
	install -Dm644 man/srdiag.1 $(DESTDIR)$(PREFIX)/share/man/man1/srdiag.1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(B)/srdiag completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/srdiag
	$(B)/srdiag completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_srdiag
	$(B)/srdiag completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/srdiag.fish
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/srdiag $(DESTDIR)$(PREFIX)/share/man/man1/srdiag.1 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/srdiag \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_srdiag \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/srdiag.fish

.PHONY: clean
clean:
	rm -rf build

include tests/tests.mk
