#pragma once
// The strict check of a request's header block before any parser reads it (RFC 9112). Two readers that disagree about
// where a request ends can be made to disagree about which request they serve; so whatever could be read in two ways
// is refused here. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace base::http {

struct FramingLimits {
  std::size_t target_bytes;
  std::size_t header_count;
};

// What is wrong with a block that ends with its empty line, as a status and a sentence; status 0 when nothing is.
struct FramingVerdict {
  int status = 0;
  std::string detail = {};
};

// Refused: bare CR or LF, NUL and other control characters, obs-fold, white space before a colon, names that are not
// tokens, an HTTP version other than 1.0 and 1.1 (505), a missing or repeated Host on 1.1, a Host that is none,
// repeated or non-decimal Content-Length, Transfer-Encoding other than `chunked` alone, together with Content-Length,
// or on HTTP/1.0.
FramingVerdict check_request_head(std::string_view block, FramingLimits limits);

// True when the beginning of a header block can never become a good one, so that waiting for its end is pointless: the
// first byte is none of a method (a TLS handshake, say), or a line ends with a bare LF.
bool is_hopeless(std::string_view beginning);

}  // namespace base::http
