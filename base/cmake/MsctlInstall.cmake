# What `cmake --install` puts where: msctl with its completion and manual page, and the chassis as a CMake package for
# services that are built elsewhere. The services of this repository stay here. docs/install.md has the picture.

include(CMakePackageConfigHelpers)

set(package lib/cmake/msctl)

# Every module of these folders is the chassis or what it is made of; a new one is installed without a word here.
get_property(modules GLOBAL PROPERTY MSCTL_MODULES)
set(installed msctl_options)
foreach(module IN LISTS modules)
  get_target_property(folder ${module} SOURCE_DIR)
  cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
  if(folder MATCHES "^(base|services/chassis)(/|$)")
    list(APPEND installed ${module})
  endif()
endforeach()

# What an installed module links is looked up by the package, and the packages are those that are needed here.
include(MsctlLibraries)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS .ci/packages-build.txt)
file(STRINGS .ci/packages-build.txt build_packages REGEX "^[^#]")
set(known "")
foreach(row IN LISTS MSCTL_LIBRARIES)
  string(REGEX MATCH "^([^|]+)\\|.*\\|([^|]+)$" row "${row}")
  list(APPEND known "${CMAKE_MATCH_1}")
  if(NOT CMAKE_MATCH_2 IN_LIST build_packages)
    message(FATAL_ERROR "base/cmake/MsctlLibraries.cmake names ${CMAKE_MATCH_2}, .ci/packages-build.txt does not")
  endif()
endforeach()
foreach(module IN LISTS installed)
  get_target_property(libraries ${module} INTERFACE_LINK_LIBRARIES)
  foreach(library IN LISTS libraries)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
    if(library AND NOT library IN_LIST installed AND NOT library IN_LIST known AND NOT library STREQUAL Threads::Threads)
      message(FATAL_ERROR "${module} links ${library}: say in base/cmake/MsctlLibraries.cmake which Debian package has it")
    endif()
  endforeach()
endforeach()

install(TARGETS msctl RUNTIME DESTINATION bin)
install(TARGETS ${installed} EXPORT msctl ARCHIVE DESTINATION lib/msctl INCLUDES DESTINATION include/msctl)
install(EXPORT msctl NAMESPACE msctl:: FILE msctlTargets.cmake DESTINATION ${package})
# Line tables would be most of the size, and would name folders of the machine that built it.
install(CODE "
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/msctl\"
                  COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB archives \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/msctl/*.a\")
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug --enable-deterministic-archives \${archives} COMMAND_ERROR_IS_FATAL ANY)")
foreach(folder base services/chassis)
  cmake_path(GET folder PARENT_PATH parent)
  install(DIRECTORY ${folder} DESTINATION include/msctl/${parent} FILES_MATCHING PATTERN "*.hpp"
          PATTERN cmake EXCLUDE PATTERN testdata EXCLUDE)
endforeach()

list(JOIN installed " " msctl_modules)
configure_file(base/cmake/msctlConfig.cmake.in msctlConfig.cmake @ONLY)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/msctlConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/msctlConfig.cmake" "${PROJECT_BINARY_DIR}/msctlConfigVersion.cmake"
        base/cmake/MsctlLibraries.cmake base/cmake/MsctlModules.cmake base/cmake/MsctlServices.cmake
        DESTINATION ${package})

# What msctl reads at run time, as far as it is there; scripts stay executable.
install(DIRECTORY templates manifests pipelines DESTINATION share/msctl OPTIONAL USE_SOURCE_PERMISSIONS
        PATTERN __pycache__ EXCLUDE)
install(FILES base/cmake/copyright DESTINATION share/doc/msctl)
