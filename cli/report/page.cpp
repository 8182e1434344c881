#include "cli/report/report.hpp"

namespace report {
namespace {

// On a narrow screen a table scrolls by itself; one of the class `stack` has its cells below each other instead.
constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --text: #1c2024; --dim: #60656c; --line: #d9dce0; --box: #f6f7f9; --back: #fff;
        --ok: #18794e; --bad: #c62a2f; --warn: #946800; }
@media (prefers-color-scheme: dark) {
  :root { --text: #edeef0; --dim: #a5aab2; --line: #363a3f; --box: #1c1f23; --back: #121417;
          --ok: #4cc38a; --bad: #ff6369; --warn: #f1a10d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
       max-width: 68rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } .num { text-align: right; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { overflow-x: auto; margin: .25rem 0; white-space: pre-wrap; }
.card { background: var(--box); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; margin: .75rem 0; }
.ok { color: var(--ok); } .bad { color: var(--bad); } .warn { color: var(--warn); } .dim { color: var(--dim); }
@media (max-width: 40rem) {
  table { display: block; overflow-x: auto; } .num { white-space: nowrap; }
  .stack > tbody, .stack > tbody > tr { display: block; }
  .stack > tbody > tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
  .stack > tbody > tr > th { display: none; }
  .stack > tbody > tr > td { display: inline-block; border: 0; padding-block: 0; }
  .stack > tbody > tr > .wide { display: block; } }
@media print { body { margin: 0; max-width: none; } .card { break-inside: avoid; } }
)css";

// One UTF-8 sequence at `at`, or 0 when there is none that XML may carry (XML 1.0 §2.2, RFC 3629 §4).
std::size_t sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at + i < text.size() ? text[at + i] : 0); };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x20) return first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first < 0x80) return first == 0x7F ? 0 : 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return tail(1) ? 2 : 0;
  if (first < 0xF0) {
    if (!tail(1) || !tail(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;
    return first == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE ? 0 : 3;
  }
  if (first > 0xF4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  return first == 0xF4 && byte(1) >= 0x90 ? 0 : 4;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence(text, at);
    if (length == 0)
      out += "\xEF\xBF\xBD";
    else if (text[at] == '&')
      out += "&amp;";
    else if (text[at] == '<')
      out += "&lt;";
    else if (text[at] == '>')
      out += "&gt;";
    else if (text[at] == '"')
      out += "&quot;";
    else if (text[at] == '\'')
      out += "&#39;";
    else
      out += text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         escape(title) + "</title>\n<style>" + std::string(style) + "</style>\n</head>\n<body>\n" + body +
         "\n</body>\n</html>\n";
}

}  // namespace report
