/**
 * What we use of kafkajs 2.2.4 below its public interface, and nothing else of it (decision 0051
 * says why). The version is pinned, and there will hardly be another; cluster.ts alone builds on
 * these. Only what we rely on is typed.
 */
declare module 'kafkajs/src/cluster/index.js' {
  import type { Cluster } from './kafkajs-shapes.ts';

  const make: new (options: Readonly<Record<string, unknown>>) => Cluster;
  export = make;
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: {
    readonly LEVELS: Readonly<Record<'NOTHING' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG', number>>;
    createLogger(options: {
      readonly level: number;
      readonly logCreator: () => (entry: {
        readonly namespace: string;
        readonly label: string;
        readonly log: { readonly message: unknown } & Readonly<Record<string, unknown>>;
      }) => void;
    }): unknown;
  };
  export = loggers;
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { ProtocolRequest, RequestName } from './kafkajs-shapes.ts';

  const protocol: {
    readonly requests: Readonly<
      Record<
        RequestName,
        {
          protocol(init: {
            readonly version: number;
          }): ((fields: Readonly<Record<string, unknown>>) => ProtocolRequest) | undefined;
        }
      >
    >;
  };
  export = protocol;
}

declare module 'kafkajs/src/protocol/error.js' {
  const errors: { createErrorFromCode(code: number): Error };
  export = errors;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  import type { BytesDecoder } from './kafkajs-shapes.ts';

  const Decoder: new (bytes: Buffer) => BytesDecoder;
  export = Decoder;
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  interface Metadata {
    readonly version: number;
    readonly topics: readonly string[];
    readonly userData: Buffer | null;
  }
  interface Assignment {
    readonly version: number;
    readonly assignment: Readonly<Record<string, readonly number[]>>;
    readonly userData: Buffer | null;
  }
  const protocol: {
    readonly MemberMetadata: {
      encode(metadata: Metadata): Buffer;
      decode(bytes: Buffer): Metadata;
    };
    readonly MemberAssignment: {
      encode(assignment: Assignment): Buffer;
      decode(bytes: Buffer): Assignment | null;
    };
  };
  export = protocol;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js' {
  import type { BytesDecoder, RecordBatch } from './kafkajs-shapes.ts';

  const decodeBatch: (decoder: BytesDecoder) => Promise<RecordBatch>;
  export = decodeBatch;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface RequestQueue {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  const make: { readonly prototype: RequestQueue };
  export = make;
}
