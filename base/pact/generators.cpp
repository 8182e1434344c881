#include "base/pact/generators.hpp"

#include <algorithm>

#include "base/pact/model.hpp"

namespace base::pact {
namespace {

Error misplaced(const std::string& where, const std::string& what) {
  return Error{ErrorCode::malformed, where + ": " + what, {{where, what}}};
}

Result<Generator> read_one(const Json& written, const std::string& name, const std::string& where, bool path) {
  if (!written.is_object()) return misplaced(where, "must be an object");
  const auto type = written.find("type");
  if (type == written.end() || !type->is_string()) return misplaced(where + ".type", "must be a text");
  Generator generator;
  generator.name = name;
  generator.written = written;
  if (path) {
    auto parsed = PathExpression::parse(name);
    if (!parsed) return misplaced(where, parsed.error().message);
    generator.path = std::move(parsed).value();
  }
  return generator;
}

// Path, method and status hold one generator, or a map with one.
Result<std::vector<Generator>> read_lone(const Json& written, const std::string& where) {
  std::vector<Generator> made;
  if (written.is_object() && written.empty()) return made;
  const bool nested = written.is_object() && written.size() == 1 && !written.contains("type");
  TRY(auto one, read_one(nested ? written.front() : written, "", where, false));
  made.push_back(std::move(one));
  return made;
}

Result<std::vector<Generator>> read_generator_map(const Json& written, const std::string& where, bool path) {
  if (!written.is_object()) return misplaced(where, "must be an object");
  std::vector<Generator> made;
  for (const auto& [key, value] : written.items()) {
    TRY(auto one, read_one(value, key, where + "['" + key + "']", path));
    made.push_back(std::move(one));
  }
  return made;
}

Json write_generator_map(const std::vector<Generator>& generators) {
  Json written = Json::object();
  for (const auto& generator : generators) written[generator.name] = generator.written;
  return written;
}

// `$['X-Id']`, `$.X-Id[0]` and `X-Id` name the same header.
std::string plain_name(const Generator& generator) {
  if (generator.name.starts_with("$")) {
    const auto path = PathExpression::parse(generator.name);
    if (path && !path.value().tokens().empty()) return path.value().tokens()[0].text;
  }
  return generator.name.substr(0, generator.name.find('['));
}

Result<void> apply(const std::vector<Generator>& generators, Fields& fields, bool ignore_case,
                   const GenerateContext& context) {
  for (const auto& generator : generators) {
    const auto name = plain_name(generator);
    for (auto& [key, values] : fields) {
      if (ignore_case ? !http::iequals(key, name) : key != name) continue;
      for (auto& value : values) {
        TRY(const auto made, generate(generator.written, value, context));
        value = made.is_string() ? made.get<std::string>() : dump_json(made);
      }
    }
  }
  return success();
}

Result<void> apply_body(const std::vector<Generator>& generators, Body& body, const GenerateContext& context) {
  if (generators.empty() || body.state != Body::State::present) return success();
  if (is_json(body.content_type) || (body.content_type.empty() && sniff(body.bytes) == "application/json")) {
    TRY(auto document, parse_json(body.bytes));
    TRY(document, generate_body(generators, std::move(document), context));
    body.bytes = dump_json(document);
    return success();
  }
  if (media_type(body.content_type) == "application/x-www-form-urlencoded") {
    http::Request form;
    form.target = "/?" + body.bytes;
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string spaced = body.bytes;
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    if (!http::parse_query(spaced, pairs)) return success();
    Fields fields;
    for (auto& [name, value] : pairs) fields.emplace_back(name, std::vector{value});
    TRY(apply(generators, fields, false, context));
    body.bytes.clear();
    for (const auto& [name, values] : fields) {
      body.bytes +=
          (body.bytes.empty() ? "" : "&") + http::percent_encode(name) + "=" + http::percent_encode(values[0]);
    }
    return success();
  }
  for (const auto& generator : generators) {
    if (!generator.path.tokens().empty()) continue;  // text and bytes have no parts
    TRY(const auto made, generate(generator.written, body.bytes, context));
    body.bytes = made.is_string() ? made.get<std::string>() : dump_json(made);
  }
  return success();
}

void fill_type(Body& body, const Fields& headers) {
  const auto* type = find(headers, "content-type", true);
  if (body.content_type.empty() && type != nullptr && !type->empty()) body.content_type = (*type)[0];
}

struct BodyWriter {
  const Generator& generator;
  const GenerateContext& context;
  std::size_t steps = 0;

  Result<void> walk(Json& value, std::size_t token) {
    if (++steps > 1'000'000) return fail(ErrorCode::invalid, "a generator reaches too much");
    const auto& tokens = generator.path.tokens();
    if (token == tokens.size()) {
      TRY(value, generate(generator.written, value, context));
      return success();
    }
    const auto& [kind, text] = tokens[token];
    const bool all = kind == PathExpression::Kind::any_key || kind == PathExpression::Kind::any_index;
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (all || std::to_string(i) == text) {
          TRY(walk(value[i], token + 1));
        }
      }
    } else if (value.is_object()) {
      for (auto& [key, inner] : value.items()) {
        if (kind == PathExpression::Kind::any_key || key == text) {
          TRY(walk(inner, token + 1));
        }
      }
    }
    return success();
  }
};

}  // namespace

bool Generators::empty() const {
  return method.empty() && path.empty() && status.empty() && query.empty() && header.empty() && body.empty() &&
         metadata.empty() && extra.empty();
}

Result<Generators> read_generators(const Json& written, const std::string& where) {
  Generators made;
  if (written.is_null()) return made;
  if (!written.is_object()) return misplaced(where, "must be an object");
  for (const auto& [key, value] : written.items()) {
    const auto here = where + "." + key;
    if (key == "method") {
      TRY(made.method, read_lone(value, here));
    } else if (key == "path") {
      TRY(made.path, read_lone(value, here));
    } else if (key == "status") {
      TRY(made.status, read_lone(value, here));
    } else if (key == "query") {
      TRY(made.query, read_generator_map(value, here, false));
    } else if (key == "header" || key == "headers") {
      TRY(made.header, read_generator_map(value, here, false));
    } else if (key == "body" || key == "content" || key == "contents") {
      TRY(made.body, read_generator_map(value, here, true));
    } else if (key == "metadata" || key == "metaData") {
      TRY(made.metadata, read_generator_map(value, here, false));
    } else {
      made.extra[key] = value;
    }
  }
  return made;
}

Json write_generators(const Generators& generators, const std::string& body_name) {
  Json written = generators.extra.is_object() ? generators.extra : Json::object();
  if (!generators.method.empty()) written["method"] = generators.method[0].written;
  if (!generators.path.empty()) written["path"] = generators.path[0].written;
  if (!generators.status.empty()) written["status"] = generators.status[0].written;
  if (!generators.query.empty()) written["query"] = write_generator_map(generators.query);
  if (!generators.header.empty()) written["header"] = write_generator_map(generators.header);
  if (!generators.body.empty()) written[body_name] = write_generator_map(generators.body);
  if (!generators.metadata.empty()) written["metadata"] = write_generator_map(generators.metadata);
  return written;
}

Result<Json> generate_body(const std::vector<Generator>& generators, Json document, const GenerateContext& context) {
  for (const auto& generator : generators) {
    BodyWriter writer{generator, context};
    TRY(writer.walk(document, 0));
  }
  return document;
}

Result<HttpRequest> generate(const HttpRequest& request, const GenerateContext& context) {
  TRY(check_known(request.generators));
  auto made = request;
  for (const auto& generator : request.generators.method) {
    TRY(const auto value, generate(generator.written, made.method, context));
    if (value.is_string()) made.method = value.get<std::string>();
  }
  for (const auto& generator : request.generators.path) {
    TRY(const auto value, generate(generator.written, made.path, context));
    made.path = value.is_string() ? value.get<std::string>() : dump_json(value);
  }
  TRY(apply(request.generators.query, made.query, false, context));
  TRY(apply(request.generators.header, made.headers, true, context));
  fill_type(made.body, made.headers);
  TRY(apply_body(request.generators.body, made.body, context));
  return made;
}

Result<HttpResponse> generate(const HttpResponse& response, const GenerateContext& context) {
  TRY(check_known(response.generators));
  auto made = response;
  for (const auto& generator : response.generators.status) {
    TRY(const auto value, generate(generator.written, made.status, context));
    const auto text = value.is_string() ? value.get<std::string>() : dump_json(value);
    const auto code = text.size() == 3 ? std::atoi(text.c_str()) : 0;
    if (code < 100 || code > 599)
      return fail(ErrorCode::invalid, "the generator for the status made " + text.substr(0, 40));
    made.status = code;
  }
  TRY(apply(response.generators.header, made.headers, true, context));
  fill_type(made.body, made.headers);
  TRY(apply_body(response.generators.body, made.body, context));
  return made;
}

Result<Message> generate(const Message& message, const GenerateContext& context) {
  TRY(check_known(message.generators));
  auto made = message;
  for (const auto& generator : message.generators.metadata) {
    const auto there = made.metadata.find(plain_name(generator));
    if (there == made.metadata.end()) continue;
    TRY(*there, generate(generator.written, *there, context));
  }
  TRY(apply_body(message.generators.body, made.contents, context));
  return made;
}

}  // namespace base::pact
