#pragma once
// Protobuf descriptors as far as compatibility depends on them, read from the document of msctl-grpc
// (cli/libexec/grpc/README.md). Plain values.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace api {

using Range = std::pair<std::int64_t, std::int64_t>;  // both ends included

struct Field {
  std::string name;
  std::int64_t number = 0;
  std::string type;       // int64, message, …
  std::string type_name;  // of a message, group or enum
  std::string presence;   // implicit, explicit, required, repeated or map
  std::string json_name;
  std::string oneof;
  std::string default_value;
  base::Json options;           // an object
  std::vector<Field> map = {};  // of a map: its key and its value
  int line = 0;
};

struct Message {
  std::string name;
  std::string full_name;
  std::vector<Field> fields;
  std::vector<std::string> oneofs;
  std::vector<Range> reserved;
  std::vector<std::string> reserved_names;
  std::vector<Range> extensions;
  base::Json options;
  std::string file;  // path
  bool proto3 = true;
  int line = 0;
};

struct EnumValue {
  std::string name;
  std::int64_t number = 0;
  int line = 0;
};

struct Enum {
  std::string name;
  std::string full_name;
  std::vector<EnumValue> values;
  std::vector<Range> reserved;
  std::vector<std::string> reserved_names;
  std::string file;
  bool proto3 = true;
  int line = 0;
};

struct Method {
  std::string name;
  std::string input;
  std::string output;
  bool client_streaming = false;
  bool server_streaming = false;
  std::string idempotency;
  int line = 0;
};

struct Service {
  std::string name;
  std::string full_name;
  std::vector<Method> methods;
  std::string file;
  int line = 0;
};

struct File {
  std::string path;
  std::string package;
  std::string syntax;
  base::Json options;
};

// All files of one service's interface; nested messages and enums stand beside the others.
struct Interface {
  std::map<std::string, File> files;        // by path
  std::map<std::string, Message> messages;  // by full name
  std::map<std::string, Enum> enums;
  std::map<std::string, Service> services;

  std::string package_of(const std::string& file) const;
};

// `prefix` goes before the paths. Errors: internal, for a document that has another form.
base::Result<Interface> read_interface(const base::Json& descriptors, const std::string& prefix);

}  // namespace api
