/**
 * What must happen at once in Redis, beside BullMQ's own scripts: looking whether a job waits or
 * runs, and acting on it. They read and write BullMQ's keys of one queue as version 6.7 has them:
 * `de:ID` names the job of an id, `dn:ID` is the one that is kept for after a run (BullMQ makes a
 * job of it when the run has ended), the hash of a job holds its data. The conformance suite runs
 * against the real thing, so that another version that has other keys is found out.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** BullMQ writes a stream of events that nobody here reads; Redis trims it in such steps. */
const EVENTS_MAX = 10;

const script = (lua: string): Script => ({
  lua,
  sha: createHash('sha1').update(lua).digest('hex'),
});

/**
 * Gives each job of these ids that is there already its latest data, and answers 1 for it; 0 for
 * those that are to be made. A job that runs is left alone: the data is kept beside it, with the
 * due time of the first that came. Answers how many are held, negative less one, when there are
 * too many.
 */
export const KEEP = script(`
  local prefix, meta, nowMs, heldMax = ARGV[1], KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3])
  redis.call('HSET', meta, 'opts.maxLenEvents', ${EVENTS_MAX})
  local active = redis.call('LRANGE', KEYS[2], 0, -1)
  local held = #active + redis.call('LLEN', KEYS[3]) + redis.call('ZCARD', KEYS[4])
  if held + (#ARGV - 3) / 4 > heldMax then return -1 - held end
  local runs = {}
  for _, job in ipairs(active) do runs[job] = true end
  local answers = {}
  for at = 4, #ARGV, 4 do
    local id, data, delayMs, jobId = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
    local job = redis.call('GET', prefix .. 'de:' .. id)
    local next = prefix .. 'dn:' .. id
    if not job or redis.call('EXISTS', prefix .. job) == 0 then
      table.insert(answers, 0)
    else
      table.insert(answers, 1)
      if not runs[job] then
        redis.call('HSET', prefix .. job, 'data', data)
        redis.call('DEL', next)
      elseif redis.call('EXISTS', next) == 1 then
        redis.call('HSET', next, 'data', data)
      else
        local named = redis.call('HMGET', prefix .. job, 'name', 'opts')
        local opts = cjson.decode(named[2])
        opts['delay'] = delayMs
        redis.call('HSET', next, 'name', named[1], 'data', data, 'opts', cjson.encode(opts),
          'jid', jobId, 'due', string.format('%.0f', nowMs + delayMs))
      end
    end
  end
  return answers
`);

/** The latest data of the job of an id, where there is one. */
export const HELD = script(`
  local job = redis.call('GET', ARGV[1] .. 'de:' .. ARGV[2])
  if not job then return nil end
  return redis.call('HGET', ARGV[1] .. 'dn:' .. ARGV[2], 'data')
    or redis.call('HGET', ARGV[1] .. job, 'data')
`);

/** A job that begins again takes what was kept while it ran: as if it had never begun. */
export const TAKE_KEPT = script(`
  local next = ARGV[1] .. 'dn:' .. ARGV[2]
  local data = redis.call('HGET', next, 'data')
  if data then
    redis.call('HSET', KEYS[1], 'data', data)
    redis.call('DEL', next)
  end
  return data
`);

/** BullMQ counts a kept job's delay from the end of the run: what of it is over is taken off. */
export const SETTLE_KEPT = script(`
  local next = ARGV[1] .. 'dn:' .. ARGV[2]
  local kept = redis.call('HMGET', next, 'due', 'opts')
  if kept[1] then
    local opts = cjson.decode(kept[2])
    opts['delay'] = math.max(0, tonumber(kept[1]) - tonumber(ARGV[3]))
    redis.call('HSET', next, 'opts', cjson.encode(opts))
  end
`);

/**
 * How many run and wait; are kept for after a run; could be begun now; how many were begun in the
 * window of the rate, and whether somebody has paused the queue.
 */
export const STATE = script(`
  local kept = 0
  for _, job in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    local id = redis.call('HGET', ARGV[1] .. job, 'deid')
    if id then kept = kept + redis.call('EXISTS', ARGV[1] .. 'dn:' .. id) end
  end
  local waiting = redis.call('LLEN', KEYS[3])
  -- As BullMQ has it: milliseconds, and twelve bits that keep an order.
  local due = redis.call('ZCOUNT', KEYS[4], 0, (tonumber(ARGV[2]) + 1) * 4096 - 1)
  local held = redis.call('LLEN', KEYS[2]) + waiting + redis.call('ZCARD', KEYS[4])
  return { held, kept, waiting + due, tonumber(redis.call('GET', ARGV[1] .. 'limiter') or 0),
    redis.call('HEXISTS', KEYS[1], 'paused') }
`);

/** By its hash; a Redis that was started anew is told the script. */
export async function runScript(
  client: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(lua, keys.length, ...keys, ...args);
  }
}
