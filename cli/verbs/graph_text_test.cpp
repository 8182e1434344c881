#include "cli/verbs/graph_text.hpp"

#include <gmock/gmock.h>

namespace cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// shop needs api and db; api needs db; job stands alone.
spec::Cluster shop() {
  spec::Cluster cluster;
  cluster.name = "c";
  cluster.services["shop"].depends_on = {{"api", spec::Condition::started, false, {}},
                                         {"db", spec::Condition::ready, true, {}}};
  cluster.services["api"].depends_on = {{"db", spec::Condition::completed, true, {}}};
  cluster.services["db"].depends_on = {{"disk", spec::Condition::ready, true, {}}};
  cluster.services["disk"];
  cluster.services["job"];
  return cluster;
}

TEST(Graph, ascii_is_a_tree_for_each_root_and_marks_what_was_shown) {
  EXPECT_EQ(ascii_graph(graph_of(shop(), {}), Style::plain()),
            "job\n"
            "shop\n"
            "|-- api (started, optional)\n"
            "|   `-- db (completed)\n"
            "|       `-- disk (ready)\n"
            "`-- db (ready) (*)\n"
            "\n"
            "(*) what it needs is shown above\n");
}

TEST(Graph, of_a_service_holds_what_it_needs) {
  const auto graph = graph_of(shop(), {"api"});
  EXPECT_THAT(graph.services, ElementsAre("api", "db", "disk"));
  EXPECT_THAT(graph.roots, ElementsAre("api"));
  EXPECT_EQ(graph.edges.size(), 2U);
}

TEST(Graph, shows_states_where_they_are_known) {
  auto graph = graph_of(shop(), {"db"});
  graph.states = {{"db", "ready"}, {"disk", "failed"}};
  EXPECT_EQ(ascii_graph(graph, Style::plain()), "db ready\n`-- disk (ready) failed\n");
  EXPECT_THAT(ascii_graph(graph, Style(true)), HasSubstr("\x1b[31mfailed\x1b[0m"));
  EXPECT_THAT(dot_graph(graph), HasSubstr(R"("disk" [fillcolor="#ffc7ce", tooltip="failed"];)"));
  EXPECT_EQ(json_graph(graph)["services"][1]["state"], "failed");
}

TEST(Graph, mermaid_never_takes_a_name_for_a_word_of_its_own) {
  spec::Cluster cluster;
  cluster.services["end"].depends_on = {{"graph", spec::Condition::ready, true, {}}};
  cluster.services["graph"];
  EXPECT_EQ(mermaid_graph(graph_of(cluster, {})),
            "flowchart TD\n  s0[\"end\"]\n  s1[\"graph\"]\n  s0 -->|\"ready\"| s1\n");
}

TEST(Graph, names_cannot_leave_their_quotes) {
  spec::Cluster cluster;
  cluster.services["a\"];\n x -> y; \"#<b>\\"];
  const auto graph = graph_of(cluster, {});
  EXPECT_THAT(dot_graph(graph), HasSubstr(R"("a\"];  x -> y; \"#<b>\\")"));
  EXPECT_THAT(mermaid_graph(graph), HasSubstr("\"a#quot;];  x -#gt; y; #quot;#35;#lt;b#gt;\\\""));
}

TEST(Graph, json_lists_every_edge) {
  const auto json = json_graph(graph_of(shop(), {}));
  EXPECT_EQ(base::dump_json(json["services"][0]),
            R"({"name":"api","depends_on":[{"service":"db","condition":"completed","required":true}]})");
  EXPECT_EQ(json["services"].size(), 5U);
}

}  // namespace
}  // namespace cli
