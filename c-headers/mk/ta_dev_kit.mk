# SPDX-License-Identifier: BSD-2-Clause
# Builds a C TA. Its Makefile sets BINARY to the UUID and includes this file; sub.mk lists the sources. For a library of
# TAs it sets SHLIBNAME and SHLIBUUID instead: a TA links with $(O)/$(SHLIBNAME).so, and the signed $(O)/$(SHLIBUUID).ta is
# installed like a TA.
#
#   srcs-y              sources, relative to the sub.mk
#   subdirs-y           folders with a sub.mk of their own
#   global-incdirs-y    folders of headers
#   cflags-<file>-y     options for one source
#   libdirs, libnames   libraries to link with
#   exports-y           symbols of the TA for libraries that it opens while it runs; those that it is linked with find theirs
#
# The TA says what it is in ta.toml, or in a user_ta_header_defines.h as OP-TEE's kit has it.
#
#   O               output folder (out)
#   CROSS_COMPILE   prefix of the compiler (arm-linux-gnueabihf-); aarch64-linux-gnu- makes a 64-bit TA
#   UTEE_LIB_DIR    folder of libutee.a; without it cargo builds it from this repository
#   TA_SIGN_KEY     private key in PEM; without it the public development key
#   CFG_TA_VERSION  version in the signed image, when there is no ta.toml
#   LDADD, CFLAGS, CPPFLAGS   more options

ifneq ($(strip $(SHLIBUUID)),)
BINARY := $(SHLIBUUID)
ifeq ($(strip $(SHLIBNAME)),)
$(error SHLIBNAME is the name of the library)
endif
endif
ifeq ($(strip $(BINARY)),)
$(error BINARY is the UUID of the TA)
endif

CROSS_COMPILE ?= arm-linux-gnueabihf-
O ?= out
CARGO ?= cargo
CFG_TA_VERSION ?= 0

comma := ,
ta-kit := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)
oxtee := $(abspath $(ta-kit)/..)
ta-dir := $(abspath .)
CC := $(CROSS_COMPILE)gcc
OBJCOPY := $(CROSS_COMPILE)objcopy

.PHONY: all clean
all: $(O)/$(BINARY).ta

# Sources, folder by folder.
ta-srcs :=
ta-incdirs :=
ta-exports :=
define read-folder
srcs-y :=
subdirs-y :=
global-incdirs-y :=
exports-y :=
sub-dir := $(1)
include $(1)/sub.mk
ta-srcs += $$(addprefix $(1)/,$$(srcs-y))
ta-incdirs += $$(addprefix $(1)/,$$(global-incdirs-y))
ta-exports += $$(exports-y)
subdirs-of-$(1) := $$(subdirs-y)
endef
read-all = $(eval $(call read-folder,$(1)))$(foreach sub,$(subdirs-of-$(1)),$(call read-all,$(1)/$(sub)))
$(call read-all,.)
# What is built depends on what these say.
ta-makefiles := $(MAKEFILE_LIST)

ta-cppflags := -nostdinc -isystem $(shell $(CC) -print-file-name=include) -I$(O) -I. $(addprefix -I,$(ta-incdirs)) \
	-I$(ta-kit)/include -I$(ta-kit)/libc $(CPPFLAGS)
# What the compiler compiles for says what the TA is for.
ifneq ($(findstring aarch64,$(shell $(CC) -dumpmachine)),)
ta-rust-target := aarch64-unknown-linux-gnu
ta-machine-cflags := -mcpu=cortex-a53 -mtls-dialect=trad -mno-outline-atomics -mbranch-protection=standard
else
ta-rust-target := armv7-unknown-linux-gnueabihf
ta-machine-cflags := -mcpu=cortex-a7 -marm -mfloat-abi=hard
endif

# The guard of the stack protector is the TA's; a library that is opened later has no way to it.
# Frame pointers and .debug_frame are what back-traces follow; the loader takes position-independent code only, and of a
# TA's thread-local variables those that -fpic makes.
ta-cflags := -std=gnu11 -Os -g3 -Wall -Wextra -ffreestanding -fpic -fno-common -fno-short-enums \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	$(if $(strip $(SHLIBUUID)),-fno-stack-protector,-fstack-protector-strong) \
	$(ta-machine-cflags) $(CFLAGS)

objs := $(patsubst %.c,$(O)/%.o,$(ta-srcs))
ifeq ($(strip $(SHLIBUUID)),)
objs += $(O)/kit/user_ta_header.o $(O)/kit/printf.o
endif

ifneq ($(strip $(SHLIBUUID)),)
ta-version = $(or $(shell sed -n 's/^version *= *\([0-9]*\).*/\1/p' ta.toml 2>/dev/null),$(CFG_TA_VERSION))
else ifneq ($(wildcard ta.toml),)
ta-header := $(O)/user_ta_header_defines.h
$(ta-header): ta.toml
	@mkdir -p $(@D)
	cd $(oxtee) && $(CARGO) run --quiet -p utee-build -- $(ta-dir) > $(abspath $@).tmp
	@mv $@.tmp $@
ta-version = $(or $(shell sed -n 's/^version *= *\([0-9]*\).*/\1/p' ta.toml),0)
else
ta-header := $(wildcard user_ta_header_defines.h include/user_ta_header_defines.h)
ta-cppflags += -Iinclude
ta-version = $(CFG_TA_VERSION)
endif

$(O)/%.o: %.c $(ta-header) $(ta-makefiles)
	@mkdir -p $(@D)
	$(CC) $(ta-cppflags) $(ta-cflags) $(cflags-$(notdir $<)-y) -MMD -MP -c $< -o $@

$(O)/kit/%.o: $(ta-kit)/src/%.c $(ta-header) $(ta-makefiles)
	@mkdir -p $(@D)
	$(CC) $(ta-cppflags) $(ta-cflags) -MMD -MP -c $< -o $@

-include $(objs:.o=.d)

ifeq ($(strip $(UTEE_LIB_DIR)),)
# Built in ta-examples, whose .cargo/config.toml has the options of a TA.
UTEE_LIB_DIR := $(or $(CARGO_TARGET_DIR),$(oxtee)/target)/$(ta-rust-target)/release
.PHONY: libutee
libutee:
	cd $(oxtee)/ta-examples && $(CARGO) build --quiet --release --target $(ta-rust-target) -p libutee
$(UTEE_LIB_DIR)/libutee.a: libutee
endif

# Exported to the loader and to tools.
$(O)/ta.list: $(ta-makefiles)
	@mkdir -p $(@D)
	@echo '{ __elf_phdr_info; trace_ext_prefix; trace_level; ta_head; oxtee_ta_limits; $(ta-exports:%=%;) };' > $@

ifneq ($(strip $(SHLIBUUID)),)
# What it does not define comes from the TA or from other libraries.
$(O)/$(SHLIBNAME).so: $(objs)
	$(CC) $(ta-cflags) -nostdlib -shared -o $@ -Wl,-soname,$(SHLIBUUID) -Wl,--build-id=none,--hash-style=both,--fatal-warnings \
		-Wl,--as-needed,-z,max-page-size=4096,-z,common-page-size=4096,-z,norelro,-z,noexecstack,-z,now \
		$(objs) $(LDADD) $(addprefix -L,$(libdirs)) $(addprefix -l,$(libnames)) -lgcc

$(O)/$(BINARY).elf: $(O)/$(SHLIBNAME).so
	@cp $< $@
else
$(O)/$(BINARY).elf: $(objs) $(UTEE_LIB_DIR)/libutee.a $(ta-kit)/src/ta.ld $(O)/ta.list
	$(CC) $(ta-cflags) -nostdlib -pie -o $@ -Wl,-pie,-T,$(ta-kit)/src/ta.ld,--dynamic-list=$(O)/ta.list \
		-Wl,--build-id=none,--no-dynamic-linker,--gc-sections,--hash-style=both,--fatal-warnings,--no-undefined \
		-Wl,-z,max-page-size=4096,-z,common-page-size=4096,-z,norelro,-z,noexecstack \
		$(addprefix -Wl$(comma)-u$(comma),$(ta-exports)) \
		$(objs) $(LDADD) $(addprefix -L,$(libdirs)) -Wl,--start-group $(addprefix -l,$(libnames)) \
		$(UTEE_LIB_DIR)/libutee.a -lgcc -Wl,--end-group
endif

$(O)/$(BINARY).stripped.elf: $(O)/$(BINARY).elf
	$(OBJCOPY) --strip-unneeded $< $@

$(O)/$(BINARY).ta: $(O)/$(BINARY).stripped.elf
	cd $(oxtee) && $(CARGO) xtask sign --uuid $(BINARY) --version $(ta-version) \
		$(if $(TA_SIGN_KEY),--key $(abspath $(TA_SIGN_KEY))) --in $(abspath $<) --out $(abspath $@)

clean:
	rm -rf $(O)
