-- ARGV[6]: the generation that is expected.
if generation ~= ARGV[6] then
  return 0
end
