#include "cli/render/targets.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "cli/render/ledger.hpp"
#include "cli/render/template.hpp"
#include "cli/render/yaml_text.hpp"
#include "supervisor/spec/suggest.hpp"

namespace render {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

constexpr std::size_t most_mistakes = 20;
constexpr const char* head = "# Made by `msctl deploy`; a change here is lost with the next one. See docs/deploy.md.\n";

Json with_doubled_dollars(const Json& value) {
  if (value.is_string()) {
    std::string out;
    for (const char c : value.get_ref<const std::string&>()) out.append(c == '$' ? 2 : 1, c);
    return out;
  }
  Json out = value;
  if (value.is_structured()) {
    for (auto& child : out) child = with_doubled_dollars(child);
  }
  return out;
}

Result<void> check_keys(const Form& form) {
  static const std::vector<std::string> known{"path", "each", "when", "requires", "documents", "lines", "dollars"};
  const Json& value = form.source.document.value;
  const auto fail = [&](const std::string& pointer, const std::string& message) {
    return base::fail(ErrorCode::malformed, spec::location(form.source, pointer) + ": " + message);
  };
  if (!value.is_object() || !value.contains("path")) return fail("", "a form needs the key \"path\"");
  for (const auto& [key, child] : value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = spec::nearest(key, known);
    return fail("/" + key, "unknown key" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }
  if (value.contains("documents") == value.contains("lines")) {
    return fail("", "a form has either \"documents\" or \"lines\"");
  }
  const bool good_each = !value.contains("each") ||
                         (value["each"].is_object() && value["each"].size() == 1 && value["each"].begin()->is_string());
  if (!good_each) return fail("/each", "expected {NAME: EXPRESSION}");
  if (value.contains("when") && !value["when"].is_string()) return fail("/when", "expected an expression");
  if (value.contains("dollars") && value["dollars"] != "doubled") return fail("/dollars", "expected doubled");
  return base::success();
}

class Renderer {
 public:
  Renderer(const Json& model, const std::vector<std::string>& services) : root_(model), services_(services) {}

  void render(const Form& form) {
    const Json& value = form.source.document.value;
    if (!value.contains("each")) {
      if (services_.empty()) render_one(form, root_, "");
      return;
    }
    const auto each = value["each"].begin();
    const auto list = evaluate(each->get_ref<const std::string&>(), root_);
    if (!list) return mistake(form, "/each/" + each.key(), list.error().message);
    if (!list.value().is_array()) return mistake(form, "/each/" + each.key(), "expected a list");
    for (const auto& item : list.value()) {
      if (!is_chosen(item)) continue;
      const Scope scope(each.key(), item, &root_);
      render_one(form, scope, item.is_object() ? item.value("name", std::string()) : std::string());
    }
  }

  Result<Rendered> finish() && {
    if (mistakes_.empty()) return std::move(done_);
    std::string text;
    for (const auto& line : mistakes_) text += (text.empty() ? "" : "\n") + line;
    return base::fail(ErrorCode::invalid, text);
  }

 private:
  // Items for one service have its name, or are a service's workload.
  bool is_chosen(const Json& item) const {
    if (services_.empty()) return true;
    const auto has = [&](const Json& one) {
      return one.is_object() && one.contains("name") && one["name"].is_string() &&
             std::find(services_.begin(), services_.end(), one["name"].get<std::string>()) != services_.end();
    };
    return has(item) || (item.is_object() && item.contains("service") && has(item["service"]));
  }

  void mistake(const Form& form, const std::string& pointer, const std::string& message, const std::string& of = {}) {
    std::string line = spec::location(form.source, pointer) + ": " + message + (of.empty() ? "" : " (for " + of + ")");
    if (mistakes_.size() < most_mistakes) mistakes_.push_back(std::move(line));
  }

  // Of a part of the form; mistakes are told with the place in the file.
  std::optional<Json> filled(const Form& form, const char* key, const Scope& scope, const std::string& of) {
    auto value = fill_in(form.source.document.value[key], scope);
    if (value) return std::move(value).value();
    const auto& error = value.error();
    mistake(form, std::string("/") + key + (error.fields.empty() ? "" : error.fields.front().field), error.message, of);
    return std::nullopt;
  }

  // False when the file is not to be made.
  bool is_wanted(const Form& form, const Scope& scope, const std::string& of) {
    const Json& value = form.source.document.value;
    if (value.contains("when")) {
      const auto when = evaluate(value["when"].get_ref<const std::string&>(), scope);
      if (!when) return mistake(form, "/when", when.error().message, of), false;
      if (!is_true(when.value())) return false;
    }
    if (!value.contains("requires")) return true;
    bool good = true;
    for (std::size_t i = 0; i < value["requires"].size(); ++i) {
      const Json& rule = value["requires"][i];
      const std::string at = "/requires/" + std::to_string(i);
      const auto holds = evaluate(rule.value("that", std::string()), scope);
      if (!holds) return mistake(form, at + "/that", holds.error().message, of), false;
      if (is_true(holds.value())) continue;
      const auto message = fill_in(rule.value("message", Json("")), scope);
      const std::string text = message ? message.value().get<std::string>() : message.error().message;
      if (told_.insert(text).second && mistakes_.size() < most_mistakes) mistakes_.push_back(text);
      good = false;
    }
    return good;
  }

  void render_one(const Form& form, const Scope& scope, const std::string& of) {
    if (!is_wanted(form, scope, of)) return;
    const auto path = filled(form, "path", scope, of);
    if (!path) return;
    if (!path->is_string()) return mistake(form, "/path", "expected a text", of);
    const auto& name = path->get_ref<const std::string&>();
    if (const auto good = files::check_path(name); !good) return mistake(form, "/path", good.error().message, of);
    if (name == ledger_name) return mistake(form, "/path", "msctl keeps its list of files there; choose another", of);
    const bool is_text = form.source.document.value.contains("lines");
    auto content = is_text ? lines(form, scope, of) : documents(form, scope, name, of);
    if (!content) return;
    if (!done_.tree.emplace(name, files::File{std::move(*content), false}).second) {
      return mistake(form, "/path", "the file " + name + " is made twice", of);
    }
    done_.target_of[name] = form.target;
  }

  std::optional<std::string> documents(const Form& form, const Scope& scope, const std::string& name,
                                       const std::string& of) {
    auto list = filled(form, "documents", scope, of);
    if (!list) return std::nullopt;
    if (!list->is_array()) return mistake(form, "/documents", "expected a list", of), std::nullopt;
    std::vector<Json> values;
    const bool doubled = form.source.document.value.contains("dollars");
    for (auto& value : *list) {
      if (value.is_null()) continue;
      values.push_back(doubled ? with_doubled_dollars(value) : std::move(value));
      done_.objects.push_back({name, form.target, values.back()});
    }
    if (name.ends_with(".json")) {
      if (values.size() == 1) return base::dump_json_pretty(values.front()) + "\n";
      return mistake(form, "/documents", "JSON takes exactly one document", of), std::nullopt;
    }
    return head + yaml_text(values);
  }

  std::optional<std::string> lines(const Form& form, const Scope& scope, const std::string& of) {
    const auto list = filled(form, "lines", scope, of);
    if (!list) return std::nullopt;
    std::string text;
    if (!add_lines(*list, text)) {
      mistake(form, "/lines", "a line is no text, or has a line break or a control character in it", of);
      return std::nullopt;
    }
    return text;
  }

  static bool add_lines(const Json& value, std::string& text) {
    if (value.is_array()) {
      return std::all_of(value.begin(), value.end(), [&](const Json& one) { return add_lines(one, text); });
    }
    if (!value.is_string()) return false;
    const auto& line = value.get_ref<const std::string&>();
    const bool clean = std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < ' '; });
    text += line + "\n";
    return clean;
  }

  const Scope root_;
  const std::vector<std::string>& services_;
  std::set<std::string> told_;
  std::vector<std::string> mistakes_;
  Rendered done_;
};

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all{
      {"dockerfile", "manifests", "dockerfile", "an image for each service that is built"},
      {"compose", "manifests", "compose", "one machine with docker or podman"},
      {"k8s", "manifests", "kubernetes", "Deployment, Service, autoscaling, network policy and the like"},
      {"istio", "manifests", "istio", "mTLS, who may call whom, weights, outliers"},
      {"monitoring", "manifests", "monitoring", "ServiceMonitor, alerts, dashboard"},
      {"ci-github", "pipelines", "github", "a workflow"},
      {"ci-gitlab", "pipelines", "gitlab", "a pipeline"}};
  return all;
}

Result<std::vector<Target>> choose_targets(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const auto& target : targets()) known.push_back(target.name);
  std::set<std::string> wanted;
  for (const auto& words : names) {
    for (std::size_t start = 0; start <= words.size();) {
      const std::size_t end = std::min(words.find(',', start), words.size());
      wanted.insert(words.substr(start, end - start));
      start = end + 1;
    }
  }
  for (const auto& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list;
    for (const auto& one : known) list += (list.empty() ? "" : ", ") + one;
    const std::string near = spec::nearest(name, known);
    return base::fail(ErrorCode::invalid, "there is no target \"" + name + "\"" +
                                              (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                              " There are: " + list);
  }
  std::vector<Target> chosen;
  for (const auto& target : targets()) {
    if (wanted.empty() ? target.kind == "manifests" : wanted.contains(target.name)) chosen.push_back(target);
  }
  return chosen;
}

Result<std::vector<Form>> load_forms(const Target& target, const std::filesystem::path& workspace) {
  TRY(const auto shelf, assets::shelf(target.kind, workspace));
  std::vector<Form> forms;
  for (const auto& name : assets::list(shelf, target.folder)) {
    if (!name.ends_with(".yaml")) continue;
    const std::string file = target.folder + "/" + name;
    TRY(const auto path, assets::find(shelf, file));
    TRY(auto source, spec::read_source(path, target.kind + "/" + file));
    forms.push_back({target.name, std::move(source)});
    TRY(check_keys(forms.back()));
  }
  if (!forms.empty()) return forms;
  return base::fail(ErrorCode::not_found, "there are no forms for " + target.name + " in " + target.kind + "/" +
                                              target.folder + "; install msctl again, or set MSCTL_DATA");
}

Result<Rendered> render_forms(const std::vector<Form>& forms, const Json& model,
                              const std::vector<std::string>& services) {
  Renderer renderer(model, services);
  for (const auto& form : forms) renderer.render(form);
  return std::move(renderer).finish();
}

}  // namespace render
