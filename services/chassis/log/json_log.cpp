#include "services/chassis/log/json_log.hpp"

#include <algorithm>
#include <array>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace chassis {
namespace {

constexpr std::array<std::string_view, 5> own_names{"time", "level", "service", "instance", "message"};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// DEL and the C1 controls (U+0080 to U+009F) are legal in JSON text, but a terminal may act on them.
std::string quote(std::string_view text) {
  const auto plain = base::dump_json(base::Json(std::string(text)));
  std::string safe;
  safe.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const auto byte = static_cast<unsigned char>(plain[i]);
    const auto next = i + 1 < plain.size() ? static_cast<unsigned char>(plain[i + 1]) : 0U;
    if (byte == 0x7f) {
      safe += "\\u007f";
    } else if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", next);
      safe += escape.data();
      ++i;
    } else {
      safe += plain[i];
    }
  }
  return safe;
}

std::string dump(const base::Json& value) {
  if (value.is_string()) return quote(value.get_ref<const std::string&>());
  if (!value.is_structured()) return base::dump_json(value);
  std::string text(1, value.is_object() ? '{' : '[');
  for (const auto& [key, member] : value.items()) {
    if (text.size() > 1) text += ',';
    if (value.is_object()) text.append(quote(key)).append(":");
    text += dump(member);
  }
  return text += value.is_object() ? '}' : ']';
}

// The sink's constructor from a FILE is for derived classes.
class FileSink final : public spdlog::sinks::stdout_sink_base<spdlog::details::console_mutex> {
 public:
  explicit FileSink(std::FILE* file) : stdout_sink_base(file) {}
};

}  // namespace

struct JsonLog::Impl {
  const base::Clock& clock;
  spdlog::logger logger;
  std::string identity;  // the service and instance members of each line

  Impl(const base::Clock& the_clock, const Options& options)
      : clock(the_clock),
        logger(options.service, std::make_shared<FileSink>(options.out)),
        identity(",\"service\":" + quote(options.service) + ",\"instance\":" + quote(options.instance)) {
    logger.set_pattern("%v");
    logger.set_level(spdlog_level(options.least));
    logger.flush_on(spdlog::level::trace);
  }
};

JsonLog::JsonLog(const base::Clock& clock, Options options) : impl_(std::make_unique<Impl>(clock, options)) {}
JsonLog::~JsonLog() = default;

void JsonLog::write(Level level, std::string_view message, const base::Json& fields) {
  if (!impl_->logger.should_log(spdlog_level(level))) return;
  std::string line;
  line.reserve(256);
  line.append("{\"time\":\"").append(base::to_rfc3339(impl_->clock.wall())).append("\",\"level\":\"");
  line.append(name_of(level)).append("\"").append(impl_->identity).append(",\"message\":").append(quote(message));
  if (fields.is_object()) {
    for (const auto& [key, value] : fields.items()) {
      const bool taken = std::find(own_names.begin(), own_names.end(), key) != own_names.end();
      line.append(",").append(quote(taken ? "_" + key : key)).append(":").append(dump(value));
    }
  }
  line += '}';
  impl_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace chassis
