#include "supervisor/core/graph.hpp"

#include <gmock/gmock.h>

namespace core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Graph shop() {
  return {
      {"gateway", {{"order", false}, {"user", false}}}, {"nats", {}}, {"order", {{"nats"}, {"user"}}}, {"user", {}}};
}

TEST(Graph, StartsDependenciesFirstThenByName) {
  EXPECT_THAT(start_order(shop()).value(), ElementsAre("nats", "user", "order", "gateway"));
  EXPECT_THAT(start_order({{"c", {}}, {"a", {}}, {"b", {}}}).value(), ElementsAre("a", "b", "c"));
}

TEST(Graph, StopsInReverse) {
  EXPECT_THAT(stop_order(shop()).value(), ElementsAre("gateway", "order", "user", "nats"));
}

TEST(Graph, ClosureFollowsOnlyRequiredEdges) {
  EXPECT_THAT(required_closure(shop(), {"order"}), ElementsAre("nats", "order", "user"));
  EXPECT_THAT(required_closure(shop(), {"gateway"}), ElementsAre("gateway"));
  EXPECT_THAT(required_closure(shop(), {"nobody"}), IsEmpty());
}

TEST(Graph, ClosureOfACycleEnds) {
  EXPECT_THAT(required_closure({{"a", {{"b"}}}, {"b", {{"a"}}}}, {"a"}), ElementsAre("a", "b"));
}

TEST(Graph, CycleIsNamedFromWhereItCloses) {
  const Graph graph{{"a", {{"b"}}}, {"b", {{"c"}}}, {"c", {{"d"}, {"b", false}}}, {"d", {}}};
  EXPECT_THAT(find_cycle(graph), ElementsAre("b", "c", "b"));
  EXPECT_EQ(start_order(graph).error().message, "dependencies form a cycle: b -> c -> b");
  EXPECT_EQ(stop_order(graph).error().code, base::ErrorCode::invalid);
}

TEST(Graph, OneThatNeedsItself) { EXPECT_THAT(find_cycle({{"a", {{"a"}}}}), ElementsAre("a", "a")); }

TEST(Graph, NoCycleInADiamond) {
  const Graph graph{{"a", {{"b"}, {"c"}}}, {"b", {{"d"}}}, {"c", {{"d"}, {"d"}}}, {"d", {}}};
  EXPECT_THAT(find_cycle(graph), IsEmpty());
  EXPECT_THAT(start_order(graph).value(), ElementsAre("d", "b", "c", "a"));
}

TEST(Graph, NamesOutsideAreIgnored) {
  EXPECT_THAT(start_order({{"a", {{"ghost"}}}}).value(), ElementsAre("a"));
  EXPECT_THAT(required_closure({{"a", {{"ghost"}}}}, {"a"}), ElementsAre("a"));
}

TEST(Graph, AChainOfManyNeedsNoDeepStack) {
  Graph graph;
  for (int i = 0; i < 5000; ++i) graph[std::to_string(i)].push_back({std::to_string((i + 1) % 5000)});
  EXPECT_EQ(find_cycle(graph).size(), 5001U);
}

}  // namespace
}  // namespace core
