#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/style.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"
#include "supervisor/spec/config_view.hpp"

namespace cli {
namespace {

struct ConfigOptions {
  PlaceOptions place;
  std::vector<std::string> services;
  Format format = Format::yaml;
  bool origins = false;
};

// `/services/web/ports/http` as `services.web.ports.http`.
std::string dotted(const std::string& pointer) {
  std::string text;
  for (std::size_t i = 1; i < pointer.size(); ++i) {
    if (pointer[i] == '~' && i + 1 < pointer.size()) {
      text += pointer[++i] == '1' ? '/' : '~';
    } else {
      text += pointer[i] == '/' ? '.' : pointer[i];
    }
  }
  return text;
}

std::string config_table(const spec::ConfigView& view) {
  std::vector<Row> rows;
  const auto collect = [&](const auto& self, const base::Json& value, const std::string& at) -> void {
    if (value.is_object() && !value.empty()) {
      for (const auto& [key, child] : value.items()) {
        self(self, child, (base::Json::json_pointer(at) / key).to_string());
      }
      return;
    }
    const std::string text = value.is_string() ? value.get<std::string>() : base::dump_json(value);
    rows.push_back({printable(dotted(at)), printable(text), printable(view.origins.at(at))});
  };
  collect(collect, view.value, "");
  return format_table({"KEY", "VALUE", "ORIGIN"}, rows);
}

// The numbers that a running supervisor has chosen for free ports.
spec::RememberedPorts chosen_ports(const Place& place) {
  spec::RememberedPorts ports;
  const auto views = place.client().services();
  if (!views) return ports;
  for (const auto& view : views.value()) {
    if (view.service != view.name) continue;
    for (const auto& [name, number] : view.ports) ports[view.name + "." + name] = number;
  }
  return ports;
}

int config(const ConfigOptions& options) {
  const auto place = find_place(options.place);
  if (!place) return report(place.error());
  const auto view = spec::view_config(place.value().options, options.services, chosen_ports(place.value()));
  if (!view) return report(view.error());
  const spec::ConfigView& shown = view.value();
  if (options.format == Format::table) {
    print(config_table(shown));
  } else if (options.format == Format::yaml) {
    print(format_yaml(shown.value, options.origins ? shown.origins : std::map<std::string, std::string>()));
  } else {
    base::Json document = shown.value;
    if (options.origins) document = base::Json{{"config", shown.value}, {"origins", shown.origins}};
    print(format_document(document, Format::json));
  }
  return ok;
}

}  // namespace

void add_config(Verbs& verbs) {
  auto options = std::make_shared<ConfigOptions>();
  verbs.add("config", "Show the cluster as it will run: overrides and defaults applied, secrets masked")
      .operands("SERVICE", options->services, "Only these services")
      .option("-f,--file", options->place.files, "FILE", "Cluster file; later ones are laid over earlier ones")
      .option("--profile", options->place.profiles, "NAME", "Include the services of this profile")
      .option("--env-file", options->place.env_files, "FILE", "NAME=value lines for ${env:NAME}")
      .option("--project", options->place.project, "NAME", "The copy of the cluster with this name")
      .flag("--origins", options->origins, "Say of each value where it comes from (a table always does)")
      .output(options->format)
      .footer(
          "Examples:\n  msctl config order-service --origins\n  msctl config -f msctl.yaml -f dev.yaml --output table")
      .run([options] { return config(*options); });
}

}  // namespace cli
