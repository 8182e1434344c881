#pragma once
// Transactions that change the stock, run anew when another one was faster. Thread-safe; lent what it is made of.

#include <atomic>
#include <functional>
#include <memory>

#include "services/catalog/adapters/out/stock_rows.hpp"
#include "services/chassis/db/database.hpp"
#include "services/chassis/metrics/metrics.hpp"

namespace catalog_service::adapters {

class StockDatabase {
 public:
  // May run more than once, so it must not use up its captures.
  template <class T>
  using Work = std::function<base::Result<T>(chassis::db::Transaction&, StockRows&)>;

  StockDatabase(chassis::db::Database& database, chassis::Metrics& metrics) : database_(database), metrics_(metrics) {}

  // Each time it is overtaken somebody else has got on, so it tries again at once; it gives up after `max_attempts`.
  // Errors: those of `work` and of the database; unavailable when it gave up.
  template <class T>
  base::Task<base::Result<T>> write(base::Monotonic deadline, Work<T> work) {
    for (int attempt = 1;; ++attempt) {
      const auto is_overtaken = std::make_shared<std::atomic<bool>>(false);
      std::function<base::Result<T>(chassis::db::Transaction&)> once =
          [work, is_overtaken](chassis::db::Transaction& tx) -> base::Result<T> {
        StockRows stock(tx);
        auto done = work(tx, stock);
        *is_overtaken = stock.is_overtaken();
        return done;
      };
      auto done = co_await database_.write(deadline, std::move(once));
      if (done || !*is_overtaken || attempt == max_attempts) co_return done;
      metrics_.count("stock_conflicts_total", "Transactions run anew since another one changed the stock first", {});
    }
  }

  chassis::db::Database& plain() { return database_; }

  static constexpr int max_attempts = 50;

 private:
  chassis::db::Database& database_;
  chassis::Metrics& metrics_;
};

}  // namespace catalog_service::adapters
