/**
 * Kafka's jars in build/kafka/, by Maven, whenever infra/kafka/pom.xml is not what they were copied
 * for. They are copied aside and then renamed, so that the folder is whole or not there.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from './debian.mjs';
import { digestOf, readIfThere } from './digest.mjs';
import { act } from './run.mjs';

const POM = 'infra/kafka/pom.xml';
const FOLDER = 'build/kafka';
const STAMP = '.stamp';

const keyOf = (root) => digestOf(root, [POM]);

export const kafka = {
  what: "Kafka's jars",
  mayFail: true,
  isStale: (root) =>
    readIfThere(join(root, POM)) !== null &&
    readIfThere(join(root, FOLDER, STAMP))?.trim() !== keyOf(root),
  cannot() {
    const missing = ['mvn', 'java'].filter((command) => !isThere(command));
    return missing.length === 0 ? null : `${missing.join(' and ')} not found`;
  },
  async act(root) {
    const aside = join(root, `${FOLDER}.new`);
    rmSync(aside, { recursive: true, force: true });
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${aside}`];
    const args = ['-q', '-B', '-f', join(root, POM), ...goal];
    const failed = await act("fetching Kafka's jars", 'mvn', args);
    if (failed !== null) return `Maven could not fetch them (is this machine online?)\n${failed}`;
    writeFileSync(join(aside, STAMP), keyOf(root));
    rmSync(join(root, FOLDER), { recursive: true, force: true });
    renameSync(aside, join(root, FOLDER));
    return null;
  },
};
