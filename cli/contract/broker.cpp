#include "cli/contract/broker.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/pact/body.hpp"

namespace contract {
namespace {

using base::ErrorCode;
using base::Json;

// The href of a link that may be an object or a list of them, in a list the one of that name.
std::string href_of(const Json& document, const std::string& relation, const std::string& name = {}) {
  const Json none = Json::object();
  const auto links = document.is_object() ? document.value("_links", none) : none;
  const auto found = links.is_object() ? links.find(relation) : links.end();
  if (!links.is_object() || found == links.end()) return {};
  const auto text = [](const Json& link) {
    const Json href = link.is_object() ? link.value("href", Json()) : Json();
    return href.is_string() ? href.get<std::string>() : std::string();
  };
  if (!found->is_array()) return text(*found);
  for (const Json& one : *found) {
    if (name.empty() || (one.is_object() && one.value("name", Json()) == Json(name))) return text(one);
  }
  return {};
}

Json at(const Json& document, std::initializer_list<const char*> keys) {
  Json value = document;
  for (const char* key : keys) {
    if (!value.is_object() || !value.contains(key)) return {};
    value = Json(value[key]);
  }
  return value;
}

std::string text_at(const Json& document, std::initializer_list<const char*> keys) {
  const Json value = at(document, keys);
  return value.is_string() ? value.get<std::string>() : std::string();
}

// Every sentence in what the broker said of an error.
void sentences(const Json& value, std::string& text) {
  if (value.is_string()) {
    text += (text.empty() ? "" : "; ") + value.get<std::string>();
  } else if (value.is_object() || value.is_array()) {
    for (const auto& one : value) sentences(one, text);
  }
}

std::string said(const base::http::Response& answer) {
  const auto body = base::parse_json(answer.body);
  std::string text;
  if (body && body.value().is_object()) {
    for (const char* key : {"errors", "error", "message"}) {
      if (text.empty() && body.value().contains(key)) sentences(body.value()[key], text);
    }
  }
  return "HTTP status " + std::to_string(answer.status) + (text.empty() ? "" : ": " + text.substr(0, 500));
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::permission;
    case 404:
      return ErrorCode::not_found;
    case 409:
      return ErrorCode::conflict;
    default:
      return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid;
  }
}

Json test_results(const std::vector<Result>& results) {
  Json list = Json::array();
  for (const auto& result : results) {
    Json one{{"interactionDescription", result.interaction},
             {"success", result.outcome == Outcome::passed},
             {"mismatches", Json::array()}};
    if (!result.id.empty()) one["interactionId"] = result.id;
    if (!result.states.empty()) one["providerStates"] = result.states;
    for (const auto& mismatch : result.mismatches) {
      one["mismatches"].push_back({{"attribute", base::pact::to_text(mismatch.where)},
                                   {"identifier", mismatch.path},
                                   {"description", sentence(mismatch)}});
    }
    if (result.mismatches.empty() && !result.why.empty()) one["exceptions"] = Json::array({{{"message", result.why}}});
    list.push_back(std::move(one));
  }
  return list;
}

Check to_check(const Json& row, const std::string& service, const std::vector<std::string>& deployed,
               const std::string& environment) {
  Check check{text_at(row, {"consumer", "name"}), text_at(row, {"consumer", "version", "number"}),
              text_at(row, {"provider", "name"}), text_at(row, {"provider", "version", "number"})};
  const Json success = at(row, {"verificationResult", "success"});
  if (success == Json(true)) {
    check.standing = Standing::verified;
    check.why = text_at(row, {"verificationResult", "verifiedAt"});
  } else if (success == Json(false)) {
    check.standing = Standing::failed;
    check.why = text_at(row, {"verificationResult", "_links", "self", "href"});
    check.next = "make the provider keep the contract, or change what the consumer asks; then verify and publish again";
  } else if (check.consumer == service &&
             std::find(deployed.begin(), deployed.end(), check.provider) == deployed.end()) {
    check.standing = Standing::not_deployed;
    check.why = check.provider + " has no version in " + environment;
    check.next = "deploy " + check.provider + " first, and record that";
  } else {
    check.standing = Standing::unverified;
    check.why = "nobody has published a verification between these versions";
    check.next = "msctl contract-test --consumer " + check.consumer + " --provider " + check.provider +
                 " --broker URL --publish";
  }
  return check;
}

}  // namespace

std::string expand(const std::string& url, const std::vector<std::pair<std::string, std::string>>& values) {
  std::string text = url;
  for (const auto& [name, value] : values) {
    const std::string mark = "{" + name + "}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      const std::string escaped = base::http::percent_encode(value);
      text.replace(at, mark.size(), escaped);
      at += escaped.size();
    }
  }
  return text;
}

base::Result<Json> Broker::ask(const std::string& method, const std::string& url, const Json* body) {
  TRY(const std::string whole, resolve_url(url_, url));
  base::http::Headers headers;
  headers.add("Accept", "application/hal+json, application/json;q=0.9");
  if (body != nullptr) headers.add("Content-Type", "application/json");
  TRY(const auto answer, web_.send(method, whole, std::move(headers), body == nullptr ? "" : base::dump_json(*body)));
  const std::string where = "the broker at " + shown_url(url_);
  if (answer.status / 100 != 2) {
    std::string message = where + ": " + method + " " + shown_url(whole) + ": " + said(answer);
    if (answer.status == 401) message += "; give a token: $PACT_BROKER_TOKEN or --broker-token-file";
    return base::fail(code_of(answer.status), std::move(message));
  }
  if (answer.body.empty()) return Json(Json::object());
  auto document = base::parse_json(answer.body);
  if (document) return document;
  return base::fail(ErrorCode::bad_gateway,
                    where + " answered " + shown_url(whole) + " with what is no JSON: " + document.error().message);
}

base::Result<std::string> Broker::link(const std::string& relation, const Values& values) {
  if (index_.is_null()) {
    TRY(index_, ask("GET", url_));
  }
  const std::string href = href_of(index_, relation);
  if (!href.empty()) return expand(href, values);
  return base::fail(ErrorCode::unsupported, "what answers at " + shown_url(url_) + " has no link " + relation +
                                                ": it is no Pact Broker, or an old one");
}

base::Result<std::vector<std::string>> Broker::publish(const std::string& consumer, const OfVersion& of,
                                                       const std::vector<const Source*>& contracts) {
  Json body{{"pacticipantName", consumer}, {"pacticipantVersionNumber", of.version}, {"contracts", Json::array()}};
  if (!of.branch.empty()) body["branch"] = of.branch;
  if (!of.build_url.empty()) body["buildUrl"] = of.build_url;
  for (const Source* contract : contracts) {
    body["contracts"].push_back({{"consumerName", consumer},
                                 {"providerName", contract->pact.provider},
                                 {"specification", "pact"},
                                 {"contentType", "application/json"},
                                 {"content", base::to_base64(base::dump_json(contract->document))}});
  }
  TRY(const auto href, link("pb:publish-contracts"));
  TRY(const auto answer, ask("POST", href, &body));
  std::vector<std::string> notices;
  for (const Json& notice : answer.value("notices", Json::array())) {
    const std::string type = text_at(notice, {"type"});
    if (type != "debug" && type != "prompt") notices.push_back(text_at(notice, {"text"}));
  }
  return notices;
}

base::Result<Sources> Broker::contracts_for(const Wanted& wanted) {
  TRY(const auto href, link("pb:provider-pacts-for-verification", {{"provider", wanted.provider}}));
  Json body{{"includePendingStatus", wanted.pending}};
  if (!wanted.selectors.empty()) body["consumerVersionSelectors"] = wanted.selectors;
  if (!wanted.branch.empty()) body["providerVersionBranch"] = wanted.branch;
  if (!wanted.wip_since.empty()) body["includeWipPactsSince"] = wanted.wip_since;
  Sources sources;
  sources.searched.push_back(shown_url(url_) + " for " + wanted.provider);
  const auto listed = ask("POST", href, &body);
  // A broker that has never heard of the provider has no contracts for it.
  if (!listed && listed.error().code == ErrorCode::not_found) return sources;
  if (!listed) return listed.error();
  const Json list = at(listed.value(), {"_embedded", "pacts"});
  if (!list.is_array()) return sources;
  for (const Json& one : list) {
    const std::string url = href_of(one, "self");
    const std::string name = text_at(one, {"_links", "self", "name"});
    TRY(const auto document, ask("GET", url));
    auto source = to_source(document, name.empty() ? shown_url(url) : name);
    if (!source) {
      sources.broken.push_back({shown_url(url), source.error().message});
      continue;
    }
    Source read = std::move(source).value();
    read.pending = at(one, {"verificationProperties", "pending"}) == Json(true);
    read.results_url = href_of(document, "pb:publish-verification-results");
    read.consumer_version = text_at(document, {"_links", "pb:consumer-version", "name"});
    for (const Json& notice : at(one, {"verificationProperties", "notices"})) {
      if (text_at(notice, {"when"}) == "before_verification") read.notices.push_back(text_at(notice, {"text"}));
    }
    sources.pacts.push_back(std::move(read));
  }
  return sources;
}

base::Result<void> Broker::send_results(const Source& contract, const OfVersion& of,
                                        const std::vector<Result>& results) {
  if (contract.results_url.empty()) {
    return base::fail(ErrorCode::unsupported, contract.where + " did not come from a broker that takes results");
  }
  if (!of.branch.empty()) {
    TRY(const auto href,
        link("pb:pacticipant-branch-version",
             {{"pacticipant", contract.pact.provider}, {"branch", of.branch}, {"version", of.version}}));
    const Json nothing = Json::object();
    TRY(ask("PUT", href, &nothing));
  }
  const bool success = std::all_of(results.begin(), results.end(),
                                   [](const Result& result) { return result.outcome == Outcome::passed; });
  Json body{{"success", success},
            {"providerApplicationVersion", of.version},
            {"testResults", test_results(results)},
            {"verifiedBy", {{"implementation", "msctl"}, {"version", MSCTL_VERSION}}}};
  if (!of.build_url.empty()) body["buildUrl"] = of.build_url;
  TRY(ask("POST", contract.results_url, &body));
  return base::success();
}

base::Result<std::vector<std::string>> Broker::deployed_in(const std::string& environment) {
  TRY(const auto href, link("pb:environments"));
  TRY(const auto environments, ask("GET", href));
  std::vector<std::string> names;
  std::string known;
  const Json listed = at(environments, {"_embedded", "environments"});
  for (const Json& one : listed.is_array() ? listed : Json(Json::array())) {
    const std::string name = text_at(one, {"name"});
    known += (known.empty() ? "" : ", ") + name;
    if (name != environment) continue;
    TRY(const auto versions, ask("GET", href_of(one, "pb:currently-deployed-deployed-versions")));
    const Json deployed = at(versions, {"_embedded", "deployedVersions"});
    for (const Json& version : deployed.is_array() ? deployed : Json(Json::array())) {
      names.push_back(text_at(version, {"_embedded", "pacticipant", "name"}));
    }
    return names;
  }
  return base::fail(ErrorCode::not_found,
                    "the broker has no environment " + environment + "; it has " + (known.empty() ? "none" : known));
}

base::Result<Verdict> Broker::can_i_deploy(const std::string& service, const std::string& version,
                                           const std::string& environment) {
  TRY(const auto deployed, deployed_in(environment));
  TRY(const auto href, link("pb:can-i-deploy-pacticipant-version-to-environment",
                            {{"pacticipant", service}, {"version", version}, {"environment", environment}}));
  TRY(const auto answer, ask("GET", href));
  Verdict verdict{service, version, environment, false, {}, {}};
  const Json rows = answer.value("matrix", Json::array());
  for (const Json& row : rows.is_array() ? rows : Json(Json::array())) {
    if (row.is_object() && row.value("ignored", Json(false)) == Json(true)) continue;
    verdict.checks.push_back(to_check(row, service, deployed, environment));
  }
  // The broker decides: it knows of what the rows do not tell.
  verdict.deployable = at(answer, {"summary", "deployable"}) == Json(true);
  verdict.why = text_at(answer, {"summary", "reason"});
  std::replace(verdict.why.begin(), verdict.why.end(), '\n', ' ');
  if (verdict.why.empty()) verdict.why = verdict.deployable ? "the broker says yes" : "the broker gives no reason";
  return verdict;
}

base::Result<void> Broker::record_deployment(const std::string& service, const std::string& version,
                                             const std::string& environment) {
  TRY(const auto href, link("pb:pacticipant-version", {{"pacticipant", service}, {"version", version}}));
  TRY(const auto resource, ask("GET", href));
  const std::string record = href_of(resource, "pb:record-deployment", environment);
  if (record.empty()) {
    return base::fail(ErrorCode::not_found, "the broker has no environment " + environment + " for " + service + " " +
                                                version + "; make it there first");
  }
  const Json nothing = Json::object();
  TRY(ask("POST", record, &nothing));
  return base::success();
}

}  // namespace contract
