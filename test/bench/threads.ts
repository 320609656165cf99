/**
 * Imported first. The agents of a whole cluster share one process here, and write to disk by the
 * threads of its pool; on a node each has such a pool to itself.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '40';
