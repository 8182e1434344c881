#include "cli/session/crash_report.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace cli {
namespace {

using Lines = std::vector<std::string>;

// So much may follow a report: ASan's legend of its shadow bytes, or a few words at exit.
constexpr std::size_t after_sanitizer = 60;
constexpr std::size_t after_backtrace = 8;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool begins_sanitizer(std::string_view line) {
  return (line.starts_with("==") && contains(line, "==ERROR: ") && contains(line, "Sanitizer: ")) ||
         contains(line, "WARNING: ThreadSanitizer: ") || contains(line, "WARNING: MemorySanitizer: ") ||
         contains(line, ": runtime error: ");
}

bool begins_chassis(std::string_view line) { return line.starts_with("*** ") && contains(line, " crashed: "); }

bool begins_python(std::string_view line) { return line.starts_with("Traceback (most recent call last):"); }

bool is_indented(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }

// One past the report's last line.
std::size_t end_of(const Lines& output, std::size_t begin) {
  const std::string& first = output[begin];
  std::size_t end = begin + 1;
  if (begins_python(first)) {
    while (end < output.size() && is_indented(output[end])) ++end;
    return std::min(end + 1, output.size());  // with the exception itself
  }
  if (begins_chassis(first)) {
    while (end < output.size() && !output[end].starts_with("*** ")) ++end;
    return end;
  }
  for (; end < output.size(); ++end) {
    if (output[end].starts_with("SUMMARY: ")) return end + 1;
    // UBSan may end without a summary, after frames or none.
    if (contains(first, ": runtime error: ") && !is_indented(output[end])) return end;
  }
  return end;
}

// Without the middle: a report begins with what happened, and a traceback of Python ends with it.
Lines shortened(const Lines& output, std::size_t begin, std::size_t end) {
  const auto at = [&output](std::size_t index) { return output.begin() + static_cast<std::ptrdiff_t>(index); };
  if (end - begin <= shown_report_lines) return {at(begin), at(end)};
  const std::size_t tail = begins_python(output[begin]) ? shown_report_lines - 2 : 1;
  const std::size_t head = shown_report_lines - 1 - tail;
  Lines lines(at(begin), at(begin + head));
  lines.push_back("… " + std::to_string(end - begin - head - tail) + " lines more");
  lines.insert(lines.end(), at(end - tail), at(end));
  return lines;
}

std::string joined(const std::string& what, const std::string& frame) {
  return frame.empty() ? what : what + " in " + frame;
}

std::string detail_of(const Lines& report) {
  const std::string& first = report.front();
  const std::string& last = report.back();
  if (begins_python(first)) return last;
  if (begins_chassis(first)) {
    return joined(first.substr(first.find(" crashed: ") + 10), first_own_frame(report));
  }
  constexpr std::string_view summary = "SUMMARY: ";
  if (contains(first, ": runtime error: ")) return first;
  if (last.starts_with(summary)) return last.substr(summary.size());
  return joined(first.substr(first.find(": ") + 2), first_own_frame(report));
}

// `function` and `file:line` of a frame as gdb, the sanitizers and the chassis print it; empty when it has no source.
struct Frame {
  std::string function;
  std::string source;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// file:12 or file:12:5
bool is_source(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
         std::isdigit(static_cast<unsigned char>(text[colon + 1])) != 0 && !contains(text, " ");
}

Frame frame_of(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return {};
  line = trimmed(line.substr(std::min(line.find(' '), line.size())));
  if (line.starts_with("0x")) {  // 0x55… in function
    const auto in = line.find(" in ");
    if (in == std::string_view::npos) return {};
    line = trimmed(line.substr(in + 4));
  }
  auto at = line.rfind(" at ");
  std::size_t gap = 4;
  if (at == std::string_view::npos) {
    at = line.rfind(' ');
    gap = 1;
  }
  if (at == std::string_view::npos || !is_source(line.substr(at + gap))) return {};
  std::string_view function = line.substr(0, at);
  if (const auto arguments = function.find(" ("); arguments != std::string_view::npos) {
    function = function.substr(0, arguments);
  }
  return {std::string(trimmed(function)), std::string(line.substr(at + gap))};
}

// glibc's and the sanitizers' frames carry the paths of their own builds.
bool is_own(const Frame& frame) {
  static constexpr std::array<std::string_view, 13> foreign{
      "/usr/",    "../sysdeps/", "./nptl/",   "./stdlib/", "./signal/", "./assert/", "./csu/",
      "./libio/", "./malloc/",   "./string/", "./debug/",  "../nptl/",  "../../../"};
  if (frame.source.empty() || contains(frame.source, "libsanitizer") || frame.function.starts_with("std::"))
    return false;
  return std::none_of(foreign.begin(), foreign.end(),
                      [&frame](std::string_view prefix) { return frame.source.starts_with(prefix); });
}

}  // namespace

std::string first_own_frame(const Lines& lines) {
  for (const auto& line : lines) {
    const Frame frame = frame_of(line);
    if (is_own(frame)) return frame.function + " at " + frame.source;
  }
  return {};
}

std::optional<CrashReport> find_crash_report(const std::vector<logs::Line>& output) {
  Lines errors;
  std::vector<std::size_t> places;  // of each of them in `output`
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output[i].stream == logs::Stream::out) continue;
    errors.push_back(output[i].text);
    places.push_back(i);
  }
  for (std::size_t i = errors.size(); i-- > 0;) {
    const bool sanitizer = begins_sanitizer(errors[i]);
    if (!sanitizer && !begins_chassis(errors[i]) && !begins_python(errors[i])) continue;
    const std::size_t end = end_of(errors, i);
    const std::size_t lines_after = output.size() - places[end - 1] - 1;
    if (lines_after > (sanitizer ? after_sanitizer : after_backtrace)) return std::nullopt;
    const Lines whole(errors.begin() + static_cast<std::ptrdiff_t>(i),
                      errors.begin() + static_cast<std::ptrdiff_t>(end));
    return CrashReport{sanitizer ? "sanitizer" : "backtrace", shortened(errors, i, end), detail_of(whole)};
  }
  return std::nullopt;
}

std::optional<CrashReport> gdb_report(const Lines& output) {
  Lines report;
  bool frames = false;
  for (const auto& line : output) {
    const bool frame = line.starts_with('#');
    if (!frame && !line.starts_with("Program terminated")) continue;
    // The frames come twice: gdb shows the innermost one when it opens the core.
    if (frame && line.starts_with("#0 ")) std::erase_if(report, [](const auto& one) { return one.starts_with('#'); });
    frames = frames || frame;
    report.push_back(line);
  }
  if (!frames) return std::nullopt;
  const std::string frame = first_own_frame(report);
  return CrashReport{"backtrace", shortened(report, 0, report.size()), frame.empty() ? frame : "in " + frame};
}

}  // namespace cli
