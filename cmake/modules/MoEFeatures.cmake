# Finds what the compiler and its tests need beyond LLVM. MOE_LIT_FEATURES lists
# what lit may rely on; a test that needs a missing one shows as UNSUPPORTED.
set(MOE_LIT_FEATURES "")

if(DEFINED Python3_EXECUTABLE AND NOT EXISTS ${Python3_EXECUTABLE})
  message(FATAL_ERROR "${Python3_EXECUTABLE} does not exist; run scripts/setup")
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(Protobuf REQUIRED)

# The onnx package ships the schema that the importer is generated from.
find_file(MOE_ONNX_PROTO onnx/onnx.proto PATHS ${Python3_SITELIB} NO_DEFAULT_PATH)
if(NOT MOE_ONNX_PROTO)
  message(FATAL_ERROR "no onnx/onnx.proto in ${Python3_SITELIB}; run scripts/setup")
endif()
list(APPEND MOE_LIT_FEATURES python onnx)

find_program(MOE_PTXAS ptxas PATHS /usr/local/cuda/bin)
if(MOE_PTXAS)
  list(APPEND MOE_LIT_FEATURES ptxas)
endif()
mark_as_advanced(MOE_ONNX_PROTO MOE_PTXAS)

if(MOE_SANITIZER MATCHES "address")
  list(APPEND MOE_LIT_FEATURES asan)
endif()

get_property(MOE_FUZZERS GLOBAL PROPERTY MOE_FUZZERS)
if(MOE_FUZZERS)
  list(APPEND MOE_LIT_FEATURES fuzz)
endif()
