#pragma once
// A body or the contents of a message, with the difference between "not said" and "empty" that Pact makes. Values.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace base::pact {

struct Body {
  enum class State : std::uint8_t {
    missing,  // the file says nothing: whatever comes is fine
    empty,    // must be empty
    null,     // `null` in the file: the JSON document null, or an empty body with another content type
    present,
  };
  State state = State::missing;
  std::string bytes = {};         // as they go over the wire
  std::string content_type = {};  // from the body's own field (V4) or the Content-Type header; may be empty
  std::string hint = {};          // contentTypeHint: BINARY, TEXT or empty
  Json extra = Json::object();    // keys of a V4 body that we do not know
};

// application/json, or any type with the suffix +json.
bool is_json(std::string_view content_type);
bool is_xml(std::string_view content_type);
// Text that can stand in a file as it is: text/*, JSON, XML, forms, JavaScript.
bool is_text(std::string_view content_type);
// The bytes of a text where nothing says whether it is base64, as in files before V4: it is where the type is none of
// text, unless it does not decode. So does Pact's own library.
std::string as_bytes(std::string text, std::string_view content_type);
// `application/json` of `Application/JSON; charset=utf-8`.
std::string media_type(std::string_view content_type);
// A parameter of a content type, without its quotes; empty when it is not there.
std::string parameter(std::string_view content_type, std::string_view name);
// What the first bytes say: image/png, image/jpeg, application/pdf, application/json, text/xml, text/plain …;
// application/octet-stream when nothing is known.
std::string sniff(std::string_view bytes);

// A JSON body; `content_type` application/json unless said.
Body json_body(const Json& value, std::string content_type = "application/json");

}  // namespace base::pact
