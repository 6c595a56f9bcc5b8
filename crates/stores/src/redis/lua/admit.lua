-- One time for each request within the window, the oldest first.
-- ARGV[1]: requests that may be made within the window, [2]: its length in milliseconds.
-- Answers 0 where one more may be made, and counts it; else for how many milliseconds none may.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
-- The clock was set back: what was counted by it says nothing now.
local last = tonumber(redis.call('LINDEX', KEYS[1], -1) or '')
if last and last > now then
  redis.call('DEL', KEYS[1])
end
local first = tonumber(redis.call('LINDEX', KEYS[1], 0) or '')
while first and now - first >= window do
  redis.call('LPOP', KEYS[1])
  first = tonumber(redis.call('LINDEX', KEYS[1], 0) or '')
end
if redis.call('LLEN', KEYS[1]) < limit then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 0
end
if not first then
  return window
end
return math.max(1, window - math.max(0, now - first))
