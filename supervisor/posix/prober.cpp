#include "supervisor/posix/prober.hpp"

#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/http/client.hpp"
#include "base/task.hpp"

namespace posix {
namespace {

using ports::Answer;
using ports::Question;

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
base::Task<> ask_http(boost::asio::io_context& io, Question question, Prober::OnAnswer callback) {
  base::http::ClientLimits limits;
  limits.response_bytes = ports::max_answer_bytes;
  base::http::Client client(io, limits);
  base::http::Target target;
  target.port = question.port;
  base::http::Request request;
  request.target = question.http_path;
  request.headers.add("Connection", "close");
  request.headers.add("User-Agent", "msctl");
  auto got = co_await client.send(std::move(target), std::move(request), question.timeout);
  callback(from_response(std::move(got)));
}

struct Connecting {
  boost::asio::ip::tcp::socket socket;
  boost::asio::steady_timer deadline;
  Prober::OnAnswer callback;

  void finish(Answer answer) {
    if (!callback) return;
    boost::system::error_code ignored;
    socket.close(ignored);
    deadline.cancel();
    std::exchange(callback, nullptr)(std::move(answer));
  }
};

void ask_tcp(boost::asio::io_context& io, const Question& question, Prober::OnAnswer callback) {
  auto state = std::make_shared<Connecting>(Connecting{
      boost::asio::ip::tcp::socket(io), boost::asio::steady_timer(io, question.timeout), std::move(callback)});
  state->deadline.async_wait([state](boost::system::error_code error) {
    if (!error) state->finish(Answer{false, 0, {}, "no connection in time"});
  });
  const boost::asio::ip::tcp::endpoint where(boost::asio::ip::address_v4::loopback(), question.port);
  state->socket.async_connect(where, [state](boost::system::error_code error) {
    state->finish(Answer{!error, 0, {}, error ? error.message() : std::string()});
  });
}

}  // namespace

void Prober::ask(const Question& question, OnAnswer callback) {
  if (question.http_path.empty()) {
    ask_tcp(io_, question, std::move(callback));
  } else {
    boost::asio::co_spawn(io_, ask_http(io_, question, std::move(callback)), boost::asio::detached);
  }
}

}  // namespace posix
