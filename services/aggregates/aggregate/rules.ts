/**
 * The number of the rules by which this program folds. It changes when the same log would give
 * another state; a `Rules` record then switches every reader at the same place.
 */
export const RULES = 2;
