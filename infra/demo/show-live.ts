/** Keeps the live view going while the demo plays: asks, looks, draws, until it is told to stop. */
import type { Clock } from '../../services/runtime/clock.ts';
import type { Act } from './act.ts';
import { plain } from './columns.ts';
import type { Control } from './control.ts';
import { ownersNow } from './gateway-owners.ts';
import type { News } from './news.ts';
import type { Stage, Witnesses } from './stage.ts';
import type { Terminal } from './terminal.ts';
import { type Frame, oneLine, screen } from './view.ts';

const FRAME_MS = 500;
/** In a pipe a line now and then is enough. */
const LINE_MS = 5_000;
const NOTHING_REFUSED = { count: 0, some: [] };

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
  async function draw(): Promise<void> {
    const frame = await frameOf(shown);
    if (terminal.isTTY) terminal.draw(screen(frame, terminal.size, terminal.colours));
    else terminal.write(`${oneLine(frame)}\n`);
  }
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await draw();
      await clock.sleep(terminal.isTTY ? FRAME_MS : LINE_MS, stopping.signal);
    }
    await draw();
    terminal.release();
  }
  // In a pipe, what happens is told as it does; a screen has its place for it.
  if (!terminal.isTTY) shown.news.follow((line) => terminal.write(`${plain(line)}\n`));
  const ended = run();
  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function frameOf({ stage, control, act, news, elapsedSeconds }: Shown): Promise<Frame> {
  const gateways = stage.nodes.filter(({ gateway }) => gateway);
  const [status, witnesses, owners] = await Promise.all([
    control.ask(),
    lookAt(stage),
    ownersNow(gateways),
  ]);
  return {
    elapsedSeconds: elapsedSeconds(),
    totalSeconds: act.seconds,
    status,
    pods: act.counts,
    connections: stage.workload?.totals() ?? null,
    leakedPackets: witnesses?.leakedPackets ?? null,
    sources: [...(witnesses?.natAddressesSeen ?? []), ...(witnesses?.otherSourcesSeen ?? [])],
    gateways: gateways.map(({ name }) => ({ name, owned: owners.get(name)?.length ?? null })),
    processes: control.roles === undefined ? [] : control.processes(),
    refused: status === null ? NOTHING_REFUSED : act.refused(status),
    news: news.lines,
  };
}

/** A look that fails costs one frame its numbers; the report looks again, and says so. */
async function lookAt(stage: Stage): Promise<Witnesses | null> {
  return stage.witnesses().catch(() => null);
}
