#pragma once
// A service's REST side as an OpenAPI 3.1 document, made of its routes and of the protobuf messages behind them. What
// is known of a message is known of its JSON: fields without presence are always printed, so a response requires them;
// a request requires only what the route says, and unknown fields are refused. Pure.

#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

#include "base/json.hpp"
#include "services/chassis/api/route_options.hpp"

namespace chassis {

// What types alone do not tell of a route.
struct RouteDoc {
  std::string summary = {};
  // Fields of the request that must be there, by their paths: `email`, `items.sku`.
  std::vector<std::string> required = {};
};

struct Operation {
  std::string method;   // POST
  std::string pattern;  // /v1/orders/{id}
  std::string id;       // PlaceOrder
  int success = 200;
  const google::protobuf::Descriptor* request = nullptr;
  const google::protobuf::Descriptor* response = nullptr;
  RouteDoc doc = {};
  RouteOptions options = {};
};

inline constexpr std::string_view openapi_path = "/openapi.json";

// `service` is how people call it, `proto_service` the full name, of whose package the version is part.
base::Json openapi(const std::string& service, const std::string& proto_service,
                   const std::vector<Operation>& operations);

}  // namespace chassis
