#include "cli/scaffold/naming.hpp"

#include <algorithm>
#include <set>

#include "supervisor/spec/yaml.hpp"

namespace scaffold {
namespace {

using base::ErrorCode;

constexpr std::size_t longest_label = 40;
constexpr std::size_t longest_text = 200;
constexpr std::size_t longest_event = 80;
constexpr std::string_view suffix = "-service";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Keywords of C++20 (lex.key, alternative tokens included) and of protobuf.
const std::set<std::string>& keywords() {
  static const std::set<std::string> words{
      "alignas",     "alignof",   "and",        "and_eq",    "asm",      "auto",         "bitand",
      "bitor",       "bool",      "break",      "case",      "catch",    "char",         "char8_t",
      "char16_t",    "char32_t",  "class",      "compl",     "concept",  "const",        "consteval",
      "constexpr",   "constinit", "const_cast", "continue",  "co_await", "co_return",    "co_yield",
      "decltype",    "default",   "delete",     "do",        "double",   "dynamic_cast", "else",
      "enum",        "explicit",  "export",     "extern",    "false",    "float",        "for",
      "friend",      "goto",      "if",         "inline",    "int",      "long",         "mutable",
      "namespace",   "new",       "noexcept",   "not",       "not_eq",   "nullptr",      "operator",
      "or",          "or_eq",     "private",    "protected", "public",   "register",     "reinterpret_cast",
      "requires",    "return",    "short",      "signed",    "sizeof",   "static",       "static_assert",
      "static_cast", "struct",    "switch",     "template",  "this",     "thread_local", "throw",
      "true",        "try",       "typedef",    "typeid",    "typename", "union",        "unsigned",
      "using",       "virtual",   "void",       "volatile",  "wchar_t",  "while",        "xor",
      "xor_eq",      "extend",    "extensions", "group",     "import",   "map",          "message",
      "oneof",       "option",    "optional",   "package",   "proto",    "repeated",     "required",
      "reserved",    "rpc",       "service",    "stream",    "syntax",   "to",           "null",
      "linux",       "unix"};
  return words;
}

// Namespaces, targets and folders that are there already, or that tools take for something else.
const std::set<std::string>& taken_names() {
  static const std::set<std::string> names{
      "absl",     "adapters",   "all",       "api",           "app",        "asio",  "base",      "bin",  "boost",
      "build",    "chassis",    "clean",     "cli",           "client",     "cmake", "contracts", "core", "db",
      "detail",   "docs",       "domain",    "edit-cache",    "google",     "grpc",  "health",    "host", "install",
      "internal", "lib",        "localhost", "main",          "migrations", "msctl", "nlohmann",  "pb",   "ports",
      "posix",    "pqxx",       "protobuf",  "rebuild-cache", "rpc",        "self",  "services",  "spec", "src",
      "std",      "supervisor", "test",      "testing",       "tests",      "v1",    "workspace"};
  return names;
}

// What generated code calls its own things.
const std::set<std::string>& words_of_the_code() {
  static const std::set<std::string> words{"api",     "base",     "broker", "clock",  "client", "config",   "context",
                                           "data",    "database", "db",     "domain", "env",    "error",    "event",
                                           "failure", "fake",     "found",  "health", "heard",  "id",       "limit",
                                           "name",    "page",     "placed", "query",  "random", "reaction", "relay",
                                           "request", "response", "result", "row",    "run",    "signal",   "size",
                                           "std",     "store",    "token",  "tx",     "wanted", "work",     "world"};
  return words;
}

bool is_label(const std::string& text) {
  if (text.empty() || text.size() > longest_label || !is_lower(text.front()) || text.back() == '-') return false;
  if (text.find("--") != std::string::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

std::string with(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

bool ends_in(const std::string& text, std::string_view ending) {
  return text.size() > ending.size() && text.ends_with(ending);
}

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

std::string plural(const std::string& noun) {
  if (ends_in(noun, "y") && !is_vowel(noun[noun.size() - 2])) return noun.substr(0, noun.size() - 1) + "ies";
  for (const char* hissing : {"s", "x", "z", "ch", "sh"}) {
    if (ends_in(noun, hissing)) return noun + "es";
  }
  return noun + "s";
}

base::Error refused(const std::string& what, const std::string& value, const std::string& why) {
  return base::fail(ErrorCode::invalid, what + " " + shown(value) + " " + why);
}

constexpr const char* label_rule =
    "must be a DNS label: 1 to 40 small letters, digits and single hyphens, a letter first, such as billing-service";

}  // namespace

std::string camel(const std::string& text) {
  std::string joined;
  bool at_start = true;
  for (const char c : text) {
    const bool parts = !is_lower(c) && !is_digit(c);
    if (!parts) joined += at_start && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    at_start = parts;
  }
  return joined;
}

std::string shown(const std::string& text) {
  std::string cut = text.substr(0, longest_label + 20);
  for (char& c : cut) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "\"" + cut + "\"";
}

base::Result<ServiceName> cluster_name(const std::string& name) {
  if (!is_label(name)) return refused("the name", name, label_rule);
  ServiceName made;
  made.name = name;
  made.stem = ends_in(name, suffix) ? name.substr(0, name.size() - suffix.size()) : name;
  made.ident = with(made.stem, '-', '_');
  made.cpp_namespace = made.ident + "_service";
  made.camel = camel(made.stem);
  return made;
}

base::Result<ServiceName> service_name(const std::string& name, const std::vector<std::string>& taken) {
  TRY(auto made, cluster_name(name));
  for (const std::string& form : {name, made.stem, made.ident}) {
    if (keywords().contains(form) || taken_names().contains(form)) {
      return refused("the name", name, "is reserved, since generated code has " + form + " for something else");
    }
    if (std::find(taken.begin(), taken.end(), form) != taken.end()) {
      return refused("the name", name, "is taken: there is a service or a command " + form);
    }
  }
  return made;
}

base::Result<ResourceName> resource_name(const std::string& noun) {
  const std::string label = with(noun, '_', '-');
  if (!is_label(label)) return refused("the resource", noun, label_rule);
  ResourceName made;
  made.snake = with(label, '-', '_');
  made.path = plural(label);
  made.snake_plural = with(made.path, '-', '_');
  made.camel = camel(label);
  made.camel_plural = camel(made.path);
  made.words = with(label, '-', ' ');
  made.words_plural = with(made.path, '-', ' ');
  made.article = is_vowel(label.front()) ? "an" : "a";
  for (const std::string& form : {made.snake, made.snake_plural}) {
    if (keywords().contains(form) || words_of_the_code().contains(form)) {
      return refused("the resource", noun, "is reserved, since generated code has " + form + " for something else");
    }
  }
  return made;
}

std::string default_resource(const std::string& stem) {
  const bool is_plural = ends_in(stem, "s") && !ends_in(stem, "ss") && !ends_in(stem, "us") && !ends_in(stem, "is");
  std::string noun = is_plural ? stem.substr(0, stem.size() - 1) : stem;
  return resource_name(noun) ? noun : "item";
}

base::Result<EventName> event_name(const std::string& type) {
  std::size_t words = 1;
  bool good = !type.empty() && type.size() <= longest_event;
  char before = '.';
  for (const char c : type) {
    if (c == '.') ++words;
    const bool starts = before == '.' || before == '_';
    good = good && (is_lower(c) || (!starts && (is_digit(c) || c == '.' || c == '_')));
    before = c;
  }
  good = good && before != '.' && before != '_' && (words == 2 || words == 3);
  if (!good) {
    return refused("the event", type, "must be two or three words of small letters with dots, such as invoice.created");
  }
  return EventName{type, with(type, '.', '_'), camel(type)};
}

base::Result<void> check_text(const std::string& what, const std::string& value) {
  if (value.size() > longest_text) return refused(what, value, "is longer than 200 bytes");
  if (!spec::is_utf8(value)) return refused(what, as_label(value), "is not UTF-8");
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return refused(what, value, "holds a control character");
  }
  for (const char* bad : {"\"", "'", "`", "\\", "{{", "}}", "$(", "${", "*/", "<!--", "-->"}) {
    if (value.find(bad) != std::string::npos) {
      return refused(what, value, std::string("holds ") + bad + ", which files could take for more than text");
    }
  }
  return base::success();
}

std::string as_label(const std::string& text) {
  std::string label;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool keeps = is_lower(c) || (is_digit(c) && !label.empty());
    if (keeps) label += c;
    if (!keeps && !label.empty() && label.back() != '-') label += '-';
    if (label.size() == longest_label) break;
  }
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label;
}

}  // namespace scaffold
