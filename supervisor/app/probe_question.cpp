#include "supervisor/app/probe_question.hpp"

#include <charconv>
#include <string_view>

#include "supervisor/ports/notify.hpp"

namespace app {
namespace {

using ports::Question;
using spec::ProbeKind;

constexpr std::size_t max_shown_bytes = 120;
constexpr std::uint16_t http_port = 80;

std::optional<std::uint16_t> number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

// Where an external service is: http://HOST[:PORT][/PATH] or tcp://HOST:PORT.
base::Result<Question> question_of(const spec::External& external) {
  const auto malformed = [&external] {
    return base::fail(base::ErrorCode::malformed,
                      "url: expected http://HOST[:PORT] or tcp://HOST:PORT, got " + external.url);
  };
  Question question;
  std::string_view rest = external.url;
  const bool is_http = rest.starts_with("http://");
  if (!is_http && !rest.starts_with("tcp://")) return malformed();
  rest.remove_prefix(rest.find("//") + 2);
  std::string path(rest.substr(std::min(rest.find('/'), rest.size())));
  rest = rest.substr(0, rest.find('/'));
  std::size_t colon = rest.find(':');
  question.host = rest.substr(0, colon);
  if (rest.starts_with('[')) {  // [::1]:80
    const auto end = std::min(rest.find(']'), rest.size() - 1);
    question.host = rest.substr(1, end - 1);
    colon = rest.size() > end + 1 ? end + 1 : std::string_view::npos;
    if (rest[end] != ']' || (colon != std::string_view::npos && rest[colon] != ':')) return malformed();
  }
  const auto port = colon == std::string_view::npos ? std::nullopt : number(rest.substr(colon + 1));
  if (question.host.empty() || (!port && (!is_http || colon != std::string_view::npos))) return malformed();
  question.port = port.value_or(http_port);
  question.kind = is_http && !external.health.empty() ? ProbeKind::http : ProbeKind::tcp;
  while (path.ends_with('/')) path.pop_back();
  if (question.kind == ProbeKind::http) question.text = path + external.health;
  return question;
}

base::Result<void> add_command(Question& question, const spec::Probe& probe, const ProbeContext& context) {
  for (const auto& argument : probe.command) {
    if (!context.resolve) {
      question.argv.push_back(argument);
      continue;
    }
    TRY(std::string value, context.resolve(argument));
    question.argv.push_back(std::move(value));
  }
  question.env = context.env;
  question.folder = context.folder;
  return base::success();
}

}  // namespace

std::optional<spec::Probe> ready_probe_of(const spec::Service& service) {
  if (service.source != spec::Source::external || !service.external) return service.ready;
  spec::Probe probe = service.ready.value_or(spec::Probe{});
  probe.kind = service.external->health.empty() ? ProbeKind::tcp : ProbeKind::http;
  return probe;
}

base::Result<Question> question_of(const spec::Service& service, const spec::Probe& probe,
                                   const ProbeContext& context) {
  Question question;
  if (service.source == spec::Source::external && service.external) {
    TRY(question, question_of(*service.external));
    question.timeout = probe.timeout;
    return question;
  }
  question.kind = probe.kind;
  question.timeout = probe.timeout;
  switch (probe.kind) {
    case ProbeKind::http:
    case ProbeKind::tcp:
    case ProbeKind::grpc: {
      const auto port = service.ports.find(probe.port);
      if (port == service.ports.end() || port->second == 0) {
        return base::fail(base::ErrorCode::not_found, "it has no port \"" + probe.port + "\"");
      }
      question.port = port->second;
      if (probe.kind != ProbeKind::tcp) question.text = probe.path;
      break;
    }
    case ProbeKind::exec: {
      TRY(add_command(question, probe, context));
      break;
    }
    case ProbeKind::log:
      question.text = probe.path;
      question.log = context.log;
      question.log_from = context.log_from;
      question.memory = std::make_shared<ports::ProbeMemory>();
      break;
    case ProbeKind::notify:
      break;
  }
  return question;
}

std::string address_of(const Question& question) {
  const std::string host = question.host.empty() ? "127.0.0.1" : question.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  const std::string where = (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(question.port);
  switch (question.kind) {
    case ProbeKind::http:
      return "http://" + where + question.text;
    case ProbeKind::tcp:
      return "tcp://" + where;
    case ProbeKind::grpc:
      return "grpc://" + where + (question.text.empty() ? "" : "/" + question.text);
    case ProbeKind::exec: {
      std::string command = "exec";
      for (const auto& argument : question.argv) command += " " + argument;
      return ports::one_line(command, max_shown_bytes);
    }
    case ProbeKind::log:
      return ports::one_line("log /" + question.text + "/", max_shown_bytes);
    case ProbeKind::notify:
      return "notify";
  }
  return {};
}

}  // namespace app
