/** `berth fence` against a real operator socket, with a hub behind it that only remembers. */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { berthError, hasCode } from '../../contract/errors.ts';
import type { FencePreview } from '../../contract/fence-api.ts';
import { serveOperators } from '../../hub/operator-socket.ts';
import { jsonLog } from '../../runtime/log.ts';
import { fence } from './fence.ts';

const PREVIEW: FencePreview = {
  node: 'n1',
  linked: false,
  by: null,
  blocks: [
    {
      namespace: 'shop',
      pod: 'uid-1',
      egressNat: 'checkout',
      address: '203.0.113.16',
      base: 4096,
      state: 'resting',
    },
  ],
};

let folder: TemporaryFolder;
let stop: AbortController;
let serving: Promise<void>;
let socket: string;
let preview: FencePreview | null;
let fenced: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  socket = join(folder.path, 'operator.sock');
  preview = PREVIEW;
  fenced = [];
  stop = new AbortController();
  const known = (node: string): FencePreview => {
    if (node !== preview?.node) throw berthError('BERTH_FENCE_UNKNOWN_NODE', { node });
    return preview;
  };
  const hub = {
    preview: known,
    fence: async (node: string, { force }: { readonly force: boolean }) => {
      fenced.push(`${node} ${force}`);
      return { ...known(node), by: 'Operator' as const };
    },
  };
  serving = serveOperators(
    socket,
    () => (preview === null ? null : hub),
    jsonLog({ level: 'silent' }),
    stop.signal,
  );
  await vi.waitFor(async () => {
    await run('nobody', { yes: true });
    expect(hasCode(run.error, 'BERTH_FENCE_UNKNOWN_NODE')).toBe(true);
  });
});

afterEach(async () => {
  stop.abort();
  await serving;
  await folder.remove();
});

interface Answer {
  readonly out: string;
  readonly asked: string;
}

async function run(node: string, given: object, typed: string | null = null): Promise<Answer> {
  const [input, output, prompt] = [new PassThrough(), new PassThrough(), new PassThrough()];
  if (typed !== null) input.end(`${typed}\n`);
  run.error = null;
  try {
    const tty = Object.assign(input, { isTTY: typed !== null });
    await fence(node, { operatorSocket: socket, ...given }, { input: tty, output, prompt });
  } catch (error) {
    run.error = error;
  }
  return { out: String(output.read() ?? ''), asked: String(prompt.read() ?? '') };
}
run.error = null as unknown;

describe('berth fence', () => {
  test('says what it frees, and fences when the name is typed', async () => {
    const { out, asked } = await run('n1', {}, 'n1');
    expect(run.error).toBeNull();
    expect(asked).toContain('203.0.113.16:4096 of shop/uid-1: rests');
    expect(out).toBe(
      'n1 is fenced (Operator): 1 blocks free after their quarantine, 0 when their pods go.\n',
    );
    expect(fenced).toEqual(['n1 false']);
  });

  test('fences nothing when another name is typed, or nobody is there to be asked', async () => {
    await run('n1', {}, 'n2');
    expect(hasCode(run.error, 'BERTH_FENCE_NOT_CONFIRMED')).toBe(true);
    await run('n1', {});
    expect(hasCode(run.error, 'BERTH_FENCE_NOT_CONFIRMED')).toBe(true);
    expect(fenced).toEqual([]);
  });

  test('answers JSON on request, and asks nothing with --yes', async () => {
    const { out, asked } = await run('n1', { yes: true, output: 'json' });
    expect(JSON.parse(out)).toEqual({ ...PREVIEW, by: 'Operator' });
    expect(asked).toBe('');
  });

  test('refuses a node with a link, unless it is forced', async () => {
    preview = { ...PREVIEW, linked: true };
    await run('n1', { yes: true });
    expect(hasCode(run.error, 'BERTH_FENCE_LINKED')).toBe(true);
    expect(fenced).toEqual([]);
    await run('n1', { yes: true, force: true });
    expect(fenced).toEqual(['n1 true']);
  });

  test('says what the hub says', async () => {
    await run('n9', { yes: true });
    expect(hasCode(run.error, 'BERTH_FENCE_UNKNOWN_NODE')).toBe(true);
    preview = null;
    await run('n1', { yes: true });
    expect(hasCode(run.error, 'BERTH_HUB_STARTING')).toBe(true);
    await run('n1', { yes: true, operatorSocket: `${socket}.not` });
    expect(hasCode(run.error, 'BERTH_HUB_UNREACHABLE')).toBe(true);
  });
});
