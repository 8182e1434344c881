#include "base/page.hpp"

#include "base/refused.hpp"

namespace base {
namespace {

constexpr std::string_view token_version = "1.";

}  // namespace

Result<int> page_size(int wanted) {
  if (wanted < 0 || wanted > max_page) return refused(ErrorCode::invalid, {{"page_size", "must be from 1 to 100"}});
  return wanted == 0 ? default_page : wanted;
}

Result<PageCut> page_cut(const PageRequest& request, bool (*is_key)(std::string_view)) {
  PageCut cut;
  TRY(cut.size, page_size(request.size));
  if (request.token.empty()) return cut;
  cut.after = request.token.substr(std::min(request.token.size(), token_version.size()));
  if (request.token.starts_with(token_version) && is_key(cut.after)) return cut;
  return refused(ErrorCode::malformed, {{"page_token", "is not one that this service gave"}});
}

std::string page_token(const std::string& key) { return std::string(token_version) + key; }

}  // namespace base
