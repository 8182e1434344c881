// Reading Pact files of the specification's versions 1 to 4.
#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/pact/fields.hpp"
#include "base/pact/file.hpp"

namespace base::pact {
namespace {

Error at(const std::string& path, const std::string& what) { return Error{ErrorCode::malformed, what, {{path, what}}}; }

Result<std::string> text_at(const Json& object, const char* key, const std::string& path, bool required) {
  const auto found = object.find(key);
  if (found == object.end() || (found->is_null() && !required)) {
    if (required) return at(path + "." + key, "is missing");
    return std::string();
  }
  if (!found->is_string()) return at(path + "." + key, "must be a text");
  return found->get<std::string>();
}

Result<Json> object_at(const Json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return Json(Json::object());
  if (!found->is_object()) return at(path + "." + key, "must be an object");
  return *found;
}

// What is left of an object when the keys that we know are taken out.
template <std::size_t N>
Json others(const Json& object, const std::array<std::string_view, N>& known) {
  Json left = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) left[key] = value;
  }
  return left;
}

Result<std::vector<std::string>> values_of(const Json& value, const std::string& path) {
  const auto plain = [](const Json& one) { return one.is_string() ? one.get<std::string>() : dump_json(one); };
  if (value.is_object()) return at(path, "must be a text or a list of texts");
  if (value.is_null()) return std::vector<std::string>{""};
  if (!value.is_array()) return std::vector<std::string>{plain(value)};
  std::vector<std::string> values;
  for (const auto& one : value) {
    if (one.is_structured()) return at(path, "must be a text or a list of texts");
    values.push_back(one.is_null() ? "" : plain(one));
  }
  return values;
}

Result<Fields> fields_at(const Json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return Fields{};
  if (!found->is_object()) return at(path + "." + key, "must be an object");
  Fields fields;
  for (const auto& [name, value] : found->items()) {
    TRY(auto values, values_of(value, path + "." + key + "['" + name + "']"));
    fields.emplace_back(name, std::move(values));
  }
  return fields;
}

Result<Fields> query_at(const Json& object, const std::string& path) {
  const auto found = object.find("query");
  if (found != object.end() && found->is_string()) return parse_fields(found->get_ref<const std::string&>());
  return fields_at(object, "query", path);
}

std::string content_type_of(const Fields& headers) {
  const auto* values = find(headers, "content-type", true);
  return values == nullptr || values->empty() ? std::string() : (*values)[0];
}

void take_json_or_text(Body& body, const Json& value) {
  // A text is a text where the content type is one of text; where it says JSON, it is JSON's text, unless it is JSON
  // itself: libraries of V2 and V3 wrote both.
  if (!value.is_string()) {
    body.bytes = dump_json(value);
    if (body.content_type.empty()) body.content_type = "application/json";
  } else if (is_json(body.content_type) && !parse_json(value.get_ref<const std::string&>())) {
    body.bytes = dump_json(value);
  } else {
    body.bytes = as_bytes(value.get<std::string>(), body.content_type);
  }
  body.state = Body::State::present;
}

// V1 to V3: the body itself.
Body plain_body(const Json& object, const char* key, const std::string& content_type) {
  Body body;
  body.content_type = content_type;
  const auto found = object.find(key);
  if (found == object.end()) return body;
  if (found->is_null()) {
    body.state = Body::State::null;
  } else if (*found == "") {
    body.state = Body::State::empty;
  } else {
    take_json_or_text(body, *found);
  }
  return body;
}

Result<void> take_content(Body& body, const Json& content, const Json& encoded, const std::string& path) {
  const bool base64 = encoded == true || (encoded.is_string() && http::iequals(encoded.get<std::string>(), "base64"));
  if (base64) {
    if (!content.is_string()) return at(path + ".content", "must be a text in base64");
    auto text = content.get<std::string>();
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });  // as MIME wraps it
    auto bytes = from_base64(text);
    if (!bytes) return at(path + ".content", bytes.error().message);
    body.bytes = std::move(bytes).value();
  } else if (encoded.is_string() && content.is_string()) {
    body.bytes = content.get<std::string>();  // "JSON": JSON as a text
  } else if (content.is_string() && !is_json(body.content_type)) {
    body.bytes = content.get<std::string>();
  } else {
    body.bytes = content == "" ? "" : dump_json(content);
    if (body.content_type.empty()) body.content_type = "application/json";
  }
  body.state = body.bytes.empty() ? Body::State::empty : Body::State::present;
  return success();
}

// V4: {"content": …, "contentType": …, "encoded": …}
Result<Body> described_body(const Json& object, const char* key, const std::string& content_type,
                            const std::string& where) {
  Body body;
  body.content_type = content_type;
  const auto found = object.find(key);
  if (found == object.end()) return body;
  const auto path = where + "." + key;
  if (found->is_null()) {
    body.state = Body::State::null;
    return body;
  }
  if (!found->is_object()) return at(path, "must be an object with content, contentType and encoded");
  constexpr std::array<std::string_view, 4> known = {"content", "contentType", "encoded", "contentTypeHint"};
  body.extra = others(*found, known);
  TRY(const auto own_type, text_at(*found, "contentType", path, false));
  if (!own_type.empty() && (content_type.empty() || media_type(content_type) != media_type(own_type))) {
    body.content_type = own_type;
  }
  TRY(body.hint, text_at(*found, "contentTypeHint", path, false));
  const auto content = found->find("content");
  if (content == found->end()) {
    body.extra = *found;  // a description of nothing
    return body;
  }
  if (content->is_null()) {
    body.state = Body::State::null;
    return body;
  }
  TRY(take_content(body, *content, found->value("encoded", Json(false)), path));
  return body;
}

Result<Body> body_at(const Json& object, const char* key, const std::string& content_type, Version version,
                     const std::string& path) {
  if (version == Version::v4) return described_body(object, key, content_type, path);
  return plain_body(object, key, content_type);
}

template <class Part>
Result<void> rules_and_generators(Part& part, const Json& object, const std::string& path) {
  if (const auto rules = object.find("matchingRules"); rules != object.end()) {
    TRY(part.rules, read_rules(*rules, path + ".matchingRules"));
  }
  if (const auto generators = object.find("generators"); generators != object.end()) {
    TRY(part.generators, read_generators(*generators, path + ".generators"));
  }
  return success();
}

Result<HttpRequest> read_request(const Json& object, Version version, const std::string& path) {
  if (!object.is_object()) return at(path, "must be an object");
  constexpr std::array<std::string_view, 7> known = {"method", "path",          "query",     "headers",
                                                     "body",   "matchingRules", "generators"};
  HttpRequest request;
  request.extra = others(object, known);
  TRY(auto method, text_at(object, "method", path, false));
  TRY(auto target, text_at(object, "path", path, false));
  std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
  if (!method.empty()) request.method = std::move(method);
  if (object.contains("path")) request.path = std::move(target);
  TRY(request.query, query_at(object, path));
  TRY(request.headers, fields_at(object, "headers", path));
  TRY(request.body, body_at(object, "body", content_type_of(request.headers), version, path));
  TRY(rules_and_generators(request, object, path));
  return request;
}

Result<HttpResponse> read_response(const Json& object, Version version, const std::string& path) {
  if (!object.is_object()) return at(path, "must be an object");
  constexpr std::array<std::string_view, 5> known = {"status", "headers", "body", "matchingRules", "generators"};
  HttpResponse response;
  response.extra = others(object, known);
  if (const auto status = object.find("status"); status != object.end()) {
    if (!status->is_number_integer() || *status < 100 || *status > 599) {
      return at(path + ".status", "must be a number from 100 to 599");
    }
    response.status = status->get<int>();
  }
  TRY(response.headers, fields_at(object, "headers", path));
  TRY(response.body, body_at(object, "body", content_type_of(response.headers), version, path));
  TRY(rules_and_generators(response, object, path));
  return response;
}

std::string content_type_of(const Json& metadata) {
  for (const auto& [key, value] : metadata.items()) {
    if (value.is_string() && (http::iequals(key, "contenttype") || http::iequals(key, "content-type"))) {
      return value.get<std::string>();
    }
  }
  return {};
}

// `own` are the keys that belong to the interaction around it, where the message is not an object of its own.
Result<Message> read_message(const Json& object, Version version, const std::string& path, bool whole) {
  if (!object.is_object()) return at(path, "must be an object");
  constexpr std::array<std::string_view, 5> known = {"contents", "metadata", "metaData", "matchingRules", "generators"};
  Message message;
  if (!whole) message.extra = others(object, known);
  TRY(message.metadata, object_at(object, object.contains("metaData") ? "metaData" : "metadata", path));
  TRY(message.contents, body_at(object, "contents", content_type_of(message.metadata), version, path));
  TRY(rules_and_generators(message, object, path));
  return message;
}

Result<std::vector<ProviderState>> read_states(const Json& object, const std::string& path) {
  std::vector<ProviderState> states;
  for (const char* key : {"providerState", "provider_state"}) {
    const auto single = object.find(key);
    if (single != object.end() && single->is_string() && *single != "")
      states.push_back({single->get<std::string>(), Json::object(), Json::object()});
  }
  const auto found = object.find("providerStates");
  if (found == object.end() || found->is_null()) return states;
  if (found->is_string())
    return std::vector<ProviderState>{{found->get<std::string>(), Json::object(), Json::object()}};
  const auto here = path + ".providerStates";
  if (!found->is_array()) return at(here, "must be a list");
  states.clear();
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& written = (*found)[i];
    const auto where = here + "[" + std::to_string(i) + "]";
    if (!written.is_object()) return at(where, "must be an object with a name");
    constexpr std::array<std::string_view, 2> known = {"name", "params"};
    ProviderState state;
    TRY(state.name, text_at(written, "name", where, true));
    TRY(state.params, object_at(written, "params", where));
    state.extra = others(written, known);
    states.push_back(std::move(state));
  }
  return states;
}

constexpr std::array<std::string_view, 18> interaction_keys = {"type",
                                                               "description",
                                                               "key",
                                                               "providerState",
                                                               "provider_state",
                                                               "providerStates",
                                                               "pending",
                                                               "comments",
                                                               "request",
                                                               "response",
                                                               "contents",
                                                               "metadata",
                                                               "metaData",
                                                               "matchingRules",
                                                               "generators",
                                                               "pluginConfiguration",
                                                               "transport",
                                                               "_id"};

Result<void> read_common(Interaction& made, const Json& object, const std::string& path) {
  TRY(made.description, text_at(object, "description", path, true));
  TRY(made.key, text_at(object, "key", path, false));
  TRY(made.states, read_states(object, path));
  if (const auto pending = object.find("pending"); pending != object.end() && !pending->is_null()) {
    if (!pending->is_boolean()) return at(path + ".pending", "must be true or false");
    made.pending = pending->get<bool>();
  }
  TRY(made.comments, object_at(object, "comments", path));
  TRY(made.plugin_configuration, object_at(object, "pluginConfiguration", path));
  TRY(made.transport, text_at(object, "transport", path, false));
  made.extra = others(object, interaction_keys);
  if (const auto id = object.find("_id"); id != object.end()) made.extra["_id"] = *id;
  return success();
}

Result<void> read_sync_message(Interaction& made, const Json& object, Version version, const std::string& path) {
  if (!object.contains("request")) return at(path + ".request", "is missing");
  TRY(made.sync_request, read_message(object["request"], version, path + ".request", false));
  const auto found = object.find("response");
  if (found == object.end() || found->is_null()) return success();
  if (!found->is_array()) {
    TRY(auto only, read_message(*found, version, path + ".response", false));
    made.sync_responses.push_back(std::move(only));
    return success();
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    TRY(auto one, read_message((*found)[i], version, path + ".response[" + std::to_string(i) + "]", false));
    made.sync_responses.push_back(std::move(one));
  }
  return success();
}

// Keys that only another kind of interaction has mean nothing in this one, and are kept as any unknown one.
void keep(Interaction& made, const Json& object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto found = object.find(key); found != object.end()) made.extra[key] = *found;
  }
}

Result<Interaction> read_interaction(const Json& object, Version version, const std::string& path, bool message) {
  if (!object.is_object()) return at(path, "must be an object");
  Interaction made;
  TRY(read_common(made, object, path));
  TRY(const auto type, text_at(object, "type", path, false));
  if (message || type == "Asynchronous/Messages") {
    made.kind = InteractionKind::message;
    keep(made, object, {"request", "response"});
    TRY(made.message, read_message(object, version, path, true));
  } else if (type == "Synchronous/Messages") {
    made.kind = InteractionKind::sync_message;
    keep(made, object, {"contents", "metadata", "metaData", "matchingRules", "generators"});
    TRY(read_sync_message(made, object, version, path));
  } else if (type.empty() || type == "Synchronous/HTTP") {
    if (!object.contains("request")) return at(path + ".request", "is missing");
    keep(made, object, {"contents", "metadata", "metaData", "matchingRules", "generators"});
    TRY(made.request, read_request(object["request"], version, path + ".request"));
    TRY(made.response, read_response(object.value("response", Json::object()), version, path + ".response"));
  } else {
    made.kind = InteractionKind::other;
    made.extra = object;
  }
  return made;
}

Result<Version> version_of(const Json& document) {
  const auto metadata = document.find("metadata");
  if (metadata == document.end() || !metadata->is_object()) return Version::v2;
  std::string text;
  for (const char* key : {"pactSpecification", "pact-specification"}) {
    const auto found = metadata->find(key);
    if (found != metadata->end() && found->is_object() && found->contains("version")) {
      const auto& version = (*found)["version"];
      text = version.is_string() ? version.get<std::string>() : dump_json(version);
    }
  }
  const auto flat = metadata->find("pactSpecificationVersion");
  if (text.empty() && flat != metadata->end()) text = flat->is_string() ? flat->get<std::string>() : dump_json(*flat);
  if (text.empty()) return Version::v2;
  if (text.starts_with("1")) return Version::v1;
  if (text.starts_with("2")) return Version::v2;
  if (text.starts_with("3")) return Version::v3;
  if (text.starts_with("4")) return Version::v4;
  return at("$.metadata.pactSpecification.version", "must be 1 to 4, is \"" + text.substr(0, 40) + "\"");
}

Result<std::string> pacticipant(const Json& document, const char* side, Json& extra) {
  const auto path = std::string("$.") + side;
  const auto found = document.find(side);
  if (found == document.end()) return at(path, "is missing");
  if (!found->is_object()) return at(path, "must be an object with a name");
  constexpr std::array<std::string_view, 1> known = {"name"};
  extra = others(*found, known);
  TRY(auto name, text_at(*found, "name", path, true));
  if (name.empty()) return at(path + ".name", "must not be empty");
  return name;
}

Result<void> read_list(Pact& pact, const Json& document, const char* key, bool messages) {
  const auto found = document.find(key);
  if (found == document.end() || found->is_null()) return success();
  if (!found->is_array()) return at(std::string("$.") + key, "must be a list");
  if (found->size() > max_interactions) return at(std::string("$.") + key, "has more than 10000 elements");
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto path = std::string("$.") + key + "[" + std::to_string(i) + "]";
    auto one = read_interaction((*found)[i], pact.version, path, messages);
    if (!one) {
      auto error = one.error();
      const auto& written = (*found)[i];
      const auto name = written.is_object() && written.contains("description") && written["description"].is_string()
                            ? " (\"" + written["description"].get<std::string>().substr(0, 80) + "\")"
                            : std::string();
      error.message = "interaction " + std::to_string(i + 1) + name + ": " +
                      (error.fields.empty() ? error.message : error.fields[0].field + " " + error.fields[0].message);
      return error;
    }
    pact.interactions.push_back(std::move(one).value());
  }
  return success();
}

Result<Pact> read_document(const Json& document) {
  if (!document.is_object()) return at("$", "must be an object");
  constexpr std::array<std::string_view, 5> known = {"consumer", "provider", "interactions", "messages", "metadata"};
  Pact pact;
  pact.extra = others(document, known);
  TRY(pact.consumer, pacticipant(document, "consumer", pact.consumer_extra));
  TRY(pact.provider, pacticipant(document, "provider", pact.provider_extra));
  TRY(pact.version, version_of(document));
  TRY(pact.metadata, object_at(document, "metadata", "$"));
  for (const char* key : {"pactSpecification", "pact-specification", "pactSpecificationVersion"})
    pact.metadata.erase(key);
  TRY(read_list(pact, document, "interactions", false));
  TRY(read_list(pact, document, "messages", true));
  return pact;
}

}  // namespace

Result<Pact> read_pact(std::string_view text, const std::string& name) {
  TRY(const auto document, parse_pact(text, name));
  return to_pact(document, name);
}

Result<Json> parse_pact(std::string_view text, const std::string& name) {
  if (text.size() > max_file_bytes) return fail(ErrorCode::too_large, name + ": is larger than 32 MiB");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  auto document = parse_json(text);
  if (!document) return fail(ErrorCode::malformed, name + ": " + document.error().message);
  return document;
}

Result<Pact> to_pact(const Json& document, const std::string& name) {
  auto pact = read_document(document);
  if (pact) return pact;
  auto error = pact.error();
  const bool placed = error.message.starts_with("interaction ");
  error.message =
      name + ": " + (placed || error.fields.empty() ? error.message : error.fields[0].field + " " + error.message);
  return error;
}

}  // namespace base::pact
