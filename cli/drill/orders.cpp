#include "cli/drill/orders.hpp"

#include <algorithm>
#include <iterator>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

namespace drill {
namespace {

using base::Result;
using base::http::Request;
using base::http::Response;
using Clock = std::chrono::steady_clock;

constexpr int buyers = 3;
constexpr const char* password = "correct horse battery";
constexpr Ms sign_up_timeout{15'000};

base::http::ClientLimits client_limits() {
  base::http::ClientLimits limits;
  limits.connect_timeout = Ms(2'000);
  return limits;
}

Request post(const std::string& path, const base::Json& body) {
  Request request;
  request.method = "POST";
  request.target = path;
  request.headers.set("Content-Type", "application/json");
  request.body = base::dump_json(body);
  return request;
}

base::Json person(const std::string& email) { return {{"email", email}, {"name", "Drill"}, {"password", password}}; }

std::string id_in(const Response& response) {
  const auto body = base::parse_json(response.body);
  if (!body || !body.value().is_object()) return {};
  const auto id = body.value().find("id");
  return id != body.value().end() && id->is_string() ? id->get<std::string>() : std::string();
}

}  // namespace

Orders::Orders(OrdersOptions options) : options_(std::move(options)), client_(io_, client_limits()) {}

Orders::~Orders() { stop(); }

Result<void> Orders::prepare() {
  for (int i = 0; i < buyers; ++i) {
    const auto email = "buyer." + std::to_string(i) + "." + options_.run + "@drill.example";
    const auto answer = base::http::send_blocking(options_.door, post("/api/v1/users", person(email)), sign_up_timeout);
    const auto id = answer && answer.value().status == 201 ? id_in(answer.value()) : std::string();
    if (id.empty()) {
      const auto what = answer ? "HTTP status " + std::to_string(answer.value().status) : answer.error().message;
      const int status = answer ? answer.value().status : 0;
      const bool is_unknown = status == 404 || status == 405 || status == 501;  // it is no shop
      const char* const hint = is_unknown ? "; give a scenario for this cluster: --under FILE" : "; see `msctl health`";
      return base::fail(base::ErrorCode::unavailable,
                        "the drill's own load cannot begin: POST /api/v1/users at 127.0.0.1:" +
                            std::to_string(options_.door.port) + " got " + what + hint);
    }
    users_.push_back(id);
  }
  return base::success();
}

void Orders::start() {
  boost::asio::co_spawn(io_, pace(What::order, options_.rate), boost::asio::detached);
  boost::asio::co_spawn(io_, pace(What::user, 1), boost::asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

void Orders::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

// Each is due at its own time, so one that is late delays no other.
base::Task<> Orders::pace(What what, double rate) {
  const auto began = Clock::now();
  const std::chrono::duration<double> step(1 / rate);
  base::Timer timer(io_);
  for (std::uint64_t n = 0; !stopping_; ++n) {
    const auto due = began + std::chrono::duration_cast<Clock::duration>(step * static_cast<double>(n));
    // In small steps, so that stop() does not wait for a slow rate.
    while (!stopping_ && Clock::now() < due) {
      timer.expires_at(std::min(due, Clock::now() + Ms(50)));
      boost::system::error_code ignored;
      auto token = boost::asio::redirect_error(base::use_task, ignored);
      co_await timer.async_wait(std::move(token));
    }
    if (stopping_) break;
    const auto index = note(what, std::chrono::duration_cast<std::chrono::microseconds>(due - began_).count());
    if (in_flight_ >= most_in_flight) {
      finish(index, base::fail(base::ErrorCode::unavailable, "not sent: too many wait for an answer already"));
      continue;
    }
    ++in_flight_;
    boost::asio::co_spawn(io_, send(index, request_for(attempts_[index])), boost::asio::detached);
  }
}

std::size_t Orders::note(What what, std::int64_t due_us) {
  const std::lock_guard lock(mutex_);
  Attempt attempt;
  attempt.what = what;
  attempt.phase = phase_;
  attempt.intended_us = due_us;
  const auto number = std::to_string(attempts_.size());
  if (what == What::order) {
    attempt.key = order_key(options_.run, attempts_.size());
    attempt.user_id = users_[attempts_.size() % users_.size()];
  } else {
    attempt.key = "new." + number + "." + options_.run + "@drill.example";
  }
  attempts_.push_back(std::move(attempt));
  return attempts_.size() - 1;
}

Request Orders::request_for(const Attempt& attempt) const {
  if (attempt.what == What::user) return post("/api/v1/users", person(attempt.key));
  return post("/api/v1/orders", {{"user_id", attempt.user_id}, {"currency", "EUR"}, {"items", items_of(attempt.key)}});
}

base::Task<> Orders::send(std::size_t index, Request request) {
  auto target = options_.door;
  const auto answer = co_await client_.send(std::move(target), std::move(request), options_.timeout);
  --in_flight_;
  finish(index, answer);
}

void Orders::finish(std::size_t index, const Result<Response>& answer) {
  const auto now = now_us();
  const std::lock_guard lock(mutex_);
  Attempt& attempt = attempts_[index];
  attempt.done_us = now;
  attempt.outcome = Outcome::refused;
  if (!answer) {
    attempt.problem = answer.error().message;
    return;
  }
  attempt.status = answer.value().status;
  const bool is_good = attempt.status >= 200 && attempt.status < 300;
  if (is_good) attempt.outcome = Outcome::acknowledged;
  if (is_good) attempt.id = id_in(answer.value());
  if (!is_good) attempt.problem = "HTTP status " + std::to_string(attempt.status);
}

std::vector<Attempt> Orders::attempts(std::int64_t from_us) const {
  std::vector<Attempt> copy;
  {
    const std::lock_guard lock(mutex_);
    std::copy_if(attempts_.begin(), attempts_.end(), std::back_inserter(copy),
                 [&](const Attempt& one) { return one.intended_us >= from_us; });
  }
  std::stable_sort(copy.begin(), copy.end(),
                   [](const Attempt& a, const Attempt& b) { return a.intended_us < b.intended_us; });
  return copy;
}

std::string Orders::text() const { return rate_text(options_.rate) + " orders a second"; }

Result<Evidence> Orders::look(const std::string& since, Ms within, const std::function<bool()>& stopped) const {
  const Witness witness(options_.door, options_.run, options_.stream);
  return witness.look(attempts(0), users_, since, within, stopped);
}

}  // namespace drill
