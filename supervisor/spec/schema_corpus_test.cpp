#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "supervisor/spec/cluster.hpp"
#include "supervisor/spec/schema_validator.hpp"

namespace spec {
namespace {

base::Json corpus() {
  std::ifstream stream(MSCTL_SOURCE_DIR "/supervisor/spec/schema_corpus.json");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  auto parsed = base::parse_json(text);
  return parsed ? std::move(parsed).value() : base::Json();
}

// tests/functional/test_schema_agrees.py asks an independent validator about the same corpus.
TEST(SchemaCorpus, AcceptedAndRefusedAsWritten) {
  const base::Json both = corpus();
  for (const auto& [kind, schema] : {std::pair{"service", service_schema()}, std::pair{"cluster", cluster_schema()}}) {
    for (const base::Json& value : both.at(kind).at("accepted")) {
      EXPECT_TRUE(violations(schema, value, 1).empty()) << kind << ": " << value;
    }
    for (const base::Json& value : both.at(kind).at("refused")) {
      EXPECT_FALSE(violations(schema, value, 1).empty()) << kind << ": " << value;
    }
  }
}

}  // namespace
}  // namespace spec
