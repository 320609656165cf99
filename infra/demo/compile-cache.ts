/** Our processes find their modules compiled: they start sooner and take less memory. */
import { fileURLToPath } from 'node:url';

export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../build/compile-cache', import.meta.url)),
};
