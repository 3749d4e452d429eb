import { type Script, scriptOf } from "./script.ts";

/**
 * The algorithms of `ports/limiter` once more, for Redis to run: one script decides over all claims of a request, so it is
 * all or nothing, and in the time of Redis, so the clocks of nodes do not matter. `contract.suite.ts` holds both to one model.
 *
 * A script has only the kinds that a request needs: Lua makes each function anew in each call. Numbers are doubles that hold
 * whole numbers below 2⁵³, and are kept as such (`struct`): as text Lua would cut them to 14 digits.
 *
 * KEYS: the epoch, then one for each claim, and for a fine that must not be told twice one that says that it was. ARGV: time or ''
 * for that of Redis, epoch, what to do, hold (of such a fine: anything), and all numbers as one JSON list, which took half the time that an argument each did: patience, wait at least, then for each claim its kind,
 * cost, a, b, c, and how much more to borrow.
 */
const PRELUDE = `
local WAIT = 5000
local now, slack = tonumber(ARGV[1]), 3600000
if not now then
  local t = redis.call('TIME')
  now, slack = t[1] * 1000 + math.floor(t[2] / 1000), 0
end
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return {-1} end
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
local pack, unpack = struct.pack, struct.unpack
local kinds = {}
local function keep(s, bytes, ms)
  if ms > 0 then redis.call('SET', s.key, bytes, 'PX', ms + slack) else redis.call('DEL', s.key) end
end
`;

/** a: units of a token, b: units that come back in a ms, c: units at most */
const LINEAR = `
do
  local function bring(s, t)
    local gain = (t - s.at) * s.b
    if gain >= s.c - s.level then s.level = s.c
    elseif s.at - t <= WAIT then s.level = s.level + gain
    else s.moved = true end
    s.at = t
    return s.level
  end
  kinds.linear = {
    load = function(s)
      local bytes = redis.call('GET', s.key)
      if bytes then s.level, s.at = unpack('<dd', bytes) else s.level, s.at = s.c, now end
    end,
    wait = function(s, cost)
      local missing = cost * s.a - bring(s, now)
      if cost == 0 or missing <= 0 then return 0 end
      return ceil(missing / s.b)
    end,
    spend = function(s, cost, at) s.level = bring(s, at) - cost * s.a end,
    back = function(s, cost) s.level = min(s.c, bring(s, now) + cost * s.a) end,
    fine = function(s, cost)
      local level = bring(s, now)
      s.level = min(level, max(-s.c, level - cost * s.a))
    end,
    left = function(s) return bring(s, now) / s.a end,
    reset = function(s) return ceil((s.c - bring(s, now)) / s.b) end,
    size = function(s) return s.c / s.a end,
    save = function(s, ms) keep(s, pack('<ddd', s.level, s.at, now + ms), ms) end,
  }
end
`;

/** a: tokens, b: window */
const FIXED = `
kinds.fixed = {
  load = function(s)
    local bytes = redis.call('GET', s.key)
    s.start, s.used = now, 0
    if bytes then s.start, s.used = unpack('<dd', bytes) end
    if now >= s.start + s.b then s.start, s.used = now, 0
    elseif s.start - now > WAIT then s.start, s.moved = now, true end
  end,
  wait = function(s, cost)
    if cost == 0 or s.used == 0 then return 0 end
    if s.used + cost <= s.a then return max(0, s.start - now) end
    return s.start + s.b - now
  end,
  spend = function(s, cost, at)
    if s.used == 0 or at >= s.start + s.b then s.start, s.used = at, 0 end
    s.used = s.used + cost
  end,
  back = function(s, cost) s.used = max(0, s.used - cost) end,
  fine = function(s, cost)
    if s.used == 0 then s.start = now end
    s.used = max(s.used, min(2 * s.a, s.used + cost))
  end,
  left = function(s) return s.a - s.used end,
  reset = function(s) if s.used == 0 then return 0 end return s.start + s.b - now end,
  size = function(s) return s.a end,
  save = function(s, ms) keep(s, pack('<dd', s.start, s.used), ms) end,
}
`;

/** a: tokens, b: window. A list, each with its time, the sum up to it and its cost: the sum of all is in the first and the last. */
const LOG = `
do
  local function read(bytes) local t, sum, cost = unpack('<ddd', bytes) return {t = t, sum = sum, cost = cost} end
  local function write(one) return pack('<ddd', one.t, one.sum, one.cost) end
  local function edges(s)
    local first = redis.call('LINDEX', s.key, 0)
    while first do
      s.first = read(first)
      if s.first.t + s.b > now then break end
      redis.call('LPOP', s.key)
      first = redis.call('LINDEX', s.key, 0)
    end
    if not first then s.first, s.last, s.sum = nil, nil, 0 return end
    s.last = read(redis.call('LINDEX', s.key, -1))
    s.sum = s.last.sum - s.first.sum + s.first.cost
  end
  local log = {}
  log.load = function(s)
    edges(s)
    if s.last and s.last.t - now > WAIT then
      for i, bytes in ipairs(redis.call('LRANGE', s.key, 0, -1)) do
        local one = read(bytes)
        one.t = min(one.t, now)
        redis.call('LSET', s.key, i - 1, write(one))
      end
      edges(s)
    end
  end
  log.wait = function(s, cost)
    if cost == 0 or not s.last then return 0 end
    local at, used, i = max(now, s.last.t), s.sum, 0
    while true do
      local some = redis.call('LRANGE', s.key, i, i + 63)
      for _, bytes in ipairs(some) do
        local one = read(bytes)
        if one.t + s.b > at then
          if used + cost <= s.a then return at - now end
          at = one.t + s.b
        end
        used = used - one.cost
      end
      if #some < 64 then return at - now end
      i = i + 64
    end
  end
  log.spend = function(s, cost, at)
    local last = s.last
    if last and last.t == at then
      last.cost, last.sum = last.cost + cost, last.sum + cost
      redis.call('LSET', s.key, -1, write(last))
    else
      s.last = {t = at, sum = (last and last.sum or 0) + cost, cost = cost}
      redis.call('RPUSH', s.key, write(s.last))
    end
    s.sum = s.sum + cost
  end
  log.back = function(s, cost)
    while cost > 0 and s.last do
      local part = min(cost, s.last.cost)
      cost = cost - part
      s.last.cost, s.last.sum = s.last.cost - part, s.last.sum - part
      if s.last.cost == 0 then redis.call('RPOP', s.key) else redis.call('LSET', s.key, -1, write(s.last)) end
      edges(s)
    end
  end
  log.fine = function(s, cost)
    local part = min(cost, 2 * s.a - s.sum)
    if part > 0 then log.spend(s, part, max(now, s.last and s.last.t or now)) end
  end
  log.left = function(s) return s.a - s.sum end
  log.reset = function(s) if s.sum == 0 then return 0 end return s.last.t + s.b - now end
  log.size = function(s) return s.a end
  log.save = function(s, ms) if ms > 0 then redis.call('PEXPIRE', s.key, ms + slack) end end
  kinds.log = log
end
`;

/** a: tokens, b: a slice's ms, c: slices */
const COUNTER = `
do
  local function inside(s)
    local sum = 0
    for i = 1, s.c do sum = sum + s.n[i] end
    return sum
  end
  local function empty(s)
    for i = 1, s.c + 1 do if s.n[i] > 0 then return false end end
    return true
  end
  local function shift(s, t)
    local passed = floor((t - s.start) / s.b)
    if passed <= 0 then return end
    for i = s.c + 1, 1, -1 do s.n[i] = s.n[i - passed] or 0 end
    if passed > s.c then s.start = t else s.start = s.start + passed * s.b end
  end
  local counter = {}
  counter.load = function(s)
    local bytes = redis.call('GET', s.key)
    s.start, s.n = now, {}
    if bytes then s.start = unpack('<d', bytes) end
    for i = 1, s.c + 1 do s.n[i] = bytes and unpack('<I4', bytes, 5 + 4 * i) or 0 end
    if s.start - now > WAIT then s.start, s.moved = now, true else shift(s, now) end
  end
  counter.wait = function(s, cost)
    if cost == 0 or empty(s) then return 0 end
    local sum = inside(s)
    for slice = 0, s.c do
      local leaving = s.n[s.c - slice + 1]
      local room = (s.a - cost - sum) * s.b
      local from = slice == 0 and max(0, now - s.start) or 0
      if room >= 0 then
        local into = from
        if leaving > 0 then into = max(from, ceil((leaving * s.b - room) / leaving)) end
        if into < s.b then return s.start + slice * s.b + into - now end
      end
      if slice < s.c then sum = sum - s.n[s.c - slice] end
    end
    return s.start + (s.c + 1) * s.b - now
  end
  counter.spend = function(s, cost, at)
    shift(s, at)
    if empty(s) then s.start = at end
    s.n[1] = s.n[1] + cost
  end
  counter.back = function(s, cost)
    for i = 1, s.c + 1 do
      local part = min(cost, s.n[i])
      s.n[i], cost = s.n[i] - part, cost - part
    end
  end
  counter.fine = function(s, cost)
    local most = min(cost, 2 * s.a - inside(s))
    if most > 0 then counter.spend(s, most, max(now, s.start)) end
  end
  counter.left = function(s)
    return ((s.a - inside(s)) * s.b - s.n[s.c + 1] * (s.b - max(0, now - s.start))) / s.b
  end
  counter.reset = function(s)
    for i = 1, s.c + 1 do if s.n[i] > 0 then return s.start + (s.c - i + 2) * s.b - now end end
    return 0
  end
  counter.size = function(s) return s.a end
  counter.save = function(s, ms)
    local parts = {pack('<d', s.start)}
    for i = 1, s.c + 1 do parts[i + 1] = pack('<I4', s.n[i]) end
    keep(s, table.concat(parts), ms)
  end
  kinds.counter = counter
end
`;

/** a: slots, b: ms that one is held. A sorted set of who holds, by when it runs out. */
const SLOTS = `
kinds.slots = {
  load = function(s)
    redis.call('ZREMRANGEBYSCORE', s.key, '-inf', now)
    local last = redis.call('ZRANGE', s.key, -1, -1, 'WITHSCORES')[2]
    if last and last - now > s.b + WAIT then
      for _, member in ipairs(redis.call('ZRANGEBYSCORE', s.key, now + s.b + WAIT, '+inf')) do
        redis.call('ZADD', s.key, now + s.b, member)
      end
    end
    s.used = redis.call('ZCARD', s.key)
  end,
  wait = function(s, cost)
    local over = s.used + cost - s.a
    if cost == 0 or over <= 0 then return 0 end
    local freed = redis.call('ZRANGE', s.key, over - 1, over - 1, 'WITHSCORES')[2]
    return freed and max(1, freed - now) or s.b
  end,
  spend = function(s, cost, at)
    for i = 1, cost do redis.call('ZADD', s.key, at + s.b, ARGV[4] .. ':' .. i) end
    s.used = s.used + cost
  end,
  back = function(s, cost)
    if cost > 0 then s.used = s.used - redis.call('ZREMRANGEBYRANK', s.key, -cost, -1) end
  end,
  fine = function() end,
  left = function(s) return s.a - s.used end,
  reset = function(s)
    local last = redis.call('ZRANGE', s.key, -1, -1, 'WITHSCORES')[2]
    return last and last - now or 0
  end,
  size = function(s) return s.a end,
  save = function(s, ms) if ms > 0 then redis.call('PEXPIRE', s.key, ms + slack) end end,
}
`;

/** For so long it is known that a portion was told. */
const TOLD_MS_MAX = 600_000;

/** · → 1 or 0, wait, the claim to show, what is left under it, ms until all is there, then for each claim what was borrowed */
const DECIDE = `
local all = cjson.decode(ARGV[5])
local claims, last = {}, #KEYS
if ARGV[3] == 'fine' and ARGV[4] ~= '' then
  -- What is told once more, because its answer was lost, is told already.
  if not redis.call('SET', KEYS[last], '', 'NX', 'PX', ${TOLD_MS_MAX}) then return {1} end
  last = last - 1
end
for i = 2, last do
  local n = i * 6 - 9
  local s = {
    key = KEYS[i], kind = all[n], cost = all[n + 1], a = all[n + 2], b = all[n + 3], c = all[n + 4], more = all[n + 5],
    at = now,
  }
  s.as = kinds[s.kind]
  claims[i - 1] = s
end
local deed = ARGV[3]
if deed ~= 'take' and deed ~= 'ask' then
  for _, s in ipairs(claims) do
    local as = s.as
    as.load(s)
    if deed == 'back' then as.back(s, s.cost)
    else as.fine(s, s.cost) end
    as.save(s, as.reset(s))
  end
  return {1}
end
local patience, wait, shown, allowed = all[1], all[2], 1, 1
for i, s in ipairs(claims) do
  s.as.load(s)
  local ms = s.as.wait(s, s.cost)
  if ms > wait then wait, shown = ms, i end
  if ms > 0 and (s.kind == 'slots' or ms > patience) then allowed = 0 end
end
local answer = {allowed, wait, shown, 0, 0}
if allowed == 1 and deed == 'take' then
  local least = math.huge
  for i, s in ipairs(claims) do
    local as = s.as
    if s.cost > 0 then as.spend(s, s.cost, now + wait) end
    local left = as.left(s)
    local share = left / as.size(s)
    if share < least then least, answer[3] = share, i end
    s.left = left
    local more = wait == 0 and min(s.more, max(0, floor(left))) or 0
    if more > 0 then as.spend(s, more, now) end
    answer[5 + i] = more
    if s.cost + more > 0 or s.moved then as.save(s, as.reset(s)) end
  end
else
  -- A clock that was set back: from here on it is counted on, also for who is refused.
  for _, s in ipairs(claims) do if s.moved then s.as.save(s, s.as.reset(s)) end end
end
local s = claims[answer[3]]
answer[4] = max(0, floor(s.left or s.as.left(s)))
answer[5] = s.as.reset(s)
return answer
`;

const PARTS = { linear: LINEAR, fixed: FIXED, log: LOG, counter: COUNTER, slots: SLOTS };
export type Kind = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as Kind[];
const made = new Map<number, Script>();

/** One for each set of kinds: 31 at most. */
export function decideScript(kinds: Kind[]): Script {
  let set = 0;
  for (const kind of kinds) set |= 1 << NAMES.indexOf(kind);
  let script = made.get(set);
  if (!script) {
    const parts = NAMES.filter((_, i) => set & (1 << i)).map((kind) => PARTS[kind]);
    made.set(set, (script = scriptOf(PRELUDE + parts.join("") + DECIDE)));
  }
  return script;
}
