#include <algorithm>
#include <array>

#include "base/pattern/pattern.hpp"
#include "supervisor/spec/decode.hpp"
#include "supervisor/spec/read_keys.hpp"

namespace spec {
namespace {

using base::Json;

struct Kind {
  const char* key;
  ProbeKind kind;
};

constexpr std::array kinds{Kind{"http", ProbeKind::http}, Kind{"tcp", ProbeKind::tcp},
                           Kind{"grpc", ProbeKind::grpc}, Kind{"exec", ProbeKind::exec},
                           Kind{"log", ProbeKind::log},   Kind{"notify", ProbeKind::notify}};

class ProbeReader {
 public:
  ProbeReader(const ServiceSource& source, const char* name, const Service& service, Problems& problems)
      : source_(source), name_(name), service_(service), problems_(problems) {}

  std::optional<Probe> read() {
    const Json* probes = key_of(source_.merged, "probes");
    const Json* value = probes == nullptr ? nullptr : key_of(*probes, name_);
    if (value == nullptr) return std::nullopt;
    const auto is_here = [&](const Kind& kind) { return value->contains(kind.key); };
    if (std::count_if(kinds.begin(), kinds.end(), is_here) != 1) {
      report("", "expected exactly one of http, tcp, grpc, exec, log and notify");
      return std::nullopt;
    }
    Probe probe;
    const Kind& kind = *std::find_if(kinds.begin(), kinds.end(), is_here);
    probe.kind = kind.kind;
    read_what(*value, kind, probe);
    read_key_ms(*value, "interval_ms", probe.interval);
    read_key_ms(*value, "timeout_ms", probe.timeout);
    read_key(*value, "failures", probe.failures);
    read_key(*value, "successes", probe.successes);
    read_key_ms(*value, "start_period_ms", probe.start_period);
    if (probe.kind != ProbeKind::http && value->contains("port")) report("/port", "only an http probe has this key");
    if (probe.kind != ProbeKind::grpc && value->contains("service")) {
      report("/service", "only a grpc probe has this key");
    }
    return probe;
  }

 private:
  void report(const std::string& key, const std::string& message) {
    source_.report(problems_, std::string("/probes/") + name_ + key, message);
  }

  void read_what(const Json& value, const Kind& kind, Probe& probe) {
    if (kind.kind != ProbeKind::http) probe.path.clear();
    switch (kind.kind) {
      case ProbeKind::http:
        read_key(value, "http", probe.path);
        read_key(value, "port", probe.port);
        return check_port(probe);
      case ProbeKind::tcp:
      case ProbeKind::grpc:
        read_key(value, kind.key, probe.port);
        read_key(value, "service", probe.path);
        return check_port(probe);
      case ProbeKind::exec:
        read_key(value, "exec", probe.command);
        if (probe.command.front().empty()) report("/exec", "the program's name is empty");
        break;
      case ProbeKind::log:
        read_key(value, "log", probe.path);
        if (const auto pattern = base::Pattern::make(probe.path); !pattern) report("/log", pattern.error().message);
        break;
      case ProbeKind::notify:
        break;
    }
    probe.port.clear();
    if (kind.kind == ProbeKind::log && std::string_view(name_) == "live") {
      report("/log",
             "written once, a line does not tell whether the service is still alive; ask by http, tcp, grpc, exec or "
             "notify");
    }
  }

  void check_port(const Probe& probe) {
    if (service_.ports.contains(probe.port)) return;
    report("", "it asks port \"" + probe.port + "\", which is not among the service's ports");
  }

  const ServiceSource& source_;
  const char* name_;
  const Service& service_;
  Problems& problems_;
};

}  // namespace

void decode_probes(const ServiceSource& source, Service& service, Problems& problems) {
  service.boot = ProbeReader(source, "boot", service, problems).read();
  service.ready = ProbeReader(source, "ready", service, problems).read();
  service.live = ProbeReader(source, "live", service, problems).read();
}

}  // namespace spec
