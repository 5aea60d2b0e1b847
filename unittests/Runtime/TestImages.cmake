# Images for the loader's tests, from one C file: a good one and what must be
# refused. Compiled by the system's compiler alone, so that a sanitizer's flags
# do not reach them, and linked as moec links kernels.
find_program(MOE_LLD NAMES ld.lld-22 ld.lld REQUIRED)
mark_as_advanced(MOE_LLD)
set(MOE_TEST_IMAGE_DIR ${CMAKE_CURRENT_BINARY_DIR}/images)
set(image_object_dir ${CMAKE_CURRENT_BINARY_DIR}/image-objects)
file(MAKE_DIRECTORY ${MOE_TEST_IMAGE_DIR} ${image_object_dir})
set(image_source ${CMAKE_CURRENT_SOURCE_DIR}/Inputs/kernels.c)
set(image_outputs)

# test_image(NAME [SOURCE file] [COMPILE flags...] [LINK flags...])
function(test_image name)
  cmake_parse_arguments(ARG "" "SOURCE" "COMPILE;LINK" ${ARGN})
  if(ARG_SOURCE)
    set(image_source ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE})
  endif()
  set(object ${image_object_dir}/${name}.o)
  set(image ${MOE_TEST_IMAGE_DIR}/${name}.so)
  add_custom_command(OUTPUT ${image}
    COMMAND ${CMAKE_C_COMPILER} -std=c11 -O2 -ffreestanding -fPIC
      -fvisibility=hidden -fno-stack-protector ${ARG_COMPILE}
      -I${PROJECT_SOURCE_DIR}/runtime/include -c ${image_source} -o ${object}
    COMMAND ${MOE_LLD} -shared -z defs -z separate-loadable-segments
      -z max-page-size=65536 -z now --hash-style=sysv --build-id=none
      ${ARG_LINK} ${object} -o ${image}
    DEPENDS ${image_source}
      ${PROJECT_SOURCE_DIR}/runtime/include/moe_rt/contract/environment.h
    VERBATIM)
  set(image_outputs ${image_outputs} ${image} PARENT_SCOPE)
endfunction()

test_image(good)
test_image(tls COMPILE -DWITH_TLS)
test_image(constructor COMPILE -DWITH_CONSTRUCTOR)
test_image(destructor COMPILE -DWITH_DESTRUCTOR)
test_image(writable COMPILE -DWITH_WRITABLE)
test_image(ifunc COMPILE -DWITH_IFUNC)
test_image(undefined COMPILE -DWITH_UNDEFINED LINK -z undefs)
test_image(data-phase COMPILE -DWITH_DATA_PHASE)
test_image(no-table COMPILE -DWITHOUT_TABLE)
test_image(gnu-hash LINK --hash-style=gnu)
test_image(small-pages LINK -z max-page-size=4096)
test_image(executable-stack LINK -z execstack)
test_image(needed LINK -soname self --no-as-needed ${MOE_TEST_IMAGE_DIR}/good.so)
test_image(relocated-code COMPILE -fno-pic -mcmodel=large LINK -z notext)
# For the tests of sessions. No fused operations: their results are compared bit
# by bit with what the test computes.
test_image(session SOURCE Inputs/session_kernels.c COMPILE -ffp-contract=off)

add_custom_target(MoETestImages DEPENDS ${image_outputs})
