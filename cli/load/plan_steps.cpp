#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/http/message.hpp"
#include "cli/load/origin.hpp"
#include "cli/load/plan_reader.hpp"
#include "cli/load/pointer.hpp"
#include "cli/load/units.hpp"
#include "supervisor/spec/suggest.hpp"
#include "supervisor/spec/yaml.hpp"

namespace load {
namespace {

using base::Json;
using spec::child_pointer;

constexpr std::array<std::string_view, 17> grpc_codes{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

bool has(const Json& json, const char* key) { return json.is_object() && json.contains(key); }

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Protocol protocol_of(const std::string& scheme, bool is_grpc) {
  if (is_grpc) return scheme == "https" || scheme == "grpcs" ? Protocol::grpcs : Protocol::grpc;
  return scheme == "https" ? Protocol::https : Protocol::http;
}

std::string authority_of(const std::string& host, std::uint16_t port, bool usual) {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return usual ? shown : shown + ":" + std::to_string(port);
}

// A value of a query or a form.
void add_encoded(Text& into, const Text& value) {
  for (auto part : value.parts) {
    if (part.source == Source::literal) {
      into.add_literal(base::http::percent_encode(part.text));
    } else {
      part.escape = Escape::url;
      into.parts.push_back(std::move(part));
    }
  }
}

bool is_same(const Origin& a, const Origin& b) {
  return a.protocol == b.protocol && a.host == b.host && a.ports == b.ports && a.service == b.service;
}

}  // namespace

std::string_view grpc_code(int status) {
  return status >= 0 && static_cast<std::size_t>(status) < grpc_codes.size()
             ? grpc_codes.at(static_cast<std::size_t>(status))
             : std::string_view();
}

std::string text_of(const Json& scalar) {
  return scalar.is_string() ? scalar.get<std::string>() : base::dump_json(scalar);
}

std::vector<Verb> verbs_of(const Json& step) {
  static const std::array<Verb, 8> known{{{"GET", "get"},
                                          {"POST", "post"},
                                          {"PUT", "put"},
                                          {"PATCH", "patch"},
                                          {"DELETE", "delete"},
                                          {"HEAD", "head"},
                                          {"OPTIONS", "options"},
                                          {"POST", "grpc"}}};
  std::vector<Verb> found;
  for (const auto& verb : known) {
    if (has(step, verb.key.c_str())) found.push_back(verb);
  }
  return found;
}

Text PlanReader::text(const std::string& value, Escape escape, const std::string& at) {
  auto read = read_text(value, escape, names_);
  if (!read) return complain(at, read.error().message), Text{};
  return std::move(read).value();
}

// The origin of a target; what its URL has as path goes before the step's own.
std::size_t PlanReader::origin(const std::string& target, const std::string& at, bool is_grpc, std::string& base_path) {
  if (target.find("${") != std::string::npos)
    return complain(at, "the host cannot be chosen by ${…}, only the path"), 0;
  const auto read = read_address(target);
  if (!read) return complain(at, read.error().message), 0;
  const Address& address = read.value();
  base_path = address.path;
  Origin found;
  found.protocol = protocol_of(address.scheme, is_grpc);
  found.host = address.host;
  if (address.scheme.empty()) {
    found.service = address.host;
    const std::string key = found.service + "." +
                            (!address.port_name.empty() ? address.port_name
                             : is_grpc                  ? "grpc"
                                                        : "http");
    found.host = "127.0.0.1";
    const auto resolved = document_.find("resolved");
    if (resolved != document_.end() && resolved->contains(key)) {
      const Json& known = resolved->at(key);
      found.host = known.value("host", "127.0.0.1");
      found.ports = known.at("ports").get<std::vector<std::uint16_t>>();
      if (known.value("tls", false)) found.protocol = is_grpc ? Protocol::grpcs : Protocol::https;
    } else if (with_addresses_) {
      complain(at, "there is no address of " + key);
    }
    if (found.ports.empty()) found.ports.push_back(0);
  } else {
    found.ports.push_back(address.port);
  }
  const bool tls = found.protocol == Protocol::https || found.protocol == Protocol::grpcs;
  found.authority = authority_of(found.host, found.ports.front(), found.ports.front() == (tls ? 443 : 80));
  auto& origins = out_.plan.origins;
  const auto same =
      std::find_if(origins.begin(), origins.end(), [&](const Origin& one) { return is_same(one, found); });
  if (same != origins.end()) return static_cast<std::size_t>(same - origins.begin());
  origins.push_back(std::move(found));
  return origins.size() - 1;
}

void PlanReader::read_request(const Json& json, const std::string& at, Step& step) {
  const auto verbs = verbs_of(json);
  if (verbs.size() != 1) {
    return complain(at, verbs.empty() ? "expected one of get, post, put, patch, delete, head, options and grpc"
                                      : "has two methods; a step is one request");
  }
  const std::string key_at = child_pointer(at, verbs.front().key);
  std::string path = json[verbs.front().key].get<std::string>();
  const bool is_grpc = verbs.front().key == "grpc";
  step.method = verbs.front().method;
  if (step.name.empty()) step.name = is_grpc ? path : step.method + " " + path;
  std::string target = json.value("target", document_.value("target", ""));
  std::string target_at = json.contains("target") ? child_pointer(at, "target") : "/target";
  if (is_grpc) {
    if (path.starts_with("/")) path.erase(0, 1);
    step.grpc_method = path;
    path.insert(0, "/");
  } else if (!path.starts_with("/")) {
    // A whole address: its path may hold ${…}, the host may not.
    const std::size_t scheme = path.find("://");
    const std::size_t slash = path.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    target = path.substr(0, slash);
    path = slash == std::string::npos ? "/" : path.substr(slash);
    target_at = key_at;
    if (scheme == std::string::npos && !target.empty() && target.back() == ':') target.pop_back();
  }
  if (target.empty()) {
    return complain(key_at, "has no target; give `target: SERVICE` or a URL at the top of the file or in the step");
  }
  std::string base_path;
  step.origin = origin(target, target_at, is_grpc, base_path);
  while (base_path.ends_with('/')) base_path.pop_back();
  for (const char c : path) {
    if (static_cast<unsigned char>(c) > ' ' && c != 0x7F) continue;
    return complain(key_at, "has blanks or control characters in the path; write %20 for a blank");
  }
  step.target = text(base_path + path, Escape::url, key_at);
  bool first = path.find('?') == std::string::npos;
  if (!json.contains("query")) return;
  for (const auto& [name, value] : json["query"].items()) {
    step.target.add_literal((first ? "?" : "&") + base::http::percent_encode(name) + "=");
    add_encoded(step.target, text(text_of(value), Escape::none, child_pointer(at + "/query", name)));
    first = false;
  }
}

void PlanReader::read_headers(const Json& headers, const std::string& at, Step& step) {
  for (const auto& [name, value] : headers.items()) {
    const std::string pointer = child_pointer(at, name);
    if (!is_field_name(name)) {
      complain(pointer, "is no name of a header");
      continue;
    }
    if (base::http::iequals(name, "content-length") || base::http::iequals(name, "transfer-encoding") ||
        base::http::iequals(name, "connection")) {
      complain(pointer, "is set by msctl load itself");
      continue;
    }
    const std::string content = text_of(value);
    if (content.find_first_of("\r\n") != std::string::npos || content.find('\0') != std::string::npos) {
      complain(pointer, "has a line end in it");
      continue;
    }
    Text read = text(content, Escape::header, pointer);
    const auto same = std::find_if(step.headers.begin(), step.headers.end(),
                                   [&, &name = name](const auto& one) { return base::http::iequals(one.first, name); });
    if (same != step.headers.end()) {
      same->second = std::move(read);
    } else {
      step.headers.emplace_back(name, std::move(read));
    }
  }
}

// On every step from the first one on that knows the names in it: the login step before has no token yet.
void PlanReader::read_auth(Step& step, Around& around) {
  if (around.auth == nullptr || around.auth->is_null() || around.auth_at.empty()) return;
  const Json& auth = *around.auth;
  Text header;
  if (auth.contains("bearer")) {
    auto read = read_text(auth["bearer"].get_ref<const std::string&>(), Escape::header, names_);
    if (!read) return void(around.auth_why = read.error().message);
    header.add_literal("Bearer ");
    for (auto& part : read.value().parts) {
      if (part.source == Source::literal) {
        header.add_literal(part.text);
      } else {
        header.parts.push_back(std::move(part));
      }
    }
  } else {
    const auto user = read_text(auth["basic"]["user"].get_ref<const std::string&>(), Escape::none, names_);
    const auto password = read_text(auth["basic"]["password"].get_ref<const std::string&>(), Escape::none, names_);
    if (!user || !password) return void(around.auth_why = (user ? password : user).error().message);
    if (!user.value().is_static() || !password.value().is_static()) {
      return void(around.auth_why =
                      "user and password may hold ${env:NAME}, but nothing that changes from request to request");
    }
    const auto fixed = [](const Text& one) { return one.empty() ? std::string() : one.parts.front().text; };
    header.add_literal("Basic " + base::to_base64(fixed(user.value()) + ":" + fixed(password.value())));
  }
  around.auth_used = true;
  const bool given = std::any_of(step.headers.begin(), step.headers.end(),
                                 [](const auto& one) { return base::http::iequals(one.first, "authorization"); });
  if (!given) step.headers.emplace_back("Authorization", std::move(header));
}

void PlanReader::read_body(const Json& json, const std::string& at, Step& step) {
  int bodies = 0;
  const auto content_type = [&](const char* type) {
    const bool given = std::any_of(step.headers.begin(), step.headers.end(),
                                   [](const auto& one) { return base::http::iequals(one.first, "content-type"); });
    if (!given) step.headers.emplace_back("Content-Type", Text{{{Source::literal, Escape::none, type}}});
  };
  for (const char* key : {"json", "message"}) {
    if (!json.contains(key)) continue;
    ++bodies;
    auto read = read_json_text(json[key], names_);
    if (!read) complain(child_pointer(at, key), read.error().message);
    if (read) step.body = std::move(read).value();
    const bool is_message = std::string_view(key) == "message";
    if (is_message == step.grpc_method.empty()) {
      complain(child_pointer(at, key), is_message ? "belongs to a step with grpc; a request has json"
                                                  : "belongs to a request; a step with grpc has a message");
    }
    if (!is_message) content_type("application/json");
  }
  if (json.contains("body")) {
    ++bodies;
    step.body = text(json["body"].get<std::string>(), Escape::none, child_pointer(at, "body"));
  }
  if (json.contains("form")) {
    ++bodies;
    for (const auto& [name, value] : json["form"].items()) {
      step.body.add_literal((step.body.empty() ? "" : "&") + base::http::percent_encode(name) + "=");
      add_encoded(step.body, text(text_of(value), Escape::none, child_pointer(at + "/form", name)));
    }
    content_type("application/x-www-form-urlencoded");
  }
  if (bodies > 1) complain(at, "has more than one of json, body, form and message");
}

void PlanReader::read_expect(const Json& expect, const std::string& at, Step& step) {
  const auto add_status = [&](const Json& one) {
    if (one.is_number()) return step.expect.statuses.emplace_back(one.get<int>(), one.get<int>()), true;
    const auto& word = one.get_ref<const std::string&>();
    if (word.size() == 3 && word.ends_with("xx")) {
      const int hundred = (word[0] - '0') * 100;
      return step.expect.statuses.emplace_back(hundred, hundred + 99), true;
    }
    const auto code = std::find(grpc_codes.begin(), grpc_codes.end(), word);
    if (code == grpc_codes.end() || step.grpc_method.empty()) return false;
    const int number = static_cast<int>(code - grpc_codes.begin());
    return step.expect.statuses.emplace_back(number, number), true;
  };
  if (expect.contains("status")) {
    const Json& given = expect["status"];
    const Json list = given.is_array() ? given : Json::array({given});
    for (const auto& one : list) {
      if (!add_status(one)) complain(at + "/status", text_of(one) + " is no status that this step can have");
    }
  }
  if (expect.contains("json")) {
    for (const auto& [pointer, value] : expect["json"].items()) {
      if (!is_pointer(pointer))
        complain(child_pointer(at + "/json", pointer), "is no JSON pointer: ~ is written ~0, / ~1");
      step.expect.json.emplace_back(pointer, value);
    }
  }
  const auto pattern = [&](const std::string& regex, const std::string& pointer) {
    auto made = base::Pattern::make(regex);
    if (!made) complain(pointer, made.error().message);
    return made;
  };
  if (expect.contains("headers")) {
    for (const auto& [name, regex] : expect["headers"].items()) {
      auto made = pattern(regex.get<std::string>(), child_pointer(at + "/headers", name));
      if (made) step.expect.headers.emplace_back(name, std::move(made).value());
    }
  }
  if (expect.contains("body")) {
    auto made = pattern(expect["body"].get<std::string>(), at + "/body");
    if (made) step.expect.body = std::move(made).value();
  }
}

void PlanReader::read_captures(const Json& captures, const std::string& at, Step& step) {
  for (const auto& [name, where] : captures.items()) {
    Capture capture;
    capture.name = name;
    const std::string pointer = child_pointer(at, name);
    if (where.is_string()) {
      capture.where = where.get<std::string>();
    } else if (where.contains("json")) {
      capture.where = where["json"].get<std::string>();
    } else if (where.contains("header")) {
      capture.from = Capture::From::header;
      capture.where = where["header"].get<std::string>();
    } else {
      capture.from = Capture::From::regex;
      auto made = base::Pattern::make(where["regex"].get<std::string>());
      if (!made) {
        complain(pointer, made.error().message);
        continue;
      }
      capture.pattern = std::move(made).value();
    }
    if (capture.from == Capture::From::json && !is_pointer(capture.where)) {
      complain(pointer, "is no JSON pointer: ~ is written ~0, / ~1");
    }
    capture.slot = names_.slot(name);
    step.captures.push_back(std::move(capture));
  }
}

void PlanReader::read_pause(const Json& json, const std::string& at, Step& step) {
  if (!json.contains("think")) return;
  if (json["think"].is_string()) {
    step.think.least_ns = step.think.most_ns = duration(json, "think", at, 0);
    return;
  }
  step.think = {duration(json["think"], "min", at + "/think", 0), duration(json["think"], "max", at + "/think", 0)};
  if (step.think.least_ns > step.think.most_ns) complain(at + "/think", "min is above max");
}

Step PlanReader::read_step(const Json& json, const std::string& at, const std::string& scenario, Around& around) {
  Step step;
  step.name = json.value("name", "");
  step.scenario = scenario;
  step.index = steps_++;
  read_request(json, at, step);
  if (around.headers != nullptr && !around.headers->is_null()) read_headers(*around.headers, "/headers", step);
  if (json.contains("headers")) read_headers(json["headers"], at + "/headers", step);
  read_auth(step, around);
  read_body(json, at, step);
  if (json.contains("expect")) read_expect(json["expect"], at + "/expect", step);
  if (json.contains("capture")) read_captures(json["capture"], at + "/capture", step);
  read_pause(json, at, step);
  step.timeout_ns = duration(json, "timeout", at, timeout_ns_);
  if (step.timeout_ns == 0) complain(at + "/timeout", "expected a timeout above 0");
  step.redirects = json.value("redirects", 0);
  read_thresholds(json, at, step.name);
  return step;
}

std::vector<Step> PlanReader::read_steps(const Json& steps, const std::string& at, const std::string& scenario,
                                         Around around) {
  std::vector<Step> read;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    read.push_back(read_step(steps[i], at + "/" + std::to_string(i), scenario, around));
    const auto same =
        std::find_if(read.begin(), read.end() - 1, [&](const Step& one) { return one.name == read.back().name; });
    if (same != read.end() - 1) read.back().name += " (" + std::to_string(i + 1) + ")";
  }
  if (!around.auth_used && !around.auth_why.empty()) complain(around.auth_at, around.auth_why);
  return read;
}

}  // namespace load
