#include "services/chassis/contract/contract.hpp"

#include <algorithm>
#include <set>

#include <google/protobuf/descriptor.h>

#include "base/pact/match.hpp"
#include "base/pact/stub.hpp"
#include "services/chassis/contract/wire.hpp"
#include "services/chassis/testing/fake_environment.hpp"

namespace chassis::contract {
namespace {

using base::Json;
namespace pact = base::pact;

std::string method_of(const pact::Interaction& one) {
  const auto name = one.plugin_configuration["protobuf"]["service"].get<std::string>();
  return "/" + name.substr(name.starts_with('.') ? 1 : 0);
}

base::ErrorCode code_of(const std::string& status) {
  for (int i = 0; i <= static_cast<int>(base::ErrorCode::internal); ++i) {
    // Several codes share a status; the first that is not about the form of a request is what a caller sees.
    const auto code = static_cast<base::ErrorCode>(i);
    if (code != base::ErrorCode::malformed && grpc_status(code) == status) return code;
  }
  return base::ErrorCode::internal;
}

}  // namespace

// What was asked of the mock server. Kept by its handlers, so that they may outlive the Contract.
struct Contract::Recorder {
  // Called while another thread asks: under the lock.
  void exercised(const pact::Interaction* one) { asked.insert(one); }
  void unexpected(std::string what) {
    if (problems.size() < 20) problems.push_back(std::move(what));
  }
  pact::GenerateContext context() { return {random, clock.wall(), false, Json::object(), {}}; }

  base::http::Response answer(const base::http::Request& request);
  base::Result<std::string> answer(const rpc::Call& call);

  std::mutex mutex;
  std::list<pact::Interaction> interactions;
  std::map<std::string, std::pair<const google::protobuf::Descriptor*, const google::protobuf::Descriptor*>> types;
  std::set<const pact::Interaction*> asked;
  std::vector<std::string> problems;
  testing::SeededRandom random;
  testing::FakeClock clock;
};

base::http::Response Contract::Recorder::answer(const base::http::Request& request) {
  const std::lock_guard lock(mutex);
  std::vector<const pact::Interaction*> all;
  for (const auto& one : interactions) all.push_back(&one);
  const auto choice = pact::choose_interaction(all, request);
  if (!choice.fits) {
    unexpected(pact::explain(request, choice));
    return pact::no_interaction(request, choice);
  }
  exercised(choice.interaction);
  auto response = pact::generate(choice.interaction->response, context());
  if (response) return pact::to_http(response.value());
  unexpected("\"" + choice.interaction->description + "\" cannot be answered: " + response.error().message);
  base::http::Response failed;
  failed.status = 500;
  return failed;
}

base::Result<std::string> Contract::Recorder::answer(const rpc::Call& call) {
  const std::lock_guard lock(mutex);
  std::string nearest;
  for (const auto& one : interactions) {
    if (one.kind != pact::InteractionKind::sync_message || method_of(one) != call.method) continue;
    const auto* type = types[call.method].first;
    auto expected = message_json(one.sync_request.contents.bytes, type);
    auto actual = message_json(call.body, type);
    if (!expected || !actual) return base::fail(base::ErrorCode::internal, "not a " + call.method + " message");
    auto found =
        pact::match_json(expected.value(), actual.value(), one.sync_request.rules.body, pact::Direction::request);
    Json metadata = Json::object();
    for (const auto& [name, value] : call.metadata) metadata[name] = value;
    auto wanted = one.sync_request.metadata;
    wanted.erase("contentType");
    for (auto& more : pact::match_metadata(wanted, metadata, one.sync_request.rules.metadata))
      found.push_back(std::move(more));
    if (!found.empty()) {
      nearest = " \"" + one.description + "\" differs:";
      for (const auto& mismatch : found) nearest += "\n  " + pact::to_text(mismatch);
      continue;
    }
    exercised(&one);
    if (one.sync_responses.empty()) return std::string();
    const auto& response = one.sync_responses.front();
    if (const auto status = response.metadata.find("grpc-status"); status != response.metadata.end()) {
      return base::fail(code_of(*status), response.metadata.value("grpc-message", ""));
    }
    TRY(const auto document, message_json(response.contents.bytes, types[call.method].second));
    TRY(const auto generated, pact::generate_body(response.generators.body, document, context()));
    TRY(const auto body, message_body(generated, types[call.method].second));
    return body.bytes;
  }
  unexpected("the call " + call.method + " is in no contract." + nearest);
  return base::fail(base::ErrorCode::internal, "the call " + call.method + " is in no contract." + nearest);
}

Contract::Contract(std::string consumer, std::string provider) : recorder_(std::make_shared<Recorder>()) {
  pact_.consumer = std::move(consumer);
  pact_.provider = std::move(provider);
}

Contract::~Contract() = default;

pact::Interaction& Contract::add() { return recorder_->interactions.emplace_back(); }

Asking& Contract::given(const std::string& state, Json params) {
  asking_.push_back(std::unique_ptr<Asking>(new Asking(*this, add())));
  return asking_.back()->given(state, std::move(params));
}

Asking& Contract::upon_receiving(const std::string& description) {
  asking_.push_back(std::unique_ptr<Asking>(new Asking(*this, add())));
  return asking_.back()->upon_receiving(description);
}

void Contract::describe_messages(pact::Interaction& made, const google::protobuf::Descriptor* request,
                                 const google::protobuf::Descriptor* response) {
  const auto set = descriptor_set(request);
  recorder_->types[method_of(made)] = {request, response};
  made.plugin_configuration["protobuf"]["descriptorKey"] = set.key;
  auto& plugins = pact_.metadata["plugins"];
  if (plugins.is_null()) {
    plugins = Json::array({{{"name", "protobuf"}, {"version", "0.6.4"}, {"configuration", Json::object()}}});
  }
  plugins[0]["configuration"][set.key] = {{"protoDescriptors", set.base64}, {"protoFile", set.source}};
}

base::http::Handler Contract::http() {
  return [recorder = recorder_](base::http::Request request) -> base::Task<base::http::Response> {
    co_return recorder->answer(request);
  };
}

rpc::Methods Contract::rpc() {
  rpc::Methods methods;
  for (const auto& [method, types] : recorder_->types) {
    methods[method] = [recorder = recorder_](rpc::Call call) -> base::Task<base::Result<std::string>> {
      co_return recorder->answer(call);
    };
  }
  return methods;
}

Event Contract::event(const std::string& description) {
  const std::lock_guard lock(recorder_->mutex);
  for (const auto& one : recorder_->interactions) {
    if (one.kind != pact::InteractionKind::message || one.description != description) continue;
    recorder_->exercised(&one);
    const auto made = pact::generate(one.message, recorder_->context());
    if (made) return {made.value().contents.bytes, made.value().metadata};
    recorder_->unexpected("the event \"" + description + "\" cannot be made: " + made.error().message);
    return {};
  }
  recorder_->unexpected("the event \"" + description + "\" is in no contract");
  return {};
}

std::string Contract::verdict() const {
  const std::lock_guard lock(recorder_->mutex);
  std::string text;
  for (const auto& problem : recorder_->problems) text += (text.empty() ? "" : "\n") + problem;
  for (const auto& one : recorder_->interactions) {
    if (recorder_->asked.contains(&one)) continue;
    text += (text.empty() ? "" : "\n") + ("never asked for: \"" + one.description + "\"") +
            (one.states.empty() ? "" : " given " + pact::describe(one.states));
  }
  return text;
}

pact::Pact Contract::pact() const {
  const std::lock_guard lock(recorder_->mutex);
  auto whole = pact_;
  whole.interactions.assign(recorder_->interactions.begin(), recorder_->interactions.end());
  return whole;
}

}  // namespace chassis::contract
