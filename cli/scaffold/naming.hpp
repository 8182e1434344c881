#pragma once
// Names: which ones a service, a resource and an event may have, and the forms that generated code needs of them. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace scaffold {

// `billing-service` and its resource `invoice`.
struct ServiceName {
  std::string name;           // as given: key in msctl.yaml, program, registry
  std::string stem;           // without `-service`: its folder below services/
  std::string ident;          // stem in snake_case: CMake targets, protobuf package
  std::string cpp_namespace;  // billing_service
  std::string camel;          // Billing
};

struct ResourceName {
  std::string snake;         // invoice, line_item
  std::string snake_plural;  // invoices
  std::string camel;         // Invoice, LineItem
  std::string camel_plural;  // Invoices
  std::string words;         // invoice, line item
  std::string words_plural;  // invoices
  std::string path;          // invoices, line-items
  std::string article;       // an, a
};

struct EventName {
  std::string type;   // invoice.created
  std::string snake;  // invoice_created
  std::string camel;  // InvoiceCreated
};

// BillingRuns of billing-runs; dots and underscores part words, too.
std::string camel(const std::string& text);

// A DNS label of at most 40 letters, digits and single hyphens that is no C++ or protobuf keyword, no namespace of ours
// or of our libraries, no target of a build and none of `taken` (services, commands). Errors: invalid.
base::Result<ServiceName> service_name(const std::string& name, const std::vector<std::string>& taken);

// The same without what is reserved or taken, for a workspace. Errors: invalid.
base::Result<ServiceName> cluster_name(const std::string& name);

// The same form; `line-item` and `line_item` are one. Errors: invalid.
base::Result<ResourceName> resource_name(const std::string& noun);

// What a service of that stem most likely keeps: the stem without its plural s, or `item` where that is no good name.
std::string default_resource(const std::string& stem);

// Two or three lower-case words with a dot in between. Errors: invalid.
base::Result<EventName> event_name(const std::string& type);

// Text that is put into files of many languages: at most 200 bytes of UTF-8, and nothing that could leave a string or
// start a substitution there: no control character, quote, backslash, `{{`, `}}`, `$(`, `${`. Errors: invalid, `what`
// first.
base::Result<void> check_text(const std::string& what, const std::string& value);

// What somebody typed, as a message may show it: quoted, cut, without control characters.
std::string shown(const std::string& text);

// Any text as a DNS label, or empty when nothing of it is left.
std::string as_label(const std::string& text);

}  // namespace scaffold
