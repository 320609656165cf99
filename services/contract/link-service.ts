/**
 * The agent link's gRPC service (proto/berth/link/v1/link.proto) joined to the messages that are
 * generated from it: what a grpc-js server and client both need to know, and nothing that does I/O.
 */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import {
  type ConnectRequest,
  ConnectRequestSchema,
  type ConnectResponse,
  ConnectResponseSchema,
  LinkService,
} from './gen/berth/link/v1/link_pb.ts';

const { name, parent } = LinkService.method.connect;

export const linkService = {
  connect: {
    path: `/${parent.typeName}/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: serializer(ConnectRequestSchema),
    requestDeserialize: (bytes) => fromBinary(ConnectRequestSchema, bytes),
    responseSerialize: serializer(ConnectResponseSchema),
    responseDeserialize: (bytes) => fromBinary(ConnectResponseSchema, bytes),
  } satisfies MethodDefinition<ConnectRequest, ConnectResponse>,
} as const;

function serializer<S extends DescMessage>(schema: S): (message: MessageShape<S>) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}
