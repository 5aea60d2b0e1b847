# The project's build functions, and the only file that names upstream libraries.

# Upstream is the one shared library, never a component: a component archive
# beside it would bring a second copy of MLIR's registries into the process.
set(MOE_UPSTREAM_LIBS MLIR)

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
endfunction()

# add_moe_tool(NAME sources... [LINK_LIBS libs...])
function(add_moe_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} PARTIAL_SOURCES_INTENDED)
  llvm_update_compile_flags(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} ${MOE_UPSTREAM_LIBS})
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
# docs/OUTPUT of the build tree; target moe-doc makes them all.
add_custom_target(moe-doc)
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
