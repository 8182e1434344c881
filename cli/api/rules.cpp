#include "cli/api/rules.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "supervisor/spec/suggest.hpp"

namespace api {
namespace {

constexpr auto file = "FILE";
constexpr auto package = "PACKAGE";
constexpr auto generated = "FILE PACKAGE";
constexpr auto json = "FILE PACKAGE WIRE_JSON";
constexpr auto wire = "FILE PACKAGE WIRE_JSON WIRE";
constexpr auto rest = "REST";

// Old names of buf's rules.
const std::map<std::string, std::string>& aliases() {
  static const std::map<std::string, std::string> all = {
      {"FIELD_SAME_LABEL", "FIELD_SAME_CARDINALITY"},
      {"FIELD_SAME_CTYPE", "FIELD_SAME_CPP_STRING_TYPE"},
      {"FILE_SAME_JAVA_STRING_CHECK_UTF8", "FIELD_SAME_JAVA_UTF8_VALIDATION"},
  };
  return all;
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

}  // namespace

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"SERVICE_NO_DELETE", file, "no gRPC service is deleted from its file"},
      {"ENUM_NO_DELETE", file, "no enum is deleted from its file"},
      {"FILE_NO_DELETE", file, "no file is deleted"},
      {"MESSAGE_NO_DELETE", file, "no message is deleted from its file"},
      {"RPC_NO_DELETE", generated, "no method is deleted"},
      {"ENUM_SAME_TYPE", generated, "enums stay open (proto3) or closed (proto2)"},
      {"ENUM_VALUE_NO_DELETE", generated, "no value of an enum is deleted"},
      {"EXTENSION_MESSAGE_NO_DELETE", generated, "no range of extensions is deleted"},
      {"FIELD_NO_DELETE", generated, "no field is deleted"},
      {"FIELD_SAME_CARDINALITY", generated, "fields stay optional, required, repeated, maps or of implicit presence"},
      {"FIELD_SAME_CPP_STRING_TYPE", generated, "string fields keep the option ctype"},
      {"FIELD_SAME_JAVA_UTF8_VALIDATION", generated, "string fields keep Java's check of UTF-8"},
      {"FIELD_SAME_JSTYPE", generated, "fields keep the option jstype"},
      {"FIELD_SAME_TYPE", generated, "fields keep their types"},
      {"FIELD_SAME_UTF8_VALIDATION", generated, "string fields keep the check of UTF-8 that their syntax has"},
      {"FILE_SAME_SYNTAX", generated, "files keep their syntax"},
      {"FILE_SAME_CC_ENABLE_ARENAS", generated, "files keep the option cc_enable_arenas"},
      {"FILE_SAME_CC_GENERIC_SERVICES", generated, "files keep the option cc_generic_services"},
      {"FILE_SAME_CSHARP_NAMESPACE", generated, "files keep the option csharp_namespace"},
      {"FILE_SAME_GO_PACKAGE", generated, "files keep the option go_package"},
      {"FILE_SAME_JAVA_GENERIC_SERVICES", generated, "files keep the option java_generic_services"},
      {"FILE_SAME_JAVA_MULTIPLE_FILES", generated, "files keep the option java_multiple_files"},
      {"FILE_SAME_JAVA_OUTER_CLASSNAME", generated, "files keep the option java_outer_classname"},
      {"FILE_SAME_JAVA_PACKAGE", generated, "files keep the option java_package"},
      {"FILE_SAME_OBJC_CLASS_PREFIX", generated, "files keep the option objc_class_prefix"},
      {"FILE_SAME_OPTIMIZE_FOR", generated, "files keep the option optimize_for"},
      {"FILE_SAME_PHP_CLASS_PREFIX", generated, "files keep the option php_class_prefix"},
      {"FILE_SAME_PHP_METADATA_NAMESPACE", generated, "files keep the option php_metadata_namespace"},
      {"FILE_SAME_PHP_NAMESPACE", generated, "files keep the option php_namespace"},
      {"FILE_SAME_PY_GENERIC_SERVICES", generated, "files keep the option py_generic_services"},
      {"FILE_SAME_RUBY_PACKAGE", generated, "files keep the option ruby_package"},
      {"FILE_SAME_SWIFT_PREFIX", generated, "files keep the option swift_prefix"},
      {"MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", generated, "no_standard_descriptor_accessor is not set"},
      {"ONEOF_NO_DELETE", generated, "no oneof is deleted"},
      {"ENUM_SAME_JSON_FORMAT", json, "enums keep a JSON form that is sure (proto3)"},
      {"ENUM_VALUE_SAME_NAME", json, "values of enums keep their names"},
      {"FIELD_SAME_JSON_NAME", json, "fields keep their json_name"},
      {"FIELD_SAME_NAME", json, "fields keep their names"},
      {"MESSAGE_SAME_JSON_FORMAT", json, "messages keep a JSON form that is sure (proto3)"},
      {"FIELD_SAME_DEFAULT", wire, "fields keep their default value"},
      {"FIELD_SAME_ONEOF", wire, "fields stay in their oneof, or outside of any"},
      {"FILE_SAME_PACKAGE", wire, "files keep their package, so that methods keep their paths"},
      {"MESSAGE_SAME_REQUIRED_FIELDS", wire, "no required field comes or goes"},
      {"RESERVED_ENUM_NO_DELETE", wire, "no reserved number or name of an enum is given free"},
      {"RESERVED_MESSAGE_NO_DELETE", wire, "no reserved number or name of a message is given free"},
      {"RPC_SAME_CLIENT_STREAMING", wire, "methods keep whether the client streams"},
      {"RPC_SAME_IDEMPOTENCY_LEVEL", wire, "methods keep their idempotency_level"},
      {"RPC_SAME_REQUEST_TYPE", wire, "methods keep the type of their request"},
      {"RPC_SAME_RESPONSE_TYPE", wire, "methods keep the type of their response"},
      {"RPC_SAME_SERVER_STREAMING", wire, "methods keep whether the server streams"},
      {"PACKAGE_ENUM_NO_DELETE", package, "no enum is deleted from its package"},
      {"PACKAGE_MESSAGE_NO_DELETE", package, "no message is deleted from its package"},
      {"PACKAGE_NO_DELETE", package, "no package is deleted"},
      {"PACKAGE_SERVICE_NO_DELETE", package, "no gRPC service is deleted from its package"},
      {"ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON", "a deleted value's name is reserved"},
      {"FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON", "a deleted field's name is reserved"},
      {"FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "WIRE_JSON",
       "a field's cardinality reads the same on the wire and in JSON"},
      {"FIELD_WIRE_JSON_COMPATIBLE_TYPE", "WIRE_JSON", "a field's type reads the same on the wire and in JSON"},
      {"ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON WIRE", "a deleted value's number is reserved"},
      {"FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON WIRE", "a deleted field's number is reserved"},
      {"FIELD_WIRE_COMPATIBLE_CARDINALITY", "WIRE", "a field's cardinality reads the same on the wire"},
      {"FIELD_WIRE_COMPATIBLE_TYPE", "WIRE", "a field's type reads the same on the wire"},
      {"REST_OPERATION_NO_DELETE", rest, "no method of a path is deleted"},
      {"REST_PARAMETER_NO_DELETE", rest, "no parameter is deleted: a server that knows none refuses it"},
      {"REST_PARAMETER_SAME_TYPE", rest, "a parameter takes all values that it took"},
      {"REST_PARAMETER_NOT_REQUIRED", rest, "no parameter becomes required"},
      {"REST_REQUEST_FIELD_NO_DELETE", rest, "no field of a request is deleted: unknown fields are refused"},
      {"REST_REQUEST_FIELD_NOT_REQUIRED", rest, "no field of a request becomes required"},
      {"REST_REQUEST_SAME_TYPE", rest, "a field of a request takes all values that it took"},
      {"REST_RESPONSE_FIELD_NO_DELETE", rest, "no field of a response is deleted, or left out now and then"},
      {"REST_RESPONSE_SAME_TYPE", rest, "a field of a response has only types that it had"},
      {"REST_STATUS_NO_DELETE", rest, "success keeps its status"},
      {"REST_MEDIA_TYPE_NO_DELETE", rest, "no media type of a request or response is deleted"},
      {"REST_SECURITY_NOT_REQUIRED", rest, "no method of a path that anybody may call begins to ask who it is"},
  };
  return all;
}

const std::vector<std::string>& default_rules() {
  static const std::vector<std::string> all = {"WIRE_JSON", "RPC_NO_DELETE", "PACKAGE_NO_DELETE",
                                               "PACKAGE_SERVICE_NO_DELETE", "REST"};
  return all;
}

base::Result<std::set<std::string>> choose(const std::vector<std::string>& use,
                                           const std::vector<std::string>& except) {
  std::map<std::string, std::set<std::string>> meant;  // name of a rule or category to rules
  for (const auto& rule : rules()) {
    meant[rule.name].insert(rule.name);
    for (const auto& category : words(rule.categories)) meant[category].insert(rule.name);
  }
  for (const auto& [old, now] : aliases()) meant[old].insert(now);
  std::set<std::string> chosen;
  for (const auto* names : {&use, &except}) {
    for (const auto& name : *names) {
      const auto found = meant.find(name);
      if (found == meant.end()) {
        std::vector<std::string> known;
        for (const auto& each : meant) known.push_back(each.first);
        const auto near = spec::nearest(name, known);
        return base::fail(base::ErrorCode::invalid,
                          "there is no rule or category \"" + name + "\"" +
                              (near.empty() ? "; msctl api rules lists them" : "; did you mean " + near + "?"));
      }
      for (const auto& rule : found->second) names == &use ? void(chosen.insert(rule)) : void(chosen.erase(rule));
    }
  }
  return chosen;
}

}  // namespace api
