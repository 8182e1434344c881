#include "services/chassis/api/openapi.hpp"
#include "services/chassis/api/router.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <google/protobuf/descriptor.h>

namespace chassis {
namespace {

using base::Json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Kind = FieldDescriptor::CppType;

// The fields in a pattern's braces.
std::vector<std::string> path_fields(const std::string& pattern) {
  std::vector<std::string> fields;
  for (auto open = pattern.find('{'); open != std::string::npos; open = pattern.find('{', open + 1)) {
    fields.push_back(pattern.substr(open + 1, pattern.find('}', open) - open - 1));
  }
  return fields;
}

Json integer(const char* format, std::int64_t least, std::uint64_t most) {
  return {{"type", "integer"}, {"format", format}, {"minimum", least}, {"maximum", most}};
}

// Collects the schemas of messages. A message that is read and written has two: what a request may leave out, a
// response always has.
class Schemas {
 public:
  enum class Use : std::uint8_t { request, response };

  void find_responses(const Descriptor& type) {
    if (!responses_.insert(&type).second) return;
    for (int i = 0; i < type.field_count(); ++i) {
      if (const auto* below = message_of(*type.field(i))) find_responses(*below);
    }
  }

  // A reference to it; `required` are paths within this message.
  Json reference(const Descriptor& type, Use use, const std::vector<std::string>& required) {
    const bool both = use == Use::request && responses_.contains(&type);
    const std::string name = type.full_name() + (both ? ".Request" : "");
    if (!schemas_.contains(name)) {
      schemas_[name] = Json::object();
      schemas_[name] = message(type, use, required);
    }
    return {{"$ref", "#/components/schemas/" + name}};
  }

  Json scalar(const FieldDescriptor& field, Use use) {
    switch (field.cpp_type()) {
      case Kind::CPPTYPE_STRING: {
        Json text = {{"type", "string"}};
        if (use == Use::response && field.name().ends_with("_at")) text["format"] = "date-time";
        return text;
      }
      case Kind::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case Kind::CPPTYPE_DOUBLE:
        return {{"type", "number"}, {"format", "double"}};
      case Kind::CPPTYPE_FLOAT:
        return {{"type", "number"}, {"format", "float"}};
      case Kind::CPPTYPE_INT32:
        return {{"type", "integer"}, {"format", "int32"}};
      case Kind::CPPTYPE_INT64:
        return {{"type", "integer"}, {"format", "int64"}};
      case Kind::CPPTYPE_UINT32:
        return integer("int64", 0, 0xFFFFFFFFU);
      case Kind::CPPTYPE_UINT64:
        return {{"type", "integer"}, {"minimum", 0}};
      case Kind::CPPTYPE_ENUM: {
        Json names = Json::array();
        for (int i = 0; i < field.enum_type()->value_count(); ++i) names.push_back(field.enum_type()->value(i)->name());
        return {{"type", "string"}, {"enum", names}};
      }
      case Kind::CPPTYPE_MESSAGE:
        break;
    }
    return Json::object();
  }

  Json take() { return std::move(schemas_); }

 private:
  // The message that a field holds, itself, in a list or in a map; null for other fields.
  static const Descriptor* message_of(const FieldDescriptor& field) {
    if (field.is_map()) return field.message_type()->map_value()->message_type();
    return field.message_type();
  }

  // `items.sku` of `items` is `sku`.
  static std::vector<std::string> below(const std::vector<std::string>& paths, const std::string& name) {
    std::vector<std::string> left;
    for (const auto& path : paths) {
      if (path.starts_with(name + ".")) left.push_back(path.substr(name.size() + 1));
    }
    return left;
  }

  Json value(const FieldDescriptor& field, Use use, const std::vector<std::string>& required) {
    return field.message_type() == nullptr ? scalar(field, use) : reference(*field.message_type(), use, required);
  }

  Json message(const Descriptor& type, Use use, const std::vector<std::string>& required) {
    Json properties = Json::object();
    Json always = Json::array();
    for (int i = 0; i < type.field_count(); ++i) {
      const auto& field = *type.field(i);
      const auto inner = below(required, field.name());
      if (field.is_map()) {
        properties[field.name()] = {{"type", "object"},
                                    {"additionalProperties", value(*field.message_type()->map_value(), use, inner)}};
      } else if (field.is_repeated()) {
        properties[field.name()] = {{"type", "array"}, {"items", value(field, use, inner)}};
      } else {
        properties[field.name()] = value(field, use, inner);
      }
      const bool named = std::find(required.begin(), required.end(), field.name()) != required.end();
      if (use == Use::response ? !field.has_presence() : named) always.push_back(field.name());
    }
    Json schema = {{"type", "object"}, {"properties", properties}};
    if (!always.empty()) schema["required"] = always;
    if (use == Use::request) schema["additionalProperties"] = false;
    return schema;
  }

  std::set<const Descriptor*> responses_;
  Json schemas_ = Json::object();
};

Json problem_schema() {
  const Json text = {{"type", "string"}};
  const Json field = {
      {"type", "object"}, {"properties", {{"field", text}, {"message", text}}}, {"required", {"field", "message"}}};
  return {{"type", "object"},
          {"description", "RFC 9457"},
          {"properties",
           {{"type", {{"type", "string"}, {"description", "urn:msctl:problem:KIND, which is stable"}}},
            {"title", text},
            {"status", {{"type", "integer"}}},
            {"detail", text},
            {"instance", text},
            {"errors", {{"type", "array"}, {"items", field}}},
            {"request_id", text},
            {"trace_id", text}}},
          {"required", {"type", "title", "status"}}};
}

Json key_parameter(OnceKey need) {
  return {
      {"name", "Idempotency-Key"},
      {"in", "header"},
      {"required", need == OnceKey::required},
      {"description",
       "A value of the client's own for this request, such as a UUID. The same key with the same request gets the same"
       " answer again for 24 hours, and nothing is done twice."},
      {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 257}}}};
}

Json parameters_of(const Operation& operation, Schemas& schemas) {
  Json parameters = Json::array();
  const auto in_path = path_fields(operation.pattern);
  if (operation.options.key != OnceKey::ignored) parameters.push_back(key_parameter(operation.options.key));
  const auto add = [&](const FieldDescriptor& field, const char* place, bool required) {
    Json parameter = {{"name", field.name()}, {"in", place}, {"required", required}};
    parameter["schema"] = schemas.scalar(field, Schemas::Use::request);
    parameters.push_back(std::move(parameter));
  };
  for (const auto& name : in_path) {
    if (const auto* field = operation.request->FindFieldByName(name)) add(*field, "path", true);
  }
  if (takes_body(operation.method)) return parameters;
  for (int i = 0; i < operation.request->field_count(); ++i) {
    const auto& field = *operation.request->field(i);
    const bool elsewhere = std::find(in_path.begin(), in_path.end(), field.name()) != in_path.end();
    if (elsewhere || field.is_repeated() || field.message_type() != nullptr) continue;
    const auto& required = operation.doc.required;
    add(field, "query", std::find(required.begin(), required.end(), field.name()) != required.end());
  }
  return parameters;
}

// Which errors an operation can end with, as far as its shape tells.
Json errors_of(const Operation& operation) {
  const Json problem = {{"$ref", "#/components/responses/Problem"}};
  Json errors = {{"400", problem}};
  if (!path_fields(operation.pattern).empty()) errors["404"] = problem;
  if (operation.options.key != OnceKey::ignored) errors["409"] = problem;
  if (takes_body(operation.method)) errors["422"] = problem;
  errors["default"] = problem;
  return errors;
}

Json operation_of(const Operation& operation, const std::string& service, Schemas& schemas) {
  Json json = {{"operationId", operation.id}, {"tags", Json::array({service})}};
  if (operation.options.deprecation) json["deprecated"] = true;
  json["summary"] = operation.doc.summary.empty() ? operation.id : operation.doc.summary;
  if (auto parameters = parameters_of(operation, schemas); !parameters.empty())
    json["parameters"] = std::move(parameters);
  if (takes_body(operation.method)) {
    const auto body = schemas.reference(*operation.request, Schemas::Use::request, operation.doc.required);
    json["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", body}}}}}};
  }
  Json success = {{"description", operation.success == 201 ? "Made" : "Done"}};
  if (operation.success == 201) {
    success["headers"] = {{"Location", {{"description", "Where it is"}, {"schema", {{"type", "string"}}}}}};
  }
  success["content"] = {
      {"application/json", {{"schema", schemas.reference(*operation.response, Schemas::Use::response, {})}}}};
  json["responses"] = {{std::to_string(operation.success), std::move(success)}};
  json["responses"].update(errors_of(operation));
  return json;
}

// `v1` of `user.v1.UserService`.
std::string version_of(const std::string& proto_service) {
  const auto end = proto_service.rfind('.');
  const auto package = end == std::string::npos ? std::string() : proto_service.substr(0, end);
  return package.substr(package.rfind('.') + 1);
}

}  // namespace

Json openapi(const std::string& service, const std::string& proto_service, const std::vector<Operation>& operations) {
  Schemas schemas;
  for (const auto& operation : operations) schemas.find_responses(*operation.response);
  Json paths = Json::object();
  for (const auto& operation : operations) {
    std::string method = operation.method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    paths[operation.pattern][method] = operation_of(operation, service, schemas);
  }
  Json components = {{"schemas", schemas.take()}};
  components["schemas"]["Problem"] = problem_schema();
  components["responses"] = {
      {"Problem",
       {{"description", "It went wrong"},
        {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}};
  return {{"openapi", "3.1.0"},
          {"info", {{"title", service}, {"version", version_of(proto_service)}}},
          {"servers", Json::array({{{"url", "/"}}})},
          {"security", Json::array()},
          {"tags", Json::array({{{"name", service}}})},
          {"paths", paths},
          {"components", components}};
}

}  // namespace chassis
