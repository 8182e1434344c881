#pragma once
// What is there after a drill: orders and users read back through the public door, events read from the broker by
// msctl-broker. Blocking.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/drill/judge.hpp"
#include "cli/drill/plan.hpp"
#include "supervisor/spec/cluster.hpp"

namespace drill {

// Where the events of orders are.
struct Stream {
  std::string url;
  std::string name;
  std::string subject;
};

// The stream of the service that publishes `order.placed`, when the cluster has that and a broker. `cluster` must have
// its real ports.
std::optional<Stream> stream_of(const spec::Cluster& cluster);

// The key of the drill's `number`-th request, when that is an order. What it orders is a function of the key, so that
// what is read back can be recognised and compared: so many of an article that the reference system's catalog sells.
std::string order_key(const std::string& run, std::size_t number);
base::Json items_of(const std::string& key);

class Witness {
 public:
  Witness(base::http::Target door, std::string run, std::optional<Stream> stream)
      : door_(std::move(door)), run_(std::move(run)), stream_(std::move(stream)) {}

  // Looks until every order has its event, every durable consumer has caught up, and at most `within`; `since` as
  // RFC 3339 is when the drill began. `stopped` ends it early. Errors: unavailable, internal (what cannot be read back
  // cannot be judged).
  base::Result<Evidence> look(const std::vector<Attempt>& attempts, const std::vector<std::string>& users,
                              const std::string& since, Ms within, const std::function<bool()>& stopped) const;
  // Whether a GET of it finds something. Errors: as above.
  base::Result<bool> is_there(const std::string& path) const;
  // Until every durable consumer of the stream has caught up; sentences about those that have not `within` that time.
  base::Result<std::vector<std::string>> await_consumers(Ms within, const std::function<bool()>& stopped) const;

 private:
  // Whose orders are this drill's, and of those that were acknowledged the key by the order's id.
  struct Ours {
    std::set<std::string> users;
    std::map<std::string, std::string> keys;
  };

  std::string key_of(const Ours& ours, const std::string& id, const base::Json& order) const;
  base::Result<base::Json> get(const std::string& path, int& status) const;
  base::Result<void> read_orders(const Ours& ours, const std::string& user, std::vector<SeenOrder>& into) const;
  base::Result<void> read_users(const std::vector<Attempt>& attempts, Evidence& evidence) const;
  base::Result<std::vector<SeenEvent>> read_events(const Ours& ours, const std::string& since) const;  // empty: all
  base::Result<std::vector<std::string>> consumers_behind() const;

  base::http::Target door_;
  std::string run_;
  std::optional<Stream> stream_;
};

}  // namespace drill
