#pragma once
// What the broker does at the server, in Lua: each script is one step that nothing comes between and that is on disk
// whole or not at all. Keys: `msctl:streams` names each stream's subjects, `msctl:stream:NAME` is the stream,
// `msctl:id:NAME:ID` a message's id within the duplicate window, and `msctl:due:NAME:DURABLE` holds each delivered and
// unsettled entry by the moment from which it may be delivered again. Internal to broker/redis.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace chassis::broker::redis {

enum class Script : std::uint8_t { ensure, publish, fetch, settle, last };

inline constexpr std::size_t script_count = 5;

// ensure:  STREAM SUBJECT…                        → 1, or an error when another stream takes one of them
// publish: WINDOW_MS, then of each message SUBJECT ID AFTER COUNT and as many words FIELD VALUE…
//          → of each [entry, 1 for a repetition], or an error "NOSTREAM …" or "OUTOFTURN …"
// fetch:   STREAM DURABLE AT_MOST ACK_WAIT_MS MAX_UNSETTLED SUBJECT
//          → [[entry, attempt, [field, value…]]…], Rest, ms until the next may come again or -1, last entry seen, lag;
//            or an error "NOSTREAM …"
// settle:  STREAM DURABLE ENTRY DELAY_MS           → 1; without a delay (-1) it never comes again
// last:    STREAM                                 → [newest entry ever, 0], or nothing when there is no such stream
const std::array<std::string, script_count>& scripts();

// What a fetch has left behind it.
enum class Rest : std::uint8_t { none, more, full };  // full: as many are unsettled as may be

inline const std::string streams_key = "msctl:streams";
inline const std::string stream_prefix = "msctl:stream:";

}  // namespace chassis::broker::redis
