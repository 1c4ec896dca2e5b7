export interface GatewaySettings {
  /** SDL, as composed. */
  supergraph: string;
  /** What the subgraph of the flag events wants to be shown, if anything. */
  secret?: string | undefined;
  /** @default a free one */
  port?: number;
}

export interface GatewayServer extends AsyncDisposable {
  /** Of its GraphQL endpoint. */
  url: string;
}
