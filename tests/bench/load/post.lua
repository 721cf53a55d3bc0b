-- Sends the lines of a file in turn, and says at the end: RESULT requests p50 p99 refused lost (microseconds).
local bodies = {}
for line in io.lines('BODIES') do bodies[#bodies + 1] = wrk.format('POST', nil, {['Content-Type'] = 'application/json', Host = 'x'}, line) end
local at = 0
request = function() at = at % #bodies + 1; return bodies[at] end
done = function(s, l)
  local lost = s.errors.read + s.errors.connect + s.errors.timeout
  io.write(string.format('RESULT %d %d %d %d %d\n', s.requests, l:percentile(50), l:percentile(99), s.errors.status, lost))
end
