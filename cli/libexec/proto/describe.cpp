#include "cli/libexec/proto/describe.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include "base/base64.hpp"
#include "cli/libexec/proto/json.hpp"

namespace proto {
namespace {

using base::Json;
namespace pb = google::protobuf;

void trim(std::string& text) {
  const auto begin = text.find_first_not_of(" \n\t\r");
  text = begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \n\t\r") + 1 - begin);
}

// Line and comment, as far as the descriptors came with them.
template <class Descriptor>
void add_place(const Descriptor& descriptor, Json& json) {
  pb::SourceLocation place;
  const bool known = descriptor.GetSourceLocation(&place);
  json["line"] = known ? place.start_line + 1 : 0;
  if (!known) return;
  trim(place.leading_comments);
  trim(place.trailing_comments);
  auto& comment = place.leading_comments;
  if (!comment.empty() && !place.trailing_comments.empty()) comment += "\n";
  comment += place.trailing_comments;
  if (!comment.empty()) json["comment"] = comment;
}

Json unknown_value(const pb::UnknownField& field) {
  switch (field.type()) {
    case pb::UnknownField::TYPE_VARINT:
      return field.varint();
    case pb::UnknownField::TYPE_FIXED32:
      return field.fixed32();
    case pb::UnknownField::TYPE_FIXED64:
      return field.fixed64();
    case pb::UnknownField::TYPE_LENGTH_DELIMITED:
      return base::to_base64(field.length_delimited());
    case pb::UnknownField::TYPE_GROUP:
      break;
  }
  return nullptr;
}

// What was set, and custom options by their numbers.
Json options_of(const pb::Message& options) {
  Json json = Json::object();
  std::vector<const pb::FieldDescriptor*> set;
  options.GetReflection()->ListFields(options, &set);
  const auto whole = to_json(options);
  for (const auto* field : set) {
    if (whole && whole.value().contains(field->name())) json[field->name()] = whole.value()[field->name()];
  }
  const auto& unknown = options.GetReflection()->GetUnknownFields(options);
  for (int i = 0; i < unknown.field_count(); ++i) {
    json[std::to_string(unknown.field(i).number())] = unknown_value(unknown.field(i));
  }
  return json;
}

std::string_view presence_of(const pb::FieldDescriptor& field) {
  if (field.is_repeated()) return "repeated";
  if (field.is_required()) return "required";
  return field.has_presence() ? "explicit" : "implicit";
}

std::string type_name_of(const pb::FieldDescriptor& field) {
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.message_type() != nullptr ? field.message_type()->full_name() : std::string();
}

Json map_of(const pb::FieldDescriptor& field) {
  const auto& value = *field.message_type()->map_value();
  Json json = Json::object();
  json["key"] = field.message_type()->map_key()->type_name();
  json["value"] = value.type_name();
  if (const auto name = type_name_of(value); !name.empty()) json["value_type_name"] = name;
  return json;
}

Json field_of(const pb::FieldDescriptor& field) {
  Json json = Json::object();
  json["name"] = field.name();
  json["number"] = field.number();
  json["type"] = field.type_name();
  if (const auto name = type_name_of(field); !name.empty() && !field.is_map()) json["type_name"] = name;
  json["label"] = field.is_repeated() ? "repeated" : field.is_required() ? "required" : "optional";
  json["presence"] = presence_of(field);
  json["json_name"] = field.json_name();
  if (field.real_containing_oneof() != nullptr) json["oneof"] = field.real_containing_oneof()->name();
  if (field.is_map()) json["map"] = map_of(field);
  if (field.has_default_value()) {
    pb::FieldDescriptorProto written;
    field.CopyTo(&written);
    json["default"] = written.default_value();
  }
  if (field.is_packed()) json["packed"] = true;
  if (field.options().deprecated()) json["deprecated"] = true;
  if (auto options = options_of(field.options()); !options.empty()) json["options"] = std::move(options);
  add_place(field, json);
  return json;
}

// `beyond` is 1 where the end of the range is the first number after it, as in messages, not in enums.
template <class Range>
Json range_of(const Range& range, int beyond) {
  return Json::array({range.start, range.end - beyond});
}

Json enum_of(const pb::EnumDescriptor& type) {
  Json json = Json::object();
  json["name"] = type.name();
  json["full_name"] = type.full_name();
  json["allow_alias"] = type.options().allow_alias();
  json["values"] = Json::array();
  for (int i = 0; i < type.value_count(); ++i) {
    Json value = Json::object();
    value["name"] = type.value(i)->name();
    value["number"] = type.value(i)->number();
    if (type.value(i)->options().deprecated()) value["deprecated"] = true;
    add_place(*type.value(i), value);
    json["values"].push_back(std::move(value));
  }
  json["reserved_ranges"] = Json::array();
  for (int i = 0; i < type.reserved_range_count(); ++i) {
    json["reserved_ranges"].push_back(range_of(*type.reserved_range(i), 0));
  }
  json["reserved_names"] = Json::array();
  for (int i = 0; i < type.reserved_name_count(); ++i) json["reserved_names"].push_back(type.reserved_name(i));
  if (auto options = options_of(type.options()); !options.empty()) json["options"] = std::move(options);
  add_place(type, json);
  return json;
}

void add_reserved(const pb::Descriptor& type, Json& json) {
  json["reserved_ranges"] = Json::array();
  for (int i = 0; i < type.reserved_range_count(); ++i) {
    json["reserved_ranges"].push_back(range_of(*type.reserved_range(i), 1));
  }
  json["reserved_names"] = Json::array();
  for (int i = 0; i < type.reserved_name_count(); ++i) json["reserved_names"].push_back(type.reserved_name(i));
  json["extension_ranges"] = Json::array();
  for (int i = 0; i < type.extension_range_count(); ++i) {
    json["extension_ranges"].push_back(range_of(*type.extension_range(i), 1));
  }
}

Json message_of(const pb::Descriptor& type) {
  Json json = Json::object();
  json["name"] = type.name();
  json["full_name"] = type.full_name();
  json["fields"] = Json::array();
  for (int i = 0; i < type.field_count(); ++i) json["fields"].push_back(field_of(*type.field(i)));
  json["oneofs"] = Json::array();
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) json["oneofs"].push_back(type.oneof_decl(i)->name());
  add_reserved(type, json);
  json["messages"] = Json::array();
  for (int i = 0; i < type.nested_type_count(); ++i) {
    if (!type.nested_type(i)->options().map_entry()) json["messages"].push_back(message_of(*type.nested_type(i)));
  }
  json["enums"] = Json::array();
  for (int i = 0; i < type.enum_type_count(); ++i) json["enums"].push_back(enum_of(*type.enum_type(i)));
  if (auto options = options_of(type.options()); !options.empty()) json["options"] = std::move(options);
  add_place(type, json);
  return json;
}

Json method_of(const pb::MethodDescriptor& method) {
  Json json = Json::object();
  json["name"] = method.name();
  json["path"] = method.service()->full_name() + "/" + method.name();
  json["input"] = method.input_type()->full_name();
  json["output"] = method.output_type()->full_name();
  json["client_streaming"] = method.client_streaming();
  json["server_streaming"] = method.server_streaming();
  json["idempotency_level"] = pb::MethodOptions::IdempotencyLevel_Name(method.options().idempotency_level());
  json["options"] = options_of(method.options());
  add_place(method, json);
  return json;
}

Json service_of(const pb::ServiceDescriptor& service) {
  Json json = Json::object();
  json["name"] = service.name();
  json["full_name"] = service.full_name();
  json["methods"] = Json::array();
  for (int i = 0; i < service.method_count(); ++i) json["methods"].push_back(method_of(*service.method(i)));
  if (auto options = options_of(service.options()); !options.empty()) json["options"] = std::move(options);
  add_place(service, json);
  return json;
}

Json file_of(const pb::FileDescriptor& file) {
  Json json = Json::object();
  json["name"] = file.name();
  json["package"] = file.package();
  json["syntax"] = pb::FileDescriptor::SyntaxName(file.syntax());
  json["imports"] = Json::array();
  for (int i = 0; i < file.dependency_count(); ++i) json["imports"].push_back(file.dependency(i)->name());
  json["options"] = options_of(file.options());
  json["messages"] = Json::array();
  for (int i = 0; i < file.message_type_count(); ++i) json["messages"].push_back(message_of(*file.message_type(i)));
  json["enums"] = Json::array();
  for (int i = 0; i < file.enum_type_count(); ++i) json["enums"].push_back(enum_of(*file.enum_type(i)));
  json["services"] = Json::array();
  for (int i = 0; i < file.service_count(); ++i) json["services"].push_back(service_of(*file.service(i)));
  return json;
}

}  // namespace

Json describe(const Schema& schema, bool with_imports) {
  Json json = Json::object();
  json["files"] = Json::array();
  for (const auto* file : with_imports ? schema.files_with_imports() : schema.files()) {
    json["files"].push_back(file_of(*file));
  }
  return json;
}

}  // namespace proto
