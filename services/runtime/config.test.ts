/** Settings: what is wrong is named by its field. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from './config.ts';

const schema = z.strictObject({
  node: z.string(),
  hubs: z.array(z.strictObject({ port: z.int().min(1) })).default([]),
});

const refusal = (text: string): unknown => {
  try {
    return parseConfig(schema, text);
  } catch (error) {
    return error;
  }
};

test('gives the settings with their defaults', () => {
  expect(parseConfig(schema, '{"node":"n1"}')).toEqual({ node: 'n1', hubs: [] });
});

test.each([
  ['{}', 'node'],
  ['{"node":"n1","hubs":[{"port":1},{"port":0}]}', 'hubs[1].port'],
  ['{"node":"n1","nodes":1}', 'nodes'],
  ['[]', 'the whole'],
  ['{"node":', 'the whole'],
])('names the field that is wrong: %s', (text, field) => {
  expect(refusal(text)).toMatchObject({ code: 'BERTH_CONFIG_BAD', details: { field } });
});
