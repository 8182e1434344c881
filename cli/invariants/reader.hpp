#pragma once
// Reads the facts of a running cluster: REST lists page by page, the provider's journal, the broker's stream, and the
// doors of operations. Blocking.

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/invariants/facts.hpp"
#include "supervisor/spec/cluster.hpp"

namespace invariants {

struct Doors {
  // The body that a service answers a GET with.
  std::function<base::Result<std::string>(std::uint16_t port, const std::string& target)> get;
  // As cli::operate(); not_found when the service has no such operation.
  std::function<base::Result<base::Json>(const std::string& service, const std::string& operation,
                                         const base::Json& request)>
      operate;
};

class Reader {
 public:
  // `cluster` has the ports of what runs; `clock` is lent.
  Reader(spec::Cluster cluster, Doors doors, const base::Clock& clock)
      : cluster_(std::move(cluster)), doors_(std::move(doors)), clock_(clock) {}

  // What lies in the broker, and the events of the stock, are read `with_events` only: they take longest, and say
  // nothing of what is under way. What
  // the cluster does not have is an absent source; what it has and does not answer is an error: unavailable, malformed.
  base::Result<Facts> read(bool with_events) const;

 private:
  using Take = std::function<void(const base::Json&)>;

  base::Result<void> read_lists(Facts& facts) const;
  // Every row of the list behind this route of the gateway. Gives why there is none.
  base::Result<std::string> each(const std::string& prefix, const std::string& member, const Take& take) const;
  base::Result<void> read_bookings(Source<Booking>& into) const;
  base::Result<void> read_outboxes(Source<Outbox>& into) const;
  base::Result<void> read_sagas(Source<Saga>& into) const;
  base::Result<void> read_stock_events(Source<Stock>& into) const;
  base::Result<void> read_events(Facts& facts) const;
  base::Result<void> read_staged(Facts& facts, const std::string& url, const std::string& read_already) const;
  base::Result<void> read_parked(Source<Parked>& into) const;

  spec::Cluster cluster_;
  Doors doors_;
  const base::Clock& clock_;
};

}  // namespace invariants
