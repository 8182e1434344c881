#pragma once
// Text in aligned columns. Pure.

#include <functional>
#include <string>
#include <vector>

namespace cli {

using Row = std::vector<std::string>;

// Paints the cell of a row (from 0, without the header) and column once its width is known.
using PaintCell = std::function<std::string(std::size_t row, std::size_t column, const std::string& text)>;

// Two spaces between columns, none at the end of a line. Rows shorter than the header are filled up.
std::string format_table(const Row& header, const std::vector<Row>& rows, const PaintCell& paint = {});

// 59 s, 12 min 4 s, 3 h 5 min, 2 d 3 h; fractions only below 10 s.
std::string format_duration(double seconds);

}  // namespace cli
