#include "cli/drill/witness.hpp"

#include <algorithm>
#include <thread>

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/subjects.hpp"
#include "cli/streams/streams.hpp"

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

// Sold by the reference system's catalog at this price, so that an order of the most stays small.
constexpr const char* sku = "MSCTL-DRILL";
constexpr int price_cents = 1;
constexpr std::size_t most = 1'000'000;  // of one article in an order

// By how much of the article it orders; 0 for what is none of a drill.
std::int64_t quantity_of(const Json& order) {
  const auto items = order.is_object() ? order.find("items") : order.end();
  if (!order.is_object() || items == order.end() || !items->is_array() || items->empty()) return 0;
  const auto& item = items->front();
  const auto quantity = item.is_object() ? item.find("quantity") : item.end();
  const bool is_sold = base::text_at(item, "sku") == sku && quantity != item.end() && quantity->is_number_integer();
  return is_sold ? quantity->get<std::int64_t>() : 0;
}

bool is_as_placed(const Json& order, const std::string& key) {
  const Json wanted = items_of(key);
  const auto& item = wanted.front();
  const auto total = item["quantity"].get<std::int64_t>() * item["unit_price_cents"].get<std::int64_t>();
  const auto found = order.find("total_cents");
  const bool same_total = found == order.end() || (found->is_number_integer() && found->get<std::int64_t>() == total);
  return order["items"] == wanted && base::text_at(order, "currency") == "EUR" && same_total;
}

}  // namespace

std::string order_key(const std::string& run, std::size_t number) {
  return "drill-" + run + "-" + std::to_string(number % most);
}

base::Json items_of(const std::string& key) {
  const auto number = std::stoll("0" + key.substr(key.rfind('-') + 1));
  return base::Json::array({{{"sku", sku}, {"quantity", number + 1}, {"unit_price_cents", price_cents}}});
}

// The id decides where it is known: what was acknowledged may have been changed since.
std::string Witness::key_of(const Ours& ours, const std::string& id, const Json& order) const {
  const auto known = ours.keys.find(id);
  if (known != ours.keys.end()) return known->second;
  const auto quantity = quantity_of(order);
  if (quantity < 1 || !ours.users.contains(base::text_at(order, "user_id"))) return {};
  return order_key(run_, static_cast<std::size_t>(quantity - 1));
}

std::optional<Stream> stream_of(const spec::Cluster& cluster) {
  const auto url = streams::url_of(cluster);
  if (!url) return std::nullopt;
  for (const auto& [name, service] : cluster.services) {
    const auto& types = service.publishes;
    if (std::find(types.begin(), types.end(), order_placed) == types.end()) continue;
    Stream stream;
    stream.url = url.value();
    stream.name = base::stream_name(name);
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

Result<void> Witness::read_orders(const Ours& ours, const std::string& user, std::vector<SeenOrder>& into) const {
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
      const auto id = base::text_at(order, "id");
      const auto key = key_of(ours, id, order);
      into.push_back({id, key, !key.empty() && is_as_placed(order, key)});
    }
    const auto next = base::text_at(page, "next_page_token");
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
    if (base::text_at(user, "id") == attempt.id && base::text_at(user, "email") == attempt.key)
      evidence.there.insert(attempt.key);
  }
  return base::success();
}

Result<std::vector<SeenEvent>> Witness::read_events(const Ours& ours, const std::string& since) const {
  std::vector<std::string> words{"read", stream_->name, "--subject", stream_->subject};
  if (!since.empty()) words.insert(words.end(), {"--from-time", since});
  TRY(const auto messages, streams::ask(stream_->url, words));
  std::vector<SeenEvent> events;
  for (const auto& message : messages) {
    const auto event = base::parse_json(base::text_at(message, "data"));
    if (!event || !event.value().is_object()) continue;
    const auto data = event.value().find("data");
    if (data == event.value().end()) continue;
    const auto order = base::text_at(*data, "order_id");
    const auto key = key_of(ours, order, *data);
    if (key.empty()) continue;  // somebody else's
    events.push_back({base::text_at(event.value(), "id"), order, key});
  }
  return events;
}

Result<std::vector<std::string>> Witness::consumers_behind() const {
  TRY(const auto consumers, streams::ask(stream_->url, {"consumers", stream_->name}));
  std::vector<std::string> behind;
  for (const auto& one : consumers) {
    const auto lag = one.value("lag", std::uint64_t{0});
    if (!one.value("durable", false) || lag == 0) continue;
    behind.push_back("consumer " + base::text_at(one, "consumer") + " is " + std::to_string(lag) + " events behind");
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
  Ours ours{{users.begin(), users.end()}, {}};
  for (const auto& attempt : attempts) {
    if (attempt.what == What::order && !attempt.id.empty()) ours.keys.emplace(attempt.id, attempt.key);
  }
  for (const auto& user : users) {
    TRY(read_orders(ours, user, evidence.orders));
  }
  TRY(read_users(attempts, evidence));
  if (!stream_) return evidence;
  evidence.with_events = true;
  const auto until = Clock::now() + within;
  for (;;) {
    const bool over = Clock::now() >= until || stopped();
    // The last word comes from the whole stream.
    const auto events = read_events(ours, over ? "" : since);
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
