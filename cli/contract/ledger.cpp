#include "cli/contract/ledger.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

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

base::Error damaged(const std::string& file, const std::string& what) {
  return base::fail(base::ErrorCode::malformed,
                    file + ": " + what + "; the ledger's files are written by msctl: get this one back from git");
}

// The members of one file. What is missing or of another type would read as a success or as a name of nothing, so it
// is damage; `fault` is the first.
struct Members {
  const Json& value;
  std::string fault = {};

  const Json* find(const std::string& key, bool good(const Json&), const std::string& must) {
    const auto found = value.find(key);
    if (found != value.end() && good(*found)) return &*found;
    if (fault.empty()) fault = "\"" + key + "\" " + (found == value.end() ? "is missing" : "must be " + must);
    return nullptr;
  }

  std::string text(const std::string& key) {
    const auto* found = find(
        key, [](const Json& one) { return one.is_string(); }, "a text");
    return found == nullptr ? std::string() : found->get<std::string>();
  }

  std::string name(const std::string& key) {
    const auto* found = find(
        key, [](const Json& one) { return one.is_string() && one != ""; }, "a text that is not empty");
    return found == nullptr ? std::string() : found->get<std::string>();
  }

  template <class Record>
  base::Result<Record> checked(Record record, const std::string& file) const {
    if (!fault.empty()) return damaged(file, fault);
    return record;
  }
};

bool is_object_of_texts(const Json& one) {
  return one.is_object() && std::all_of(one.begin(), one.end(), [](const Json& inner) { return inner.is_string(); });
}

bool is_list_of_texts(const Json& one) {
  return one.is_array() && std::all_of(one.begin(), one.end(), [](const Json& inner) { return inner.is_string(); });
}

base::Result<VersionRecord> to_version(const Json& value, const std::string& file) {
  Members members{value};
  VersionRecord record{members.name("service"), members.name("version"), members.text("at"), {}};
  if (const auto* pacts = members.find("pacts", is_object_of_texts, "an object of texts")) {
    for (const auto& [provider, digest] : pacts->items()) record.pacts[provider] = digest.get<std::string>();
  }
  return members.checked(std::move(record), file);
}

base::Result<Verification> to_verification(const Json& value, const std::string& file) {
  Members members{value};
  Verification read;
  read.consumer = members.name("consumer");
  read.consumer_version = members.text("consumer_version");
  read.provider = members.name("provider");
  read.provider_version = members.name("provider_version");
  read.digest = members.name("pact");
  const auto* success = members.find(
      "success", [](const Json& one) { return one.is_boolean(); }, "true or false");
  read.success = success != nullptr && success->get<bool>();
  if (const auto* failures = members.find("failures", is_list_of_texts, "a list of texts")) {
    for (const Json& failure : *failures) read.failures.push_back(failure.get<std::string>());
  }
  const auto* count = members.find(
      "interactions", [](const Json& one) { return one.is_number_unsigned(); }, "a number from 0");
  read.interactions = count == nullptr ? 0 : count->get<std::size_t>();
  read.at = members.text("at");
  return members.checked(std::move(read), file);
}

base::Result<Deployment> to_deployment(const Json& value, const std::string& file) {
  Members members{value};
  Deployment read{members.name("environment"), members.name("service"), members.name("version"), members.text("at")};
  return members.checked(std::move(read), file);
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
  return damaged((folder_ / path).string(), value ? "expected a JSON object" : value.error().message);
}

template <class Record>
base::Result<std::optional<Record>> Ledger::read_as(const std::string& path,
                                                    base::Result<Record> (*convert)(const Json&,
                                                                                    const std::string&)) const {
  TRY(const auto value, read(path));
  if (!value) return std::optional<Record>();
  TRY(auto record, convert(*value, (folder_ / path).string()));
  return std::optional(std::move(record));
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
  return read_as(version_path(service, version), to_version);
}

base::Result<std::vector<VersionRecord>> Ledger::versions(const std::string& service) const {
  std::vector<VersionRecord> records;
  const std::string folder = "versions/" + as_file_name(service);
  for (const auto& name : names_in(folder)) {
    if (!name.ends_with(".json")) continue;
    TRY(auto one, read_as(folder + "/" + name, to_version));
    if (one) records.push_back(std::move(*one));
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return records;
}

base::Result<std::optional<Verification>> Ledger::verification(const std::string& consumer, const std::string& provider,
                                                               const std::string& digest,
                                                               const std::string& provider_version) const {
  return read_as(verification_path(consumer, provider, digest, provider_version), to_verification);
}

base::Result<std::vector<Verification>> Ledger::verifications(const std::string& consumer, const std::string& provider,
                                                              const std::string& digest) const {
  std::vector<Verification> found;
  const std::string folder = "verifications/" + pair_folder(consumer, provider);
  for (const auto& name : names_in(folder)) {
    if (!name.starts_with(short_digest(digest) + "@") || !name.ends_with(".json")) continue;
    TRY(auto one, read_as(folder + "/" + name, to_verification));
    if (one) found.push_back(std::move(*one));
  }
  return found;
}

std::vector<std::string> Ledger::environments() const { return names_in("deployments"); }

base::Result<std::vector<Deployment>> Ledger::deployments(const std::string& environment) const {
  std::vector<Deployment> found;
  const std::string folder = "deployments/" + as_file_name(environment);
  for (const auto& name : names_in(folder)) {
    if (!name.ends_with(".json")) continue;
    TRY(auto one, read_as(folder + "/" + name, to_deployment));
    if (one) found.push_back(std::move(*one));
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
  TRY(const auto before, read_as(path, to_deployment));
  if (before && before->version == one.version) return base::success();
  Json value{{"environment", one.environment}, {"service", one.service}, {"version", one.version}, {"at", one.at}};
  if (before) value["before"] = before->version;
  return write(path, value);
}

}  // namespace contract
