/** Every limit of the api; docs/api.md lists them. */
export type Limits = {
  /** Bytes of a request body. */
  readonly body: number;
  readonly batchBody: number;
  readonly importBody: number;
  /** Requests a minute: of one token, of one address, and refused ones of one address. Per process. */
  readonly perToken: number;
  readonly perAddress: number;
  readonly failuresPerAddress: number;
  /** Milliseconds in which a request must have arrived. */
  readonly requestTimeout: number;
  readonly headerBytes: number;
  /** Live connections at once. */
  readonly live: number;
  /** Milliseconds between the comments that keep a live connection open. */
  readonly heartbeat: number;
  /** Milliseconds that a live client may leave its socket full before it is dropped. */
  readonly slowClient: number;
  /** Milliseconds until a revocation elsewhere is seen here. */
  readonly tokenCache: number;
};

export const defaultLimits: Limits = {
  body: 64 * 1024,
  batchBody: 4 * 1024 * 1024,
  importBody: 64 * 1024 * 1024,
  perToken: 6_000,
  perAddress: 12_000,
  failuresPerAddress: 20,
  requestTimeout: 10_000,
  headerBytes: 16 * 1024,
  live: 100,
  heartbeat: 15_000,
  slowClient: 10_000,
  tokenCache: 3_000,
};

export const maxPage = 200;
export const maxBatch = 1_000;
