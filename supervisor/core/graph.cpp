#include "supervisor/core/graph.hpp"

#include <algorithm>

#include "base/joined.hpp"

namespace core {
namespace {

// Walks depth-first with a stack of its own, as a file may hold a chain of any length.
class CycleSearch {
 public:
  explicit CycleSearch(const Graph& graph) : graph_(graph) {}

  std::vector<std::string> run() {
    for (const auto& [name, edges] : graph_) {
      if (std::vector<std::string> cycle = from(name); !cycle.empty()) return cycle;
    }
    return {};
  }

 private:
  struct Frame {
    const std::string* name;
    std::size_t next_edge;
  };

  std::vector<std::string> from(const std::string& start) {
    if (done_.contains(start)) return {};
    path_.push_back({&start, 0});
    while (!path_.empty()) {
      Frame& frame = path_.back();
      const std::vector<Edge>& edges = graph_.at(*frame.name);
      if (frame.next_edge == edges.size()) {
        done_.insert(*frame.name);
        path_.pop_back();
        continue;
      }
      const std::string& to = edges[frame.next_edge++].to;
      if (!graph_.contains(to) || done_.contains(to)) continue;
      if (std::vector<std::string> cycle = closed_by(to); !cycle.empty()) return cycle;
      path_.push_back({&to, 0});
    }
    return {};
  }

  std::vector<std::string> closed_by(const std::string& to) const {
    auto begin = std::find_if(path_.begin(), path_.end(), [&](const Frame& frame) { return *frame.name == to; });
    if (begin == path_.end()) return {};
    std::vector<std::string> cycle;
    for (auto it = begin; it != path_.end(); ++it) cycle.push_back(*it->name);
    cycle.push_back(to);
    return cycle;
  }

  const Graph& graph_;
  std::set<std::string> done_;
  std::vector<Frame> path_;
};

}  // namespace

std::vector<std::string> find_cycle(const Graph& graph) { return CycleSearch(graph).run(); }

base::Result<std::vector<std::string>> start_order(const Graph& graph) {
  std::map<std::string, std::size_t> waits_for;
  std::map<std::string, std::vector<std::string>> waited_for_by;
  std::set<std::string> startable;
  for (const auto& [name, edges] : graph) {
    std::set<std::string> targets;
    for (const Edge& edge : edges) {
      if (graph.contains(edge.to)) targets.insert(edge.to);
    }
    for (const std::string& to : targets) waited_for_by[to].push_back(name);
    if (targets.empty()) startable.insert(name);
    waits_for[name] = targets.size();
  }

  std::vector<std::string> order;
  while (!startable.empty()) {
    order.push_back(std::move(startable.extract(startable.begin()).value()));
    for (const std::string& name : waited_for_by[order.back()]) {
      if (--waits_for[name] == 0) startable.insert(name);
    }
  }
  if (order.size() < graph.size()) {
    return base::fail(base::ErrorCode::invalid,
                      "dependencies form a cycle: " + base::joined(find_cycle(graph), " -> "));
  }
  return order;
}

base::Result<std::vector<std::string>> stop_order(const Graph& graph) {
  TRY(auto order, start_order(graph));
  std::reverse(order.begin(), order.end());
  return order;
}

std::set<std::string> required_closure(const Graph& graph, const std::set<std::string>& wanted) {
  std::set<std::string> closure;
  std::vector<std::string> open(wanted.begin(), wanted.end());
  while (!open.empty()) {
    const auto node = graph.find(open.back());
    open.pop_back();
    if (node == graph.end() || !closure.insert(node->first).second) continue;
    for (const Edge& edge : node->second) {
      if (edge.required) open.push_back(edge.to);
    }
  }
  return closure;
}

}  // namespace core
