#include "cli/session/log_printer.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "cli/session/log_filter.hpp"
#include "cli/session/log_sources.hpp"
#include "cli/terminal/say.hpp"

namespace cli {
namespace {

std::string time_text(std::int64_t time_us) {
  return base::to_rfc3339(
      base::Wall(std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(time_us))));
}

base::Json stream_name(logs::Stream stream) {
  switch (stream) {
    case logs::Stream::out:
      return "stdout";
    case logs::Stream::err:
      return "stderr";
    case logs::Stream::own:
      return "msctl";
    default:
      return nullptr;
  }
}

}  // namespace

LogPrinter::LogPrinter(const LogLayout& layout)
    : layout_(layout), terminal_(::isatty(STDOUT_FILENO) == 1), style_(Style::for_descriptor(STDOUT_FILENO)) {}

std::string LogPrinter::json(const std::string& instance, const logs::Line& line, bool ascii) {
  base::Json made = base::Json::object();
  made["time"] = time_text(line.time_us);
  made["instance"] = instance;
  made["service"] = service_of(instance);
  made["stream"] = stream_name(line.stream);
  made["line"] = line.text;
  auto fields = fields_of(line.text);
  if (const auto level = fields ? level_of_fields(*fields) : level_of_text(line.text))
    made["level"] = level_name(*level);
  if (fields) made["fields"] = std::move(*fields);
  return made.dump(-1, ' ', ascii, base::Json::error_handler_t::replace);
}

// A pipe keeps the bytes as they are; a terminal gets no control characters.
void LogPrinter::print(const std::string& instance, std::size_t width, std::size_t rank, const logs::Line& line) {
  std::string text;
  if (layout_.json) {
    text = json(instance, line, terminal_);
  } else {
    if (layout_.prefix) {
      std::string padded = instance;
      if (padded.size() < width) padded.resize(width, ' ');
      text = style_.nth(rank, padded + " |") + " ";
    }
    if (layout_.time) text += style_.paint(Style::Colour::dim, time_text(line.time_us)) + " ";
    text += terminal_ ? printable(line.text) : line.text;
  }
  text += '\n';
  write(text);
}

void LogPrinter::flush() { flush_output(); }

}  // namespace cli
