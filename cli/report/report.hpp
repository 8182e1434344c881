#pragma once
// What the commands that prove something hand over to others: JUnit XML for CI systems, and one page of HTML for
// people. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace report {

enum class Outcome : std::uint8_t { passed, failed, skipped };

struct Case {
  std::string name;
  Outcome outcome = Outcome::passed;
  double seconds = 0;
  std::string message = {};  // one line: why it failed or was skipped
  std::string detail = {};   // more lines, shown below it
};

struct Suite {
  std::string name;
  std::vector<Case> cases;
};

// In the form that Jenkins, GitLab and GitHub's reporters read. Characters that XML 1.0 cannot carry become U+FFFD.
std::string junit(const std::string& name, const std::vector<Suite>& suites);

// For text between tags and in quoted attributes, of XML as well as HTML.
std::string escape(std::string_view text);

// A whole page around `body`, which is HTML already: light and dark, readable on paper, nothing loaded from elsewhere.
// Classes that the style knows: ok, bad, warn, dim (of text), num (of a cell, right-aligned), card (a box).
std::string page(const std::string& title, const std::string& body);

}  // namespace report
