#pragma once
// The text of the two schema files, as they were when this library was built.

#include <string_view>

namespace spec {

extern const std::string_view embedded_cluster_schema;
extern const std::string_view embedded_service_schema;

}  // namespace spec
