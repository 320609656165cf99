/**
 * `berth fence NODE`: an operator states that a node forwards nothing any more. Says first what
 * that frees, and asks; a statement that is not true gives ports to two pods at once.
 */
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { berthError } from '../../contract/errors.ts';
import type { FencePreview } from '../../contract/fence-api.ts';
import { parseConfig } from '../../runtime/config.ts';
import { createOperatorClient, type OperatorClient } from './operator-client.ts';

export const FENCE_OPTIONS = [
  ['--operator-socket <path>', "the hub's operator socket, as `berth up` was told"],
  ['--yes', 'do not ask'],
  ['--force', 'although its agent is linked right now'],
  ['-o, --output <format>', 'text or json'],
] as const;

const schema = z.strictObject({
  operatorSocket: z.string().min(1),
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
  output: z.enum(['text', 'json']).default('text'),
});

export interface FenceComponents {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Where it asks: what is piped on stays clean. */
  readonly prompt: NodeJS.WritableStream;
}

/**
 * @throws BERTH_CONFIG_BAD, BERTH_FENCE_NOT_CONFIRMED, BERTH_HUB_UNREACHABLE, and what the hub
 * says: BERTH_FENCE_UNKNOWN_NODE, BERTH_FENCE_LINKED, BERTH_HUB_STARTING
 */
export async function fence(
  node: string,
  given: Record<string, unknown>,
  components: FenceComponents,
): Promise<void> {
  const said = parseConfig(schema, JSON.stringify(given));
  const { yes, force, output } = said;
  const hub: OperatorClient = createOperatorClient(said.operatorSocket);
  const preview = await hub.preview(node);
  if (preview.linked && !force) throw berthError('BERTH_FENCE_LINKED', { node });
  if (!yes) await confirm(preview, components);
  const fenced = await hub.fence(node, force);
  const text = output === 'json' ? `${JSON.stringify(fenced)}\n` : doneText(fenced);
  components.output.write(text);
}

async function confirm(preview: FencePreview, { input, prompt }: FenceComponents): Promise<void> {
  const { node } = preview;
  prompt.write(questionText(preview));
  if (input.isTTY !== true) throw berthError('BERTH_FENCE_NOT_CONFIRMED', { node });
  const lines = createInterface({ input, output: prompt });
  const answer = await lines.question(`Type the node's name to fence it: `);
  lines.close();
  if (answer.trim() !== node) throw berthError('BERTH_FENCE_NOT_CONFIRMED', { node });
}

function questionText({ node, linked, by, blocks }: FencePreview): string {
  return [
    `You are about to state that ${node} forwards nothing any more.`,
    ...(linked ? [`  Its agent IS LINKED right now: it lives.`] : []),
    ...(by === null ? [] : [`  It is fenced already (${by}).`]),
    ...blocks.map(blockText),
    ...(blocks.length === 0 ? ['  It has no blocks.'] : []),
    'If it still forwards, its ports will have two owners. Switch it off first.',
    '',
  ].join('\n');
}

function blockText({
  namespace,
  pod,
  address,
  base,
  state,
}: FencePreview['blocks'][number]): string {
  const what =
    state === 'resting' ? 'rests; free after its quarantine' : 'in use; its pod is bound there';
  return `  ${address}:${base} of ${namespace}/${pod}: ${what}`;
}

function doneText({ node, by, blocks }: FencePreview): string {
  const resting = blocks.filter(({ state }) => state === 'resting').length;
  const used = blocks.length - resting;
  const rest = `${resting} blocks free after their quarantine`;
  return `${node} is fenced (${by}): ${rest}, ${used} when their pods go.\n`;
}
