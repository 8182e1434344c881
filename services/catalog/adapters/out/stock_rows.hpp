#pragma once
// The stock of all SKUs in one transaction: rows of `stock_events`, a snapshot each 100 of them, and the counts in
// `skus`, which follow in the same transaction so that readers need one row only.
//
// The key (sku, version) is the check against writers side by side: whoever comes second with a version is overtaken,
// and its transaction is to be run again on what is there by then (StockDatabase does that). Not thread-safe.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/catalog/domain/stock.hpp"
#include "services/chassis/db/database.hpp"

namespace catalog_service::adapters {

class StockRows {
 public:
  static constexpr std::int64_t snapshot_every = 100;

  // Lent.
  explicit StockRows(chassis::db::Transaction& tx) : tx_(tx) {}

  // The newest snapshot and what happened since. Errors: those of from_stored(); internal when an event is missing.
  base::Result<domain::Stock> load(const std::string& sku);
  // From the first event, whatever snapshots say.
  base::Result<domain::Stock> rebuild(const std::string& sku);
  // Adds the event that follows `before`. Errors: unavailable when it was overtaken.
  base::Result<domain::Stock> add(const std::string& sku, const domain::Stock& before, const domain::StockEvent& event,
                                  const std::string& at);
  // Oldest first, at most `limit`, only those above `after`.
  base::Result<std::vector<domain::RecordedEvent>> events(const std::string& sku, std::int64_t after,
                                                          std::int64_t limit);

  bool is_overtaken() const { return is_overtaken_; }

 private:
  base::Result<domain::Stock> follow(const std::string& sku, domain::Stock stock);
  base::Result<void> insert(const std::string& sku, std::int64_t version, const domain::StockEvent& event,
                            const std::string& at);

  chassis::db::Transaction& tx_;
  bool is_overtaken_ = false;
};

}  // namespace catalog_service::adapters
