#include <unistd.h>

#include <fstream>

#include "base/base64.hpp"
#include "cli/libexec/grpc/caller.hpp"
#include "cli/libexec/grpc/lines.hpp"
#include "cli/libexec/grpc/modes.hpp"
#include "cli/libexec/proto/describe.hpp"
#include "cli/libexec/proto/json.hpp"

namespace grpc_program {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;
using SchemaPtr = std::shared_ptr<const proto::Schema>;

constexpr std::size_t schemas_kept = 32;

Result<std::string> text(const Json& line, const char* key) {
  if (!line.contains(key)) return base::fail(ErrorCode::invalid, std::string(key) + " is missing");
  if (!line[key].is_string()) return base::fail(ErrorCode::invalid, std::string(key) + ": must be a string");
  return line[key].get<std::string>();
}

Result<std::string> bytes(const Json& line, const char* key) {
  TRY(const auto base64, text(line, key));
  auto decoded = base::from_base64(base64);
  if (!decoded) return base::fail(ErrorCode::malformed, std::string(key) + ": must be base64");
  return std::move(decoded).value();
}

Result<std::vector<std::string>> texts(const Json& json, const std::string& key) {
  std::vector<std::string> list;
  if (!json.contains(key)) return list;
  const Json& values = json[key];
  if (!values.is_array()) return base::fail(ErrorCode::invalid, "descriptors." + key + ": must be a list");
  for (const auto& value : values) {
    if (!value.is_string()) return base::fail(ErrorCode::invalid, "descriptors." + key + ": must be strings");
    list.push_back(value.get<std::string>());
  }
  return list;
}

Result<SchemaPtr> read_schema(const Json& descriptors) {
  if (!descriptors.is_object()) return base::fail(ErrorCode::invalid, "descriptors: must be an object");
  if (descriptors.contains("set_base64")) {
    TRY(const auto set, bytes(descriptors, "set_base64"));
    return proto::Schema::parse(set);
  }
  if (descriptors.contains("set_file")) {
    Options options;
    TRY(options.set_file, text(descriptors, "set_file"));
    return schema_of(options);
  }
  proto::Sources sources;
  TRY(sources.files, texts(descriptors, "files"));
  TRY(const auto roots, texts(descriptors, "roots"));
  sources.roots.assign(roots.begin(), roots.end());
  if (descriptors.contains("root_files")) {
    if (!descriptors["root_files"].is_object()) {
      return base::fail(ErrorCode::invalid, "descriptors.root_files: must be an object");
    }
    for (const auto& [name, value] : descriptors["root_files"].items()) {
      if (!value.is_string()) return base::fail(ErrorCode::invalid, "descriptors.root_files: must have strings");
      sources.root_files[name] = value.get<std::string>();
    }
  }
  return proto::Schema::read(sources);
}

class Session {
 public:
  explicit Session(std::string op, SchemaPtr schema) : op_(std::move(op)), schema_(std::move(schema)) {}

  Json answer(const std::string& line) {
    Json answer = Json::object();
    const auto parsed = base::parse_json(line);
    if (!parsed)
      return failed(std::move(answer), base::fail(ErrorCode::malformed, "not JSON: " + parsed.error().message));
    if (!parsed.value().is_object())
      return failed(std::move(answer), base::fail(ErrorCode::malformed, "not an object"));
    if (parsed.value().contains("id")) answer["id"] = parsed.value()["id"];
    answer["ok"] = true;
    if (auto done = perform(parsed.value(), answer); !done) return failed(std::move(answer), done.error());
    return answer;
  }

  static Json failed(Json answer, const base::Error& error) {
    Json failure = Json::object();
    if (answer.contains("id")) failure["id"] = answer["id"];
    failure["ok"] = false;
    failure["error"] = error.message;
    for (const auto& field : error.fields) {
      failure["fields"].push_back(Json::object({{"field", field.field}, {"message", field.message}}));
    }
    return failure;
  }

 private:
  Result<void> perform(const Json& line, Json& answer) {
    std::string op = op_;
    if (line.contains("op")) {
      TRY(op, text(line, "op"));
    }
    if (op == "describe") return describe(line, answer);
    if (op == "encode") return encode(line, answer);
    if (op == "decode") return decode(line, answer);
    if (op == "call") return call(line, answer);
    return base::fail(ErrorCode::invalid, "op: expected describe, encode, decode or call, not '" + op + "'");
  }

  // Null when neither the line nor the command line names any.
  Result<SchemaPtr> schema_for(const Json& line) {
    if (!line.contains("descriptors")) return schema_;
    const auto key = base::dump_json(line["descriptors"]);
    if (const auto kept = kept_.find(key); kept != kept_.end()) return kept->second;
    TRY(auto schema, read_schema(line["descriptors"]));
    if (kept_.size() >= schemas_kept) kept_.clear();
    kept_.emplace(key, schema);
    return schema;
  }

  Result<SchemaPtr> required_schema(const Json& line) {
    TRY(auto schema, schema_for(line));
    if (schema == nullptr) return base::fail(ErrorCode::invalid, "descriptors is missing");
    return schema;
  }

  Result<void> describe(const Json& line, Json& answer) {
    TRY(const auto schema, required_schema(line));
    answer["descriptors"] = proto::describe(*schema, line.value("with_imports", Json(false)) == true);
    if (line.value("set", Json(false)) == true) answer["descriptors"]["set_base64"] = base::to_base64(schema->set());
    return base::success();
  }

  Result<std::unique_ptr<google::protobuf::Message>> message_for(const Json& line, const proto::Schema& schema) {
    TRY(const auto name, text(line, "message"));
    const auto* type = schema.message(name);
    if (type == nullptr)
      return base::fail(ErrorCode::not_found, "message: there is no " + name + " in the descriptors");
    return schema.make(*type);
  }

  Result<void> encode(const Json& line, Json& answer) {
    TRY(const auto schema, required_schema(line));
    TRY(const auto message, message_for(line, *schema));
    if (!line.contains("json")) return base::fail(ErrorCode::invalid, "json is missing");
    TRY(proto::from_json(line["json"], *message));
    answer["base64"] = base::to_base64(message->SerializeAsString());
    return base::success();
  }

  Result<void> decode(const Json& line, Json& answer) {
    TRY(const auto schema, required_schema(line));
    TRY(const auto message, message_for(line, *schema));
    TRY(const auto encoded, bytes(line, "base64"));
    TRY(proto::from_bytes(encoded, *message));
    TRY(answer["json"], proto::to_json(*message));
    return base::success();
  }

  Result<std::string> request_for(const Json& line, const std::string& method_name, const proto::Schema* schema,
                                  const google::protobuf::MethodDescriptor* method) {
    if (line.contains("request_base64")) return bytes(line, "request_base64");
    if (schema == nullptr) return base::fail(ErrorCode::invalid, "descriptors is missing, and request_base64 as well");
    if (method == nullptr)
      return base::fail(ErrorCode::not_found, "method: there is no " + method_name + " in the descriptors");
    const auto message = schema->make(*method->input_type());
    TRY(proto::from_json(line.value("request", Json::object()), *message));
    return message->SerializeAsString();
  }

  Result<void> call(const Json& line, Json& answer) {
    TRY(const auto schema, schema_for(line));
    Caller::Call call;
    TRY(call.target, text(line, "target"));
    TRY(call.method, text(line, "method"));
    if (!call.method.starts_with('/')) call.method.insert(0, "/");
    const auto* method = schema == nullptr ? nullptr : schema->method(call.method);
    if (method != nullptr && (method->client_streaming() || method->server_streaming())) {
      return base::fail(ErrorCode::invalid,
                        "method: " + call.method.substr(1) + " is streaming; only unary calls are made");
    }
    TRY(call.request, request_for(line, call.method.substr(1), schema.get(), method));
    TRY(call.metadata, metadata_from(line.value("metadata", Json())));
    const Json deadline = line.value("deadline_ms", Json(call.deadline_ms));
    if (!deadline.is_number_integer() || deadline < 1 || deadline > 600'000) {
      return base::fail(ErrorCode::invalid, "deadline_ms: expected a whole number from 1 to 600000");
    }
    call.deadline_ms = deadline.get<int>();
    call.tls = line.value("tls", Json());
    TRY(const auto outcome, caller_.call(call));
    report(outcome, schema.get(), method, answer);
    return base::success();
  }

  static void report(const Outcome& outcome, const proto::Schema* schema,
                     const google::protobuf::MethodDescriptor* method, Json& answer) {
    answer["status"] = outcome.status;
    answer["code"] = code_name(outcome.status);
    answer["message"] = outcome.message;
    if (outcome.status == 0) {
      if (method != nullptr) {
        const auto message = schema->make(*method->output_type());
        auto read = proto::from_bytes(outcome.response, *message);
        auto json = read ? proto::to_json(*message) : Result<Json>(read.error());
        if (json) answer["response"] = std::move(json).value();
        if (!json) answer["response_error"] = json.error().message;
      }
      answer["response_base64"] = base::to_base64(outcome.response);
    }
    answer["initial_metadata"] = outcome.initial_metadata;
    answer["trailing_metadata"] = outcome.trailing_metadata;
    answer["elapsed_us"] = outcome.elapsed_us;
  }

  std::string op_;
  SchemaPtr schema_;
  std::map<std::string, SchemaPtr> kept_;
  Caller caller_;
};

}  // namespace

int run_session(const Options& options) {
  const auto schema = schema_of(options);
  if (!schema) {
    std::fprintf(stderr, "%s\n", schema.error().message.c_str());
    return 1;
  }
  Session session(options.mode, schema.value());
  LineReader in(STDIN_FILENO);
  LineWriter out(STDOUT_FILENO);
  bool more = true;
  while (more) {
    more = in.fill();
    bool too_long = false;
    while (const auto line = in.next(too_long)) {
      if (line->empty()) continue;
      const auto answer =
          too_long ? Session::failed(Json::object(), base::fail(ErrorCode::too_large, "the line is longer than 16 MiB"))
                   : session.answer(*line);
      if (!out.write(answer)) return 1;
    }
  }
  return 0;
}

}  // namespace grpc_program
