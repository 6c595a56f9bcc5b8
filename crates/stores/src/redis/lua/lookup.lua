if not generation then
  return false
end
return redis.call('HMGET', KEYS[1], 'generation', 'metadata', 'body')
