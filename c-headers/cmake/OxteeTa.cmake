# SPDX-License-Identifier: BSD-2-Clause
# Builds a C TA with CMake, as mk/ta_dev_kit.mk does with make:
#
#   set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)    # or aarch64-linux-gnu-gcc for a 64-bit TA, or a toolchain file
#   project(my_ta C)
#   include(/path/to/oxtee/c-headers/cmake/OxteeTa.cmake)
#   oxtee_add_ta(7c0e2a5b-91d4-4c36-a8f3-5e2b60d71984 SOURCES src/main.c [KEY my-key.pem])
#
# What the TA is stands in ta.toml beside the CMakeLists.txt. The signed TA is <build folder>/<uuid>.ta.

get_filename_component(OXTEE_KIT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
get_filename_component(OXTEE_DIR "${OXTEE_KIT}/.." ABSOLUTE)

function(oxtee_add_ta uuid)
  cmake_parse_arguments(TA "" "KEY" "SOURCES" ${ARGN})
  set(header "${CMAKE_CURRENT_BINARY_DIR}/user_ta_header_defines.h")
  add_custom_command(
    OUTPUT "${header}"
    COMMAND cargo run --quiet -p utee-build -- "${CMAKE_CURRENT_SOURCE_DIR}" > "${header}"
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/ta.toml"
    WORKING_DIRECTORY "${OXTEE_DIR}")

  # What the compiler compiles for says what the TA is for.
  execute_process(COMMAND "${CMAKE_C_COMPILER}" -dumpmachine OUTPUT_VARIABLE machine OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(machine MATCHES "aarch64")
    set(target aarch64-unknown-linux-gnu)
    set(machine_options -mcpu=cortex-a53 -mtls-dialect=trad -mno-outline-atomics -mbranch-protection=standard)
  else()
    set(target armv7-unknown-linux-gnueabihf)
    set(machine_options -mcpu=cortex-a7 -marm -mfloat-abi=hard)
  endif()
  set(library "${CMAKE_CURRENT_BINARY_DIR}/cargo/${target}/release/libutee.a")
  add_custom_target(${uuid}-libutee
    COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${CMAKE_CURRENT_BINARY_DIR}/cargo" cargo build --quiet --release --target ${target} -p libutee
    BYPRODUCTS "${library}"
    WORKING_DIRECTORY "${OXTEE_DIR}/ta-examples")

  set(list "${CMAKE_CURRENT_BINARY_DIR}/ta.list")
  file(WRITE "${list}" "{ __elf_phdr_info; trace_ext_prefix; trace_level; ta_head; oxtee_ta_limits; };\n")
  execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-file-name=include
    OUTPUT_VARIABLE compiler_headers OUTPUT_STRIP_TRAILING_WHITESPACE)

  add_executable(${uuid} ${TA_SOURCES} "${OXTEE_KIT}/src/user_ta_header.c" "${OXTEE_KIT}/src/printf.c" "${header}")
  add_dependencies(${uuid} ${uuid}-libutee)
  set_target_properties(${uuid} PROPERTIES SUFFIX .elf)
  target_compile_options(${uuid} PRIVATE -std=gnu11 -Os -g3 -Wall -Wextra -nostdinc -isystem "${compiler_headers}"
    -ffreestanding -fpic -fno-common -fno-short-enums -fvisibility=hidden -ffunction-sections -fdata-sections
    -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fstack-protector-strong ${machine_options})
  target_include_directories(${uuid} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}" "${OXTEE_KIT}/include" "${OXTEE_KIT}/libc")
  target_link_options(${uuid} PRIVATE -nostdlib -pie
    "LINKER:-pie,-T,${OXTEE_KIT}/src/ta.ld,--dynamic-list=${list},--build-id=none,--no-dynamic-linker,--gc-sections"
    "LINKER:--hash-style=both,--no-undefined,-z,max-page-size=4096,-z,common-page-size=4096,-z,norelro,-z,noexecstack")
  target_link_libraries(${uuid} PRIVATE -Wl,--start-group "${library}" -lgcc -Wl,--end-group)

  set(key "")
  if(TA_KEY)
    get_filename_component(key_path "${TA_KEY}" ABSOLUTE)
    set(key --key "${key_path}")
  endif()
  file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/ta.toml" version_line REGEX "^version *=")
  string(REGEX MATCH "[0-9]+" version "${version_line}")
  if(NOT version)
    set(version 0)
  endif()
  add_custom_command(
    TARGET ${uuid} POST_BUILD
    COMMAND "${CMAKE_OBJCOPY}" --strip-unneeded "$<TARGET_FILE:${uuid}>" "${CMAKE_CURRENT_BINARY_DIR}/${uuid}.stripped"
    COMMAND ${CMAKE_COMMAND} -E chdir "${OXTEE_DIR}" cargo xtask sign --uuid ${uuid} --version ${version} ${key}
      --in "${CMAKE_CURRENT_BINARY_DIR}/${uuid}.stripped" --out "${CMAKE_CURRENT_BINARY_DIR}/${uuid}.ta"
    VERBATIM)
endfunction()
