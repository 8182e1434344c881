#include "cli/verify/check.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace verify {
namespace {

constexpr std::size_t longest_evidence = 1200;

const Check* find(std::span<const Check> all, const std::string& word) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Check& check) {
    return word == check.name || (check.number > 0 && word == std::to_string(check.number));
  });
  return found == all.end() ? nullptr : &*found;
}

Finding look(const Check& check, World& world) {
  if (check.look == nullptr) return absent("Nothing of it is looked at yet.");
  try {
    const auto found = check.look(world);
    return found ? found.value() : failed(found.error().message);
  } catch (const std::exception& problem) {
    return failed(std::string("the check itself failed: ") + problem.what());
  }
}

}  // namespace

std::string number_text(const Check& check) { return check.number > 0 ? std::to_string(check.number) : "-"; }

base::Result<std::vector<const Check*>> choose(std::span<const Check> all, const std::vector<std::string>& asked) {
  std::vector<const Check*> wanted;
  for (const auto& word : asked) {
    const Check* const check = find(all, word);
    if (check == nullptr) {
      std::string names;
      int last = 0;
      for (const auto& one : all) {
        names += (names.empty() ? "" : ", ") + std::string(one.name);
        last = std::max(last, one.number);
      }
      return base::fail(base::ErrorCode::not_found, "there is no pattern \"" + word + "\"; there are 1 to " +
                                                        std::to_string(last) + ", or " + names);
    }
    wanted.push_back(check);
  }
  std::vector<const Check*> chosen;
  for (const auto& check : all) {
    if (asked.empty() || std::find(wanted.begin(), wanted.end(), &check) != wanted.end()) chosen.push_back(&check);
  }
  return chosen;
}

Finding tidy(Finding finding) {
  std::replace(finding.evidence.begin(), finding.evidence.end(), '\n', ' ');
  if (finding.evidence.size() > longest_evidence) {
    std::size_t end = longest_evidence;
    while (end > 0 && (static_cast<unsigned char>(finding.evidence[end]) & 0xC0U) == 0x80U) --end;
    finding.evidence = finding.evidence.substr(0, end) + "…";
  }
  if (finding.evidence.empty()) finding.evidence = "no evidence was given";
  return finding;
}

Outcome perform(const Check& check, World& world) {
  const auto began = world.clock().monotonic();
  Outcome outcome{&check, tidy(look(check, world)), 0};
  outcome.seconds = std::chrono::duration<double>(world.clock().monotonic() - began).count();
  return outcome;
}

}  // namespace verify
