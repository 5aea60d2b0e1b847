# add_moe_unittest(NAMETests sources... [LINK_LIBS libs...])
# A GoogleTest program; its name must end in Tests, which is what lit looks for.
# Plain CMake, because the runtime's tests are built without LLVM, too.
include_guard(GLOBAL)
find_package(GTest REQUIRED)
include(GoogleTest)
add_custom_target(MoEUnitTests)

function(add_moe_unittest name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  if(NOT name MATCHES "Tests$")
    message(FATAL_ERROR "unit test ${name}: the name must end in Tests")
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gmock GTest::gtest_main)
  add_dependencies(MoEUnitTests ${name})
  # Tests of the compiler are compiled as it is.
  if(TARGET mlir-headers)
    add_dependencies(${name} mlir-headers)
    llvm_update_compile_flags(${name})
    moe_reuse_pch(${name})
  endif()
  # With the compiler, lit runs them inside check-moe and ctest runs lit.
  if(NOT MOE_BUILD_COMPILER)
    # Tests of sizes that no machine has get NULL, as without a sanitizer.
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
      PROPERTIES ENVIRONMENT TSAN_OPTIONS=allocator_may_return_null=1)
  endif()
endfunction()
