/** A hub's core that tells after each thing that may have changed what its statuses say. */
import type { HubCore } from './hub-core.ts';

export function noticed(core: HubCore, onChange: () => void): HubCore {
  const telling =
    <A extends readonly unknown[]>(take: (...given: A) => void) =>
    (...given: A): void => {
      take(...given);
      onChange();
    };
  return {
    ...core,
    events: telling(core.events),
    nodeRecord: telling(core.nodeRecord),
    hello: telling(core.hello),
    ack: telling(core.ack),
    nack: telling(core.nack),
    closed: telling(core.closed),
  };
}
