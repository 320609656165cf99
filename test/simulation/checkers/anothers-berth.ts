/**
 * While a pod runs behind an address, its node's kernel translates that address to nothing but
 * what the log gave to this very pod, whoever had the address before.
 */
import type { Kubelet } from '../processes/kubelet.ts';
import type { History } from '../surroundings.ts';
import type { Books } from './books.ts';
import { placesIn, placeText } from './place.ts';

export function checkAnothersBerth(kubelet: Kubelet, books: Books, history: History): void {
  const { kernel } = kubelet.agent.machine;
  for (const place of placesIn(kernel)) {
    const uid = [...kubelet.running].find(([ip]) => ip === place.ip)?.[1];
    if (uid === undefined || books.wasGiven(uid, place)) continue;
    const what = `${uid} runs at ${place.ip} on ${place.node} with ${placeText(place)}`;
    history.broken("never another's berth", `${what}, which was never its own`);
  }
}
