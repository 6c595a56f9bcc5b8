local was = false
if generation then
  was = redis.call('HMGET', KEYS[1], 'generation', 'metadata', 'body')
end
redis.call('DEL', KEYS[1])
return was
