# Refuse, in one line and with exit code 2, arguments that make would ignore. Make takes backend=nest for a variable, an
# existing path (make test tests/cli) for a target that is up to date, and ARGS for any target.
# Variables in capitals (PYTHON, VARESEARCH_ROOT, CC) are left alone: make passes them to its commands.

comma := ,
paren := (
letters := a b c d e f g h i j k l m n o p q r s t u v w x y z
lower = $(strip $(foreach l,$(letters),$(findstring $l,$1)))
quoted = $(if $(findstring {,$1)$(findstring $(paren),$1)$(findstring $$,$1)$(word 2,$1),'$1',$1)

given := $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$v))
settings := $(foreach v,$(filter-out http_proxy https_proxy no_proxy,$(given)),$(if $(call lower,$v),$v))
misspelt := $(filter ARG ARGUMENTS,$(given))
paths := $(filter-out $(GOALS) $(READY) $(VENV)/.ray,$(MAKECMDGOALS))
target := $(or $(firstword $(filter $(GOALS),$(MAKECMDGOALS))),run)
words = $(foreach v,$(settings),$(call quoted,$v=$(value $v))) $(foreach v,$(misspelt),$(value $v)) $(paths)

ifneq ($(strip $(settings) $(misspelt) $(paths)),)
  ifeq ($(filter $(target),$(TAKE_ARGS)),)
    $(error make $(target) takes no arguments: leave out $(strip $(words)))
  endif
  # In double quotes a shell reads \$\$ as $$, and make reads that as $.
  $(error make would ignore $(strip $(words)): write make $(target) ARGS="$(subst $$,\$$\$$,$(strip $(value ARGS) $(words)))"$(comma) every word inside$(comma) also -m and --help)
endif
deaf := $(firstword $(filter-out $(TAKE_ARGS),$(filter $(GOALS),$(MAKECMDGOALS))))
ifneq ($(and $(filter ARGS,$(given)),$(deaf)),)
  $(error make $(deaf) takes no arguments: leave out ARGS)
endif
