#include <algorithm>

#include "cli/api/compare.hpp"

namespace api {
namespace {

bool is_one_of(const std::string& type, std::initializer_list<const char*> types) {
  return std::any_of(types.begin(), types.end(), [&type](const char* each) { return type == each; });
}

// Types of one group read each other's bytes. Zero: the type is a group of its own.
int wire_group(const std::string& type) {
  if (is_one_of(type, {"int32", "int64", "uint32", "uint64", "bool"})) return 1;
  if (is_one_of(type, {"sint32", "sint64"})) return 2;
  if (is_one_of(type, {"fixed32", "sfixed32"})) return 3;
  return is_one_of(type, {"fixed64", "sfixed64"}) ? 4 : 0;
}

// And each other's JSON as well.
int wire_json_group(const std::string& type) {
  if (is_one_of(type, {"int32", "uint32"})) return 1;
  if (is_one_of(type, {"int64", "uint64"})) return 2;
  if (is_one_of(type, {"fixed32", "sfixed32"})) return 3;
  return is_one_of(type, {"fixed64", "sfixed64"}) ? 4 : 0;
}

bool same_group(int (*group)(const std::string&), const std::string& one, const std::string& other) {
  return one == other || (group(one) != 0 && group(one) == group(other));
}

// A type's text: `int64`, `order.v1.Order`.
std::string shown_type(const Field& field) {
  if (field.presence == "map") return "map<" + field.map[0].type + ", " + shown_type(field.map[1]) + ">";
  return field.type_name.empty() ? field.type : field.type_name;
}

bool is_optional(const Field& field) { return field.presence == "implicit" || field.presence == "explicit"; }

// Another enum of the same name that has at least the values of the one before is as good.
bool is_compatible_enum(const Field& before, const Field& now, const Interface& all_before, const Interface& all_now) {
  const auto old = all_before.enums.find(before.type_name);
  const auto current = all_now.enums.find(now.type_name);
  if (old == all_before.enums.end() || current == all_now.enums.end()) return false;
  if (old->second.name != current->second.name) return false;
  const auto& values = current->second.values;
  return std::all_of(old->second.values.begin(), old->second.values.end(), [&values](const EnumValue& value) {
    return std::any_of(values.begin(), values.end(), [&value](const EnumValue& other) {
      return other.name == value.name && other.number == value.number;
    });
  });
}

class FieldComparison {
 public:
  FieldComparison(const Message& message, std::string subject, const Field& before, const Field& now,
                  const Interface& all_before, const Interface& all_now, Findings& findings)
      : message_(message),
        subject_(std::move(subject)),
        before_(before),
        now_(now),
        all_before_(all_before),
        all_now_(all_now),
        findings_(findings) {}

  void types() {
    // The entries of two maps are compared part by part.
    if (before_.presence == "map" && now_.presence == "map") return;
    const bool named = now_.type == "message" || now_.type == "group" || now_.type == "enum";
    const bool same_name =
        !named || (before_.type_name == now_.type_name && (before_.presence == "map") == (now_.presence == "map"));
    if (before_.type != now_.type || !same_name)
      changed("FIELD_SAME_TYPE", "type", shown_type(before_), shown_type(now_));

    const bool good_name =
        same_name || (now_.type == "enum" && is_compatible_enum(before_, now_, all_before_, all_now_));
    const bool to_bytes = before_.type == "string" && now_.type == "bytes";
    const bool wire = to_bytes || (same_group(wire_group, before_.type, now_.type) && good_name);
    if (!wire) changed("FIELD_WIRE_COMPATIBLE_TYPE", "type", shown_type(before_), shown_type(now_));
    const bool wire_json = same_group(wire_json_group, before_.type, now_.type) && good_name;
    if (!wire_json) changed("FIELD_WIRE_JSON_COMPATIBLE_TYPE", "type", shown_type(before_), shown_type(now_));
  }

  void cardinality() {
    if (before_.presence == now_.presence) return;
    changed("FIELD_SAME_CARDINALITY", "cardinality", before_.presence, now_.presence);
    if (is_optional(before_) && is_optional(now_)) return;
    changed("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "cardinality", before_.presence, now_.presence);
    const auto many = [](const Field& field) { return field.presence == "repeated" || field.presence == "map"; };
    if (!(many(before_) && many(now_)))
      changed("FIELD_WIRE_COMPATIBLE_CARDINALITY", "cardinality", before_.presence, now_.presence);
  }

  void names() {
    if (before_.name != now_.name) changed("FIELD_SAME_NAME", "name", before_.name, now_.name);
    if (before_.json_name != now_.json_name)
      changed("FIELD_SAME_JSON_NAME", "json_name", before_.json_name, now_.json_name);
    if (before_.oneof == now_.oneof) return;
    const auto place = [](const Field& field) { return field.oneof.empty() ? std::string("outside") : field.oneof; };
    changed("FIELD_SAME_ONEOF", "oneof", place(before_), place(now_));
  }

  void defaults() {
    const auto single = [](const Field& field) {
      return field.type != "message" && field.type != "group" && field.presence != "repeated" &&
             field.presence != "map";
    };
    if (!single(before_) || !single(now_)) return;
    const auto old = default_of(before_, all_before_);
    const auto current = default_of(now_, all_now_);
    if (old != current)
      changed("FIELD_SAME_DEFAULT", "default value", old.empty() ? "none" : old, current.empty() ? "none" : current);
  }

  void options(bool old_proto3, bool checks_before, bool checks_now) {
    const auto option = [](const Field& field, const char* name, const char* otherwise) {
      return field.options.contains(name) ? field.options[name].dump() : std::string(otherwise);
    };
    const auto same = [&](const char* rule, const char* name, const char* otherwise) {
      const auto old = option(before_, name, otherwise);
      const auto current = option(now_, name, otherwise);
      if (old != current) changed(rule, std::string("option ") + name, old, current);
    };
    same("FIELD_SAME_JSTYPE", "jstype", "\"JS_NORMAL\"");
    if (before_.type == "string" || before_.type == "bytes") same("FIELD_SAME_CPP_STRING_TYPE", "ctype", "\"STRING\"");
    if (before_.type != "string" || now_.type != "string") return;
    if (old_proto3 != message_.proto3) {
      changed("FIELD_SAME_UTF8_VALIDATION", "check of UTF-8", old_proto3 ? "verified" : "none",
              old_proto3 ? "none" : "verified");
    }
    if (checks_before != checks_now) {
      changed("FIELD_SAME_JAVA_UTF8_VALIDATION", "check of UTF-8 in Java", checks_before ? "verified" : "none",
              checks_now ? "verified" : "none");
    }
  }

 private:
  // Empty for the zero value of the type. Of an enum the number, so that a renamed value is the same.
  static std::string default_of(const Field& field, const Interface& all) {
    if (field.type == "enum") {
      const auto found = all.enums.find(field.type_name);
      if (found == all.enums.end() || found->second.values.empty()) return field.default_value;
      const auto& values = found->second.values;
      const auto value = std::find_if(values.begin(), values.end(),
                                      [&field](const EnumValue& each) { return each.name == field.default_value; });
      const auto number = value == values.end() ? values.front().number : value->number;
      return number == 0 ? "" : std::to_string(number);
    }
    const auto& text = field.default_value;
    const bool zero = text == "0" || text == "-0" || text == "false";
    return zero && field.type != "string" && field.type != "bytes" ? "" : text;
  }

  void changed(const char* rule, const std::string& what, const std::string& old, const std::string& current) {
    findings_.add(rule, message_.file, now_.line, subject_, "the " + what + " changed from " + old + " to " + current);
  }

  const Message& message_;
  std::string subject_;
  const Field& before_;
  const Field& now_;
  const Interface& all_before_;
  const Interface& all_now_;
  Findings& findings_;
};

void deleted_field(const Message& before, const Message& now, const Field& field, Findings& findings) {
  const auto subject = before.full_name + "." + field.name;
  const auto what = "the field " + field.name + " = " + std::to_string(field.number) + " was deleted";
  findings.add("FIELD_NO_DELETE", now.file, now.line, subject, what);
  if (!missing_ranges({{field.number, field.number}}, now.reserved).empty()) {
    findings.add("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", now.file, now.line, subject,
                 what + "; reserve its number: reserved " + std::to_string(field.number) + ";");
  }
  if (std::find(now.reserved_names.begin(), now.reserved_names.end(), field.name) == now.reserved_names.end()) {
    findings.add("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", now.file, now.line, subject,
                 what + "; reserve its name: reserved \"" + field.name + "\";");
  }
}

const Field* field_with(const Message& message, std::int64_t number) {
  const auto found = std::find_if(message.fields.begin(), message.fields.end(),
                                  [number](const Field& f) { return f.number == number; });
  return found == message.fields.end() ? nullptr : &*found;
}

void compare_required(const Message& before, const Message& now, Findings& findings) {
  const auto required = [](const Field* field) { return field != nullptr && field->presence == "required"; };
  for (const auto& field : before.fields) {
    if (!required(&field) || required(field_with(now, field.number))) continue;
    findings.add("MESSAGE_SAME_REQUIRED_FIELDS", now.file, now.line, before.full_name + "." + field.name,
                 "the required field " + field.name +
                     " is no longer there or no longer required; old readers refuse messages without it");
  }
  for (const auto& field : now.fields) {
    if (!required(&field) || required(field_with(before, field.number))) continue;
    findings.add("MESSAGE_SAME_REQUIRED_FIELDS", now.file, field.line, now.full_name + "." + field.name,
                 "the field " + field.name + " is required now; messages of old writers do not have it");
  }
}

void compare_reserved(const Message& before, const Message& now, Findings& findings) {
  for (const auto& range : before.reserved) {
    const auto missing = missing_ranges({range}, now.reserved);
    if (missing.empty()) continue;
    findings.add("RESERVED_MESSAGE_NO_DELETE", now.file, now.line, now.full_name,
                 shown(missing) + " is no longer reserved");
  }
  for (const auto& name : before.reserved_names) {
    if (std::find(now.reserved_names.begin(), now.reserved_names.end(), name) != now.reserved_names.end()) continue;
    findings.add("RESERVED_MESSAGE_NO_DELETE", now.file, now.line, now.full_name,
                 "the name " + name + " is no longer reserved");
  }
  for (const auto& range : before.extensions) {
    const auto missing = missing_ranges({range}, now.extensions);
    if (missing.empty()) continue;
    findings.add("EXTENSION_MESSAGE_NO_DELETE", now.file, now.line, now.full_name,
                 "the range of extensions no longer has " + shown(missing));
  }
}

bool java_checks_utf8(const Message& message, const Interface& all) {
  const auto file = all.files.find(message.file);
  return message.proto3 || (file != all.files.end() && file->second.options.value("java_string_check_utf8", false));
}

}  // namespace

void compare_message(const Message& before, const Message& now, const Interface& all_before, const Interface& all_now,
                     Findings& findings) {
  for (const auto& field : before.fields) {
    const Field* same = field_with(now, field.number);
    if (same == nullptr) {
      deleted_field(before, now, field, findings);
      continue;
    }
    FieldComparison comparison(now, now.full_name + "." + same->name, field, *same, all_before, all_now, findings);
    comparison.types();
    comparison.cardinality();
    comparison.names();
    comparison.defaults();
    comparison.options(before.proto3, java_checks_utf8(before, all_before), java_checks_utf8(now, all_now));
    for (std::size_t i = 0; i < std::min(field.map.size(), same->map.size()); ++i) {
      FieldComparison(now, now.full_name + "." + same->name + "." + same->map[i].name, field.map[i], same->map[i],
                      all_before, all_now, findings)
          .types();
    }
  }
  for (const auto& oneof : before.oneofs) {
    if (std::find(now.oneofs.begin(), now.oneofs.end(), oneof) != now.oneofs.end()) continue;
    findings.add("ONEOF_NO_DELETE", now.file, now.line, now.full_name + "." + oneof,
                 "the oneof " + oneof + " was deleted");
  }
  compare_required(before, now, findings);
  compare_reserved(before, now, findings);
  if (before.proto3 && !now.proto3) {
    findings.add("MESSAGE_SAME_JSON_FORMAT", now.file, now.line, now.full_name,
                 "proto2 does not promise the JSON form that proto3 has");
  }
  const auto hides = [](const Message& m) { return m.options.value("no_standard_descriptor_accessor", false); };
  if (!hides(before) && hides(now)) {
    findings.add("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", now.file, now.line, now.full_name,
                 "the option no_standard_descriptor_accessor is set now");
  }
}

}  // namespace api
