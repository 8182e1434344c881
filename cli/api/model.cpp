#include "cli/api/model.hpp"

namespace api {
namespace {

using base::Json;

std::vector<Range> ranges_of(const Json& json) {
  std::vector<Range> ranges;
  for (const auto& range : json) ranges.emplace_back(range.at(0).get<std::int64_t>(), range.at(1).get<std::int64_t>());
  return ranges;
}

Field field_of(const Json& json) {
  Field field;
  field.name = json.at("name");
  field.number = json.at("number");
  field.type = json.at("type");
  field.type_name = json.value("type_name", "");
  field.presence = json.at("presence");
  field.json_name = json.at("json_name");
  field.oneof = json.value("oneof", "");
  field.default_value = json.value("default", "");
  field.options = json.value("options", Json::object());
  field.line = json.at("line");
  if (!json.contains("map")) return field;
  const Json& map = json["map"];
  field.presence = "map";
  field.map.resize(2);
  field.map[0].name = "key";
  field.map[0].number = 1;
  field.map[0].type = map.at("key");
  field.map[1].name = "value";
  field.map[1].number = 2;
  field.map[1].type = map.at("value");
  field.map[1].type_name = map.value("value_type_name", "");
  for (auto& part : field.map) {
    part.json_name = part.name;
    part.options = Json::object();
    part.line = field.line;
  }
  return field;
}

class InterfaceReader {
 public:
  InterfaceReader(Interface& into, std::string prefix) : into_(into), prefix_(std::move(prefix)) {}

  void file(const Json& json) {
    File file;
    file.path = path_ = prefix_ + json.at("name").get<std::string>();
    file.package = json.at("package");
    file.syntax = json.at("syntax");
    file.options = json.at("options");
    proto3_ = file.syntax == "proto3";
    for (const auto& each : json.at("messages")) message(each);
    for (const auto& each : json.at("enums")) enumeration(each);
    for (const auto& each : json.at("services")) service(each);
    into_.files[file.path] = std::move(file);
  }

 private:
  void message(const Json& json) {
    Message message;
    message.name = json.at("name");
    message.full_name = json.at("full_name");
    for (const auto& each : json.at("fields")) message.fields.push_back(field_of(each));
    message.oneofs = json.at("oneofs").get<std::vector<std::string>>();
    message.reserved = ranges_of(json.at("reserved_ranges"));
    message.reserved_names = json.at("reserved_names").get<std::vector<std::string>>();
    message.extensions = ranges_of(json.at("extension_ranges"));
    message.options = json.value("options", Json::object());
    message.file = path_;
    message.proto3 = proto3_;
    message.line = json.at("line");
    for (const auto& each : json.at("messages")) this->message(each);
    for (const auto& each : json.at("enums")) enumeration(each);
    into_.messages[message.full_name] = std::move(message);
  }

  void enumeration(const Json& json) {
    Enum type;
    type.name = json.at("name");
    type.full_name = json.at("full_name");
    for (const auto& each : json.at("values"))
      type.values.push_back({each.at("name"), each.at("number"), each.at("line")});
    type.reserved = ranges_of(json.at("reserved_ranges"));
    type.reserved_names = json.at("reserved_names").get<std::vector<std::string>>();
    type.file = path_;
    type.proto3 = proto3_;
    type.line = json.at("line");
    into_.enums[type.full_name] = std::move(type);
  }

  void service(const Json& json) {
    Service service;
    service.name = json.at("name");
    service.full_name = json.at("full_name");
    service.file = path_;
    service.line = json.at("line");
    for (const auto& each : json.at("methods")) {
      service.methods.push_back({each.at("name"), each.at("input"), each.at("output"), each.at("client_streaming"),
                                 each.at("server_streaming"), each.at("idempotency_level"), each.at("line")});
    }
    into_.services[service.full_name] = std::move(service);
  }

  Interface& into_;
  std::string prefix_;
  std::string path_;
  bool proto3_ = true;
};

}  // namespace

std::string Interface::package_of(const std::string& file) const {
  const auto found = files.find(file);
  return found == files.end() ? std::string() : found->second.package;
}

base::Result<Interface> read_interface(const base::Json& descriptors, const std::string& prefix) {
  Interface interface;
  try {
    InterfaceReader reader(interface, prefix);
    for (const auto& file : descriptors.at("files")) reader.file(file);
  } catch (const Json::exception& wrong) {
    return base::fail(base::ErrorCode::internal,
                      std::string("msctl-grpc's descriptors cannot be read: ") + wrong.what());
  }
  return interface;
}

}  // namespace api
