#include "cli/verbs/graph_text.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "cli/verbs/replaced.hpp"

namespace cli {
namespace {

const char* condition_name(spec::Condition condition) {
  switch (condition) {
    case spec::Condition::started:
      return "started";
    case spec::Condition::ready:
      return "ready";
    case spec::Condition::completed:
      return "completed";
  }
  return "";
}

std::string label_of(const GraphEdge& edge) { return edge.condition + (edge.required ? "" : ", optional"); }

std::string state_in(const Graph& graph, const std::string& service) {
  const auto found = graph.states.find(service);
  return found == graph.states.end() ? std::string() : found->second;
}

// Colours of a state where colour is not the terminal's: fill, by how good it is.
const char* fill_of(const std::string& state) {
  if (state == "ready" || state == "completed") return "#c6efce";
  if (state == "failed") return "#ffc7ce";
  if (state == "degraded" || state == "backoff") return "#ffeb9c";
  return "#eeeeee";
}

class Tree {
 public:
  Tree(const Graph& graph, const Style& style) : graph_(graph), style_(style) {
    for (const auto& edge : graph.edges) below_[edge.from].push_back(&edge);
  }

  std::string draw() {
    for (const auto& root : graph_.roots) {
      line("", root, "");
      children(root, "");
    }
    if (repeated_) text_ += "\n(*) what it needs is shown above\n";
    return text_;
  }

 private:
  void line(const std::string& before, const std::string& service, const std::string& label) {
    text_ += before + service;
    if (!label.empty()) text_ += " (" + label + ")";
    const std::string state = state_in(graph_, service);
    if (!state.empty()) text_ += " " + style_.state(state);
    const bool again = shown_.contains(service) && !below_[service].empty();
    repeated_ = repeated_ || again;
    text_ += again ? " (*)\n" : "\n";
  }

  void children(const std::string& service, const std::string& indent) {
    if (!shown_.insert(service).second) return;
    const auto& edges = below_[service];
    for (const auto* edge : edges) {
      const bool last = edge == edges.back();
      line(indent + (last ? "`-- " : "|-- "), edge->to, label_of(*edge));
      children(edge->to, indent + (last ? "    " : "|   "));
    }
  }

  const Graph& graph_;
  const Style& style_;
  std::map<std::string, std::vector<const GraphEdge*>> below_;
  std::set<std::string> shown_;
  bool repeated_ = false;
  std::string text_;
};

std::string dot_quoted(const std::string& text) {
  return "\"" + replaced(text, {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', " "}}) + "\"";
}

// Mermaid knows entities by name or number between # and ;.
std::string mermaid_quoted(const std::string& text) {
  return "\"" + replaced(text, {{'"', "#quot;"}, {'#', "#35;"}, {'\n', " "}, {'<', "#lt;"}, {'>', "#gt;"}}) + "\"";
}

}  // namespace

Graph graph_of(const spec::Cluster& cluster, const std::vector<std::string>& names) {
  Graph graph;
  graph.name = cluster.name;
  std::set<std::string> chosen;
  const std::function<void(const std::string&)> choose = [&](const std::string& name) {
    const auto service = cluster.services.find(name);
    if (service == cluster.services.end() || !chosen.insert(name).second) return;
    for (const auto& dependency : service->second.depends_on) choose(dependency.service);
  };
  for (const auto& name : names) choose(name);
  if (names.empty()) {
    for (const auto& [name, service] : cluster.services) choose(name);
  }
  graph.services.assign(chosen.begin(), chosen.end());
  std::set<std::string> needed;
  for (const auto& name : graph.services) {
    for (const auto& dependency : cluster.services.at(name).depends_on) {
      if (!chosen.contains(dependency.service)) continue;
      graph.edges.push_back({name, dependency.service, condition_name(dependency.condition), dependency.required});
      needed.insert(dependency.service);
    }
  }
  graph.roots = names;
  if (names.empty()) {
    for (const auto& name : graph.services) {
      if (!needed.contains(name)) graph.roots.push_back(name);
    }
  }
  return graph;
}

std::string ascii_graph(const Graph& graph, const Style& style) { return Tree(graph, style).draw(); }

std::string mermaid_graph(const Graph& graph) {
  std::map<std::string, std::string> ids;  // names may be words of the language, such as `end`
  std::string text = "flowchart TD\n";
  for (const auto& name : graph.services) {
    const std::string id = ids[name] = "s" + std::to_string(ids.size());
    const std::string state = state_in(graph, name);
    text += "  " + id + "[" + mermaid_quoted(state.empty() ? name : name + " (" + state + ")") + "]\n";
    if (!state.empty()) text += "  style " + id + " fill:" + fill_of(state) + "\n";
  }
  for (const auto& edge : graph.edges) {
    const char* const arrow = edge.required ? " -->|" : " -.->|";
    text += "  " + ids[edge.from] + arrow + mermaid_quoted(edge.condition) + "| " + ids[edge.to] + "\n";
  }
  return text;
}

std::string dot_graph(const Graph& graph) {
  std::string text = "digraph " + dot_quoted(graph.name) + " {\n  node [shape=box, style=\"rounded,filled\"];\n";
  for (const auto& name : graph.services) {
    const std::string state = state_in(graph, name);
    text += "  " + dot_quoted(name) + " [fillcolor=" + dot_quoted(state.empty() ? "#ffffff" : fill_of(state));
    if (!state.empty()) text += ", tooltip=" + dot_quoted(state);
    text += "];\n";
  }
  for (const auto& edge : graph.edges) {
    text += "  " + dot_quoted(edge.from) + " -> " + dot_quoted(edge.to) + " [label=" + dot_quoted(edge.condition) +
            (edge.required ? "" : ", style=dashed") + "];\n";
  }
  return text + "}\n";
}

base::Json json_graph(const Graph& graph) {
  base::Json services = base::Json::array();
  for (const auto& name : graph.services) {
    base::Json one{{"name", name}};
    const std::string state = state_in(graph, name);
    if (!state.empty()) one["state"] = state;
    one["depends_on"] = base::Json::array();
    for (const auto& edge : graph.edges) {
      if (edge.from != name) continue;
      one["depends_on"].push_back({{"service", edge.to}, {"condition", edge.condition}, {"required", edge.required}});
    }
    services.push_back(std::move(one));
  }
  return {{"cluster", graph.name}, {"services", std::move(services)}};
}

}  // namespace cli
