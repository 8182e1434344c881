#include <unistd.h>

#include <memory>

#include "cli/session/place.hpp"
#include "cli/terminal/say.hpp"
#include "cli/verbs/graph_text.hpp"
#include "cli/verbs/selection.hpp"
#include "cli/verbs/verb.hpp"

namespace cli {
namespace {

struct GraphOptions {
  std::vector<std::string> services;
  std::string format = "ascii";
  bool live = false;
};

// The worst instance tells how a service is.
int badness(const std::string& state) {
  if (state == "ready" || state == "completed") return 0;
  if (state == "stopped") return 1;
  if (state == "failed") return 4;
  return state == "degraded" || state == "backoff" ? 3 : 2;
}

base::Result<void> add_states(const Place& place, Graph& graph) {
  TRY(const auto views, running_services(place));
  for (const auto& view : views) {
    auto& state = graph.states[service_of(view.name)];
    if (state.empty() || badness(view.state) > badness(state)) state = view.state;
  }
  return base::success();
}

int graph(const GraphOptions& options) {
  const auto place = find_place();
  if (!place) return report(place.error());
  const auto cluster = place.value().load();
  if (!cluster) return report(cluster.error());
  if (const auto known = check_names(cluster.value(), options.services); !known) return report(known.error());
  Graph made = graph_of(cluster.value(), options.services);
  if (options.live) {
    if (const auto states = add_states(place.value(), made); !states) return report(states.error());
  }
  if (options.format == "mermaid") return print(mermaid_graph(made)), ok;
  if (options.format == "dot") return print(dot_graph(made)), ok;
  if (options.format == "json") return print(format_document(json_graph(made), Format::json)), ok;
  return print(ascii_graph(made, Style::for_descriptor(STDOUT_FILENO))), ok;
}

}  // namespace

void add_graph(Verbs& verbs) {
  auto options = std::make_shared<GraphOptions>();
  verbs.add("graph", "Show which service needs which, and on what condition")
      .operands("SERVICE", options->services, "Only these and what they need (default: all)")
      .choice("--format", options->format, {"ascii", "mermaid", "dot", "json"}, "How to print it")
      .flag("--live", options->live, "With the state of each service")
      .footer(
          "Examples:\n  msctl graph\n  msctl graph gateway --live\n  msctl graph --format dot | dot -Tsvg > graph.svg")
      .run([options] { return graph(*options); });
}

}  // namespace cli
