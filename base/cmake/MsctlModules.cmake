# One target per folder, made by one function, so that every module is built, warned about and tested alike.
#
# Used by this project and, installed, by projects that build services on the chassis: find_package(msctl REQUIRED).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# -O2 and no more: -O3 costs a third of the build time here and no benchmark showed a gain.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  # ccache only caches users of a precompiled header when told that time macros and defines in it are stable.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE}")
endif()

# Several sources of a module in one compilation halve the time of a clean build, since most of it goes into the same
# heavy headers. The price is that whoever edits a file compiles its neighbours, too. Off in the preset `dev`.
option(MSCTL_UNITY "Compile several sources of a module at once" ON)
set(CMAKE_UNITY_BUILD ${MSCTL_UNITY})
set(CMAKE_UNITY_BUILD_BATCH_SIZE 5)

option(MSCTL_TESTS "Build the unit tests" OFF)
if(MSCTL_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
endif()

# How a source is compiled, which is no matter of those who use its headers. MSCTL_WARNINGS is set by the project.
set(MSCTL_COMPILE_OPTIONS
    ${MSCTL_WARNINGS}
    -Wno-missing-field-initializers
    -Wno-mismatched-new-delete  # false alarm: coroutine frames of Asio come from aligned_alloc
    -Wno-array-bounds -Wno-stringop-overflow)  # false alarms of GCC 12 on joined strings
if(CCACHE)
  list(APPEND MSCTL_COMPILE_OPTIONS -fpch-preprocess)
endif()
if(MSCTL_UNITY)
  # A source is an included file then, and GCC takes its anonymous namespaces for those of a header.
  list(APPEND MSCTL_COMPILE_OPTIONS -Wno-subobject-linkage)
endif()

# msctl_module(NAME [DEPENDS target…] [LINK library…] [PCH header…])
#
# Makes the library NAME from the current folder's *.cpp, and NAME_test from its *_test.cpp when MSCTL_TESTS is on.
# A module sees only the headers of what it depends on: each folder is exported through an include root of its own.
# DEPENDS are modules of ours and are passed on to users; LINK are outside libraries, passed on at link time only.
# PCH lists heavy outside headers to precompile for this module; PCH_FROM names a module whose PCH to share.
function(msctl_module name)
  cmake_parse_arguments(ARG "" "PCH_FROM" "DEPENDS;LINK;PCH;SOURCES;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  list(APPEND sources ${ARG_SOURCES})

  msctl_include_root(root ${name})
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${root}>")
    target_link_libraries(${name} PUBLIC msctl_options ${ARG_DEPENDS} PRIVATE ${ARG_LINK})
    target_compile_options(${name} PRIVATE ${MSCTL_COMPILE_OPTIONS})
    if(ARG_PCH)
      target_precompile_headers(${name} PRIVATE ${ARG_PCH})
      set_target_properties(${name} PROPERTIES MSCTL_PCH "${ARG_PCH}" EXPORT_PROPERTIES MSCTL_PCH)
    elseif(ARG_PCH_FROM)
      msctl_share_pch(${name} ${ARG_PCH_FROM})
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "$<BUILD_INTERFACE:${root}>")
    target_link_libraries(${name} INTERFACE msctl_options ${ARG_DEPENDS} ${ARG_LINK})
  endif()
  set_property(GLOBAL APPEND PROPERTY MSCTL_MODULES ${name})

  if(MSCTL_TESTS AND tests)
    add_executable(${name}_test ${tests})
    set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF)
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_TEST_DEPENDS} GTest::gmock_main)
    target_compile_options(${name}_test PRIVATE ${MSCTL_COMPILE_OPTIONS})
    if(ARG_PCH_FROM)
      msctl_share_pch(${name}_test ${ARG_PCH_FROM})
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
  endif()
endfunction()

# An include root that holds nothing but this folder, under its path from the project's root.
function(msctl_include_root out name)
  file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(root "${PROJECT_BINARY_DIR}/include/${name}")
  cmake_path(GET path PARENT_PATH parent)
  file(MAKE_DIRECTORY "${root}/${parent}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${root}/${path}" SYMBOLIC)
  set(${out} "${root}" PARENT_SCOPE)
endfunction()

# Lets TARGET use the precompiled header of MODULE. Of an installed module only the list of headers is known; they are
# precompiled once in each project that asks for them.
function(msctl_share_pch target module)
  get_target_property(imported ${module} IMPORTED)
  if(imported)
    string(REPLACE "msctl::" "" pch "${module}_pch")
    if(NOT TARGET ${pch})
      get_target_property(headers ${module} MSCTL_PCH)
      set(source "${PROJECT_BINARY_DIR}/${pch}.cpp")
      file(CONFIGURE OUTPUT "${source}" CONTENT "// CMake wants a source beside a precompiled header.\n")
      add_library(${pch} STATIC "${source}")
      target_link_libraries(${pch} PUBLIC ${module})
      target_compile_options(${pch} PRIVATE ${MSCTL_COMPILE_OPTIONS})
      target_precompile_headers(${pch} PRIVATE ${headers})
    endif()
    set(module ${pch})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${module})
endfunction()

# msctl_program(NAME DEPENDS target… [PCH_FROM module]): an executable from the current folder's main.cpp.
function(msctl_program name)
  cmake_parse_arguments(ARG "" "PCH_FROM" "DEPENDS;LINK" ${ARGN})
  add_executable(${name} main.cpp)
  if(ARG_DEPENDS MATCHES "(^|;|::)chassis_host(;|$)")
    # Its backtraces name files as seen from the root of the sources, which a library built elsewhere cannot know.
    set(root "${CMAKE_CURRENT_BINARY_DIR}/${name}_source_root.cpp")
    file(CONFIGURE OUTPUT "${root}" CONTENT
         "extern \"C\" const char msctl_source_root[] = R\"(${PROJECT_SOURCE_DIR}/)\";\n" @ONLY)
    target_sources(${name} PRIVATE "${root}")
  endif()
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} ${ARG_LINK})
  target_compile_options(${name} PRIVATE ${MSCTL_COMPILE_OPTIONS})
  if(ARG_PCH_FROM)
    msctl_share_pch(${name} ${ARG_PCH_FROM})
  endif()
endfunction()
