#include "cli/contract/verify.hpp"

#include <algorithm>

#include "base/pact/xml/xml.hpp"

namespace contract {
namespace {

namespace pact = base::pact;
using base::Json;
using pact::Interaction;
using pact::InteractionKind;

// The states of one interaction: undone in reverse order when it is over.
class States {
 public:
  States(const pact::Pact& pact, const Interaction& interaction, Provider& provider)
      : pact_(pact), interaction_(interaction), provider_(provider) {}

  base::Result<Json> set_up() {
    Json values = Json::object();
    for (const auto& state : interaction_.states) {
      if (state.params.is_object()) values.update(state.params);
      auto made = provider_.change_state(pact_.consumer, state, false);
      if (!made) return made;
      ++done_;
      if (made.value().is_object()) values.update(made.value());
    }
    return values;
  }

  // The first that failed; all are tried.
  base::Result<void> tear_down() {
    base::Result<void> outcome = base::success();
    for (; done_ > 0; --done_) {
      const auto undone = provider_.change_state(pact_.consumer, interaction_.states[done_ - 1], true);
      if (!undone && outcome) outcome = undone.error();
    }
    return outcome;
  }

 private:
  const pact::Pact& pact_;
  const Interaction& interaction_;
  Provider& provider_;
  std::size_t done_ = 0;
};

bool is_silence(const base::Error& error) {
  return error.code == base::ErrorCode::unavailable || error.code == base::ErrorCode::timeout;
}

void fail(Result& result, Outcome outcome, std::string why) {
  result.outcome = outcome;
  result.why = std::move(why);
}

// What the provider could not do at all.
void blame(Result& result, const base::Error& error) {
  const bool cannot = error.code == base::ErrorCode::unsupported;
  fail(result,
       is_silence(error) ? Outcome::unreachable
       : cannot          ? Outcome::unverifiable
                         : Outcome::mismatched,
       error.message);
}

void conclude(Result& result, std::vector<pact::Mismatch> mismatches) {
  if (mismatches.empty()) return;
  result.mismatches = std::move(mismatches);
  fail(result, Outcome::mismatched, sentence(result.mismatches.front()));
}

// The engine's own, and XML.
pact::MatchOptions all_bodies() {
  pact::MatchOptions options;
  options.body_matchers.push_back(pact::xml_matcher());
  return options;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x80 && std::isalnum(static_cast<unsigned char>(c)) != 0) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A file, or what a state returned, must not be able to send other requests than one.
base::Result<void> check_sendable(const base::http::Request& request) {
  const auto refuse = [](const std::string& what) {
    return base::fail(base::ErrorCode::invalid, what + ", so the request cannot be sent");
  };
  if (!is_token(request.method)) return refuse("the method " + base::dump_json(request.method) + " is none of HTTP");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return refuse("the header name " + base::dump_json(name) + " is none of HTTP");
    const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
    if (!clean) return refuse("the header " + name + " has a line break or another control character");
  }
  return base::success();
}

base::http::Request as_sent(const pact::HttpRequest& request, const base::http::Headers& added) {
  base::http::Request sent = pact::to_http(request);
  for (const auto& [name, value] : added) {
    if (!sent.headers.has(name)) sent.headers.add(name, value);
  }
  return sent;
}

void replay_http(const Interaction& interaction, Provider& provider, const VerifyOptions& options,
                 const pact::GenerateContext& context, Result& result) {
  const auto request = pact::generate(interaction.request, context);
  if (!request) return fail(result, Outcome::unverifiable, request.error().message);
  const auto response = pact::generate(interaction.response, context);
  if (!response) return fail(result, Outcome::unverifiable, response.error().message);
  auto sent = as_sent(request.value(), options.added);
  if (const auto good = check_sendable(sent); !good) return fail(result, Outcome::unverifiable, good.error().message);
  const auto answer = provider.send(std::move(sent));
  if (!answer) return blame(result, answer.error());
  conclude(result, pact::match_response(response.value(), answer.value(), all_bodies()));
}

void replay_message(const Interaction& interaction, Provider& provider, const pact::GenerateContext& context,
                    Result& result) {
  const auto expected = pact::generate(interaction.message, context);
  if (!expected) return fail(result, Outcome::unverifiable, expected.error().message);
  const auto actual = provider.message(interaction);
  if (!actual) return blame(result, actual.error());
  conclude(result, pact::match_message(expected.value(), actual.value(), pact::Direction::response, all_bodies()));
}

pact::Mismatch status_mismatch(const std::string& expected, const RpcAnswer& answer) {
  pact::Mismatch mismatch;
  mismatch.where = pact::Place::status;
  mismatch.expected = expected;
  mismatch.actual = answer.status;
  mismatch.message = "expected gRPC status " + expected + ", got " + answer.status +
                     (answer.message.empty() ? "" : ": " + answer.message);
  return mismatch;
}

// No plugin is needed: what the request is, and its answer, the file says itself.
bool is_plain(const Interaction& interaction) {
  return interaction.transport != "grpc" && interaction.plugin_configuration.empty();
}

void replay_plain(const Interaction& interaction, Provider& provider, const pact::GenerateContext& context,
                  Result& result) {
  const auto request = pact::generate(interaction.sync_request, context);
  if (!request) return fail(result, Outcome::unverifiable, request.error().message);
  const auto expected = pact::generate(interaction.sync_responses.front(), context);
  if (!expected) return fail(result, Outcome::unverifiable, expected.error().message);
  const auto actual = provider.reply(interaction, request.value());
  if (!actual) return blame(result, actual.error());
  conclude(result, pact::match_message(expected.value(), actual.value(), pact::Direction::response, all_bodies()));
}

void replay_call(const pact::Pact& whole, const Interaction& interaction, Provider& provider,
                 const pact::GenerateContext& context, Result& result) {
  for (const auto* part : {&interaction.sync_request, &interaction.sync_responses.front()}) {
    if (const auto known = pact::check_known(part->generators); !known) return blame(result, known.error());
  }
  const auto answer = provider.call(whole, interaction, context);
  if (!answer) return blame(result, answer.error());
  const pact::Message& response = interaction.sync_responses.front();
  // As the protobuf plugin notes an expected failure: grpc-status and grpc-message are metadata.
  Json expected = response.metadata.is_object() ? response.metadata : Json(Json::object());
  expected.erase("contentType");
  const Json named = expected.value("grpc-status", Json("OK"));
  const std::string status = named.is_string() ? named.get<std::string>() : named.dump();
  expected.erase("grpc-status");
  std::vector<pact::Mismatch> mismatches;
  const bool as_said = answer.value().status == status;
  if (!as_said) mismatches.push_back(status_mismatch(status, answer.value()));
  const auto metadata = pact::match_metadata(expected, answer.value().metadata, response.rules.metadata);
  mismatches.insert(mismatches.end(), metadata.begin(), metadata.end());
  if (answer.value().status == "OK" && as_said) {
    const auto body = pact::match_json(answer.value().expected, answer.value().actual, response.rules.body,
                                       pact::Direction::response);
    mismatches.insert(mismatches.end(), body.begin(), body.end());
  }
  conclude(result, std::move(mismatches));
}

void replay_sync(const pact::Pact& whole, const Interaction& interaction, Provider& provider,
                 const pact::GenerateContext& context, Result& result) {
  const auto answers = interaction.sync_responses.size();
  if (answers == 0) return fail(result, Outcome::unverifiable, "it expects no answer");
  if (answers > 1) {
    return fail(result, Outcome::unverifiable,
                "it expects " + std::to_string(answers) +
                    " responses, and a provider that is asked once gives one: write an interaction for each");
  }
  if (is_plain(interaction)) return replay_plain(interaction, provider, context, result);
  return replay_call(whole, interaction, provider, context, result);
}

void replay(const pact::Pact& whole, const Interaction& interaction, Provider& provider, const VerifyOptions& options,
            const Json& values, Result& result) {
  pact::GenerateContext context{options.random, options.clock.wall(), true, values, {}};
  switch (interaction.kind) {
    case InteractionKind::http:
      return replay_http(interaction, provider, options, context, result);
    case InteractionKind::message:
      return replay_message(interaction, provider, context, result);
    case InteractionKind::sync_message:
      return replay_sync(whole, interaction, provider, context, result);
    case InteractionKind::other:
      return fail(result, Outcome::unverifiable, "an interaction of type " + result.kind + " is not known");
  }
}

std::string kind_of(const Interaction& interaction) {
  if (interaction.kind == InteractionKind::other && interaction.extra.contains("type")) {
    const Json& type = interaction.extra["type"];
    return type.is_string() ? type.get<std::string>() : type.dump();
  }
  return std::string(pact::to_text(interaction.kind));
}

}  // namespace

bool Selection::takes(const pact::Pact& pact) const {
  const bool is_party = service.empty() || service == pact.consumer || service == pact.provider;
  return is_party && (consumer.empty() || consumer == pact.consumer) && (provider.empty() || provider == pact.provider);
}

bool Selection::takes(const Interaction& interaction_) const {
  return interaction.empty() || interaction_.description.find(interaction) != std::string::npos;
}

Result verify(const pact::Pact& whole, const Interaction& interaction, const std::string& source, Provider& provider,
              const VerifyOptions& options) {
  Result result{whole.consumer,       whole.provider, interaction.description, pact::describe(interaction.states),
                kind_of(interaction), source};
  result.pending = interaction.pending;
  if (const auto id = interaction.extra.find("_id"); id != interaction.extra.end() && id->is_string()) {
    result.id = id->get<std::string>();
  }
  const auto began = options.clock.monotonic();
  States states(whole, interaction, provider);
  const auto values = states.set_up();
  if (values) {
    replay(whole, interaction, provider, options, values.value(), result);
  } else {
    fail(result, is_silence(values.error()) ? Outcome::unreachable : Outcome::state_failed, values.error().message);
  }
  if (const auto undone = states.tear_down(); !undone && result.outcome == Outcome::passed) {
    fail(result, is_silence(undone.error()) ? Outcome::unreachable : Outcome::state_failed,
         "afterwards: " + undone.error().message);
  }
  result.seconds = std::chrono::duration<double>(options.clock.monotonic() - began).count();
  return result;
}

}  // namespace contract
