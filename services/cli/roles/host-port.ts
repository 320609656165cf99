/** `HOST:PORT`, as options of several commands have it. */
import { z } from 'zod';

const PORT_MAX = 65_535;

export const hostPort = z
  .string()
  .regex(/^.+:\d+$/, 'is not HOST:PORT')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= PORT_MAX, 'has no such port');
