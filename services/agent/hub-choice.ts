/**
 * Which hub an agent tries next. Any hub serves any node, so the choice is by chance: agents
 * spread over the hubs, and those of a hub that died over the others. Every hub is tried once in a
 * round, at each address that its name has then (all replicas behind one name are hubs), and the
 * one that was just lost comes last. Nothing ever takes an agent from a hub that serves it.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

export interface HubChoiceComponents {
  readonly clock: Clock;
  readonly random: Random;
  /** The addresses of a name. @throws where it is not known */
  readonly resolve: (host: string) => Promise<readonly string[]>;
}

export interface HubChoice {
  /** `host:port`. */
  next(): Promise<string>;
  /** There is none left that was not tried since the last link. */
  roundIsOver(): boolean;
  /** It served for a while: what comes next is a new round. */
  served(): void;
}

/** A name that takes longer is left to gRPC, whose tries are bounded. */
const RESOLVE_MS = 1000;
const ADDRESSES_MAX = 256;
const HOST_AND_PORT = /^\[?(.*?)\]?:(\d+)$/;

/** `hubs`: each `host:port`, one at least. */
export function createHubChoice(
  hubs: readonly string[],
  components: HubChoiceComponents,
): HubChoice {
  /** Of this round, the next one last. */
  let untried: string[] = [];
  let last: string | null = null;

  async function newRound(): Promise<string[]> {
    const found = await Promise.all(hubs.map((hub) => addressesOf(hub, components)));
    const all = [...new Set(found.flat())].slice(0, ADDRESSES_MAX);
    const others = shuffled(
      all.filter((hub) => hub !== last),
      components.random,
    );
    return last !== null && all.includes(last) ? [last, ...others] : others;
  }

  return {
    async next() {
      if (untried.length === 0) untried = await newRound();
      last = untried.pop() ?? null;
      return last ?? '';
    },
    roundIsOver: () => untried.length === 0,
    served: () => {
      untried = [];
    },
  };
}

/** Itself, where its name is not known. */
async function addressesOf(
  hub: string,
  { clock, resolve }: HubChoiceComponents,
): Promise<readonly string[]> {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(hub) ?? [];
  const late = Promise.withResolvers<readonly string[]>();
  const cancel = clock.after(RESOLVE_MS, () => late.resolve([]));
  try {
    const addresses = await Promise.race([resolve(host), late.promise]);
    if (addresses.length === 0) return [hub];
    return addresses.map((each) => (each.includes(':') ? `[${each}]:${port}` : `${each}:${port}`));
  } catch {
    // What is wrong with it, gRPC says when it is tried.
    return [hub];
  } finally {
    cancel();
  }
}

function shuffled(hubs: readonly string[], random: Random): string[] {
  const left = [...hubs];
  const result: string[] = [];
  while (left.length > 0) result.push(...left.splice(Math.floor(random.next() * left.length), 1));
  return result;
}
