# The project's build functions, and the only file that names upstream libraries.

# Upstream is the one shared library, never a component: a component archive
# beside it would bring a second copy of MLIR's registries into the process.
set(MOE_UPSTREAM_LIBS MLIR)

# The linker has no shared library; its archives rest on the shared LLVM, and
# use zlib and zstd, which LLVM's development package brings.
set(MOE_LLD_LIBS ${LLVM_LIBRARY_DIR}/liblldELF.a
  ${LLVM_LIBRARY_DIR}/liblldCommon.a z zstd)

# One precompiled header for every library and unit test: a file that includes
# the usual dialects compiles in a tenth of the time. Only the dev preset has
# it, because it also hides a missing #include.
function(add_moe_pch)
  if(NOT MOE_USE_PCH)
    return()
  endif()
  # Else ccache would take any two of them for different.
  add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  file(CONFIGURE OUTPUT MoEPCH.cpp CONTENT "// Only carries the precompiled header.\n")
  add_library(MoEPCH OBJECT ${CMAKE_CURRENT_BINARY_DIR}/MoEPCH.cpp)
  llvm_update_compile_flags(MoEPCH)
  # The result names absolute paths of this tree: keep it out of ccache, which
  # is told that trees at other paths may share.
  set_target_properties(MoEPCH PROPERTIES CXX_COMPILER_LAUNCHER "")
  target_precompile_headers(MoEPCH PRIVATE
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h>
    <mlir/Dialect/Bufferization/IR/Bufferization.h>
    <mlir/Dialect/ControlFlow/IR/ControlFlowOps.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/LLVMIR/LLVMDialect.h>
    <mlir/Dialect/Linalg/IR/Linalg.h>
    <mlir/Dialect/Math/IR/Math.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/Builders.h>
    <mlir/IR/BuiltinOps.h>
    <mlir/IR/DialectImplementation.h>
    <mlir/IR/IRMapping.h>
    <mlir/IR/PatternMatch.h>
    <mlir/IR/SymbolTable.h>
    <mlir/Pass/Pass.h>
    <mlir/Pass/PassManager.h>
    <mlir/Transforms/DialectConversion.h>
    <mlir/Transforms/GreedyPatternRewriteDriver.h>
    <llvm/ADT/StringSwitch.h>
    <llvm/ADT/TypeSwitch.h>)
endfunction()

# Internal: lets target NAME use the precompiled header. Programs must not add
# -fPIE to the global -fPIC then: a precompiled header fits one of them only.
function(moe_reuse_pch name)
  if(TARGET MoEPCH)
    get_target_property(type ${name} TYPE)
    if(type STREQUAL "EXECUTABLE")
      set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    endif()
    target_precompile_headers(${name} REUSE_FROM MoEPCH)
  endif()
endfunction()

# add_moe_library(NAME sources... [DEPENDS targets...] [LINK_LIBS libs...])
# Without sources it is an interface library, so that whoever links it need not
# care whether it has code yet.
function(add_moe_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  if(NOT ARG_UNPARSED_ARGUMENTS)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_LINK_LIBS})
    return()
  endif()
  add_mlir_library(${name} ${ARG_UNPARSED_ARGUMENTS}
    EXCLUDE_FROM_LIBMLIR DISABLE_INSTALL
    DEPENDS mlir-headers ${ARG_DEPENDS}
    LINK_LIBS PUBLIC ${ARG_LINK_LIBS} ${MOE_UPSTREAM_LIBS})
  moe_reuse_pch(${name})
endfunction()

# add_moe_tool(NAME sources... [LINK_LIBS libs...])
function(add_moe_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} PARTIAL_SOURCES_INTENDED)
  llvm_update_compile_flags(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} ${MOE_UPSTREAM_LIBS})
  moe_reuse_pch(${name})
endfunction()

# moe_dialect_tablegen(DIRECTORY dialect): everything generated from
# dialects/DIRECTORY, as target <DIRECTORY>IncGen.
function(moe_dialect_tablegen dir dialect)
  set(LLVM_TARGET_DEFINITIONS ${dir}Attrs.td)
  mlir_tablegen(${dir}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${dir}Enums.cpp.inc -gen-enum-defs)
  mlir_tablegen(${dir}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${dialect})
  mlir_tablegen(${dir}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${dialect})
  mlir_tablegen(${dir}Types.h.inc -gen-typedef-decls -typedefs-dialect=${dialect})
  mlir_tablegen(${dir}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${dialect})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}Interfaces.td)
    set(LLVM_TARGET_DEFINITIONS ${dir}Interfaces.td)
    mlir_tablegen(${dir}OpInterfaces.h.inc -gen-op-interface-decls)
    mlir_tablegen(${dir}OpInterfaces.cpp.inc -gen-op-interface-defs)
    mlir_tablegen(${dir}AttrInterfaces.h.inc -gen-attr-interface-decls)
    mlir_tablegen(${dir}AttrInterfaces.cpp.inc -gen-attr-interface-defs)
  endif()
  set(LLVM_TARGET_DEFINITIONS ${dir}Ops.td)
  mlir_tablegen(${dir}Dialect.h.inc -gen-dialect-decls -dialect=${dialect})
  mlir_tablegen(${dir}Dialect.cpp.inc -gen-dialect-defs -dialect=${dialect})
  mlir_tablegen(${dir}Ops.h.inc -gen-op-decls -dialect=${dialect})
  mlir_tablegen(${dir}Ops.cpp.inc -gen-op-defs -dialect=${dialect})
  add_mlir_dialect_tablegen_target(${dir}IncGen)
endfunction()

# add_moe_doc(TD-FILE OUTPUT mlir-tblgen-options...): the reference page
# docs/OUTPUT of the build tree; target moe-doc makes them all, and a test
# compares them with the committed ones.
add_custom_target(moe-doc ALL)
function(add_moe_doc td_file output)
  set(LLVM_TARGET_DEFINITIONS ${td_file})
  tablegen(MLIR ${output} ${ARGN} EXTRA_INCLUDES ${MLIR_INCLUDE_DIRS})
  string(MAKE_C_IDENTIFIER doc-${output} target)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/docs/${output}
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${output}
      ${PROJECT_BINARY_DIR}/docs/${output}
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${output})
  add_custom_target(${target} DEPENDS ${PROJECT_BINARY_DIR}/docs/${output})
  add_dependencies(moe-doc ${target})
endfunction()
