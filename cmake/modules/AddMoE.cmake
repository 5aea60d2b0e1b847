# The project's build functions, and the only file that names upstream libraries.

# Upstream is the one shared library, never a component: a component archive
# beside it would bring a second copy of MLIR's registries into the process.
set(MOE_UPSTREAM_LIBS MLIR)

# For LINK_LIBS of whoever links kernels, or reads ONNX files.
set(MOE_LLD_LIBS lldELF lldCommon)
set(MOE_PROTOBUF_LIBS protobuf::libprotobuf)

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
  add_moe_doc(${dir}Ops.td Dialects/${dir}.md -gen-dialect-doc -dialect=${dialect})
endfunction()

# add_moe_doc(TD-FILE OUTPUT mlir-tblgen-options...): the reference page
# docs/OUTPUT. Target moe-doc makes them all in the build tree, moe-doc-update
# copies them into the source tree, check-docs fails where the two differ.
add_custom_target(moe-doc)
add_custom_target(moe-doc-update)
add_custom_target(check-docs)
function(add_moe_doc td_file output)
  string(MAKE_C_IDENTIFIER ${output} id)
  set(LLVM_TARGET_DEFINITIONS ${td_file})
  tablegen(MLIR ${id}.md ${ARGN} EXTRA_INCLUDES ${MLIR_INCLUDE_DIRS})
  set(built ${PROJECT_BINARY_DIR}/docs/${output})
  set(committed ${PROJECT_SOURCE_DIR}/docs/${output})
  add_custom_command(OUTPUT ${built}
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${id}.md ${built}
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${id}.md)
  add_custom_target(moe-doc-${id} DEPENDS ${built})
  add_dependencies(moe-doc moe-doc-${id})
  add_custom_target(moe-doc-update-${id}
    COMMAND ${CMAKE_COMMAND} -E copy ${built} ${committed})
  add_dependencies(moe-doc-update-${id} moe-doc-${id})
  add_dependencies(moe-doc-update moe-doc-update-${id})
  add_custom_target(check-docs-${id}
    COMMAND diff -u ${committed} ${built}
    COMMENT "Comparing docs/${output} (cure: build moe-doc-update)")
  add_dependencies(check-docs-${id} moe-doc-${id})
  add_dependencies(check-docs check-docs-${id})
endfunction()
