#include "supervisor/spec/link.hpp"
#include "supervisor/spec/resolve.hpp"

namespace spec {
namespace {

class TextChecker {
 public:
  TextChecker(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems)
      : cluster_(cluster), layers_(layers), sources_(sources), problems_(problems) {
    anything_.variable = [](const std::string&) { return std::optional<std::string>(""); };
    anything_.content = [](const std::filesystem::path&) -> base::Result<std::string> { return std::string(); };
  }

  void run() {
    for (const auto& [name, service] : cluster_.services) {
      if (problems_.full()) return;
      check_list(service, "/command", service.command);
      for (const auto& [probe, one] :
           {std::pair{"boot", &service.boot}, std::pair{"ready", &service.ready}, std::pair{"live", &service.live}}) {
        if (*one) check_list(service, std::string("/probes/") + probe + "/exec", (*one)->command);
      }
      check_list(service, "/contracts/states/command", service.contracts.states.command);
      check_list(service, "/contracts/messages/command", service.contracts.messages.command);
      for (const auto& [key, value] : service.env) check_one(service, child_pointer("/env", key), value, key);
    }
    for (const auto& [name, command] : cluster_.commands) {
      const std::string at = child_pointer("/commands", name) + "/command";
      for (std::size_t i = 0; i < command.command.size(); ++i) {
        check_other(at + "/" + std::to_string(i), command.command[i]);
      }
    }
    for (std::size_t i = 0; i < cluster_.try_this.size(); ++i) {
      check_other("/try_this/" + std::to_string(i), cluster_.try_this[i]);
    }
  }

 private:
  static bool has_any(const std::string& text) { return text.find("${") != std::string::npos; }

  std::string mistake(const std::string& service, const std::string& text) const {
    const auto resolved = resolve_with(cluster_, service, text, anything_);
    return resolved ? std::string() : resolved.error().message;
  }

  void check_list(const Service& service, const std::string& at, const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) check_one(service, at + "/" + std::to_string(i), texts[i], "");
  }

  void check_one(const Service& service, const std::string& at, const std::string& text, const std::string& key) {
    if (!has_any(text)) return;
    const ServiceSource& source = sources_.at(service.name);
    if (const std::string message = mistake(service.name, text); !message.empty()) {
      return source.report(problems_, at, message);
    }
    const bool is_late = text.find("${env:") != std::string::npos || text.find("${file:") != std::string::npos;
    if (!is_late) return;
    const auto [file, pointer] = source.origin(at);
    cluster_.late_texts.push_back({service.name, text, key, location(*file, pointer)});
  }

  void check_other(const std::string& at, const std::string& text) {
    if (!has_any(text)) return;
    if (const std::string message = mistake("", text); !message.empty()) layers_.report(problems_, at, message);
  }

  Cluster& cluster_;
  const Layers& layers_;
  const ServiceSources& sources_;
  Problems& problems_;
  Outside anything_;
};

}  // namespace

void check_texts(Cluster& cluster, const Layers& layers, const ServiceSources& sources, Problems& problems) {
  TextChecker(cluster, layers, sources, problems).run();
}

}  // namespace spec
