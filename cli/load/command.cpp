#include "cli/load/command.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/random.hpp"
#include "cli/load/origin.hpp"
#include "cli/load/units.hpp"

namespace load {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::Json;

base::Error bad_option(const std::string& option, const std::string& expected, const std::string& got) {
  return base::fail(ErrorCode::malformed, option + ": expected " + expected + ", got \"" + got + "\"");
}

base::Result<void> put_number(Json& into, const char* key, const std::string& option, const std::string& text) {
  if (text.empty()) return base::success();
  const auto number = parse_number(text);
  if (!number || *number > 1e9) return bad_option(option, "a number from 0 to 1,000,000,000", text);
  if (*number == std::floor(*number)) {
    into[key] = static_cast<std::uint64_t>(*number);
  } else {
    into[key] = *number;
  }
  return base::success();
}

base::Result<void> put_duration(Json& into, const char* key, const std::string& option, const std::string& text) {
  if (text.empty()) return base::success();
  if (!parse_duration(text)) return bad_option(option, "a duration such as 30s or 500ms", text);
  into[key] = text;
  return base::success();
}

base::Result<void> put_stages(Json& load, const std::vector<std::string>& stages) {
  if (stages.empty()) return base::success();
  Json list = Json::array();
  for (const auto& text : stages) {
    const std::size_t colon = text.find(':');
    const bool at_once = text.starts_with('=');
    const auto rate = parse_number(text.substr(at_once ? 1 : 0, colon - (at_once ? 1 : 0)));
    if (colon == std::string::npos || !rate || !parse_duration(text.substr(colon + 1))) {
      return bad_option("--stage", "RATE:TIME such as 500:30s, or =500:30s for that rate at once", text);
    }
    list.push_back({{at_once ? "rate" : "to", *rate}, {"for", text.substr(colon + 1)}});
  }
  load["stages"] = std::move(list);
  load.erase("duration");
  return base::success();
}

// Whoever names a model on the command line wants that one and not the file's.
void drop_other_models(Json& load, const CommandOptions& options) {
  static constexpr std::array<const char*, 4> models{"rate", "stages", "steps", "connections"};
  if (options.rate.empty() && options.connections.empty() && options.stages.empty()) return;
  const bool had_stages = load.contains("stages") || load.contains("steps");
  for (const char* model : models) load.erase(model);
  if (!options.connections.empty()) load.erase("arrivals");
  if (had_stages && !options.duration.empty()) load.erase("duration");
}

base::Result<void> put_load(Json& document, const CommandOptions& options) {
  if (!document.contains("load")) document["load"] = Json::object();
  Json& load = document["load"];
  drop_other_models(load, options);
  TRY(put_number(load, "rate", "--rate", options.rate));
  TRY(put_number(load, "connections", "--connections", options.connections));
  TRY(put_number(load, "threads", "--threads", options.threads));
  TRY(put_number(load, "max_connections", "--max-connections", options.max_connections));
  TRY(put_number(load, "seed", "--seed", options.seed));
  TRY(put_duration(load, "duration", "--duration", options.duration));
  TRY(put_duration(load, "warmup", "--warmup", options.warmup));
  TRY(put_duration(load, "timeout", "--timeout", options.timeout));
  if (!options.arrivals.empty()) load["arrivals"] = options.arrivals;
  if (!options.stages.empty() && !options.connections.empty()) {
    return base::fail(ErrorCode::malformed, "--stage and --connections exclude each other");
  }
  if (!options.stages.empty() && !options.duration.empty()) {
    return base::fail(ErrorCode::malformed,
                      "--stage and --duration exclude each other: the stages say how long already");
  }
  TRY(put_stages(load, options.stages));
  return base::success();
}

base::Result<void> put_limits(Json& document, const CommandOptions& options) {
  for (const auto& text : options.thresholds) {
    TRY(const auto read, read_threshold(text));
    document["thresholds"].push_back(read.text);
  }
  for (const auto& text : options.budget) {
    const std::size_t equal = std::min(text.find('='), text.size());
    const std::string name = text.substr(0, equal);
    const std::string value = equal < text.size() ? text.substr(equal + 1) : "";
    if (name == "time") {
      TRY(put_duration(document["budget"], "time", "--budget time", value));
    } else if (name == "errors" || name == "requests") {
      TRY(put_number(document["budget"], name.c_str(), "--budget " + name, value));
    } else {
      return bad_option("--budget", "errors=COUNT, requests=COUNT or time=DURATION", text);
    }
    if (value.empty()) return bad_option("--budget", "errors=COUNT, requests=COUNT or time=DURATION", text);
  }
  if (!options.allow_hosts.empty()) document["allow_hosts"] = options.allow_hosts;
  return base::success();
}

base::Result<void> put_variables(Json& document, const CommandOptions& options) {
  for (const auto& text : options.variables) {
    const std::size_t equal = text.find('=');
    if (equal == std::string::npos || equal == 0) return bad_option("--var", "NAME=VALUE", text);
    document["variables"][text.substr(0, equal)] = text.substr(equal + 1);
  }
  return base::success();
}

// A run of its own for one request again and again.
base::Result<Json> one_request(const CommandOptions& options) {
  TRY(const auto address, read_address(options.what));
  Json step = Json::object();
  std::string method = options.method.empty() ? (options.data.empty() ? "get" : "post") : options.method;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 7> known{"get", "post", "put", "patch", "delete", "head", "options"};
  if (std::find(known.begin(), known.end(), method) == known.end()) {
    return bad_option("--method", "GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS", options.method);
  }
  step[method] = address.path.empty() ? "/" : address.path;
  if (!options.data.empty()) {
    if (const auto json = base::parse_json(options.data)) {
      step["json"] = json.value();
    } else {
      step["body"] = options.data;
    }
  }
  const std::size_t scheme = options.what.find("://");
  std::string target =
      options.what.substr(0, options.what.find_first_of("/?#", scheme == std::string::npos ? 0 : scheme + 3));
  if (target.ends_with(':')) target.pop_back();
  Json document{{"name", options.what}, {"target", target}};
  document["steps"] = Json::array({std::move(step)});
  return document;
}

base::Result<void> put_headers(Json& document, const CommandOptions& options) {
  for (const auto& text : options.headers) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0) return bad_option("--header", "\"Name: value\"", text);
    const std::size_t begin = text.find_first_not_of(' ', colon + 1);
    document["headers"][text.substr(0, colon)] = begin == std::string::npos ? "" : text.substr(begin);
  }
  return base::success();
}

base::Result<ScenarioFile> start_document(const CommandOptions& options) {
  if (!is_target(options.what)) {
    if (!options.method.empty() || !options.data.empty()) {
      return base::fail(ErrorCode::malformed, "--method and --data belong to a URL; a scenario file says them itself");
    }
    return read_scenario(options.what, options.what);
  }
  TRY(auto document, one_request(options));
  ScenarioFile file;
  file.source.name = options.what;
  file.document = std::move(document);
  return file;
}

std::string word_of_this_run() {
  base::SystemRandom random;
  std::string word;
  for (int i = 0; i < 8; ++i) word += "0123456789abcdef"[random.below(16)];
  return word;
}

}  // namespace

namespace {

// Where a one-liner says what is at `pointer` of the document that was made of it: `--max-connections`.
std::string place_in_options(const std::string& what, std::string_view pointer) {
  static constexpr std::string_view load = "/load/";
  if (pointer == "/load") return "";
  if (pointer.starts_with("/headers")) return "--header: ";
  if (pointer.starts_with("/tls")) return "--ca: ";
  if (pointer.starts_with("/budget")) return "--budget: ";
  if (pointer.starts_with("/thresholds")) return "--threshold: ";
  if (pointer.starts_with("/variables")) return "--var: ";
  if (pointer == "/trace_every") return "--trace-every: ";
  if (pointer.ends_with("/json") || pointer.ends_with("/body")) return "--data: ";
  if (!pointer.starts_with(load)) return what + ": ";
  std::string option(pointer.substr(load.size()));
  if (option.starts_with("stages")) return "--stage: ";
  std::replace(option.begin(), option.end(), '_', '-');
  return "--" + option + ": ";
}

base::Error told(const ScenarioFile& file, const std::string& what, const std::vector<spec::Violation>& violations) {
  if (is_target(what)) {
    const auto& first = violations.front();
    return base::fail(ErrorCode::malformed, place_in_options(what, first.pointer) + first.message);
  }
  spec::Problems problems;
  for (const auto& violation : violations) problems.add(file.source, violation);
  return problems.error();
}

}  // namespace

bool is_target(const std::string& what) {
  if (what.find("://") != std::string::npos) return true;
  if (what.ends_with(".yaml") || what.ends_with(".yml")) return false;
  std::error_code ignored;
  return !fs::is_regular_file(what, ignored);
}

base::Result<ScenarioFile> make_scenario(const CommandOptions& options) {
  TRY(auto file, start_document(options));
  Json& document = file.document;
  TRY(put_load(document, options));
  TRY(put_limits(document, options));
  TRY(put_variables(document, options));
  TRY(put_headers(document, options));
  if (!options.ca.empty()) document["tls"]["ca"] = fs::absolute(options.ca).string();
  if (options.insecure) document["tls"]["insecure"] = true;
  TRY(put_number(document, "trace_every", "--trace-every", options.trace_every));
  if (!options.journal.empty()) document["journal"] = fs::absolute(options.journal).string();
  document["run"] = word_of_this_run();
  // What the options made of it keeps to the schema as well; what they added is none of its business.
  Json seen = document;
  for (const char* own : {"run", "journal", "allow_hosts", "resolved"}) seen.erase(own);
  auto violations = spec::violations(scenario_schema(), seen, spec::max_problems);
  if (violations.empty()) {
    for (const auto& complaint : read_plan(document, false).complaints) {
      violations.push_back({complaint.pointer, complaint.pointer, complaint.message});
    }
  }
  if (!violations.empty()) return told(file, options.what, violations);
  return file;
}

unsigned usual_trace_every(const Json& document) {
  static constexpr double wanted = 400;
  const Plan plan = read_plan(document, false).plan;
  if (!plan.open) return 50;
  return static_cast<unsigned>(std::clamp(arrivals_in(plan.stages) / wanted, 1.0, 1000.0));
}

void set_rate(Json& document, double rate, double seconds) {
  Json& load = document["load"];
  for (const char* key : {"stages", "steps", "connections", "duration", "warmup"}) load.erase(key);
  load["rate"] = rate;
  load["duration"] = std::to_string(static_cast<std::uint64_t>(seconds * 1000)) + "ms";
}

}  // namespace load
