# What services need beside msctl_module: protobuf messages and migrations as text.

find_program(PROTOC protoc REQUIRED)

# msctl_proto(NAME file.proto): the library NAME with the messages of a proto file in the current folder; users include
# it by its path from the root, as "services/user/proto/user.pb.h". Imports are by path from the root, too.
function(msctl_proto name file)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  cmake_path(GET file STEM stem)
  set(out "${PROJECT_BINARY_DIR}/proto/${name}")
  set(generated "${out}/${folder}/${stem}.pb.cc" "${out}/${folder}/${stem}.pb.h")
  file(MAKE_DIRECTORY "${out}")
  add_custom_command(OUTPUT ${generated}
    COMMAND ${PROTOC} -I ${PROJECT_SOURCE_DIR} --cpp_out=${out} ${PROJECT_SOURCE_DIR}/${folder}/${file}
    DEPENDS ${file} VERBATIM)
  add_library(${name} STATIC ${generated})
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC protobuf)
endfunction()

# msctl_events(TARGET NAMESPACE): events/TYPE.vN.schema.json of the current folder, which are those of the events that
# the service publishes, as `const chassis::EventSchemas& NAMESPACE::event_schemas()`, compiled into TARGET.
function(msctl_events target namespace)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/events/*.schema.json")
  msctl_schemas(${target} ${namespace} event_schemas ${files})
endfunction()

# msctl_consumes(TARGET NAMESPACE [SCHEMA_FILE…]): what the service knows of the events that it hears of, as
# `const chassis::EventSchemas& NAMESPACE::consumed_schemas()`, compiled into TARGET, for Consumer::check_with().
# Files are the publisher's own where it is at hand (`../order/events/order.placed.v1.schema.json`); without any, they
# are the copies consumes/TYPE.vN.schema.json of the current folder.
function(msctl_consumes target namespace)
  set(files ${ARGN})
  if(NOT files)
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/consumes/*.schema.json")
  endif()
  if(NOT files)
    message(FATAL_ERROR "msctl_consumes(${target} …): name schema files, or put copies into ${CMAKE_CURRENT_SOURCE_DIR}/consumes")
  endif()
  msctl_schemas(${target} ${namespace} consumed_schemas ${files})
endfunction()

# What the two share: `const chassis::EventSchemas& NAMESPACE::FUNCTION()` of the files.
function(msctl_schemas target namespace function)
  set(files "")
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "${file}: there is no such schema for ${target}")
    endif()
    list(APPEND files "${file}")
  endforeach()
  list(SORT files)
  set(body "")
  foreach(file IN LISTS files)
    file(READ "${file}" schema)
    string(APPEND body "      R\"schema(${schema})schema\",\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}_${function}.cpp")
  file(CONFIGURE OUTPUT "${generated}.new" CONTENT
"#include <cstdio>
#include <cstdlib>

#include \"services/chassis/event_schema/event_schema.hpp\"

namespace ${namespace} {

// A schema that cannot be read is a defect of the build, which the service's tests find.
const chassis::EventSchemas& ${function}() {
  static const chassis::EventSchemas schemas = [] {
    auto read = chassis::EventSchemas::read({
@body@    });
    if (read) return std::move(read).value();
    std::fprintf(stderr, \"%s\\n\", read.error().message.c_str());
    std::abort();
  }();
  return schemas;
}

}  // namespace ${namespace}
" @ONLY)
  file(COPY_FILE "${generated}.new" "${generated}" ONLY_IF_DIFFERENT)
  target_sources(${target} PRIVATE "${generated}")
endfunction()

# msctl_migrations(TARGET NAMESPACE): migrations/NNN_name.sql of the current folder as
# `std::vector<chassis::db::Migration> NAMESPACE::migrations()`, compiled into TARGET.
function(msctl_migrations target namespace)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/migrations/*.sql")
  list(SORT files)
  set(body "")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM stem)
    string(REGEX MATCH "^([0-9]+)_(.+)$" parts "${stem}")
    if(NOT parts)
      message(FATAL_ERROR "${file}: a migration is named NNN_what_it_does.sql")
    endif()
    math(EXPR version "${CMAKE_MATCH_1}")
    set(title "${CMAKE_MATCH_2}")
    file(READ "${file}" sql)
    string(APPEND body "    {${version}, \"${title}\", R\"sql(${sql})sql\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  endforeach()
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}_migrations.cpp")
  file(CONFIGURE OUTPUT "${generated}.new" CONTENT
"#include \"services/chassis/db/database.hpp\"

namespace ${namespace} {

std::vector<chassis::db::Migration> migrations() {
  return {
@body@  };
}

}  // namespace ${namespace}
" @ONLY)
  file(COPY_FILE "${generated}.new" "${generated}" ONLY_IF_DIFFERENT)
  target_sources(${target} PRIVATE "${generated}")
endfunction()

# msctl_contracts(TARGET [FOLDER]): tells the contract tests in TARGET where the consumer's Pact files are: in `pacts`
# below FOLDER, which is `contracts` beside the current folder. The target `contracts` builds all such tests and has them
# write their files.
function(msctl_contracts target)
  set(folder "${ARGN}")
  if(NOT folder)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR PARENT_PATH parent)
    set(folder "${parent}/contracts")
  endif()
  if(NOT TARGET ${target})
    return()
  endif()
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}_contracts.cpp")
  file(CONFIGURE OUTPUT "${generated}" CONTENT
       "extern \"C\" const char msctl_contracts_folder[];\nconst char msctl_contracts_folder[] = R\"(@folder@)\";\n" @ONLY)
  target_sources(${target} PRIVATE "${generated}")
  if(NOT TARGET contracts)
    add_custom_target(contracts
      COMMAND ${CMAKE_COMMAND} -E env MSCTL_WRITE_PACTS=1 ${CMAKE_CTEST_COMMAND} -L ^contracts$ --output-on-failure
      WORKING_DIRECTORY "${CMAKE_BINARY_DIR}" VERBATIM)
  endif()
  add_dependencies(contracts ${target})
  string(REGEX REPLACE "_test$" "" test "${target}")
  set_property(TEST ${test} APPEND PROPERTY LABELS contracts)
endfunction()
