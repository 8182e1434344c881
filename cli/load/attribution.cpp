#include "cli/load/attribution.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace load {
namespace {

using base::Json;

// Load may leave out a warm-up, and others may ask as well; the way in is known only where the counts agree.
constexpr double same_count = 0.05;

struct Row {
  Json json;
  std::string service;
  std::string endpoint;
  double count = 0;
  double total_us = 0;
  double asked_us = 0;  // by its own calls
  double way_us = 0;    // in all
  double called = 0;    // by other services
  bool has_way = false;
  bool has_own = false;
  double own_us = 0;  // in all
  std::vector<std::pair<double, std::string>> askers;

  double weight() const { return own_us + way_us; }
};

double rounded(double us) { return std::round(us * 10) / 10; }

// Whether the call may have been for this endpoint. The caller over HTTP knows only what the path begins with.
bool may_be_for(const Call& call, const Row& row) {
  if (row.service != call.service || row.json.contains("unmeasured")) return false;
  if (call.is_rpc()) return row.endpoint == "grpc " + call.method;
  if (!row.endpoint.starts_with(call.method + " ")) return false;
  const std::string_view pattern = std::string_view(row.endpoint).substr(call.method.size() + 1);
  if (!pattern.starts_with('/') || call.route.empty() || call.route == "/") return true;  // such as "unknown"
  return pattern.starts_with(call.route) &&
         (pattern.size() == call.route.size() || call.route.ends_with('/') || pattern[call.route.size()] == '/');
}

std::string endpoint_of_call(const Call& call) {
  return call.is_rpc() ? "grpc " + call.method : call.method + " " + call.route;
}

Row& unmeasured_row(std::vector<Row>& rows, const Call& call) {
  const std::string endpoint = endpoint_of_call(call);
  for (auto& row : rows) {
    if (row.service == call.service && row.endpoint == endpoint && row.json.contains("unmeasured")) return row;
  }
  Row row;
  row.service = call.service;
  row.endpoint = endpoint;
  row.json = {{"service", call.service}, {"endpoint", endpoint}, {"errors", 0}, {"unmeasured", true}};
  rows.push_back(std::move(row));
  return rows.back();
}

// Bills the way of a call to the endpoints that it was for, by how often each was asked. The way's mean.
double bill_way(std::vector<Row>& rows, const Call& call) {
  double count = 0;
  double total = 0;
  for (const auto& row : rows) {
    if (!may_be_for(call, row)) continue;
    count += row.count;
    total += row.total_us;
  }
  // What a service took that restarted meanwhile is known in part; its mean stands for the rest.
  const double way = std::max(0.0, call.total_us - (count > 0 ? total / count * call.count : 0));
  const std::string asker = call.caller + (call.caller_endpoint.empty() ? "" : " " + call.caller_endpoint);
  const auto bill = [&](Row& row, double part) {
    row.has_way = true;
    row.way_us += way * part;
    row.called += call.count * part;
    row.askers.emplace_back(way * part, asker);
  };
  if (count <= 0) {
    Row& row = unmeasured_row(rows, call);
    row.count += call.count;
    bill(row, 1);
    return way / call.count;
  }
  for (auto& row : rows) {
    if (may_be_for(call, row)) bill(row, row.count / count);
  }
  return way / call.count;
}

void find_own(Row& row, const Facts& facts) {
  if (row.json.contains("unmeasured")) return;
  const bool calls_others = std::any_of(facts.callers.begin(), facts.callers.end(),
                                        [&](const auto& entry) { return entry.second.contains(row.service); });
  if (facts.measured.contains(row.service) || !calls_others) {
    row.has_own = true;
    row.own_us = std::max(0.0, row.total_us - row.asked_us);  // calls side by side can add up to more than the whole
    row.json["own_from"] = "metrics";
    return;
  }
  for (const auto& sampled : facts.sampled) {
    if (sampled["service"] != row.service || sampled["endpoint"] != row.endpoint) continue;
    row.has_own = true;
    row.own_us = sampled["own_us"].get<double>() * row.count;
    row.json["own_from"] = "logs";
  }
}

// What load itself asked for, and the way there.
Json entry_of(const std::vector<Row>& rows, const Facts& facts) {
  double count = 0;
  double total = 0;
  for (const auto& row : rows) {
    if (row.json.contains("unmeasured")) continue;
    const double outside = std::max(0.0, row.count - row.called);
    count += outside;
    total += row.total_us / row.count * outside;
  }
  if (facts.seen_count <= 0 || std::abs(count - facts.seen_count) > same_count * facts.seen_count) return nullptr;
  return {{"count", facts.seen_count},
          {"mean_us", rounded(facts.seen_us / facts.seen_count)},
          {"way_us", rounded(std::max(0.0, facts.seen_us - total * facts.seen_count / count) / facts.seen_count)}};
}

double total_way(const Json& entry) { return entry["way_us"].get<double>() * entry["count"].get<double>(); }

std::string asked_by(Row row) {
  std::sort(row.askers.rbegin(), row.askers.rend());
  return row.askers.empty() ? "" : " asked by " + row.askers.front().second;
}

// Where in the cluster time can go, and the endpoint with most of it.
struct Place {
  double us = 0;
  double most = 0;
  std::string endpoint;
  std::size_t endpoints = 0;
};

std::string summary_of(const std::vector<Row>& rows, const Json& entry, double all) {
  std::map<std::string, Place> places;
  const auto add = [&](const std::string& name, double us, const std::string& endpoint) {
    if (us <= 0) return;
    Place& place = places[name];
    place.us += us;
    ++place.endpoints;
    if (us > place.most) {
      place.most = us;
      place.endpoint = endpoint;
    }
  };
  for (const auto& row : rows) {
    add("in " + row.service + " itself", row.own_us, row.endpoint);
    const std::string way = row.json.contains("unmeasured") ? "on the way to or in " : "on the way to ";
    add(way + row.service, row.way_us, row.endpoint + asked_by(row));
  }
  if (entry.is_object()) add("between load and the cluster", total_way(entry), "");
  const auto most = std::max_element(places.begin(), places.end(),
                                     [](const auto& a, const auto& b) { return a.second.us < b.second.us; });
  if (most == places.end()) return {};
  const auto& [name, place] = *most;
  const int percent = static_cast<int>(std::lround(place.us / all * 100));
  std::string text = percent > 50 ? "most of the time (" : "the largest part of the time (";
  text += std::to_string(percent) + " %) was spent " + name;
  if (!place.endpoint.empty()) text += (place.endpoints > 1 ? ", above all " : ": ") + place.endpoint;
  return text;
}

}  // namespace

void attribute(Json& cluster, Json routes, const Facts& facts) {
  std::vector<Row> rows;
  for (auto& route : routes) {
    Row row;
    row.service = route["service"].get<std::string>();
    row.endpoint = route["endpoint"].get<std::string>();
    row.count = route["count"].get<double>();
    row.total_us = route["total_us"].get<double>();
    row.json = std::move(route);
    rows.push_back(std::move(row));
  }
  Json calls = Json::array();
  for (const auto& call : facts.calls) {
    const double way = bill_way(rows, call);
    calls.push_back({{"caller", call.caller},
                     {"caller_endpoint", call.caller_endpoint},
                     {"service", call.service},
                     {"endpoint", endpoint_of_call(call)},
                     {"count", call.count},
                     {"mean_us", rounded(call.total_us / call.count)},
                     {"way_us", rounded(way)}});
    for (auto& row : rows) {
      if (row.service == call.caller && row.endpoint == call.caller_endpoint) row.asked_us += call.total_us;
    }
  }
  double all = 0;
  for (auto& row : rows) {
    find_own(row, facts);
    all += row.weight();
  }
  Json entry = entry_of(rows, facts);
  if (entry.is_object()) all += total_way(entry);
  const auto share = [&](double us) { return all > 0 ? std::round(us / all * 1e4) / 1e4 : 0; };
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.weight() > b.weight(); });
  cluster["routes"] = Json::array();
  for (auto& row : rows) {
    row.json["count"] = row.count;
    if (row.has_own) row.json["own_us"] = rounded(row.own_us / row.count);
    if (row.has_way) row.json["way_us"] = rounded(row.way_us / row.count);
    if (row.has_own || row.has_way) row.json["share"] = share(row.weight());
    cluster["routes"].push_back(row.json);
  }
  cluster["calls"] = std::move(calls);
  if (entry.is_object()) {
    entry["share"] = share(total_way(entry));
    cluster["entry"] = entry;
  }
  if (std::string summary = summary_of(rows, entry, all); !summary.empty()) cluster["summary"] = std::move(summary);
}

}  // namespace load
