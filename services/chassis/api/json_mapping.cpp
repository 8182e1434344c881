#include "services/chassis/api/json_mapping.hpp"

#include <cmath>
#include <limits>
#include <optional>

#include <google/protobuf/descriptor.h>

namespace chassis {
namespace {

using base::Json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using Kind = FieldDescriptor::CppType;

// Reads a document into a message and collects what is wrong instead of stopping at the first error.
class Reader {
 public:
  explicit Reader(Unknown unknown) : unknown_(unknown) {}

  void object(const Json& json, ProtoMessage& message, const std::string& path) {
    if (!json.is_object()) return wrong(path.empty() ? "body" : path, "must be an object", json);
    for (const auto& [name, value] : json.items()) {
      const std::string here = path.empty() ? name : path + "." + name;
      const auto* field = message.GetDescriptor()->FindFieldByName(name);
      if (field == nullptr) {
        if (unknown_ == Unknown::refuse) problems_.push_back({here, "unknown field"});
      } else if (field->is_map()) {
        map(value, message, *field, here);
      } else if (field->is_repeated()) {
        list(value, message, *field, here);
      } else {
        scalar_or_message(value, message, *field, here);
      }
    }
  }

  std::vector<base::FieldError>& problems() { return problems_; }

 private:
  static std::string_view type_of(const Json& json) {
    if (json.is_number_float()) return "one with a fraction or exponent";
    if (json.is_number()) return "a number";
    if (json.is_string()) return "a string";
    if (json.is_boolean()) return "a boolean";
    if (json.is_array()) return "a list";
    return json.is_object() ? "an object" : "null";
  }

  void wrong(const std::string& path, const std::string& expected, const Json& got) {
    problems_.push_back({path, expected + ", not " + std::string(type_of(got))});
  }

  void list(const Json& json, ProtoMessage& message, const FieldDescriptor& field, const std::string& path) {
    if (!json.is_array()) return wrong(path, "must be a list", json);
    std::size_t index = 0;
    for (const auto& element : json) {
      scalar_or_message(element, message, field, path + "[" + std::to_string(index++) + "]");
    }
  }

  void map(const Json& json, ProtoMessage& message, const FieldDescriptor& field, const std::string& path) {
    if (!json.is_object()) return wrong(path, "must be an object", json);
    for (const auto& [key, value] : json.items()) {
      auto* entry = message.GetReflection()->AddMessage(&message, &field);
      entry->GetReflection()->SetString(entry, field.message_type()->map_key(), key);
      scalar_or_message(value, *entry, *field.message_type()->map_value(), path + "." + key);
    }
  }

  void scalar_or_message(const Json& json, ProtoMessage& m, const FieldDescriptor& f, const std::string& path) {
    const Reflection& r = *m.GetReflection();
    const bool many = f.is_repeated();
    switch (f.cpp_type()) {
      case Kind::CPPTYPE_MESSAGE:
        return object(json, many ? *r.AddMessage(&m, &f) : *r.MutableMessage(&m, &f), path);
      case Kind::CPPTYPE_STRING:
        if (!json.is_string()) return wrong(path, "must be a string", json);
        return many ? r.AddString(&m, &f, json.get<std::string>()) : r.SetString(&m, &f, json.get<std::string>());
      case Kind::CPPTYPE_BOOL:
        if (!json.is_boolean()) return wrong(path, "must be a boolean", json);
        return many ? r.AddBool(&m, &f, json.get<bool>()) : r.SetBool(&m, &f, json.get<bool>());
      case Kind::CPPTYPE_DOUBLE:
        if (!json.is_number()) return wrong(path, "must be a number", json);
        return many ? r.AddDouble(&m, &f, json.get<double>()) : r.SetDouble(&m, &f, json.get<double>());
      case Kind::CPPTYPE_FLOAT:
        if (!json.is_number()) return wrong(path, "must be a number", json);
        return many ? r.AddFloat(&m, &f, json.get<float>()) : r.SetFloat(&m, &f, json.get<float>());
      case Kind::CPPTYPE_ENUM:
        return enumeration(json, m, f, path);
      case Kind::CPPTYPE_INT32:
        if (const auto v = integer<std::int32_t>(json, path)) many ? r.AddInt32(&m, &f, *v) : r.SetInt32(&m, &f, *v);
        return;
      case Kind::CPPTYPE_UINT32:
        if (const auto v = integer<std::uint32_t>(json, path)) many ? r.AddUInt32(&m, &f, *v) : r.SetUInt32(&m, &f, *v);
        return;
      case Kind::CPPTYPE_INT64:
        if (const auto v = integer<std::int64_t>(json, path)) many ? r.AddInt64(&m, &f, *v) : r.SetInt64(&m, &f, *v);
        return;
      case Kind::CPPTYPE_UINT64:
        if (const auto v = integer<std::uint64_t>(json, path)) many ? r.AddUInt64(&m, &f, *v) : r.SetUInt64(&m, &f, *v);
        return;
    }
  }

  void enumeration(const Json& json, ProtoMessage& m, const FieldDescriptor& f, const std::string& path) {
    if (!json.is_string()) return wrong(path, "must be a string", json);
    const auto* value = f.enum_type()->FindValueByName(json.get<std::string>());
    if (value == nullptr) {
      problems_.push_back({path, "is not one of the known values"});
      return;
    }
    const Reflection& r = *m.GetReflection();
    f.is_repeated() ? r.AddEnum(&m, &f, value) : r.SetEnum(&m, &f, value);
  }

  template <class T>
  std::optional<T> integer(const Json& json, const std::string& path) {
    // A whole number beyond 64 bits reaches us as a floating-point one.
    if (json.is_number_float() && std::abs(json.get<double>()) >= 9.2e18) {
      problems_.push_back({path, "is out of range"});
      return std::nullopt;
    }
    if (!json.is_number_integer()) {
      wrong(path, "must be a whole number", json);
      return std::nullopt;
    }
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) {
      problems_.push_back({path, "is out of range"});
      return std::nullopt;
    }
    return json.is_number_unsigned() ? static_cast<T>(json.get<std::uint64_t>())
                                     : static_cast<T>(json.get<std::int64_t>());
  }

  Unknown unknown_;
  std::vector<base::FieldError> problems_;
};

Json value_of(const ProtoMessage& m, const FieldDescriptor& f, int i) {
  const Reflection& r = *m.GetReflection();
  const bool many = i >= 0;
  switch (f.cpp_type()) {
    case Kind::CPPTYPE_MESSAGE:
      return to_json(many ? r.GetRepeatedMessage(m, &f, i) : r.GetMessage(m, &f));
    case Kind::CPPTYPE_STRING:
      return many ? r.GetRepeatedString(m, &f, i) : r.GetString(m, &f);
    case Kind::CPPTYPE_BOOL:
      return many ? r.GetRepeatedBool(m, &f, i) : r.GetBool(m, &f);
    case Kind::CPPTYPE_DOUBLE:
      return many ? r.GetRepeatedDouble(m, &f, i) : r.GetDouble(m, &f);
    case Kind::CPPTYPE_FLOAT:
      return many ? r.GetRepeatedFloat(m, &f, i) : r.GetFloat(m, &f);
    case Kind::CPPTYPE_ENUM:
      return many ? r.GetRepeatedEnum(m, &f, i)->name() : r.GetEnum(m, &f)->name();
    case Kind::CPPTYPE_INT32:
      return many ? r.GetRepeatedInt32(m, &f, i) : r.GetInt32(m, &f);
    case Kind::CPPTYPE_UINT32:
      return many ? r.GetRepeatedUInt32(m, &f, i) : r.GetUInt32(m, &f);
    case Kind::CPPTYPE_INT64:
      return many ? r.GetRepeatedInt64(m, &f, i) : r.GetInt64(m, &f);
    case Kind::CPPTYPE_UINT64:
      return many ? r.GetRepeatedUInt64(m, &f, i) : r.GetUInt64(m, &f);
  }
  return nullptr;
}

Json list_of(const ProtoMessage& message, const FieldDescriptor& field) {
  Json list = Json::array();
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) list.push_back(value_of(message, field, i));
  return list;
}

Json map_of(const ProtoMessage& message, const FieldDescriptor& field) {
  Json map = Json::object();
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    const auto& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    const auto key = entry.GetReflection()->GetString(entry, field.message_type()->map_key());
    map[key] = value_of(entry, *field.message_type()->map_value(), -1);
  }
  return map;
}

}  // namespace

base::Result<void> from_json(const Json& json, ProtoMessage& message, Unknown unknown) {
  Reader reader(unknown);
  reader.object(json, message, "");
  if (reader.problems().empty()) return base::success();
  const auto& first = reader.problems().front();
  base::Error error = base::fail(base::ErrorCode::malformed, first.field + ": " + first.message);
  error.fields = std::move(reader.problems());
  return error;
}

base::Result<void> set_from_text(ProtoMessage& message, std::string_view field_name, std::string_view text) {
  const std::string name(field_name);
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  Json value = std::string(text);
  if (field != nullptr && !field->is_repeated() && field->cpp_type() != Kind::CPPTYPE_STRING) {
    // The text of any other scalar is its JSON form; what is not falls through as a string and is refused as such.
    if (auto parsed = base::parse_json(text); parsed && parsed.value().is_primitive()) value = parsed.value();
  }
  Json object = Json::object();
  object[name] = std::move(value);
  return from_json(object, message);
}

Json to_json(const ProtoMessage& message) {
  Json object = Json::object();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.is_map()) {
      object[field.name()] = map_of(message, field);
    } else if (field.is_repeated()) {
      object[field.name()] = list_of(message, field);
    } else if (!field.has_presence() || message.GetReflection()->HasField(message, &field)) {
      object[field.name()] = value_of(message, field, -1);
    }
  }
  return object;
}

std::string field_text(const ProtoMessage& message, std::string_view field_name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(std::string(field_name));
  if (field == nullptr || field->is_repeated()) return {};
  const Json value = value_of(message, *field, -1);
  return value.is_string() ? value.get<std::string>() : base::dump_json(value);
}

}  // namespace chassis
