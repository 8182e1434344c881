#pragma once
// The endpoints that only look. Internal to the API.

#include <functional>
#include <optional>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "supervisor/registry/catalog.hpp"
#include "supervisor/registry/request.hpp"

namespace registry {

struct Read {
  std::function<std::uint64_t()> index;           // of what it shows
  std::function<base::http::Response()> respond;  // from the catalog as it is then
  bool blocks = false;                            // honours ?index= and ?wait=
};

// Empty when there is no such endpoint. The catalog is lent, the request is copied.
std::optional<Read> find_read(const Catalog& catalog, const ApiRequest& request, std::uint16_t port);

base::http::Response json_answer(const base::Json& body, int status = 200);
base::http::Response text_answer(int status, std::string_view text);

}  // namespace registry
