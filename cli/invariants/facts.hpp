#pragma once
// What the services, the provider and the broker say of themselves, as far as invariants are about it. Plain values;
// times are RFC 3339 in UTC with milliseconds, so that they compare as texts.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/provider/journal.hpp"

namespace invariants {

using provider::Booking;

inline constexpr const char* placed_event = "order.placed";

using Items = std::map<std::string, std::int64_t>;  // SKU to quantity; what is listed twice is summed

struct Order {
  std::string id;
  std::string status;  // placed, paid, cancelling, confirmed, cancelled
  std::string currency;
  std::int64_t total = 0;  // in minor units, as all amounts here
  Items items;
  std::string created_at;
  std::string user_id = {};
  std::optional<std::int64_t> items_cost = {};  // quantity times unit price over all items; none: prices are not told
};

struct Payment {
  std::string id;
  std::string order_id;
  std::string status;
  std::string currency;
  std::int64_t amount = 0;
};

struct Reservation {
  std::string order_id;
  std::string status;  // reserved, rejected, released
  Items items;
};

// Something that happened to the stock of a SKU.
struct StockEvent {
  std::int64_t version = 0;
  std::string type;  // stock_received, stock_reserved, stock_released
  std::int64_t quantity = 0;
};

struct Stock {
  std::string sku;
  std::int64_t available = 0;
  std::int64_t reserved = 0;
  std::int64_t received = 0;
  std::int64_t version = -1;                            // number of its events; below 0: not told
  std::optional<std::vector<StockEvent>> history = {};  // up to this version; none: it was not read
};

struct Mail {
  std::string id;
  std::string order_id;
  std::string event;  // that it tells of
  std::string user_id = {};
  bool has_body = true;
};

// A message of the stream in which orders are told of.
struct Event {
  std::string id;
  std::string type;
  std::string order_id;
  std::string time;
  bool is_staged = false;  // it came of a provider state that a contract asked for, not of a client
};

struct Outbox {
  std::string service;
  std::int64_t unsent = 0;
  double oldest_age_s = 0;
  std::int64_t parked = 0;
};

struct Saga {
  std::string id;  // the order's
  std::string state;
  std::string step;
  double idle_s = 0;  // since it moved last
};

// An event that a service put aside.
struct Parked {
  std::string kind;  // parked: it could not be handled; quarantined: it is of a newer version than is known
  std::string service;
  std::string type;
  std::string order_id;
  std::string reason;
};

// What one of them said; `why_not` says why there is nobody to ask in this cluster, and is empty when there is.
template <class T>
struct Source {
  std::vector<T> rows;
  std::string why_not;
  bool is_there() const { return why_not.empty(); }
};

struct Facts {
  Source<Order> orders;
  Source<Payment> payments;
  Source<Booking> bookings;
  Source<Reservation> reservations;
  Source<Stock> stocks;
  Source<Mail> mails;
  Source<Event> events;
  bool has_all_events = true;  // else the broker has dropped the oldest ones, and those of old orders with them
  // Ids that provider states made up, as other services' events tell; whether they, and `events`, have all of them.
  std::set<std::string> staged;
  bool knows_staged = false;
  Source<Outbox> outboxes;
  Source<Saga> sagas;
  Source<Parked> parked;
};

}  // namespace invariants
