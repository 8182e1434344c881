#include "cli/streams/streams.hpp"

#include <algorithm>
#include <cctype>

#include "base/base64.hpp"
#include "base/json_text.hpp"

namespace streams {
base::Result<std::string> url_of(const spec::Cluster& cluster) {
  const auto broker = cluster.services.find(cluster.broker);
  if (broker != cluster.services.end()) {
    const auto port = broker->second.ports.find("client");
    const bool is_known = port != broker->second.ports.end() && port->second != 0;
    if (is_known) return cluster.broker_kind + "://127.0.0.1:" + std::to_string(port->second);
  }
  return base::fail(base::ErrorCode::not_found, "this cluster names no broker with a port client");
}

base::Result<std::vector<base::Json>> lines_of(const program::Output& output) {
  if (output.exit_code != 0) {
    return base::fail(base::ErrorCode::unavailable, "the broker: " + output.err.substr(0, output.err.find('\n')));
  }
  std::vector<base::Json> lines;
  for (std::size_t at = 0; at < output.out.size();) {
    const std::size_t end = std::min(output.out.find('\n', at), output.out.size());
    TRY(auto line, base::parse_json(std::string_view(output.out).substr(at, end - at)));
    lines.push_back(std::move(line));
    at = end + 1;
  }
  return lines;
}

base::Result<std::vector<base::Json>> ask(const std::string& url, const std::vector<std::string>& words,
                                          const std::string& input) {
  TRY(const auto program, program::helper("msctl-broker"));
  std::vector<std::string> argv{program.string(), "--url", url};
  argv.insert(argv.end(), words.begin(), words.end());
  program::Options options;
  options.input = input;
  TRY(const auto output, program::ask(argv, options));
  return lines_of(output);
}

Stored stored(const base::Json& line) {
  Stored one;
  const auto sequence = line.find("seq");
  if (sequence != line.end() && sequence->is_number_unsigned()) one.sequence = sequence->get<std::uint64_t>();
  one.time = base::text_at(line, "time");
  one.subject = base::text_at(line, "subject");
  one.id = base::text_at(line, "id");
  one.body = base::text_at(line, "data");
  if (const auto bytes = base::text_at(line, "data_base64"); !bytes.empty()) {
    const auto decoded = base::from_base64(bytes);
    if (decoded) one.body = decoded.value();
    one.is_text = false;
  }
  const auto headers = line.find("headers");
  if (headers != line.end() && headers->is_object()) {
    for (auto header = headers->begin(); header != headers->end(); ++header) {
      std::string name = header.key();
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      if (header->is_string()) one.headers[name] = header->get<std::string>();
    }
  }
  auto event = base::parse_json(one.body);
  if (event && event.value().is_object()) one.event = std::move(event.value());
  return one;
}

}  // namespace streams
