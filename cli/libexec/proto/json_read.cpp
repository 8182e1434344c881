#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include <google/protobuf/descriptor.h>

#include "base/base64.hpp"
#include "cli/libexec/proto/json.hpp"

namespace proto {
namespace {

using base::Json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using Kind = FieldDescriptor::CppType;

constexpr std::size_t most_problems = 100;

// Reads a document into a message and collects what is wrong instead of stopping at the first error.
class Reader {
 public:
  void object(const Json& json, Message& message, const std::string& path) {
    if (!json.is_object()) return wrong(path.empty() ? "body" : path, "must be an object", json);
    std::set<const OneofDescriptor*> chosen;
    for (const auto& [name, value] : json.items()) {
      const std::string here = path.empty() ? name : path + "." + name;
      const auto* field = message.GetDescriptor()->FindFieldByName(name);
      if (field == nullptr) {
        problem(here, "unknown field");
        continue;
      }
      const auto* oneof = field->real_containing_oneof();
      if (oneof != nullptr && !chosen.insert(oneof).second) {
        problem(here, "only one of " + oneof->name() + " may be there");
      } else if (field->is_map()) {
        map(value, message, *field, here);
      } else if (field->is_repeated()) {
        list(value, message, *field, here);
      } else {
        one(value, message, *field, here);
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

  void problem(const std::string& path, std::string what) {
    if (problems_.size() < most_problems) problems_.push_back({path, std::move(what)});
  }
  void wrong(const std::string& path, const std::string& expected, const Json& got) {
    problem(path, expected + ", not " + std::string(type_of(got)));
  }

  void list(const Json& json, Message& message, const FieldDescriptor& field, const std::string& path) {
    if (!json.is_array()) return wrong(path, "must be a list", json);
    std::size_t index = 0;
    for (const auto& element : json) one(element, message, field, path + "[" + std::to_string(index++) + "]");
  }

  void map(const Json& json, Message& message, const FieldDescriptor& field, const std::string& path) {
    if (!json.is_object()) return wrong(path, "must be an object", json);
    const auto& key_field = *field.message_type()->map_key();
    for (const auto& [key, value] : json.items()) {
      const std::string here = path + "." + key;
      auto* entry = message.GetReflection()->AddMessage(&message, &field);
      Json key_json = key;
      if (key_field.cpp_type() != Kind::CPPTYPE_STRING) {
        if (auto parsed = base::parse_json(key); parsed && parsed.value().is_primitive()) key_json = parsed.value();
      }
      one(key_json, *entry, key_field, here);
      one(value, *entry, *field.message_type()->map_value(), here);
    }
  }

  void one(const Json& json, Message& m, const FieldDescriptor& f, const std::string& path) {
    const Reflection& r = *m.GetReflection();
    const bool many = f.is_repeated();
    switch (f.cpp_type()) {
      case Kind::CPPTYPE_MESSAGE:
        return object(json, many ? *r.AddMessage(&m, &f) : *r.MutableMessage(&m, &f), path);
      case Kind::CPPTYPE_STRING:
        return text(json, m, f, path);
      case Kind::CPPTYPE_BOOL:
        if (!json.is_boolean()) return wrong(path, "must be a boolean", json);
        return many ? r.AddBool(&m, &f, json.get<bool>()) : r.SetBool(&m, &f, json.get<bool>());
      case Kind::CPPTYPE_DOUBLE:
        if (const auto v = real(json, path)) many ? r.AddDouble(&m, &f, *v) : r.SetDouble(&m, &f, *v);
        return;
      case Kind::CPPTYPE_FLOAT:
        if (const auto v = narrow(json, path)) many ? r.AddFloat(&m, &f, *v) : r.SetFloat(&m, &f, *v);
        return;
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

  void text(const Json& json, Message& m, const FieldDescriptor& f, const std::string& path) {
    if (!json.is_string()) return wrong(path, "must be a string", json);
    auto value = json.get<std::string>();
    if (f.type() == FieldDescriptor::TYPE_BYTES) {
      auto bytes = base::from_base64(value);
      if (!bytes) return problem(path, "must be base64");
      value = std::move(bytes).value();
    }
    const Reflection& r = *m.GetReflection();
    f.is_repeated() ? r.AddString(&m, &f, std::move(value)) : r.SetString(&m, &f, std::move(value));
  }

  std::optional<double> real(const Json& json, const std::string& path) {
    if (json.is_number()) return json.get<double>();
    if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (json == "Infinity") return std::numeric_limits<double>::infinity();
    if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
    wrong(path, "must be a number", json);
    return std::nullopt;
  }

  std::optional<float> narrow(const Json& json, const std::string& path) {
    const auto value = real(json, path);
    if (!value) return std::nullopt;
    if (std::isfinite(*value) && std::abs(*value) > static_cast<double>(std::numeric_limits<float>::max())) {
      problem(path, "is out of range");
      return std::nullopt;
    }
    return static_cast<float>(*value);
  }

  void enumeration(const Json& json, Message& m, const FieldDescriptor& f, const std::string& path) {
    const Reflection& r = *m.GetReflection();
    if (json.is_number_integer() &&
        m.GetDescriptor()->file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO3) {
      // A number without a name, as to_json prints it.
      const auto number = integer<std::int32_t>(json, path);
      if (number) f.is_repeated() ? r.AddEnumValue(&m, &f, *number) : r.SetEnumValue(&m, &f, *number);
      return;
    }
    if (!json.is_string()) return wrong(path, "must be a string", json);
    const auto* value = f.enum_type()->FindValueByName(json.get<std::string>());
    if (value == nullptr) return problem(path, "is not one of the known values");
    f.is_repeated() ? r.AddEnum(&m, &f, value) : r.SetEnum(&m, &f, value);
  }

  template <class T>
  std::optional<T> integer(const Json& json, const std::string& path) {
    // A whole number beyond 64 bits reaches us as a floating-point one.
    const bool huge = json.is_number_float() && std::abs(json.get<double>()) >= 9.2e18;
    if (!huge && !json.is_number_integer()) {
      wrong(path, "must be a whole number", json);
      return std::nullopt;
    }
    if (!huge && json.is_number_unsigned() && std::in_range<T>(json.get<std::uint64_t>())) {
      return static_cast<T>(json.get<std::uint64_t>());
    }
    if (!huge && !json.is_number_unsigned() && std::in_range<T>(json.get<std::int64_t>())) {
      return static_cast<T>(json.get<std::int64_t>());
    }
    problem(path, "is out of range");
    return std::nullopt;
  }

  std::vector<base::FieldError> problems_;
};

}  // namespace

base::Result<void> from_json(const Json& json, Message& message) {
  Reader reader;
  reader.object(json, message, "");
  std::vector<std::string> missing;
  message.FindInitializationErrors(&missing);
  for (const auto& field : missing) reader.problems().push_back({field, "is required"});
  if (reader.problems().empty()) return base::success();
  const auto& first = reader.problems().front();
  base::Error error = base::fail(base::ErrorCode::malformed, first.field + ": " + first.message);
  error.fields = std::move(reader.problems());
  return error;
}

base::Result<void> from_bytes(std::string_view bytes, Message& message) {
  const bool parsed = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
                      message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!parsed) {
    return base::fail(base::ErrorCode::malformed,
                      "these bytes are no message of type " + message.GetDescriptor()->full_name());
  }
  if (!message.IsInitialized()) {
    return base::fail(base::ErrorCode::malformed, message.GetDescriptor()->full_name() + " lacks the required " +
                                                      message.InitializationErrorString());
  }
  return base::success();
}

}  // namespace proto
