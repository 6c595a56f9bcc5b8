if generation then
  return 0
end
