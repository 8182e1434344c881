#pragma once
// Who needs whom, as text in several forms. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/terminal/style.hpp"
#include "supervisor/spec/cluster.hpp"

namespace cli {

struct GraphEdge {
  std::string from;  // needs
  std::string to;    // this one
  std::string condition;
  bool required = true;
};

struct Graph {
  std::string name;
  std::vector<std::string> services;  // by name
  std::vector<GraphEdge> edges;
  std::vector<std::string> roots;             // what the user asked for, else what nobody needs
  std::map<std::string, std::string> states;  // of services, when they are wanted and known
};

// `names` and all that they depend on; none: all.
Graph graph_of(const spec::Cluster& cluster, const std::vector<std::string>& names);

// A tree for each root; a service that was shown with its dependencies before is marked (*).
std::string ascii_graph(const Graph& graph, const Style& style);
// https://mermaid.js.org/syntax/flowchart.html
std::string mermaid_graph(const Graph& graph);
// https://graphviz.org/doc/info/lang.html
std::string dot_graph(const Graph& graph);
base::Json json_graph(const Graph& graph);

}  // namespace cli
