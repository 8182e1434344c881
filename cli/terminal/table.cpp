#include "cli/terminal/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_line(std::string& out, const std::vector<std::size_t>& widths, const Row& row,
                 const std::function<std::string(std::size_t, const std::string&)>& paint) {
  std::string line;
  for (std::size_t column = 0; column < widths.size(); ++column) {
    const std::string text = column < row.size() ? row[column] : std::string();
    const bool last = column + 1 == widths.size();
    line += paint(column, text);
    if (!last) line.append(widths[column] - width_of(text) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

std::string two_units(long long big, const char* big_unit, long long small, const char* small_unit) {
  std::string text = std::to_string(big) + " " + big_unit;
  if (small > 0) text += " " + std::to_string(small) + " " + small_unit;
  return text;
}

}  // namespace

std::string format_table(const Row& header, const std::vector<Row>& rows, const PaintCell& paint) {
  std::vector<std::size_t> widths;
  for (const auto& title : header) widths.push_back(width_of(title));
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < std::min(row.size(), widths.size()); ++column) {
      widths[column] = std::max(widths[column], width_of(row[column]));
    }
  }
  std::string out;
  append_line(out, widths, header, [](std::size_t, const std::string& text) { return text; });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    append_line(out, widths, rows[i],
                [&](std::size_t column, const std::string& text) { return paint ? paint(i, column, text) : text; });
  }
  return out;
}

std::string format_duration(double seconds) {
  if (seconds < 10) {
    char text[16];
    std::snprintf(text, sizeof(text), "%.1f s", seconds);
    return text;
  }
  const auto whole = static_cast<long long>(std::floor(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two_units(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return two_units(whole / 3600, "h", whole % 3600 / 60, "min");
  return two_units(whole / 86400, "d", whole % 86400 / 3600, "h");
}

}  // namespace cli
