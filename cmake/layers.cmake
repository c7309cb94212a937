# One library a layer, one test program a layer: a new file needs no edit here.
# src/<layer>/**/*.cpp is the library, src/<layer>/**/*_test.cpp its tests (which stand beside the code).
include(GoogleTest)

# Every case of a GoogleTest program becomes a test of ctest's, in a process of its own: a crash costs one
# case and names it. `label` picks the layer: ctest -L '^io$'.
function(ats_test target label)
  target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest_main)
  target_compile_options(${target} PRIVATE -Wno-sign-conversion -Wno-conversion -Wno-shadow)
  if(ATS_SANITIZE)
    ats_unoptimised(${target})
  endif()
  ats_precompile(${target} <gmock/gmock.h> <gtest/gtest.h> ${ats_headers_${label}})
  if(ATS_FUZZ)
    target_compile_options(${target} PRIVATE -fno-sanitize=fuzzer-no-link) # no fuzzer is guided by a test
  endif()
  if(ATS_LTO)
    target_link_options(${target} PRIVATE -fno-lto) # else the linker plugin takes the objects' LTO half
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${label}." WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label} TIMEOUT 600)
endfunction()

# For tests and fuzzers beside optimised libraries: most of their time to build goes to templates that run little.
# The definition, because simdjson adds members to its classes where nothing is optimised, and then the two
# would not agree on what an object is.
function(ats_unoptimised target)
  target_compile_options(${target} PRIVATE -O0)
  target_compile_definitions(${target} PRIVATE SIMDJSON_DEVELOPMENT_CHECKS=0)
endfunction()

# Parsed once for a program or library rather than with each source: what most of its sources include. Half of the
# compiling under the sanitizers was parsing. The release build, which has nothing of it, tells when a source lacks
# an include.
set(ats_headers_venues <simdjson.h> <algorithm> <array> <functional> <map> <memory> <string> <vector>
  domain/codec.hpp venues/client.hpp venues/server.hpp)
set(ats_headers_core <algorithm> <array> <functional> <map> <memory> <string> <vector> domain/codec.hpp domain/config.hpp
  domain/event.hpp)
set(ats_headers_io <algorithm> <array> <filesystem> <functional> <map> <memory> <mutex> <string> <vector> base/time.hpp)
set(ats_headers_services <fmt/format.h> <filesystem> ${ats_headers_core} venues/client.hpp services/config.hpp)
function(ats_precompile target)
  if(ATS_PRECOMPILE)
    list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/src/ REGEX "^[a-z]")
    target_precompile_headers(${target} PRIVATE ${ARGN})
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp") # ccache looks at the content
  endif()
endfunction()

function(ats_layer name)
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/main\\.cpp$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(ATS_SANITIZE STREQUAL "thread")
    # They count by replacing operator new, and clang's thread sanitizer brings one that cannot be replaced.
    list(FILTER tests EXCLUDE REGEX "/(net_allocations|hot_path)_test\\.cpp$")
    # gRPC's threads are not built for it: what they hand over in order looks like a race. The bridge between
    # them and ours has a test of its own (io/call_bridge_test.cpp).
    list(FILTER tests EXCLUDE REGEX "/(risk_server|lease_line)_test\\.cpp$")
  endif()
  if(sources)
    add_library(ats_${name} STATIC ${sources})
    set(kind PUBLIC)
    if(ATS_LTO)
      target_compile_options(ats_${name} PRIVATE -flto -ffat-lto-objects)
    endif()
  else()
    add_library(ats_${name} INTERFACE)
    set(kind INTERFACE)
  endif()
  if(sources AND ats_headers_${name})
    ats_precompile(ats_${name} ${ats_headers_${name}})
  endif()
  target_include_directories(ats_${name} ${kind} ${CMAKE_SOURCE_DIR}/src)
  foreach(below IN LISTS ARGN)
    target_link_libraries(ats_${name} ${kind} ats_${below})
  endforeach()
  if(tests)
    add_executable(test_${name} ${tests})
    target_link_libraries(test_${name} PRIVATE ats_${name})
    ats_test(test_${name} ${name})
  endif()
endfunction()

# The packages a layer stands on; a layer that has no source yet passes them on as well.
function(ats_uses name)
  get_target_property(type ats_${name} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_link_libraries(ats_${name} INTERFACE ${ARGN})
  else()
    target_link_libraries(ats_${name} PUBLIC ${ARGN})
  endif()
endfunction()

# What ships is linked with LTO in the release preset; tests link the same objects without.
function(ats_ship target)
  if(ATS_LTO)
    target_compile_options(${target} PRIVATE -flto)
    target_link_options(${target} PRIVATE -flto=auto)
  endif()
endfunction()
