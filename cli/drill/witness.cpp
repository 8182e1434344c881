#include "cli/drill/witness.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <thread>

#include "base/json.hpp"
#include "cli/program/program.hpp"

namespace drill {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;
using Clock = std::chrono::steady_clock;

constexpr Ms read_timeout{5'000};
constexpr int tries = 5;
constexpr Ms pause{200};
constexpr const char* order_placed = "order.placed";

std::string text_of(const Json& json, const char* key) {
  if (!json.is_object()) return {};
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Of the first item, by which an order of ours is known.
std::string key_of(const Json& order) {
  const auto items = order.is_object() ? order.find("items") : order.end();
  const bool has_one = order.is_object() && items != order.end() && items->is_array() && !items->empty();
  return has_one ? text_of(items->front(), "sku") : std::string();
}

bool is_as_placed(const Json& order, const std::string& key) {
  const Json wanted = items_of(key);
  const auto& item = wanted.front();
  const auto total = item["quantity"].get<std::int64_t>() * item["unit_price_cents"].get<std::int64_t>();
  const auto found = order.find("total_cents");
  const bool same_total = found == order.end() || (found->is_number_integer() && found->get<std::int64_t>() == total);
  return order["items"] == wanted && text_of(order, "currency") == "EUR" && same_total;
}

}  // namespace

base::Json items_of(const std::string& key) {
  std::uint32_t sum = 0;
  for (const char c : key) sum = sum * 31 + static_cast<unsigned char>(c);
  return base::Json::array({{{"sku", key}, {"quantity", 1 + sum % 9}, {"unit_price_cents", 100 + sum % 9'000}}});
}

std::optional<Stream> stream_of(const spec::Cluster& cluster) {
  const auto broker = cluster.services.find(cluster.broker);
  if (broker == cluster.services.end() || !broker->second.ports.contains("client")) return std::nullopt;
  for (const auto& [name, service] : cluster.services) {
    const auto& types = service.publishes;
    if (std::find(types.begin(), types.end(), order_placed) == types.end()) continue;
    Stream stream;
    stream.url = "nats://127.0.0.1:" + std::to_string(broker->second.ports.at("client"));
    for (const char c : name) stream.name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    stream.subject = name + ".events." + order_placed;
    return stream;
  }
  return std::nullopt;
}

Result<Json> Witness::get(const std::string& path, int& status) const {
  base::Error last = base::fail(ErrorCode::unavailable, "no answer");
  for (int i = 0; i < tries; ++i) {
    if (i > 0) std::this_thread::sleep_for(pause);
    base::http::Request request;
    request.target = path;
    const auto answer = base::http::send_blocking(door_, request, read_timeout);
    if (!answer) {
      last = answer.error();
      continue;
    }
    status = answer.value().status;
    if (status == 200) return base::parse_json(answer.value().body);
    if (status == 404) return Json::object();
    last = base::fail(ErrorCode::unavailable, "HTTP status " + std::to_string(status));
  }
  return base::fail(ErrorCode::unavailable, "GET " + path + " at 127.0.0.1:" + std::to_string(door_.port) + " got " +
                                                last.message + ", so what happened cannot be read back");
}

Result<void> Witness::read_orders(const std::string& user, std::vector<SeenOrder>& into) const {
  std::string token;
  do {
    int status = 0;
    TRY(const auto page, get("/api/v1/orders?user_id=" + base::http::percent_encode(user) + "&page_size=100" +
                                 (token.empty() ? std::string() : "&page_token=" + base::http::percent_encode(token)),
                             status));
    const auto orders = page.find("orders");
    if (orders == page.end() || !orders->is_array()) {
      return base::fail(ErrorCode::internal, "the list of orders is none: HTTP status " + std::to_string(status));
    }
    for (const auto& order : *orders) {
      const auto key = key_of(order);
      into.push_back({text_of(order, "id"), key, !key.empty() && is_as_placed(order, key)});
    }
    const auto next = text_of(page, "next_page_token");
    if (next == token) break;  // the same page for ever
    token = next;
  } while (!token.empty());
  return base::success();
}

Result<void> Witness::read_users(const std::vector<Attempt>& attempts, Evidence& evidence) const {
  for (const auto& attempt : attempts) {
    if (attempt.what != What::user || attempt.outcome != Outcome::acknowledged) continue;
    int status = 0;
    TRY(const auto user, get("/api/v1/users/" + base::http::percent_encode(attempt.id), status));
    if (text_of(user, "id") == attempt.id && text_of(user, "email") == attempt.key) evidence.there.insert(attempt.key);
  }
  return base::success();
}

Result<std::vector<Json>> Witness::ask_broker(std::vector<std::string> words) const {
  TRY(const auto program, program::helper("msctl-broker"));
  words.insert(words.begin(), {program.string(), "--url", stream_->url});
  TRY(const auto said, program::ask(words));
  if (said.exit_code != 0) {
    std::istringstream lines(said.err);
    std::string line;
    std::getline(lines, line);
    return base::fail(ErrorCode::unavailable, "the broker cannot be read: " + line);
  }
  std::vector<Json> answers;
  std::istringstream lines(said.out);
  for (std::string line; std::getline(lines, line);) {
    TRY(auto json, base::parse_json(line));
    answers.push_back(std::move(json));
  }
  return answers;
}

Result<std::vector<SeenEvent>> Witness::read_events(const std::string& since) const {
  std::vector<std::string> words{"read", stream_->name, "--subject", stream_->subject};
  if (!since.empty()) words.insert(words.end(), {"--from-time", since});
  TRY(const auto messages, ask_broker(std::move(words)));
  std::vector<SeenEvent> events;
  for (const auto& message : messages) {
    const auto event = base::parse_json(text_of(message, "data"));
    if (!event || !event.value().is_object()) continue;
    const auto data = event.value().find("data");
    if (data == event.value().end()) continue;
    const auto key = key_of(*data);
    if (!key.starts_with("drill-" + run_ + "-")) continue;  // somebody else's
    events.push_back({text_of(event.value(), "id"), text_of(*data, "order_id"), key});
  }
  return events;
}

Result<std::vector<std::string>> Witness::consumers_behind() const {
  TRY(const auto consumers, ask_broker({"consumers", stream_->name}));
  std::vector<std::string> behind;
  for (const auto& one : consumers) {
    const auto lag = one.value("lag", std::uint64_t{0});
    if (!one.value("durable", false) || lag == 0) continue;
    behind.push_back("consumer " + text_of(one, "consumer") + " is " + std::to_string(lag) + " events behind");
  }
  return behind;
}

Result<bool> Witness::is_there(const std::string& path) const {
  int status = 0;
  TRY(get(path, status));
  return status == 200;
}

Result<std::vector<std::string>> Witness::await_consumers(Ms within, const std::function<bool()>& stopped) const {
  if (!stream_) return std::vector<std::string>();
  const auto until = Clock::now() + within;
  for (;;) {
    auto behind = consumers_behind();
    if (behind && behind.value().empty()) return behind;
    if (Clock::now() >= until || stopped()) return behind;
    std::this_thread::sleep_for(pause);
  }
}

Result<Evidence> Witness::look(const std::vector<Attempt>& attempts, const std::vector<std::string>& users,
                               const std::string& since, Ms within, const std::function<bool()>& stopped) const {
  Evidence evidence;
  for (const auto& user : users) {
    TRY(read_orders(user, evidence.orders));
  }
  TRY(read_users(attempts, evidence));
  if (!stream_) return evidence;
  evidence.with_events = true;
  const auto until = Clock::now() + within;
  for (;;) {
    const bool over = Clock::now() >= until || stopped();
    // The last word comes from the whole stream.
    const auto events = read_events(over ? "" : since);
    const auto behind = consumers_behind();
    if (over && !events) return events.error();
    if (over && !behind) return behind.error();
    if (events) evidence.events = events.value();
    const bool at_rest = events && behind && behind.value().empty() && missing_events(evidence) == 0;
    if (at_rest || over) {
      if (behind) evidence.stuck = behind.value();
      return evidence;
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace drill
