#include "services/chassis/broker/redis/scripts.hpp"

namespace chassis::broker::redis {
namespace {

// A subject's pattern in Lua's own.
const char* const patterns = R"lua(
local function takes(subject)
  local text = subject:gsub('[^%w*>.]', '%%%0'):gsub('%.', '%%.'):gsub('%*', '[^.]+'):gsub('>', '.+')
  return '^' .. text .. '$'
end
)lua";

// Two streams that took one subject would have no order between them.
const char* const ensure_text = R"lua(
local function tokens(subject)
  local list = {}
  for token in subject:gmatch('[^.]+') do list[#list + 1] = token end
  return list
end
local function meet(one, other)
  local a, b = tokens(one), tokens(other)
  for i = 1, math.max(#a, #b) do
    if not a[i] or not b[i] then return false end
    if a[i] == '>' or b[i] == '>' then return true end
    if a[i] ~= b[i] and a[i] ~= '*' and b[i] ~= '*' then return false end
  end
  return true
end

local name, subjects = ARGV[1], table.concat(ARGV, ' ', 2)
local streams = redis.call('HGETALL', 'msctl:streams')
for i = 1, #streams, 2 do
  if streams[i] == name and streams[i + 1] == subjects then return 1 end
  for theirs in (streams[i] == name and '' or streams[i + 1]):gmatch('%S+') do
    for k = 2, #ARGV do
      if meet(ARGV[k], theirs) then return redis.error_reply('OVERLAP the stream ' .. streams[i] .. ' takes ' .. theirs) end
    end
  end
end
redis.call('HSET', 'msctl:streams', name, subjects)
return 1
)lua";

const char* const publish_text = R"lua(
local window, streams = ARGV[1], redis.call('HGETALL', 'msctl:streams')
local function stream_for(subject)
  local name
  for i = 1, #streams, 2 do
    for own in streams[i + 1]:gmatch('%S+') do
      if subject:find(takes(own)) and (not name or streams[i] < name) then name = streams[i] end
    end
  end
  return name
end

local newest = {}  -- by stream, the id of what this call has added last
local function publish(name, id, after, first, last)
  local known = 'msctl:id:' .. name .. ':' .. id
  local entry = id ~= '' and redis.call('GET', known)
  if entry then return {entry, 1} end
  local stream = 'msctl:stream:' .. name
  if after ~= '' and newest[name] ~= after then
    local before = not newest[name] and redis.call('GET', 'msctl:id:' .. name .. ':' .. after)
    local is_newest = before and #redis.call('XRANGE', stream, '(' .. before, '+', 'COUNT', 1) == 0
    if not is_newest then return redis.error_reply('OUTOFTURN another message is the newest') end
  end
  entry = redis.call('XADD', stream, '*', unpack(ARGV, first, last))
  if id ~= '' then redis.call('SET', known, entry, 'PX', window) end
  newest[name] = id
  return {entry, 0}
end

local answers, names, at = {}, {}, 2
while at <= #ARGV do
  local subject, first = ARGV[at], at + 4
  local last = first + tonumber(ARGV[at + 3]) - 1
  local name = names[subject] or stream_for(subject)
  names[subject] = name
  answers[#answers + 1] = name and publish(name, ARGV[at + 1], ARGV[at + 2], first, last)
    or redis.error_reply('NOSTREAM no stream takes this subject')
  at = last + 1
end
return answers
)lua";

const char* const fetch_text = R"lua(
local name, group, wanted = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ack_wait, max_unsettled, pattern = tonumber(ARGV[4]), tonumber(ARGV[5]), takes(ARGV[6])
if redis.call('HEXISTS', 'msctl:streams', name) == 0 then
  return redis.error_reply('NOSTREAM the stream ' .. name .. ' is gone')
end
local stream, due = 'msctl:stream:' .. name, 'msctl:due:' .. name .. ':' .. group
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function place()
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  if groups.err then return nil end
  for _, flat in ipairs(groups) do
    local one = {}
    for i = 1, #flat, 2 do one[flat[i]] = flat[i + 1] end
    if one.name == group then return one end
  end
end

local at = place()
if not at then
  redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
  redis.call('DEL', due)
  at = place()
end
-- Entries that somebody else has read into the group by hand would stay there for ever.
if redis.call('ZCARD', due) < at.pending then
  for _, pending in ipairs(redis.call('XPENDING', stream, group, '-', '+', at.pending)) do
    redis.call('ZADD', due, 'NX', now + ack_wait, pending[1])
  end
end

local found = {}
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, wanted)) do
  local before = redis.call('XPENDING', stream, group, entry, entry, 1)[1]
  local claimed = redis.call('XCLAIM', stream, group, 'msctl', 0, entry)[1]
  if claimed then
    redis.call('ZADD', due, now + ack_wait, entry)
    found[#found + 1] = {entry, before[4] + 1, claimed[2]}
  else
    redis.call('ZREM', due, entry)
  end
end

local room = max_unsettled - redis.call('ZCARD', due)
local left, looked_at, rest = math.min(wanted - #found, room), 0, 0
while left > 0 do
  if looked_at >= 1000 then rest = 1 break end
  local read = redis.call('XREADGROUP', 'GROUP', group, 'msctl', 'COUNT', left, 'STREAMS', stream, '>')
  if not read then break end
  for _, entry in ipairs(read[1][2]) do
    looked_at = looked_at + 1
    if entry[2][2]:find(pattern) then
      redis.call('ZADD', due, now + ack_wait, entry[1])
      found[#found + 1] = {entry[1], 1, entry[2]}
      left, room = left - 1, room - 1
    else
      redis.call('XACK', stream, group, entry[1])
    end
  end
end
if room <= 0 then rest = 2 end

at = place()
local soonest = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
local pause = soonest and math.max(tonumber(soonest) - now, 0) or -1
-- The server loses count, as after a restart; then it is counted, and not beyond a thousand.
local last = at['last-delivered-id']
local lag = at.lag or #redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1000)
-- Or it counts wrong for good, as after a FLUSHALL: it is told anew where nothing is left.
if lag > 0 and #redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1) == 0 then
  local about = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #about, 2 do
    if about[i] == 'entries-added' then
      redis.call('XGROUP', 'SETID', stream, group, last, 'ENTRIESREAD', about[i + 1])
    end
  end
  lag = 0
end
return {found, rest, pause, last, lag}
)lua";

const char* const settle_text = R"lua(
local stream, due = 'msctl:stream:' .. ARGV[1], 'msctl:due:' .. ARGV[1] .. ':' .. ARGV[2]
local entry, delay = ARGV[3], tonumber(ARGV[4])
if delay < 0 then
  redis.call('XACK', stream, ARGV[2], entry)
  redis.call('ZREM', due, entry)
else
  local time = redis.call('TIME')
  redis.call('ZADD', due, 'XX', time[1] * 1000 + math.floor(time[2] / 1000) + delay, entry)
end
return 1
)lua";

const char* const last_text = R"lua(
local stream = 'msctl:stream:' .. ARGV[1]
if redis.call('HEXISTS', 'msctl:streams', ARGV[1]) == 0 then return false end
if redis.call('EXISTS', stream) == 0 then return {'0-0', 0} end
local about = redis.call('XINFO', 'STREAM', stream)
for i = 1, #about, 2 do
  if about[i] == 'last-generated-id' then return {about[i + 1], 0} end
end
)lua";

}  // namespace

const std::array<std::string, script_count>& scripts() {
  static const std::array<std::string, script_count> all{ensure_text, std::string(patterns) + publish_text,
                                                         std::string(patterns) + fetch_text, settle_text, last_text};
  return all;
}

}  // namespace chassis::broker::redis
