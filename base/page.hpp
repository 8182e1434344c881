#pragma once
// Pages of a list that is sorted by a key, cut by that key: what comes in between neither repeats nor hides an item.
// Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace base {

struct PageRequest {
  int size = 0;            // 0: the default
  std::string token = {};  // empty: the first page
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_token = {};  // empty on the last page
};

// What is to be read: `size` + 1 items, which tells whether there is a next page, of those behind the key `after`.
struct PageCut {
  int size = 0;
  std::string after = {};  // empty: from the first one on
};

inline constexpr int default_page = 20;
inline constexpr int max_page = 100;

// The size that was meant; 0 stands for the default. Errors: invalid, with the field page_size.
Result<int> page_size(int wanted);

inline bool is_any_key(std::string_view key) { return !key.empty(); }

// `is_key` tells what may be a key of the list. Errors: as page_size; malformed, with the field page_token, for a token
// that page_of() did not make.
Result<PageCut> page_cut(const PageRequest& request, bool (*is_key)(std::string_view) = is_any_key);

// A token is the key of the page's last item behind a version, so that its form can change.
std::string page_token(const std::string& key);

// Makes a page of what was read by a cut; `key` is the member that the list is sorted by.
template <class T>
Page<T> page_of(std::vector<T> items, const PageCut& cut, std::string T::*key) {
  Page<T> page{std::move(items)};
  if (page.items.size() > static_cast<std::size_t>(cut.size)) {
    page.items.pop_back();
    page.next_token = page_token(page.items.back().*key);
  }
  return page;
}

}  // namespace base
