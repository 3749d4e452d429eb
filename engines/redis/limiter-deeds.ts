import { LIMIT_WAIT_MS_MAX } from "#ports/limiter/index.ts";

import { scriptOf } from "./script.ts";

/** A node that was cut off for longer tells all that it granted, as if Redis were another one. */
const MET_MS_MAX = 7 * 86_400_000;

/**
 * epoch, this node's own; a new epoch, the one that it knows, how often it has met, how often that was answered · → the epoch that
 * holds. A Redis that knows of fewer meetings than this node was put back to an older state: nothing in it holds any more.
 */
export const MEET = scriptOf(`
local epoch, met = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not epoch or (epoch == ARGV[2] and tonumber(met or 0) < tonumber(ARGV[4])) then
  epoch = ARGV[1]
  redis.call('SET', KEYS[1], epoch)
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ${MET_MS_MAX})
return epoch`);

/** slots; hold, how many of each · → how many were held */
export const RELEASE = scriptOf(`
local gone = 0
for k, key in ipairs(KEYS) do
  for i = 1, tonumber(ARGV[1 + k]) do gone = gone + redis.call('ZREM', key, ARGV[1] .. ':' .. i) end
end
return gone`);

const TIME = `
local now = tonumber(ARGV[2])
local slack = now and 3600000 or 0
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end`;

/** slots; hold, time or '', then for each how many and for how many ms · → 1, or 0 where one of them ran out */
export const RENEW = scriptOf(`${TIME}
local all = 1
for k, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local ms, held = tonumber(ARGV[2 * k + 2]), false
  for i = 1, tonumber(ARGV[2 * k + 1]) do
    local member = ARGV[1] .. ':' .. i
    local ends = tonumber(redis.call('ZSCORE', key, member) or 0)
    if ends > 0 then
      held = true
      if ends < now + ms or ends > now + ms + ${LIMIT_WAIT_MS_MAX} then redis.call('ZADD', key, now + ms, member) end
    end
  end
  if held then redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), ms)) else all = 0 end
end
return all`);

/** epoch, slots; hold, time or '', then for each how many and for how many ms more, epoch · → 1, or -1. Held without asking: they were given elsewhere. */
export const HOLD = scriptOf(`${TIME}
if redis.call('GET', KEYS[1]) ~= ARGV[#ARGV] then return -1 end
for k = 2, #KEYS do
  local ms = tonumber(ARGV[2 * k])
  for i = 1, tonumber(ARGV[2 * k - 1]) do redis.call('ZADD', KEYS[k], now + ms, ARGV[1] .. ':' .. i) end
  redis.call('PEXPIRE', KEYS[k], math.max(redis.call('PTTL', KEYS[k]), ms + slack))
end
return 1`);
