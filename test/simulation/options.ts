/** What one simulated schedule is made of. Everything else follows from the seed. */

/** Probabilities, each of one call. */
export interface Faults {
  /** Not written, and the caller is told that it failed. */
  readonly appendLost: number;
  /** Written, and the caller is told that it failed. */
  readonly appendUnknown: number;
  /** The caller is told that it failed; written long after, when it was forgotten. */
  readonly appendLate: number;
  /** Written in some partitions only, and the caller is told that it failed. */
  readonly appendPartly: number;
  /** Written twice. */
  readonly appendTwice: number;
  /** Written, and its writer dies before it hears that. */
  readonly appenderDies: number;
  /** A call of the kernel is refused. */
  readonly kernelRefuses: number;
  /** The agent dies between two entries that it writes into the kernel. */
  readonly agentDiesInKernel: number;
  /** A write to the agent's disk fails; half of these are on the disk all the same. */
  readonly diskFails: number;
  /** A message of the agent link takes the link with it. */
  readonly linkBreaks: number;
  /** The container runtime never says that a pod's sandbox is gone. */
  readonly cniDelLost: number;
  /** It says so again, later. */
  readonly cniDelTwice: number;
  /** The source loses its place, and lists again. */
  readonly sourceRelists: number;
  /** Of one request to an ACL server: it never arrives. */
  readonly aclRequestLost: number;
  /** It is done, and nobody hears so. */
  readonly aclAnswerLost: number;
  /** It, or its answer, takes so long that others overtake it, and often longer than is waited. */
  readonly aclSlow: number;
  /** The answer is of a while ago. */
  readonly aclStale: number;
}

export interface SimulationOptions {
  /** Changes of the cluster while it is busy. */
  readonly actions: number;
  /** Crashes, pauses, partitions and the like meanwhile. */
  readonly disasters: number;
  /** Machines that are switched off meanwhile, and come back. */
  readonly lostMachines: number;
  /** The longest that a pause, a cut or a death of a process lasts. */
  readonly disasterMs: number;
  readonly faults: Faults;
  /** So few blocks that one which was let go of is the next to be given. */
  readonly scarce: boolean;
  readonly quarantineSeconds: number;
  /** One of the targets is `Webhook`, most of the time. */
  readonly webhook: boolean;
  /** What befalls its servers meanwhile. */
  readonly aclMishaps: number;
  /** How often the log is moved into another one meanwhile. */
  readonly moves: number;
}

export const NO_FAULTS: Faults = {
  appendLost: 0,
  appendUnknown: 0,
  appendLate: 0,
  appendPartly: 0,
  appendTwice: 0,
  appenderDies: 0,
  kernelRefuses: 0,
  agentDiesInKernel: 0,
  diskFails: 0,
  linkBreaks: 0,
  cniDelLost: 0,
  cniDelTwice: 0,
  sourceRelists: 0,
  aclRequestLost: 0,
  aclAnswerLost: 0,
  aclSlow: 0,
  aclStale: 0,
};

export const ROUGH: Faults = {
  appendLost: 0.01,
  appendUnknown: 0.02,
  appendLate: 0.01,
  appendPartly: 0.01,
  appendTwice: 0.01,
  appenderDies: 0.01,
  kernelRefuses: 0.004,
  agentDiesInKernel: 0.004,
  diskFails: 0.02,
  linkBreaks: 0.01,
  cniDelLost: 0.15,
  cniDelTwice: 0.3,
  sourceRelists: 0.02,
  aclRequestLost: 0.02,
  aclAnswerLost: 0.02,
  aclSlow: 0.05,
  aclStale: 0.05,
};

export const BUSY: SimulationOptions = {
  actions: 40,
  disasters: 10,
  lostMachines: 1,
  disasterMs: 15_000,
  faults: ROUGH,
  scarce: false,
  quarantineSeconds: 20,
  webhook: false,
  aclMishaps: 0,
  moves: 0,
};
export const SHORT: SimulationOptions = {
  ...BUSY,
  actions: 10,
  disasters: 4,
  webhook: true,
  aclMishaps: 2,
};
export const QUIET_CLUSTER: SimulationOptions = {
  ...BUSY,
  actions: 30,
  disasters: 0,
  lostMachines: 1,
  faults: NO_FAULTS,
};
/** Where a rule of the way from one owner to the next is broken, this shows it soonest. */
export const SCARCE: SimulationOptions = {
  ...BUSY,
  disasters: 16,
  lostMachines: 4,
  disasterMs: 40_000,
  faults: { ...ROUGH, kernelRefuses: 0.03 },
  scarce: true,
  quarantineSeconds: 2,
};
/** A target whose ACL server is hardly ever well, and addresses that come and go. */
export const UNRULY_TARGET: SimulationOptions = {
  ...BUSY,
  lostMachines: 0,
  faults: {
    ...ROUGH,
    aclRequestLost: 0.1,
    aclAnswerLost: 0.1,
    aclSlow: 0.2,
    aclStale: 0.3,
  },
  quarantineSeconds: 2,
  webhook: true,
  aclMishaps: 12,
};
/** The log is moved while blocks rest and are the next to be given. */
export const MOVING: SimulationOptions = { ...SCARCE, actions: 30, disasters: 8, moves: 2 };
