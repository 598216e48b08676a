# tj_perm: user permission management inside PostgreSQL
#
# With the PostgreSQL that pg_config (or PG_CONFIG=...) names:
#   make                build
#   make install        install
#   make installcheck   regression and isolation tests on its running server
#   make clean          remove what was built
#
# On a throwaway PostgreSQL of our own (missing packages are installed first):
#   make demo           play the TechCorp story
#   make test           all tests (SUITES="regress isolation tap property upgrade")
#   make tap            TAP tests only (PROVE_TESTS=test/tap/FILE.pl for one)
#   make property       the randomised comparison with the oracle only
#   make mutants        break the checker in many ways; each must be noticed
#   make upgrade-check  upgraded and fresh installations have the same catalog
#   make picture        draw TechCorp as the README shows it
#   make bench          measure (BENCH_SCALE=small or full; MEASURES="scan select" for some)
#
# For developers:
#   make lint           the rules of test/lint, cppcheck, plpgsql_check
#   make format         lay out the C code; format-check only compares
#   make dist           tj_perm-VERSION.tar.gz of the last commit
#   make help           this text

all:

# ---- what there is to build, and to test, in reading order ----

EXTENSION = tj_perm
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" tj_perm.control)
MODULE_big = tj_perm

OBJS = \
	src/bare.o \
	src/cache.o \
	src/catalog.o \
	src/check.o \
	src/construct.o \
	src/estimate.o \
	src/guc.o \
	src/level.o \
	src/lists.o \
	src/names.o \
	src/policy.o \
	src/resource.o \
	src/rights.o \
	src/roster.o \
	src/scan.o \
	src/session.o \
	src/support.o \
	src/tj_perm.o \
	src/trigger.o

REGRESS = \
	level \
	resource \
	names \
	session \
	tables \
	membership \
	groups \
	grants \
	pages \
	check \
	first_check \
	cache \
	roster \
	planner \
	scan \
	admin \
	triggers \
	history \
	privileges \
	rls_habits \
	errors \
	explain \
	lists \
	many_groups \
	changes \
	access_at \
	preview \
	review \
	graph \
	protect \
	protect_place \
	protect_parent \
	protect_tree \
	protect_grants \
	protect_scenario \
	doctor \
	why_hidden \
	demo

ISOLATION = \
	admin_vs_admin \
	first_admin_vs_admin \
	promote_vs_archive \
	activate_vs_demote \
	nest_vs_nest \
	grant_vs_grant \
	grant_vs_drop_group \
	grant_vs_remove_user \
	grant_vs_archive_workspace \
	rename_group_vs_grant \
	add_to_group_vs_drop_group \
	add_to_group_vs_archive_user \
	duplicate_group_vs_remove_user \
	change_vs_change \
	create_group_vs_create_group \
	create_workspace_vs_create_workspace \
	invite_vs_invite \
	invite_vs_archive_workspace \
	invite_vs_drop_workspace \
	accept_vs_accept \
	accept_vs_withdraw \
	revoke_vs_check \
	estimate_vs_grant \
	secret_vs_read \
	write_skew \
	savepoint_vs_stamp \
	cache_vs_writer \
	cache_vs_ddl \
	read_vs_ddl \
	snapshot_vs_index \
	row_lock_vs_revoke \
	row_lock_vs_move \
	protect_vs_protect

SUITES = regress isolation tap property upgrade

# ---- build ----

INSTALL_SQL := $(sort $(wildcard sql/install/*.sql))
BUILT_SQL = sql/tj_perm--$(EXTVERSION).sql

DATA = $(wildcard sql/upgrade/tj_perm--*--*.sql)
DATA_built = $(BUILT_SQL)
PG_CPPFLAGS = -MMD -MP -I$(srcdir)/src
EXTRA_CLEAN = $(OBJS:.o=.d) sql/tj_perm--*.sql tj_perm-*.tar.gz

REGRESS_OPTS = --inputdir=test --outputdir=. --load-extension=tj_perm
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=tj_perm

# Targets that bring their own PostgreSQL, or need none: for these alone a
# machine without pg_config is good enough.
OWN_TARGETS = test tap property mutants upgrade-check demo picture bench lint format format-check dist help \
	list-regress list-isolation
.PHONY: all $(OWN_TARGETS)

ifneq ($(if $(MAKECMDGOALS),$(filter-out $(OWN_TARGETS),$(MAKECMDGOALS)),all),)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) not found: install the server development package of PostgreSQL (test/prerequisites does so on Debian and Ubuntu), or name it with PG_CONFIG=...)
endif
include $(PGXS)
endif

$(BUILT_SQL): $(INSTALL_SQL) tj_perm.control
	cat $(INSTALL_SQL) > $@

-include $(OBJS:.o=.d)

# ---- tests ----

test:
	@test/prerequisites test
	@test/scratch --strict --cluster -- test/run $(SUITES)

# for test/run: how many results to expect
list-regress:
	@echo $(REGRESS)
list-isolation:
	@echo $(ISOLATION)

tap property:
	@test/prerequisites test
	@test/scratch --strict --cluster -- test/run $@

mutants:
	@test/prerequisites test
	@test/property/mutants

upgrade-check:
	@test/prerequisites demo
	@test/scratch --strict --cluster -- test/run upgrade

# ---- demo, bench ----

demo:
	@test/prerequisites demo
	@test/scratch --cluster -- test/demo/run

picture:
	@test/prerequisites picture
	@test/scratch --cluster -- sh -c 'test/demo/run >&2 && PGDATABASE=techcorp test/demo/graph' >test/demo/techcorp.svg

bench:
	@test/prerequisites bench
	@test/scratch --cluster --save test/bench/results -- test/bench/run $(MEASURES)

# ---- for developers ----

lint:
	@test/prerequisites lint
	@test/lint/run

format:
	@test/prerequisites format
	clang-format -i src/*.c src/*.h

format-check:
	@test/prerequisites format
	clang-format --dry-run --Werror src/*.c src/*.h

dist:
	git archive --prefix=tj_perm-$(EXTVERSION)/ -o tj_perm-$(EXTVERSION).tar.gz \
		--add-virtual-file="tj_perm-$(EXTVERSION)/META.json:$$(sed "s/@EXTVERSION@/$(EXTVERSION)/" META.json)" HEAD

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))
