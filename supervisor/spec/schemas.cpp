#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/embedded_schemas.hpp"

namespace spec {
namespace {

base::Json parse_embedded(std::string_view text) {
  auto schema = base::parse_json(text);
  return schema ? std::move(schema).value() : base::Json();
}

// One document that stands alone: the service schema becomes part of it under its own $id (draft 2020-12, 9.3).
base::Json bundle() {
  base::Json schema = parse_embedded(embedded_cluster_schema);
  schema["$defs"]["service_file"] = service_schema();
  return schema;
}

}  // namespace

const base::Json& service_schema() {
  static const base::Json schema = parse_embedded(embedded_service_schema);
  return schema;
}

const base::Json& cluster_schema() {
  static const base::Json schema = bundle();
  return schema;
}

}  // namespace spec
