#include "services/chassis/consumer/schema_check.hpp"

#include "base/schema_name.hpp"

namespace chassis::consumer {
namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

constexpr std::size_t most_named = 5;  // fields in a reason
constexpr std::size_t longest_field = 100;

base::Error wrong(const std::string& what) { return base::fail(ErrorCode::invalid, what); }

std::string v(int version) { return "version " + std::to_string(version); }

// The path of a field may be made of names that the data has. Cut between characters of UTF-8.
std::string shortened(const std::string& path) {
  if (path.size() <= longest_field) return path;
  auto end = longest_field;
  while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xC0) == 0x80) --end;
  return path.substr(0, end) + "…";
}

std::string fields_of(const base::Error& error) {
  std::string text;
  for (std::size_t i = 0; i < error.fields.size() && i < most_named; ++i) {
    const auto& [field, message] = error.fields[i];
    text += (i == 0 ? "" : "; ") + shortened(field) + " " + message;
  }
  if (error.fields.size() > most_named) text += "; and more";
  return text;
}

}  // namespace

void SchemaCheck::upcast(const std::string& type, int from, Upcaster upcaster) {
  if (!chains_[type].emplace(from, std::move(upcaster)).second) twice_ = type + " has two upcasters from " + v(from);
}

Result<void> SchemaCheck::sound(const std::set<std::string>& consumed) const {
  if (!twice_.empty()) return wrong(twice_);
  for (const auto& [type, chain] : chains_) {
    if (!consumed.contains(type)) return wrong(type + " has an upcaster and is not consumed");
    if (schemas_ == nullptr) return wrong(type + " has an upcaster, and no schemas were given to check_with()");
    TRY(sound_chain(type, chain));
  }
  if (schemas_ == nullptr) return base::success();
  for (const auto& type : consumed) {
    if (schemas_->versions_of(type).empty()) {
      return wrong(type + " is consumed and no version of its schema is known: name its file in msctl_consumes()");
    }
  }
  return base::success();
}

// With one upcaster, handlers read the newest version; so there must be a way from each one.
Result<void> SchemaCheck::sound_chain(const std::string& type, const Chain& chain) const {
  const auto& known = schemas_->versions_of(type);
  if (known.empty()) return wrong(type + " has an upcaster, and no version of its schema is known");
  const int newest = *known.rbegin();
  for (const auto& [from, upcaster] : chain) {
    if (from >= newest) {
      return wrong(type + " has an upcaster from " + v(from) + ", but the newest that is known is " + v(newest));
    }
    if (from < *known.begin()) {
      return wrong(type + " has an upcaster from " + v(from) + ", but the oldest that is known is " +
                   v(*known.begin()));
    }
  }
  for (int version = *known.begin(); version < newest; ++version) {
    if (!chain.contains(version)) {
      return wrong(type + " has upcasters, but none from " + v(version) + " to " + v(version + 1));
    }
  }
  return base::success();
}

Result<Form> SchemaCheck::read(const std::string& type, const std::string& said_type, const std::string& said_schema,
                               Json data) const {
  if (schemas_ == nullptr) return Form{std::move(data), said_schema};
  if (said_type != type) return wrong("it came as " + type + " and says that it is another type");
  TRY(const auto said, version_of(type, said_schema));
  TRY(validate(type, said, data));
  const int newest = *schemas_->versions_of(type).rbegin();
  if (said == newest || !chains_.contains(type)) return Form{std::move(data), base::schema_name(type, said)};
  TRY(auto newer, bring_up(type, said, newest, std::move(data)));
  if (const auto good = validate(type, newest, newer); !good) {
    return wrong("brought up from " + v(said) + ": " + good.error().message);
  }
  return Form{std::move(newer), base::schema_name(type, newest)};
}

Result<int> SchemaCheck::version_of(const std::string& type, const std::string& said_schema) const {
  if (schemas_ == nullptr) return 0;
  const auto& known = schemas_->versions_of(type);
  if (said_schema.empty()) return *known.rbegin();
  const auto name = base::parse_schema_name(said_schema);
  if (!name || name->type != type) return wrong("its dataschema names no version of " + type);
  if (known.contains(name->version)) return name->version;
  const bool is_newer = name->version > *known.rbegin();
  return base::fail(is_newer ? ErrorCode::unsupported : ErrorCode::invalid,
                    v(name->version) + " of " + type + " is not known here" +
                        (is_newer ? "; the newest that is, is " + v(*known.rbegin()) : ""));
}

Result<Json> SchemaCheck::bring_up(const std::string& type, int from, int newest, Json data) const {
  const auto& chain = chains_.at(type);
  for (int version = from; version < newest; ++version) {
    const auto failed = [&](const std::string& why) {
      return wrong("it could not be brought up to " + v(version + 1) + ": " + why);
    };
    try {
      auto next = chain.at(version)(std::move(data));
      if (!next) return failed(next.error().message);
      data = std::move(next).value();
    } catch (const std::exception& thrown) {
      return failed(thrown.what());
    }
  }
  return data;
}

Result<void> SchemaCheck::validate(const std::string& type, int version, const Json& data) const {
  const auto good = schemas_->check(base::schema_name(type, version), data);
  if (good) return base::success();
  return wrong(v(version) + " of " + type + " refuses it: " + fields_of(good.error()));
}

}  // namespace chassis::consumer
