#include "cli/libexec/load/response_parser.hpp"

#include <gmock/gmock.h>

#include <random>

namespace load {
namespace {

struct Read {
  bool done = false;
  bool failed = false;
  int status = 0;
  std::string body;
  bool alive = false;
  std::size_t left = 0;  // bytes behind the answer
};

// In pieces of `piece` bytes, then the end of the stream.
Read read(std::string_view bytes, std::size_t piece, bool is_head = false) {
  ResponseParser parser;
  parser.begin(is_head, true);
  std::size_t used = 0;
  while (used < bytes.size() && !parser.done() && !parser.failed()) {
    std::string_view part = bytes.substr(used, piece);
    const std::size_t taken = parser.feed(part);
    EXPECT_LE(taken, part.size());
    used += taken;
    if (taken < part.size()) break;
  }
  if (!parser.done() && !parser.failed()) parser.end();
  Read read{parser.done(), parser.failed(), parser.status(), std::string(parser.body()), parser.keeps_alive(), 0};
  read.left = bytes.size() - used;
  return read;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
  std::string body;
  bool alive;
  bool is_head = false;
};

const std::vector<Case>& good_ones() {
  static const std::vector<Case> cases{
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
      {"no length is none", "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n", 204, "", true},
      {"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, "", true},
      {"empty", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 200, "", true},
      {"head", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, "", true, true},
      {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
       200, "hello world", true},
      {"chunked behind another coding",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n", 200, "xy", true},
      {"another coding only", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nxy", 200, "xy", false},
      {"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n", 200,
       "0123456789", true},
      {"to the end", "HTTP/1.1 200 OK\r\n\r\nall of it", 200, "all of it", false},
      {"old", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
      {"old kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
      {"close", "HTTP/1.1 503 Service Unavailable\r\nConnection: Foo, close\r\nContent-Length: 0\r\n\r\n", 503, "",
       false},
      {"continue first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", 201, "x",
       true},
      {"early hints", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200,
       "", true},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, "", true},
      {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok", true},
      {"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true},
  };
  return cases;
}

TEST(ResponseParser, EachFramingInPiecesOfAnySize) {
  for (const auto& one : good_ones()) {
    for (std::size_t piece = 1; piece <= one.bytes.size(); ++piece) {
      const Read got = read(one.bytes, piece, one.is_head);
      ASSERT_TRUE(got.done) << one.name << " in pieces of " << piece;
      EXPECT_EQ(got.status, one.status) << one.name;
      EXPECT_EQ(got.body, one.body) << one.name << " in pieces of " << piece;
      EXPECT_EQ(got.alive, one.alive) << one.name;
    }
  }
}

TEST(ResponseParser, StopsAtTheEndOfTheAnswer) {
  const std::string two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n\r\n";
  EXPECT_EQ(read(two, two.size()).left, std::string("HTTP/1.1 500 X\r\n\r\n").size());
}

TEST(ResponseParser, WhatIsNotHttpFails) {
  for (const std::string bytes : {
           "hello there, this is no HTTP at all\r\n\r\n",
           "HTTP/2 200 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 abc OK\r\n\r\n",
           "HTTP/1.1 099 X\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
           "HTTP/1.1 200 OK\r\nno colon in this line\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
           "HTTP/1.1 200 OK\r\nContent-Le",
           "",
       }) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      EXPECT_TRUE(read(bytes, piece).failed) << bytes << " in pieces of " << piece;
    }
  }
}

TEST(ResponseParser, SizesAreBounded) {
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), 4096).failed);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(9000, '1'), 100).failed);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\n\r\n" + std::string(9 << 20, 'x'), 1 << 16).failed);
}

TEST(ResponseParser, NoBytesMakeItGoWild) {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good_ones()[random() % good_ones().size()].bytes;
    for (unsigned n = random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    const Read got = read(bytes, 1 + random() % bytes.size());
    EXPECT_NE(got.done, got.failed);
  }
}

TEST(ResponseParser, HeadersAreFoundWithoutRegardToCase) {
  ResponseParser parser;
  parser.begin(false, true);
  parser.feed("HTTP/1.1 201 Created\r\nLocation:  /v1/users/7 \r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(parser.header("location"), "/v1/users/7");
  EXPECT_EQ(parser.header("ETAG"), "\"a\"");
  EXPECT_EQ(parser.header("x-none"), "");
}

TEST(ResponseParser, IsUsedAgainForTheNextAnswer) {
  ResponseParser parser;
  for (int i = 0; i < 3; ++i) {
    parser.begin(false, i % 2 == 0);
    EXPECT_EQ(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 40U);
    EXPECT_TRUE(parser.done());
    if (i % 2 == 0) EXPECT_EQ(parser.body(), "ok");
  }
}

}  // namespace
}  // namespace load
