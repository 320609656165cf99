/** compose.yaml says to the official images what our own servers are told. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { BROKER_SETTINGS } from './kafka/settings.ts';
import { REDIS_SETTINGS } from './redis/settings.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const port = z.string().regex(/^127\.0\.0\.1:\d+:\d+$/);
const schema = z.strictObject({
  name: z.literal('berth'),
  services: z.strictObject({
    kafka: z.strictObject({
      image: z.string(),
      ports: z.array(port),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()),
    }),
    redis: z.strictObject({
      image: z.string(),
      ports: z.array(port),
      command: z.array(z.string()),
      volumes: z.array(z.string()),
    }),
  }),
  volumes: z.record(z.string(), z.null()),
});
const { services } = schema.parse(parse(read('./compose.yaml')));

test('starts the Kafka that tests run on', () => {
  const [, version] = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>(.*?)</.exec(
    read('./kafka/pom.xml'),
  ) ?? [null, ''];
  expect(services.kafka.image).toBe(`apache/kafka:${version}`);
});

test('tells Kafka what Berth asks of a broker', () => {
  for (const [name, value] of Object.entries(BROKER_SETTINGS)) {
    const variable = `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`;
    expect(services.kafka.environment).toMatchObject({ [variable]: value });
  }
});

test('tells Redis what jobs need', () => {
  for (const [name, value] of Object.entries(REDIS_SETTINGS)) {
    expect(services.redis.command).toContain(`--${name} ${value}`);
  }
});
