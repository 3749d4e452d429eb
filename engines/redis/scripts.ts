import { scriptOf } from "./client.ts";

/**
 * One script per step, so that each is whole or not at all. Keys, all below one prefix and made here (so not for a cluster):
 * `m` a hash with epoch, position, its time and the last serial; under each epoch `v:<owner>` the serial of their list,
 * `l:<serial>` the list, `s:<member>` the serials of lists that it is in.
 *
 * A list is one string: 16 bytes of fingerprint, 8 of where it covers from, then 8 for each key, oldest first. It is
 * written whole each time: APPEND would reserve as much again as there is.
 */
const FOUND = `
local m = redis.call('HMGET', ARGV[1] .. ':m', 'epoch', 'pos')
local base = ARGV[1] .. ':' .. (m[1] or '')
`;

const SEARCH = `
local function place(key, i)
  return math.abs(struct.unpack('>d', redis.call('GETRANGE', key, 24 + i * 8, 31 + i * 8)))
end
local function first_from(key, count, bound)
  local low, high = 0, count
  while low < high do
    local middle = math.floor((low + high) / 2)
    if place(key, middle) < bound then low = middle + 1 else high = middle end
  end
  return low
end
`;

/** prefix · → position, time */
export const STANDING = scriptOf(`
local m = redis.call('HMGET', ARGV[1] .. ':m', 'epoch', 'pos', 'at')
if not m[1] then return {} end
return {m[2], m[3]}`);

/** prefix, position, expected ('' for nothing), new epoch, time · → 1 or 0 */
export const BEGIN = scriptOf(`${FOUND}
if (m[1] and m[2] or '') ~= ARGV[3] then return 0 end
redis.call('HSET', ARGV[1] .. ':m', 'epoch', ARGV[4], 'pos', ARGV[2], 'at', ARGV[5])
return 1`);

/** prefix, owner, fingerprint, below (high, low, or ''), most · → position, then where there is a list: covers (high, low), older ones left, keys (high, low) newest first */
export const READ = scriptOf(`${FOUND}${SEARCH}
if not m[1] then return {} end
local out = {m[2]}
local serial = redis.call('GET', base .. ':v:' .. ARGV[2])
if not serial then return out end
local key = base .. ':l:' .. serial
local head = redis.call('GETRANGE', key, 0, 23)
if #head < 24 or string.sub(head, 1, 16) ~= ARGV[3] then return out end
local high = (redis.call('STRLEN', key) - 24) / 8
if ARGV[4] ~= '' then
  high = first_from(key, high, struct.unpack('>d', struct.pack('>I4I4', ARGV[4], ARGV[5])))
end
local low = math.max(0, high - ARGV[6])
local covers_high, covers_low = struct.unpack('>I4I4', head, 17)
out[2] = covers_high
out[3] = covers_low
out[4] = low
if high > low then
  local bytes = redis.call('GETRANGE', key, 24 + low * 8, 23 + high * 8)
  for i = high - low - 1, 0, -1 do
    local a, b = struct.unpack('>I4I4', bytes, i * 8 + 1)
    out[#out + 1] = a
    out[#out + 1] = b
  end
end
return out`);

/** prefix, expected, owner, fingerprint, covers (high, low), ms to live, number of keys, keys (high, low) newest first, members · → 1 or 0 */
export const SAVE = scriptOf(`${FOUND}
if not m[1] or m[2] ~= ARGV[2] then return 0 end
local owner = base .. ':v:' .. ARGV[3]
local before = redis.call('GET', owner)
if before then redis.call('UNLINK', base .. ':l:' .. before) end
local serial = redis.call('HINCRBY', ARGV[1] .. ':m', 'serial', 1)
local count = tonumber(ARGV[8])
local parts = {ARGV[4], struct.pack('>I4I4', ARGV[5], ARGV[6])}
for i = count, 1, -1 do
  parts[#parts + 1] = struct.pack('>I4I4', ARGV[7 + 2 * i], ARGV[8 + 2 * i])
end
redis.call('SET', base .. ':l:' .. serial, table.concat(parts), 'PX', ARGV[7])
redis.call('SET', owner, serial, 'PX', ARGV[7])
for i = 9 + 2 * count, #ARGV do
  local members = base .. ':s:' .. ARGV[i]
  redis.call('SADD', members, serial)
  redis.call('PEXPIRE', members, 2 * ARGV[7])
end
return 1`);

/**
 * prefix, from, to, keys of a list at most, changes of lists at most, first change, time, then member, key (high, low) and gone of each
 * · → -1 elsewhere, -2 done, else the first change that is left: nobody else waits for longer than a portion takes
 */
export const APPLY = scriptOf(`${FOUND}${SEARCH}
if not m[1] or m[2] ~= ARGV[2] then return -1 end
local most = tonumber(ARGV[4])
local function change(key, length, packed, bound, gone)
  local count = (length - 24) / 8
  local at = count
  if count > 0 and place(key, count - 1) >= bound then at = first_from(key, count, bound) end
  local is_there = at < count and place(key, at) == bound
  if is_there ~= gone then return end
  local s = redis.call('GET', key)
  if gone then
    redis.call('SET', key, string.sub(s, 1, 24 + at * 8) .. string.sub(s, 33 + at * 8), 'KEEPTTL')
    return
  end
  if bound < struct.unpack('>d', s, 17) then return end
  s = string.sub(s, 1, 24 + at * 8) .. packed .. string.sub(s, 25 + at * 8)
  if count + 1 > most then
    local cut = (count + 1 - math.ceil(most * 0.75)) * 8
    local oldest = math.abs(struct.unpack('>d', s, 25 + cut))
    s = string.sub(s, 1, 16) .. struct.pack('>d', oldest) .. string.sub(s, 25 + cut)
  end
  redis.call('SET', key, s, 'KEEPTTL')
end
local done = 0
local total = (#ARGV - 7) / 4
for i = tonumber(ARGV[6]), total - 1 do
  if done >= tonumber(ARGV[5]) then return i end
  local members = base .. ':s:' .. ARGV[8 + i * 4]
  local packed = struct.pack('>I4I4', ARGV[9 + i * 4], ARGV[10 + i * 4])
  local bound = math.abs(struct.unpack('>d', packed))
  local gone = ARGV[11 + i * 4] == '1'
  for _, serial in ipairs(redis.call('SMEMBERS', members)) do
    local key = base .. ':l:' .. serial
    local length = redis.call('STRLEN', key)
    if length < 24 then
      redis.call('SREM', members, serial)
    else
      change(key, length, packed, bound, gone)
      done = done + 1
    end
  end
end
redis.call('HSET', ARGV[1] .. ':m', 'pos', ARGV[3], 'at', ARGV[7])
return -2`);
