#pragma once
// What Kubernetes takes for a name or a label's value, and how one is made of what a cluster's files may say. Pure.

#include <string>

namespace render {

// Begins with a letter; letters, digits and hyphens; at most 63. What a Service must be called (RFC 1035).
bool is_service_name(const std::string& text);

// Empty, or letters, digits, `-`, `_` and `.`, alphanumeric at both ends; at most 63.
bool is_label_value(const std::string& text);

// As is_label_value for the name behind an optional `PREFIX/`, but not empty.
bool is_label_key(const std::string& text);

// The text itself when it is one; else without what does not fit, such as the end of a long tag. May be empty.
std::string label_value(const std::string& text);

// The name itself where Kubernetes takes it for a port: at most 15, with a letter, no `--` (RFC 6335). Else a short one
// that is different for another name.
std::string port_name(const std::string& name);

}  // namespace render
