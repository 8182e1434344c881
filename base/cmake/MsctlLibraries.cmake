# The outside libraries that the chassis links or whose headers its own include. The installed package looks each up, so
# that what is missing is said at once and by the name of the Debian package to install.

# library (- for headers only)|one of its headers|Debian package
set(MSCTL_LIBRARIES
    "-|boost/asio.hpp|libboost1.81-dev"
    "-|nlohmann/json.hpp|nlohmann-json3-dev"
    "absl_synchronization|absl/synchronization/mutex.h|libgrpc++-dev"
    "backtrace||g++"
    "gpr|grpc/support/log.h|libgrpc++-dev"
    "grpc|grpc/grpc.h|libgrpc++-dev"
    "grpc++|grpcpp/grpcpp.h|libgrpc++-dev"
    "hiredis|hiredis/hiredis.h|libhiredis-dev"
    "iberty|libiberty/demangle.h|libiberty-dev"
    "nats|nats/nats.h|libnats-dev"
    "pqxx|pqxx/pqxx|libpqxx-dev"
    "prometheus-cpp-core|prometheus/registry.h|prometheus-cpp-dev"
    "protobuf|google/protobuf/message.h|libprotobuf-dev"
    "pugixml|pugixml.hpp|libpugixml-dev"
    "re2|re2/re2.h|libre2-dev"
    "spdlog::spdlog|spdlog/spdlog.h|libspdlog-dev"
    "sqlite3|sqlite3.h|libsqlite3-dev")

# msctl_missing_packages(OUT): the packages of which the header is not on this machine.
function(msctl_missing_packages out)
  set(missing "")
  foreach(row IN LISTS MSCTL_LIBRARIES)
    string(REGEX MATCH "^[^|]+\\|([^|]*)\\|(.+)$" row "${row}")
    set(header "${CMAKE_MATCH_1}")
    set(package "${CMAKE_MATCH_2}")
    unset(found)
    if(header)
      find_path(found NAMES "${header}" NO_CACHE)
      if(NOT found)
        list(APPEND missing "${package}")
      endif()
    endif()
  endforeach()
  list(REMOVE_DUPLICATES missing)
  set(${out} "${missing}" PARENT_SCOPE)
endfunction()
