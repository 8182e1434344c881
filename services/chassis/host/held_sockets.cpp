#include "services/chassis/host/held_sockets.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace chassis {
namespace {

constexpr int first_descriptor = 3;
constexpr int most_descriptors = 1024;

// An environment variable and its end: a program that this one starts must not take it for its own.
std::optional<std::string> take_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string taken = value;
  ::unsetenv(name);
  return taken;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The part before the next colon, which is cut off.
std::string next_name(std::string_view& names) {
  const auto colon = std::min(names.find(':'), names.size());
  std::string name(names.substr(0, colon));
  names.remove_prefix(std::min(colon + 1, names.size()));
  return name;
}

base::Error wrong_socket(const HeldSocket& socket, const std::string& what) {
  return base::fail(base::ErrorCode::invalid, "LISTEN_FDS: the socket '" + socket.name + "', bound to port " +
                                                  std::to_string(socket.listener.port()) + ", " + what);
}

}  // namespace

base::Result<std::vector<HeldSocket>> take_held_sockets() {
  const auto pid = take_variable("LISTEN_PID");
  const auto count = take_variable("LISTEN_FDS");
  const auto names = take_variable("LISTEN_FDNAMES");
  std::vector<HeldSocket> sockets;
  if (!pid || !count) return sockets;
  const auto meant_for = whole_number(*pid);
  if (!meant_for) return base::fail(base::ErrorCode::invalid, "LISTEN_PID is no number: '" + *pid + "'");
  if (*meant_for != ::getpid()) return sockets;
  const auto size = whole_number(*count);
  if (!size || *size < 0 || *size > most_descriptors) {
    return base::fail(base::ErrorCode::invalid, "LISTEN_FDS is no number of descriptors: '" + *count + "'");
  }
  std::string_view rest = names ? std::string_view(*names) : std::string_view();
  for (int i = 0; i < *size; ++i) {
    std::string name = next_name(rest);
    auto listener = base::http::Listener::inherited(first_descriptor + i);
    if (!listener) {
      return base::fail(base::ErrorCode::invalid, "LISTEN_FDS: '" + name + "': " + listener.error().message);
    }
    sockets.push_back({std::move(name), std::move(listener).value()});
  }
  return sockets;
}

base::Result<std::map<std::string, base::http::Listener>> match_held_sockets(
    std::vector<HeldSocket> sockets, std::map<std::string, std::uint16_t>& ports) {
  std::map<std::string, base::http::Listener> matched;
  for (auto& socket : sockets) {
    const auto bound = socket.listener.port();
    auto port = ports.find(socket.name);
    if (port == ports.end()) {
      port = std::find_if(ports.begin(), ports.end(), [bound](const auto& each) { return each.second == bound; });
    }
    if (port == ports.end()) return wrong_socket(socket, "belongs to no port of this service");
    if (port->second != 0 && port->second != bound) {
      return wrong_socket(socket, "is not the configured port " + std::to_string(port->second));
    }
    if (matched.contains(port->first)) return wrong_socket(socket, "is the second one for the port " + port->first);
    port->second = bound;
    matched.emplace(port->first, std::move(socket.listener));
  }
  return matched;
}

}  // namespace chassis
