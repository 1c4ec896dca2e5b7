/** The example supergraph, running: our subgraph over its sandbox, both neighbours, and Hive Gateway before them. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { compose } from './compose.ts';
import { startHiveGateway } from './hive-gateway.ts';
import { startNeighbours } from './neighbours/start.ts';
import { startSubgraph } from './subgraph.ts';

const { PORT = '4000' } = process.env;

const EXAMPLE = `# Two services, their flags, and what was last done to these; then people, and what they last did.
query Example {
  services {
    name
    flags { key events(first: 1) { nodes { title occurredAt discussionUrl } } }
  }
  users { role flagEvents(first: 1) { nodes { title flag { key } } } }
}
`;

await using stack = new AsyncDisposableStack();
const secret = randomBytes(24).toString('base64url');
const flagEvents = stack.use(
  await startSubgraph({ ...process.env, SUBGRAPH_SECRET: secret, FEDERATION_USER_TYPE: 'User' }),
);
const neighbours = await startNeighbours();
for (const neighbour of neighbours) stack.use(neighbour);
const subgraphs = [{ name: 'flag-events', url: flagEvents.url, sdl: flagEvents.sdl }, ...neighbours];

const supergraph = compose(subgraphs);
const gateway = stack.use(await startHiveGateway({ supergraph, secret, port: Number(PORT), firstQuery: EXAMPLE }));

process.stdout.write(`${subgraphs.map(({ name, url }) => `${name.padEnd(12)} ${url}`).join('\n')}
Open ${gateway.url} in a browser and press the play button.
`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
