#include "cli/contract/ledger.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/json_text.hpp"
#include "cli/files/files.hpp"

namespace contract {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::size_t max_bytes = 32u << 20;

std::string pair_folder(const std::string& consumer, const std::string& provider) {
  return as_file_name(consumer) + "-" + as_file_name(provider);
}

std::string short_digest(const std::string& digest) { return digest.substr(0, 16); }

std::string version_path(const std::string& service, const std::string& version) {
  return "versions/" + as_file_name(service) + "/" + as_file_name(version) + ".json";
}

std::string verification_path(const std::string& consumer, const std::string& provider, const std::string& digest,
                              const std::string& provider_version) {
  return "verifications/" + pair_folder(consumer, provider) + "/" + short_digest(digest) + "@" +
         as_file_name(provider_version) + ".json";
}

VersionRecord to_version(const Json& value) {
  VersionRecord record{
      base::text_at(value, "service"), base::text_at(value, "version"), base::text_at(value, "at"), {}};
  const Json pacts = value.value("pacts", Json::object());
  for (const auto& [provider, digest] : pacts.items()) {
    if (digest.is_string()) record.pacts[provider] = digest.get<std::string>();
  }
  return record;
}

Verification to_verification(const Json& value) {
  Verification read;
  read.consumer = base::text_at(value, "consumer");
  read.consumer_version = base::text_at(value, "consumer_version");
  read.provider = base::text_at(value, "provider");
  read.provider_version = base::text_at(value, "provider_version");
  read.digest = base::text_at(value, "pact");
  const Json success = value.value("success", Json(false));
  read.success = success.is_boolean() && success.get<bool>();
  for (const Json& failure : value.value("failures", Json::array())) {
    if (failure.is_string()) read.failures.push_back(failure.get<std::string>());
  }
  const Json count = value.value("interactions", Json(0));
  read.interactions = count.is_number_unsigned() ? count.get<std::size_t>() : 0;
  read.at = base::text_at(value, "at");
  return read;
}

}  // namespace

std::string as_file_name(const std::string& text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      name += '%';
      name += digits[byte >> 4];
      name += digits[byte & 15];
    }
  }
  return name;
}

base::Result<std::optional<Json>> Ledger::read(const std::string& path) const {
  std::ifstream in(folder_ / path, std::ios::binary);
  if (!in) return std::optional<Json>();
  std::error_code failed;
  if (fs::file_size(folder_ / path, failed) > max_bytes) {
    return base::fail(base::ErrorCode::malformed, (folder_ / path).string() + ": is too large for the ledger");
  }
  auto value = base::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  const bool good = value && value.value().is_object();
  if (good) return std::optional<Json>(std::move(value).value());
  return base::fail(base::ErrorCode::malformed,
                    (folder_ / path).string() + ": " + (value ? "expected a JSON object" : value.error().message) +
                        "; the ledger's files are written by msctl: get this one back from git");
}

std::vector<std::string> Ledger::names_in(const std::string& folder) const {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator at(folder_ / folder, failed), end; !failed && at != end; at.increment(failed)) {
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<void> Ledger::write(const std::string& path, const Json& value) const {
  const nlohmann::json sorted = nlohmann::json::parse(base::dump_json(value));
  files::Tree tree;
  tree[path].content = sorted.dump(2) + "\n";
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) {
    return base::fail(base::ErrorCode::internal, "cannot make " + folder_.string() + ": " + failed.message());
  }
  return files::write(folder_, tree);
}

base::Result<std::optional<VersionRecord>> Ledger::version(const std::string& service,
                                                           const std::string& version) const {
  TRY(const auto value, read(version_path(service, version)));
  return value ? std::optional(to_version(*value)) : std::nullopt;
}

base::Result<std::vector<VersionRecord>> Ledger::versions(const std::string& service) const {
  std::vector<VersionRecord> records;
  const std::string folder = "versions/" + as_file_name(service);
  for (const auto& name : names_in(folder)) {
    if (!name.ends_with(".json")) continue;
    TRY(const auto value, read(folder + "/" + name));
    if (value) records.push_back(to_version(*value));
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return records;
}

base::Result<std::optional<Verification>> Ledger::verification(const std::string& consumer, const std::string& provider,
                                                               const std::string& digest,
                                                               const std::string& provider_version) const {
  TRY(const auto value, read(verification_path(consumer, provider, digest, provider_version)));
  return value ? std::optional(to_verification(*value)) : std::nullopt;
}

base::Result<std::vector<Verification>> Ledger::verifications(const std::string& consumer, const std::string& provider,
                                                              const std::string& digest) const {
  std::vector<Verification> found;
  const std::string folder = "verifications/" + pair_folder(consumer, provider);
  for (const auto& name : names_in(folder)) {
    if (!name.starts_with(short_digest(digest) + "@") || !name.ends_with(".json")) continue;
    TRY(const auto value, read(folder + "/" + name));
    if (value) found.push_back(to_verification(*value));
  }
  return found;
}

std::vector<std::string> Ledger::environments() const { return names_in("deployments"); }

base::Result<std::vector<Deployment>> Ledger::deployments(const std::string& environment) const {
  std::vector<Deployment> found;
  const std::string folder = "deployments/" + as_file_name(environment);
  for (const auto& name : names_in(folder)) {
    if (!name.ends_with(".json")) continue;
    TRY(const auto value, read(folder + "/" + name));
    if (!value) continue;
    found.push_back({base::text_at(*value, "environment"), base::text_at(*value, "service"),
                     base::text_at(*value, "version"), base::text_at(*value, "at")});
  }
  return found;
}

base::Result<std::vector<Source>> Ledger::deployed_contracts(const std::vector<Source>& current) const {
  std::vector<Source> sources;
  const auto is_known = [&](const std::string& consumer, const std::string& provider, const std::string& digest) {
    const auto same = [&](const Source& one) {
      return one.pact.consumer == consumer && one.pact.provider == provider && one.digest == digest;
    };
    return std::any_of(current.begin(), current.end(), same) || std::any_of(sources.begin(), sources.end(), same);
  };
  for (const auto& environment : environments()) {
    TRY(const auto deployed, deployments(environment));
    for (const auto& one : deployed) {
      TRY(const auto record, version(one.service, one.version));
      if (!record) continue;
      for (const auto& [provider, digest] : record->pacts) {
        if (is_known(one.service, provider, digest)) continue;
        const std::string path = "pacts/" + pair_folder(one.service, provider) + "/" + short_digest(digest) + ".json";
        TRY(auto document, read(path));
        if (!document) continue;
        TRY(auto source, to_source(std::move(*document), (folder_ / path).string()));
        source.consumer_version = one.version;
        sources.push_back(std::move(source));
      }
    }
  }
  return sources;
}

base::Result<void> Ledger::record(const VersionRecord& record) const {
  TRY(const auto before, version(record.service, record.version));
  // A dirty version, or one recorded in parts, may have got other contracts meanwhile.
  if (before && before->pacts == record.pacts) return base::success();
  return write(version_path(record.service, record.version),
               {{"service", record.service}, {"version", record.version}, {"at", record.at}, {"pacts", record.pacts}});
}

base::Result<void> Ledger::record(const Source& contract) const {
  const std::string path = "pacts/" + pair_folder(contract.pact.consumer, contract.pact.provider) + "/" +
                           short_digest(contract.digest) + ".json";
  std::error_code failed;
  if (fs::exists(folder_ / path, failed)) return base::success();
  return write(path, contract.document);
}

base::Result<void> Ledger::record(const Verification& one) const {
  TRY(const auto before, verification(one.consumer, one.provider, one.digest, one.provider_version));
  if (before && before->success == one.success && before->failures == one.failures) return base::success();
  return write(verification_path(one.consumer, one.provider, one.digest, one.provider_version),
               {{"consumer", one.consumer},
                {"consumer_version", one.consumer_version},
                {"provider", one.provider},
                {"provider_version", one.provider_version},
                {"pact", one.digest},
                {"success", one.success},
                {"interactions", one.interactions},
                {"failures", one.failures},
                {"at", one.at}});
}

base::Result<void> Ledger::record(const Deployment& one) const {
  const std::string path = "deployments/" + as_file_name(one.environment) + "/" + as_file_name(one.service) + ".json";
  TRY(const auto before, read(path));
  if (before && base::text_at(*before, "version") == one.version) return base::success();
  Json value{{"environment", one.environment}, {"service", one.service}, {"version", one.version}, {"at", one.at}};
  if (before) value["before"] = base::text_at(*before, "version");
  return write(path, value);
}

}  // namespace contract
