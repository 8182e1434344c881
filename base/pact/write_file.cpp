// Writing Pact files in the specification's versions 3 and 4, and merging them.
#include <algorithm>

#include "base/base64.hpp"
#include "base/pact/file.hpp"

namespace base::pact {
namespace {

Json sorted(const Json& value) {
  if (value.is_array()) {
    Json list = Json::array();
    for (const auto& one : value) list.push_back(sorted(one));
    return list;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string, const Json*>> keys;
  for (const auto& [key, inner] : value.items()) keys.emplace_back(key, &inner);
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json object = Json::object();
  for (const auto& [key, inner] : keys) object[key] = sorted(*inner);
  return object;
}

bool valid_text(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::exception&) {
    return false;  // not UTF-8
  }
}

Json write_fields(const Fields& fields, Version version, bool query) {
  Json written = Json::object();
  for (const auto& [name, values] : fields) {
    if (version == Version::v4 || query) {
      written[name] = values;
      continue;
    }
    std::string joined;
    for (const auto& value : values) joined += (&value == values.data() ? "" : ", ") + value;
    written[name] = joined;
  }
  return written;
}

// V4: content as JSON or text where it is one, else in base64.
Json write_described(const Body& body) {
  Json written = body.extra;
  if (body.state == Body::State::empty) {
    written["content"] = "";
    if (body.content_type.empty()) return written;
    written["contentType"] = body.content_type;
    if (!body.hint.empty()) written["contentTypeHint"] = body.hint;
    written["encoded"] = is_text(body.content_type) ? Json(false) : Json("base64");
    return written;
  }
  written["contentType"] = body.content_type.empty() ? sniff(body.bytes) : body.content_type;
  if (!body.hint.empty()) written["contentTypeHint"] = body.hint;
  const auto type = written["contentType"].get<std::string>();
  if (is_json(type)) {
    auto document = parse_json(body.bytes);
    // An empty text would read as an empty body.
    if (document && document.value() != "") {
      written["content"] = std::move(document).value();
      written["encoded"] = false;
      return written;
    }
  }
  if (!is_json(type) && is_text(type) && body.hint != "BINARY" && valid_text(body.bytes)) {
    written["content"] = body.bytes;
    written["encoded"] = false;
    return written;
  }
  written["content"] = to_base64(body.bytes);
  written["encoded"] = "base64";
  return written;
}

Result<void> write_body(Json& into, const char* key, const Body& body, Version version) {
  if (body.state == Body::State::missing) {
    if (version == Version::v4 && !body.extra.empty()) into[key] = body.extra;
    return success();
  }
  if (body.state == Body::State::null) {
    into[key] = nullptr;
  } else if (version == Version::v4) {
    into[key] = write_described(body);
  } else if (body.state == Body::State::empty) {
    into[key] = "";
  } else {
    auto document = parse_json(body.bytes);
    if (is_json(body.content_type) && document && !document.value().is_string()) {
      into[key] = std::move(document).value();
    } else if (!body.content_type.empty() && !is_text(body.content_type)) {
      into[key] = to_base64(body.bytes);  // as it is read
    } else if (valid_text(body.bytes)) {
      into[key] = body.bytes;
    } else {
      return fail(ErrorCode::invalid,
                  "a body that is not text, without a binary content type, cannot be written in version 3");
    }
  }
  return success();
}

template <class Part>
void write_part(Json& into, const Part& part) {
  if (!part.rules.empty()) into["matchingRules"] = write_rules(part.rules);
  if (!part.generators.empty()) into["generators"] = write_generators(part.generators);
}

Result<Json> write_request(const HttpRequest& request, Version version) {
  Json written = request.extra;
  written["method"] = request.method;
  written["path"] = request.path;
  if (!request.query.empty()) written["query"] = write_fields(request.query, version, true);
  if (!request.headers.empty()) written["headers"] = write_fields(request.headers, version, false);
  TRY(write_body(written, "body", request.body, version));
  write_part(written, request);
  return written;
}

Result<Json> write_response(const HttpResponse& response, Version version) {
  Json written = response.extra;
  written["status"] = response.status;
  if (!response.headers.empty()) written["headers"] = write_fields(response.headers, version, false);
  TRY(write_body(written, "body", response.body, version));
  write_part(written, response);
  return written;
}

Result<void> write_message(Json& into, const Message& message, Version version) {
  TRY(write_body(into, "contents", message.contents, version));
  if (!message.metadata.empty()) into[version == Version::v4 ? "metadata" : "metaData"] = message.metadata;
  write_part(into, message);
  return success();
}

Result<void> write_kind(Json& written, const Interaction& one, Version version) {
  switch (one.kind) {
    case InteractionKind::http: {
      TRY(written["request"], write_request(one.request, version));
      TRY(written["response"], write_response(one.response, version));
      return success();
    }
    case InteractionKind::message:
      return write_message(written, one.message, version);
    case InteractionKind::sync_message: {
      if (version != Version::v4) return fail(ErrorCode::invalid, "synchronous messages need version 4");
      written["request"] = one.sync_request.extra;
      TRY(write_message(written["request"], one.sync_request, version));
      written["response"] = Json::array();
      for (const auto& response : one.sync_responses) {
        Json inner = response.extra;
        TRY(write_message(inner, response, version));
        written["response"].push_back(std::move(inner));
      }
      return success();
    }
    case InteractionKind::other:
      break;
  }
  return success();
}

Result<Json> write_interaction(const Interaction& one, Version version) {
  Json written = one.extra;
  if (one.kind == InteractionKind::other) {
    if (version != Version::v4) return fail(ErrorCode::invalid, "interactions of other types need version 4");
    return written;
  }
  written["description"] = one.description;
  if (!one.states.empty()) {
    written["providerStates"] = Json::array();
    for (const auto& state : one.states) {
      Json inner = state.extra;
      inner["name"] = state.name;
      if (!state.params.empty()) inner["params"] = state.params;
      written["providerStates"].push_back(std::move(inner));
    }
  }
  if (version == Version::v4) {
    written["type"] = to_text(one.kind);
    written["key"] = one.key.empty() ? make_key(one) : one.key;
    written["pending"] = one.pending;
    if (!one.comments.empty()) written["comments"] = one.comments;
    if (!one.plugin_configuration.empty()) written["pluginConfiguration"] = one.plugin_configuration;
    if (!one.transport.empty()) written["transport"] = one.transport;
  }
  TRY(write_kind(written, one, version));
  return written;
}

std::string order_of(const Interaction& one) {
  return one.description + '\x01' + describe(one.states) + '\x01' + std::string(to_text(one.kind));
}

bool same_subject(const Interaction& a, const Interaction& b) {
  if (a.kind != b.kind || a.description != b.description || a.states.size() != b.states.size()) return false;
  return std::equal(a.states.begin(), a.states.end(), b.states.begin(),
                    [](const ProviderState& x, const ProviderState& y) {
                      return x.name == y.name && sorted(x.params) == sorted(y.params);
                    });
}

// Where two documents differ first: for the sentence of a conflict.
std::string difference(const Json& a, const Json& b, const std::string& path) {
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.items()) {
      if (!b.contains(key)) return path + "." + key;
      if (value != b[key]) return difference(value, b[key], path + "." + key);
    }
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) return path + "." + key;
    }
  }
  return path;
}

}  // namespace

Json write_message(const Message& message) {
  Json written = Json::object();
  if (message.contents.state != Body::State::missing) {
    written["contents"] = message.contents.state == Body::State::null ? Json() : write_described(message.contents);
  }
  if (!message.metadata.empty()) written["metadata"] = message.metadata;
  return written;
}

std::string make_key(const Interaction& interaction) {
  // FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): stable across machines and versions.
  std::uint64_t hash = 14695981039346656037ULL;
  for (const unsigned char c : order_of(interaction)) hash = (hash ^ c) * 1099511628211ULL;
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4U) text[i] = "0123456789abcdef"[hash & 15U];
  return text;
}

Result<std::string> write_pact(const Pact& pact, Version version) {
  if (version < Version::v3) return fail(ErrorCode::invalid, "Pact files are written in version 3 or 4");
  std::vector<const Interaction*> order;
  for (const auto& one : pact.interactions) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return order_of(*a) < order_of(*b); });
  Json document = pact.extra;
  document["consumer"] = pact.consumer_extra;
  document["consumer"]["name"] = pact.consumer;
  document["provider"] = pact.provider_extra;
  document["provider"]["name"] = pact.provider;
  document["metadata"] = pact.metadata;
  document["metadata"]["pactSpecification"] = {{"version", to_text(version)}};
  Json interactions = Json::array();
  Json messages = Json::array();
  for (const auto* one : order) {
    TRY(auto written, write_interaction(*one, version));
    (version == Version::v3 && one->kind == InteractionKind::message ? messages : interactions)
        .push_back(std::move(written));
  }
  if (!messages.empty() && !interactions.empty()) {
    return fail(ErrorCode::invalid, "version 3 cannot hold HTTP and messages in one file");
  }
  if (messages.empty()) {
    document["interactions"] = std::move(interactions);
  } else {
    document["messages"] = std::move(messages);
  }
  return dump_json_pretty(sorted(document)) + "\n";
}

Result<void> merge(Pact& into, Interaction interaction) {
  const auto there = std::find_if(into.interactions.begin(), into.interactions.end(),
                                  [&](const Interaction& one) { return same_subject(one, interaction); });
  if (there == into.interactions.end()) {
    into.interactions.push_back(std::move(interaction));
    return success();
  }
  const bool same_key = !there->key.empty() && there->key == interaction.key;
  if (!same_key) {
    TRY(const auto before, write_interaction(*there, Version::v4));
    TRY(const auto after, write_interaction(interaction, Version::v4));
    const auto a = sorted(before);
    const auto b = sorted(after);
    if (a != b) {
      return fail(ErrorCode::conflict,
                  "two interactions are called \"" + interaction.description + "\"" +
                      (interaction.states.empty() ? "" : " given " + describe(interaction.states)) + " and differ at " +
                      difference(a, b, "$"));
    }
  }
  *there = std::move(interaction);
  return success();
}

Result<void> merge(Pact& into, const Pact& from) {
  if (into.consumer != from.consumer || into.provider != from.provider) {
    return fail(ErrorCode::invalid, "a pact of " + from.consumer + " and " + from.provider + " cannot go into one of " +
                                        into.consumer + " and " + into.provider);
  }
  for (const auto& one : from.interactions) {
    TRY(merge(into, one));
  }
  return success();
}

}  // namespace base::pact
