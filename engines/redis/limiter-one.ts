import { KEPT_MS_MAX } from "./limiter-many.ts";
import { scriptOf } from "./script.ts";

/**
 * The same for one request that comes alone, over buckets and gcra: no key is in it twice, and nothing is told of rules apart. That is a
 * fifth less of Redis's time than a batch of one.
 *
 * KEYS: the epoch, then one for each claim. ARGV: time or '', epoch, and as one JSON list patience, wait at least, 0 to ask, 1 to take, 2 to
 * borrow too, then for each claim unit, rate, cap, cost and how much more.
 * · → 1 or 0, wait, the claim to show, what is left under it, ms until all is there, and for 2 what was borrowed
 */
export const DECIDE_ONE = scriptOf(`
local now, slack = tonumber(ARGV[1]), 3600000
if not now then
  local t = redis.call('TIME')
  now, slack = t[1] * 1000 + math.floor(t[2] / 1000), 0
end
local held = redis.call('MGET', unpack(KEYS))
if held[1] ~= ARGV[2] then return {-1} end
local floor, ceil, min, max, pack, unpack = math.floor, math.ceil, math.min, math.max, struct.pack, struct.unpack
local q = cjson.decode(ARGV[3])
local patience, wait, deed, shown, allowed = q[1], q[2], q[3], 1, 1
local levels, ends, moved = {}, {}, false
local n, last = 4, #KEYS
for i = 2, last do
  local cap, cost = q[n + 2], q[n + 3]
  local level, bytes = cap, held[i]
  if bytes then
    local at
    level, at, ends[i] = unpack('<ddd', bytes)
    local gain = (now - at) * q[n + 1]
    if gain >= cap - level then level = cap
    elseif at - now <= 5000 then level = level + gain
    else moved = true end
  end
  levels[i] = level
  local missing = cost * q[n] - level
  if missing > 0 and cost > 0 then
    local ms = ceil(missing / q[n + 1])
    if ms > wait then wait, shown = ms, i - 1 end
    if ms > patience then allowed = 0 end
  end
  n = n + 5
end
local out = {allowed, wait, shown, 0, 0}
local least, takes, left, reset = 2, allowed == 1 and deed > 0
if takes or moved then
  n = 4
  for i = 2, last do
    local unit, rate, cap, cost, more = q[n], q[n + 1], q[n + 2], q[n + 3], 0
    local level = levels[i]
    if takes then
      if cost > 0 then
        if wait > 0 then level = min(cap, level + wait * rate) - wait * rate end
        level = level - cost * unit
      end
      local share = level / cap
      if share < least then least, out[3], left, reset = share, i - 1, level / unit, (cap - level) / rate end
      if deed == 2 then
        if wait == 0 then more = min(q[n + 4], max(0, floor(level / unit))) end
        level = level - more * unit
        out[i + 4] = more
      end
      cost = cost + more
    else cost = 0 end
    if cost > 0 or moved then
      local full = ceil((cap - level) / rate)
      local dies = ends[i]
      if dies and dies >= now + full then redis.call('SETRANGE', KEYS[i], '0', pack('<dd', level, now))
      elseif full > 0 then
        local ms = full + min(ceil(cap / rate), ${KEPT_MS_MAX})
        redis.call('SET', KEYS[i], pack('<ddd', level, now, now + ms), 'PX', ms + slack)
      end
    end
    n = n + 5
  end
end
if not takes then
  n = shown * 5 - 1
  local level = levels[shown + 1]
  left, reset = level / q[n], (q[n + 2] - level) / q[n + 1]
  if deed == 2 then for i = 2, last do out[i + 4] = 0 end end
end
out[4], out[5] = max(0, floor(left)), ceil(reset)
return out`);
