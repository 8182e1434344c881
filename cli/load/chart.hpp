#pragma once
// A chart of lines as inline SVG, readable in light and dark and on paper. Pure.

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace load {

struct Line {
  std::string name;
  std::string colour;  // of CSS
  std::vector<std::pair<double, double>> points;
  bool filled = false;
  bool dashed = false;
};

struct Chart {
  std::string title;
  std::vector<Line> lines;
  bool log_y = false;  // values of 0 and below are left out then
  std::function<std::string(double)> show_x;
  std::function<std::string(double)> show_y;
  std::vector<double> ticks_x = {};  // empty: chosen
};

// An <svg> with its legend; a sentence instead when there is no point to draw.
std::string draw(const Chart& chart);

// Round numbers from low to high, about `wanted` of them.
std::vector<double> round_ticks(double low, double high, int wanted);

}  // namespace load
