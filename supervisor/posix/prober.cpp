#include "supervisor/posix/prober.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/http/client.hpp"
#include "supervisor/posix/exec_probe.hpp"
#include "supervisor/posix/grpc_probe.hpp"
#include "supervisor/posix/log_probe.hpp"
#include "supervisor/posix/probe_connection.hpp"

namespace posix {
namespace {

using ports::Answer;
using ports::Question;
using spec::ProbeKind;

Answer bad(std::string problem) { return Answer{false, 0, {}, std::move(problem)}; }

Answer from_response(base::Result<base::http::Response> got) {
  Answer answer;
  if (!got) {
    answer.problem = got.error().message;
    return answer;
  }
  answer.status = got.value().status;
  answer.ok = answer.status >= 200 && answer.status < 300;
  answer.body = std::move(got.value().body);
  if (!answer.ok) answer.problem = "HTTP status " + std::to_string(answer.status);
  return answer;
}

// A new connection for each probe: a kept one would say nothing about whether the service accepts.
base::Task<Answer> ask_http(boost::asio::io_context& io, const Question& question, std::string address) {
  base::http::ClientLimits limits;
  limits.response_bytes = ports::max_answer_bytes;
  base::http::Client client(io, limits);
  base::http::Target target;
  target.address = std::move(address);
  target.port = question.port;
  if (question.host != target.address) target.host = question.host;
  base::http::Request request;
  request.target = question.text;
  request.headers.add("Connection", "close");
  request.headers.add("User-Agent", "msctl");
  auto got = co_await client.send(std::move(target), std::move(request), question.timeout);
  co_return from_response(std::move(got));
}

base::Task<Answer> ask_tcp(boost::asio::io_context& io, const Question& question, std::string address) {
  ProbeConnection connection(io, question.timeout);
  const auto connected = co_await connection.connect(std::move(address), question.port);
  if (!connected) co_return bad(connected.error().message);
  co_return Answer{true, 0, {}, {}};
}

base::Task<Answer> ask_grpc(boost::asio::io_context& io, const Question& question, std::string address) {
  std::string authority = question.host.empty() ? address : question.host;
  if (authority.find(':') != std::string::npos) authority = "[" + authority + "]";
  authority += ":" + std::to_string(question.port);
  ProbeConnection connection(io, question.timeout);
  const auto connected = co_await connection.connect(std::move(address), question.port);
  if (!connected) co_return bad(connected.error().message);
  GrpcHealthCheck check(authority, question.text);
  while (!check.done()) {
    std::string bytes = check.output();
    const auto written = co_await connection.write(std::move(bytes));
    if (!written) co_return bad(written.error().message);
    const auto received = co_await connection.read_some();
    if (!received) co_return bad(received.error().message);
    check.take(received.value());
  }
  co_return check.answer();
}

}  // namespace

void Prober::ask(const Question& question, OnAnswer callback) {
  // Some answers are there at once, and none may come from inside this call.
  OnAnswer later = [&io = io_, callback = std::move(callback)](Answer answer) {
    boost::asio::post(io, [callback, answer = std::move(answer)]() mutable { callback(std::move(answer)); });
  };
  switch (question.kind) {
    case ProbeKind::http:
    case ProbeKind::tcp:
    case ProbeKind::grpc:
      boost::asio::co_spawn(io_, ask_over_network(question, std::move(later)), boost::asio::detached);
      return;
    case ProbeKind::exec:
      return ask_exec(io_, question, std::move(later));
    case ProbeKind::log:
      return ask_log(io_, question, std::move(later));
    case ProbeKind::notify:
      return later(bad("the process has not said so itself"));
  }
}

base::Task<> Prober::ask_over_network(Question question, OnAnswer callback) {
  auto address = co_await resolve(question.host);
  if (!address) {
    callback(bad(address.error().message));
    co_return;
  }
  Answer answer;
  if (question.kind == ProbeKind::http) answer = co_await ask_http(io_, question, address.value());
  if (question.kind == ProbeKind::tcp) answer = co_await ask_tcp(io_, question, address.value());
  if (question.kind == ProbeKind::grpc) answer = co_await ask_grpc(io_, question, address.value());
  callback(std::move(answer));
}

// A numeric address. A name is looked up on the resolver's own thread, which cannot be interrupted: until it is back,
// further questions for that name are answered at once, or they would queue up while the name server is away.
base::Task<base::Result<std::string>> Prober::resolve(std::string host) {
  if (host.empty()) co_return std::string("127.0.0.1");
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  if (!error) co_return host;
  const auto unresolved = [&host](const std::string& why) {
    return base::fail(base::ErrorCode::unavailable, "cannot resolve " + host + ": " + why);
  };
  if (!resolving_.insert(host).second) co_return unresolved("no answer from the name server yet");
  const auto found = co_await resolver_.async_resolve(host, "", boost::asio::redirect_error(base::use_task, error));
  resolving_.erase(host);
  if (error || found.empty()) co_return unresolved(error ? error.message() : "it has no address");
  auto chosen = found.begin()->endpoint().address();
  for (const auto& one : found) {
    if (chosen.is_v6() && one.endpoint().address().is_v4()) chosen = one.endpoint().address();
  }
  co_return chosen.to_string();
}

}  // namespace posix
