#include "cli/contract/web.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/base64.hpp"
#include "base/pact/body.hpp"
#include "cli/program/program.hpp"

namespace contract {
namespace {

namespace http = base::http;
using base::ErrorCode;

// A value in a file of curl's options.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A file with rights 0600 that goes with the object.
class PrivateFile {
 public:
  explicit PrivateFile(const std::string& content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "msctl-body-XXXXXX").string();
    const int file = ::mkstemp(pattern.data());
    if (file < 0) return;
    path_ = pattern;
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t count = ::write(file, content.data() + done, content.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    good_ = done == content.size();
    ::close(file);
  }
  PrivateFile(const PrivateFile&) = delete;
  ~PrivateFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  bool good() const { return good_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool good_ = false;
};

std::string curl_options(const std::string& method, const std::string& url, const http::Headers& headers,
                         std::chrono::milliseconds timeout) {
  std::string text = "silent\nshow-error\ninclude\nhttp1.1\ngloboff\n";
  text += "url = " + in_quotes(url) + "\nrequest = " + in_quotes(method) +
          "\nproto = \"=https\"\nmax-time = " + std::to_string(std::max<std::int64_t>(1, timeout.count() / 1000)) +
          "\nheader = \"Expect:\"\n";
  for (const auto& [name, value] : headers) text += "header = " + in_quotes(name + ": " + value) + "\n";
  return text;
}

// What `curl --include` printed: the last header block, then the body.
base::Result<http::Response> read_answer(std::string_view text) {
  http::Response response;
  const base::Error wrong = base::fail(ErrorCode::bad_gateway, "curl printed no HTTP answer");
  do {
    const auto end = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/") || end == std::string_view::npos) return wrong;
    std::string_view block = text.substr(0, end);
    text.remove_prefix(end + 4);
    const auto space = block.find(' ');
    if (space == std::string_view::npos) return wrong;
    response.status = 0;
    std::from_chars(block.data() + space + 1, block.data() + block.size(), response.status);
    response.headers.clear();
    for (auto line = block.find("\r\n"); line != std::string_view::npos;) {
      const auto next = block.find("\r\n", line + 2);
      const std::string_view field = block.substr(line + 2, next == std::string_view::npos ? next : next - line - 2);
      const auto colon = field.find(':');
      const auto value = field.find_first_not_of(" \t", colon + 1);
      if (colon != std::string_view::npos && value != std::string_view::npos) {
        response.headers.add(field.substr(0, colon), field.substr(value));
      }
      line = next;
    }
  } while (response.status / 100 == 1);
  response.body = text;
  return response;
}

base::Result<http::Response> by_curl(const std::string& method, const std::string& url, const http::Headers& headers,
                                     const std::string& body, std::chrono::milliseconds timeout) {
  program::Options options;
  options.input = curl_options(method, url, headers, timeout);
  const PrivateFile file(body);
  if (!file.good()) return base::fail(ErrorCode::internal, "the body of a request cannot be written to a file");
  if (!body.empty()) options.input += "data-binary = " + in_quotes("@" + file.path()) + "\n";
  const auto ran = program::ask({"curl", "-q", "-K", "-"}, options);
  if (!ran && ran.error().code == ErrorCode::not_found) {
    return base::fail(ErrorCode::not_found,
                      "https needs the program curl, which is not there; install it: apt-get install curl");
  }
  if (!ran) return ran.error();
  if (ran.value().exit_code == 0) return read_answer(ran.value().out);
  std::string why = ran.value().err.substr(0, ran.value().err.find('\n'));
  if (why.empty()) why = "curl ended with exit code " + std::to_string(ran.value().exit_code);
  constexpr int timed_out = 28;
  return base::fail(ran.value().exit_code == timed_out ? ErrorCode::timeout : ErrorCode::unavailable,
                    shown_url(url) + ": " + why);
}

}  // namespace

std::string Url::origin() const { return scheme + "://" + host + ":" + std::to_string(port); }

base::Result<Url> parse_url(const std::string& text) {
  const base::Error wrong =
      base::fail(ErrorCode::malformed, "expected a URL such as http://127.0.0.1:9292, got \"" + shown_url(text) + "\"");
  const auto mark = text.find("://");
  if (mark == std::string::npos) return wrong;
  Url url;
  url.scheme = text.substr(0, mark);
  if (url.scheme != "http" && url.scheme != "https") return wrong;
  std::string rest = text.substr(mark + 3);
  if (rest.find_first_of(" \r\n\t") != std::string::npos) return wrong;
  rest = rest.substr(0, rest.find('#'));
  const auto path = rest.find_first_of("/?");
  url.target = path == std::string::npos ? "/" : rest.substr(path);
  if (url.target.front() == '?') url.target.insert(0, "/");
  std::string authority = rest.substr(0, path);
  if (const auto at = authority.rfind('@'); at != std::string::npos) {
    if (!http::percent_decode(authority.substr(0, at), url.user)) return wrong;
    authority.erase(0, at + 1);
  }
  url.port = url.scheme == "https" ? 443 : 80;
  const bool is_v6 = authority.starts_with('[');
  const auto colon = is_v6 ? authority.find(':', std::min(authority.find(']'), authority.size())) : authority.find(':');
  if (colon != std::string::npos) {
    const char* end = authority.data() + authority.size();
    const auto read = std::from_chars(authority.data() + colon + 1, end, url.port);
    if (read.ec != std::errc() || read.ptr != end || url.port == 0) return wrong;
    authority.resize(colon);
  }
  url.host = authority;
  if (url.host.empty()) return wrong;
  return url;
}

base::Result<std::string> resolve_url(const std::string& base, const std::string& to) {
  if (to.find("://") != std::string::npos) return to;
  TRY(const auto from, parse_url(base));
  if (to.starts_with('/')) return from.origin() + to;
  return base::fail(ErrorCode::malformed, "expected a URL or a path from /, got \"" + to + "\"");
}

std::string shown_url(const std::string& url) {
  const auto mark = url.find("://");
  if (mark == std::string::npos) return url;
  const auto path = url.find_first_of("/?", mark + 3);
  const auto at = url.rfind('@', path);
  return at == std::string::npos || at < mark ? url : url.substr(0, mark + 3) + url.substr(at + 1);
}

base::Result<http::Response> RealWeb::send(const std::string& method, const std::string& url, http::Headers headers,
                                           const std::string& body) {
  TRY(const auto parsed, parse_url(url));
  const bool may_know = auth_.origin.empty() || auth_.origin == parsed.origin();
  std::string user = parsed.user;
  if (user.empty() && may_know) user = auth_.user;
  if (!headers.has("Authorization")) {
    if (!auth_.token.empty() && may_know) {
      headers.add("Authorization", "Bearer " + auth_.token);
    } else if (!user.empty()) {
      headers.add("Authorization", "Basic " + base::to_base64(user));
    }
  }
  if (parsed.scheme == "https") return by_curl(method, parsed.origin() + parsed.target, headers, body, timeout_);
  http::Target target;
  target.address = parsed.host.starts_with('[') ? parsed.host.substr(1, parsed.host.size() - 2) : parsed.host;
  target.port = parsed.port;
  target.host = parsed.host;
  http::Request request;
  request.method = method;
  request.target = parsed.target;
  request.headers = std::move(headers);
  request.body = body;
  auto answer = http::send_blocking(target, std::move(request), timeout_);
  if (answer) return answer;
  base::Error error = answer.error();
  error.message = shown_url(parsed.origin()) + ": " + error.message;
  return error;
}

}  // namespace contract
