#include "base/http/head.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace base::http {
namespace {

std::string http_date(std::time_t now) {
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace

const std::string& DateHeader::now() {
  const std::time_t now = ::time(nullptr);
  if (now != at_) {
    at_ = now;
    text_ = http_date(now);
  }
  return text_;
}

void encode_head(std::string& head, const Response& response, bool keep, std::string_view date) {
  head.assign("HTTP/1.1 ");
  head.append(std::to_string(response.status)).append(" ").append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (response.status != 204 && response.status != 304) {
    head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  if (!response.headers.has("date")) head.append("Date: ").append(date).append("\r\n");
  if (!keep) head.append("Connection: close\r\n");
  head.append("\r\n");
}

std::string peer_name(int fd, int& uid) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 && name.sin_family == AF_INET) {
    const auto address = ntohl(name.sin_addr.s_addr);
    return std::to_string(address >> 24U) + "." + std::to_string((address >> 16U) & 255U) + "." +
           std::to_string((address >> 8U) & 255U) + "." + std::to_string(address & 255U);
  }
  ucred who{};
  size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) uid = static_cast<int>(who.uid);
  return "unix";
}

void to_origin_form(std::string& target) {
  constexpr std::string_view scheme = "http://";
  if (!target.starts_with(scheme)) return;
  const auto path = target.find_first_of("/?", scheme.size());
  if (path == std::string::npos) {
    target = "/";
  } else {
    target = target[path] == '/' ? target.substr(path) : "/" + target.substr(path);
  }
}

}  // namespace base::http
