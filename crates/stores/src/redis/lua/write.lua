-- ARGV[2]: the new generation, [3]: the time to live in milliseconds or empty, [4]: metadata, [5]: body.
local ttl = tonumber(ARGV[3])
local ends = ''
if ttl then
  ends = string.format('%.0f', now + ttl)
end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'expires', ends, 'metadata', ARGV[4], 'body', ARGV[5])
if ttl then
  -- Redis collects by its own clock, and never before the record's time is over on either.
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.max(now, machine) + ttl))
else
  redis.call('PERSIST', KEYS[1])
end
return 1
