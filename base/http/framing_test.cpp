#include "base/http/framing.hpp"

#include <gtest/gtest.h>

namespace base::http {
namespace {

constexpr FramingLimits limits{64, 4};

int verdict(const std::string& block) { return check_request_head(block, limits).status; }

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }

TEST(Framing, AcceptsPlainRequests) {
  EXPECT_EQ(verdict(get("")), 0);
  EXPECT_EQ(verdict(get("Content-Length: 12\r\n")), 0);
  EXPECT_EQ(verdict(get("Transfer-Encoding: Chunked\r\n")), 0);
  EXPECT_EQ(verdict("GET http://host/path HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), 0);
  for (const char* host : {"", "a.b-c:8080", "127.0.0.1", "[::1]", "[::1]:80", "a:"}) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 0) << host;
  }
}

TEST(Hopeless, IsSeenFromTheFirstBytes) {
  EXPECT_TRUE(is_hopeless("\x16\x03\x01"));  // TLS
  EXPECT_TRUE(is_hopeless("GET / HTTP/1.1\nHost: a"));
  EXPECT_TRUE(is_hopeless("\nGET"));
  EXPECT_FALSE(is_hopeless("GET / HTTP/1.1\r\nHost: a"));
  EXPECT_FALSE(is_hopeless("GET / HTTP/1.1\r"));
  EXPECT_FALSE(is_hopeless("\r"));
  EXPECT_FALSE(is_hopeless(""));
}

struct Bad {
  const char* why;
  std::string block;
  int status;
};

class RefusedFraming : public testing::TestWithParam<Bad> {};

TEST_P(RefusedFraming, IsRefused) { EXPECT_EQ(verdict(GetParam().block), GetParam().status) << GetParam().why; }

INSTANTIATE_TEST_SUITE_P(
    All, RefusedFraming,
    testing::Values(Bad{"length and chunked", get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
                    Bad{"repeated length", get("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
                    Bad{"list of lengths", get("Content-Length: 1, 1\r\n"), 400},
                    Bad{"signed length", get("Content-Length: +1\r\n"), 400},
                    Bad{"hex length", get("Content-Length: 0x1\r\n"), 400},
                    Bad{"huge length", get("Content-Length: 99999999999999999999\r\n"), 400},
                    Bad{"empty length", get("Content-Length:\r\n"), 400},
                    Bad{"chunked is not last", get("Transfer-Encoding: chunked, gzip\r\n"), 400},
                    Bad{"another coding", get("Transfer-Encoding: gzip, chunked\r\n"), 400},
                    Bad{"twice", get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
                    Bad{"chunked on 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
                    Bad{"obs-fold", get("X: a\r\n b\r\n"), 400}, Bad{"space before colon", get("X : a\r\n"), 400},
                    Bad{"no name", get(": a\r\n"), 400}, Bad{"no colon", get("abc\r\n"), 400},
                    Bad{"bare LF", get("X: a\nY: b\r\n"), 400}, Bad{"bare CR", get("X: a\rY: b\r\n"), 400},
                    Bad{"NUL", get(std::string("X: a\0b\r\n", 8)), 400}, Bad{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
                    Bad{"two hosts", get("Host: b\r\n"), 400},
                    Bad{"host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
                    Bad{"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
                    Bad{"host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
                    Bad{"open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
                    Bad{"port that is none", "GET / HTTP/1.1\r\nHost: x:abc\r\n\r\n", 400},
                    Bad{"port too large", "GET / HTTP/1.1\r\nHost: x:99999\r\n\r\n", 400},
                    Bad{"raw UTF-8 host", "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400},
                    Bad{"two parts", "GET /\r\nHost: a\r\n\r\n", 400},
                    Bad{"space in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"authority form", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
                    Bad{"other version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
                    Bad{"long target", "GET /" + std::string(64, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
                    Bad{"many fields", get("A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n"), 431},
                    Bad{"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", 400}));

}  // namespace
}  // namespace base::http
