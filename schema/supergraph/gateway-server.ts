import type { Subgraph } from './compose.ts';

export interface GatewaySettings {
  /** SDL, as composed. */
  supergraph: string;
  /** What it was composed of, for a gateway that composes by itself. */
  subgraphs: readonly Subgraph[];
  /** What the subgraph of the flag events wants to be shown, if anything. */
  secret?: string | undefined;
  /** @default a free one */
  port?: number;
}

export interface GatewayServer extends AsyncDisposable {
  /** Of its GraphQL endpoint. */
  url: string;
}
