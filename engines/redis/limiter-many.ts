import { scriptOf } from "./script.ts";

/** A key that is used again and again gets a new time to live once in so long at most: writing one costs as much as all else. */
export const KEPT_MS_MAX = 60_000;

/**
 * The same for buckets and gcra alone, which nearly all limits are, and for many requests that come at once: each is decided
 * whole, one after the other, and every key is read and written once.
 *
 * Where its time goes was measured: half of it was SET with PX (four dictionary look-ups, and a number made into text with 17
 * digits), a fifth the numbers of rules, sent with each claim. So a value is written in place (`SETRANGE`) as long as
 * it lives long enough, which it knows by itself, and each rule is sent once. That is 13 µs a decision of four levels, of 20 before.
 *
 * KEYS: the epoch, then each key once. ARGV: time or '', epoch, unit, rate and cap of each rule, and for each request how many
 * claims, patience, wait at least, 0 to ask, 1 to take, 2 to borrow too; for each claim which key, where its rule begins, cost,
 * and for 2 how much more.
 * · → for each request 1 or 0, wait, the claim to show, what is left under it, ms until all is there, and for 2 what was borrowed
 */
export const DECIDE_MANY = scriptOf(`
local now, slack = tonumber(ARGV[1]), 3600000
if not now then
  local t = redis.call('TIME')
  now, slack = t[1] * 1000 + math.floor(t[2] / 1000), 0
end
local held = redis.call('MGET', unpack(KEYS))
if held[1] ~= ARGV[2] then return {-1} end
local floor, ceil, min, max, pack, unpack = math.floor, math.ceil, math.min, math.max, struct.pack, struct.unpack
local rules, q = cjson.decode(ARGV[3]), cjson.decode(ARGV[4])
local levels, ends, used, out = {}, {}, {}, {}
local p, o, last = 1, 0, #q
while p < last do
  local count, patience, wait, deed = q[p], q[p + 1], q[p + 2], q[p + 3]
  local step = deed == 2 and 4 or 3
  local shown, allowed, from = 1, 1, p + 4
  p = from + count * step
  local i = 0
  for n = from, p - 1, step do
    i = i + 1
    local k, r, cost = q[n], q[n + 1], q[n + 2]
    local unit, rate, cap = rules[r], rules[r + 1], rules[r + 2]
    local level = levels[k]
    if not level then
      level = cap
      local bytes = held[k]
      if bytes then
        local at
        level, at, ends[k] = unpack('<ddd', bytes)
        local gain = (now - at) * rate
        if gain >= cap - level then level = cap
        elseif at - now <= 5000 then level = level + gain
        else used[k] = r end
      end
      levels[k] = level
    elseif level > cap then
      level = cap
      levels[k] = cap
    end
    local missing = cost * unit - level
    if missing > 0 and cost > 0 then
      local ms = ceil(missing / rate)
      if ms > wait then wait, shown = ms, i end
      if ms > patience then allowed = 0 end
    end
  end
  local left, reset = 0, 0
  if allowed == 1 and deed > 0 then
    local least, room = 2, o + 5
    i = 0
    for n = from, p - 1, step do
      i = i + 1
      local k, r, cost = q[n], q[n + 1], q[n + 2]
      local unit, rate, cap = rules[r], rules[r + 1], rules[r + 2]
      local level = levels[k]
      if cost > 0 then
        if wait > 0 then level = min(cap, level + wait * rate) - wait * rate end
        level = level - cost * unit
        used[k] = r
      end
      local share = level / cap
      if share < least then least, shown, left, reset = share, i, level / unit, (cap - level) / rate end
      if deed == 2 then
        local more = wait == 0 and min(q[n + 3], max(0, floor(level / unit))) or 0
        out[room + i] = more
        if more > 0 then
          level = level - more * unit
          used[k] = r
        end
      end
      levels[k] = level
    end
  else
    local n = from + (shown - 1) * step
    local level, r = levels[q[n]], q[n + 1]
    left, reset = level / rules[r], (rules[r + 2] - level) / rules[r + 1]
    if deed == 2 then for j = 1, count do out[o + 5 + j] = 0 end end
  end
  out[o + 1], out[o + 2], out[o + 3], out[o + 4], out[o + 5] = allowed, wait, shown, max(0, floor(left)), ceil(reset)
  o = o + 5
  if deed == 2 then o = o + count end
end
for k, r in pairs(used) do
  local level, rate, cap = levels[k], rules[r + 1], rules[r + 2]
  local full = ceil((cap - level) / rate)
  local dies = ends[k]
  if dies and dies >= now + full then redis.call('SETRANGE', KEYS[k], '0', pack('<dd', level, now))
  else
    local ms = full + min(ceil(cap / rate), ${KEPT_MS_MAX})
    redis.call('SET', KEYS[k], pack('<ddd', level, now, now + ms), 'PX', ms + slack)
  end
end
return out`);
