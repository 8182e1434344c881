#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/terminal/table.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

base::Result<base::Json> status_document(const Place& place) {
  const auto status = place.client().status();
  if (status) return control::to_json(status.value());
  if (status.error().code != base::ErrorCode::unavailable) return status.error();
  const bool was_lost = supervisor_was_lost(place);  // then its services may run or not, and a count would be a guess
  TRY(const spec::Cluster cluster, place.load());
  base::Json counts = base::Json::object();
  if (!cluster.services.empty() && !was_lost) counts["stopped"] = cluster.services.size();
  return base::Json{{"supervisor", nullptr},
                    {"services", std::move(counts)},
                    {"cluster", cluster.name},
                    {"root", cluster.root.string()},
                    {"registry", nullptr}};
}

std::string as_text(const Place& place, const base::Json& document) {
  std::string text = "cluster     " + document["cluster"].get<std::string>() + " in " +
                     document["root"].get<std::string>() + "\nsupervisor  ";
  const auto& supervisor = document["supervisor"];
  if (supervisor.is_null()) {
    text += "none: " + why_nobody_answers(place) + "\n";
  } else {
    text += "pid " + std::to_string(supervisor["pid"].get<int>()) + ", version " +
            supervisor["version"].get<std::string>() + ", up " + format_duration(supervisor["uptime_s"].get<double>()) +
            "\n";
  }
  if (document["registry"].is_string()) text += "registry    http://" + document["registry"].get<std::string>() + "\n";
  text += "services   ";
  for (const auto& [state, count] : document["services"].items()) {
    text += " " + std::to_string(count.get<int>()) + " " + state;
  }
  return text + "\n";
}

int status(Format format) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto document = status_document(place.value());
  if (!document) return report(document.error());
  print(format == Format::table ? as_text(place.value(), document.value()) : format_document(document.value(), format));
  return ok;
}

}  // namespace

void add_status(Verbs& verbs) {
  auto format = std::make_shared<Format>(Format::table);
  verbs.add("status", "Show the supervisor and how many services are in which state")
      .output(*format)
      .footer("Example:\n  msctl status --output json")
      .run([format] { return status(*format); });
}

}  // namespace cli
