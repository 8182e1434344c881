#include "cli/api/compare.hpp"

#include <algorithm>
#include <array>

namespace api {
namespace {

// An option of a file, the rule that guards it, and what it means when it is not there.
struct FileOption {
  const char* rule;
  const char* option;
  const char* otherwise;  // as JSON
};

constexpr std::array file_options = std::to_array<FileOption>({
    {"FILE_SAME_CC_ENABLE_ARENAS", "cc_enable_arenas", "true"},
    {"FILE_SAME_CC_GENERIC_SERVICES", "cc_generic_services", "false"},
    {"FILE_SAME_CSHARP_NAMESPACE", "csharp_namespace", "\"\""},
    {"FILE_SAME_GO_PACKAGE", "go_package", "\"\""},
    {"FILE_SAME_JAVA_GENERIC_SERVICES", "java_generic_services", "false"},
    {"FILE_SAME_JAVA_MULTIPLE_FILES", "java_multiple_files", "false"},
    {"FILE_SAME_JAVA_OUTER_CLASSNAME", "java_outer_classname", "\"\""},
    {"FILE_SAME_JAVA_PACKAGE", "java_package", "\"\""},
    {"FILE_SAME_OBJC_CLASS_PREFIX", "objc_class_prefix", "\"\""},
    {"FILE_SAME_OPTIMIZE_FOR", "optimize_for", "\"SPEED\""},
    {"FILE_SAME_PHP_CLASS_PREFIX", "php_class_prefix", "\"\""},
    {"FILE_SAME_PHP_METADATA_NAMESPACE", "php_metadata_namespace", "\"\""},
    {"FILE_SAME_PHP_NAMESPACE", "php_namespace", "\"\""},
    {"FILE_SAME_PY_GENERIC_SERVICES", "py_generic_services", "false"},
    {"FILE_SAME_RUBY_PACKAGE", "ruby_package", "\"\""},
    {"FILE_SAME_SWIFT_PREFIX", "swift_prefix", "\"\""},
});

std::string option_of(const File& file, const FileOption& option) {
  return file.options.contains(option.option) ? file.options[option.option].dump() : option.otherwise;
}

void compare_file(const File& before, const File& now, Findings& findings) {
  const auto same = [&](const char* rule, const std::string& what, const std::string& old, const std::string& current) {
    if (old != current)
      findings.add(rule, now.path, 0, now.path, "the " + what + " changed from " + old + " to " + current);
  };
  same("FILE_SAME_PACKAGE", "package", before.package, now.package);
  same("FILE_SAME_SYNTAX", "syntax", before.syntax, now.syntax);
  for (const auto& option : file_options) {
    same(option.rule, std::string("option ") + option.option, option_of(before, option), option_of(now, option));
  }
}

// Within its file and within its package.
template <class Element>
void compare_presence(const std::map<std::string, Element>& before, const std::map<std::string, Element>& now,
                      const Interface& all_before, const Interface& all_now, const std::string& what,
                      const std::string& rule, Findings& findings) {
  std::set<std::string> packages;
  for (const auto& [path, file] : all_now.files) packages.insert(file.package);
  for (const auto& [name, element] : before) {
    const auto found = now.find(name);
    const bool gone = found == now.end();
    if (all_now.files.contains(element.file) && (gone || found->second.file != element.file)) {
      findings.add(rule + "_NO_DELETE", element.file, 0, name,
                   what + " " + name + (gone ? " was deleted" : " was moved to " + found->second.file));
    }
    if (gone && packages.contains(all_before.package_of(element.file))) {
      findings.add("PACKAGE_" + rule + "_NO_DELETE", element.file, 0, name, what + " " + name + " was deleted");
    }
  }
}

void compare_method(const Service& service, const Method& before, const Method& now, Findings& findings) {
  const auto same = [&](const char* rule, const std::string& what, const auto& old, const auto& current) {
    if (old == current) return;
    const auto text = [](const auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
        return std::string(value ? "yes" : "no");
      } else {
        return std::string(value);
      }
    };
    findings.add(rule, service.file, now.line, service.full_name + "/" + now.name,
                 what + " changed from " + text(old) + " to " + text(current));
  };
  same("RPC_SAME_REQUEST_TYPE", "the request's type", before.input, now.input);
  same("RPC_SAME_RESPONSE_TYPE", "the response's type", before.output, now.output);
  same("RPC_SAME_CLIENT_STREAMING", "client streaming", before.client_streaming, now.client_streaming);
  same("RPC_SAME_SERVER_STREAMING", "server streaming", before.server_streaming, now.server_streaming);
  same("RPC_SAME_IDEMPOTENCY_LEVEL", "idempotency_level", before.idempotency, now.idempotency);
}

}  // namespace

void compare_files(const Interface& before, const Interface& now, Findings& findings) {
  std::set<std::string> packages;
  for (const auto& [path, file] : now.files) packages.insert(file.package);
  std::set<std::string> gone;
  for (const auto& [path, file] : before.files) {
    const auto found = now.files.find(path);
    if (found == now.files.end()) {
      findings.add("FILE_NO_DELETE", path, 0, path, "the file was deleted");
    } else {
      compare_file(file, found->second, findings);
    }
    if (!packages.contains(file.package) && gone.insert(file.package).second) {
      findings.add("PACKAGE_NO_DELETE", path, 0, file.package, "the package " + file.package + " was deleted");
    }
  }
  compare_presence(before.messages, now.messages, before, now, "the message", "MESSAGE", findings);
  compare_presence(before.enums, now.enums, before, now, "the enum", "ENUM", findings);
  compare_presence(before.services, now.services, before, now, "the service", "SERVICE", findings);
}

void compare_services(const Interface& before, const Interface& now, Findings& findings) {
  for (const auto& [name, service] : before.services) {
    const auto found = now.services.find(name);
    if (found == now.services.end()) continue;
    for (const auto& method : service.methods) {
      const auto& methods = found->second.methods;
      const auto same =
          std::find_if(methods.begin(), methods.end(), [&](const Method& m) { return m.name == method.name; });
      if (same == methods.end()) {
        findings.add("RPC_NO_DELETE", found->second.file, found->second.line, name + "/" + method.name,
                     "the method was deleted");
      } else {
        compare_method(found->second, method, *same, findings);
      }
    }
  }
}

std::vector<Finding> compare(const Interface& before, const Interface& now, const Rules& rules) {
  Findings findings(rules);
  compare_files(before, now, findings);
  compare_services(before, now, findings);
  for (const auto& [name, type] : before.enums) {
    if (const auto found = now.enums.find(name); found != now.enums.end()) compare_enum(type, found->second, findings);
  }
  for (const auto& [name, message] : before.messages) {
    const auto found = now.messages.find(name);
    if (found != now.messages.end()) compare_message(message, found->second, before, now, findings);
  }
  return findings.take();
}

std::vector<Range> missing_ranges(const std::vector<Range>& before, std::vector<Range> now) {
  std::sort(now.begin(), now.end());
  std::vector<Range> missing;
  for (const auto& [first, last] : before) {
    std::int64_t next = first;
    for (const auto& [begin, end] : now) {
      if (end < next) continue;
      if (begin > last) break;
      if (begin > next) missing.emplace_back(next, begin - 1);
      next = std::max(next, end + 1);
    }
    if (next <= last) missing.emplace_back(next, last);
  }
  return missing;
}

std::string shown(const std::vector<Range>& ranges) {
  const bool one = ranges.size() == 1 && ranges.front().first == ranges.front().second;
  std::string text = one ? "the number " : "the numbers ";
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto& [first, last] = ranges[i];
    if (i > 0) text += i + 1 == ranges.size() ? " and " : ", ";
    text += std::to_string(first) + (first == last ? "" : " to " + std::to_string(last));
  }
  return text;
}

}  // namespace api
