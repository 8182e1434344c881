#include "cli/invariants/reader.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/http/message.hpp"
#include "base/json_text.hpp"
#include "base/subjects.hpp"
#include "cli/dlq/letters.hpp"
#include "cli/session/log_time.hpp"
#include "cli/streams/streams.hpp"

namespace invariants {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;
using base::text_at;

constexpr const char* orders_route = "/api/v2/orders";
constexpr const char* provider_name = "legacy-payments";
constexpr const char* staged = "provider-state-";  // how the door to provider states names its requests
constexpr int sagas_a_page = 1000;
constexpr int broker_timeout_ms = 30'000;

std::int64_t number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

Items items_of(const Json& row) {
  Items items;
  for (const auto& item : row.value("items", Json::array())) items[text_at(item, "sku")] += number_at(item, "quantity");
  return items;
}

// None where prices are not told; what fits no number is told as a cost that no order has.
std::optional<std::int64_t> cost_of(const Json& row) {
  std::int64_t sum = 0;
  for (const auto& item : row.value("items", Json::array())) {
    const auto price = item.find("unit_price_cents");
    std::int64_t cost = 0;
    if (price == item.end() || !price->is_number_integer()) return std::nullopt;
    if (__builtin_mul_overflow(number_at(item, "quantity"), price->get<std::int64_t>(), &cost) ||
        __builtin_add_overflow(sum, cost, &sum)) {
      return -1;
    }
  }
  return sum;
}

// Who serves the route of the gateway, and under which path; no service when nobody does.
struct Served {
  const spec::Service* service = nullptr;
  std::string path;
};

Served served(const spec::Cluster& cluster, const std::string& prefix) {
  for (const auto& [name, service] : cluster.services) {
    for (const auto& route : service.routes) {
      if (route.prefix == prefix && service.ports.contains("http")) return {&service, route.to};
    }
  }
  return {};
}

const spec::Service* publisher_of(const spec::Cluster& cluster, const std::string& type) {
  for (const auto& [name, service] : cluster.services) {
    if (std::find(service.publishes.begin(), service.publishes.end(), type) != service.publishes.end()) return &service;
  }
  return nullptr;
}

double seconds_since(const std::string& time, const base::Clock& clock) {
  const auto now = std::chrono::microseconds(clock.wall().time_since_epoch()).count();
  const auto then = time.empty() ? Result<std::int64_t>(now) : cli::parse_log_time(time, now);
  return then ? static_cast<double>(now - then.value()) / 1e6 : 0;
}

// Where the broker is; why nowhere.
std::string why_no_broker(const spec::Cluster& cluster) {
  return cluster.broker.empty() ? "This cluster has no broker." : std::string();
}

// Something stands for an order that neither is there nor was told of.
bool has_strangers(const Facts& facts) {
  std::unordered_set<std::string> known;
  for (const auto& one : facts.orders.rows) known.insert(one.id);
  for (const auto& one : facts.events.rows) known.insert(one.order_id);
  const auto is_strange = [&](const auto& one) { return !known.contains(one.order_id); };
  const auto any = [&](const auto& rows) { return std::any_of(rows.begin(), rows.end(), is_strange); };
  return any(facts.reservations.rows) || any(facts.mails.rows);
}

bool is_staged(const Json& event) { return text_at(event, "correlationid").starts_with(staged); }

}  // namespace

Result<Facts> Reader::read(bool with_events) const {
  Facts facts;
  TRY(read_lists(facts));
  TRY(read_bookings(facts.bookings));
  TRY(read_outboxes(facts.outboxes));
  TRY(read_sagas(facts.sagas));
  if (!with_events) return facts;
  TRY(read_stock_events(facts.stocks));
  TRY(read_events(facts));
  TRY(read_parked(facts.parked));
  return facts;
}

Result<void> Reader::read_lists(Facts& facts) const {
  TRY(facts.orders.why_not, each(orders_route, "orders", [&](const Json& row) {
        facts.orders.rows.push_back({text_at(row, "id"), text_at(row, "status"), text_at(row, "currency"),
                                     number_at(row, "total_cents"), items_of(row), text_at(row, "created_at"),
                                     text_at(row, "user_id"), cost_of(row)});
      }));
  TRY(facts.payments.why_not, each("/api/v1/payments", "payments", [&](const Json& row) {
        facts.payments.rows.push_back({text_at(row, "id"), text_at(row, "order_id"), text_at(row, "status"),
                                       text_at(row, "currency"), number_at(row, "amount_cents")});
      }));
  TRY(facts.reservations.why_not, each("/api/v1/reservations", "reservations", [&](const Json& row) {
        facts.reservations.rows.push_back({text_at(row, "order_id"), text_at(row, "status"), items_of(row)});
      }));
  TRY(facts.stocks.why_not, each("/api/v1/skus", "skus", [&](const Json& row) {
        facts.stocks.rows.push_back({text_at(row, "sku"), number_at(row, "available"), number_at(row, "reserved"),
                                     number_at(row, "received"),
                                     row.contains("version") ? number_at(row, "version") : -1});
      }));
  TRY(facts.mails.why_not, each("/api/v1/mailbox", "mails", [&](const Json& row) {
        facts.mails.rows.push_back({text_at(row, "id"), text_at(row, "order_id"), text_at(row, "event"),
                                    text_at(row, "user_id"), !text_at(row, "body").empty()});
      }));
  return base::success();
}

Result<std::string> Reader::each(const std::string& prefix, const std::string& member, const Take& take) const {
  const auto [service, path] = served(cluster_, prefix);
  if (service == nullptr) return "No service of this cluster has the route " + prefix + ".";
  std::string token;
  do {
    const std::string more = token.empty() ? "" : "&page_token=" + base::http::percent_encode(token);
    TRY(const auto body, doors_.get(service->ports.at("http"), path + "?page_size=100" + more));
    TRY(const auto page, base::parse_json(body));
    const auto rows = page.find(member);
    if (rows == page.end() || !rows->is_array()) {
      return base::fail(ErrorCode::malformed, service->name + " answers GET " + path + " without a list " + member);
    }
    for (const auto& row : *rows) take(row);
    token = text_at(page, "next_page_token");
  } while (!token.empty());
  return std::string();
}

// Up to the version that the counters are of: what has happened since belongs to other counters.
Result<void> Reader::read_stock_events(Source<Stock>& into) const {
  const auto [service, path] = served(cluster_, "/api/v1/skus");
  for (auto& stock : into.rows) {
    if (stock.version < 0) continue;
    auto& history = stock.history.emplace();
    const auto target = path + "/" + base::http::percent_encode(stock.sku) + "/events?page_size=100&after_version=";
    for (std::int64_t version = 0; version < stock.version;) {
      TRY(const auto body, doors_.get(service->ports.at("http"), target + std::to_string(version)));
      TRY(const auto page, base::parse_json(body));
      const auto rows = page.value("events", Json::array());
      for (const auto& row : rows) {
        history.push_back({number_at(row, "version"), text_at(row, "type"), number_at(row, "quantity")});
      }
      if (rows.empty() || history.back().version <= version) break;
      version = history.back().version;
    }
    std::erase_if(history, [&](const StockEvent& one) { return one.version > stock.version; });
  }
  return base::success();
}

Result<void> Reader::read_bookings(Source<Booking>& into) const {
  const auto service = cluster_.services.find(provider_name);
  if (service == cluster_.services.end() || !service->second.ports.contains("http")) {
    into.why_not = "This cluster has no " + std::string(provider_name) + ".";
    return base::success();
  }
  std::int64_t from = 0;
  do {
    TRY(const auto body, doors_.get(service->second.ports.at("http"), provider::journal_target(from)));
    TRY(auto page, provider::read_journal(body));
    std::move(page.bookings.begin(), page.bookings.end(), std::back_inserter(into.rows));
    from = page.next;
  } while (from != 0);
  return base::success();
}

Result<void> Reader::read_outboxes(Source<Outbox>& into) const {
  for (const auto& [name, service] : cluster_.services) {
    if (service.publishes.empty()) continue;
    const auto told = doors_.operate(name, "outbox", nullptr);
    if (!told && told.error().code == ErrorCode::not_found) continue;
    if (!told) return told.error();
    const auto age = told.value().find("oldest_unsent_age_s");
    const bool has_age = age != told.value().end() && age->is_number();
    into.rows.push_back(
        {name, number_at(told.value(), "unsent"), has_age ? age->get<double>() : 0, number_at(told.value(), "parked")});
  }
  if (into.rows.empty()) into.why_not = "No service of this cluster has an outbox.";
  return base::success();
}

Result<void> Reader::read_sagas(Source<Saga>& into) const {
  const auto* const owner = served(cluster_, orders_route).service;
  const std::string none = "No service of this cluster keeps sagas of orders.";
  if (owner == nullptr) return into.why_not = none, base::success();
  Json request{{"do", "list"}, {"limit", sagas_a_page}};
  for (;;) {
    const auto told = doors_.operate(owner->name, "saga", request);
    if (!told && told.error().code == ErrorCode::not_found) return into.why_not = none, base::success();
    if (!told) return told.error();
    for (const auto& row : told.value().value("sagas", Json::array())) {
      into.rows.push_back({text_at(row, "id"), text_at(row, "state"), text_at(row, "step"),
                           seconds_since(text_at(row, "updated_at"), clock_)});
    }
    const auto next = text_at(told.value(), "next");
    if (next.empty()) return base::success();
    request["after"] = next;
  }
}

Result<void> Reader::read_events(Facts& facts) const {
  auto& into = facts.events;
  const auto* const publisher = publisher_of(cluster_, placed_event);
  into.why_not = why_no_broker(cluster_);
  if (publisher == nullptr) into.why_not = "No service of this cluster publishes " + std::string(placed_event) + ".";
  if (!into.is_there()) return base::success();
  TRY(const auto url, streams::url_of(cluster_));
  const auto timeout = std::to_string(broker_timeout_ms);
  TRY(const auto lines, streams::ask(url, {"read", base::stream_name(publisher->name), "--timeout-ms", timeout}));
  const std::string prefix = publisher->name + ".events.";
  for (const auto& line : lines) {
    const auto message = streams::stored(line);
    if (into.rows.empty()) facts.has_all_events = message.sequence <= 1 || cluster_.broker_kind != "nats";
    const auto data = message.event.is_object() ? message.event.find("data") : message.event.end();
    if (!message.subject.starts_with(prefix) || data == message.event.end()) continue;
    into.rows.push_back({text_at(message.event, "id"), text_at(message.event, "type"), text_at(*data, "order_id"),
                         text_at(message.event, "time"), is_staged(message.event)});
  }
  return read_staged(facts, url, base::stream_name(publisher->name));
}

// The other streams are read only when something needs it: mostly nothing does.
Result<void> Reader::read_staged(Facts& facts, const std::string& url, const std::string& read_already) const {
  facts.knows_staged = facts.has_all_events;
  if (!facts.knows_staged || !has_strangers(facts)) return base::success();
  std::unordered_set<std::string> wanted;
  for (const auto& [name, service] : cluster_.services) {
    if (!service.publishes.empty()) wanted.insert(base::stream_name(name));
  }
  wanted.erase(read_already);
  TRY(const auto there, streams::ask(url, {"streams"}));
  for (const auto& one : there) {
    const auto stream = text_at(one, "stream");
    if (!wanted.contains(stream)) continue;
    const auto timeout = std::to_string(broker_timeout_ms);
    TRY(const auto lines, streams::ask(url, {"read", stream, "--timeout-ms", timeout}));
    for (const auto& line : lines) {
      const auto message = streams::stored(line);
      const auto data = message.event.is_object() ? message.event.find("data") : message.event.end();
      if (data != message.event.end() && is_staged(message.event)) facts.staged.insert(text_at(*data, "order_id"));
    }
    const bool is_whole = lines.empty() || streams::stored(lines.front()).sequence <= 1;
    if (!is_whole && cluster_.broker_kind == "nats") facts.knows_staged = false;
  }
  return base::success();
}

Result<void> Reader::read_parked(Source<Parked>& into) const {
  into.why_not = why_no_broker(cluster_);
  if (!into.is_there()) return base::success();
  TRY(auto url, streams::url_of(cluster_));
  std::vector<std::string> services;
  for (const auto& [name, service] : cluster_.services) services.push_back(name);
  TRY(const auto letters, dlq::Box(std::move(url)).read(services));
  for (const auto& letter : letters) {
    into.rows.push_back(
        {std::string(dlq::name_of(letter.kind)), letter.service, letter.type, letter.aggregate(), letter.reason()});
  }
  return base::success();
}

}  // namespace invariants
