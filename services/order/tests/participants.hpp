#pragma once
// payment-service and catalog-service as far as the saga of an order is concerned: what they hear, what they answer and
// what is true of them afterwards. They keep to ADR 0024: each request is answered, also the second time, and a
// compensation that overtakes its step leaves a mark. Not thread-safe.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace order_service {

enum class Mood : std::uint8_t { agrees, refuses, silent };

struct Said {
  std::string service;
  std::string type;
  std::string order_id;
  base::Json data;
};

class Participants {
 public:
  // What they say to an event of order-service.
  std::vector<Said> hear(const base::Json& event) {
    const std::string type = event["type"];
    const std::string id = event["subject"];
    const auto& data = event["data"];
    if (type == "order.placed") return pay(id, data["total_cents"]);
    if (type == "order.paid") return reserve(id, data["items"]);
    if (type == "order.release_requested") return release(id);
    if (type == "order.refund_requested") return refund(id);
    ends[id].insert(type);
    return {};
  }

  Mood payment = Mood::agrees;
  Mood stock = Mood::agrees;
  bool is_compensating_silent = false;

  std::map<std::string, std::int64_t> charged;        // by order: what was ever charged
  std::map<std::string, std::int64_t> refunded;       // what of it went back
  std::set<std::string> reserved;                     // what is set aside now
  std::map<std::string, std::set<std::string>> ends;  // types of the events that ended it
  std::vector<std::string> undone;                    // in what order: "stock ID", "payment ID"

 private:
  std::vector<Said> pay(const std::string& id, std::int64_t cents) {
    if (payment == Mood::silent || voided_.contains(id)) return {};
    if (payment == Mood::refuses && !charged.contains(id)) declined_.insert(id);
    if (declined_.contains(id)) {
      return {{"payment-service",
               "payment.declined",
               id,
               {{"payment_id", "p-" + id}, {"order_id", id}, {"reason", "insufficient_funds"}}}};
    }
    charged[id] = cents;
    return {{"payment-service",
             "payment.authorized",
             id,
             {{"payment_id", "p-" + id}, {"order_id", id}, {"amount_cents", cents}, {"currency", "EUR"}}}};
  }
  std::vector<Said> reserve(const std::string& id, const base::Json& items) {
    if (stock == Mood::silent) return {};
    if (released_.contains(id)) return reject(id, "released", "");
    if (stock == Mood::refuses && !reserved.contains(id)) sold_out_.insert(id);
    if (sold_out_.contains(id)) return reject(id, "sold_out", "A1");
    reserved.insert(id);
    return {{"catalog-service", "stock.reserved", id, {{"order_id", id}, {"items", items}}}};
  }
  static std::vector<Said> reject(const std::string& id, const std::string& reason, const std::string& sku) {
    return {{"catalog-service", "stock.rejected", id, {{"order_id", id}, {"reason", reason}, {"sku", sku}}}};
  }
  std::vector<Said> release(const std::string& id) {
    if (is_compensating_silent) return {};
    if (released_.insert(id).second) undone.push_back("stock " + id);
    reserved.erase(id);
    return {{"catalog-service", "stock.released", id, {{"order_id", id}, {"items", base::Json::array()}}}};
  }
  std::vector<Said> refund(const std::string& id) {
    if (is_compensating_silent) return {};
    if (voided_.insert(id).second) undone.push_back("payment " + id);
    const auto paid = charged.find(id);
    if (paid != charged.end()) refunded[id] = paid->second;
    const bool is_paid = paid != charged.end();
    return {{"payment-service",
             "payment.refunded",
             id,
             {{"payment_id", is_paid ? "p-" + id : ""},
              {"order_id", id},
              {"amount_cents", is_paid ? paid->second : 0},
              {"currency", is_paid ? "EUR" : ""}}}};
  }

  // What was decided stays so.
  std::set<std::string> declined_;
  std::set<std::string> sold_out_;
  std::set<std::string> voided_;
  std::set<std::string> released_;
};

}  // namespace order_service
