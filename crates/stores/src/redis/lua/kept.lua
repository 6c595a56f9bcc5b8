-- ARGV[1]: now, in Unix milliseconds, on a clock that was handed in; empty where the server's own counts.
local time = redis.call('TIME')
local machine = time[1] * 1000 + math.floor(time[2] / 1000)
local now = tonumber(ARGV[1]) or machine
local held = redis.call('HMGET', KEYS[1], 'generation', 'expires')
local generation = held[1]
local expires = tonumber(held[2] or '')
if expires and expires <= now then
  generation = false
end
