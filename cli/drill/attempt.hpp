#pragma once
// One request of a drill's load and what became of it. Plain values.

#include <cstdint>
#include <string>

namespace drill {

enum class What : std::uint8_t { order, user, step };

// waiting: no answer yet. acknowledged: answered with success, so it must have happened. refused: anything else, an
// error or no answer in time; whether it happened is open.
enum class Outcome : std::uint8_t { waiting, acknowledged, refused };

// Times are in microseconds since the drill began.
struct Attempt {
  What what = What::order;
  std::string
      key;  // by which it is recognised: how much is ordered, the e-mail address, the scenario's step and number
  std::string user_id;
  int phase = 0;  // number, from 1, of the fault that it was sent under or just before
  std::int64_t intended_us = 0;
  std::int64_t done_us = 0;
  Outcome outcome = Outcome::waiting;
  bool is_checked = true;  // it can be told afterwards whether it is there
  int status = 0;          // of HTTP; 0: none came
  std::string id = {};
  std::string problem = {};
};

}  // namespace drill
