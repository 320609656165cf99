/** What befalls the ACL servers of targets while the cluster is busy, and when all is quiet. */
import type { Surroundings } from './surroundings.ts';
import type { AclServer, AclServers } from './world/acl-servers.ts';

export interface AclMishaps {
  /** One more, at one of the servers. */
  happen(): void;
  /** All answer and obey again. */
  heal(): void;
  /** What no request of anybody's tells the courier of. */
  lose(): void;
}

export interface AclMishapsInit {
  readonly servers: AclServers;
  readonly longestMs: number;
  /** Runs after so long, whoever died meanwhile. */
  readonly later: (ms: number, run: () => void) => void;
}

/** A server that is down for long is so for several of the longest mishaps. */
const LONG = 3;

export function createAclMishaps(
  { servers, longestMs, later }: AclMishapsInit,
  { dice, history }: Surroundings,
): AclMishaps {
  function goDown(server: AclServer): void {
    history.tell(server.url, 'is down');
    server.isDown = true;
    later(dice.next() * longestMs * LONG, () => {
      server.isDown = false;
    });
  }

  function disobey(server: AclServer): void {
    server.obedience = dice.pick(['none', 'part']);
    history.tell(server.url, `obeys from now on: ${server.obedience}`);
    later(dice.next() * longestMs, () => {
      server.obedience = 'whole';
    });
  }

  const goBack = (server: AclServer): void => server.goBack();
  const meddle = (server: AclServer): void => server.meddle();
  const kinds = [goDown, disobey, disobey, goBack, goBack, meddle];

  return {
    happen() {
      const all = servers.all();
      if (all.length > 0) dice.pick(kinds)(dice.pick(all));
    },
    heal() {
      for (const server of servers.all()) {
        server.isDown = false;
        server.obedience = 'whole';
      }
    },
    lose() {
      for (const server of servers.all()) dice.pick([goBack, meddle])(server);
    },
  };
}
