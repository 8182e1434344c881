#include "services/chassis/discovery/consul.hpp"

#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "services/chassis/discovery/interruptible.hpp"

namespace chassis::discovery {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait{60'000};
constexpr milliseconds answer_margin{10'000};  // Consul may add a sixteenth to the wait
constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5'000};

// Some news at once, but when there is news all the time, not all the time: a token bucket.
class Pace {
 public:
  explicit Pace(base::Monotonic now) : last_(now) {}
  // How long to wait before the next question.
  milliseconds take(base::Monotonic now) {
    const auto passed = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    tokens_ = std::min(burst, tokens_ + passed * per_second) - 1;
    return tokens_ >= 0 ? milliseconds(0) : milliseconds(static_cast<int>(-tokens_ / per_second * 1000));
  }

 private:
  static constexpr double burst = 5;
  static constexpr double per_second = 2;
  double tokens_ = burst;
  base::Monotonic last_;
};

bool is_ipv4(std::string_view text) {
  int dots = 0;
  for (const char c : text) {
    if (c == '.') ++dots;
    if (c != '.' && (c < '0' || c > '9')) return false;
  }
  return dots == 3;
}

std::optional<Endpoint> read_endpoint(const base::Json& entry) {
  if (!entry.is_object()) return std::nullopt;
  const auto service = entry.find("Service");
  if (service == entry.end() || !service->is_object()) return std::nullopt;
  Endpoint endpoint;
  endpoint.id = base::text_at(*service, "ID");
  endpoint.address = base::text_at(*service, "Address");
  const auto node = entry.find("Node");
  if (endpoint.address.empty() && node != entry.end() && node->is_object())
    endpoint.address = base::text_at(*node, "Address");
  if (endpoint.address == "localhost") endpoint.address = "127.0.0.1";
  const auto port = service->find("Port");
  const bool has_port = port != service->end() && port->is_number_unsigned() && port->get<std::uint64_t>() <= 65535;
  if (has_port) endpoint.port = port->get<std::uint16_t>();
  if (const auto meta = service->find("Meta"); meta != service->end() && meta->is_object()) {
    for (const auto& [key, value] : meta->items()) {
      if (value.is_string()) endpoint.meta[key] = value.get<std::string>();
    }
  }
  if (endpoint.port == 0 || !is_ipv4(endpoint.address)) return std::nullopt;
  return endpoint;
}

base::http::Request question(const std::string& service, std::uint64_t index) {
  base::http::Request request;
  request.target = "/v1/health/service/" + base::http::percent_encode(service) + "?passing=1";
  if (index > 0) {
    request.target += "&index=" + std::to_string(index) + "&wait=" + std::to_string(longest_wait.count()) + "ms";
  }
  return request;
}

base::http::Target target_of(const std::string& address) {
  const auto colon = address.rfind(':');
  base::http::Target target;
  target.address = address.substr(0, colon) == "localhost" ? "127.0.0.1" : address.substr(0, colon);
  // The configuration was checked when it was read.
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), target.port);
  return target;
}

struct Found {
  Endpoints endpoints;
  std::uint64_t index = 0;
};

base::Result<Found> understand(const base::Result<base::http::Response>& answer, std::uint64_t asked) {
  if (!answer) return answer.error();
  const auto& response = answer.value();
  if (response.status != 200) {
    return base::fail(base::ErrorCode::bad_gateway, "HTTP status " + std::to_string(response.status));
  }
  TRY(auto endpoints, read_endpoints(response.body));
  return Found{std::move(endpoints), next_index(asked, response.headers.get("x-consul-index"))};
}

// Follows one service until nobody holds its feed any more.
class Follower {
 public:
  Follower(Environment& env, std::string service, const std::shared_ptr<Feed>& feed)
      : env_(env), service_(std::move(service)), feed_(feed), pace_(env.clock.monotonic()) {}

  static base::Task<> run(std::unique_ptr<Follower> self) {
    const auto pause = self->env_.scheduler.make_signal();
    while (!self->env_.scheduler.shutting_down() && !self->feed_.expired()) {
      const auto wait = co_await self->ask();
      if (wait > milliseconds(0) && !self->env_.scheduler.shutting_down()) co_await pause->wait(wait);
    }
  }

 private:
  // One question; returns how long to wait before the next.
  base::Task<milliseconds> ask() {
    auto request = question(service_, index_);
    auto target = target_of(env_.config.discovery.address);
    const auto timeout = (index_ > 0 ? longest_wait : milliseconds(0)) + answer_margin;
    const auto answer = co_await send_until_shutdown(env_, std::move(target), std::move(request), timeout);
    if (!answer) co_return first_pause;
    auto found = understand(*answer, index_);
    if (!found) co_return failed(found.error());
    index_ = found.value().index;
    succeeded(std::move(found.value().endpoints));
    co_return pace_.take(env_.clock.monotonic());
  }

  void succeeded(Endpoints endpoints) {
    if (std::exchange(failures_, 0) > 0) env_.log.info("the registry answers again", {{"service", service_}});
    const auto feed = feed_.lock();
    if (!feed) return;
    const auto count = endpoints.size();
    if (!feed->publish(endpoints.empty() ? configured(env_.config, service_) : std::move(endpoints))) return;
    env_.log.info("discovery", {{"service", service_}, {"instances", count}});
  }

  milliseconds failed(const base::Error& error) {
    if (failures_ == 0) {
      env_.log.warning("the registry does not answer, the addresses known last stay in use",
                       {{"service", service_}, {"registry", env_.config.discovery.address}, {"error", error.message}});
    }
    index_ = 0;
    const auto pause = std::min(longest_pause, first_pause * (1 << std::min(failures_, 10)));
    ++failures_;
    return pause / 2 + milliseconds(env_.random.below(static_cast<std::uint32_t>(pause.count() / 2) + 1));
  }

  Environment& env_;
  std::string service_;
  std::weak_ptr<Feed> feed_;
  Pace pace_;
  std::uint64_t index_ = 0;
  int failures_ = 0;
};

}  // namespace

base::Result<Endpoints> read_endpoints(std::string_view text) {
  TRY(const auto json, base::parse_json(text));
  if (!json.is_array()) return base::fail(base::ErrorCode::malformed, "expected a list of instances");
  Endpoints endpoints;
  for (const auto& entry : json) {
    if (auto endpoint = read_endpoint(entry)) endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

std::uint64_t next_index(std::uint64_t asked, std::string_view header) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), index);
  if (error != std::errc() || end != header.data() + header.size()) return 1;
  if (index < asked) return 0;
  return std::max<std::uint64_t>(index, 1);
}

std::shared_ptr<Feed> ConsulDiscovery::follow(const std::string& service) {
  const auto feed = std::make_shared<Feed>(configured(env_.config, service));
  env_.scheduler.spawn(Follower::run(std::make_unique<Follower>(env_, service, feed)));
  return feed;
}

}  // namespace chassis::discovery
