#include "cli/contract/ledger.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "cli/contract/can_i_deploy.hpp"

namespace contract {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Source contract_of(const std::string& consumer, const std::string& provider, const std::string& description) {
  const std::string text = R"({"consumer":{"name":")" + consumer + R"("},"provider":{"name":")" + provider +
                           R"("},"interactions":[{"type":"Synchronous/HTTP","description":")" + description +
                           R"(","request":{"method":"GET","path":"/"},"response":{"status":200}}],)" +
                           R"("metadata":{"pactSpecification":{"version":"4.0"}}})";
  return read_source(text, "test").value();
}

class Ledgers : public ::testing::Test {
 protected:
  Ledgers() {
    char pattern[] = "/tmp/msctl-ledger-XXXXXX";
    root_ = ::mkdtemp(pattern);
  }
  ~Ledgers() override { fs::remove_all(root_); }

  void version(const std::string& service, const std::string& version, std::map<std::string, std::string> pacts = {}) {
    VersionRecord record{service, version, "2026-01-0" + version + "T00:00:00Z", std::move(pacts)};
    ASSERT_TRUE(ledger().record(record));
  }
  void deployed(const std::string& service, const std::string& version) {
    ASSERT_TRUE(ledger().record(Deployment{"prod", service, version, "2026-01-01"}));
  }
  void verified(const Source& contract, const std::string& provider_version, bool success) {
    Verification one{contract.pact.consumer,
                     "1",
                     contract.pact.provider,
                     provider_version,
                     contract.digest,
                     success,
                     1,
                     success ? std::vector<std::string>() : std::vector<std::string>{"a user: $.name"},
                     "2026"};
    ASSERT_TRUE(ledger().record(one));
  }
  Verdict ask(const std::string& service, const std::string& version) {
    return can_i_deploy(ledger(), service, version, "prod").value();
  }
  Ledger ledger() const { return Ledger(root_); }

  fs::path root_;
};

TEST_F(Ledgers, AnswersBothDirections) {
  const Source contract = contract_of("shop", "users", "a user");
  version("users", "1");
  version("users", "2");
  version("shop", "1", {{"users", contract.digest}});

  Verdict verdict = ask("shop", "1");
  EXPECT_FALSE(verdict.deployable) << "its provider is nowhere";
  EXPECT_EQ(verdict.checks.at(0).standing, Standing::not_deployed);
  EXPECT_THAT(verdict.checks.at(0).next, HasSubstr("--record-deployment"));

  EXPECT_TRUE(ask("users", "1").deployable) << "nobody is there who asks it anything";
  deployed("users", "1");
  verdict = ask("shop", "1");
  EXPECT_EQ(verdict.checks.at(0).standing, Standing::unverified);
  EXPECT_FALSE(verdict.deployable);

  verified(contract, "1", true);
  EXPECT_TRUE(ask("shop", "1").deployable);
  deployed("shop", "1");

  verdict = ask("users", "2");
  EXPECT_EQ(verdict.checks.at(0).standing, Standing::unverified);
  EXPECT_THAT(verdict.checks.at(0).why, HasSubstr("with 1, not with 2"));
  verified(contract, "2", false);
  verdict = ask("users", "2");
  EXPECT_EQ(verdict.checks.at(0).standing, Standing::failed);
  EXPECT_EQ(verdict.checks.at(0).why, "a user: $.name");
  EXPECT_THAT(verdict.why, HasSubstr("1 failed"));
  verified(contract, "2", true);
  EXPECT_TRUE(ask("users", "2").deployable);
}

TEST_F(Ledgers, AContractThatChangedIsAnotherOne) {
  const Source before = contract_of("shop", "users", "a user");
  const Source after = contract_of("shop", "users", "another user");
  version("users", "1");
  version("shop", "1", {{"users", before.digest}});
  version("shop", "2", {{"users", after.digest}});
  deployed("users", "1");
  verified(before, "1", true);
  EXPECT_TRUE(ask("shop", "1").deployable);
  EXPECT_EQ(ask("shop", "2").checks.at(0).standing, Standing::unverified);
}

TEST_F(Ledgers, WhatIsNotRecordedIsSaid) {
  Verdict verdict = ask("users", "9");
  EXPECT_FALSE(verdict.deployable);
  EXPECT_THAT(verdict.why, HasSubstr("does not know users 9"));
  version("users", "1");
  EXPECT_THAT(ask("users", "9").why, HasSubstr("the newest that it knows is 1"));
  deployed("shop", "3");
  verdict = ask("users", "1");
  EXPECT_FALSE(verdict.deployable);
  EXPECT_EQ(verdict.checks.at(0).standing, Standing::unrecorded);
}

TEST_F(Ledgers, KeepsContractsOfWhatIsDeployed) {
  const Source before = contract_of("shop", "users", "a user");
  const Source after = contract_of("shop", "users", "another user");
  version("shop", "1", {{"users", before.digest}});
  ASSERT_TRUE(ledger().record(before));
  EXPECT_TRUE(ledger().deployed_contracts({after}).value().empty()) << "it is deployed nowhere";
  deployed("shop", "1");
  const auto kept = ledger().deployed_contracts({after}).value();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].consumer_version, "1");
  EXPECT_EQ(kept[0].digest, before.digest);
  EXPECT_TRUE(ledger().deployed_contracts({before}).value().empty()) << "it is among those that are here";
}

TEST_F(Ledgers, WritesNothingTwiceAndNothingOutside) {
  version("shop", "1");
  const auto file = ledger().folder() / "versions/shop/1.json";
  const auto before = fs::last_write_time(file);
  ASSERT_TRUE(ledger().record(VersionRecord{"shop", "1", "2027", {}}));
  EXPECT_EQ(fs::last_write_time(file), before);
  ASSERT_TRUE(ledger().record(Deployment{"../../x", "a/b", "v/1", "2026"}));
  EXPECT_TRUE(fs::exists(ledger().folder() / "deployments/%2E.%2F..%2Fx/a%2Fb.json"));
  EXPECT_FALSE(fs::exists(root_ / "x"));
}

TEST_F(Ledgers, AFileThatIsBrokenIsNamed) {
  version("shop", "1");
  std::ofstream(ledger().folder() / "versions/shop/1.json") << "<<<<<<< HEAD";
  const auto read = can_i_deploy(ledger(), "shop", "1", "prod");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("versions/shop/1.json"));
}

// A member that is not there would be a success of nothing, or a row without a name.
TEST_F(Ledgers, AFileThatLacksSomethingIsNamedWithWhatIsWrong) {
  const Source contract = contract_of("shop", "users", "a user");
  version("users", "1");
  version("shop", "1", {{"users", contract.digest}});
  deployed("users", "1");
  verified(contract, "1", true);
  ASSERT_TRUE(ask("shop", "1").deployable);
  const auto refused = [&](const fs::path& file, const std::string& text) {
    std::ifstream in(file);
    const std::string before{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(before.empty()) << file;
    std::ofstream(file) << text;
    const auto read = can_i_deploy(ledger(), "shop", "1", "prod");
    std::ofstream(file) << before;
    if (read) return std::string("it was taken");
    EXPECT_EQ(read.error().code, base::ErrorCode::malformed);
    EXPECT_THAT(read.error().message, HasSubstr(file.string()));
    EXPECT_THAT(read.error().message, HasSubstr("get this one back from git"));
    return read.error().message;
  };
  const auto folder = ledger().folder();
  const auto verification = folder / "verifications/shop-users" / (contract.digest.substr(0, 16) + "@1.json");
  const std::string named = R"("consumer":"shop","consumer_version":"1","provider":"users","provider_version":"1",)" +
                            (R"("pact":")" + contract.digest) + R"(","at":"2026","interactions":1,)";
  EXPECT_THAT(refused(verification, R"({"success":true})"), HasSubstr("\"consumer\" is missing"));
  EXPECT_THAT(refused(verification, R"({"result":"maybe"})"), HasSubstr("\"consumer\" is missing"));
  EXPECT_THAT(refused(verification, "{" + named + R"("failures":[]})"), HasSubstr("\"success\" is missing"));
  EXPECT_THAT(refused(verification, "{" + named + R"("failures":[],"success":"true"})"),
              HasSubstr("\"success\" must be true or false"));
  EXPECT_THAT(refused(verification, "{" + named + R"("failures":[7],"success":false})"),
              HasSubstr("\"failures\" must be a list of texts"));
  const auto deployment = folder / "deployments/prod/users.json";
  EXPECT_THAT(refused(deployment, "{}"), HasSubstr("\"environment\" is missing"));
  EXPECT_THAT(refused(deployment, R"({"environment":"prod","service":"users","version":5,"at":""})"),
              HasSubstr("\"version\" must be a text that is not empty"));
  const auto record = folder / "versions/shop/1.json";
  EXPECT_THAT(refused(record, R"({"service":"shop","version":"1","at":"2026"})"), HasSubstr("\"pacts\" is missing"));
  EXPECT_THAT(refused(record, R"({"service":"shop","version":"1","at":"2026","pacts":{"users":1}})"),
              HasSubstr("\"pacts\" must be an object of texts"));
  EXPECT_TRUE(ask("shop", "1").deployable);
}

TEST(Digest, IsOfWhatWasAgreed) {
  const auto digest = [](const std::string& text) { return digest_of(base::parse_json(text).value()); };
  const std::string one = R"({"interactions":[{"a":1,"b":2},{"c":3}],"metadata":{"x":1}})";
  EXPECT_EQ(digest(one), digest(R"({"metadata":{"x":2},"interactions":[{"c":3},{"b":2,"a":1}]})"));
  EXPECT_NE(digest(one), digest(R"({"interactions":[{"a":1,"b":3},{"c":3}]})"));
  EXPECT_EQ(digest(one).size(), 64U);
}

}  // namespace
}  // namespace contract
