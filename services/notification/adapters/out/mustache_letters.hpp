#pragma once
// Letters by mustache templates (https://mustache.github.io/mustache.5.html), one per event and language:
//
//   Subject: Your order {{order_id}} is confirmed
//
//   … text with {{amount}} and {{#sold_out}}sections{{/sold_out}} …
//
// Values are put in as plain text on one line: nothing is escaped for HTML, and control characters become spaces, so
// that no value can add a line to the subject or steer a terminal. A template can use `order_id`, `user_id`, `amount`
// and, as sections, the names in domain::reasons or `other_reason`. Partials, other delimiters and unescaped tags are
// refused, and so is every name that is not one of these.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/notification/ports/letters.hpp"

namespace notification_service::adapters {

struct LetterTemplate {
  std::string language;
  std::string event;
  std::string text;
};

class MustacheLetters final : public ports::Letters {
 public:
  // Errors: internal, with one sentence that names the file of the first template that is broken or missing.
  static base::Result<MustacheLetters> make(std::vector<LetterTemplate> templates);

  base::Result<domain::Letter> write(const domain::Notice& notice) const override;

 private:
  struct Parts {
    std::string subject;
    std::string body;
  };
  using ByName = std::map<std::pair<std::string, std::string>, Parts>;  // by event and language

  explicit MustacheLetters(ByName templates) : templates_(std::move(templates)) {}
  static base::Result<Parts> read(const LetterTemplate& one);

  const ByName templates_;
};

}  // namespace notification_service::adapters
