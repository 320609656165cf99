/** Keeps the live view going while the demo plays: asks, looks, draws, until it is told to stop. */
import type { Clock } from '../../services/runtime/clock.ts';
import type { Act } from './act.ts';
import type { Control } from './control.ts';
import type { News } from './news.ts';
import type { Stage } from './stage.ts';
import { drawFrame, type Frame, type Terminal } from './view.ts';

const FRAME_MS = 500;
/** In a pipe a line now and then is enough. */
const LINE_MS = 5_000;

export interface Shown {
  readonly stage: Stage;
  readonly control: Control;
  readonly act: Act;
  readonly news: News;
  readonly elapsedSeconds: () => number;
}

export interface LiveView {
  /** Draws the last frame and stops; may be called twice. */
  stop(): Promise<void>;
}

export function showLive(
  shown: Shown,
  { clock, terminal }: { readonly clock: Clock; readonly terminal: Terminal },
): LiveView {
  const stopping = new AbortController();
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      drawFrame(await frameOf(shown), terminal);
      await clock.sleep(terminal.isTTY ? FRAME_MS : LINE_MS, stopping.signal);
    }
    drawFrame(await frameOf(shown), terminal);
  }
  const ended = run();
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function frameOf({ stage, control, act, news, elapsedSeconds }: Shown): Promise<Frame> {
  const [status, witnesses] = await Promise.all([control.ask(), stage.witnesses()]);
  return {
    elapsedSeconds: elapsedSeconds(),
    totalSeconds: act.seconds,
    status,
    pods: act.counts,
    connections: stage.workload?.totals() ?? null,
    leakedPackets: witnesses?.leakedPackets ?? null,
    sources: [...(witnesses?.natAddressesSeen ?? []), ...(witnesses?.otherSourcesSeen ?? [])],
    news: news.lines,
  };
}
