/** The shapes of kafkajs's objects that we use; types only, read by its declarations and by us. */

export type RequestName =
  | 'Produce'
  | 'Fetch'
  | 'ListOffsets'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'JoinGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'SyncGroup'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'DeleteRecords'
  | 'InitProducerId'
  | 'DescribeConfigs'
  | 'Metadata';

export interface ProtocolRequest {
  readonly request: unknown;
  readonly response: {
    decode(bytes: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
  readonly requestTimeout?: number;
}

export interface Broker {
  readonly nodeId: number;
  readonly connectionPool: { send(request: ProtocolRequest): Promise<unknown> };
}

export interface PartitionMetadata {
  readonly partitionErrorCode: number;
  readonly partitionId: number;
  /** -1: none at the moment. */
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface Metadata {
  readonly brokers: readonly { readonly nodeId: number }[];
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly partitionMetadata: readonly PartitionMetadata[];
  }[];
}

export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(where: { readonly nodeId: number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<Broker>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
}

export interface BytesDecoder {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readString(): string;
  readBytes(bytes: number): Buffer;
  canReadBytes(bytes: number): boolean;
}

/** As it lies in the log. Of a compacted topic it may have no record left at all. */
export interface RecordBatch {
  /** Of the batch, as text. */
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly isControlBatch: boolean;
  readonly records: readonly {
    readonly offset: string;
    /** Milliseconds; of the broker where the topic says so. */
    readonly timestamp: string;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  }[];
}
