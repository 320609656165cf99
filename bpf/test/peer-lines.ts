/** What is said to an end of a flow (peer-main.ts), and what it says, a line each. */

export interface Order {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** TCP: how much to send, and to get back. */
  readonly bytes: number;
  readonly localPort: number;
}

/** What a server saw of a client, and a client of a server. */
export interface Seen {
  readonly event: 'listening' | 'seen' | 'connected' | 'done' | 'error';
  readonly from?: string;
  readonly port?: number;
  readonly bytes?: number;
  readonly hash?: string;
  readonly code?: string;
}
