#include "base/pact/body.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/base64.hpp"
#include "base/http/message.hpp"

namespace base::pact {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return text;
}

struct Magic {
  std::string_view bytes;
  std::string_view type;
};

// First bytes of common formats, as in file(1)'s database.
constexpr std::array magics = {
    Magic{"\x89PNG\r\n\x1a\n", "image/png"},
    Magic{"\xff\xd8\xff", "image/jpeg"},
    Magic{"GIF87a", "image/gif"},
    Magic{"GIF89a", "image/gif"},
    Magic{"BM", "image/bmp"},
    Magic{"II*\0", "image/tiff"},
    Magic{"%PDF-", "application/pdf"},
    Magic{"PK\x03\x04", "application/zip"},
    Magic{"\x1f\x8b", "application/gzip"},
    Magic{"BZh", "application/x-bzip2"},
    Magic{"\xfd"
          "7zXZ",
          "application/x-xz"},
    Magic{"\x7f"
          "ELF",
          "application/x-executable"},
    Magic{"OggS", "audio/ogg"},
    Magic{"ID3", "audio/mpeg"},
    Magic{"fLaC", "audio/flac"},
    Magic{"SQLite format 3", "application/vnd.sqlite3"},
};

bool looks_like_text(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(),
                      [](unsigned char c) { return c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f'; });
}

bool valid_utf8(std::string_view bytes) {
  return Json(std::string(bytes)).dump(-1, ' ', false, Json::error_handler_t::ignore).size() >=
         Json(std::string(bytes)).dump(-1, ' ', false, Json::error_handler_t::replace).size();
}

}  // namespace

std::string media_type(std::string_view content_type) {
  std::string type(trimmed(content_type.substr(0, content_type.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
  return type;
}

std::string parameter(std::string_view content_type, std::string_view name) {
  for (auto at = content_type.find(';'); at != std::string_view::npos;) {
    const auto next = content_type.find(';', at + 1);
    const auto part = content_type.substr(at + 1, next == std::string_view::npos ? next : next - at - 1);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && http::iequals(trimmed(part.substr(0, equals)), name)) {
      auto value = trimmed(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
    at = next;
  }
  return {};
}

bool is_json(std::string_view content_type) {
  const auto type = media_type(content_type);
  return type == "application/json" || type == "text/json" || type.ends_with("+json") || type == "application/json-rpc";
}

bool is_xml(std::string_view content_type) {
  const auto type = media_type(content_type);
  return type == "application/xml" || type == "text/xml" || type.ends_with("+xml");
}

bool is_text(std::string_view content_type) {
  const auto type = media_type(content_type);
  return type.starts_with("text/") || is_json(type) || is_xml(type) || type == "application/x-www-form-urlencoded" ||
         type == "application/javascript" || type == "application/graphql" || type == "application/yaml";
}

std::string as_bytes(std::string text, std::string_view content_type) {
  if (content_type.empty() || is_text(content_type)) return text;
  auto bytes = from_base64(text);
  // Only with padding and in the plain alphabet, so that words are taken for base64 no more often than there.
  return bytes && to_base64(bytes.value()) == text ? std::move(bytes).value() : text;
}

std::string sniff(std::string_view bytes) {
  for (const auto& magic : magics) {
    if (bytes.starts_with(magic.bytes)) return std::string(magic.type);
  }
  if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") return "image/webp";
  if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WAVE") return "audio/wav";
  if (bytes.size() >= 12 && bytes.substr(4, 4) == "ftyp") return "video/mp4";
  const auto text = trimmed(bytes);
  if (text.starts_with("<?xml")) return "application/xml";
  if (http::iequals(text.substr(0, 14), "<!doctype html") || http::iequals(text.substr(0, 5), "<html"))
    return "text/html";
  if (text.starts_with("{") || text.starts_with("[")) {
    if (parse_json(text)) return "application/json";
  }
  if (text.starts_with("<svg")) return "image/svg+xml";
  if (!bytes.empty() && looks_like_text(bytes) && valid_utf8(bytes)) return "text/plain";
  return "application/octet-stream";
}

Body json_body(const Json& value, std::string content_type) {
  Body body;
  body.state = Body::State::present;
  body.bytes = dump_json(value);
  body.content_type = std::move(content_type);
  return body;
}

}  // namespace base::pact
