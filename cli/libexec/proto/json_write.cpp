#include <array>
#include <charconv>
#include <cmath>

#include <google/protobuf/descriptor.h>

#include "base/base64.hpp"
#include "cli/libexec/proto/json.hpp"

namespace proto {
namespace {

using base::Json;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = FieldDescriptor::CppType;

Json real(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

// The nearest double has digits that nobody wrote; the shortest text that reads back as this float has not.
Json real(float value) {
  if (!std::isfinite(value)) return real(static_cast<double>(value));
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  double shortest = static_cast<double>(value);
  if (error == std::errc()) std::from_chars(text.data(), end, shortest);
  return shortest;
}

// Without ordered_json's search for the key: there are no two.
void append(Json& object, std::string key, Json value) {
  auto& members = object.get_ref<Json::object_t&>();
  static_cast<Json::object_t::Container&>(members).emplace_back(std::move(key), std::move(value));
}

class Writer {
 public:
  Json object(const Message& message) {
    Json json = Json::object();
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count() && !full(); ++i) {
      const FieldDescriptor& field = *descriptor->field(i);
      ++values_;
      if (field.is_map()) {
        append(json, field.name(), map_of(message, field));
      } else if (field.is_repeated()) {
        append(json, field.name(), list_of(message, field));
      } else if (!field.has_presence() || message.GetReflection()->HasField(message, &field)) {
        append(json, field.name(), value_of(message, field, -1));
      }
    }
    return json;
  }

  bool full() const { return values_ > max_json_values; }

 private:
  Json value_of(const Message& m, const FieldDescriptor& f, int i) {
    const Reflection& r = *m.GetReflection();
    const bool many = i >= 0;
    switch (f.cpp_type()) {
      case Kind::CPPTYPE_MESSAGE:
        return object(many ? r.GetRepeatedMessage(m, &f, i) : r.GetMessage(m, &f));
      case Kind::CPPTYPE_STRING: {
        auto value = many ? r.GetRepeatedString(m, &f, i) : r.GetString(m, &f);
        return f.type() == FieldDescriptor::TYPE_BYTES ? base::to_base64(value) : std::move(value);
      }
      case Kind::CPPTYPE_BOOL:
        return many ? r.GetRepeatedBool(m, &f, i) : r.GetBool(m, &f);
      case Kind::CPPTYPE_DOUBLE:
        return real(many ? r.GetRepeatedDouble(m, &f, i) : r.GetDouble(m, &f));
      case Kind::CPPTYPE_FLOAT:
        return real(many ? r.GetRepeatedFloat(m, &f, i) : r.GetFloat(m, &f));
      case Kind::CPPTYPE_ENUM:
        return name_of(*f.enum_type(), many ? r.GetRepeatedEnumValue(m, &f, i) : r.GetEnumValue(m, &f));
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

  static Json name_of(const EnumDescriptor& type, int number) {
    const auto* value = type.FindValueByNumber(number);
    if (value == nullptr) return number;
    return value->name();
  }

  Json list_of(const Message& message, const FieldDescriptor& field) {
    Json list = Json::array();
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size && !full(); ++i) {
      ++values_;
      list.push_back(value_of(message, field, i));
    }
    return list;
  }

  Json map_of(const Message& message, const FieldDescriptor& field) {
    Json map = Json::object();
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size && !full(); ++i) {
      ++values_;
      const auto& entry = message.GetReflection()->GetRepeatedMessage(message, &field, i);
      const Json key = value_of(entry, *field.message_type()->map_key(), -1);
      append(map, key.is_string() ? key.get<std::string>() : base::dump_json(key),
             value_of(entry, *field.message_type()->map_value(), -1));
    }
    return map;
  }

  std::size_t values_ = 0;
};

}  // namespace

base::Result<Json> to_json(const Message& message) {
  Writer writer;
  Json json = writer.object(message);
  if (!writer.full()) return json;
  return base::fail(base::ErrorCode::too_large,
                    "the message has more than " + std::to_string(max_json_values) + " values as JSON");
}

}  // namespace proto
