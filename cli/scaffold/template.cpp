#include "cli/scaffold/template.hpp"

#include <algorithm>

#include "base/pattern/pattern.hpp"
#include "cli/scaffold/engine.hpp"
#include "cli/scaffold/variables.hpp"
#include "supervisor/spec/source.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;

constexpr const char* manifest_name = "template.yaml";
constexpr std::string_view files_folder = "files/";

const base::Json& manifest_schema() {
  static const base::Json schema = base::parse_json(R"json({
    "type": "object",
    "additionalProperties": false,
    "required": ["name", "version", "description", "kind"],
    "properties": {
      "name": {"title": "a name such as cpp-service", "type": "string", "pattern": "^[a-z][a-z0-9-]*$", "maxLength": 40},
      "version": {"title": "a version such as \"1.0.0\"", "type": "string", "pattern": "^[0-9A-Za-z][0-9A-Za-z.+_-]*$",
                  "maxLength": 64},
      "description": {"type": "string", "minLength": 1, "maxLength": 200},
      "kind": {"enum": ["service", "workspace"]},
      "parameters": {"type": "array", "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "help"],
        "properties": {
          "name": {"title": "a name of small letters, digits and _", "type": "string", "pattern": "^[a-z][a-z0-9_]*$",
                   "maxLength": 40},
          "help": {"type": "string", "minLength": 1, "maxLength": 200},
          "default": {"type": "string", "maxLength": 200},
          "pattern": {"type": "string", "minLength": 1, "maxLength": 200},
          "choices": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1, "maxLength": 200}},
          "list": {"type": "boolean"},
          "required": {"type": "boolean"}
        }}},
      "files": {"type": "array", "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["path"],
        "properties": {
          "path": {"type": "string", "minLength": 1, "maxLength": 240},
          "when": {"title": "a variable or !variable", "type": "string", "pattern": "^!?[a-z][A-Za-z0-9_]*$"},
          "each": {"title": "the name of a list", "type": "string", "pattern": "^[a-z][A-Za-z0-9_]*$"}
        }}},
      "borrows": {"type": "array", "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["from", "path"],
        "properties": {
          "from": {"title": "a template's name", "type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
          "path": {"type": "string", "minLength": 1, "maxLength": 240}
        }}},
      "with": {"type": "array", "items": {"title": "a template's name", "type": "string", "pattern": "^[a-z][a-z0-9-]*$"}},
      "next": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 300}}
    }})json")
                                       .value();
  return schema;
}

// Collects the mistakes in a manifest.
class Manifest {
 public:
  explicit Manifest(const spec::SourceFile& file) : file_(file) {}

  base::Result<Template> read() {
    for (const auto& violation : spec::violations(manifest_schema(), file_.document.value, spec::max_problems)) {
      problems_.add(file_, violation);
    }
    if (!problems_.empty()) return problems_.error();
    const base::Json& value = file_.document.value;
    Template made;
    made.name = value["name"];
    made.version = value["version"];
    made.description = value["description"];
    made.kind = value["kind"] == "service" ? Kind::service : Kind::workspace;
    read_parameters(made);
    for (const auto& rule : value.value("files", base::Json::array())) {
      made.rules.push_back({rule["path"], rule.value("when", ""), rule.value("each", "")});
    }
    for (const auto& entry : value.value("borrows", base::Json::array())) {
      made.borrows.push_back({entry["from"], entry["path"]});
    }
    made.with = value.value("with", std::vector<std::string>{});
    made.next = value.value("next", std::vector<std::string>{});
    check_rules(made);
    if (!problems_.empty()) return problems_.error();
    return made;
  }

 private:
  void read_parameters(Template& made) {
    int index = 0;
    for (const auto& entry : file_.document.value.value("parameters", base::Json::array())) {
      const std::string pointer = "/parameters/" + std::to_string(index++);
      Parameter one{entry["name"],
                    entry["help"],
                    {},
                    entry.value("pattern", ""),
                    entry.value("choices", std::vector<std::string>{}),
                    entry.value("list", false),
                    entry.value("required", false)};
      if (entry.contains("default")) one.fallback = entry["default"].get<std::string>();
      if (made.parameter(one.name) != nullptr) problems_.add(file_, pointer + "/name", one.name + " occurs twice");
      if (is_derived_variable(made.kind, one.name)) {
        problems_.add(file_, pointer + "/name", one.name + " is a variable that msctl sets itself");
      }
      if (one.is_list && one.fallback) problems_.add(file_, pointer + "/default", "a list has no default");
      if (!one.pattern.empty()) {
        if (const auto pattern = base::Pattern::make(one.pattern); !pattern) {
          problems_.add(file_, pointer + "/pattern", pattern.error().message);
        }
      }
      check_fallback(one, pointer);
      made.parameters.push_back(std::move(one));
    }
  }

  void check_fallback(const Parameter& one, const std::string& pointer) {
    if (!one.fallback) return;
    if (const auto good = check_value(one, *one.fallback); !good) {
      problems_.add(file_, pointer + "/default", good.error().message);
    }
  }

  // Two lists are made of parameters: the calls that can be asked whether they are well, and the schemas of events.
  static std::string parameter_behind(const std::string& list) {
    if (list == "pings") return "calls";
    return list == "consumed_schemas" ? "consumes" : list;
  }

  void check_rules(const Template& made) {
    const auto known = known_variables(made);
    for (std::size_t i = 0; i < made.rules.size(); ++i) {
      const auto& rule = made.rules[i];
      const std::string pointer = "/files/" + std::to_string(i);
      if (!rule.when.empty() && !known.contains(rule.when.substr(rule.when.front() == '!' ? 1 : 0))) {
        problems_.add(file_, pointer + "/when", "there is no variable " + rule.when);
      }
      const auto* list = made.parameter(parameter_behind(rule.each));
      if (!rule.each.empty() && (list == nullptr || !list->is_list)) {
        problems_.add(file_, pointer + "/each", "there is no parameter " + rule.each + " that is a list");
      }
    }
  }

  const spec::SourceFile& file_;
  spec::Problems problems_;
};

base::Result<void> check_texts(const Template& made) {
  const auto known = known_variables(made);
  for (const auto& [path, file] : made.files) {
    const std::string shown = std::string(files_folder) + path;
    TRY(check_template(shown, path, known));
    if (!is_rendered(path)) continue;
    if (file.content.find('\0') != std::string::npos) {
      return base::fail(ErrorCode::invalid, shown + ": is no text; without .mustache it would be copied as it is");
    }
    TRY(check_template(shown, file.content, known));
  }
  for (const auto& line : made.next) {
    TRY(check_template(std::string(manifest_name) + ": next", line, known));
  }
  return base::success();
}

}  // namespace

const Parameter* Template::parameter(const std::string& wanted) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.name == wanted; });
  return found == parameters.end() ? nullptr : &*found;
}

std::set<std::string> known_variables(const Template& made) {
  auto known = derived_variables(made);
  for (const auto& parameter : made.parameters) known.insert(parameter.name);
  return known;
}

base::Result<Template> parse_template(const files::Tree& folder, const std::string& from, const Lend& lend) {
  const auto manifest = folder.find(manifest_name);
  if (manifest == folder.end()) {
    return base::fail(ErrorCode::not_found,
                      from + " is no template: it has no " + manifest_name + " (docs/scaffolding.md shows one)");
  }
  TRY(auto document, spec::parse_yaml(manifest->second.content, manifest_name));
  const spec::SourceFile file{manifest_name, std::move(document)};
  auto read = Manifest(file).read();
  if (!read) return std::move(read).error();
  Template made = std::move(read).value();
  made.from = from;
  for (const auto& [path, content] : folder) {
    if (path.starts_with(files_folder)) made.files[path.substr(files_folder.size())] = content;
  }
  for (const auto& borrowing : made.borrows) {
    TRY(const auto lent, lend(borrowing.from));
    for (const auto& [path, content] : lent) {
      if (!path.starts_with(files_folder)) continue;
      const std::string inner = path.substr(files_folder.size());
      if (glob_matches(borrowing.path, inner)) made.files.emplace(inner, content);
    }
  }
  if (made.files.empty()) return base::fail(ErrorCode::invalid, from + ": the template has no files below files/");
  TRY(check_texts(made));
  return made;
}

}  // namespace scaffold
