#pragma once
// Who must be up before whom: names and edges, nothing else. Pure functions over a plain map; a name that only occurs
// as the target of an edge is taken as not part of the graph and ignored.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace core {

struct Edge {
  std::string to;        // starts before the owner of the edge and stops after it
  bool required = true;  // false: orders the two, but does not pull `to` in
};

using Graph = std::map<std::string, std::vector<Edge>>;

// All nodes, each after everything it has an edge to; among those that could come next, by name (Kahn 1962).
// Errors: invalid, with the cycle as `a -> b -> a`.
base::Result<std::vector<std::string>> start_order(const Graph& graph);

// The reverse of start_order.
base::Result<std::vector<std::string>> stop_order(const Graph& graph);

// `wanted` and everything they require, directly or not: what `up A` starts.
std::set<std::string> required_closure(const Graph& graph, const std::set<std::string>& wanted);

// One cycle with its first node repeated at the end, or empty. The same graph always gives the same cycle.
std::vector<std::string> find_cycle(const Graph& graph);

}  // namespace core
