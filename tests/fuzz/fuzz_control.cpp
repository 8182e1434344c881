// Bytes as what a client sends to the control socket: through the real HTTP server, whose handler reads bodies as the
// supervisor does, and as the JSON of each message alone.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/server.hpp"
#include "base/json.hpp"
#include "supervisor/control/wire.hpp"

namespace {

namespace http = base::http;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A request that reads itself from what to_json wrote of it.
void read_messages(std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json) return require(!json.error().message.empty(), "errors say something");
  if (const auto up = control::up_request(json.value())) {
    const auto again = control::up_request(control::to_json(up.value()));
    require(again && again.value().services == up.value().services, "an up request survives the wire");
  }
  if (const auto view = control::service_view(json.value())) {
    require(control::service_view(control::to_json(view.value())).has_value(), "a service view survives the wire");
  }
  (void)control::event_view(json.value());
  (void)control::status_view(json.value());
  (void)control::start_reply(json.value());
  (void)control::error_from(json.value());
}

base::Task<http::Response> answer(http::Request request) {
  read_messages(request.body);
  std::vector<std::pair<std::string, std::string>> pairs;
  (void)http::parse_query(request.query(), pairs);
  http::Response response;
  response.body = "{}";
  co_return response;
}

http::Response refuse(int status, std::string_view detail, const http::Request& /*request*/) {
  http::Response response;
  response.status = status;
  response.body = std::string(detail);
  return response;
}

// One server for all inputs, driven by hand on this thread.
class Door {
 public:
  Door() {
    std::string pattern = (std::filesystem::temp_directory_path() / "msctl-fuzz-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "a temporary folder");
    folder_ = pattern;
    auto listener = http::Listener::unix_socket(path());
    require(listener.has_value(), "a listening socket");
    server_.emplace(io_, listener.value(), http::ServerLimits{}, answer, refuse);
    server_->start();
  }
  ~Door() {
    server_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // All bytes, then the end of the stream; until the server has closed its side.
  void send(std::string_view bytes) {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    require(client >= 0 && ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
            "a connection");
    bool is_open = true;
    for (int rounds = 0; is_open && rounds < 100'000; ++rounds) {
      const ssize_t count = bytes.empty() ? 0 : ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
      if (count < 0 && errno != EAGAIN) bytes = {};
      if (bytes.empty()) ::shutdown(client, SHUT_WR);
      io_.restart();
      io_.poll();
      is_open = drain(client);
    }
    ::close(client);
    io_.restart();
    io_.poll();
    require(!is_open, "the server ends a connection whose client has ended");
  }

 private:
  std::string path() const { return (folder_ / "s").string(); }

  static bool drain(int client) {
    std::array<char, 65536> answer_bytes{};
    while (true) {
      const ssize_t count = ::recv(client, answer_bytes.data(), answer_bytes.size(), 0);
      if (count == 0 || (count < 0 && errno != EAGAIN)) return false;
      if (count < 0) return true;
    }
  }

  std::filesystem::path folder_;
  boost::asio::io_context io_;
  std::optional<http::Server> server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Door door;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_messages(bytes);
  door.send(bytes);
  return 0;
}
