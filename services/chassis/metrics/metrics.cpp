#include "services/chassis/metrics/metrics.hpp"

#include <array>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace chassis {
namespace {

const prometheus::Histogram::BucketBoundaries latency_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                              0.1,    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

// Control characters cannot stand in a name or a value that we write, so they separate the parts.
std::string key_of(const std::string& name, const Metrics::Labels& labels) {
  std::string key;
  key.reserve(128);
  key += name;
  for (const auto& [label, value] : labels) key.append(1, '\x01').append(label).append(1, '\x02').append(value);
  return key;
}

// Series already made, by name and labels. In shards, since every request looks several of them up.
template <class Series>
class Cache {
 public:
  // nullptr when `make` refuses, which is remembered as well.
  template <class Make>
  Series* get(const std::string& key, Make make) {
    auto& shard = shards_[std::hash<std::string>()(key) % shards_.size()];
    {
      const std::shared_lock lock(shard.mutex);
      if (const auto found = shard.series.find(key); found != shard.series.end()) return found->second;
    }
    const std::unique_lock lock(shard.mutex);
    const auto [entry, added] = shard.series.try_emplace(key, nullptr);
    if (added) entry->second = make();
    return entry->second;
  }

 private:
  struct Shard {
    std::shared_mutex mutex;
    std::unordered_map<std::string, Series*> series;
  };
  std::array<Shard, 16> shards_;
};

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Cache<prometheus::Counter> counters;
  Cache<prometheus::Gauge> gauges;
  Cache<prometheus::Histogram> histograms;

  // The library throws on a malformed name and on one name used with two types: defects of the caller, which must not
  // end the process. Such a series is not kept.
  template <class Make>
  static auto guarded(Make make) {
    return [make]() -> decltype(make()) {
      try {
        return make();
      } catch (const std::invalid_argument&) {
        return nullptr;
      }
    };
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const std::string& name, const std::string& help, const Labels& labels, double by) {
  auto* counter = impl_->counters.get(
      key_of(name, labels), Impl::guarded([&] {
        return &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
      }));
  if (counter != nullptr) counter->Increment(by);
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
  auto* gauge =
      impl_->gauges.get(key_of(name, labels), Impl::guarded([&] {
                          return &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
                        }));
  if (gauge != nullptr) gauge->Set(value);
}

void Metrics::observe_seconds(const std::string& name, const std::string& help, const Labels& labels, double seconds) {
  auto* histogram = impl_->histograms.get(
      key_of(name, labels), Impl::guarded([&] {
        auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
        return &family.Add(labels, latency_buckets);
      }));
  if (histogram != nullptr) histogram->Observe(seconds);
}

std::string Metrics::serialize() const { return prometheus::TextSerializer().Serialize(impl_->registry.Collect()); }

}  // namespace chassis
