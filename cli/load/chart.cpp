#include "cli/load/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "cli/report/report.hpp"

namespace load {
namespace {

constexpr double width = 1040;
constexpr double height = 250;
constexpr double left = 74;
constexpr double right = 12;
constexpr double top = 12;
constexpr double bottom = 28;
constexpr double least_of_log = 1e-6;  // what is below lies on the axis

std::string number(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.1f", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    for (const auto& line : chart.lines) {
      for (const auto& [x, y] : line.points) {
        if (chart.log_y && y <= 0) continue;
        x_.add(x);
        y_.add(y);
      }
    }
    if (y_.empty()) return;
    if (chart.log_y) {
      y_.low = std::pow(10, std::floor(std::log10(std::max(y_.low, least_of_log))));
      y_.high = std::max(std::pow(10, std::ceil(std::log10(y_.high * 1.0001))), y_.low * 10);
    } else {
      y_.low = 0;
      y_.high = y_.high <= 0 ? 1 : y_.high * 1.08;
    }
    if (x_.high <= x_.low) x_.high = x_.low + 1;
  }

  std::string svg() const {
    if (y_.empty()) return "<p class=\"dim\">nothing to draw</p>\n";
    std::string out = "<div style=\"overflow-x:auto\"><svg viewBox=\"0 0 " + number(width) + " " + number(height) +
                      "\" role=\"img\" style=\"width:100%;min-width:600px;height:auto;font:12px system-ui,sans-serif\" "
                      "aria-label=\"" +
                      report::escape(chart_.title) + "\">\n";
    grid(out);
    for (const auto& line : chart_.lines) path(out, line);
    out += "</svg></div>\n<p class=\"dim\">";
    for (const auto& line : chart_.lines) {
      out += "<span style=\"display:inline-block;width:1.4em;border-top:3px " +
             std::string(line.dashed ? "dashed " : "solid ") + line.colour +
             ";vertical-align:middle;margin-right:.4em\"></span>" + report::escape(line.name) + " &nbsp; ";
    }
    return out + "</p>\n";
  }

 private:
  double at_x(double x) const { return left + (x - x_.low) / (x_.high - x_.low) * (width - left - right); }
  double at_y(double y) const {
    const double share = chart_.log_y ? (std::log10(std::max(y, y_.low)) - std::log10(y_.low)) /
                                            (std::log10(y_.high) - std::log10(y_.low))
                                      : (y - y_.low) / (y_.high - y_.low);
    return height - bottom - share * (height - top - bottom);
  }

  void grid(std::string& out) const {
    std::vector<double> ticks;
    if (chart_.log_y) {
      for (double tick = y_.low; tick <= y_.high * 1.0001; tick *= 10) ticks.push_back(tick);
    } else {
      ticks = round_ticks(0, y_.high, 5);
    }
    for (const double tick : ticks) {
      const std::string y = number(at_y(tick));
      out += "<path d=\"M" + number(left) + " " + y + "H" + number(width - right) +
             "\" style=\"stroke:var(--line)\"/><text x=\"" + number(left - 8) + "\" y=\"" + number(at_y(tick) + 4) +
             "\" text-anchor=\"end\" style=\"fill:var(--dim)\">" + report::escape(chart_.show_y(tick)) + "</text>\n";
    }
    for (const double tick : chart_.ticks_x.empty() ? round_ticks(x_.low, x_.high, 10) : chart_.ticks_x) {
      if (tick < x_.low - 1e-9 || tick > x_.high + 1e-9) continue;
      // In the middle, but for one that would be cut off at the right.
      const bool is_last = at_x(tick) > width - 2 * right;
      out += "<text x=\"" + number(is_last ? width : at_x(tick)) + "\" y=\"" + number(height - 8) +
             "\" text-anchor=\"" + (is_last ? "end" : "middle") + "\" style=\"fill:var(--dim)\">" +
             report::escape(chart_.show_x(tick)) + "</text>\n";
    }
  }

  void path(std::string& out, const Line& line) const {
    std::string data;
    double first = 0;
    double last = 0;
    for (const auto& [x, y] : line.points) {
      if (chart_.log_y && y <= 0) continue;
      if (data.empty()) first = x;
      last = x;
      data += (data.empty() ? "M" : "L") + number(at_x(x)) + " " + number(at_y(y));
    }
    if (data.empty()) return;
    if (line.filled) {
      const std::string floor = number(height - bottom);
      out += "<path d=\"" + data + "L" + number(at_x(last)) + " " + floor + "L" + number(at_x(first)) + " " + floor +
             "Z\" style=\"fill:" + line.colour + ";opacity:.18\"/>\n";
    }
    out += "<path d=\"" + data + "\" style=\"fill:none;stroke:" + line.colour +
           ";stroke-width:2;stroke-linejoin:round" + (line.dashed ? ";stroke-dasharray:5 4" : "") + "\"/>\n";
  }

  const Chart& chart_;
  Range x_;
  Range y_;
};

}  // namespace

std::vector<double> round_ticks(double low, double high, int wanted) {
  std::vector<double> ticks;
  if (!(high > low) || wanted < 1) return ticks;
  const double rough = (high - low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0}) {
    if (step < rough * 0.999) step = power * factor;
  }
  // Plus zero, since zero may come out as -0.
  const double first = std::ceil(low / step - 1e-9) * step + 0.0;
  // Counted: beside a large number a small step adds nothing.
  for (int i = 0; i <= 10 * wanted && first + i * step <= high + step * 1e-9; ++i) ticks.push_back(first + i * step);
  return ticks;
}

std::string draw(const Chart& chart) { return Drawing(chart).svg(); }

}  // namespace load
