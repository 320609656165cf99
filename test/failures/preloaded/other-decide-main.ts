/**
 * Loaded into a mapper before its program: makes it one of another version, whose `decide` is
 * other-decide.ts, and which joins a group of its own, so that it decides for every partition
 * beside those that own them.
 */
import { registerHooks } from 'node:module';

const DECIDE = '/services/aggregates/namespace/decide.ts';
const MAPPER = '/services/mapper/mapper.ts';
const OTHER = new URL('./other-decide.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (!resolved.url.endsWith(DECIDE) || context.parentURL === OTHER) return resolved;
    return { ...resolved, url: OTHER };
  },
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(MAPPER)) return loaded;
    const source = String(loaded.source);
    const changed = source.replace("MAPPER_GROUP = 'mapper'", "MAPPER_GROUP = 'mapper-other'");
    if (changed === source) throw new Error('the mapper has no group to change');
    return { ...loaded, source: changed };
  },
});
